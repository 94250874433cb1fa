"""Scenarios: examples with the decision that each must get, as data beside the rules they are about."""

import pathlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from engine import Engine
from engine.catalog import did_you_mean
from engine.faults import Path
from engine.judge import Outcome
from engine.nesting import merged, nested
from engine.ruleset import RuleSet
from generator.compile.files import Folder
from generator.compile.problems import Problem, Refused
from generator.compile.shape import check_shape
from generator.compile.text import read_text, texts_in
from generator.past_texts import PastTexts
from generator.scenario_texts import FactTexts, Keys, check_expected
from generator.trials import Failure, Scenario, Trial, failures, tried

FOLDER: Final = "rules/scenarios"


@dataclass(slots=True)
class Report:
    """What a run of scenarios found: failures, and what fired: gates, rows, breakers, windows."""

    run: int = 0
    failures: list[Failure] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    tripped: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)

    def never_fired(self, ruleset: RuleSet) -> list[str]:
        """Gates that no scenario made veto."""
        return [g.id for g in ruleset.gates if not self.fired[g.id]]

    def never_passed(self, ruleset: RuleSet) -> list[str]:
        """Gates that no scenario made pass."""
        return [g.id for g in ruleset.gates if not self.passed[g.id]]

    def never_chosen(self, ruleset: RuleSet) -> list[str]:
        """Rows of tables that no scenario chose, as table.row."""
        names = (f"{t.name}.{r.id}" for t in ruleset.tables.values() for r in t.rows)
        return [n for n in names if not self.rows[n]]

    def never_tripped(self, ruleset: RuleSet) -> list[str]:
        """Breakers that no scenario's events, or facts after them, close."""
        return [b.id for b in ruleset.breakers if not self.tripped[b.id]]

    def never_counted(self, ruleset: RuleSet) -> list[str]:
        """Windows over events that no scenario makes happen."""
        return [name for name in ruleset.windows if not self.counted[name]]


def read_folder(root: pathlib.Path, ruleset: RuleSet, schema: Mapping[str, Any]) -> list[Scenario]:
    """Every scenario below `rules/scenarios/`.

    Raises:
        Refused: with every problem of every file.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    texts = texts_in(Folder(root), FOLDER, problems)
    for file, text in texts.items():
        scenarios += read_file(file, text, ruleset, schema, problems)
    if problems:
        raise Refused(set(problems), texts)
    return scenarios


def read_file(
    file: str, text: str, ruleset: RuleSet, schema: Mapping[str, Any], problems: list[Problem]
) -> list[Scenario]:
    """The scenarios of one file; what is wrong with it is added to the problems."""
    document, found = read_text(file, text)
    found = found or check_shape(document, schema)
    problems += found
    if found:
        return []
    given = document.data.get("given", {})
    reader = FactTexts(document, ruleset, problems)
    pasts = PastTexts(document, ruleset, reader, problems)
    made: list[Scenario] = []
    known = [g.id for g in ruleset.gates]
    for i, entry in enumerate(document.data["scenarios"]):
        path = ("scenarios", i)
        own = entry.get("facts", {})
        for j, gate in enumerate(entry.get("only", [])):
            if gate not in known:
                help_text = did_you_mean(gate, known)
                problems.append(document.problem("unknown-gate", (*path, "only", j), f"`{gate}` is no gate", help_text))
        check_expected(document, (*path, "expect"), entry["expect"], ruleset, problems)
        both = merged(given, own)
        plain = reader.plain(both, reader.names(both), partial(_written, own, path))
        facts = merged(plain, nested(pasts.clock(path, entry).items()))
        made.append(
            Scenario(
                name=entry["name"],
                source=document.source((*path, "name")),
                facts=facts,
                expect=entry["expect"],
                only=tuple(entry.get("only", [])),
                scope=entry.get("scope", "order"),
                past=pasts.past(path, entry, facts),
            )
        )
    return made


def _written(own: Mapping[str, Any], path: Path, place: Keys) -> Path:
    """Where a fact of a scenario is written: with it, or else in what is given for all."""
    found: Any = own
    for key in place:
        found = found.get(key) if isinstance(found, Mapping) else None
    return ("given", *place) if found is None else (*path, "facts", *place)


def run(
    scenarios: Iterable[Scenario],
    ruleset: RuleSet,
    backend: str = "python",
    watch: Callable[[Trial], None] | None = None,
) -> Report:
    """Decide every scenario and compare; `watch` sees each trial."""
    report = Report()
    engines: dict[tuple[str, ...], Engine] = {}
    for scenario in scenarios:
        engine = engines.get(scenario.only)
        if engine is None:
            engine = engines[scenario.only] = Engine(with_gates(ruleset, scenario.only), backend)
        trial = tried(scenario, engine)
        report.run += 1
        report.failures += failures(trial)
        _count(trial, report)
        if watch is not None:
            watch(trial)
    return report


def _count(trial: Trial, report: Report) -> None:
    for judgement in trial.judgements:
        report.fired[judgement.gate.id] += judgement.outcome is Outcome.VETO
        report.passed[judgement.gate.id] += judgement.outcome is Outcome.PASS
    report.rows.update(rows_chosen(trial))
    report.tripped.update(trial.tripped)
    report.counted.update(trial.counted)


def rows_chosen(trial: Trial) -> Iterator[str]:
    """The rows that a scenario makes a table choose and says so, as table.row."""
    if trial.situation is None or not isinstance(trial.scenario.expect, Mapping):
        return
    for table in trial.scenario.expect.get("tables", {}):
        row = trial.situation.row(table)
        if isinstance(row, str):
            yield f"{table}.{row}"


def with_gates(ruleset: RuleSet, only: tuple[str, ...]) -> RuleSet:
    """The rule set with these gates alone; all of them where none is named."""
    if not only:
        return ruleset
    kept = [g for g in ruleset.gates if g.id in only]
    return replace(ruleset, gates=tuple(replace(g, index=i) for i, g in enumerate(kept)))

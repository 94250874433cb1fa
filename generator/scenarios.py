"""Scenarios: examples with the decision that each must get, as data beside the rules they are about."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from engine import Engine
from engine.catalog import Fact, did_you_mean
from engine.explain import Refusal
from engine.facts import FactsFault, Snapshot
from engine.interpret import Answer, Unknown
from engine.judge import Outcome
from engine.numbers import NumberFault, canonical, parse_number, rounded
from engine.reason import Decision
from engine.ruleset import RuleSet
from engine.units import Kind, Unit, ValueFault, read_value
from generator.compile.problems import Problem, Refused
from generator.compile.shape import check_shape
from generator.compile.text import Document, read_text

FOLDER: Final = "rules/scenarios"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One example: its facts, by which gates it is judged, and what must come of it."""

    name: str
    source: str
    facts: Mapping[str, Any]
    expect: Any
    only: tuple[str, ...] = ()
    scope: str = "order"


@dataclass(frozen=True, slots=True)
class Failure:
    """A scenario that did not get the decision that it must get."""

    scenario: Scenario
    expected: str
    actual: str
    details: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What a run of scenarios found: failures, and which gates and rows no scenario made fire."""

    run: int = 0
    failures: list[Failure] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)

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


def read_folder(root: Path, ruleset: RuleSet, schema: Mapping[str, Any]) -> list[Scenario]:
    """Every scenario below `rules/scenarios/`.

    Raises:
        Refused: with every problem of every file.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for path in sorted((root / FOLDER).glob("*.yaml")):
        file = f"{FOLDER}/{path.name}"
        try:
            texts[file] = path.read_bytes().decode()
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            problems.append(Problem(file, line, 1, "bad-text", "the file is not UTF-8"))
            continue
        scenarios += read_file(file, texts[file], ruleset, schema, problems)
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
    reader = _FactTexts(document, ruleset, problems)
    made: list[Scenario] = []
    for i, entry in enumerate(document.data["scenarios"]):
        path = ("scenarios", i)
        merged = _merged(given, entry.get("facts", {}))
        places = {**_places(given, ("given",)), **_places(entry.get("facts", {}), (*path, "facts"))}
        known = [g.id for g in ruleset.gates]
        for j, gate in enumerate(entry.get("only", [])):
            if gate not in known:
                help_text = did_you_mean(gate, known)
                problems.append(document.problem("unknown-gate", (*path, "only", j), f"`{gate}` is no gate", help_text))
        _check_reasons(document, (*path, "expect"), entry["expect"], ruleset, problems)
        made.append(
            Scenario(
                name=entry["name"],
                source=document.source((*path, "name")),
                facts=reader.plain(merged, places),
                expect=entry["expect"],
                only=tuple(entry.get("only", [])),
                scope=entry.get("scope", "order"),
            )
        )
    return made


def _check_reasons(
    document: Document, path: tuple[str | int, ...], expect: Any, ruleset: RuleSet, problems: list[Problem]
) -> None:
    if not isinstance(expect, Mapping):
        return
    head = ruleset.head.subject
    known = {g.reason for g in ruleset.gates} | {str(r) for r in Refusal} | ({head.unknown} if head else set())
    for i, reason in enumerate(expect.get("veto", [])):
        if reason not in known:
            message = f"no gate gives the reason `{reason}`"
            problems.append(
                document.problem("unknown-reason", (*path, "veto", i), message, did_you_mean(reason, known))
            )
    for table, outputs in expect.get("tables", {}).items():
        known_outputs = {"row", *ruleset.tables[table].outputs} if table in ruleset.tables else set()
        rows = [r.id for r in ruleset.tables[table].rows] if table in ruleset.tables else []
        if rows and outputs.get("row", rows[0]) not in rows:
            place = (*path, "tables", table, "row")
            message = f"`{outputs['row']}` is no row of `{table}`"
            problems.append(document.problem("unknown-row", place, message, did_you_mean(outputs["row"], rows)))
        for output in outputs.keys() - known_outputs if known_outputs else ():
            place = (*path, "tables", table, output)
            message = f"`{output}` is no output of `{table}`"
            help_text = did_you_mean(output, known_outputs)
            problems.append(document.problem("unknown-output", place, message, help_text, at_key=True))
        if table not in ruleset.tables:
            help_text = did_you_mean(table, ruleset.tables)
            place = (*path, "tables", table)
            problems.append(document.problem("unknown-table", place, f"`{table}` is no table", help_text, at_key=True))


class _FactTexts:
    """Turns facts as people write them (`50000 USDT/BTC`, `3s`) into plain ones, in the catalog's units."""

    def __init__(self, document: Document, ruleset: RuleSet, problems: list[Problem]) -> None:
        self._document = document
        self._ruleset = ruleset
        self._problems = problems
        self._facts = {f.name: f for f in ruleset.supplied}

    def plain(self, facts: Mapping[str, Any], places: Mapping[str, tuple[str | int, ...]]) -> dict[str, Any]:
        names = self._names(facts)
        return self._group(facts, "", names, places)

    def _names(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """What the scenario's subject calls its own things."""
        head = self._ruleset.head.subject
        place: Any = facts
        for part in head.key.split(".") if head else ():
            place = place.get(part) if isinstance(place, Mapping) else None
        return names_of(self._ruleset, str(place))

    def _group(
        self, facts: Mapping[str, Any], prefix: str, names: Mapping[str, str], places: Mapping[str, Any]
    ) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in facts.items():
            name = f"{prefix}{key}"
            if isinstance(value, Mapping):
                made[key] = self._group(value, f"{name}.", names, places)
            elif value in ("null", "") or value is None:
                made[key] = None
            else:
                made[key] = self._value(name, value, names, places)
        return made

    def _value(self, name: str, text: Any, names: Mapping[str, str], places: Mapping[str, Any]) -> Any:
        fact: Fact | None = self._facts.get(name)
        if fact is None or fact.unit.kind is Kind.LIST or not isinstance(text, str):
            return text
        try:
            value = read_value(text, fact.unit, names)
        except ValueFault as fault:
            self._problems.append(self._document.problem("bad-value", places.get(name, ()), str(fault), fault.help))
            return None
        return canonical(value) if isinstance(value, Decimal) else value


def names_of(ruleset: RuleSet, key: str | None) -> dict[str, str]:
    """What a subject calls its own things: the words among its own facts, by their last name."""
    subject = ruleset.subjects.get(key or "")
    return {n.split(".", 1)[1]: v for n, v in subject.facts.items() if isinstance(v, str)} if subject else {}


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(base)
    for key, value in over.items():
        old = made.get(key)
        made[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return made


def _places(facts: Mapping[str, Any], path: tuple[str | int, ...], prefix: str = "") -> dict[str, Any]:
    """Where each fact of a nested mapping stands."""
    found: dict[str, Any] = {}
    for key, value in facts.items():
        if isinstance(value, Mapping):
            found |= _places(value, (*path, key), f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = (*path, key)
    return found


def run(scenarios: list[Scenario], ruleset: RuleSet, backend: str = "python") -> Report:
    """Decide every scenario and compare."""
    report = Report()
    engines: dict[tuple[str, ...], Engine] = {}
    for scenario in scenarios:
        engine = engines.get(scenario.only)
        if engine is None:
            engine = engines[scenario.only] = Engine(with_gates(ruleset, scenario.only), backend)
        report.run += 1
        report.failures += _judged(scenario, engine, report)
    return report


def with_gates(ruleset: RuleSet, only: tuple[str, ...]) -> RuleSet:
    """The rule set with these gates alone; all of them where none is named."""
    if not only:
        return ruleset
    kept = [g for g in ruleset.gates if g.id in only]
    return replace(ruleset, gates=tuple(replace(g, index=i) for i, g in enumerate(kept)))


def _judged(scenario: Scenario, engine: Engine, report: Report) -> Iterator[Failure]:
    decision = engine.decide(scenario.facts, scenario.scope)
    try:
        snapshot = engine.reader.read(scenario.facts)
    except FactsFault:
        snapshot = None
    if snapshot is not None:
        for judgement in (
            engine.judgements(snapshot, scenario.scope)[0]
            if decision.subject in engine.ruleset.subjects or scenario.scope == "account"
            else ()
        ):
            report.fired[judgement.gate.id] += judgement.outcome is Outcome.VETO
            report.passed[judgement.gate.id] += judgement.outcome is Outcome.PASS
        yield from _tables(scenario, engine, snapshot, report)
    expected = _expected(scenario.expect)
    actual = ", ".join(decision.reasons) if not decision.allowed else "allow"
    if expected is not None and expected != actual:
        yield Failure(scenario, expected, actual, tuple(v.text for v in decision.vetoes))
    yield from _quantity(scenario, decision, engine.ruleset)


def _expected(expect: Any) -> str | None:
    if expect == "allow" or expect.get("decision") == "allow":
        return "allow"
    return ", ".join(expect["veto"]) if "veto" in expect else None


def _quantity(scenario: Scenario, decision: Decision, ruleset: RuleSet) -> Iterator[Failure]:
    solve = ruleset.head.solve
    if not isinstance(scenario.expect, Mapping) or "max_quantity" not in scenario.expect or solve is None:
        return
    names = names_of(ruleset, decision.subject)
    wanted = _plain(scenario.expect["max_quantity"], ruleset.catalog.facts[solve.fact].unit, names)
    actual = decision.largest or "none"
    if wanted != actual:
        yield Failure(scenario, f"max_quantity {wanted}", f"max_quantity {actual}")


def _tables(scenario: Scenario, engine: Engine, snapshot: Snapshot, report: Report) -> Iterator[Failure]:
    if not isinstance(scenario.expect, Mapping):
        return
    situation = engine.situation(snapshot)
    names = names_of(engine.ruleset, situation.subject.key if situation.subject else None)
    for table, wanted in scenario.expect.get("tables", {}).items():
        row = situation.row(table)
        if isinstance(row, str):
            report.rows[f"{table}.{row}"] += 1
        for output, value in wanted.items():
            actual = _text(row) if output == "row" else _text(situation.output(table, output))
            unit = None if output == "row" else situation.ruleset.tables[table].outputs[output][1]
            if actual != _plain(value, unit, names):
                yield Failure(scenario, f"{table}.{output} {value}", f"{table}.{output} {actual}")


def _text(answer: Answer) -> str:
    """What a table answered, as a scenario would write it."""
    if isinstance(answer, Fraction):
        return rounded(answer)
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if isinstance(answer, Unknown):
        return f"nothing, since {', '.join(answer.names)} is missing"
    return answer if isinstance(answer, str) else str(answer)


def _plain(text: str, unit: Unit | None, names: Mapping[str, str]) -> str:
    """An expected number as the engine gives it: in the unit itself; anything else as it stands."""
    if unit is None or not unit.numeric:
        return text
    try:
        value = read_value(text, unit, names)
    except ValueFault:
        try:
            return canonical(parse_number(text))
        except NumberFault:
            return text
    return canonical(value) if isinstance(value, Decimal) else text

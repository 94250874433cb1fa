"""Packs: the clauses of a regulation or list, each with the rules, commands and scenarios that answer it.

A pack decides nothing. It is held to the rules as they are: what it names must be there, what must stop orders must be
enforced, and a scenario must show it stopping one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.catalog import did_you_mean
from engine.ruleset import Breaker, Gate, RuleSet
from generator.compile.files import Files
from generator.compile.pack_schema import ANSWERS
from generator.compile.problems import Problem, Refused
from generator.compile.shape import check_shape
from generator.compile.text import Document, read_text, texts_in
from generator.trials import Scenario

FOLDER: Final = "rules/packs"
PRE_TRADE: Final = "pre-trade"
PROCEDURAL: Final = "procedural"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: what it asks for, and what answers it, by the parts of `ANSWERS`."""

    id: str
    kind: str
    meaning: str
    answers: Mapping[str, tuple[str, ...]]
    why: str | None
    source: str

    @property
    def answered(self) -> bool:
        """Whether anything but an example answers it."""
        return any(names for part, names in self.answers.items() if part != "scenarios")


@dataclass(frozen=True, slots=True)
class Pack:
    """A regulation or list: `id` is the name of its file, `source` where it is written."""

    id: str
    name: str
    source: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """What a clause lacks, in a line for people; `source` is where the clause stands."""

    pack: str
    clause: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Held:
    """What packs are held to: the rules, their scenarios, and the names of the commands that there are."""

    ruleset: RuleSet
    scenarios: Sequence[Scenario]
    commands: Collection[str]

    def names(self) -> Mapping[str, Collection[str]]:
        """Everything that may be named as an answer, by its part."""
        rules = self.ruleset
        return {
            "gates": {gate.id for gate in rules.gates},
            "breakers": {breaker.id for breaker in rules.breakers},
            "windows": set(rules.windows),
            "tables": set(rules.tables),
            "commands": self.commands,
            "scenarios": {scenario.name for scenario in self.scenarios},
        }


def read_packs(files: Files, schema: Mapping[str, Any], held: Held) -> list[Pack]:
    """Every pack below `rules/packs/`, by the names of their files; none where there is no such folder.

    Raises:
        Refused: with every problem of every file: its text, its shape, a name of nothing.
    """
    problems: list[Problem] = []
    texts = texts_in(files, FOLDER, problems)
    packs: list[Pack] = []
    for file, text in texts.items():
        document, found = read_text(file, text)
        found = found or check_shape(document, schema)
        problems += found or _misnamed(document, held)
        if not found:
            packs.append(_pack(file, document))
    if problems:
        raise Refused(set(problems), texts)
    return packs


def _pack(file: str, document: Document) -> Pack:
    data = document.data
    clauses = tuple(
        Clause(
            entry["id"],
            entry["kind"],
            entry["meaning"],
            {part: tuple(entry.get(part, ())) for part in ANSWERS},
            entry.get("why"),
            document.source(("clauses", i, "id")),
        )
        for i, entry in enumerate(data["clauses"])
    )
    return Pack(file.rpartition("/")[2].removesuffix(".yaml"), data["name"], data["source"], clauses)


def _misnamed(document: Document, held: Held) -> Iterator[Problem]:
    """Ids that stand twice, and names of nothing."""
    known, seen = held.names(), set()
    for i, entry in enumerate(document.data["clauses"]):
        if entry["id"] in seen:
            message = f"`{entry['id']}` is a clause above"
            yield document.problem("same-id", ("clauses", i, "id"), message)
        seen.add(entry["id"])
        for part, what in ANSWERS.items():
            for j, name in enumerate(entry.get(part, ())):
                if name not in known[part]:
                    help_text = did_you_mean(name, known[part])
                    place = ("clauses", i, part, j)
                    yield document.problem(f"unknown-{what}", place, f"`{name}` is no {what}", help_text)


def lacks(pack: Pack, held: Held) -> Iterator[Lack]:
    """What the clauses of a pack lack.

    What is named must be enforced. A pre-trade clause is answered by a gate or breaker that a scenario of the clause
    shows stopping an order; a procedural one alone may stand unanswered, and says why.
    """
    enforced = {gate.id: gate.enforced for gate in held.ruleset.gates}
    enforced_breakers = {breaker.id: breaker.gate.enforced for breaker in held.ruleset.breakers}
    expected = {scenario.name: _reasons(scenario) for scenario in held.scenarios}
    for clause in pack.clauses:
        for part, states in (("gates", enforced), ("breakers", enforced_breakers)):
            for name in clause.answers[part]:
                if not states[name]:
                    yield _lack(pack, clause, f"{ANSWERS[part]} `{name}` is in shadow, and stops nothing")
        if clause.kind == PRE_TRADE:
            yield from _of_pre_trade(pack, clause, held.ruleset, expected)
        elif not clause.answered and clause.kind != PROCEDURAL:
            yield _lack(pack, clause, "nothing answers it, and it is not procedural")
        elif not clause.answered and clause.why is None:
            yield _lack(pack, clause, "nothing answers it, and it does not say why")


def _of_pre_trade(
    pack: Pack, clause: Clause, ruleset: RuleSet, expected: Mapping[str, frozenset[str]]
) -> Iterator[Lack]:
    named = {*clause.answers["gates"], *clause.answers["breakers"]}
    if not named:
        yield _lack(pack, clause, "no gate and no breaker answers it")
        return
    rules: list[Gate | Breaker] = [*ruleset.gates, *ruleset.breakers]
    reasons = {(rule.gate if isinstance(rule, Breaker) else rule).reason for rule in rules if rule.id in named}
    if not any(expected[name] & reasons for name in clause.answers["scenarios"]):
        yield _lack(pack, clause, "no scenario that it names is stopped by what answers it")


def _lack(pack: Pack, clause: Clause, text: str) -> Lack:
    return Lack(pack.id, clause.id, text, clause.source)


def _reasons(scenario: Scenario) -> frozenset[str]:
    """The reasons with which a scenario must be stopped."""
    expect = scenario.expect
    return frozenset(expect.get("veto", ())) if isinstance(expect, Mapping) else frozenset()

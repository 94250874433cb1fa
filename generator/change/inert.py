"""Gates that decided nothing: in a whole log, nothing that they read was ever another."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from engine import Decision
from engine.facts import parse_json
from engine.reach import reach
from engine.ruleset import RuleSet, gate_nodes
from generator.compile.assemble import origin
from generator.compile.problems import Problem
from generator.compile.sources import Sources
from universe.decision_log import LogFault

# Fewer decisions show nothing: a quiet hour is no proof that a gate never moves.
ENOUGH: Final = 100


class Seen:
    """The facts that decisions read, and whether each was ever another."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self.reads = {g.id: frozenset(self._given(reach(ruleset, *gate_nodes(g)))) for g in ruleset.gates}
        self._first: dict[str, Any] = {}
        self._same = {name for names in self.reads.values() for name in names}
        self.records = 0

    def _given(self, names: Iterable[str]) -> Iterator[str]:
        """The facts themselves, where some only follow from others; caps are no facts."""
        facts = self._ruleset.catalog.facts
        for name in (n for n in names if n in facts):
            indicated = facts[name].indicates
            yield indicated[0] if indicated else name

    def add(self, facts: Any) -> None:
        """Take one decision's facts, nested, into account."""
        self.records += 1
        head = self._ruleset.head.subject
        subject = self._ruleset.subjects.get(str(_at(facts, head.key))) if head else None
        for name in [*self._same]:
            own = self._ruleset.catalog.facts[name].attribute is not None
            value = (subject.facts.get(name) if subject else None) if own else _at(facts, name)
            if self._first.setdefault(name, value) != value:
                self._same.discard(name)

    def inert(self) -> list[str]:
        """The gates that read something, of which nothing was ever another."""
        return [gate for gate, names in self.reads.items() if names and names <= self._same]

    def value(self, name: str) -> Any:
        """What a fact always was; None where it was always missing."""
        return self._first.get(name)


def _at(facts: Any, name: str) -> Any:
    for part in name.split("."):
        facts = facts.get(part) if isinstance(facts, Mapping) else None
    return facts


def inert_gates(ruleset: RuleSet, sources: Sources, lines: Iterable[tuple[str, str]]) -> tuple[list[Problem], int]:
    """The gates that a log of decisions never moved, and how many decisions it holds.

    Args:
        ruleset: whose gates.
        sources: where they are written.
        lines: of the log, with their places.

    Raises:
        LogFault: a line is no decision.
    """
    seen = Seen(ruleset)
    for place, line in lines:
        try:
            seen.add(parse_json(Decision.from_json(line).facts_json))
        except ValueError as error:
            raise LogFault(place, str(error)) from None
    if seen.records < ENOUGH:
        return [], seen.records
    index = {gate.id: gate.index for gate in ruleset.gates}
    return [_problem(gate, index[gate], seen, sources) for gate in seen.inert()], seen.records


def _problem(gate: str, index: int, seen: Seen, sources: Sources) -> Problem:
    names = sorted(seen.reads[gate])
    always = ", ".join(f"`{n}` was always {_shown(seen.value(n))}" for n in names[:3])
    more = f", and {len(names) - 3} more like it" if len(names) > 3 else ""
    document, path = origin(sources, ("gates", index, "id"))
    message = f"`{gate}` decided nothing in {seen.records} decisions: {always}{more}"
    help_text = "feed what it reads, or say what it waits for: `# hedgerow: ignore inert-gate …`"
    return document.problem("inert-gate", path, message, help_text, warning=True)


def _shown(value: Any) -> str:
    return "missing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

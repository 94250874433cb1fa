"""What coverage lacks, each gap with what to write."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.reach import reach
from engine.ruleset import Gate, Require, RuleSet, gate_nodes
from generator.change.cover.accepted import Accepted
from generator.change.cover.coverage import COLUMNS, Coverage
from generator.change.cover.edges import facts_read
from generator.change.cover.grid import movable

ROW: Final = "chosen"


@dataclass(frozen=True, slots=True)
class Gap:
    """A gate (or row, as table.row) that shows an outcome less often than is asked, where it stands, what to write."""

    name: str
    column: str
    count: int
    wanted: int
    source: str
    write: str


@dataclass(frozen=True, slots=True)
class Stale:
    """An accepted gap that is none."""

    gate: str
    column: str
    source: str


def gaps(coverage: Coverage, least: Mapping[str, int], accepted: Accepted) -> Iterator[Gap]:
    """The gaps of each gate and row, in file order; accepted ones are none."""
    ruleset = coverage.ruleset
    for gate in ruleset.gates:
        for column, count in coverage.of(gate).items():
            wanted = least.get(column, 0)
            if count is not None and count < wanted and (count or (gate.id, column) not in accepted.outcomes):
                yield Gap(gate.id, column, count, wanted, gate.source, to_write(column, gate, ruleset))
    for table in ruleset.tables.values():
        for row in table.rows:
            name = f"{table.name}.{row.id}"
            if (count := coverage.rows[name]) < least.get(ROW, 0):
                write = (
                    f"facts for which it is the first that applies, with `tables: {{{table.name}: {{row: {row.id}}}}}`"
                )
                yield Gap(name, ROW, count, least[ROW], row.source, write)


def stale(coverage: Coverage, accepted: Accepted) -> Iterator[Stale]:
    """What is accepted as never shown, and is shown or can't apply."""
    gates = {g.id: coverage.of(g) for g in coverage.ruleset.gates}
    for (gate, column), source in accepted.outcomes.items():
        if gates[gate][column] != 0:
            yield Stale(gate, column, source)


def to_write(column: str, gate: Gate, ruleset: RuleSet) -> str:
    """The scenario that would show an outcome of a gate."""
    moving = next((n for n in facts_read(gate, ruleset) if movable(ruleset, n)), None)
    match column:
        case "at_bound" | "over":
            return f"`hedgerow boundary {gate.id}` finds both sides of its bound, and --write keeps them"
        case "guard":
            return f"an order for which `{gate.when_text}` does not hold"
        case "exempt":
            return f"an order for which `{ruleset.head.exempt}` holds, and that it would stop if it did not"
        case "missing":
            subject = ruleset.head.subject.key if ruleset.head.subject else ""
            facts = ruleset.catalog.facts
            names = reach(ruleset, *gate_nodes(gate)) - {subject}
            given = sorted(n for n in names if n in facts and facts[n].supplied)
            group, _, name = given[0].partition(".")
            return f"the quiet account with `facts: {{{group}: {{{name}: null}}}}`"
        case "others":
            return "an order that it and another gate stop"
        case "alone" if isinstance(gate.test, Require):
            return f"an order for which only `{gate.test.text}` does not hold"
        case "alone":
            return f"the quiet account with `{moving}` beyond the bound, and nothing else amiss"
        case _:
            return "an order that it lets through"


def thresholds(texts: tuple[str, ...]) -> dict[str, int]:
    """How often each outcome is to be shown at least: `2` for all, `alone=1` for one.

    Raises:
        ValueError: with what is wrong.
    """
    known = (*COLUMNS, ROW)
    found: dict[str, int] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        if not number.isascii() or not number.isdigit():
            raise ValueError(f"`{text}` is no threshold: write 1, or alone=1")
        if equals and name not in known:
            raise ValueError(f"`{name}` is no outcome: there are {', '.join(known)}")
        found |= dict.fromkeys((name,) if equals else known, int(number))
    return found

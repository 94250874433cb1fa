"""Mutants: small changes of the compiled rules, of which each should be noticed by some scenario.

Operators, guards, modes, exits, what is missing, rows and outputs here; caps and bounds by one step in `steps.py`;
windows and breakers in `lately.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from engine.faults import Path
from engine.ruleset import BOUNDS
from engine.units import ValueFault, read_value, write_value
from generator.change.cover.expressions import negated, variants
from generator.change.cover.grid import CAP_GRID
from universe.reader import Universe

Document = Mapping[str, Any]
REMOVED: Final = object()
NO_END: Final = "9999-12-31"
OTHER_BOUNDS: Final = {
    "at_most": ("below", "at_least"),
    "at_least": ("above", "at_most"),
    "below": ("at_most", "above"),
    "above": ("at_least", "below"),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change: its name, the line that it is about, what it edits in the compiled document, and what it touches.

    What is touched is named by kind: `gate:ID`, `measure:NAME`, `table:NAME`, `cap:NAME`, `fact:NAME`, `exempt`.
    """

    name: str
    source: str
    edits: tuple[tuple[Path, Any], ...]
    touches: str

    def of(self, document: Document) -> dict[str, Any]:
        """The document with the change made; all that is untouched is shared."""
        made = dict(document)
        for path, value in self.edits:
            _set(made, path, value)
        return made


def _set(made: dict[str, Any], path: Path, value: Any) -> None:
    """Set or remove what is at a path, copying what it goes through."""
    at: Any = made
    for part in path[:-1]:
        inner = at[part]
        at[part] = dict(inner) if isinstance(inner, Mapping) else list(inner)
        at = at[part]
    if value is REMOVED:
        del at[path[-1]]
    else:
        at[path[-1]] = value


def mutants_of_rules(universe: Universe) -> Iterator[Mutant]:
    """Every change of gates, measures, tables and head, in file order."""
    document = universe.document
    for i, gate in enumerate(document["gates"]):
        for what, entry in _of_gate(gate):
            yield Mutant(f"gate {gate['id']}: {what}", gate["source"], ((("gates", i), entry),), f"gate:{gate['id']}")
    for name, measure in document["measures"].items():
        for what, text in variants(measure["is"]):
            edits = ((("measures", name, "is"), text),)
            yield Mutant(f"measure {name}: {what}", measure["source"], edits, f"measure:{name}")
    for name, table in document["tables"].items():
        for what, source, rows in _of_table(table, universe):
            yield Mutant(f"table {name}: {what}", source, ((("tables", name, "rows"), rows),), f"table:{name}")
    if "exempt" in document["head"]:
        what = f"head: exempt: {document['head']['exempt']} dropped"
        yield Mutant(what, "rules/gates.yaml:1", ((("head", "exempt"), REMOVED),), "exempt")


def _of_gate(gate: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in ("when", "measure", "require"):
        if key in gate:
            for what, text in variants(gate[key]):
                yield f"{key}: {what}", {**gate, key: text}
    for op in BOUNDS:
        if op in gate:
            for other in OTHER_BOUNDS[op]:
                yield f"{op} → {other}", {**without(gate, op), other: gate[op]}
    if "when" in gate:
        yield "when dropped", without(gate, "when")
        yield "when negated", {**gate, "when": negated(gate["when"])}
    if "require" in gate:
        yield "require negated", {**gate, "require": negated(gate["require"])}
    yield "mode → shadow", {**gate, "mode": "shadow", "until": NO_END}
    yield from _flipped(gate, "exits", "form")
    yield from _flipped(gate, "on_missing", "pass")
    yield from _flipped(gate, "scope", "account")


def _flipped(gate: Document, key: str, word: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if key in gate:
        yield f"{key}: {gate[key]} dropped", without(gate, key)
    else:
        yield f"{key}: {word} added", {**gate, key: word}


def without(entry: Document, key: str) -> dict[str, Any]:
    """An entry without one of its keys."""
    return {k: v for k, v in entry.items() if k != key}


def _of_table(table: Document, universe: Universe) -> Iterator[tuple[str, str, list[Any]]]:
    """What changes, its line, and the rows after it. The last row, which has no condition, stays the last."""
    rows: Sequence[dict[str, Any]] = table["rows"]
    for i, row in enumerate(rows):
        source = row["source"]
        if i < len(rows) - 1:
            yield f"row {row['id']} dropped", source, [*rows[:i], *rows[i + 1 :]]
        if i < len(rows) - 2:
            swapped = [*rows[:i], rows[i + 1], row, *rows[i + 2 :]]
            yield f"rows {row['id']} and {rows[i + 1]['id']} swapped", source, swapped
        for what, changed in _of_row(row, table["outputs"], universe):
            yield f"row {row['id']} {what}", source, [*rows[:i], changed, *rows[i + 1 :]]


def _of_row(
    row: dict[str, Any], outputs: Mapping[str, Any], universe: Universe
) -> Iterator[tuple[str, dict[str, Any]]]:
    if "when" in row:
        yield "when negated", {**row, "when": negated(row["when"])}
        for what, text in variants(row["when"]):
            yield f"when: {what}", {**row, "when": text}
    for output, text in row["then"].items():
        yield f"{output} dropped", {**row, "then": without(row["then"], output)}
        for what, changed in _other_outputs(str(text), outputs[output], universe):
            yield f"{output}: {what}", {**row, "then": {**row["then"], output: changed}}


def _other_outputs(text: str, declared: Any, universe: Universe) -> Iterator[tuple[str, str]]:
    """Other values of an output: another word, the other truth, one step more; else the changes of its expression."""
    if isinstance(declared, (list, tuple)):
        yield from ((f"{text} → {word}", word) for word in declared if word != text)
        return
    unit = universe.ruleset.catalog.units[declared]
    try:
        value = read_value(text, unit, {})
    except ValueFault:
        yield from variants(text)
        return
    if isinstance(value, bool):
        other = "false" if value else "true"
        yield f"{text} → {other}", other
    elif isinstance(value, Decimal) and declared in CAP_GRID:
        more = write_value(value + CAP_GRID[declared], unit, {})
        yield f"{text} → {more}", more

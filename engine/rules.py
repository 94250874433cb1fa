"""Reading the part of a document that decides: measures, tables and gates become checked trees."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from engine.catalog import Catalog, did_you_mean
from engine.check import BOOL, Checker, CheckFault, constant
from engine.faults import Fault, Path
from engine.ruleset import BOUNDS, Bound, Gate, Measure, Multiple, Require, Row, Table, Test
from engine.tree import CapRef, Constant, FactRef, MeasureRef, Node, Sign, Type, sign_of
from engine.units import Kind, Unit, ValueFault, read_value

MAX_DEPTH: Final = 80

_GATE_KEYS: Final = frozenset(
    {
        "id",
        "why",
        "scope",
        "measure",
        *BOUNDS,
        "multiple_of",
        "require",
        "when",
        "exits",
        "mode",
        "until",
        "on_missing",
        "veto",
        "source",
    }
)
_GATE_WORDS: Final = {
    "scope": ("order", "account"),
    "exits": ("form", "halt"),
    "mode": ("enforce", "shadow"),
    "on_missing": ("pass", "veto"),
}


class _Known(Exception):
    """Raised through an expression that names something whose own fault is already noted."""


class RulesReader:
    """Checks every expression of a document; faults are collected in `faults`."""

    def __init__(self, document: Mapping[str, Any], catalog: Catalog, faults: list[Fault]) -> None:
        self._document = document
        self._catalog = catalog
        self._faults = faults
        self._under_way: list[str] = []
        self._measures: dict[str, Measure | None] = {}
        self._tables: dict[str, Table | None] = {}
        self._checker = Checker(
            catalog,
            {n: self._measure_type(n) for n in document.get("measures", {})},
            dict(self._output_types()),
        )

    def _add(self, path: Path, code: str, message: str, help_text: str | None = None, **place: Any) -> None:
        self._faults.append(Fault(code, path, message, help_text, **place))

    def measures(self) -> dict[str, Measure]:
        """Every measure that has no fault."""
        found = {n: self._measure(n) for n in self._document.get("measures", {})}
        return {n: m for n, m in found.items() if m is not None}

    def tables(self) -> dict[str, Table]:
        """Every table that has no fault."""
        found = {n: self._table(n) for n in self._document.get("tables", {})}
        return {n: t for n, t in found.items() if t is not None}

    def gates(self) -> tuple[Gate, ...]:
        """Every gate that has no fault, in file order."""
        entries = self._document["gates"]
        if not entries:
            message = "a rule set without gates would let everything through"
            self._add(("gates",), "no-gates", message, "write at least one gate")
        self._check_ids(entries)
        return tuple(g for i, e in enumerate(entries) if (g := self.gate(("gates", i), i, e)) is not None)

    def _expression(self, path: Path, text: str, wanted: Type | None, what: str) -> Node | None:
        try:
            node = self._checker.check(text, wanted, what)
        except CheckFault as fault:
            self._add(path, fault.code, str(fault), fault.help, offset=fault.at)
            return None
        except _Known:
            return None
        for at, number in self._checker.odd_literals:
            help_text = "give it a name and a unit in the caps, and write `caps.name`"
            self._add(
                path, "bare-number", f"`{number}` decides something and has no name", help_text, offset=at, warning=True
            )
        return node

    def _measure_type(self, name: str) -> Callable[[], tuple[Type, Sign]]:
        def typed() -> tuple[Type, Sign]:
            measure = self._measure(name)
            if measure is None:
                raise _Known
            return Type(measure.unit.kind, measure.unit.dimensions), sign_of(measure.node)

        return typed

    def _measure(self, name: str) -> Measure | None:
        """The checked measure, or None where it has a fault (reported once)."""
        if name in self._measures:
            return self._measures[name]
        with self._once(name, ("measures", name)) as free:
            if not free:
                return None
            made = self._read_measure(name, ("measures", name))
        self._measures[name] = made
        return made

    def _read_measure(self, name: str, path: Path) -> Measure | None:
        entry = self._document["measures"][name]
        if name in self._catalog.facts:
            self._add(path, "same-name", f"`{name}` is a fact too", at_key=True)
        unit = self._catalog.units.get(entry["unit"])
        if unit is None:
            help_text = did_you_mean(entry["unit"], self._catalog.units)
            self._add((*path, "unit"), "unknown-unit", f"`{entry['unit']}` is no unit", help_text)
            return None
        node = self._expression((*path, "is"), entry["is"], Type(unit.kind, unit.dimensions), "measure")
        return None if node is None else Measure(name, unit, node, entry["is"], entry.get("source", ""))

    @contextmanager
    def _once(self, name: str, path: Path) -> Iterator[bool]:
        """Guards against circles: a name under way that is asked for again is one."""
        if name in self._under_way:
            circle = " → ".join([*self._under_way[self._under_way.index(name) :], name])
            self._add(path, "circle", f"`{name}` is defined by itself: {circle}", at_key=True)
            yield False
            return
        if len(self._under_way) >= MAX_DEPTH:
            message = f"`{name}` is at the end of a chain of {MAX_DEPTH} names, each defined by the next"
            self._add(path, "too-large", message, "define it in fewer steps", at_key=True)
            yield False
            return
        self._under_way.append(name)
        checker_literals = self._checker.odd_literals
        try:
            yield True
        finally:
            self._under_way.pop()
            self._checker.odd_literals = checker_literals

    def _output_types(self) -> Iterator[tuple[str, Callable[[], tuple[Type, Sign]]]]:
        for table, entry in self._document.get("tables", {}).items():
            for output, declared in entry["outputs"].items():
                yield f"tables.{table}.{output}", self._output_type(table, output, declared)

    def _output_type(self, table: str, output: str, declared: Any) -> Callable[[], tuple[Type, Sign]]:
        def typed() -> tuple[Type, Sign]:
            checked = self._table(table)
            if checked is None:
                raise _Known
            signs = {sign_of(r.outputs[output]) for r in checked.rows if output in r.outputs}
            sign = Sign.ANY if Sign.ANY in signs else Sign.NONNEGATIVE if Sign.NONNEGATIVE in signs else Sign.POSITIVE
            return checked.outputs[output][0], sign

        return typed

    def _table(self, name: str) -> Table | None:
        if name in self._tables:
            return self._tables[name]
        path: Path = ("tables", name)
        entry = self._document["tables"][name]
        with self._once(f"tables.{name}", path) as free:
            if not free:
                return None
            outputs = {
                o: t for o, d in entry["outputs"].items() if (t := self._declared_output((*path, "outputs", o), d))
            }
            rows = [self._row((*path, "rows", i), r, outputs) for i, r in enumerate(entry["rows"])]
            self._check_rows(path, entry["rows"])
            kept = tuple(r for r in rows if r is not None)
            complete = len(kept) == len(entry["rows"]) and len(outputs) == len(entry["outputs"])
            self._tables[name] = Table(name, outputs, kept, entry.get("why", "")) if complete else None
        return self._tables[name]

    def _declared_output(self, path: Path, declared: Any) -> tuple[Type, Unit | None] | None:
        if isinstance(declared, (list, tuple)):
            return Type(Kind.ENUM, values=frozenset(map(str, declared))), None
        unit = self._catalog.units.get(declared)
        if unit is None or unit.kind in (Kind.ENUM, Kind.LIST):
            self._add(
                path,
                "unknown-unit",
                f"`{declared}` is no unit of an output",
                did_you_mean(str(declared), self._catalog.units),
            )
            return None
        return Type(unit.kind, unit.dimensions), unit

    def _row(self, path: Path, entry: Mapping[str, Any], outputs: Mapping[str, tuple[Type, Unit | None]]) -> Row | None:
        before = len(self._faults)
        when = self._expression((*path, "when"), entry["when"], BOOL, "condition") if "when" in entry else None
        nodes: dict[str, Node] = {}
        for output, text in entry["then"].items():
            place: Path = (*path, "then", output)
            if output not in outputs:
                self._add(
                    place,
                    "unknown-output",
                    f"`{output}` is no output of this table",
                    did_you_mean(output, outputs),
                    at_key=True,
                )
            elif (node := self._output(place, str(text), *outputs[output])) is not None:
                nodes[output] = node
        failed = any(not f.warning for f in self._faults[before:])
        return None if failed else Row(entry["id"], when, nodes, entry.get("source", ""))

    def _output(self, path: Path, text: str, kind: Type, unit: Unit | None) -> Node | None:
        """A scalar that reads as a value of the declared unit is that value, else an expression."""
        if unit is None:
            if text in kind.values:
                return constant(text, kind)
            return self._expression(path, text, kind, "output")
        return self._value(text, unit) or self._expression(path, text, kind, "output")

    def _value(self, text: str, unit: Unit) -> Node | None:
        try:
            value = read_value(text, unit, {})
        except ValueFault:
            return None
        kind = Type(unit.kind, unit.dimensions)
        return constant(Fraction(value) if isinstance(value, Decimal) else value, kind)

    def _check_rows(self, path: Path, rows: list[Mapping[str, Any]]) -> None:
        seen: set[str] = set()
        for i, row in enumerate(rows):
            if row["id"] in seen:
                self._add((*path, "rows", i, "id"), "same-id", f"two rows are called `{row['id']}`")
            seen.add(row["id"])
            if "when" not in row and i < len(rows) - 1:
                self._add(
                    (*path, "rows", i),
                    "unreachable-row",
                    f"the rows after `{row['id']}` can't be reached: it has no `when`",
                )
        if not rows:
            self._add((*path, "rows"), "no-last-row", "a table without rows has no answer", "write at least one row")
        elif "when" in rows[-1]:
            help_text = "give the last row no `when`, so that each input has an answer"
            self._add(
                (*path, "rows", len(rows) - 1),
                "no-last-row",
                f"the table has no answer when `{rows[-1]['id']}` does not apply",
                help_text,
            )

    def gate(self, path: Path, index: int, entry: Mapping[str, Any]) -> Gate | None:
        """The gate of an entry, or None where it has a fault."""
        for key in entry.keys() - _GATE_KEYS:
            self._add(
                (*path, key), "unknown-key", f"`{key}` is no part of a gate", did_you_mean(key, _GATE_KEYS), at_key=True
            )
        for key in ("id", "why", "veto", "source", "until"):
            if not isinstance(entry.get(key, ""), str):
                self._add((*path, key), "bad-shape", f"`{key}` is no text")
        test = self._test(path, entry)
        when = self._expression((*path, "when"), entry["when"], BOOL, "guard") if "when" in entry else None
        for key, allowed in _GATE_WORDS.items():
            if key in entry and entry[key] not in allowed:
                self._add((*path, key), "unknown-value", f"`{entry[key]}` is no {key}", f"one of {', '.join(allowed)}")
        if (entry.get("mode") == "shadow") != ("until" in entry):
            self._add(
                path,
                "shadow-until",
                "a shadow gate, and only one, says `until` when",
                "write `mode: shadow` with `until: 2027-01-31`",
            )
        if test is None or ("when" in entry and when is None):
            return None
        return Gate(
            index=index,
            id=entry["id"],
            why=entry["why"],
            reason=entry["veto"],
            scope=entry.get("scope", "order"),
            exits=entry.get("exits", ""),
            test=test,
            when=when,
            when_text=entry.get("when", ""),
            measure_text=entry.get("measure", entry.get("require", "")),
            enforced=entry.get("mode", "enforce") == "enforce",
            until=entry.get("until"),
            passes_missing=entry.get("on_missing") == "pass",
            source=entry.get("source", ""),
        )

    def _test(self, path: Path, entry: Mapping[str, Any]) -> Test | None:
        bounds = [b for b in (*BOUNDS, "multiple_of") if b in entry]
        if "require" in entry:
            if "measure" in entry or bounds:
                self._add(path, "two-tests", "a gate is either a measure with one bound, or a `require`")
            node = self._expression((*path, "require"), entry["require"], BOOL, "requirement")
            return None if node is None else Require(node, entry["require"])
        if "measure" not in entry or len(bounds) != 1:
            help_text = f"one of {', '.join((*BOUNDS, 'multiple_of'))}"
            self._add(path, "no-bound", "a gate is a measure with one bound, or a `require`", help_text)
            return None
        measure = self._expression((*path, "measure"), entry["measure"], None, "measure")
        if measure is None:
            return None
        unit = self._catalog.unit_of(measure.type)
        if not measure.type.numeric or unit is None:
            self._add(
                (*path, "measure"),
                "type-mismatch",
                f"{self._checker.name_of(measure.type)} can't be bounded; use `require`",
            )
            return None
        return self.bound((*path, bounds[0]), bounds[0], str(entry[bounds[0]]), measure, unit)

    def bound(self, path: Path, op: str, text: str, measure: Node, unit: Unit) -> Test | None:
        """A measure held against one name or value, or None where that has a fault."""
        limit = self._value(text, unit)
        if limit is None:
            limit = self._expression(path, text, measure.type, "bound")
            if isinstance(limit, Constant):
                self._add(path, "bad-value", f"a bare `{text}` is no {unit.name}", unit.hint or None)
                return None
            if limit is not None and not isinstance(limit, (CapRef, FactRef, MeasureRef)):
                self._add(
                    path,
                    "formula-bound",
                    "a bound is one name or one value, never a formula",
                    "name it as a measure or a cap",
                )
                return None
        elif text != "0":
            self._add(
                path,
                "bare-number",
                f"`{text}` decides something and has no name",
                "give it a name in the caps",
                warning=True,
            )
        if limit is None:
            return None
        if op != "multiple_of":
            return Bound(op, measure, limit, unit)
        if sign_of(limit) is not Sign.POSITIVE:
            self._add(
                path,
                "divisor-not-positive",
                f"`{text}` may be zero or negative, so nothing is its multiple",
                "declare `sign: positive`",
            )
            return None
        return Multiple(measure, limit, unit)

    def _check_ids(self, entries: list[Mapping[str, Any]]) -> None:
        seen: dict[str, int] = {}
        for i, entry in enumerate(entries):
            if entry["id"] in seen:
                self._add(
                    ("gates", i, "id"),
                    "same-id",
                    f"two gates are called `{entry['id']}`",
                    "a gate's id is what logs and tests name",
                )
            seen[entry["id"]] = i

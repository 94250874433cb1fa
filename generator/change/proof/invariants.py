"""Invariants: `rules/invariants.yaml`, read and checked as gates are, so that they name what gates name in its units.

In an invariant the exemption means what it means in a decision: it doesn't hold where it can't be computed. Beyond
that, what can't be told of an order that passes counts against a `never`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from engine.catalog import did_you_mean
from engine.faults import Fault
from engine.numbers import canonical
from engine.read import examine
from engine.ruleset import Gate, RuleSet
from engine.units import ValueFault, read_value
from generator.compile.files import Files
from generator.compile.invariants import BAD_SIDES, KINDS, schema
from generator.compile.problems import Problem, Refused
from generator.compile.shape import check_shape
from generator.compile.text import Document, read_text

FILE: Final = "rules/invariants.yaml"


@dataclass(frozen=True, slots=True)
class Invariant:
    """One of them: `gate` stops what is bad (`never` with a measure), or requires what it is about (all others).

    Args:
        kind: never, always or possible.
        assuming: gates that may stop what must always pass.
        given: facts of what must be possible.
        source: `file:line`.
    """

    kind: str
    id: str
    why: str
    gate: Gate | None
    assuming: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Invariants:
    """All of them, and the rule set in which their gates are read; None where there are none."""

    every: tuple[Invariant, ...] = ()
    ruleset: RuleSet | None = None


class _Reader:
    """Reads one file; collects every problem."""

    def __init__(self, document: Document, compiled: Mapping[str, Any], ruleset: RuleSet) -> None:
        self._document, self._compiled, self._ruleset = document, compiled, ruleset
        self._places: list[tuple[str, int]] = []
        self.problems: list[Problem] = []

    def read(self) -> Invariants:
        """The invariants; meaningless where there are problems."""
        gates = [gate for kind in KINDS for i, e in self._entries(kind) if (gate := self._gate(kind, i, e)) is not None]
        # Breakers and waivers are about gates of the rules, which these stand in the place of.
        document = {**self._compiled, "gates": gates, "breakers": [], "waivers": {}}
        ruleset, faults = examine(document) if gates else (self._ruleset, ())
        # Its figures stand apart from the caps on purpose, so that they hold whatever these say.
        self.problems += [self._problem(f) for f in faults if f.path[:1] == ("gates",) and not f.warning]
        if self.problems:
            return Invariants()
        if ruleset is None:
            raise AssertionError(f"the rules are whole, and beside invariants they are not: {faults}")
        by_place = dict(zip(self._places, ruleset.gates[: len(gates)], strict=True))
        made = tuple(
            Invariant(
                kind,
                e["id"],
                e["why"],
                by_place.get((kind, i)),
                tuple(self._assuming(i, e)),
                dict(self._given(i, e)),
                self._document.source((kind, i, "id")),
            )
            for kind in KINDS
            for i, e in self._entries(kind)
        )
        return Invariants(made, ruleset)

    def _entries(self, kind: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        yield from enumerate(self._document.data.get(kind, []))

    def _gate(self, kind: str, index: int, entry: Mapping[str, Any]) -> dict[str, Any] | None:
        """The gate that says what an entry is about; None where it is about every order."""
        bounds = [b for b in BAD_SIDES if b in entry]
        if len(bounds) != ("measure" in entry) or (kind == "never" and not bounds and "when" not in entry):
            help_text = "write `when`, or `measure` with one of " + ", ".join(BAD_SIDES)
            self._add("missing-key", (kind, index), f"`{entry['id']}` says nothing that could be bad", help_text)
            return None
        if "measure" not in entry and "when" not in entry:
            return None
        self._places.append((kind, index))
        shown = {"id": f"{kind}_{entry['id']}", "why": entry["why"], "veto": entry["id"]}
        if not bounds:
            return {**shown, "require": entry["when"]}
        guard = {"when": entry["when"]} if "when" in entry else {}
        return {**shown, **guard, "measure": entry["measure"], BAD_SIDES[bounds[0]]: entry[bounds[0]]}

    def _assuming(self, index: int, entry: Mapping[str, Any]) -> Iterator[str]:
        known = [g.id for g in self._ruleset.gates]
        for i, name in enumerate(entry.get("assuming", [])):
            if name not in known:
                place = ("always", index, "assuming", i)
                self._add("unknown-gate", place, f"`{name}` is no gate", did_you_mean(name, known))
            yield name

    def _given(self, index: int, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        facts = self._ruleset.catalog.facts
        for name, written in entry.get("given", {}).items():
            place, fact = ("possible", index, "given", name), facts.get(name)
            if fact is None or not fact.supplied:
                message = f"`{name}` is no fact that an order comes with"
                self._add("unknown-fact", place, message, did_you_mean(name, facts), at_key=True)
                continue
            try:
                value = read_value(written, fact.unit, {})
            except ValueFault as fault:
                self._add("bad-value", place, str(fault), fault.help)
                continue
            yield name, canonical(value) if isinstance(value, Decimal) else value

    def _problem(self, fault: Fault) -> Problem:
        """A fault of a gate, at what it was made of."""
        _, index, *rest = fault.path
        place = self._places[index] if isinstance(index, int) else ()
        entry: Mapping[str, Any] = self._document.data[place[0]][place[1]] if place else {}
        bounds = {good: bad for bad, good in BAD_SIDES.items() if bad in entry}
        names = {"require": "when", **bounds}
        path = (*place, *(names.get(str(key), key) for key in rest))
        return self._document.problem(
            fault.code, path, fault.message, fault.help, at_key=fault.at_key, offset=fault.offset
        )

    def _add(
        self, code: str, path: tuple[Any, ...], message: str, help_text: str | None, *, at_key: bool = False
    ) -> None:
        self.problems.append(self._document.problem(code, path, message, help_text, at_key=at_key))


def read_invariants(files: Files, compiled: Mapping[str, Any], ruleset: RuleSet) -> Invariants:
    """The invariants of a project, for its compiled rules; none where it has no such file.

    Args:
        files: where the file is.
        compiled: the compiled document whose names they may use.
        ruleset: the same, checked.

    Raises:
        Refused: with every problem of the file.
    """
    try:
        text = files.read(FILE).decode()
    except FileNotFoundError:
        return Invariants()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([Problem(FILE, 1, 1, "no-file", f"the file can't be read: {error}")], {}) from None
    document, problems = read_text(FILE, text)
    problems = problems or check_shape(document, schema()) or _twice(document)
    if problems:
        raise Refused(problems, {FILE: text})
    reader = _Reader(document, compiled, ruleset)
    found = reader.read()
    if reader.problems:
        raise Refused(set(reader.problems), {FILE: text})
    return found


def _twice(document: Document) -> list[Problem]:
    seen: set[str] = set()
    found = []
    for kind in KINDS:
        for i, entry in enumerate(document.data.get(kind, [])):
            if entry["id"] in seen:
                found.append(document.problem("set-twice", (kind, i, "id"), f"`{entry['id']}` stands twice"))
            seen.add(entry["id"])
    return found

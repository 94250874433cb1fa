"""What passes without more ado, decided and written in one go: an order's own facts over facts that stand.

Most of what is asked is plain, comes in an arrangement that was seen before, and passes. `Passing` says of such facts
what the engine says of them, to the byte, and nothing of any others: what is vetoed, missing or invalid, or of a size
that is no whole number of steps, is left to whoever explains it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, getcontext
from typing import Any, Final, NamedTuple

from engine.backends.python import Run
from engine.catalog import Value
from engine.engine import Engine
from engine.facts import Snapshot
from engine.layout import Layout, as_text, picker, template
from engine.numbers import EXACT, canonical, exact
from engine.reason import Decision, Parts, decision_id

# So many combinations of words are remembered for one arrangement over the same facts.
MAX_WAYS: Final = 256
_ID: Final = '"id":"'
_new: Final = tuple.__new__


class Passed(NamedTuple):
    """A decision that allows: the parts of its record, and its own facts in canonical JSON."""

    parts: Parts
    own: str


@dataclass(frozen=True, slots=True)
class _Way:
    """What is the same for all that comes with the same words: values in their slots, numbers yet to come; the gates;
    the step that no fact says; the record from its id to its rules, and from there to its facts, if the size is known;
    all facts and the own ones, with a place for each number.
    """

    values: list[Value | None]
    run: Run
    step: Any
    subject: str
    after: str
    everything: str
    own: str


class Passing:
    """Says what passes, of facts in one arrangement over others that stand.

    Args:
        engine: whose decisions they are.
        standing: the facts that stand, none of them invalid.
        groups: these in canonical JSON, by their groups.
        layout: how the facts that come are read; none of their groups is one that stands.
    """

    def __init__(self, engine: Engine, standing: Snapshot, groups: Mapping[str, str], layout: Layout) -> None:
        self._engine, self._standing, self._layout = engine, standing, layout
        self._groups = {name: text.replace("%", "%%") for name, text in groups.items()}
        slots, self._universe = engine.reader.slots, engine.ruleset.universe_hash
        # As they stand in a record.
        order = sorted(range(len(layout.simple)), key=lambda i: layout.simple[i].slot)
        self._in_order = picker(order)
        self._names = [layout.simple[i].fact.name for i in order]
        self._slots = [slots[name] for name in self._names]
        self._ways: dict[tuple[Any, ...], _Way | None] = {}
        solve = engine.ruleset.head.solve
        self._solve = solve
        self._size = self._names.index(solve.fact) if solve and solve.fact in self._names else None
        self._size_slot, self._step_slot = (slots[solve.fact], slots.get(solve.step)) if solve else (0, None)
        parts = self._parts(None)
        self._before = parts.before.partition(_ID)[0] + _ID
        self._rules, self._after = parts.rules, parts.after

    def of(self, own: Mapping[str, Mapping[str, Any]]) -> Passed | None:
        """The decision on these facts, in the arrangement of the layout; None where it is not this simple."""
        if getcontext() is not EXACT:
            with exact():
                return self.of(own)
        raws = [raw if type(raw) is str else as_text(raw) for group in own.values() for raw in group.values()]
        plain = self._layout.plain(raws)
        if plain is None or not self._layout.are_words(plain[1]):
            return None
        digits, words = plain
        try:
            way = self._ways[words] if words in self._ways else self._way(words)
            if way is None:
                return None
            numbers = self._in_order(digits)
            values = way.values.copy()
            for slot, number in zip(self._slots, map(Decimal, numbers), strict=True):
                values[slot] = number
            if way.run(values) != [] or not self._is_whole(values, way):
                return None
        except (TypeError, ArithmeticError):  # what is missing raises
            return None
        facts = way.everything % numbers
        before = f"{self._before}{decision_id(self._universe, facts)}{way.subject}"
        after = way.after if self._size is None else self._after % numbers[self._size]
        return _new(Passed, (_new(Parts, (before, self._rules, after, facts)), way.own % numbers))

    def _is_whole(self, values: list[Any], way: _Way) -> bool:
        """Whether the size is the largest that is asked for: a whole number of steps; also where there is no size."""
        if self._solve is None:
            return True
        size, step = values[self._size_slot], way.step if self._step_slot is None else values[self._step_slot]
        return 0 < step <= size and not size % step

    def _way(self, words: tuple[Any, ...]) -> _Way | None:
        """What comes with these words; None where nothing can be said of it here."""
        if len(self._ways) >= MAX_WAYS:
            self._ways.clear()
        self._ways[words] = made = self._made(words)
        return made

    def _made(self, words: tuple[Any, ...]) -> _Way | None:
        try:
            read, texts = self._layout.read_words(words)
        except ValueError:
            return None
        values, others = self._standing.values.copy(), self._layout.others
        for place, value in zip(others, read, strict=True):
            values[place.slot] = value
        self._engine.reader.derive(values)
        found = self._engine.gates_for(replace(self._standing, values=values))
        if found is None:
            return None
        subject, run = found
        size = values[self._size_slot]
        own = {p.fact.name: text.replace("%", "%%") for p, text in zip(others, texts, strict=True)}
        own |= dict.fromkeys(self._names, '"%s"')
        groups = self._groups_of(own)
        if not groups.keys().isdisjoint(self._groups):
            return None
        return _Way(
            values,
            run,
            subject.facts.get(self._solve.step) if self._solve and subject else None,
            self._parts(subject.key if subject else None).before.partition(_ID)[2],
            self._after % canonical(size) if self._solve and isinstance(size, Decimal) else self._after,
            _braces({**self._groups, **groups}),
            _braces(groups),
        )

    def _groups_of(self, own: Mapping[str, str]) -> dict[str, str]:
        """Own facts in canonical JSON, by their groups."""
        found: dict[str, dict[str, str]] = {}
        for name, text in own.items():
            group, _, rest = name.partition(".")
            found.setdefault(group, {})[rest] = text
        return {group: template(dict(sorted(of.items()))) for group, of in found.items()}

    def _parts(self, subject: str | None) -> Parts:
        """The record of a decision that allows, but for its id, its facts, and its largest size."""
        ruleset = self._engine.ruleset
        name = self._solve.name if self._solve else None
        made = Decision(True, "", subject, ruleset.ruleset_hash, ruleset.universe_hash, largest_name=name, largest="%s")
        return made.parts()


def _braces(groups: Mapping[str, str]) -> str:
    return "{" + ",".join([f'"{name}":{text}' for name, text in sorted(groups.items())]) + "}"

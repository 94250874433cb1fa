"""Plain facts, decided and written in one go: an order's own over facts that stand.

Most of what is asked is plain, and comes in an arrangement that was seen before. `Plain` says of such facts what the
engine says of them, to the byte: quickly where they pass, at length where a gate stops them. Of facts that are missing
where they must not be, invalid, or of any other kind, it says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, getcontext
from itertools import chain
from typing import Any, Final

from engine.backends.python import Run
from engine.catalog import Value
from engine.engine import Engine
from engine.facts import Snapshot
from engine.largest import is_whole
from engine.layout import Layout, picker, template
from engine.numbers import EXACT, canonical, exact
from engine.reason import ID, Decision, Told, hash_begun

# So many combinations of words are remembered for one arrangement over the same facts.
MAX_WAYS: Final = 256
_ID: Final = '"id":"'
_new: Final = tuple.__new__


@dataclass(frozen=True, slots=True)
class _Way:
    """What is the same for all that comes with the same words: values in their slots, numbers yet to come; the gates;
    the step that no fact says; the record from its id to its rules, and from there to its facts, if the size is known;
    the facts from the first to the last own one, and the own ones alone, with a place for each number.
    """

    values: list[Value | None]
    run: Run
    step: Any
    subject: str
    after: str
    middle: str
    own: str


class _Texts:
    """All facts in canonical JSON: before the first group of own ones, from there to the last, with a place for each
    value, and after it. `own` are these groups alone, `between` whether others stand between them.

    Args:
        standing: the groups of facts that stand.
        own: the others, by their names.
    """

    def __init__(self, standing: Mapping[str, str], own: Mapping[str, str]) -> None:
        tree: dict[str, dict[str, str]] = {}
        for name, text in own.items():
            group, _, rest = name.partition(".")
            tree.setdefault(group, {})[rest] = text
        if not tree.keys().isdisjoint(standing):
            raise ValueError("a group of facts stands twice")
        groups = {group: template(of) for group, of in tree.items()}
        first, last = min(groups), max(groups)
        # Twice: for the words, and then for the numbers.
        amid = {name: text.replace("%", "%%%%") for name, text in standing.items() if first < name < last}
        before, after = (_listed({n: standing[n] for n in standing if test(n)}) for test in (first.__gt__, last.__lt__))
        self.head, self.tail = "{" + (f"{before}," if before else ""), (f",{after}" if after else "") + "}"
        self.middle, self.own, self.between = _listed({**amid, **groups}), _listed(groups), bool(amid)


class Plain:
    """Decides on plain facts in one arrangement, over others that stand.

    Args:
        engine: whose decisions they are.
        standing: the facts that stand, none of them invalid.
        groups: these in canonical JSON, by their groups.
        layout: how the facts that come are read; there are some.
        shared: how the facts that stand are logged.

    Raises:
        ValueError: a group of facts stands, and comes too.
    """

    def __init__(
        self,
        engine: Engine,
        standing: Snapshot,
        groups: Mapping[str, str],
        layout: Layout,
        shared: tuple[str, ...],
    ) -> None:
        self._engine, self._standing, self._layout, self._shared = engine, standing, layout, shared
        simple, others = layout.simple, layout.others
        given = sorted([*simple, *others], key=lambda place: place.slot)
        self._texts = _Texts(groups, {p.fact.name: '"%%s"' if p.simple else "%s" for p in given})
        self._hashed = hash_begun(engine.ruleset.universe_hash)
        self._hashed.update(self._texts.head.encode())
        # As they stand in a record.
        self._numbers, self._words = (picker(sorted(range(len(p)), key=lambda i: p[i].slot)) for p in (simple, others))
        self._slots = slots = sorted(place.slot for place in simple)
        self._first, self._behind = (slots[0], slots[-1] + 1) if slots else (0, 0)
        # Mostly numbers have slots side by side, which are filled at once.
        self._side_by_side = slots == [*range(self._first, self._behind)]
        self._ways: dict[tuple[Any, ...], _Way] = {}
        self._solve = solve = engine.ruleset.head.solve
        at = engine.reader.slots
        self._size_slot, self._step_slot = (at[solve.fact], at.get(solve.step)) if solve else (-1, None)
        # The place of the size among the numbers, if it is one.
        self._size = self._slots.index(self._size_slot) if self._size_slot in self._slots else None
        told = self._told(None)
        self._before, self._rules, self._after = f"{told.before.partition(_ID)[0]}{_ID}{ID}", told.rules, told.after

    def of(self, own: Mapping[str, dict[str, Any]]) -> Told | None:
        """The decision on these facts, numbers as text, in the arrangement of the layout; None where they are not this
        plain.
        """
        if getcontext() is not EXACT:
            with exact():
                return self.of(own)
        plain = self._layout.plain(_values(own))
        if plain is None or not self._layout.are_words(plain[1]):
            return None
        digits, words = plain
        try:
            way = self._ways.get(words) or self._way(words)
        except TypeError:  # a word is none
            return None
        if way is None:
            return None
        numbers = self._numbers(digits)
        values = way.values.copy()
        if self._side_by_side:
            values[self._first : self._behind] = map(Decimal, numbers)
        else:
            for slot, number in zip(self._slots, numbers, strict=True):
                values[slot] = Decimal(number)
        middle, texts = way.middle % numbers, self._texts
        facts = f"{texts.head}{middle}{texts.tail}"
        mine = f"{{{way.own % numbers if texts.between else middle}}}"
        if not self._passes(values, way):
            snapshot = Snapshot(self._standing.ruleset, values, {}, facts)
            return self._engine.decide_snapshot(snapshot).told(self._shared, mine)
        hashed = self._hashed.copy()
        hashed.update(f"{middle}{texts.tail}".encode())
        before = f"{self._before}{hashed.hexdigest()}{way.subject}"
        after = way.after if self._size is None else self._after % numbers[self._size]
        return _new(Told, (True, (), before, self._rules, after, facts, self._shared, mine))

    def _passes(self, values: list[Any], way: _Way) -> bool:
        """Whether facts pass every gate, and their size is a whole number of steps, so that it is the largest; False
        too where that takes longer to find out.
        """
        try:
            if way.run(values) != []:
                return False
            if self._solve is None:
                return True
            size, step = values[self._size_slot], way.step if self._step_slot is None else values[self._step_slot]
            return is_whole(size, step)
        except (TypeError, ArithmeticError):  # what is missing raises
            return False

    def _way(self, words: tuple[Any, ...]) -> _Way | None:
        """What comes with these words; None where nothing can be said of it here."""
        made = self._made(words)
        if made is not None:
            if len(self._ways) >= MAX_WAYS:
                self._ways.clear()
            self._ways[words] = made
        return made

    def _made(self, words: tuple[Any, ...]) -> _Way | None:
        try:
            read, texts = self._layout.read_words(words)
        except ValueError:
            return None
        standing = self._standing
        values = standing.values.copy()
        for place, value in zip(self._layout.others, read, strict=True):
            values[place.slot] = value
        self._engine.reader.derive(values)
        found = self._engine.gates_for(Snapshot(standing.ruleset, values, {}, ""))
        if found is None:
            return None
        (subject, run), size = found, values[self._size_slot]
        escaped = self._words([text.replace("%", "%%") for text in texts])
        return _Way(
            values,
            run,
            subject.facts.get(self._solve.step) if self._solve and subject else None,
            self._told(subject.key if subject else None).before.partition(_ID)[2],
            self._after % canonical(size) if self._solve and isinstance(size, Decimal) else self._after,
            self._texts.middle % escaped,
            self._texts.own % escaped,
        )

    def _told(self, subject: str | None) -> Told:
        """A decision that allows, but for its id, its facts, and its largest size."""
        ruleset = self._engine.ruleset
        name = self._solve.name if self._solve else None
        made = Decision(True, "", subject, ruleset.ruleset_hash, ruleset.universe_hash, largest_name=name, largest="%s")
        return made.told()


def _values(own: Mapping[str, dict[str, Any]]) -> list[Any]:
    """What is given, as it stands."""
    if len(own) == 1:
        ((group),) = own.values()
        return [*group.values()]
    return [*chain.from_iterable(map(dict.values, own.values()))]


def braces(groups: Mapping[str, str]) -> str:
    """Groups of facts in canonical JSON, as one."""
    return f"{{{_listed(groups)}}}"


def _listed(groups: Mapping[str, str]) -> str:
    return ",".join([f'"{name}":{text}' for name, text in sorted(groups.items())])

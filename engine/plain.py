"""Plain facts, decided and written in one go: an order's own over facts that stand.

Most of what is asked is plain, and comes in an arrangement that was seen before. `Plain` says of such facts what the
engine says of them, to the byte: quickly where they pass, at length where a gate stops them. Of facts that are missing
where they must not be, invalid, or of any other kind, it says nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, getcontext
from typing import Any, Final

from engine.backends.python import Run
from engine.catalog import Value
from engine.engine import Engine
from engine.facts import Snapshot
from engine.largest import is_whole
from engine.layout import Layout, picker, template
from engine.numbers import EXACT, canonical, exact
from engine.reason import ID, Decision, Told, hash_begun, subject_part
from engine.texts import filling, taking

# So many combinations of words are remembered for one arrangement over the same facts.
MAX_WAYS: Final = 256
# Where a number comes to stand; there is none in canonical JSON.
_PLACE: Final = "\0"
_new: Final = tuple.__new__


class Arrangement:
    """Own facts of the same names: how they are taken, and where they go, whatever facts they are laid over.

    Args:
        engine: who decides on them.
        layout: how they are read; there are some, which `may_repeat`.
    """

    def __init__(self, engine: Engine, layout: Layout) -> None:
        self.engine, self.layout, self.take = engine, layout, taking(layout)
        given = sorted(layout.places, key=lambda place: place.slot)
        tree: dict[str, dict[str, str]] = {}
        for place in given:
            group, name = place.fact.name.split(".")
            tree.setdefault(group, {})[name] = f'"{_PLACE}"' if place.simple else "%s"
        #: the groups of facts as they stand in a record, with places for words and numbers
        self.groups = {group: template(of) for group, of in tree.items()}
        #: puts the texts of words into the order in which these stand there
        self.words = picker([layout.others.index(place) for place in given if not place.simple])
        self.slots = slots = [place.slot for place in layout.numbers]
        self.first, self.behind = (slots[0], slots[-1] + 1) if slots else (0, 0)
        # Mostly numbers have slots side by side, which are filled at once.
        self.side_by_side = slots == [*range(self.first, self.behind)]
        self.solve = solve = engine.ruleset.head.solve
        at = engine.reader.slots
        self.size_slot, self.step_slot = (at[solve.fact], at.get(solve.step)) if solve else (-1, None)
        #: the place of the size among the numbers, if it is one
        self.size = slots.index(self.size_slot) if self.size_slot in slots else None
        self.rules, self.before, (self.after, self.end) = self._allowed()

    def _allowed(self) -> tuple[str, str, tuple[str, str]]:
        """What the record of a decision that allows says of its rules; up to the hash that is its id; and what stands
        before its largest size and behind.
        """
        rules, solve = self.engine.ruleset, self.solve
        name, size = (solve.name, "0") if solve else (None, None)
        made = Decision(True, ID, None, rules.ruleset_hash, rules.universe_hash, largest_name=name, largest=size)
        told = made.told()
        after, _, end = told.after.rpartition("0")
        return told.rules, told.before.partition(ID)[0] + ID, (after, end)


@dataclass(frozen=True, slots=True)
class _Way:
    """What is the same for all that comes with the same words.

    The values in their slots, numbers yet to come; the gates; the step and the size, where no number that comes says
    them; what a record says of the subject; and what puts numbers into the facts from the first to the last own one,
    and into the own ones alone, if others stand between these.
    """

    values: list[Value | None]
    run: Run
    step: Any
    size: str
    subject: str
    middle: Callable[[tuple[str, ...]], str]
    own: Callable[[tuple[str, ...]], str] | None


class Plain:
    """Decides on plain facts in one arrangement, over others that stand.

    Args:
        arrangement: of the facts that come.
        standing: the facts that stand, none of them invalid.
        groups: these in canonical JSON, by their groups.
        shared: how the facts that stand are logged.

    Raises:
        ValueError: a group of facts stands, and comes too.
    """

    def __init__(
        self, arrangement: Arrangement, standing: Snapshot, groups: Mapping[str, str], shared: tuple[str, ...]
    ) -> None:
        own = arrangement.groups
        if not groups.keys().isdisjoint(own):
            raise ValueError("a group of facts stands twice")
        self._with, self._standing, self._shared = arrangement, standing, shared
        first, last = min(own), max(own)
        before, behind = ({n: groups[n] for n in groups if test(n)} for test in (first.__gt__, last.__lt__))
        amid = {n: groups[n].replace("%", "%%") for n in groups.keys() - before.keys() - behind.keys()}
        # Facts in a record: the groups before own ones; from there to the last of these; own ones alone; the rest.
        self._head = "{" + "".join([f"{group}," for group in _listed(before)])
        self._middle = ",".join(_listed({**amid, **own}))
        self._own = ",".join(_listed(own)) if amid else None
        self._tail = "".join([f",{group}" for group in _listed(behind)]) + "}"
        self._hashed = hash_begun(arrangement.engine.ruleset.universe_hash)
        self._hashed.update(self._head.encode())
        self._ways: dict[tuple[Any, ...], _Way] = {}

    def of(self, own: Any) -> Told | None:
        """The decision on these facts, numbers as text; None where they are in another arrangement, or not this
        plain.
        """
        if getcontext() is not EXACT:
            with exact():
                return self.of(own)
        of = self._with
        taken = of.take(own)
        if taken is None:
            return None
        numbers, words = taken
        way = self._ways.get(words) or self._way(words)
        if way is None:
            return None
        values = way.values.copy()
        if of.side_by_side:
            values[of.first : of.behind] = map(Decimal, numbers)
        else:
            for slot, number in zip(of.slots, numbers, strict=True):
                values[slot] = Decimal(number)
        middle = way.middle(numbers)
        mine = f"{{{middle if way.own is None else way.own(numbers)}}}"
        rest = middle + self._tail
        if not self._passes(values, way):
            snapshot = Snapshot(self._standing.ruleset, values, {}, self._head + rest)
            return of.engine.decide_snapshot(snapshot).told(self._shared, mine)
        hashed = self._hashed.copy()
        hashed.update(rest.encode())
        before = f"{of.before}{hashed.hexdigest()}{way.subject}"
        after = f"{of.after}{way.size if of.size is None else numbers[of.size]}{of.end}"
        return _new(Told, (True, (), before, of.rules, after, self._head + rest, self._shared, mine))

    def _passes(self, values: list[Any], way: _Way) -> bool:
        """Whether facts pass every gate, and their size is a whole number of steps, so that it is the largest; False
        too where that takes longer to find out.
        """
        of = self._with
        try:
            if way.run(values) != []:
                return False
            if of.solve is None:
                return True
            return is_whole(values[of.size_slot], way.step if of.step_slot is None else values[of.step_slot])
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
        of, standing = self._with, self._standing
        try:
            read, texts = of.layout.read_words(words)
        except ValueError:
            return None
        values = standing.values.copy()
        for place, value in zip(of.layout.others, read, strict=True):
            values[place.slot] = value
        of.engine.reader.derive(values)
        found = of.engine.gates_for(Snapshot(standing.ruleset, values, {}, ""))
        if found is None:
            return None
        (subject, run), size = found, values[of.size_slot]
        in_order = of.words(texts)
        return _Way(
            values,
            run,
            subject.facts.get(of.solve.step) if of.solve and subject else None,
            canonical(size) if of.solve and isinstance(size, Decimal) else "",
            f'"{subject_part(subject.key if subject else None)}',
            filling((self._middle % in_order).split(_PLACE)),
            None if self._own is None else filling((self._own % in_order).split(_PLACE)),
        )


def braces(groups: Mapping[str, str]) -> str:
    """Groups of facts in canonical JSON, as one."""
    return "{" + ",".join(_listed(groups)) + "}"


def _listed(groups: Mapping[str, str]) -> list[str]:
    return [f'"{name}":{text}' for name, text in sorted(groups.items())]

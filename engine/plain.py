"""Plain facts, decided and written in one go: an order's own over facts that stand.

Most of what is asked is plain, and comes in an arrangement that was seen before. `Plain` says of such facts what the
engine says of them, to the byte: quickly where they pass, at length where a gate stops them. Of facts that are missing
where they must not be, invalid, or of any other kind, it says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, getcontext
from typing import Any, Final

from engine.arrangement import PLACE, Arrangement
from engine.backends.certain import Passes
from engine.backends.near import as_float
from engine.backends.python import Run
from engine.catalog import Value
from engine.facts import Snapshot
from engine.numbers import EXACT, canonical, exact
from engine.reason import Told, hash_begun, subject_part
from engine.ruleset import Subject
from engine.texts import Frame, Writing, writing

# So many combinations of words are remembered for one arrangement over the same facts.
MAX_WAYS: Final = 256
_new: Final = tuple.__new__


@dataclass(slots=True)
class _Way:
    """What is the same for all that comes with the same words: whom it is about and who acts; the values in their
    slots, numbers yet to come; the gates, exactly and, once it has come `again`, in floats; the size and its step,
    where no number that comes says them; and what writes records.
    """

    subject: Subject | None
    actor: str | None
    values: list[Value | None]
    run: Run
    size: str
    step: str
    writing: Writing
    again: bool = False
    certain: Passes | None = None


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
        self._floats = [*map(as_float, standing.values)]
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
        if self._passes(way, numbers):
            size = way.size if of.size is None else numbers[of.size]
            return _new(Told, way.writing.allowed(numbers, size))
        facts, mine = way.writing.facts(numbers)
        snapshot = Snapshot(self._standing.ruleset, self._values(way, numbers), {}, facts)
        return of.engine.decide_snapshot(snapshot).told(self._shared, mine)

    def _passes(self, way: _Way, numbers: tuple[str, ...]) -> bool:
        """Whether facts pass every gate, and their size is a whole number of steps, so that it is the largest; False
        too where that takes longer to find out.
        """
        of = self._with
        try:
            certain = way.certain or self._certain(way)
            passes = certain(numbers) if certain is not None else None
            if passes is None:
                passes = way.run(self._values(way, numbers)) == []
            if not passes or of.solve is None:
                return passes
            size = way.size if of.size is None else numbers[of.size]
            return of.is_whole(size, way.step if of.step is None else numbers[of.step])
        except (TypeError, ArithmeticError):  # what is missing raises
            return False

    def _certain(self, way: _Way) -> Passes | None:
        """The gates in floats; None the first time, as these take long to make, and much comes once; and where only
        Python could run them, since it runs the exact ones sooner.
        """
        of = self._with
        if of.certain is None or not way.again:
            way.again = True
            return None
        # Most of what stands is the same whatever the words are.
        floats = [
            near if value is before else as_float(value)
            for value, before, near in zip(way.values, self._standing.values, self._floats, strict=True)
        ]
        way.certain = of.certain.over(way.subject, way.actor, way.values, floats)
        return way.certain

    def _values(self, way: _Way, numbers: tuple[str, ...]) -> list[Value | None]:
        """All values in their slots."""
        values = way.values.copy()
        for slot, number in zip(self._with.slots, numbers, strict=True):
            values[slot] = Decimal(number)
        return values

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
        subject, actor, run = found
        return _Way(
            subject,
            actor,
            values,
            run,
            _text(None if of.size_slot is None else values[of.size_slot]),
            _text(of.step_of(subject) if of.step_slot is None else values[of.step_slot]),
            writing(self._frame(of.words(texts), subject.key if subject else None)),
        )

    def _frame(self, words: tuple[str, ...], subject: str | None) -> Frame:
        """What all records with these words have in common, which are about this subject."""
        of = self._with
        return Frame(
            hashed=self._hashed,
            head=self._head,
            middle=_pieces(self._middle, words),
            tail=self._tail,
            own=None if self._own is None else _pieces(self._own, words),
            before=of.before,
            subject=f'"{subject_part(subject)}',
            rules=of.rules,
            after=of.after,
            end=of.end,
            shared=self._shared,
        )


def _pieces(facts: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Facts with these words in their places, in pieces around the numbers."""
    return tuple((facts % words).split(PLACE))


def _text(value: Value | None) -> str:
    """A number as it stands in a record; nothing of what is none."""
    return canonical(value) if isinstance(value, Decimal) else ""


def braces(groups: Mapping[str, str]) -> str:
    """Groups of facts in canonical JSON, as one."""
    return "{" + ",".join(_listed(groups)) + "}"


def _listed(groups: Mapping[str, str]) -> list[str]:
    return [f'"{name}":{text}' for name, text in sorted(groups.items())]

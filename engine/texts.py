"""Plain facts as texts: taken out of what is given, and written into a record.

Where there was a compiler, `engine/backends/texts.pyx` does both in C. It says what is said here, and only sooner.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from engine.backends.near import nearest
from engine.largest import is_whole
from engine.layout import PLAIN_TYPES, Layout, names_of, picker
from engine.nesting import nested

if TYPE_CHECKING:
    import hashlib

try:
    from engine.backends import texts
except ImportError:  # there was no compiler
    texts = None  # type: ignore[assignment]

BUILT: Final = texts is not None

# The canonical texts of numbers, in the order of their slots, and the words, as they stand in a layout.
Taken = tuple[tuple[str, ...], tuple[Any, ...]]


def taking(layout: Layout) -> Callable[[Any], Taken | None]:
    """A function that takes the values out of facts in the arrangement of a layout, in whatever order they stand.

    It says nothing, None, where a name is missing or another one there, a number is not as `Layout.plain` wants it, or
    a word is no text and no truth value.
    """
    if texts is None:
        return _Taking(layout).take
    numbers, words = layout.numbers, layout.others
    values = [
        (texts.WORD, words.index(place)) if place.sort is None else (texts.KINDS[place.sort], numbers.index(place))
        for place in layout.places
    ]
    groups = [(name, tuple(of)) for name, of in _groups(layout).items()]
    return texts.Taking(tuple(groups), tuple(values)).take


def nearing() -> Callable[[tuple[str, ...]], tuple[float, ...]]:
    """A function that gives the floats nearest to plain numbers."""
    return _floats if texts is None else texts.floats


def _floats(numbers: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(map(nearest, numbers))


def wholes() -> Callable[[str, str], bool]:
    """A function that says whether a number is a whole number of steps, and one at least, both as plain texts; False
    too where that takes longer to find out.
    """
    return _is_whole if texts is None else texts.is_whole


def _is_whole(size: str, step: str) -> bool:
    return is_whole(Decimal(size), Decimal(step))


class _Taking:
    """Takes values as `taking` says."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._groups = {name: frozenset(of) for name, of in _groups(layout).items()}
        self._names = names_of(_groups(layout))
        self._places = [tuple(place.fact.name.split(".")) for place in layout.places]
        self._in_order = picker([layout.numeric.index(place) for place in layout.numbers])

    def take(self, own: Any) -> Taken | None:
        """The texts of the numbers, and the words."""
        if type(own) is not dict:
            return None
        if names_of(own) == self._names:  # mostly they stand as they stood
            raws = [*chain.from_iterable(map(dict.values, own.values()))]
        elif self._has_all(own):
            raws = [own[group][name] for group, name in self._places]
        else:
            return None
        plain = self._layout.plain(raws) if PLAIN_TYPES.issuperset(map(type, raws)) else None
        return None if plain is None else (self._in_order(plain[0]), plain[1])

    def _has_all(self, own: Mapping[str, Any]) -> bool:
        """Whether there are the same names, in whatever order."""
        return own.keys() == self._groups.keys() and all(
            type(own[name]) is dict and own[name].keys() == names for name, names in self._groups.items()
        )


def _groups(layout: Layout) -> dict[str, dict[str, None]]:
    """The names of the facts in each group, as they stand."""
    return nested((place.fact.name, None) for place in layout.places)


class Frame(NamedTuple):
    """What records have in common that differ in the numbers of own facts alone. All of it is ASCII, as JSON is.

    The facts are `head`; then `middle`, from the first group of own ones to the last, in pieces with a place for a
    number between each two; then `tail`. `hashed` is the hash of a decision as far as the head. Own facts alone are
    `own`, in such pieces too, if others stand between them. The record is `before` up to the hash that is its id, then
    `subject`, `rules`, `after` up to its largest size, `end`, and the facts; those that stand are logged as `shared`.
    """

    hashed: "hashlib._Hash"
    head: str
    middle: tuple[str, ...]
    tail: str
    own: tuple[str, ...] | None
    before: str
    subject: str
    rules: str
    after: str
    end: str
    shared: tuple[str, ...]


class Writing(Protocol):
    """Writes what is said of facts, given their numbers."""

    def facts(self, numbers: tuple[str, ...]) -> tuple[str, str]:
        """All facts, and own ones alone."""

    def allowed(self, numbers: tuple[str, ...], size: str) -> tuple[Any, ...]:
        """The parts of a `Told` that allows, of this largest size."""


def writing(frame: Frame) -> Writing:
    """What writes records in a frame."""
    return _Writing(frame) if texts is None else texts.Writing(frame)


class _Writing:
    """Writes as `writing` says."""

    def __init__(self, frame: Frame) -> None:
        self._of = frame
        self._middle = _template(frame.middle)
        self._own = None if frame.own is None else _template(frame.own)

    def facts(self, numbers: tuple[str, ...]) -> tuple[str, str]:
        """All facts, and own ones alone."""
        middle = self._middle % numbers
        mine = middle if self._own is None else self._own % numbers
        return f"{self._of.head}{middle}{self._of.tail}", f"{{{mine}}}"

    def allowed(self, numbers: tuple[str, ...], size: str) -> tuple[Any, ...]:
        """The parts of a decision that allows."""
        of = self._of
        facts, mine = self.facts(numbers)
        hashed = of.hashed.copy()
        hashed.update(facts[len(of.head) :].encode())
        before, after = f"{of.before}{hashed.hexdigest()}{of.subject}", f"{of.after}{size}{of.end}"
        return True, (), before, of.rules, after, facts, of.shared, mine


def _template(pieces: tuple[str, ...]) -> str:
    return "%s".join([piece.replace("%", "%%") for piece in pieces])

"""Plain facts as texts: taken out of what is given, and put into their places in a record.

Where there was a compiler, `engine/backends/texts.pyx` does both in C. It says what is said here, and only sooner.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from engine.layout import PLAIN_TYPES, Layout, picker

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
        (texts.KINDS[place.fact.sign], numbers.index(place)) if place.simple else (texts.WORD, words.index(place))
        for place in layout.places
    ]
    groups = [(name, tuple(of)) for name, of in _groups(layout).items()]
    return texts.Taking(tuple(groups), tuple(values)).take


def filling(pieces: Sequence[str]) -> Callable[[tuple[str, ...]], str]:
    """A function that puts texts between these pieces of a text; all of it is ASCII."""
    if texts is None:
        return "%s".join([piece.replace("%", "%%") for piece in pieces]).__mod__
    return texts.Filling(tuple(pieces)).fill


class _Taking:
    """Takes values as `taking` says."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._groups = {name: frozenset(of) for name, of in _groups(layout).items()}
        self._places = [tuple(place.fact.name.split(".")) for place in layout.places]
        self._in_order = picker([layout.simple.index(place) for place in layout.numbers])

    def take(self, own: Any) -> Taken | None:
        """The texts of the numbers, and the words."""
        if type(own) is not dict or own.keys() != self._groups.keys():
            return None
        if any(type(own[name]) is not dict or own[name].keys() != names for name, names in self._groups.items()):
            return None
        raws = [own[group][name] for group, name in self._places]
        plain = self._layout.plain(raws) if PLAIN_TYPES.issuperset(map(type, raws)) else None
        return None if plain is None else (self._in_order(plain[0]), plain[1])


def _groups(layout: Layout) -> dict[str, list[str]]:
    """The names of the facts in each group."""
    found: dict[str, list[str]] = {}
    for place in layout.places:
        group, name = place.fact.name.split(".")
        found.setdefault(group, []).append(name)
    return found

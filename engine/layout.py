"""Reading values: one by one, or all those of a document at once.

Whoever asks on and on gives the same names in the same arrangement each time. A layout checks all their numbers at
once; whatever it does not find plain, it leaves to those who read one by one and say what is wrong.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from engine.catalog import Fact, Value
from engine.digits import Sort, reading
from engine.nesting import nested
from engine.numbers import read_number
from engine.units import Kind
from engine.values import check_range, typed_value

# A value behind its key in JSON, and what takes its place in the pattern of a form.
_VALUE: Final = re.compile(r':\s*("[^"]*"|true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?=[\s,}]))')
_NUMBER: Final = r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)"
_CAPTURES: Final = {
    '"': r'"([^"\\\x00-\x1f]*)"',
    "t": "(true|false)",
    "f": "(true|false)",
    **dict.fromkeys("-0123456789", _NUMBER),
}
MAX_BITS: Final = 256
# So many values of a fact are remembered: enough for words and round numbers, and few enough to stay at hand.
KNOWN: Final = 100
KNOWN_TOGETHER: Final = 1000
# Of these, what is equal is the same: no number is among them.
PLAIN_TYPES: Final = frozenset({str, bool})

# The values of facts in their slots, and what is logged of them.
Read = tuple[list[Value | None], str]
# The names of a document in their arrangement.
Names = tuple[str | int, ...]


@dataclass(slots=True)
class Place:
    """How the values of a fact are read, and into which slot.

    `simple` is a fact whose sign alone says which numbers it may have, `counts` one that may have whole ones of these;
    `_known` is what some values were read as.
    """

    fact: Fact
    slot: int
    simple: bool
    counts: bool
    _known: dict[str | bool, tuple[Value, str]] = field(default_factory=dict)

    @property
    def sort(self) -> Sort | None:
        """Which plain numbers it may have; None where it is no number, or it takes more to say."""
        return Sort(self.fact.sign, self.counts) if self.simple or self.counts else None

    def read(self, raw: Any) -> tuple[Value, str]:
        """A value, and what is logged of it.

        Raises:
            ValueError: it is none of this fact.
        """
        raw, known = as_text(raw), self._known
        read = known.get(raw) if type(raw) is str or type(raw) is bool else None
        if read is not None:
            return read
        if type(raw) is str and self.fact.unit.numeric:
            value, digits = read_number(raw)
            check_range(raw, value, self.fact)
            read = value, f'"{digits}"'
        else:
            typed = typed_value(as_logged(raw), self.fact)
            read = typed, dump(typed)
        if type(raw) is str or type(raw) is bool:
            if len(known) >= KNOWN:
                known.clear()
            known[raw] = read
        return read


def as_text(raw: Any) -> Any:
    """A word or an exact number as its plain text; anything else as it is."""
    if isinstance(raw, Decimal):
        return str(raw)
    if isinstance(raw, str):
        return str.__str__(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and raw.bit_length() < MAX_BITS:
        return int.__repr__(raw)
    return raw


def as_logged(raw: Any) -> str | bool | list[str]:
    """What was given as it is logged, so that its record is judged as it was.

    A float is not exact, and anything else that is no text no value: they become a list of what they are, which no
    unit takes.
    """
    raw = as_text(raw)
    if isinstance(raw, (str, bool)):
        return raw
    if isinstance(raw, (list, tuple)):
        return [word if isinstance(word, str) else _described(word) for word in raw]
    return [_described(raw)]


def _described(raw: Any) -> str:
    kind = type(raw).__name__
    return f"{kind} {raw!r}" if isinstance(raw, (bool, float)) else f"a {kind}"


def names_of(document: Mapping[str, Any]) -> Names | None:
    """The names in a document of groups, as they stand; None where it is no dict of dicts."""
    groups = document.values()
    if len(document) == 1:  # as below, and quicker
        ((name, group),) = document.items()
        return (name, len(group), *group) if type(group) is dict and type(document) is dict else None
    if type(document) is not dict or set(map(type, groups)) != {dict}:
        return None
    # With the sizes of the groups between, no two arrangements have the same names.
    return (*document, *map(len, groups), *chain.from_iterable(groups))


class Layout:
    """How documents of one arrangement are read.

    Args:
        places: of each value, as the values stand in the document.
        size: how many slots there are.
    """

    def __init__(self, places: Sequence[Place], size: int) -> None:
        self.places, self._size = places, size
        sorts = {i: place.sort for i, place in enumerate(places)}
        numeric = [i for i, sort in sorts.items() if sort is not None]
        others = [i for i, sort in sorts.items() if sort is None]
        #: numbers that are plain or not, and all else, as they stand; and those in the order of their slots
        self.numeric, self.others = [places[i] for i in numeric], [places[i] for i in others]
        self.numbers = sorted(self.numeric, key=lambda place: place.slot)
        self._numeric = picker(numeric)
        self._digits = reading([sort for sort in sorts.values() if sort is not None])
        self._words = picker(others)
        self._known: dict[tuple[Any, ...], tuple[Sequence[Value], Sequence[str]]] = {}
        #: whether what others hold may well come again: free texts may be long, and are seldom the same
        self.may_repeat = all(place.fact.unit.kind is not Kind.TEXT for place in self.others)
        # From these numbers and then the others to the sequence of slots, and None for all that is not there.
        at = {places[i].slot: n for n, i in enumerate([*numeric, *others])}
        self._values = picker([at.get(slot, len(places)) for slot in range(size)])
        self._texts = picker([at[slot] for slot in sorted(at)])
        logged = sorted(places, key=lambda place: place.slot)
        self._template = template({p.fact.name: '"%s"' if p.sort is not None else "%s" for p in logged})
        self._without: dict[tuple[bool, ...], Layout] = {}

    def read(self, document: Mapping[str, Mapping[str, Any]]) -> Read | None:
        """The values in their slots, and what is logged of them; None where something in it is not plain."""
        raws = [raw if type(raw) is str else as_text(raw) for group in document.values() for raw in group.values()]
        read = self.read_raws(raws)
        if read is None and any(raw is None for raw in raws):
            there = tuple([raw is not None for raw in raws])
            return self._with_those(there).read_raws([raw for raw in raws if raw is not None])
        return read

    def form(self, text: str) -> "Form | None":
        """The form of a JSON text in this arrangement, nulls in it; None where its other values are not all plain."""
        # Without escapes and lists, a text ends at the next quote, and nothing in it looks like a value behind a key.
        values = [*_VALUE.finditer(text)] if "\\" not in text and "[" not in text else []
        if len(values) != len(self.places):
            return None
        there = tuple([value[1] != "null" for value in values])
        layout = self if all(there) else self._with_those(there)
        values = [value for value in values if value[1] != "null"]
        pattern, end = "", 0
        for value in values:
            pattern += re.escape(text[end : value.start(1)]) + _CAPTURES[value[1][0]]
            end = value.end()
        truths = [i for i, value in enumerate(values) if value[1] in ("true", "false")]
        return Form(re.compile(pattern + re.escape(text[end:])), truths, layout)

    def read_raws(self, raws: Sequence[Any]) -> Read | None:
        """As `read`, of the values as they stand in the document."""
        plain = self.plain(raws)
        if plain is None:
            return None
        digits, words = plain
        try:
            values, texts = self.read_words(words)
        except ValueError:
            return None
        slots = self._values((*map(Decimal, digits), *values, None))
        return [*slots], self._template % self._texts((*digits, *texts))

    def plain(self, raws: Sequence[Any]) -> tuple[Sequence[str], tuple[Any, ...]] | None:
        """The canonical texts of the `numeric` ones, and what is given for the `others`; None where one of these
        numbers is not plain, or not in its range.
        """
        digits = self._digits(self._numeric(raws))
        return None if digits is None else (digits, self._words(raws))

    def read_words(self, raws: tuple[Any, ...]) -> tuple[Sequence[Value], Sequence[str]]:
        """What is given for the `others`: words and truth values, most of which come together again.

        Raises:
            ValueError: one is none of its fact.
        """
        plain = self.may_repeat and PLAIN_TYPES.issuperset(map(type, raws))
        known = self._known.get(raws) if plain else None
        if known is None:
            read = [place.read(raw) for place, raw in zip(self.others, raws, strict=True)]
            known = [value for value, _ in read], [text for _, text in read]
            if plain:
                if len(self._known) >= KNOWN_TOGETHER:
                    self._known.clear()
                self._known[raws] = known
        return known

    def _with_those(self, there: tuple[bool, ...]) -> "Layout":
        """The layout of what is there, where some names hold nothing."""
        layout = self._without.get(there)
        if layout is None:
            if len(self._without) >= KNOWN:
                self._without.clear()
            places = [place for place, given in zip(self.places, there, strict=True) if given]
            layout = self._without[there] = Layout(places, self._size)
        return layout


class Form:
    """Texts that differ from one another in their values alone: they need not be parsed to know what they mean.

    A text that matches is the JSON that the first one was, with another plain value in the place of each.
    """

    def __init__(self, pattern: re.Pattern[str], truths: Sequence[int], layout: Layout) -> None:
        self._pattern, self._truths, self._layout = pattern, truths, layout

    def read(self, text: str) -> Read | None:
        """What `Layout.read` says of the parsed text; None of a text in another form."""
        match = self._pattern.fullmatch(text)
        if match is None:
            return None
        raws: list[Any] = [*match.groups()]
        for position in self._truths:
            raws[position] = raws[position] == "true"
        return self._layout.read_raws(raws)


def picker(positions: Sequence[int]) -> Any:
    """Picks the items at these positions as a tuple, however many they are."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda items: tuple(items[i] for i in positions)


def dump(plain: Value | list[str]) -> str:
    """Canonical JSON of a value that is no number."""
    return _ENCODER.encode(plain)


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


def template(texts: Mapping[str, str]) -> str:
    """JSON of facts nested by their dotted names, with these texts as their values."""
    return _braces(nested(texts.items()))


def _braces(tree: Mapping[str, Any]) -> str:
    inside = ",".join(f'"{k}":{_braces(v) if isinstance(v, dict) else v}' for k, v in tree.items())
    return "{" + inside + "}"

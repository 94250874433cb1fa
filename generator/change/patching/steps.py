"""How far caps move: for each holder of a cap its proposed value against every value that held lately.

A cap that was lowered twice in a day has moved as far as both steps together; one that was raised and lowered again,
as far as from its furthest value.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Any, Final

from engine.numbers import NumberFault, canonical, parse_number
from generator.change.patching.past import DAY, MONTH, Past

# Symbol or strategy ("" for the account), and cap.
Holder = tuple[str, str]
# A distance is shown rounded up, so that rounding never brings it under its bound.
_UP: Final = Context(prec=12, rounding=ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class Move:
    """A cap of a holder that moves: from what to what, the furthest of its distances within a day and a month.

    Values are as the universe holds them; None where nothing measures the distance.
    """

    holder: str
    cap: str
    old: Any
    new: Any
    day: Fraction | None = None
    month: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """All moves of a change."""

    moves: tuple[Move, ...]
    unread: int = 0

    @property
    def unmeasured(self) -> int:
        """How many moves have no distance, with what could not be read of the past."""
        return sum(move.day is None for move in self.moves) + (self.unread if self.moves else 0)

    def day(self) -> str:
        """The furthest within a day, as a canonical decimal."""
        return _largest(move.day for move in self.moves)

    def month(self) -> str:
        """The furthest within a month, as a canonical decimal."""
        return _largest(move.month for move in self.moves)


def steps(old: Mapping[str, Any], new: Mapping[str, Any], before: Past) -> Steps:
    """The moves between two compiled universes, held against what held before."""
    was, becomes = values(old), values(new)
    recent = {span: [was, *map(values, before.within(span))] for span in (DAY, MONTH)}
    moves = []
    for key in was.keys() & becomes.keys():
        if was[key] != becomes[key]:
            day, month = (_furthest(becomes[key], (held.get(key) for held in recent[span])) for span in (DAY, MONTH))
            measured = _number(was[key]) and _number(becomes[key]) is not None
            moves.append(Move(*key, was[key], becomes[key], *((day, month) if measured else (None, None))))
    return Steps(tuple(sorted(moves, key=lambda m: (m.cap, m.holder))), before.unread)


def values(document: Mapping[str, Any]) -> dict[Holder, Any]:
    """The value of each cap for each holder; what is no universe holds none."""
    return dict(_values(document))


def _values(document: Mapping[str, Any]) -> Iterator[tuple[Holder, Any]]:
    holders: list[tuple[str, Any]] = [("", document.get("account"))]
    for part in ("symbols", "strategies"):
        entries = document.get(part)
        holders += entries.items() if isinstance(entries, Mapping) else []
    for holder, entry in holders:
        caps = entry.get("caps") if isinstance(entry, Mapping) else None
        for cap, value in caps.items() if isinstance(caps, Mapping) else ():
            yield (holder, cap), value


def _furthest(new: Any, held: Iterable[Any]) -> Fraction | None:
    """The furthest distance of a value from any that held, as a share of that one."""
    to = _number(new)
    known = [n for value in held if (n := _number(value))]
    return None if to is None else max((abs(to - n) / abs(n) for n in known), default=None)


def _number(value: Any) -> Fraction | None:
    try:
        return Fraction(parse_number(value)) if isinstance(value, str) else None
    except NumberFault:
        return None


def _largest(shares: Iterable[Fraction | None]) -> str:
    largest = max((share for share in shares if share is not None), default=Fraction(0))
    return canonical(_UP.divide(Decimal(largest.numerator), Decimal(largest.denominator)))

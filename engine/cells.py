"""Cells: what a window has counted of one key. Adding is amortised O(1); a cell holds one number a second at most."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Protocol

ZERO: Final = Decimal(0)
# What has gone is let go of in lots, so that each number is moved a bounded number of times.
_LOT: Final = 32


class Cell(Protocol):
    """The count of one key. Times are whole Unix seconds, and never go back."""

    def add(self, time: int, start: int, value: Any) -> None:
        """Count an event; `start` is when its period began."""

    def value(self, now: int, start: int, within: int) -> Decimal | None:
        """What is counted in a period that began at `start`, or in the last `within` seconds; None of nothing."""


class _Rolling:
    """A count or sum of the last seconds: running totals by second, so that two of them tell what lies between."""

    __slots__ = ("_before", "_first", "_longest", "_times", "_totals")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._times: list[int] = []
        self._totals: list[Decimal | int] = []
        self._first = 0
        self._before: Decimal | int = 0

    def add(self, time: int, start: int, value: Any) -> None:
        times, totals = self._times, self._totals
        if times and times[-1] == time:
            totals[-1] += value
            return
        times.append(time)
        totals.append((totals[-1] if totals else self._before) + value)
        gone, first = time - self._longest, self._first
        while first < len(times) and times[first] <= gone:
            first += 1
        if first > _LOT and first * 2 > len(times):
            self._before = totals[first - 1]
            del times[:first], totals[:first]
            first = 0
        self._first = first

    def value(self, now: int, start: int, within: int) -> Decimal | None:
        at = bisect_right(self._times, now - within)
        before = self._totals[at - 1] if at else self._before
        return Decimal((self._totals[-1] if self._totals else self._before) - before)


class _Highest:
    """The highest of the last seconds: a value stays for as long as no later one is as high."""

    __slots__ = ("_longest", "_times", "_values")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._times: list[int] = []
        self._values: list[Decimal] = []

    def add(self, time: int, start: int, value: Any) -> None:
        times, values = self._times, self._values
        while values and values[-1] <= value:
            times.pop()
            values.pop()
        if times and times[-1] == time:
            return
        times.append(time)
        values.append(value)
        gone = bisect_right(times, time - self._longest)
        if gone > _LOT and gone * 2 > len(times):
            del times[:gone], values[:gone]

    def value(self, now: int, start: int, within: int) -> Decimal | None:
        at = bisect_right(self._times, now - within)
        return self._values[at] if at < len(self._values) else None


class _Running:
    """One number since a beginning: begun anew with each period."""

    __slots__ = ("_number", "_start")
    _begins: Decimal | None = ZERO

    def __init__(self, longest: int) -> None:
        self._start = -1
        self._number: Decimal | None = self._begins

    def add(self, time: int, start: int, value: Any) -> None:
        if start != self._start:
            self._start, self._number = start, self._begins
        self._number = self._next(self._number, value)

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return number + value

    def value(self, now: int, start: int, within: int) -> Decimal | None:
        return self._number if start == self._start else self._begins


class _Streak(_Running):
    __slots__ = ()

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return number + 1 if value else ZERO


class _Last(_Running):
    __slots__ = ()
    _begins = None

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return value


class _Most(_Running):
    __slots__ = ()
    _begins = None

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return value if number is None else max(number, value)


class _SinceLast:
    """How long ago."""

    __slots__ = ("_time",)

    def __init__(self, longest: int) -> None:
        self._time = 0

    def add(self, time: int, start: int, value: Any) -> None:
        self._time = time

    def value(self, now: int, start: int, within: int) -> Decimal | None:
        return Decimal(now - self._time)


# By kind of window, and whether it looks back a number of seconds; made with the longest of them.
CELLS: Final[Mapping[tuple[str, bool], Callable[[int], Cell]]] = {
    ("count", True): _Rolling,
    ("sum", True): _Rolling,
    ("max", True): _Highest,
    ("count", False): _Running,
    ("sum", False): _Running,
    ("max", False): _Most,
    ("last", False): _Last,
    ("streak", False): _Streak,
    ("since_last", False): _SinceLast,
}

"""Scales: which values and times get a tick, and where everything lies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
_STEPS: Final = (
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2, 4, 7, 14)),
)
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240)


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of values with the values that get a tick; `low < high`."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high end."""
        return (value - self.low) / (self.high - self.low)

    @property
    def places(self) -> int:
        """Decimal places that tell two ticks apart."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else self.high - self.low
        return max(0, -math.floor(math.log10(step) + 1e-9))


def scale(values: Sequence[float], *, ticks: int = 5, zero: bool = True) -> Scale:
    """A scale that holds all values, with about so many ticks at round numbers; `zero`: holds zero as well."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= abs(high) * 1e-12:
        low, high = (low - abs(low) / 10, high + abs(high) / 10) if high else (0.0, 1.0)
    step = _round_step((high - low) / ticks)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = tuple(round(i * step, 12) for i in range(first, last + 1))
    return Scale(marks[0], marks[-1], marks)


def _round_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, not smaller than what is given."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((n * power for n in (1, 2, 5) if n * power >= rough * 0.999), 10 * power)


@dataclass(frozen=True, slots=True)
class TimeTick:
    """A time that is marked on the axis, in Unix seconds, and its label."""

    time: int
    label: str


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, Unix seconds, UTC; `first < last`."""

    first: int
    last: int

    @classmethod
    def of(cls, first: int, last: int) -> "Period":
        """From one time to another; at least a minute."""
        return cls(first, max(last, first + MINUTE))

    def share(self, time: float) -> float:
        """Where a time lies: 0 at the begin, 1 at the end."""
        return (time - self.first) / (self.last - self.first)

    def ticks(self, most: int = 8) -> list[TimeTick]:
        """At most so many times at round places of the calendar; a midnight is labelled by its date."""
        span = self.last - self.first
        for step in _STEPS:
            if span / step < most:
                return [TimeTick(t, _label(t, step)) for t in self._multiples(step)]
        months = next((n for n in _MONTHS if span / (n * 30 * DAY) < most), _MONTHS[-1])
        return self._months(months)

    def _multiples(self, step: int) -> list[int]:
        # Weeks begin on Mondays, and the epoch was a Thursday.
        shift = 4 * DAY if step in (7 * DAY, 14 * DAY) else 0
        first = -((shift - self.first) // step) * step + shift
        return list(range(first, self.last + 1, step))

    def _months(self, step: int) -> list[TimeTick]:
        found = []
        start = datetime.fromtimestamp(self.first, UTC)
        month = start.year * 12 + start.month - 1
        for number in range(month - month % step, month + (self.last - self.first) // (28 * DAY) + step + 1, step):
            moment = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
            time = int(moment.timestamp())
            if self.first <= time <= self.last:
                found.append(TimeTick(time, moment.strftime("%b %Y") if step < 12 else str(moment.year)))
        return found


def _label(time: int, step: int) -> str:
    moment = datetime.fromtimestamp(time, UTC)
    if step < DAY and time % DAY:
        return moment.strftime("%H:%M")
    return f"{moment.day} {moment:%b}"


def bins(period: Period, most: int, least: int = MINUTE) -> list[tuple[int, int]]:
    """The period covered by at most so many stretches of one length, `least` seconds or more, that begin and end at
    round times: the first may begin before it, the last end after it.
    """
    span = period.last - period.first
    step = next((s for s in _STEPS if s >= least and span / s <= most - 1), None)
    if step is None:
        step = math.ceil(span / (most - 1) / DAY) * DAY
    return [(t, t + step) for t in range(period.first // step * step, period.last, step)]

"""NAV and what each strategy has brought, over time: at the start, at each hour's sample, and now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from execution.books import DAY
from execution.events import DayStarted, Decided, PositionClosed, RunStarted, Sampled
from execution.journal import Entry
from execution.state.kpis import Fall
from execution.state.view import Moment
from universe.trading import ZERO


@dataclass(frozen=True, slots=True)
class Value:
    """The account at a time, in USDT: NAV, and what each strategy has brought, open positions included."""

    time: int
    nav: Decimal
    results: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day: what NAV changed by in it, in USDT, and how much was going on. `first` is its first second."""

    first: int
    last: int
    result: Decimal
    trades: int
    vetoes: int


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The largest fall from a highest value so far: in USDT, as a share of NAV then, and between which times."""

    largest: Decimal
    share: Decimal
    since: int
    until: int


@dataclass(slots=True)
class Curve:
    """Collects the values of a run. `days` holds what each day began with."""

    kinds: ClassVar[frozenset[str]] = frozenset({"run_started", "sample", "day_started", "trade", "decision"})
    values: list[Value] = field(default_factory=list)
    _days: dict[int, Decimal] = field(default_factory=dict)
    _trades: Counter[int] = field(default_factory=Counter)
    _vetoes: Counter[int] = field(default_factory=Counter)

    def take(self, entry: Entry) -> None:
        """Take an event, of one of `kinds`."""
        match entry.event:
            case RunStarted(cash=cash):
                self.values.append(Value(entry.time, cash, {}))
            case Sampled(nav=nav, strategies=strategies):
                self.values.append(Value(entry.time, nav, {s: Decimal(v) for s, v in strategies.items()}))
            case DayStarted(day=day, nav=nav):
                self._days[day] = nav
            case PositionClosed():
                self._trades[_day(entry.time)] += 1
            case Decided(allowed=False):
                self._vetoes[_day(entry.time)] += 1

    def end(self, moment: Moment) -> None:
        """The books as they are now are the last value."""
        nav = moment.nav
        if nav is None or not self.values:
            return
        ledger, prices = moment.books.ledger, moment.pulse.prices
        results = {name: ledger.result(name, prices) for name in sorted(ledger.accounts)}
        self.values.append(Value(max(moment.pulse.time, self.values[-1].time), nav, results))

    @property
    def strategies(self) -> list[str]:
        """Every strategy that has ever traded, in order."""
        return sorted({name for value in self.values[-1:] for name in value.results})

    def days(self) -> list[Day]:
        """Each day with what it brought; together that is NAV now less the cash at the start.

        A day that begins with the last tick has not begun.
        """
        if not self.values or not self._days:
            return []
        starts = sorted(self._days)
        if len(starts) > 1 and starts[-1] * DAY >= self.values[-1].time:
            starts.pop()
        navs = [self.values[0].nav, *(self._days[day] for day in starts[1:]), self.values[-1].nav]
        return [
            Day(
                day * DAY,
                day * DAY + DAY,
                navs[number + 1] - navs[number],
                self._trades[day],
                self._vetoes[day],
            )
            for number, day in enumerate(starts)
        ]

    def falls(self, strategy: str | None = None) -> list[tuple[int, Decimal]]:
        """How far the account (or what a strategy brought) is below its highest so far, as a share of NAV then."""
        found, highest, nav_then = [], None, ZERO
        for time, value, nav in self._of(strategy):
            if highest is None or value > highest:
                highest, nav_then = value, nav
            found.append((time, (highest - value) / nav_then if nav_then > 0 else ZERO))
        return found

    def drawdown(self, strategy: str | None = None) -> Drawdown:
        """The largest fall, in USDT, of the account or of what a strategy brought."""
        fall, top, since, until = Fall(), 0, 0, 0
        for time, value, nav in self._of(strategy):
            before = fall.largest
            if fall.highest is None or value > fall.highest:
                top = time
            fall.see(value, nav)
            if fall.largest > before:
                since, until = top, time
        return Drawdown(fall.largest, Decimal(fall.share or 0), since, until)

    def _of(self, strategy: str | None) -> list[tuple[int, Decimal, Decimal]]:
        if strategy is None:
            return [(v.time, v.nav, v.nav) for v in self.values]
        return [(v.time, v.results.get(strategy, ZERO), v.nav) for v in self.values]


def _day(time: int) -> int:
    """The UTC day of a tick: what happens at midnight is of the bar that ends then."""
    return (time - 1) // DAY

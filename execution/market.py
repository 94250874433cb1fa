"""The market up to now: last and mark prices, and bars of longer intervals, from what a feed has said so far.

Nothing here knows a bar before it has closed. It is not persisted: a restart feeds it again.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from universe.trading import ZERO, Bar, Mark, Tick

NONE_CLOSED: Final[Mapping[int, Sequence[Bar]]] = MappingProxyType({})


class Quote(NamedTuple):
    """A price in USDT per base coin, the time since which it holds, and whether it is modelled, not observed."""

    price: Decimal
    time: int
    modelled: bool


@dataclass(slots=True)
class _Interval:
    """Bars of one interval in the making: the parts so far by symbol, and the bars that have closed."""

    seconds: int
    keep: int
    due: int = 0
    parts: dict[str, list[Bar]] = field(default_factory=dict)
    closed: dict[str, deque[Bar]] = field(default_factory=dict)
    above: list["_Interval"] = field(default_factory=list)

    def add(self, bars: Iterable[Bar]) -> None:
        for bar in bars:
            made = self.parts.get(bar.symbol)
            if made is None:
                self.parts[bar.symbol] = [bar]
            else:
                made.append(bar)

    def close(self, time: int) -> list[Bar]:
        """The bars of the interval that is due, in the order of symbols; what comes next is due after `time`."""
        made = [joined(self.parts[s], self.due - self.seconds, self.due) for s in sorted(self.parts)]
        self.parts.clear()
        self.due = (time // self.seconds + 1) * self.seconds
        for bar in made:
            self.closed.setdefault(bar.symbol, deque(maxlen=self.keep)).append(bar)
        for longer in self.above:
            longer.add(made)
        return made


class Market:
    """What the market was, as far as the feed has come.

    Args:
        keep: the longer bars to make: interval in seconds → how many closed ones to keep for each symbol. A bar fed
            must lie in one bar of each interval, as 1m, 5m, 15m and 1h do in 1h and 4h.
    """

    def __init__(self, keep: Mapping[int, int]) -> None:
        self._time = 0
        self._due = 0
        self._last: dict[str, Bar] = {}
        self._marks: dict[str, Mark] = {}
        self._intervals = [_Interval(seconds, keep[seconds]) for seconds in sorted(keep)]
        self._by_seconds = {interval.seconds: interval for interval in self._intervals}
        self._fed: list[_Interval] = []
        for i, interval in enumerate(self._intervals):
            fitting = [s for s in self._intervals[:i] if interval.seconds % s.seconds == 0]
            (fitting[-1].above if fitting else self._fed).append(interval)

    @property
    def time(self) -> int:
        """The time of the last tick; 0 before the first."""
        return self._time

    def feed(self, tick: Tick) -> Mapping[int, Sequence[Bar]]:
        """Take in a tick; gives the longer bars that are known to be closed with it, by their interval in seconds.

        A bar closes with the tick at its end, else with the first one after it. It is made from what there was, and
        is there only where there was something; open, high, low, close and volume are of that. The bars of an
        interval stand in the order of time and symbol.

        Raises:
            ValueError: a tick that isn't later than the last one, a bar that closes at another time than its tick,
                or one that reaches over the end of a longer one.
        """
        time = tick.time
        if time <= self._time:
            raise ValueError(f"a tick of {time} after one of {self._time}")
        self._time = time
        closed: dict[int, list[Bar]] = {}
        if time > self._due:
            self._close(time - 1, closed)
        last = self._last
        for bar in tick.bars:
            if bar.closed != time:
                raise ValueError(f"a bar of {bar.symbol} that closes at {bar.closed} in the tick of {time}")
            last[bar.symbol] = bar
        for interval in self._fed:
            interval.add(tick.bars)
        for mark in tick.marks:
            self._marks[mark.symbol] = mark
        if time == self._due:
            self._close(time, closed)
        return closed or NONE_CLOSED

    def _close(self, time: int, closed: dict[int, list[Bar]]) -> None:
        """Close every interval that is due until a time, shortest first, since longer ones are made of them."""
        for interval in self._intervals:
            if interval.due <= time and (made := interval.close(time)):
                closed.setdefault(interval.seconds, []).extend(made)
        self._due = min((interval.due for interval in self._intervals), default=0)

    def last(self, symbol: str) -> Quote | None:
        """The last trade's price as far as bars show it: the last closed bar's close, at the time it closed."""
        bar = self._last.get(symbol)
        return None if bar is None else Quote(bar.close, bar.closed, modelled=False)

    def mark(self, symbol: str) -> Quote | None:
        """The mark price: the venue's own, unless a bar has closed since; then that bar's close, as modelled.

        The venue's mark follows an index within basis points of the last trade, but archives have it every 8 hours:
        a mark of hours ago says less of the price than a trade of now.
        """
        bar, mark = self._last.get(symbol), self._marks.get(symbol)
        if mark is not None and (bar is None or mark.time >= bar.closed):
            return Quote(mark.price, mark.time, modelled=False)
        return None if bar is None else Quote(bar.close, bar.closed, modelled=True)

    def bars(self, symbol: str, seconds: int) -> tuple[Bar, ...]:
        """The closed bars of an interval that are kept, oldest first; a stretch without trades has none.

        Raises:
            KeyError: bars of this interval aren't kept.
        """
        return tuple(self._by_seconds[seconds].closed.get(symbol, ()))


def joined(parts: Sequence[Bar], opened: int, closed: int) -> Bar:
    """One bar of the parts that there were between two times.

    Raises:
        ValueError: the first of them opened before.
    """
    first, last = parts[0], parts[-1]
    if first.opened < opened:
        message = f"a bar of {first.symbol} from {first.opened} to {first.closed} reaches over {opened}"
        raise ValueError(f"{message}: bars that are fed must divide those that are made")
    if first.opened == opened and first.closed == closed:
        return first
    return Bar(
        symbol=first.symbol,
        opened=opened,
        closed=closed,
        open=first.open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=last.close,
        volume=sum((part.volume for part in parts), ZERO),
    )

"""Momentum: enters where a fast average has left a slow one behind, and leaves where it comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.numbers import canonical
from strategies.indicators import distance
from strategies.protocol import JSON, Answer, View, latest
from universe.trading import Intent, Side, side_of


@dataclass(frozen=True, slots=True)
class Momentum:
    """Follows the trend of each symbol, long and short, with one position a trend.

    A trend begins where the fast average is `enter` above (or below) the slow one, and is over where it is within
    `leave` of it or on its other side. A trend is entered once: what a stop has closed, the same trend does not buy
    back.

    Args:
        name: its name in the universe.
        every: the length of its bars, in seconds.
        symbols: the contracts that it follows.
        fast: bars that the fast average spans.
        slow: bars that the slow average spans.
        enter: distance of the averages, as a share of the slow one, from which there is a trend.
        leave: distance at which a trend is over.
        patience: seconds after its beginning for which a trend may still be entered.
    """

    name: str
    every: int
    symbols: tuple[str, ...]
    fast: int
    slow: int
    enter: Decimal
    leave: Decimal
    patience: Decimal

    @property
    def warm_up(self) -> int:
        """Twice the slow span: all bars before these would have 2 % of the slow average's weight."""
        return 2 * self.slow

    def intents(self, view: View) -> Answer:
        """Exits first, since they make room for entries; both in the order of the symbols."""
        exits: list[Intent] = []
        entries: list[Intent] = []
        memory: dict[str, JSON] = {}
        for symbol in self.symbols:
            trend = _remembered(view.memory.get(symbol))
            bars = latest(view, symbol, self)
            if bars is not None:
                apart = distance(bars, self.fast, self.slow)
                trend = self._trend(view, symbol, trend, apart)
                exits += self._exit(view, symbol, apart)
                entries += self._entry(view, symbol, trend, apart)
            if trend is not None:
                memory[symbol] = {"side": trend.side.value, "until": trend.until}
        return Answer((*exits, *entries), memory)

    def _trend(self, view: View, symbol: str, before: "_Trend | None", apart: Decimal) -> "_Trend | None":
        """The trend that holds now: the one before, while it isn't over, else one that begins."""
        trend = None if before is None or self._is_over(before.side, apart) else before
        if trend is None and abs(apart) >= self.enter:
            trend = _Trend(side_of(apart), view.time + int(self.patience))
        position = view.position(symbol)
        if trend is not None and position and side_of(position) is trend.side:
            return _Trend(trend.side, 0)
        return trend

    def _is_over(self, side: Side, apart: Decimal) -> bool:
        return apart * side.sign <= self.leave

    def _exit(self, view: View, symbol: str, apart: Decimal) -> list[Intent]:
        position = view.position(symbol)
        if not position or view.is_leaving(symbol) or not self._is_over(side_of(position), apart):
            return []
        return [self._intent(symbol, side_of(-position), abs(position), "the trend is over", apart)]

    def _entry(self, view: View, symbol: str, trend: "_Trend | None", apart: Decimal) -> list[Intent]:
        if trend is None or view.time > trend.until or view.position(symbol) or view.is_working(symbol):
            return []
        return [self._intent(symbol, trend.side, None, "a trend has begun", apart)]

    def _intent(self, symbol: str, side: Side, quantity: Decimal | None, why: str, apart: Decimal) -> Intent:
        return Intent(self.name, symbol, side, quantity, why=why, meta={"distance": canonical(apart)})


@dataclass(frozen=True, slots=True)
class _Trend:
    """A trend that isn't over: which way, and until when it may be entered; 0 once it was."""

    side: Side
    until: int


def _remembered(memory: JSON) -> _Trend | None:
    if not isinstance(memory, Mapping):
        return None
    return _Trend(Side(str(memory["side"])), int(str(memory["until"])))

"""Volatility target: holds each symbol at a size that moves NAV by the same share a year."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from engine.numbers import canonical
from strategies.indicators import volatility
from strategies.protocol import JSON, Answer, View, latest
from universe.trading import Intent, side_of

EIGHT_DIGITS: Final = Context(prec=8)


@dataclass(frozen=True, slots=True)
class VolTarget:
    """Holds each symbol long, with a notional of `nav * target / volatility`: less when the market is rough.

    The position is changed when it is off by more than a band, so that costs are paid for changes that matter. One that
    was closed, by a stop or another rule, is left alone for a while.

    Args:
        name: its name in the universe.
        every: the length of its bars, in seconds.
        symbols: the contracts that it holds.
        target: volatility a year of each position, as a share of NAV.
        window: returns of its own bars that volatility is estimated from.
        band: how far from the target, as a share of it, a position may be before it is changed.
        rest: seconds for which it doesn't go back into what was closed.
    """

    name: str
    every: int
    symbols: tuple[str, ...]
    target: Decimal
    window: int
    band: Decimal
    rest: Decimal

    @property
    def warm_up(self) -> int:
        """The window's returns, and the bar before the first of them."""
        return self.window + 1

    def intents(self, view: View) -> Answer:
        """What each position lacks or has too much, where nothing is under way."""
        memory = {s: seen for s in self.symbols if (seen := self._seen(view, s))}
        wanted = (self._intent(view, s) for s in self.symbols if not self._rests(view, memory.get(s)))
        return Answer(tuple(intent for intent in wanted if intent is not None), memory)

    def _seen(self, view: View, symbol: str) -> dict[str, JSON]:
        """What to remember of a symbol: that it is held, or since when it no longer is."""
        if view.position(symbol):
            return {"held": True}
        before = view.memory.get(symbol)
        if not isinstance(before, Mapping):
            return {}
        return {"left": view.time} if "held" in before else dict(before)

    def _rests(self, view: View, seen: Mapping[str, JSON] | None) -> bool:
        return seen is not None and "left" in seen and view.time < int(str(seen["left"])) + self.rest

    def _intent(self, view: View, symbol: str) -> Intent | None:
        bars = latest(view, symbol, self)
        if bars is None or view.nav is None or view.nav <= 0 or view.is_working(symbol):
            return None
        estimate = volatility(bars, self.every)
        if not estimate:
            return None
        wanted = EIGHT_DIGITS.divide(view.nav * self.target, estimate * bars[-1].close)
        position = view.position(symbol)
        change = wanted - position if position >= 0 else -position
        if position >= 0 and abs(change) < self.band * wanted:
            return None
        why = "below its target" if change > 0 else "above its target"
        meta = {"volatility": canonical(estimate), "wanted": canonical(wanted)}
        return Intent(self.name, symbol, side_of(change), abs(change), why=why, meta=meta)

"""One symbol's price through the synthetic market, step by step, in whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Final

from engine.numbers import canonical
from execution.feeds.dice import ONE, Dice
from execution.feeds.regimes import PERCENT, Regime
from universe.trading import Bar

# Of a candle: enough for a high and a low, and for closes that are not its only prices.
STEPS: Final = 8
HOUR: Final = 3_600
WHOLE: Final = 100 * PERCENT

# Bits behind one tick: a calm minute moves a price by less than its tick.
FRACTION: Final = 20
HALF: Final = 1 << (FRACTION - 1)
# A price that has doubled is pulled down by this part of itself in an hour.
PULL: Final = 2_000
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A symbol with its price at the start and its tick size, both positive."""

    symbol: str
    price: Decimal
    tick: Decimal


@dataclass(frozen=True, slots=True)
class Pace:
    """A regime at one step of a candle: drift and swing of the market, and one chance in so many that a symbol jumps
    in a candle.
    """

    drift: int
    swing: int
    leap: int
    turnover: int
    pull: int

    @classmethod
    def of(cls, regime: Regime, interval: int) -> "Pace":
        """Drift grows with time, deviation with its root."""
        step = Fraction(interval, STEPS * HOUR)
        root = isqrt(MILLION * MILLION * step.numerator // step.denominator)
        return cls(
            drift=int(regime.drift * step),
            swing=regime.swing * root // MILLION,
            leap=1_000 * HOUR // (regime.leaps * interval),
            turnover=regime.turnover,
            pull=PULL * step.denominator // step.numerator,
        )

    def market(self, dice: Dice) -> list[int]:
        """The market's returns over the steps of one candle."""
        return [self.drift + (self.swing * dice.normal() // ONE) for _ in range(STEPS)]


class Walk:
    """The state of one symbol. How closely it follows the market, how much it moves by itself and how much is traded
    are drawn once.
    """

    def __init__(self, listing: Listing, dice: Dice, interval: int) -> None:
        self.symbol = listing.symbol
        self._dice, self._interval = dice, interval
        # Its text must not depend on how the tick was written.
        self._tick = Decimal(canonical(listing.tick))
        self._start = max(round(Fraction(listing.price) / Fraction(listing.tick)), 1) << FRACTION
        self._price = self._start
        self._beta = dice.between(800, 1_400)
        self._own = dice.between(400, 800)
        turnover = Fraction(dice.between(2, 100) * MILLION * interval, HOUR * 100)
        # In thousandths of a coin, for a candle of ordinary volume, at a price of one tick.
        self._lots = int(turnover * 1_000 / Fraction(listing.tick))

    @property
    def price(self) -> int:
        """The price in fractions of a tick."""
        return self._price

    def bar(self, opened: int, pace: Pace, market: Sequence[int]) -> Bar:
        """The next candle, which opens where the last one closed."""
        first = high = low = last = self._in_ticks()
        leap = self._leap(pace)
        own = pace.swing * self._own // 1_000
        for moved in market:
            pull = (self._start - self._price) * WHOLE // (self._start * pace.pull)
            change = self._beta * moved // 1_000 + own * self._dice.normal() // ONE + pull + leap
            self._price = max(self._price + self._price * change // WHOLE, 1 << FRACTION)
            leap, last = 0, self._in_ticks()
            high, low = max(high, last), min(low, last)
        volume = self._lots * pace.turnover * self._dice.between(50, 150) // (100 * last)
        prices = (first * self._tick, high * self._tick, low * self._tick, last * self._tick)
        return Bar(self.symbol, opened, opened + self._interval, *prices, Decimal(volume).scaleb(-3))

    def _leap(self, pace: Pace) -> int:
        if self._dice.below(pace.leap):
            return 0
        size = self._dice.between(PERCENT, 4 * PERCENT)
        return size if self._dice.below(2) and pace.drift >= 0 else -size

    def _in_ticks(self) -> int:
        return (self._price + HALF) >> FRACTION

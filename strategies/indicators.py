"""Averages and volatility over closed bars: floats inside, decimals of `DIGITS` significant digits outside.

Only `+ - * /`, `sqrt` and `fsum` are used, which IEEE 754 fixes to the last bit: every machine finds the same.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from math import fsum, sqrt
from typing import Final

from universe.trading import Bar

DIGITS: Final = 8
YEAR: Final = 365 * 86_400


def distance(bars: Sequence[Bar], fast: int, slow: int) -> Decimal:
    """How far the fast average of closing prices is from the slow one, as a share of that; negative when below."""
    prices = [float(bar.close) for bar in bars]
    return exactly(average(prices, fast) / average(prices, slow) - 1.0)


def average(prices: Sequence[float], span: int) -> float:
    """The exponential average whose weights fall by `(span - 1) / (span + 1)` with each bar back.

    Divided by the sum of the weights, so that the first price counts for no more than its weight.
    """
    decay = (span - 1) / (span + 1)
    total = weight = 0.0
    for price in prices:
        total = decay * total + price
        weight = decay * weight + 1.0
    return total / weight


def volatility(bars: Sequence[Bar], seconds: int) -> Decimal:
    """Volatility a year, from the returns between bars of so many seconds: `sqrt(mean(r²) * bars in a year)`.

    Returns are close over close less one, their mean taken as zero; a bar that doesn't follow the one before has none.
    0 where there is no return, or none that moved.
    """
    returns = [
        float(bar.close) / float(before.close) - 1.0
        for before, bar in pairwise(bars)
        if bar.closed - before.closed == seconds
    ]
    if not returns:
        return Decimal(0)
    return exactly(sqrt(fsum(change * change for change in returns) / len(returns) * (YEAR / seconds)))


def exactly(value: float) -> Decimal:
    """A float as a decimal of `DIGITS` significant digits."""
    return Decimal(f"{value:.{DIGITS}g}")

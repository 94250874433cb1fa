"""Estimates over hourly returns: volatility, covariance, value at risk, expected shortfall.

A return is `close / close of the hour before - 1`; an hour without the one before it has none, so that a gap is never
taken for one large hourly move. Means are taken as zero, as RiskMetrics does. All is unknown (None) until a symbol has
`WARM_UP` returns, and while its price has never moved: never 0.

Floats, but only `+ - * /`, `sqrt` and `fsum`, which IEEE 754 fixes to the last bit; results are decimals of `DIGITS`
significant digits. So every machine finds the same. Nothing is persisted: a restart feeds the hours again.

Sources: J.P. Morgan/Reuters, RiskMetrics Technical Document, 4th ed., 1996, §5.2 (EWMA, decay of 0.94 a day), §7
(delta-normal value at risk, scaling by the square root of time); Acerbi and Tasche, On the coherence of expected
shortfall, 2002 (the mean of the worst part of a sample, the return on its edge counted in part).
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import fsum, sqrt
from typing import Final

from universe.trading import ZERO, Bar

HOUR: Final = 3600
DIGITS: Final = 10
WARM_UP: Final = 24
SHORT: Final = 168
LONG: Final = 720

# 0.94 ** (1 / 24): a weight falls to 0.94 in a day of 24 hourly returns.
DAILY_DECAY: Final = 0.9974251787318069
DAY: Final = sqrt(24)
# The normal quantile of 99 %.
Z_99: Final = 2.3263478740408408
# The worst 5 % of returns are one in this many.
TAIL: Final = 20
# What a sum of squares that is zero on paper may be below it, as a share of its largest terms.
ROUNDING: Final = 1e-9


def decay_of(span: int) -> float:
    """The decay of an average over `span` returns: its weights have the centre of mass of a window of so many."""
    return (span - 1) / (span + 1)


@dataclass(slots=True)
class _Squares:
    """An exponentially weighted mean of squared returns, divided by the sum of its weights, so without bias."""

    decay: float
    total: float = 0.0
    weight: float = 0.0

    def add(self, square: float) -> None:
        self.total = self.decay * self.total + square
        self.weight = self.decay * self.weight + 1.0

    @property
    def deviation(self) -> float:
        return sqrt(self.total / self.weight)


@dataclass(slots=True)
class _Pair:
    """Weighted sums over the hours in which both symbols have a return; the weights themselves cancel."""

    count: int = 0
    one: float = 0.0
    other: float = 0.0
    both: float = 0.0

    def add(self, x: float, y: float) -> None:
        self.count += 1
        self.one = DAILY_DECAY * self.one + x * x
        self.other = DAILY_DECAY * self.other + y * y
        self.both = DAILY_DECAY * self.both + x * y

    @property
    def correlation(self) -> float | None:
        scale = sqrt(self.one) * sqrt(self.other)
        if self.count < WARM_UP or not scale:
            return None
        return max(-1.0, min(1.0, self.both / scale))


@dataclass(slots=True)
class _Returns:
    """One symbol's returns: the last one, what they average to, and the last `LONG` of them, also in order of size."""

    closed: int
    close: float
    count: int = 0
    latest: float | None = None
    short: _Squares = field(default_factory=lambda: _Squares(decay_of(SHORT)))
    long: _Squares = field(default_factory=lambda: _Squares(decay_of(LONG)))
    daily: _Squares = field(default_factory=lambda: _Squares(DAILY_DECAY))
    window: deque[float] = field(default_factory=deque)
    ordered: list[float] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether there are enough returns, and one of them moved the price."""
        return self.count >= WARM_UP and self.long.total > 0.0

    def hour(self, bar: Bar) -> float | None:
        """Take in an hour; gives its return, if it has one."""
        close = float(bar.close)
        follows = bar.closed - self.closed == HOUR
        self.latest = close / self.close - 1.0 if follows else None
        self.closed, self.close = bar.closed, close
        if self.latest is not None:
            self._add(self.latest)
        return self.latest

    def _add(self, change: float) -> None:
        self.count += 1
        for squares in (self.short, self.long, self.daily):
            squares.add(change * change)
        if len(self.window) == LONG:
            del self.ordered[bisect_left(self.ordered, self.window.popleft())]
        self.window.append(change)
        insort(self.ordered, change)

    def shortfall(self, sign: int) -> float:
        """The mean hourly loss of the worst part of the window, of one unit held long (1) or short (-1)."""
        size = len(self.ordered) / TAIL
        worst = self.ordered if sign > 0 else self.ordered[::-1]
        whole = int(size)
        edge = (size - whole) * worst[whole]
        return -sign * fsum([*worst[:whole], edge]) / size


class Statistics:
    """Estimates that follow closed hourly bars."""

    def __init__(self) -> None:
        self._symbols: dict[str, _Returns] = {}
        self._pairs: dict[tuple[str, str], _Pair] = {}

    def feed(self, hours: Sequence[Bar]) -> None:
        """Take in closed hourly bars, of each symbol in the order of time; the order of symbols doesn't matter.

        Raises:
            ValueError: a bar that isn't an hour's, or isn't later than the last one of its symbol.
        """
        for bar in hours:
            if bar.closed - bar.opened != HOUR or bar.closed % HOUR:
                raise ValueError(f"a bar of {bar.symbol} from {bar.opened} to {bar.closed} is no hour")
            returns = self._symbols.get(bar.symbol)
            if returns is None:
                self._symbols[bar.symbol] = _Returns(bar.closed, float(bar.close))
                continue
            if bar.closed <= returns.closed:
                raise ValueError(f"{bar.symbol}: the hour until {bar.closed} after the one until {returns.closed}")
            change = returns.hour(bar)
            if change is not None:
                self._pair(bar, change)

    def _pair(self, bar: Bar, change: float) -> None:
        """Pair a return with those of the same hour that were fed before it."""
        for symbol, other in self._symbols.items():
            if symbol == bar.symbol or other.closed != bar.closed or other.latest is None:
                continue
            first = bar.symbol < symbol
            key = (bar.symbol, symbol) if first else (symbol, bar.symbol)
            pair = self._pairs.get(key)
            if pair is None:
                pair = self._pairs[key] = _Pair()
            if first:
                pair.add(change, other.latest)
            else:
                pair.add(other.latest, change)

    def warm_up_left(self, symbol: str) -> int:
        """Hourly returns that are still needed before anything is known of a symbol."""
        returns = self._symbols.get(symbol)
        return WARM_UP if returns is None else max(0, WARM_UP - returns.count)

    def vol_short(self, symbol: str) -> Decimal | None:
        """Volatility per hour, over `SHORT` hourly returns."""
        returns = self._known(symbol)
        return None if returns is None else rounded(returns.short.deviation)

    def vol_long(self, symbol: str) -> Decimal | None:
        """Volatility per hour, over `LONG` hourly returns."""
        returns = self._known(symbol)
        return None if returns is None else rounded(returns.long.deviation)

    def covariance(self, one: str, other: str) -> Decimal | None:
        """Covariance of hourly returns: the correlation in the hours that both have, times each one's own volatility,
        all with RiskMetrics' decay of 0.94 a day.

        So a symbol that was listed lately is neither taken for uncorrelated nor for calmer than it is.
        """
        value = self._covariance(one, other)
        return None if value is None else rounded(value)

    def _covariance(self, one: str, other: str) -> float | None:
        x, y = self._known(one), self._known(other)
        correlation = self._correlation(one, other)
        if x is None or y is None or correlation is None:
            return None
        return correlation * x.daily.deviation * y.daily.deviation

    def _correlation(self, one: str, other: str) -> float | None:
        if one == other:
            return 1.0
        pair = self._pairs.get((one, other) if one < other else (other, one))
        return None if pair is None else pair.correlation

    def portfolio_var(self, notionals: Mapping[str, Decimal]) -> Decimal | None:
        """Value at risk of a portfolio over one day at 99 %, in USDT: `z * sqrt(24) * sqrt(w' C w)`.

        Args:
            notionals: each symbol's position in USDT, negative when short.

        Returns:
            None while a symbol with a position lacks its warm-up, by itself or beside another one; also where estimates
            over different hours don't fit together, and would make the variance negative.
        """
        exposures: list[tuple[str, float]] = []
        for symbol in sorted(s for s, notional in notionals.items() if notional):
            returns = self._known(symbol)
            if returns is None:
                return None
            exposures.append((symbol, float(notionals[symbol]) * returns.daily.deviation))
        terms = [x * x for _, x in exposures]
        for i, (one, x) in enumerate(exposures):
            for other, y in exposures[i + 1 :]:
                correlation = self._correlation(one, other)
                if correlation is None:
                    return None
                terms.append(2.0 * correlation * x * y)
        variance = fsum(terms)
        if variance < -ROUNDING * fsum(map(abs, terms)):
            return None
        return rounded(Z_99 * DAY * sqrt(max(0.0, variance)))

    def position_cvar(self, symbol: str, notional: Decimal) -> Decimal | None:
        """Expected shortfall of one position over one day at 95 %, in USDT, never below 0.

        Historical simulation: the mean of the worst 5 % of what the last `LONG` hourly returns would have done to the
        position, times sqrt(24). A short suffers from rises.

        Args:
            notional: the position in USDT, negative when short.
        """
        if not notional:
            return ZERO
        returns = self._known(symbol)
        if returns is None:
            return None
        loss = returns.shortfall(1 if notional > 0 else -1) * DAY * abs(float(notional))
        return rounded(max(0.0, loss))

    def _known(self, symbol: str) -> _Returns | None:
        returns = self._symbols.get(symbol)
        return returns if returns is not None and returns.known else None


def rounded(value: float) -> Decimal:
    """A float as a decimal of `DIGITS` significant digits, rounded half to even of what it exactly is."""
    return Decimal(f"{value:.{DIGITS}g}")

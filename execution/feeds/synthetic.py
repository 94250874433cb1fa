"""A market made from a seed: correlated symbols through calm, trends, rough hours and crashes. No real prices.

A symbol's return over a step is `beta · market + own + pull`: the market's is normal around the drift of its regime
(`regimes.py`); the symbol's own is normal too, and leaps now and then; a weak pull to the starting price keeps a long
run in range. Returns are in billionths and all arithmetic is of whole numbers, so that a seed means the same bars on
every machine. Funding settles every eight hours, at 0.01 % and more or less by how far the symbol has gone since the
settlement before; the mark of that second is the last close.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.numbers import canonical
from execution.feeds import remarks
from execution.feeds.dice import Dice
from execution.feeds.feed import Feed, interval_name
from execution.feeds.regimes import REGIMES, moods
from execution.feeds.walk import HOUR, WHOLE, Listing, Pace, Walk
from universe.trading import Bar, Funding, Mark, Tick

MODEL: Final = "synthetic 1"
START: Final = 1_735_689_600
DAY: Final = 86_400
FUNDING_INTERVAL: Final = 8 * HOUR

# Of rates, in the venue's eight digits.
RATE_DIGITS: Final = 8
BASE_RATE: Final = 10_000
HIGHEST_RATE: Final = 300_000
RATE_FOR_MOVE: Final = 1_000


def synthetic(
    symbols: Mapping[str, Decimal],
    ticks: Mapping[str, Decimal],
    seed: int,
    days: int,
    interval: int = 300,
    start: int = START,
) -> Feed:
    """A synthetic market as a feed. The same arguments give the same ticks, in every version of Python from 3.11.

    What a symbol does depends on the seed, its own name and numbers, and not on which others there are.

    Args:
        symbols: each symbol's price at the start, USDT.
        ticks: each symbol's tick size; all prices are multiples of it, and at least one tick.
        seed: any whole number.
        days: how long it lasts.
        interval: seconds of a bar: at least a minute, and divide an hour.
        start: when the first bar opens, Unix seconds, a multiple of the interval.

    Raises:
        ValueError: an argument is not as said above.
    """
    if not symbols or days < 1:
        raise ValueError("a synthetic market has at least one symbol and lasts a day")
    if interval < 60 or HOUR % interval or start % interval or start < 0:
        raise ValueError("an interval is a minute or more, divides an hour, and the start is a multiple of it")
    listings = tuple(_listing(symbol, symbols[symbol], ticks.get(symbol)) for symbol in sorted(symbols))
    market = SyntheticMarket(listings, seed, days, interval, start)
    bars = days * DAY // interval
    return Feed(
        symbols=tuple(listing.symbol for listing in listings),
        interval=interval,
        label=f"synthetic {interval_name(interval)}",
        synthetic=True,
        fingerprint=market.fingerprint(),
        first=start + interval,
        last=start + bars * interval,
        ticks=bars,
        remarks=(remarks.synthetic(seed),),
        start=market.ticks,
    )


@dataclass(frozen=True, slots=True)
class SyntheticMarket:
    """All that the ticks follow from."""

    listings: tuple[Listing, ...]
    seed: int
    days: int
    interval: int
    start: int

    def ticks(self) -> Iterator[Tick]:
        """The ticks, made anew."""
        hours = moods(Dice(self.seed, "moods"), self.days * DAY // HOUR)
        paces = {mood: Pace.of(regime, self.interval) for mood, regime in REGIMES.items()}
        crowd = Dice(self.seed, "market")
        walks = [Walk(listing, Dice(self.seed, f"symbol/{listing.symbol}"), self.interval) for listing in self.listings]
        settled = [walk.price for walk in walks]
        for opened in range(self.start, self.start + self.days * DAY, self.interval):
            pace = paces[hours[(opened - self.start) // HOUR]]
            market = pace.market(crowd)
            bars = tuple([walk.bar(opened, pace, market) for walk in walks])
            closed = opened + self.interval
            if closed % FUNDING_INTERVAL:
                yield Tick(closed, bars)
            else:
                yield _settling(closed, bars, walks, settled)
                settled = [walk.price for walk in walks]

    def fingerprint(self) -> str:
        """SHA-256 over the model's version and every argument."""
        listings = [[listing.symbol, canonical(listing.price), canonical(listing.tick)] for listing in self.listings]
        arguments = [MODEL, self.seed, self.days, self.interval, self.start, listings]
        return hashlib.sha256(json.dumps(arguments).encode()).hexdigest()


def _settling(closed: int, bars: tuple[Bar, ...], walks: Sequence[Walk], settled: Sequence[int]) -> Tick:
    fundings = tuple(
        Funding(walk.symbol, closed, _rate((walk.price - before) * WHOLE // before))
        for walk, before in zip(walks, settled, strict=True)
    )
    return Tick(closed, bars, fundings, tuple(Mark(bar.symbol, closed, bar.close) for bar in bars))


def _rate(moved: int) -> Decimal:
    """Longs pay for a rise, and the more the further it went; bounded as the venue bounds it."""
    rate = BASE_RATE + moved // RATE_FOR_MOVE
    return Decimal(max(-HIGHEST_RATE, min(rate, HIGHEST_RATE))).scaleb(-RATE_DIGITS)


def _listing(symbol: str, price: Decimal, tick: Decimal | None) -> Listing:
    if tick is None:
        raise ValueError(f"{symbol} has no tick size")
    if not (price.is_finite() and tick.is_finite() and price > 0 and tick > 0):
        raise ValueError(f"price {price} and tick size {tick} of {symbol} must be positive")
    return Listing(symbol, price, tick)

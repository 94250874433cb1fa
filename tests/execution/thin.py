"""Thin markets by the minute, with gaps, funding and marks, and two strategies that ask for whatever chance says."""

import shutil
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from execution.feeds import Feed
from tests.execution.arena import HOUR, MINUTE, START, UNIVERSE, WARM, Arena, Told, bar, calm, feed_of
from universe import Universe
from universe.trading import Bar, Funding, Intent, Mark, Side

NOW: Final = START + WARM * HOUR
BTC: Final = "BTCUSDT"
ETH: Final = "ETHUSDT"
MINUTES: Final = 24
Asked = tuple[int, str, str, Side, str | None, bool]
Drawn = tuple[Sequence[int], Collection[int], int]


def minutes(symbol: str, price: int, moves: Sequence[int], missing: Collection[int]) -> list[Bar]:
    """A calm day by the hour, then a minute a move, by thousandths, with a range around each; some are missing."""
    bars, at = [replace(one, opened=one.closed - MINUTE) for one in calm(symbol, WARM, price)], Decimal(price)
    for i, move in enumerate(moves):
        opened, at = at, (at * (1 + Decimal(move) / 1000)).quantize(Decimal("0.1"))
        reach = (abs(at - opened) / 2 + Decimal(3)).quantize(Decimal("0.1"))
        prices = (opened, max(opened, at) + reach, min(opened, at) - reach, at)
        if i not in missing:
            # Little is traded, so that orders fill in parts.
            bars.append(bar(symbol, NOW + i * MINUTE, prices, Decimal(1 + i % 4) / 20, MINUTE))
    return bars


def market_of(moves: Sequence[int], missing: Collection[int], rate: int) -> Feed:
    """Two symbols, settlements of funding, and a mark of the venue's own."""
    bars = minutes(BTC, 50_000, moves, missing) + minutes(ETH, 3_000, [-m for m in moves], ())
    rates = [Funding(s, NOW + i * MINUTE, Decimal(rate) / 100_000) for s in (BTC, ETH) for i in (3, 9)]
    return feed_of(bars, rates, [Mark(BTC, NOW + 7 * MINUTE, Decimal(49_000))])


def scripted(asked: Sequence[Asked]) -> list[Told]:
    """Both strategies, asked each minute, with what each of them wants."""
    scripts: dict[str, dict[int, list[Intent]]] = {"momentum": defaultdict(list), "vol_target": defaultdict(list)}
    for minute, name, symbol, side, quantity, urgent in asked:
        wanted = None if quantity is None else Decimal(quantity)
        scripts[name][NOW + minute * MINUTE].append(Intent(name, symbol, side, wanted, urgent, "told to"))
    return [Told(name, script, (BTC, ETH), every=MINUTE) for name, script in scripts.items()]


wishes = st.lists(
    st.tuples(
        st.integers(0, MINUTES - 2),
        st.sampled_from(["momentum", "vol_target"]),
        st.sampled_from([BTC, ETH]),
        st.sampled_from(list(Side)),
        st.sampled_from([None, "0.001", "0.008", "0.2", "7.7777"]),
        st.booleans(),
    ),
    max_size=16,
)

markets = st.tuples(
    st.lists(st.integers(-25, 25), min_size=MINUTES, max_size=MINUTES),
    st.sets(st.integers(1, MINUTES - 2), max_size=4),
    st.integers(-300, 300),
)


def arena_of(folder: Path, market: Drawn, asked: Sequence[Asked]) -> Arena:
    """A run over such a market, with a universe of its own that may be edited."""
    path = folder / "universe.json"
    shutil.copy(UNIVERSE, path)

    def make(universe: Universe) -> list[Told]:
        every = universe.running["momentum"].every
        return [replace(s, every=every if every > HOUR else s.every) for s in scripted(asked)]

    return Arena(folder / "run", market_of(*market), [], universe=path, make=make)

"""Runs that reports are made of: told by hand, or by chance that a seed fixes."""

import random
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from execution.events import (
    DayStarted,
    Delisted,
    Dropped,
    Event,
    ExitTriggered,
    FundingPaid,
    KillSwitched,
    Liquidated,
    OrderChanged,
    Remarked,
    RunEnded,
    Sampled,
    UniverseRefused,
)
from tests.execution.story import BEGIN, STRATEGIES, SYMBOLS, Story
from universe.reader import Universe
from universe.trading import Side

D = Decimal
HOUR, DAY = 3600, 86_400
BTC, ETH, SOL = SYMBOLS
ROOM = {"symbol": BTC, "observed": "0.1", "limit": "0.35", "room": "0.714285714286"}


def hour(story: Story, headroom: Mapping[str, Any] | None = None) -> None:
    """An hour ends: the account is sampled as the loop does it, and a new day begins where one does."""
    story.now = -(-story.now // HOUR) * HOUR
    ledger, prices = story.books.ledger, story.pulse.prices
    if story.now % DAY == 0:
        story.tell(DayStarted(story.now // DAY, ledger.nav(prices)))
    held = {s: ledger.net(s) * prices[s] for s in ledger.symbols() if ledger.net(s)}
    results = {name: ledger.result(name, prices) for name in sorted(ledger.accounts)}
    story.tell(Sampled(ledger.nav(prices), results, held, headroom or {"group_exposure": ROOM}))
    story.step()


def small(folder: Path, universe: Universe) -> Story:
    """Four hours in which everything happens once."""
    story = Story.begin(folder, universe)
    story.tell(Remarked("gap", ETH, BEGIN, "2 candles missing from 00:10 to 00:12", 2))
    story.trade("momentum", BTC, Side.BUY, D("0.02"))
    story.trade("vol_target", BTC, Side.SELL, D("0.01"), maker=False)
    story.step(prices={BTC: D(88000)})
    hour(story)
    story.ask("momentum", BTC, Side.BUY, D("0.8"))
    story.ask("momentum", SOL, Side.BUY, D(1), nav={"age": "999"})
    story.tell(Dropped(story.ask("vol_target", ETH, Side.BUY, D("0.1"))[0], "no_route", "spread not known"))
    refused = story.send(story.ask("momentum", ETH, Side.SELL, D(1))[0], "momentum", ETH, Side.SELL, D(1))
    story.step(OrderChanged(refused, "rejected", D(2960), "post-only order would cross"))
    story.tell(FundingPaid("momentum", BTC, story.now, D("0.0001"), D(88000), D("0.176")))
    story.tell(ExitTriggered("momentum", BTC, "SELL", "take_profit", D(88000), False))
    story.trade("momentum", BTC, Side.SELL, D("0.02"))
    hour(story, {"group_exposure": ROOM | {"room": "-0.02"}})
    story.step(KillSwitched(True, "Ann", "news on the wire"))
    story.step(UniverseRefused(None, "it is no JSON"), prices={BTC: D(88200)})
    hour(story)
    story.step(KillSwitched(False, "Ann", "all is well"))
    working = story.send(story.ask("momentum", ETH, Side.BUY, D(2))[0], "momentum", ETH, Side.BUY, D(2))
    story.tell(OrderChanged(working, "requoted", D(2959), ""))
    story.step()
    story.fill(working, D("0.5"))
    story.step(prices={ETH: D(2970)})
    hour(story)
    return story


def ended(story: Story) -> Story:
    """A run whose feed is at its end."""
    story.step(RunEnded())
    return story


def by_chance(folder: Path, universe: Universe, *, seed: int, hours: int) -> Story:
    """A run of so many hours, with a few trades, vetoes and fundings in each."""
    story, chance = Story.begin(folder, universe), random.Random(seed)
    for _ in range(hours):
        for _ in range(chance.randint(0, 3)):
            _happen(story, chance)
        hour(story, _headroom(chance))
    return story


def _happen(story: Story, chance: random.Random) -> None:
    strategy, symbol, side = chance.choice(STRATEGIES), chance.choice(SYMBOLS), chance.choice(list(Side))
    what = chance.random()
    if what < 0.6:
        story.trade(strategy, symbol, side, D(chance.randint(1, 40)) / 1000, maker=chance.random() < 0.5)
    elif what < 0.75:
        story.ask(strategy, symbol, side, D(1000) if what < 0.7 else D(1), nav={"age": "999"})
    elif what < 0.9:
        for key, position in story.books.ledger.positions.items():
            mark = story.pulse.prices[key[1]]
            amount = (position.quantity * mark / 10_000).quantize(D("1e-8"))
            story.tell(FundingPaid(*key, story.now, D("0.0001"), mark, amount))
    else:
        story.tell(_rarely(chance))
    moved = {s: (p * D(chance.randint(9900, 10100)) / 10_000).quantize(D("0.1")) for s, p in story.pulse.prices.items()}
    story.step(prices=moved)


def _rarely(chance: random.Random) -> Event:
    return chance.choice(
        [
            KillSwitched(chance.random() < 0.5, "Ann", "a look at it"),
            Delisted("WIFUSDT", D("0.35")),
            Liquidated(D(100), D(101)),
            Remarked("jump", ETH, BEGIN, "from 1 to 4", 1),
        ]
    )


def _headroom(chance: random.Random) -> dict[str, Any]:
    rooms = {}
    for gate in ("group_exposure", "daily_loss", "portfolio_var"):
        room = D(chance.randint(-5, 100)) / 100
        rooms[gate] = {"symbol": chance.choice(SYMBOLS), "observed": "0.1", "limit": "0.2", "room": str(room)}
    return rooms

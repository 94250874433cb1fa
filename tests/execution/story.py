"""Runs told by hand: real decisions, real books, a real journal; only what happens is made up."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from execution.books import DAY, Books, Pulse
from execution.events import (
    Cleared,
    DayStarted,
    Decided,
    Dropped,
    Event,
    ExitsArmed,
    ExitTriggered,
    Filled,
    FundingPaid,
    IntentMade,
    KillSwitched,
    OrderChanged,
    OrderSent,
    PositionClosed,
    Remarked,
    Remembered,
    RunStarted,
    Sampled,
    UniverseActivated,
    UniverseRefused,
)
from execution.gate import RiskEngine
from execution.journal import Entry, Journal
from execution.universes import keep
from universe.quiet import REFERENCE_PRICES, quiet_facts
from universe.reader import Universe
from universe.trading import Side

BEGIN: Final = 1_750_000_000 // DAY * DAY
CASH: Final = Decimal(15_000)
RICH: Final = Decimal(1_000_000)  # what the facts say of NAV, so that most orders pass
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
STRATEGIES: Final = ("momentum", "vol_target")


@dataclass
class Story:
    """A run as it is told: each `step` is one commit."""

    folder: Path
    universe: Universe
    journal: Journal
    risk: RiskEngine
    books: Books = field(default_factory=Books)
    pulse: Pulse = field(default_factory=Pulse)
    now: int = BEGIN
    intents: int = 0
    fresh: list[Event] = field(default_factory=list)
    told: list[Entry] = field(default_factory=list)

    @classmethod
    def begin(cls, folder: Path, universe: Universe) -> "Story":
        """A run that has just begun, with prices and nothing held."""
        story = cls(folder, universe, Journal.open(folder, now=1, pid=1), RiskEngine.of(universe))
        keep(folder, universe)
        hashes = universe.ruleset.universe_hash, universe.ruleset.ruleset_hash
        story.tell(
            RunStarted("r1", "paper", "prod", hashes[0], "a story", "sha256:0", True, CASH, "sha256:1"),
            UniverseActivated(*hashes),
            DayStarted(BEGIN // DAY, CASH),
        )
        story.step(prices={s: REFERENCE_PRICES[s] for s in SYMBOLS})
        return story

    def tell(self, *events: Event) -> None:
        """Let events happen in this step."""
        for event in events:
            self.books.apply(event, self.now)
            self.fresh.append(event)

    def step(self, *events: Event, prices: Mapping[str, Decimal] | None = None) -> list[Entry]:
        """Commit what has happened, and go on a minute."""
        self.tell(*events)
        self.pulse.prices.update(prices or {})
        self.pulse.time = self.pulse.valued = self.now
        nav = self.pulse.nav = self.books.ledger.nav(self.pulse.prices)
        self.pulse.peak = nav if self.pulse.peak is None else max(self.pulse.peak, nav)
        for key, position in self.books.ledger.positions.items():
            best = position.unrealised(self.pulse.prices[position.symbol])
            self.pulse.best[key] = max(self.pulse.best.get(key, best), best)
        entries = self.journal.commit(self.now, self.fresh, self.pulse.record())
        self.fresh = []
        self.told += entries
        self.now += 60
        return entries

    def ask(
        self, strategy: str, symbol: str, side: Side, quantity: Decimal, cause: str = "strategy", **facts: Any
    ) -> tuple[str, bool]:
        """An intent and its decision; the intent's id, and whether it is allowed."""
        self.intents += 1
        name = f"i{self.intents:06d}"
        self.tell(IntentMade(name, strategy, symbol, side.value, None, False, cause, "told so", None, {"signal": "1"}))
        asked = quiet_facts(self.universe, symbol, RICH, strategy=strategy)
        asked["order"] |= {"side": side.value, "quantity": str(quantity)}
        asked["mark"]["price"] = str(self.pulse.prices[symbol])
        for group, values in facts.items():
            asked[group] |= values
        decision = self.risk.check_order(asked)
        self.tell(Decided(name, 1, decision.allowed, decision.id, json.loads(decision.to_json())))
        return name, decision.allowed

    def send(
        self, intent: str, strategy: str, symbol: str, side: Side, quantity: Decimal, *, maker: bool = True
    ) -> str:
        """An order that was cleared and that the venue has accepted; its id."""
        order, clearance = f"hr-{intent}", f"{intent}/1"
        price, expires = self.pulse.prices[symbol], self.now + 600
        universe = self.universe.ruleset.universe_hash
        self.tell(
            Cleared(clearance, intent, symbol, side.value, quantity, price, universe, expires),
            OrderSent(
                order,
                intent,
                clearance,
                strategy,
                symbol,
                side.value,
                "LIMIT" if maker else "MARKET",
                price if maker else None,
                price,
                quantity,
                maker,
                False,
                Decimal(2),
                "strategy",
                "otherwise" if maker else "urgent",
                Decimal("0.0004"),
                4,
                60,
                expires,
                None,
            ),
            OrderChanged(order, "accepted", price if maker else None, ""),
        )
        return order

    def fill(self, order: str, quantity: Decimal | None = None, price: Decimal | None = None) -> None:
        """A fill of a working order, whole where no quantity is given, with all that follows from it."""
        working = self.books.orders[order]
        mark = self.pulse.prices[working.symbol]
        at, much = price or mark, quantity or working.remaining
        key = working.strategy, working.symbol
        before = self.books.ledger.positions.get(key)
        maker = working.post_only
        fee = (at * much * (Decimal("0.0002") if maker else Decimal("0.0005"))).quantize(Decimal("1e-8"))
        side = working.side.value
        self.tell(Filled(order, working.strategy, working.symbol, side, at, much, fee, maker, mark))
        self.tell(OrderChanged(order, "part_filled" if working.remaining else "filled", working.price, ""))
        after = self.books.ledger.positions.get(key)
        if before is not None and after is not before:
            self.pulse.best.pop(key, None)
            opened_by = working.side.opposite.value
            brought = before.realised, before.fees, before.funding
            reason = before.closing or "strategy"
            self.tell(PositionClosed(*key, opened_by, before.opened, before.largest, *brought, reason))
        if after is not None:
            exits = Decimal("0.03"), Decimal("0.05"), Decimal("0.02"), 86400
            self.tell(ExitsArmed(*key, "any", *exits))

    def trade(self, strategy: str, symbol: str, side: Side, quantity: Decimal, *, maker: bool = True) -> str:
        """An order that is asked for, sent and filled whole at the present price; its id."""
        intent, _ = self.ask(strategy, symbol, side, quantity)
        order = self.send(intent, strategy, symbol, side, quantity, maker=maker)
        self.fill(order)
        return order

    def sample(self) -> None:
        """The account as charts show it."""
        ledger, prices = self.books.ledger, self.pulse.prices
        results = {s: ledger.result(s, prices) for s in sorted(ledger.accounts)}
        self.tell(Sampled(ledger.nav(prices), results, {}, {"drawdown": {"room": Decimal("0.50")}}))


def random_story(folder: Path, universe: Universe, *, seed: int, steps: int) -> Story:
    """A run in which everything happens that may, by chance that the seed fixes."""
    story, chance = Story.begin(folder, universe), random.Random(seed)
    for _ in range(steps):
        go_on(story, chance)
    return story


def go_on(story: Story, chance: random.Random) -> None:
    """One step of a run by chance."""
    prices = {
        s: (story.pulse.prices[s] * Decimal(chance.randint(9900, 10100)) / 10000).quantize(Decimal("0.1"))
        for s in SYMBOLS
    }
    symbol, strategy = chance.choice(SYMBOLS), chance.choice(STRATEGIES)
    side = chance.choice(list(Side))
    quantity = chance.randint(1, 9) * Decimal("0.001")
    what = chance.random()
    if what < 0.3:
        order = story.send(
            story.ask(strategy, symbol, side, quantity)[0], strategy, symbol, side, quantity, maker=what < 0.2
        )
        if what < 0.05:
            story.tell(OrderChanged(order, "requoted", story.pulse.prices[symbol], ""))
    elif what < 0.4:
        story.ask(strategy, symbol, side, Decimal(1000), nav={"age": "999"} if what < 0.35 else {"age": None})
    elif what < 0.7:
        for name in list(story.books.orders)[:2]:
            _work(story, chance, name)
    elif what < 0.8:
        _less_often(story, chance)
    elif what < 0.85:
        for key, position in list(story.books.ledger.positions.items()):
            if position.symbol == symbol:
                amount = (position.quantity * story.pulse.prices[symbol] / 10_000).quantize(Decimal("1e-8"))
                story.tell(FundingPaid(*key, story.now, Decimal("0.0001"), story.pulse.prices[symbol], amount))
    if story.now % 3600 == 0:
        story.sample()
    story.step(prices=prices)


def _work(story: Story, chance: random.Random, name: str) -> None:
    """Something that happens to a working order."""
    order = story.books.orders[name]
    what = chance.random()
    if what < 0.2:
        story.tell(OrderChanged(name, chance.choice(["cancelled", "expired"]), order.price, "asked for"))
    elif what < 0.3:
        story.tell(OrderChanged(name, "rejected", order.price, "would cross"))
    elif what < 0.6 and order.remaining > Decimal("0.001"):
        story.fill(name, Decimal("0.001"))
    else:
        story.fill(name)


def _less_often(story: Story, chance: random.Random) -> None:
    """Something that happens now and then."""
    key = next(iter(story.books.ledger.positions), None)
    events: list[Event] = [
        KillSwitched(chance.random() < 0.5, "Ann", "a look at it"),
        UniverseRefused(None, "no JSON"),
        Remarked("gap", "BTCUSDT", story.now, "two bars are missing", 2),
        Remembered("momentum", {"signal": str(chance.random())}),
        Dropped("i000001", "no_size", "no volatility yet"),
    ]
    if key is not None:
        price = story.pulse.prices[key[1]]
        events.append(ExitTriggered(*key, "SELL", "stop_loss", price, True))
    story.tell(chance.choice(events))

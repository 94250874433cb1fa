"""The loop: each tick of a feed goes through the same stages, and is committed as one step.

Backtest, paper, shadow and live go this way; they differ in feed, venue and clock, which come in from outside.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Final

from execution import exits, intents, margin, routing, sampling
from execution.books import DAY
from execution.desk import Desk
from execution.events import (
    DayStarted,
    Delisted,
    Filled,
    FundingPaid,
    KillSwitched,
    Liquidated,
    Remarked,
    Remembered,
    RunEnded,
    UniverseActivated,
    UniverseRefused,
)
from execution.gate import RiskEngine
from execution.journal import Entry, Journal
from execution.leaving import start_leaving
from execution.ledger import CENT, Position
from execution.settling import book_fill, settle
from execution.ticket import Cause, Wish
from execution.universes import keep
from execution.venues.paper import PaperVenue
from execution.venues.port import Fill
from execution.walking import Walk
from execution.watching import UniverseFile
from universe import Universe
from universe.instruments import instruments
from universe.protocol import Strategy, View
from universe.trading import ZERO, Bar, Tick

HOUR: Final = 3600


@dataclass(slots=True)
class Loop:
    """A run in progress.

    Args:
        desk: all that the stages share.
        venue: the paper venue behind the desk's port, which bars are shown to.
        journal: where each step is committed.
        folder: the run's, where every universe that decides is kept.
        file: the universe on disk.
        make: the strategies that a universe lets run.
        committed: told of the events of each step, once they are in the journal.
        command: the last command that was seen.
        ends: when symbols trade for the last time, where that is before the feed's end.
    """

    desk: Desk
    venue: PaperVenue
    journal: Journal
    folder: Path
    file: UniverseFile
    make: Callable[[Universe], Sequence[Strategy]]
    committed: Callable[[Sequence[Entry]], None]
    command: int = 0
    ends: Mapping[str, int] = field(default_factory=dict)
    closed: Mapping[int, Sequence[Bar]] = field(default_factory=dict)

    def catch_up(self, tick: Tick) -> None:
        """A tick that was worked through before a restart: the market is shown it again, and nothing is done."""
        self.closed = self.desk.market.feed(tick)
        self.desk.statistics.feed(self.closed.get(HOUR, ()))

    def step(self, tick: Tick) -> None:
        """A tick, through every stage, and into the journal."""
        self.desk.now = tick.time
        for stage in STAGES:
            stage.take(self, tick)
        self.commit()

    def commit(self) -> None:
        """Everything that happened since the last commit, as one step."""
        desk = self.desk
        entries = self.journal.commit(desk.now, desk.fresh, desk.pulse.record(), command=self.command)
        desk.fresh.clear()
        if entries:
            self.committed(entries)

    def end(self) -> None:
        """The feed is at its end: positions stay as they are, with their exits. Ending twice is fine."""
        if not self.desk.books.ended:
            self.desk.record(RunEnded())
            self.commit()


def listen(loop: Loop, tick: Tick) -> None:
    """Commands that a person gave, a new universe, and what the feed remarks."""
    desk = loop.desk
    for command in loop.journal.commands(loop.command):
        loop.command = command.id
        if command.kind == KillSwitched.kind:
            body = command.body
            desk.record(KillSwitched(bool(body["on"]), str(body["by"]), str(body["why"])))
    for remark in tick.remarks:
        desk.record(Remarked(remark.code, remark.symbol, remark.time, remark.text, remark.count))
    take_over(loop)


def take_over(loop: Loop) -> None:
    """Decide by the universe on disk from here on, if it is another one, newer, whole, and drops nothing held."""
    desk = loop.desk
    held = {p.symbol for p in desk.books.ledger.positions.values()} | {o.symbol for o in desk.books.open_orders()}
    found = loop.file.look(desk.books.universe or "", held, lambda name, text: desk.record(UniverseRefused(name, text)))
    if found is not None:
        keep(loop.folder, found)
        desk.gate.adopt(RiskEngine.of(found))
        desk.instruments = instruments(found)
        desk.strategies = loop.make(found)
        desk.record(UniverseActivated(found.ruleset.universe_hash, found.ruleset.ruleset_hash))


def match(loop: Loop, tick: Tick) -> None:
    """Orders and exits meet the bars that have closed, along the path that each is taken to have gone."""
    for bar in tick.bars:
        if bar.symbol in loop.desk.instruments:
            Walk(loop.desk, loop.venue, bar).go()


def mark(loop: Loop, tick: Tick) -> None:
    """The market moves on: marks, longer bars, statistics."""
    desk = loop.desk
    loop.closed = desk.market.feed(tick)
    desk.statistics.feed(loop.closed.get(HOUR, ()))
    for symbol in (*(b.symbol for b in tick.bars), *(m.symbol for m in tick.marks)):
        quote = desk.market.mark(symbol)
        if quote is not None and symbol in desk.instruments:
            desk.pulse.prices[symbol] = quote.price


def fund(loop: Loop, tick: Tick) -> None:
    """Funding settlements: each strategy pays or gets its position's notional at mark × rate, rounded to 1e-8."""
    desk = loop.desk
    for funding in tick.funding:
        price = desk.price(funding.symbol)
        if price is None:
            continue
        for position in desk.books.ledger.in_symbol(funding.symbol):
            amount = (position.quantity * price * funding.rate).quantize(CENT, ROUND_HALF_EVEN)
            desk.record(FundingPaid(position.strategy, funding.symbol, funding.time, funding.rate, price, amount))


def value(loop: Loop, tick: Tick) -> None:
    """NAV at mark, its highest, and where the UTC day began.

    A tick on midnight begins the day with the NAV that it shows; after a gap over midnight, the day begins with
    the last NAV before it.
    """
    desk, pulse = loop.desk, loop.desk.pulse
    before, pulse.nav = pulse.nav, desk.books.ledger.nav(pulse.prices)
    pulse.peak = pulse.nav if pulse.peak is None else max(pulse.peak, pulse.nav)
    pulse.time = tick.time
    seen = [q.time for s in desk.books.ledger.symbols() if (q := desk.market.mark(s)) is not None]
    pulse.valued = min(seen, default=tick.time)
    day = tick.time // DAY
    if desk.books.day != day:
        on_midnight = tick.time % DAY == 0 or before is None
        desk.record(DayStarted(day, pulse.nav if on_midnight or before is None else before))


def delist(loop: Loop, tick: Tick) -> None:
    """A symbol that trades for the last time: orders are taken back, positions settled at its last price."""
    desk = loop.desk
    for symbol, end in loop.ends.items():
        price = desk.price(symbol)
        if end != tick.time or price is None:
            continue
        desk.record(Delisted(symbol, price))
        for strategy in sorted({p.strategy for p in desk.books.ledger.in_symbol(symbol)} | _asking(desk, symbol)):
            routing.clear_the_way(desk, strategy, symbol, Delisted.kind)
        settle(desk)
        for position in desk.books.ledger.in_symbol(symbol):
            _close_out(desk, position, Fill(f"{Delisted.kind}-{symbol}", price, abs(position.quantity), ZERO, False))


def liquidate(loop: Loop, tick: Tick) -> None:
    """The venue closes everything when NAV no longer covers maintenance margin; judged at the close of bars."""
    desk = loop.desk
    positions = list(desk.books.ledger.positions.values())
    if not positions or desk.pulse.nav is None:
        return
    needed = margin.maintenance(desk)
    if desk.pulse.nav > needed:
        return
    desk.record(Liquidated(desk.pulse.nav, needed))
    for position in positions:
        routing.clear_the_way(desk, position.strategy, position.symbol, Liquidated.kind)
    settle(desk)
    for position in positions:
        price = desk.price(position.symbol)
        assert price is not None
        name = f"{Liquidated.kind}-{desk.books.liquidations}"
        side = exits.closing_side(position)
        _close_out(desk, position, loop.venue.close_out(name, position.symbol, side, abs(position.quantity), price))
    desk.pulse.nav = desk.books.ledger.nav(desk.pulse.prices)


def _asking(desk: Desk, symbol: str) -> set[str]:
    """Strategies that have something working in a symbol."""
    return {o.strategy for o in desk.books.open_orders(symbol)} | {
        p.strategy for p in desk.books.plans.values() if p.symbol == symbol
    }


def _close_out(desk: Desk, position: Position, fill: Fill) -> None:
    """Book a fill that no order of ours asked for."""
    price = desk.price(position.symbol)
    event = Filled(
        order=fill.order,
        strategy=position.strategy,
        symbol=position.symbol,
        side=exits.closing_side(position).value,
        price=fill.price,
        quantity=fill.quantity,
        fee=fill.fee,
        maker=fill.maker,
        mark=fill.price if price is None else price,
    )
    book_fill(desk, event, fill.order.partition("-")[0])


def leave(loop: Loop, tick: Tick) -> None:
    """Each open position that trades now is asked at the close: its time may be up."""
    desk, trading = loop.desk, {b.symbol for b in tick.bars}
    held = (p for p in desk.books.ledger.positions.values() if p.symbol in trading)
    for position in sorted(held, key=lambda p: (p.strategy, p.symbol)):
        if position.exits is None:
            exits.arm(desk, position)
        found = exits.decide(desk, position)
        if found is not None:
            start_leaving(desk, found)
    settle(desk)
    intents.work_off(desk)


def tend(loop: Loop, tick: Tick) -> None:
    """What works at the venue is looked after: quotes that have waited, slices that are due, expiries."""
    routing.tend(loop.desk, {b.symbol for b in tick.bars})
    settle(loop.desk)
    intents.work_off(loop.desk)
    settle(loop.desk)


def propose(loop: Loop, tick: Tick) -> None:
    """Strategies whose bars have closed are asked what they want."""
    desk = loop.desk
    for strategy in desk.strategies:
        if strategy.every not in loop.closed:
            continue
        answer = strategy.intents(view_for(desk, strategy))
        for intent in answer.intents:
            desk.wishes.append(
                Wish(
                    strategy.name,
                    intent.symbol,
                    intent.side,
                    intent.quantity,
                    Cause.STRATEGY,
                    intent.urgent,
                    intent.why,
                    None,
                    intent.meta,
                )
            )
        intents.work_off(desk)
        settle(desk)
        memory = dict(answer.memory)
        if memory != desk.books.memories.get(strategy.name, {}):
            desk.record(Remembered(strategy.name, memory))


def view_for(desk: Desk, strategy: Strategy) -> View:
    """What a strategy sees now: its bars, its own positions and orders, NAV, and what it remembers."""
    held = {p.symbol: p.quantity for p in desk.books.ledger.positions.values() if p.strategy == strategy.name}
    working: dict[str, Decimal] = {}
    for order in desk.books.open_orders(strategy=strategy.name):
        working[order.symbol] = working.get(order.symbol, ZERO) + order.side.sign * order.remaining
    for plan in desk.books.plans.values():
        if plan.strategy == strategy.name:
            working[plan.symbol] = working.get(plan.symbol, ZERO) + plan.side.sign * plan.left
    bars = {s: desk.market.bars(s, strategy.every) for s in strategy.symbols}
    memory = desk.books.memories.get(strategy.name, {})
    return View(desk.now, bars, held, working, desk.pulse.nav, memory)


def sample(loop: Loop, tick: Tick) -> None:
    """At the end of an hour, the account as charts show it."""
    if HOUR in loop.closed:
        loop.desk.record(sampling.sample(loop.desk))


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a tick."""

    name: str
    what: str
    take: Callable[[Loop, Tick], None]


STAGES: Final = (
    Stage("listen", "a person's commands, a new universe, the feed's remarks", listen),
    Stage("match", "orders and exits meet the bars that closed, along an assumed path", match),
    Stage("mark", "marks, longer bars, volatility and covariance", mark),
    Stage("fund", "funding settlements", fund),
    Stage("value", "NAV, its highest, the start of the UTC day", value),
    Stage("delist", "symbols that trade for the last time are settled", delist),
    Stage("liquidate", "the venue closes what margin no longer covers", liquidate),
    Stage("leave", "positions whose record says so are left (table `exit`)", leave),
    Stage("tend", "re-quotes, slices, expiries", tend),
    Stage("propose", "strategies see closed bars, and want orders", propose),
    Stage("sample", "once an hour, what charts need", sample),
)

"""The loop: each tick of a feed goes through the same stages, and is committed as one step.

Backtest, paper, shadow and live go this way; they differ in feed, venue and clock, which come in from outside.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN
from typing import Final

from execution import breaking, closing, exits, intents, proposing, routing, sampling
from execution.adopting import Rules, take_over
from execution.books import DAY
from execution.desk import Desk
from execution.events import (
    BreakerRearmed,
    BreakerTripped,
    DayStarted,
    FundingPaid,
    Halted,
    KillSwitched,
    Remarked,
    RunEnded,
    UniverseActivated,
)
from execution.journal import Command, Entry, Journal
from execution.leaving import start_leaving
from execution.ledger import CENT
from execution.settling import settle
from execution.statistics import HOUR
from execution.venues.paper import PaperVenue
from execution.walking import Walk
from universe.trading import Bar, Funding, Tick


@dataclass(slots=True)
class Loop:
    """A run in progress.

    Args:
        desk: all that the stages share.
        venue: the paper venue behind the desk's port, which bars are shown to.
        journal: where each step is committed.
        rules: where they come from, and what they must fit.
        committed: told of the events of each step, once they are in the journal.
        command: the last command that was seen.
        recalled: how many of the desk's fresh events were looked at for a reason to take back what works.
    """

    desk: Desk
    venue: PaperVenue
    journal: Journal
    rules: Rules
    committed: Callable[[Sequence[Entry]], None]
    command: int = 0
    recalled: int = 0
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
        self.recalled = 0
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
        if (said := heard(command)) is not None:
            desk.record(said)
    for remark in tick.remarks:
        desk.record(Remarked(remark.code, remark.symbol, remark.time, remark.text, remark.count))
    take_over(desk, loop.venue, loop.rules, loop.journal)


def heard(command: Command) -> KillSwitched | Halted | BreakerRearmed | None:
    """What a person asks for; None where it is nothing that this version knows."""
    body = command.body
    by, why = str(body.get("by")), str(body.get("why"))
    match command.kind:
        case KillSwitched.kind:
            return KillSwitched(bool(body["on"]), by, why)
        case Halted.kind:
            return Halted(by, why)
        case BreakerRearmed.kind:
            return BreakerRearmed(str(body["breaker"]), dict(body["keys"]), by, why)
    return None


def match(loop: Loop, tick: Tick) -> None:
    """Orders and exits meet the bars that have closed, along the path that each is taken to have gone."""
    books = loop.desk.books
    waiting = {o.symbol for o in books.orders.values()} | {p.symbol for p in books.ledger.positions.values()}
    for bar in tick.bars:
        if bar.symbol in waiting:
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


def fund_earlier(loop: Loop, tick: Tick) -> None:
    """Funding that was settled before the bars of this tick opened: what they bring was not held then."""
    _fund(loop.desk, [f for f in tick.funding if _is_earlier(f, tick)])


def fund(loop: Loop, tick: Tick) -> None:
    """Funding that was settled since: where no bar is missing, all of it."""
    _fund(loop.desk, [f for f in tick.funding if not _is_earlier(f, tick)])


def _is_earlier(funding: Funding, tick: Tick) -> bool:
    return any(b.symbol == funding.symbol and funding.time <= b.opened for b in tick.bars)


def _fund(desk: Desk, settlements: Iterable[Funding]) -> None:
    """Each strategy pays or gets its position's notional at mark × rate, rounded to 1e-8."""
    for funding in settlements:
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


def close(loop: Loop, tick: Tick) -> None:
    """What the venue closes by itself; margin is judged at the close of bars."""
    for symbol, end in loop.rules.feed.ends.items():
        if end == tick.time:
            closing.delist(loop.desk, symbol)
    closing.liquidate(loop.desk, loop.venue)


def judge(loop: Loop, tick: Tick) -> None:
    """Breakers whose condition fails close."""
    breaking.judge_all(loop.desk)


# What was cleared before these may no longer be.
_RECALLING: Final = (UniverseActivated, BreakerTripped)


def recall(loop: Loop, tick: Tick) -> None:
    """When a person or a breaker stops new positions, or other rules take over, what works is asked for anew: it was
    cleared before.
    """
    _recall(loop)


def recall_again(loop: Loop, tick: Tick) -> None:
    """The same where a breaker has closed since: nothing that it would stop works on until the next tick."""
    while _recall(loop):
        intents.work_off(loop.desk)
        settle(loop.desk)


def _recall(loop: Loop) -> bool:
    fresh = loop.desk.fresh[loop.recalled :]
    loop.recalled += len(fresh)
    if not any(isinstance(e, _RECALLING) or (isinstance(e, KillSwitched) and e.on) for e in fresh):
        return False
    routing.recall(loop.desk)
    settle(loop.desk)
    return True


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
    proposing.propose(loop.desk, loop.closed)


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
    Stage("fund", "funding that was settled before the bars opened", fund_earlier),
    Stage("match", "orders and exits meet the bars that closed, along an assumed path", match),
    Stage("mark", "marks, longer bars, volatility and covariance", mark),
    Stage("fund", "funding that was settled since", fund),
    Stage("value", "NAV, its highest, the start of the UTC day", value),
    Stage("close", "the venue closes what trades no more, and what margin no longer covers", close),
    Stage("judge", "breakers whose condition fails close", judge),
    Stage("recall", "what works is asked for anew, once a kill switch, a breaker or other rules speak", recall),
    Stage("leave", "positions whose record says so are left (table `exit`)", leave),
    Stage("tend", "re-quotes, slices, expiries", tend),
    Stage("propose", "strategies see closed bars, and want orders", propose),
    Stage("recall", "the same, where a breaker has closed since", recall_again),
    Stage("sample", "once an hour, what charts need", sample),
)

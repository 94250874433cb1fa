"""Starting a run, or going on with one: the journal's events make the books again, and the market is shown again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final

from execution.books import Books, Pulse
from execution.desk import Desk
from execution.events import Remarked, RunStarted, UniverseActivated
from execution.feeds import Feed
from execution.gate import Gate, RiskEngine
from execution.journal import Entry, Journal
from execution.loop import HOUR, Loop
from execution.market import Market
from execution.statistics import Statistics
from execution.universes import keep, load_kept
from execution.venues.model import MarketModel
from execution.venues.paper import PaperVenue
from execution.watching import UniverseFile
from universe import Universe
from universe.instruments import instruments
from universe.protocol import Strategy
from universe.trading import Tick

MODE: Final = "paper"


class RunFault(RuntimeError):
    """A run that can't begin or go on here; `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run is a function of.

    Args:
        feed: the market.
        file: the universe on disk.
        model: what candles don't show.
        cash: USDT in the wallet at the start.
        make: the strategies that a universe lets run.
    """

    feed: Feed
    file: UniverseFile
    model: MarketModel
    cash: Decimal
    make: Callable[[Universe], Sequence[Strategy]]


def start(
    plan: Plan, folder: Path, journal: Journal, committed: Callable[[Sequence[Entry]], None]
) -> tuple[Loop, Iterator[Tick]]:
    """A run, where its journal left it, and the ticks that are left of its feed: none of one that is over.

    Raises:
        RunFault: the folder holds another run.
        UniverseFault: the universe can't be decided by.
    """
    books = Books()
    for entry in journal.entries():
        books.apply(entry.event, entry.time)
    cursor = journal.cursor()
    universe = plan.file.first() if books.universe is None else load_kept(folder, books.universe)
    begun = _started(plan, universe if books.run is None else None, books)
    desk = _desk(plan, universe, books, Pulse.from_record(cursor.pulse) if cursor else Pulse())
    venue = desk.venue
    assert isinstance(venue, PaperVenue)
    loop = Loop(desk, venue, journal, folder, plan.file, plan.make, committed, ends=plan.feed.ends)
    if cursor is not None:
        loop.command, desk.now = cursor.command, cursor.time
    if books.ended:
        return loop, iter(())
    ticks = iter(plan.feed)
    if cursor is None:
        _begin(loop, plan, begun, universe)
        return loop, ticks
    return loop, _behind(loop, ticks, cursor.time)


def _started(plan: Plan, universe: Universe | None, books: Books) -> RunStarted:
    """What the run is a function of, which must be what it was when it began."""
    feed = plan.feed
    was = books.run
    first = was.universe if was else universe.ruleset.universe_hash if universe else ""
    environment = was.environment if was else universe.ruleset.environment if universe else ""
    parts = (MODE, environment, first, feed.fingerprint, str(plan.cash), plan.model.hash)
    run = sha256("\n".join(parts).encode()).hexdigest()[:16]
    begun = RunStarted(
        run, MODE, environment, first, feed.label, feed.fingerprint, feed.synthetic, plan.cash, plan.model.hash
    )
    if was is not None and was != begun:
        raise RunFault(
            f"this folder holds another run: {was.feed}, {was.cash} USDT, run {was.run}",
            "give the feed and the cash that it began with, or begin another: --new, or --out with another folder",
        )
    return begun


def _desk(plan: Plan, universe: Universe, books: Books, pulse: Pulse) -> Desk:
    strategies = plan.make(universe)
    kept = {HOUR: 1}
    for strategy in strategies:
        kept[strategy.every] = max(kept.get(strategy.every, 1), strategy.warm_up)
    traded = instruments(universe)
    return Desk(
        books=books,
        pulse=pulse,
        gate=Gate(RiskEngine.of(universe)),
        market=Market(kept),
        statistics=Statistics(),
        model=plan.model,
        venue=PaperVenue(plan.model, traded, books.open_orders()),
        instruments=traded,
        strategies=strategies,
    )


def _begin(loop: Loop, plan: Plan, begun: RunStarted, universe: Universe) -> None:
    keep(loop.folder, universe)
    desk = loop.desk
    desk.now = plan.feed.first
    desk.record(begun)
    desk.record(UniverseActivated(universe.ruleset.universe_hash, universe.ruleset.ruleset_hash))
    for remark in plan.feed.remarks:
        desk.record(Remarked(remark.code, remark.symbol, remark.time, remark.text, remark.count))


def _behind(loop: Loop, ticks: Iterator[Tick], time: int) -> Iterator[Tick]:
    """Show the market what it has seen before, and give the ticks that come after."""
    for tick in ticks:
        if tick.time > time:
            yield tick
            break
        loop.catch_up(tick)
    yield from ticks

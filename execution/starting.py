"""Starting a run, or going on with one: the journal's events make the books again, and the market is shown again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final

from engine.keeper import Keeper
from engine.numbers import canonical
from engine.recent import Recent
from execution.adopting import Make, Rules, bars_of, counted, unfit
from execution.books import Books, Pulse
from execution.breaking import judge_on
from execution.desk import Desk
from execution.events import Remarked, RunStarted, UniverseActivated
from execution.feeds import Feed
from execution.gate import Gate, RiskEngine
from execution.journal import Entry, Journal
from execution.loop import Loop
from execution.market import Market
from execution.statistics import Statistics
from execution.universes import load_kept
from execution.venues.model import MarketModel
from execution.venues.paper import PaperVenue
from execution.watching import UniverseFile
from universe import Universe
from universe.instruments import instruments
from universe.trading import Tick

MODE: Final = "paper"


class RunFault(RuntimeError):
    """A run that can't begin or go on here; `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a run is a function of.

    Args:
        feed: the market.
        file: the universe on disk.
        model: what candles don't show.
        cash: USDT in the wallet at the start.
        make: the strategies that a universe lets run; raises UniverseFault where there is no code for one.
    """

    feed: Feed
    file: UniverseFile
    model: MarketModel
    cash: Decimal
    make: Make


def start(
    setup: Setup, folder: Path, journal: Journal, committed: Callable[[Sequence[Entry]], None]
) -> tuple[Loop, Iterator[Tick]]:
    """A run, where its journal left it, and the ticks that are left of its feed: none of one that is over.

    Raises:
        RunFault: the folder holds another run, or strategies ask for bars that the feed's don't make.
        UniverseFault: the universe can't be decided by.
    """
    books = Books()
    for entry in journal.entries():
        books.apply(entry.event, entry.time)
    if books.run is not None:
        _same_run(books.run, setup)
    cursor = journal.cursor()
    universe = setup.file.first() if books.universe is None else setup.file.again(folder, books.universe)
    pulse = Pulse.from_record(cursor.pulse) if cursor else Pulse()
    desk, venue = _desk(setup, universe, books, pulse, counted(universe.ruleset, journal))
    loop = Loop(desk, venue, journal, Rules(setup.file, folder, setup.make, setup.feed), committed)
    if cursor is None:
        _begin(loop, setup, universe)
        return loop, iter(setup.feed)
    loop.command, desk.now = cursor.command, cursor.time
    return loop, iter(()) if books.ended else _behind(loop, iter(setup.feed), cursor.time)


def first_universe(folder: Path) -> Universe | None:
    """The universe that the run in a folder began with: which symbols its feed has follows from it. None: no run.

    Raises:
        JournalFault: the journal can't be read.
        UniverseFault: the run doesn't keep its universe any more.
    """
    with Journal.read(folder) as journal:
        begun = next((e.event for e in journal.entries(kinds=(RunStarted.kind,))), None)
    return load_kept(folder, begun.universe) if isinstance(begun, RunStarted) else None


def _run_of(setup: Setup, universe: Universe) -> RunStarted:
    """What a run is a function of, and its id."""
    feed, first = setup.feed, universe.ruleset.universe_hash
    parts = (MODE, setup.file.environment, first, feed.fingerprint, canonical(setup.cash), setup.model.hash)
    return RunStarted(
        run=sha256("\n".join(parts).encode()).hexdigest()[:16],
        mode=MODE,
        environment=setup.file.environment,
        universe=first,
        feed=feed.label,
        feed_hash=feed.fingerprint,
        synthetic=feed.synthetic,
        cash=setup.cash,
        model_hash=setup.model.hash,
    )


def _same_run(was: RunStarted, setup: Setup) -> None:
    """Refuse to go on with a run that is a function of something else."""
    feed = setup.feed
    others = []
    if was.environment != setup.file.environment:
        others.append(f"its rules are those of `{was.environment}`, not of `{setup.file.environment}`")
    if was.feed != feed.label:
        others.append(f"it is over {was.feed}, not {feed.label}")
    elif was.feed_hash != feed.fingerprint:
        others.append(f"it is over other {was.feed} than these")
    if was.cash != setup.cash:
        others.append(f"it began with {canonical(was.cash)} USDT, not {canonical(setup.cash)}")
    if was.model_hash != setup.model.hash:
        others.append("it assumed another spread, slippage or fee")
    if others:
        raise RunFault(
            f"the folder holds another run: {'; '.join(others)}",
            "give what it began with, or begin another: --new, or --out with another folder",
        )


def _desk(setup: Setup, universe: Universe, books: Books, pulse: Pulse, recent: Recent) -> tuple[Desk, PaperVenue]:
    strategies, traded = setup.make(universe), instruments(universe)
    if (why := unfit(strategies, setup.feed.interval)) is not None:
        raise RunFault(why, "give bars that divide an hour and what each strategy is asked by, or edit its `every`")
    venue = PaperVenue(setup.model, traded, books.open_orders())
    risk = RiskEngine.of(universe)
    desk = Desk(
        books=books,
        pulse=pulse,
        gate=Gate(risk),
        market=Market(bars_of(strategies)),
        statistics=Statistics(),
        model=setup.model,
        venue=venue,
        instruments=traded,
        strategies=strategies,
        recent=recent,
        keeper=Keeper(risk.engine),
        watched=judge_on,
    )
    return desk, venue


def _begin(loop: Loop, setup: Setup, universe: Universe) -> None:
    setup.file.keep(loop.rules.folder, universe)
    desk = loop.desk
    desk.now = setup.feed.first
    desk.record(_run_of(setup, universe))
    desk.record(UniverseActivated(universe.ruleset.universe_hash, universe.ruleset.ruleset_hash))
    for remark in setup.feed.remarks:
        desk.record(Remarked(remark.code, remark.symbol, remark.time, remark.text, remark.count))


def _behind(loop: Loop, ticks: Iterator[Tick], time: int) -> Iterator[Tick]:
    """Show the market what it has seen before, and give the ticks that come after."""
    for tick in ticks:
        if tick.time > time:
            yield tick
            break
        loop.catch_up(tick)
    yield from ticks

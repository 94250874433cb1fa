"""Adopting: another universe decides from here on, if nothing is to be said against it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import RuleSet
from engine.keeper import Keeper
from engine.recent import Recent
from execution.desk import Desk
from execution.event_texts import fields_of
from execution.events import Event, UniverseActivated, UniverseRefused
from execution.feeds import Feed
from execution.gate import RiskEngine
from execution.journal import Journal
from execution.market import Market
from execution.statistics import HOUR
from execution.venues.paper import PaperVenue
from execution.watching import UniverseFile
from universe import Universe, UniverseFault
from universe.instruments import instruments
from universe.protocol import Strategy

Make = Callable[[Universe], Sequence[Strategy]]


@dataclass(frozen=True, slots=True)
class Rules:
    """Where rules come from, and what they must fit.

    Args:
        file: the universe on disk.
        folder: the run's, where every universe that decides is kept.
        make: the strategies that a universe lets run; raises UniverseFault where there is no code for one.
        feed: the market, of whose bars the strategies' own are made.
    """

    file: UniverseFile
    folder: Path
    make: Make
    feed: Feed


def take_over(desk: Desk, venue: PaperVenue, rules: Rules, journal: Journal) -> None:
    """Decide by the universe on disk from here on, if it is another one, newer, whole, and drops nothing held."""

    def refuse(name: str | None, text: str) -> None:
        # A restart looks at the same file again, and has nothing new to say of it.
        refused = UniverseRefused(name, text)
        if refused != desk.books.refusal:
            desk.record(refused)

    found = rules.file.look(desk.books.universe or "", lambda universe: _objection(desk, rules, universe), refuse)
    if found is None:
        return
    rules.file.keep(rules.folder, found)
    kept, desk.strategies = bars_of(desk.strategies), rules.make(found)
    desk.gate.adopt(RiskEngine.of(found))
    desk.instruments = instruments(found)
    venue.adopt(desk.instruments)
    if bars_of(desk.strategies) != kept:
        desk.market = seen_again(rules.feed, bars_of(desk.strategies), desk.market.time)
    desk.keeper = Keeper(desk.gate.risk.engine)
    desk.recent = counted(found.ruleset, journal)
    for event in desk.fresh:
        count(desk.recent, event, desk.now)
    desk.record(UniverseActivated(found.ruleset.universe_hash, found.ruleset.ruleset_hash))


def _objection(desk: Desk, rules: Rules, universe: Universe) -> str | None:
    """Why a universe may not decide now; None where nothing is to be said against it."""
    books = desk.books
    held = [(p.symbol, p.strategy) for p in books.ledger.positions.values()]
    working = [(o.symbol, o.strategy) for o in books.orders.values()]
    planned = [(p.symbol, p.strategy) for p in books.plans.values()]
    known = universe.ruleset.subjects.keys() | universe.ruleset.actors.keys()
    if dropped := sorted({name for names in (*held, *working, *planned) for name in names} - known):
        return f"it drops {', '.join(dropped)}, where something is held or working; it waits until all is flat"
    try:
        return unfit(rules.make(universe), rules.feed.interval)
    except UniverseFault as fault:
        return str(fault)


def counted(ruleset: RuleSet, journal: Journal) -> Recent:
    """What has happened lately, from the journal's beginning: the same however often the run was begun again."""
    recent = Recent(ruleset)
    if recent.events:
        for entry in journal.entries(kinds=recent.events):
            count(recent, entry.event, entry.time)
    return recent


def count(recent: Recent, event: Event, time: int) -> None:
    """Count an event, if some window looks at its kind."""
    if event.kind in recent.events:
        recent.feed(event.kind, fields_of(event), time)


def unfit(strategies: Iterable[Strategy], interval: int) -> str | None:
    """Why bars of so many seconds can't be run on: an hour and each strategy's own must be made of them."""
    asked = {"statistics": HOUR} | {s.name: s.every for s in strategies}
    return next(
        (
            f"{name}: no bars of {every} s can be made of bars of {interval} s"
            for name, every in asked.items()
            if every % interval
        ),
        None,
    )


def bars_of(strategies: Iterable[Strategy]) -> Mapping[int, int]:
    """The longer bars to keep: interval in seconds → how many closed ones strategies look back on."""
    kept = {HOUR: 1}
    for strategy in strategies:
        kept[strategy.every] = max(kept.get(strategy.every, 1), strategy.warm_up)
    return kept


def seen_again(feed: Feed, kept: Mapping[int, int], until: int) -> Market:
    """The market with other bars kept, as if they had been from the beginning: so it is after a restart too."""
    market = Market(kept)
    for tick in feed:
        if tick.time > until:
            break
        market.feed(tick)
    return market

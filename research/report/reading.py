"""Reading a run: one pass through its journal, by books, state views and the collectors of this page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Protocol

from execution.books import Books, Pulse
from execution.events import KINDS, Decided, RunStarted
from execution.journal import Entry, Journal
from execution.state.view import Moment
from execution.state.views import Views
from research.report.caps import Caps
from research.report.curve import Curve
from research.report.diary import Diary
from research.report.exposure import Exposures
from research.report.flow import Flow
from research.report.headroom import Headroom
from research.report.trades import Trades
from universe.reader import Universe
from universe.trading import ZERO


class NothingToReport(ValueError):
    """A journal of which nothing can be said; `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


class Collector(Protocol):
    """Takes the events of its kinds as they come."""

    kinds: ClassVar[frozenset[str]]

    def take(self, entry: Entry) -> None:
        """Take an event, of one of `kinds`."""


@dataclass(slots=True)
class Parts:
    """What is collected of a run beside books and state views."""

    caps: Caps
    exposures: Exposures
    headroom: Headroom
    curve: Curve = field(default_factory=Curve)
    flow: Flow = field(default_factory=Flow)
    trades: Trades = field(default_factory=Trades)
    diary: Diary = field(default_factory=Diary)

    def takers(self) -> dict[str, list[Callable[[Entry], None]]]:
        """Who takes the events of each kind."""
        all_of_them: tuple[Collector, ...] = (
            self.exposures,
            self.curve,
            self.headroom,
            self.flow,
            self.trades,
            self.diary,
        )
        return {kind: [c.take for c in all_of_them if kind in c.kinds] for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Reading:
    """All that the page says of a run.

    Args:
        run: what it is a function of.
        first: when it begins.
        moment: the books as they are now, and the pulse.
        records: each state file as it would be published now.
        decisions: SHA-256 of the ids of all decisions, in order: two runs that decided alike have the same.
        parts: what was collected.
    """

    run: RunStarted
    first: int
    moment: Moment
    records: dict[str, dict[str, Any]]
    decisions: str
    parts: Parts

    @property
    def last(self) -> int:
        """How far the run has come."""
        return self.moment.pulse.time

    @property
    def adds_up(self) -> bool:
        """Whether NAV is what the run last said it was, and the strategies' results are what NAV has changed by."""
        nav, ledger, pulse = self.moment.nav, self.moment.books.ledger, self.moment.pulse
        if nav is None or pulse.nav is None:
            return False
        results = sum((ledger.result(name, pulse.prices) for name in ledger.accounts), ZERO)
        return nav == pulse.nav and nav - ledger.start - ledger.flows == results


def read(folder: Path, journal: Journal, universe: Universe) -> Reading:
    """Everything that the page says of a run, as its journal stands now.

    Args:
        folder: the run's, where the universes that decided are kept.
        journal: the run's.
        universe: the one that decides now.

    Raises:
        NothingToReport: the run has not worked through its first bar.
        JournalFault: an event can't be read.
    """
    cursor, books, caps = journal.cursor(), Books(), Caps(folder, universe)
    # Nothing is logged from here, so no line of a log needs to be made.
    views, parts = Views(books, logged=2**62), Parts(caps, Exposures(caps), Headroom(caps))
    takers, ids, first = parts.takers(), sha256(), 0
    for entry in journal.entries():
        event = entry.event
        books.apply(event, entry.time)
        views.apply(entry)
        for take in takers[event.kind]:
            take(entry)
        if isinstance(event, Decided):
            ids.update(event.decision.encode())
        elif isinstance(event, RunStarted):
            first = entry.time
    if cursor is None or books.run is None:
        raise NothingToReport("the run has not worked through its first bar", "start it again: the same command")
    pulse = Pulse.from_record(cursor.pulse)
    moment = Moment(books, pulse, views.seq, universe)
    parts.curve.end(moment)
    parts.exposures.end(moment)
    return Reading(books.run, first, moment, views.records(pulse, universe), ids.hexdigest(), parts)

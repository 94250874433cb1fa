"""The eight state files and the four logs, folded together from the journal."""

from typing import Any, Final

from execution.books import Books, Pulse
from execution.events import KINDS
from execution.journal import Entry, Journal
from execution.state import lines
from execution.state.diagnostics import Diagnostics
from execution.state.kpis import Kpis
from execution.state.nav import Nav
from execution.state.positions import PositionsLedger, PositionsState
from execution.state.risk import RiskSnapshot
from execution.state.router import RouterHealth
from execution.state.rules import Rules
from execution.state.text import page
from execution.state.view import Moment, View
from universe.reader import Universe

FILES: Final[tuple[type[View], ...]] = (
    Nav,
    PositionsState,
    PositionsLedger,
    RiskSnapshot,
    RouterHealth,
    Diagnostics,
    Rules,
    Kpis,
)


class Views:
    """Takes entries as they are committed; says at any time what each state file holds then.

    Args:
        books: folded through the same entries by whoever owns them, when anything is asked.
        logged: lines of events up to this one were written before.
    """

    def __init__(self, books: Books, *, logged: int = 0) -> None:
        self.books = books
        self.seq = 0
        self.lines = lines.Lines(logged)
        self._views = tuple(made() for made in FILES)
        takers = [(view.kinds, view.apply) for view in self._views] + [(lines.KINDS, self.lines.apply)]
        self._takers = {kind: tuple(apply for kinds, apply in takers if kind in kinds) for kind in KINDS}

    def apply(self, entry: Entry) -> None:
        """Take the next entry."""
        self.seq = entry.seq
        for take in self._takers[entry.event.kind]:
            take(entry)

    def records(self, pulse: Pulse, universe: Universe | None) -> dict[str, dict[str, Any]]:
        """What each state file holds, by its name."""
        moment = Moment(self.books, pulse, self.seq, universe)
        return {view.name: moment.header() | view.record(moment) for view in self._views}

    def render(self, pulse: Pulse, universe: Universe | None) -> dict[str, str]:
        """The text of each state file, by its name."""
        return {name: page(record) for name, record in self.records(pulse, universe).items()}


def fold(journal: Journal) -> Views:
    """The views of a whole journal, with books of their own."""
    views = Views(Books())
    for entry in journal.entries():
        views.books.apply(entry.event, entry.time)
        views.apply(entry)
    return views

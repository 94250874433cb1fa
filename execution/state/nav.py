"""`nav.json`: what the wallet is worth."""

from typing import Any, ClassVar

from execution.journal import Entry
from execution.state.text import number, ratio
from execution.state.view import Moment
from universe.trading import ZERO


class Nav:
    """Money of the wallet, and how far it has fallen."""

    name: ClassVar[str] = "nav"
    kinds: ClassVar[frozenset[str]] = frozenset()

    def apply(self, entry: Entry) -> None:
        """The books say it all."""

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        books, ledger, nav = moment.books, moment.books.ledger, moment.nav
        peak, start = moment.pulse.peak, books.day_start
        accounts = ledger.accounts.values()
        return {
            "nav": number(nav),
            "valued": moment.pulse.valued,
            "cash": number(ledger.cash),
            "unrealised": number(moment.unrealised),
            "start": number(ledger.start),
            "flows": number(ledger.flows),
            "realised": number(sum((a.realised for a in accounts), ZERO)),
            "fees": number(sum((a.fees for a in accounts), ZERO)),
            "funding": number(sum((a.funding for a in accounts), ZERO)),
            "peak": number(peak),
            "day_start": number(start),
            "drawdown": None if nav is None or peak is None else ratio(peak - nav, peak),
            "day_loss": None if nav is None or start is None else ratio(start - nav, start),
        }

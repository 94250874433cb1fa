"""`kpis.json`: what each strategy brought, and how."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar

from execution.books import Books
from execution.events import Filled, PositionClosed, RunStarted, Sampled
from execution.journal import Entry
from execution.ledger import Account
from execution.state.text import average, number, ratio
from execution.state.view import Moment
from universe.trading import ZERO


@dataclass(slots=True)
class Fall:
    """The largest fall of a value from its highest so far, in USDT, and as a share of NAV when that fall began."""

    highest: Decimal | None = None
    nav_then: Decimal = ZERO
    largest: Decimal = ZERO
    share: str | None = "0"

    def see(self, value: Decimal, nav: Decimal) -> None:
        """Take the next value."""
        if self.highest is None or value > self.highest:
            self.highest, self.nav_then = value, nav
        fall = self.highest - value
        if fall > self.largest:
            self.largest, self.share = fall, ratio(fall, self.nav_then)

    def then(self, value: Decimal | None, nav: Decimal | None) -> "Fall":
        """The same with one more value, where it is known."""
        fall = replace(self)
        if value is not None and nav is not None:
            fall.see(value, nav)
        return fall


@dataclass(slots=True)
class Record:
    """Trades and fills of one strategy, or of all; money in USDT."""

    trades: int = 0
    wins: int = 0
    won: Decimal = ZERO
    lost: Decimal = ZERO
    held: int = 0
    best: Decimal | None = None
    worst: Decimal | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    fills: int = 0
    volume: Decimal = ZERO
    fall: Fall = field(default_factory=Fall)

    def close(self, trade: PositionClosed, time: int) -> None:
        """Count a trade; what it brought is after fees and funding."""
        brought = trade.realised - trade.fees - trade.funding
        self.trades += 1
        self.wins += brought > 0
        self.won += max(brought, ZERO)
        self.lost += max(-brought, ZERO)
        self.held += time - trade.opened
        self.best = brought if self.best is None else max(self.best, brought)
        self.worst = brought if self.worst is None else min(self.worst, brought)
        self.reasons[trade.reason] = self.reasons.get(trade.reason, 0) + 1

    def data(self, account: Account, unrealised: Decimal | None, fall: Fall) -> dict[str, Any]:
        """As data, beside the money of the ledger."""
        return {
            "pnl": None if unrealised is None else number(account.result + unrealised),
            "realised": number(account.realised),
            "unrealised": number(unrealised),
            "fees": number(account.fees),
            "funding": number(account.funding),
            "fills": self.fills,
            "volume": number(self.volume),
            "trades": self.trades,
            "wins": self.wins,
            "win_rate": ratio(Decimal(self.wins), Decimal(self.trades)),
            "profit_factor": ratio(self.won, self.lost),
            "best_trade": number(self.best),
            "worst_trade": number(self.worst),
            "average_hold": average(self.held, self.trades),
            "max_drawdown": number(fall.largest),
            "max_drawdown_share": fall.share,
            "closed_by": dict(sorted(self.reasons.items())),
        }


class Kpis:
    """Each strategy's record, and the account's. Drawdowns are of the start, the hourly samples, and now."""

    name: ClassVar[str] = "kpis"
    kinds: ClassVar[frozenset[str]] = frozenset({"run_started", "fill", "trade", "sample"})

    def __init__(self) -> None:
        self._account = Record()
        self._cash = ZERO
        self._strategies: dict[str, Record] = {}

    def apply(self, entry: Entry) -> None:
        """Count a fill or a trade, or look how far the values have fallen."""
        event = entry.event
        if isinstance(event, RunStarted):
            self._cash = event.cash
            self._account.fall.see(event.cash, event.cash)
        elif isinstance(event, Filled):
            for record in (self._account, self._of(event.strategy)):
                record.fills += 1
                record.volume += event.price * event.quantity
        elif isinstance(event, PositionClosed):
            for record in (self._account, self._of(event.strategy)):
                record.close(event, entry.time)
        elif isinstance(event, Sampled):
            self._account.fall.see(event.nav, event.nav)
            for strategy, value in event.strategies.items():
                self._of(strategy).fall.see(Decimal(value), event.nav)

    def _of(self, strategy: str) -> Record:
        return self._strategies.setdefault(strategy, Record(fall=Fall(ZERO, self._cash)))

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        nav = moment.pulse.nav
        whole = self._account.fall.then(nav, nav)
        names = sorted({*moment.books.ledger.accounts, *self._strategies})
        return {
            "account": self._account.data(_whole(moment.books), moment.unrealised, whole),
            "strategies": {n: self._strategy(n, moment) for n in names},
        }

    def _strategy(self, name: str, moment: Moment) -> dict[str, Any]:
        account = moment.books.ledger.accounts.get(name, Account())
        unrealised = _unrealised(moment, name)
        record = self._strategies.get(name, Record())
        result = None if unrealised is None else account.result + unrealised
        return record.data(account, unrealised, record.fall.then(result, moment.pulse.nav))


def _whole(books: Books) -> Account:
    accounts = books.ledger.accounts.values()
    return Account(
        sum((a.realised for a in accounts), ZERO),
        sum((a.fees for a in accounts), ZERO),
        sum((a.funding for a in accounts), ZERO),
    )


def _unrealised(moment: Moment, strategy: str) -> Decimal | None:
    total = ZERO
    for position in moment.books.ledger.positions.values():
        if position.strategy == strategy:
            price = moment.price(position.symbol)
            if price is None:
                return None
            total += position.unrealised(price)
    return total

"""`router_health.json`: what became of orders, and what they cost against the mark."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from execution.events import Filled, OrderChanged, OrderSent
from execution.journal import Entry
from execution.orders import Change, Order
from execution.state.text import average, number, ratio
from execution.state.view import Moment
from universe.trading import ZERO, Side

ENDS: Final = {
    Change.FILLED: "filled",
    Change.CANCELLED: "cancelled",
    Change.EXPIRED: "expired",
    Change.REJECTED: "rejected",
}


@dataclass(slots=True)
class Tally:
    """Orders of one kind, counted. Money in USDT; `against` is what fills cost more than at mark."""

    sent: int = 0
    filled: int = 0
    cancelled: int = 0
    expired: int = 0
    rejected: int = 0
    requotes: int = 0
    fills: int = 0
    maker: Decimal = ZERO
    taker: Decimal = ZERO
    fees: Decimal = ZERO
    against: Decimal = ZERO
    at_mark: Decimal = ZERO
    waited: int = 0

    def record(self) -> dict[str, Any]:
        """As data, with what follows from the counts."""
        notional = self.maker + self.taker
        ended = self.filled + self.cancelled + self.expired + self.rejected
        return {
            "sent": self.sent,
            "open": self.sent - ended,
            "filled": self.filled,
            "cancelled": self.cancelled,
            "expired": self.expired,
            "rejected": self.rejected,
            "requotes": self.requotes,
            "fills": self.fills,
            "notional": number(notional),
            "maker_share": ratio(self.maker, notional),
            "fees": number(self.fees),
            "slippage": ratio(self.against, self.at_mark),
            "time_to_fill": average(self.waited, self.filled),
        }


class RouterHealth:
    """Counts of orders: all of them, by route and by symbol."""

    name: ClassVar[str] = "router_health"
    kinds: ClassVar[frozenset[str]] = frozenset({"order_sent", "order_changed", "fill"})

    def __init__(self) -> None:
        self._all = Tally()
        self._routes: dict[str, Tally] = {}
        self._symbols: dict[str, Tally] = {}
        self._open: dict[str, tuple[int, OrderSent]] = {}

    def apply(self, entry: Entry) -> None:
        """Count an order, its changes and its fills."""
        event = entry.event
        if isinstance(event, OrderSent):
            self._open[event.order] = entry.time, event
            for tally in self._of(event, event):
                tally.sent += 1
        elif isinstance(event, OrderChanged):
            self._changed(event, entry.time)
        elif isinstance(event, Filled):
            self._filled(event)

    def _changed(self, event: OrderChanged, time: int) -> None:
        sent, order = self._open[event.order]
        change = Change(event.change)
        for tally in self._of(order, order):
            if change is Change.REQUOTED:
                tally.requotes += 1
            if change is Change.FILLED:
                tally.waited += time - sent
            if change in ENDS:
                setattr(tally, ENDS[change], getattr(tally, ENDS[change]) + 1)
        if change in ENDS:
            del self._open[event.order]

    def _filled(self, event: Filled) -> None:
        _, order = self._open.get(event.order, (0, None))
        notional = event.price * event.quantity
        against = Side(event.side).sign * (event.price - event.mark) * event.quantity
        for tally in self._of(event, order):
            tally.fills += 1
            tally.fees += event.fee
            tally.against += against
            tally.at_mark += event.mark * event.quantity
            if event.maker:
                tally.maker += notional
            else:
                tally.taker += notional

    def _of(self, event: OrderSent | Filled, order: OrderSent | None) -> Iterator[Tally]:
        """The tallies that count an event; what the venue closes itself has no order of ours, and no route."""
        yield self._all
        yield self._symbols.setdefault(event.symbol, Tally())
        if order is not None:
            yield self._routes.setdefault(order.route, Tally())

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        return {
            "orders": self._all.record(),
            "routes": {name: t.record() for name, t in sorted(self._routes.items())},
            "symbols": {name: t.record() for name, t in sorted(self._symbols.items())},
            "rejects": dict(sorted(moment.books.refused.items())),
            "open_orders": [_order(o) for o in moment.books.orders.values()],
        }


def _order(order: Order) -> dict[str, Any]:
    return {
        "order": order.id,
        "strategy": order.strategy,
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "state": order.state.value,
        "price": number(order.price),
        "worst_price": number(order.worst_price),
        "quantity": number(order.quantity),
        "filled": number(order.filled),
        "route": order.route,
        "cause": order.cause,
        "reduce_only": order.reduce_only,
        "quotes": order.quotes,
        "sent": order.sent,
        "expires": order.expires,
    }

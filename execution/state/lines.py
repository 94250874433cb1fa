"""The lines of the logs, made from events as they come: each a pure function of the journal up to its event."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from execution.events import Decided, Filled, IntentMade, OrderChanged, OrderSent
from execution.journal import Entry
from execution.orders import Change
from execution.state.router import ENDS
from execution.state.text import line, number, ratio
from universe.trading import ZERO, Side

LOGS: Final = ("orders_executed", "order_metrics", "risk_vetoes", "decisions")
KINDS: Final = frozenset({"intent", "decision", "order_sent", "order_changed", "fill"})


@dataclass(slots=True)
class Sent:
    """An order that has not ended: what was sent and when, the mark then, and its fills so far."""

    event: OrderSent
    time: int
    mark: Decimal | None
    first: int | None = None
    filled: Decimal = ZERO
    notional: Decimal = ZERO
    maker: Decimal = ZERO
    fees: Decimal = ZERO
    quotes: int = 1

    def add(self, fill: Filled, time: int) -> None:
        """Count a fill."""
        notional = fill.price * fill.quantity
        self.first = time if self.first is None else self.first
        self.filled += fill.quantity
        self.notional += notional
        self.maker += notional if fill.maker else ZERO
        self.fees += fill.fee


class Lines:
    """Makes lines; those of events up to `logged` were written before, and are not made again.

    An intent, its decisions and its order are of one step, so what is known of an intent is forgotten with its time.
    """

    def __init__(self, logged: int = 0) -> None:
        self._logged = logged
        self._orders: dict[str, Sent] = {}
        self._intents: dict[str, IntentMade] = {}
        self._marks: dict[str, Decimal] = {}
        self._time: int | None = None
        self._made: dict[str, list[str]] = {log: [] for log in LOGS}

    def waiting(self) -> dict[str, list[str]]:
        """The lines that are not written yet, for each log, in order."""
        return self._made

    def written(self) -> None:
        """All lines so far are written."""
        self._made = {log: [] for log in LOGS}

    def apply(self, entry: Entry) -> None:
        """Take an event, of one of `KINDS`."""
        if entry.time != self._time:
            self._time = entry.time
            self._intents.clear()
            self._marks.clear()
        match entry.event:
            case IntentMade() as event:
                self._intents[event.intent] = event
            case Decided() as event:
                self._decided(event, entry)
            case OrderSent() as event:
                self._orders[event.order] = Sent(event, entry.time, self._marks.get(event.intent))
            case Filled() as event:
                self._filled(event, entry)
            case OrderChanged() as event:
                self._changed(event, entry)

    def _decided(self, event: Decided, entry: Entry) -> None:
        mark = event.record["facts"].get("mark", {}).get("price")
        if isinstance(mark, str):
            self._marks[event.intent] = Decimal(mark)
        if entry.seq <= self._logged:
            return
        self._made["decisions"].append(line(event.record))
        if not event.allowed:
            self._made["risk_vetoes"].append(line(_veto(event, entry, self._intents.get(event.intent))))

    def _filled(self, event: Filled, entry: Entry) -> None:
        sent = self._orders.get(event.order)
        if sent is not None:
            sent.add(event, entry.time)
        if entry.seq > self._logged:
            self._made["orders_executed"].append(line(_fill(event, entry, sent)))

    def _changed(self, event: OrderChanged, entry: Entry) -> None:
        change, sent = Change(event.change), self._orders[event.order]
        sent.quotes += change is Change.REQUOTED
        if change in ENDS:
            del self._orders[event.order]
            if entry.seq > self._logged:
                self._made["order_metrics"].append(line(_metrics(event, entry, sent)))


def _veto(event: Decided, entry: Entry, intent: IntentMade | None) -> dict[str, Any]:
    record = event.record
    order = record["facts"].get("order", {})
    return {
        "seq": entry.seq,
        "time": entry.time,
        "intent": event.intent,
        "attempt": event.attempt,
        "cause": intent.cause if intent else None,
        "strategy": order.get("strategy"),
        "symbol": record["subject"],
        "side": order.get("side"),
        "quantity": order.get("quantity"),
        "price": order.get("price"),
        "max_quantity": record.get("max_quantity"),
        "decision": event.decision,
        "universe": record["universe"],
        "reasons": [veto["reason"] for veto in record["vetoes"]],
        "vetoes": record["vetoes"],
    }


def _fill(event: Filled, entry: Entry, sent: Sent | None) -> dict[str, Any]:
    """A fill with its order; what the venue closes itself has none."""
    order = None if sent is None else sent.event
    return {
        "seq": entry.seq,
        "time": entry.time,
        "order": event.order,
        "intent": order and order.intent,
        "clearance": order and order.clearance,
        "strategy": event.strategy,
        "symbol": event.symbol,
        "side": event.side,
        "type": order and order.type,
        "route": order and order.route,
        "cause": order and order.cause,
        "reduce_only": order and order.reduce_only,
        "price": number(event.price),
        "quantity": number(event.quantity),
        "notional": number(event.price * event.quantity),
        "fee": number(event.fee),
        "maker": event.maker,
        "mark": number(event.mark),
        "slippage": slippage(event.side, event.price, event.mark),
        "filled": sent and number(sent.filled),
        "order_quantity": order and number(order.quantity),
    }


def _metrics(event: OrderChanged, entry: Entry, sent: Sent) -> dict[str, Any]:
    order = sent.event
    average = None if not sent.filled else sent.notional / sent.filled
    return {
        "seq": entry.seq,
        "time": entry.time,
        "order": event.order,
        "intent": order.intent,
        "strategy": order.strategy,
        "symbol": order.symbol,
        "side": order.side,
        "type": order.type,
        "route": order.route,
        "cause": order.cause,
        "end": ENDS[Change(event.change)],
        "reason": event.reason,
        "quantity": number(order.quantity),
        "filled": number(sent.filled),
        "average_price": ratio(sent.notional, sent.filled),
        "mark": number(sent.mark),
        "slippage": slippage(order.side, average, sent.mark),
        "maker_share": ratio(sent.maker, sent.notional),
        "fees": number(sent.fees),
        "quotes": sent.quotes,
        "sent": sent.time,
        "first_fill": None if sent.first is None else sent.first - sent.time,
        "lasted": entry.time - sent.time,
    }


def slippage(side: str, price: Decimal | None, mark: Decimal | None) -> str | None:
    """How much worse than a mark a price is, as a share of it; negative where it is better. None: unknown."""
    if price is None or mark is None:
        return None
    return ratio(Side(side).sign * (price - mark), mark)

"""The desk: all that a run works with at one moment, and the one way in which anything changes: `record`."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from engine.keeper import Keeper
from engine.recent import Recent
from execution.books import Books, Pulse
from execution.event_texts import fields_of
from execution.events import Event
from execution.gate import Gate
from execution.market import Market
from execution.orders import Order
from execution.patience import Patience
from execution.statistics import Statistics
from execution.ticket import Wish
from execution.venues.model import MarketModel, Touch
from execution.venues.port import Venue
from universe.instruments import Instrument
from universe.protocol import Strategy
from universe.trading import ZERO, Side

Watch = Callable[["Desk", Event], None]


@dataclass(slots=True)
class Desk:
    """What the stages share. `recent` counts what happened, `keeper` judges breakers, `watched` is told of each event,
    and `patience` asks strategies; `now` is the time of the tick; `fresh` the events that are not in the journal yet,
    `wishes` the orders that somebody wants and nobody has looked at.
    """

    books: Books
    pulse: Pulse
    gate: Gate
    market: Market
    statistics: Statistics
    model: MarketModel
    venue: Venue
    instruments: Mapping[str, Instrument]
    strategies: Sequence[Strategy]
    recent: Recent
    keeper: Keeper
    watched: Watch
    patience: Patience = field(default_factory=Patience)
    now: int = 0
    fresh: list[Event] = field(default_factory=list)
    wishes: deque[Wish] = field(default_factory=deque)

    def record(self, event: Event) -> None:
        """Let an event happen: the books change by it, and the journal will hold it."""
        self.books.apply(event, self.now)
        self.fresh.append(event)
        if event.kind in self.recent.events:
            self.recent.feed(event.kind, fields_of(event), self.now)
        self.watched(self, event)

    def price(self, symbol: str) -> Decimal | None:
        """The price at which positions are valued: mark where the feed gives it, else the last trade (modelled)."""
        return self.pulse.prices.get(symbol)

    def touch(self, symbol: str) -> Touch | None:
        """The modelled bid and ask; None before the first price."""
        price = self.price(symbol)
        return None if price is None else self.model.touch(self.instruments[symbol], price, self.roughness(symbol))

    def roughness(self, symbol: str) -> Decimal | None:
        """Short over long volatility; None before both are known."""
        short, long = self.statistics.vol_short(symbol), self.statistics.vol_long(symbol)
        return None if short is None or long is None else short / long

    def worth(self, order: Order) -> Decimal:
        """What is left of an order, in USDT at the worst price at which it may fill."""
        price = order.worst_price or order.price or self.price(order.symbol) or ZERO
        return order.remaining * price

    def best(self, strategy: str, symbol: str) -> Decimal:
        """The highest unrealised profit that a position has seen."""
        return self.pulse.best.get((strategy, symbol), ZERO)

    def waiting(self, symbol: str, side: Side, strategy: str | None = None) -> tuple[Decimal, Decimal]:
        """Quantity and notional that work on one side of a symbol: orders, and clearances not yet spent."""
        quantity = notional = ZERO
        for order in self.books.open_orders(symbol, strategy):
            if order.side is side:
                quantity += order.remaining
                notional += self.worth(order)
        for held in self.gate.reserved():
            if held.symbol == symbol and held.side is side and (strategy is None or held.strategy == strategy):
                quantity += held.quantity
                notional += held.quantity * (held.worst_price or self.price(symbol) or ZERO)
        return quantity, notional

    def meets(self, symbol: str, side: Side) -> Decimal | None:
        """The price at which an order would first meet what works on one side of a symbol: the lowest of sells, the
        highest of buys. An order is met where it rests, else at its worst price; None where nothing works, or where
        something has no price.
        """
        prices = [o.price or o.worst_price for o in self.books.open_orders(symbol) if o.side is side]
        prices += [c.worst_price for c in self.gate.reserved() if c.symbol == symbol and c.side is side]
        known = [price or self.price(symbol) for price in prices]
        if not known or None in known:
            return None
        return min((p for p in known if p is not None), key=lambda p: -side.sign * p)

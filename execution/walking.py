"""Walking a bar: resting orders and exits meet the price in the order in which the bar is taken to have gone.

A candle doesn't say which way it went. One that rose is taken to have gone open → low → high → close, one that
fell open → high → low → close. What lies between the last close and the open was never traded: a stop in that
gap fills at the open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from execution import exits, margin, routing
from execution.desk import Desk
from execution.exits import Leave
from execution.leaving import ask_to_close, start_leaving
from execution.ledger import Position
from execution.orders import Order, State, Type
from execution.settling import settle
from execution.ticket import Cause
from execution.venues.paper import PaperVenue
from universe.trading import Bar, Side


def path(bar: Bar) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """The prices that a bar is taken to have gone through, in order."""
    first, second = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    return bar.open, first, second, bar.close


@dataclass(frozen=True, slots=True)
class _Meeting:
    """Something that the price meets on its way: an order, or a position's exit."""

    distance: Decimal
    price: Decimal
    order: Order | None = None
    position: Position | None = None
    losing: bool = False


class Walk:
    """One bar, walked through by everything that waits in its symbol."""

    def __init__(self, desk: Desk, venue: PaperVenue, bar: Bar) -> None:
        self._desk = desk
        self._venue = venue
        self._bar = bar
        before = desk.market.last(bar.symbol)
        # What was sent or moved since the last bar there was, perhaps in a gap, has not reached the book yet.
        self._since = bar.opened if before is None else before.time
        self._asked: set[tuple[str, bool]] = set()
        self._arrived = False

    def go(self) -> None:
        """Walk from the open to the close."""
        self._venue.begin(self._bar)
        self._lapse()
        at, *points = path(self._bar)
        self._stand(at)
        self._segment(at, at)
        self._arrivals(at)
        for point in points:
            self._segment(at, point)
            at = point

    def _lapse(self) -> None:
        """An order whose clearance ended before the bar began does not meet it."""
        for order in self._meeting_orders():
            if order.expires <= self._bar.opened:
                routing.expire(self._desk, order)
                settle(self._desk)

    def _stand(self, price: Decimal) -> None:
        """The market is at a price: positions are valued at it, and the best that they have seen is kept."""
        pulse = self._desk.pulse
        pulse.prices[self._bar.symbol] = price
        for position in self._desk.books.ledger.in_symbol(self._bar.symbol):
            key = (position.strategy, position.symbol)
            unrealised = position.unrealised(price)
            if unrealised > pulse.best.get(key, 0):
                pulse.best[key] = unrealised

    def _arrivals(self, price: Decimal) -> None:
        """What was sent since the bar before reaches the book."""
        self._arrived = True
        for order in self._meeting_orders():
            if order.quoted >= self._since:
                why = margin.refusal(self._desk, order) if order.state is State.SENT else None
                if why is None:
                    self._venue.arrive(order, price)
                else:
                    self._venue.refuse(order, why)
                settle(self._desk)
            if order.is_open and order.type is Type.MARKET:
                self._venue.take(order, price)
                settle(self._desk)

    def _meeting_orders(self) -> list[Order]:
        """Orders that were made before the bar began."""
        return [o for o in self._desk.books.open_orders(self._bar.symbol) if o.quoted <= self._bar.opened]

    def _segment(self, at: Decimal, to: Decimal) -> None:
        """Go from one price to another, meeting what lies between in its order; each exit is asked about once."""
        self._asked.clear()
        while (met := self._next(at, to)) is not None:
            at = met.price
            self._stand(at)
            if met.order is not None:
                self._venue.trade_through(met.order)
                settle(self._desk)
            elif met.position is not None:
                self._asked.add((met.position.strategy, met.losing))
                self._leave(met.position, at)
        self._stand(to)

    def _next(self, at: Decimal, to: Decimal) -> _Meeting | None:
        """The first thing on the way; an order before an exit at the same price."""
        meetings = [*self._orders_between(at, to), *self._exits_between(at, to)]
        return min(meetings, key=lambda m: m.distance, default=None)

    def _orders_between(self, at: Decimal, to: Decimal) -> Iterator[_Meeting]:
        for order in self._meeting_orders():
            arrived = self._arrived or order.quoted < self._since
            if not arrived or order.state is not State.WORKING or not self._venue.has_room(order):
                continue
            if order.price is None:
                continue
            buys = order.side is Side.BUY
            if to < order.price if buys else to > order.price:
                met = min(at, order.price) if buys else max(at, order.price)
                yield _Meeting(abs(at - met), met, order=order)

    def _exits_between(self, at: Decimal, to: Decimal) -> Iterator[_Meeting]:
        for position in self._desk.books.ledger.in_symbol(self._bar.symbol):
            for level, losing in (
                (exits.losing_price(self._desk, position), True),
                (exits.winning_price(self._desk, position), False),
            ):
                if level is None or (position.strategy, losing) in self._asked:
                    continue
                below = (position.sign > 0) is losing
                reached = to <= level if below else to >= level
                if reached:
                    met = min(at, level) if below else max(at, level)
                    yield _Meeting(abs(at - met), met, position=position, losing=losing)

    def _leave(self, position: Position, price: Decimal) -> None:
        """Ask whether the position is to be left here, and do so at once where that is urgent.

        What the venue does not take in one order goes in several.
        """
        leave = exits.decide(self._desk, position)
        if leave is None or not start_leaving(self._desk, leave) or not leave.urgent:
            return
        while self._exit_fills(leave, price):
            ask_to_close(self._desk, leave)
        if self._desk.books.ledger.position(position.strategy, position.symbol) is None:
            self._asked -= {(position.strategy, True), (position.strategy, False)}

    def _exit_fills(self, leave: Leave, price: Decimal) -> bool:
        """Let the exit that was asked for meet the price; whether it filled."""
        fills = self._desk.books.fills
        for order in self._desk.books.open_orders(leave.symbol, leave.strategy):
            if order.type is Type.MARKET and order.cause == Cause.EXIT:
                self._venue.arrive(order, price)
                settle(self._desk)
                self._venue.take(order, price)
                settle(self._desk)
        return self._desk.books.fills > fills

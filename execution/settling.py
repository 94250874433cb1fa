"""Settling: what the venue answers is booked, and what follows from a fill is done at once.

A position that a fill opens or enlarges has its exits armed before anything else happens.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from execution import exits, routing
from execution.desk import Desk
from execution.events import Delisted, Filled, Liquidated, OrderChanged, PositionClosed
from execution.ledger import CENT, Position
from execution.orders import Change
from execution.venues.port import Ack, Fill, Refused
from universe.trading import ZERO

# Fills that no order of ours asked for name their reason themselves.
UNASKED: Final = frozenset({Delisted.kind, Liquidated.kind})


def settle(desk: Desk) -> None:
    """Book everything that the venue has answered."""
    while answers := desk.venue.answers():
        for answer in answers:
            if isinstance(answer, Fill):
                book(desk, answer)
            else:
                _acknowledge(desk, answer)


def _acknowledge(desk: Desk, ack: Ack) -> None:
    order = desk.books.orders[ack.order]
    desk.record(OrderChanged(ack.order, ack.change.value, order.price, ack.reason))
    if ack.change is Change.REJECTED and ack.reason == Refused.WOULD_CROSS:
        routing.rejected(desk, order)
    elif ack.change is Change.EXPIRED and order.quantity == order.remaining:
        routing.given_up(desk, order)


def book(desk: Desk, fill: Fill) -> None:
    """Book a fill of an order that is in the books."""
    order = desk.books.orders[fill.order]
    mark = desk.price(order.symbol)
    event = Filled(
        order=order.id,
        strategy=order.strategy,
        symbol=order.symbol,
        side=order.side.value,
        price=fill.price,
        quantity=fill.quantity,
        fee=fill.fee,
        maker=fill.maker,
        mark=fill.price if mark is None else mark,
    )
    book_fill(desk, event, order.cause)
    change = Change.PART_FILLED if order.remaining > ZERO else Change.FILLED
    desk.record(OrderChanged(order.id, change.value, order.price, ""))


def book_fill(desk: Desk, event: Filled, cause: str) -> None:
    """Book a fill, and what follows: the trade that it ends, the exits of the position that it opens or enlarges."""
    before = desk.books.ledger.position(event.strategy, event.symbol)
    opened_by = None if before is None else before.opened_by
    held = ZERO if before is None else abs(before.quantity)
    desk.record(event)
    after = desk.books.ledger.position(event.strategy, event.symbol)
    if before is not None and opened_by is not None and after is not before:
        desk.pulse.best.pop((event.strategy, event.symbol), None)
        desk.record(
            PositionClosed(
                strategy=before.strategy,
                symbol=before.symbol,
                side=opened_by.value,
                opened=before.opened,
                quantity=before.largest,
                realised=before.realised,
                fees=before.fees,
                funding=before.funding,
                reason=cause if cause in UNASKED else before.closing or "strategy",
            )
        )
    if after is None:
        return
    if after is not before or abs(after.quantity) > held:
        exits.arm(desk, after)
    else:
        _keep_best(desk, after, held)


def _keep_best(desk: Desk, position: Position, held: Decimal) -> None:
    """Part of a position was closed: the best profit that is left to compare with is that of the part that is left.

    Without this, what was taken as profit would count as given back, and set off the trailing stop.
    """
    key = (position.strategy, position.symbol)
    best = desk.pulse.best.get(key)
    if best is not None:
        desk.pulse.best[key] = (best * abs(position.quantity) / held).quantize(CENT, ROUND_HALF_EVEN)

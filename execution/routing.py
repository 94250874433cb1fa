"""Routing: a clearance becomes an order or a plan, and what works is tended: re-quoted, sliced, given up.

Nothing here is sent that was not cleared, and nothing is sent larger or at a worse price than it was cleared.
"""

from collections import deque
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from engine import Answer
from execution.books import Plan
from execution.desk import Desk
from execution.events import OrderChanged, OrderSent, PlanEnded, PlanMade
from execution.orders import Change, Order, State, Type
from execution.prices import down, no_worse
from execution.ticket import Cause, Ticket, Wish
from universe.instruments import Instrument
from universe.trading import ZERO, Side

MAKER: Final = "maker_first"
TAKER: Final = "taker"
TWAP: Final = "twap"

# A slice, and what is left of one, is never sliced again.
PLANNED: Final = frozenset({Cause.STRATEGY, Cause.EXIT})


def carry_out(desk: Desk, ticket: Ticket, way: Answer, *, reduce_only: bool) -> None:
    """Do what the table of routes says with what was cleared."""
    clearance, about = ticket.clearance, ticket.about
    assert clearance is not None
    style = way.outputs.get("style")
    if style == TWAP and ticket.cause in PLANNED:
        desk.gate.release(clearance)
        _plan(desk, ticket, way)
    elif style == TAKER and not about.urgent:
        # It was cleared as an order that waits; taking now means its collar price, so it is cleared anew.
        desk.gate.release(clearance)
        why = f"the route is {way.row}"
        parent = ticket.intent.intent
        desk.wishes.append(
            Wish(about.strategy, about.symbol, about.side, clearance.quantity, Cause.FALLBACK, True, why, parent)
        )
    else:
        _send(desk, ticket, way, market=style == TAKER, reduce_only=reduce_only)


def _send(desk: Desk, ticket: Ticket, way: Answer, *, market: bool, reduce_only: bool) -> None:
    clearance, about = ticket.clearance, ticket.about
    assert clearance is not None
    assert about.leverage is not None
    offset = _number(way, "offset")
    price = None if market else quote_price(desk, about.symbol, about.side, offset)
    desk.gate.spend(clearance, clearance.quantity, price or clearance.worst_price, desk.now)
    run = desk.books.run
    order = f"hr{run.run[:8] if run else ''}-{clearance.id.replace('/', '-')}"
    desk.record(
        OrderSent(
            order=order,
            intent=ticket.intent.intent,
            clearance=clearance.id,
            strategy=about.strategy,
            symbol=about.symbol,
            side=about.side.value,
            type=(Type.MARKET if market else Type.LIMIT).value,
            price=price,
            worst_price=clearance.worst_price,
            quantity=clearance.quantity,
            post_only=not market,
            reduce_only=reduce_only,
            leverage=about.leverage,
            cause=ticket.cause.value,
            route=str(way.row),
            offset=offset,
            retries=int(_number(way, "retries")),
            patience=int(_number(way, "patience")),
            expires=clearance.expires,
            plan=ticket.intent.parent if ticket.cause is Cause.SLICE else None,
            quotes=ticket.quotes,
        )
    )
    desk.venue.submit(desk.books.orders[order], clearance)


def _plan(desk: Desk, ticket: Ticket, way: Answer) -> None:
    about, name = ticket.about, f"p{ticket.intent.intent[1:]}"
    assert ticket.clearance is not None
    desk.record(
        PlanMade(
            plan=name,
            strategy=about.strategy,
            symbol=about.symbol,
            side=about.side.value,
            quantity=ticket.clearance.quantity,
            slices=max(1, int(_number(way, "slices"))),
            interval=int(_number(way, "interval")),
            urgent=about.urgent,
        )
    )
    _slice(desk, desk.books.plans[name])


def quote_price(desk: Desk, symbol: str, side: Side, offset: Decimal) -> Decimal | None:
    """A maker's price: this far from the middle, on the grid, never across the best price of the other side."""
    touch = desk.touch(symbol)
    if touch is None:
        return None
    instrument: Instrument = desk.instruments[symbol]
    middle = (touch.bid + touch.ask) / 2
    price = no_worse(middle * (1 - side.sign * offset), side, instrument.tick)
    inside = min(price, touch.ask - instrument.tick) if side is Side.BUY else max(price, touch.bid + instrument.tick)
    return max(inside, instrument.tick)


def _slice(desk: Desk, plan: Plan) -> None:
    """Ask for a plan's next slice: an equal share of what was not sent yet, and no less than the venue takes."""
    instrument, number = desk.instruments[plan.symbol], plan.asked + 1
    share = down(plan.left / (plan.slices - plan.asked), instrument.step)
    quantity = min(max(share, instrument.min_quantity), plan.left)
    why = f"slice {number} of {plan.slices}"
    desk.wishes.append(Wish(plan.strategy, plan.symbol, plan.side, quantity, Cause.SLICE, plan.urgent, why, plan.id))


def tend(desk: Desk, trading: Collection[str]) -> None:
    """Look after what works in the symbols that are trading now: slices that are due, quotes that have waited."""
    for plan in desk.books.plans.values():
        # One slice of each: the venue shows one bar at a time.
        if plan.due <= desk.now and plan.symbol in trading:
            _slice(desk, plan)
    for order in desk.books.open_orders():
        if order.symbol not in trading or order.quoted == desk.now:
            continue
        if desk.now >= order.expires:
            expire(desk, order)
        elif order.type is Type.LIMIT and order.state is State.WORKING and desk.now - order.quoted >= order.patience:
            _requote(desk, order)


def expire(desk: Desk, order: Order) -> None:
    """Take an order back whose clearance no longer holds, and ask anew for what is left of it."""
    desk.venue.cancel(order)
    _take(desk, order, "its clearance expired")


def _requote(desk: Desk, order: Order) -> None:
    price = quote_price(desk, order.symbol, order.side, order.offset)
    if price is None:
        return
    left = order.worst_price is not None and (price - order.worst_price) * order.side.sign > 0
    if left or order.quotes > order.retries:
        desk.venue.cancel(order)
        _quote_again(desk, order, "the market has left what was cleared")
    elif price != order.price:
        desk.record(OrderChanged(order.id, Change.REQUOTED.value, price, ""))
        desk.venue.amend(order, price)


def rejected(desk: Desk, order: Order) -> None:
    """A maker's order would have crossed: quote again, as a new intent."""
    _quote_again(desk, order, "post-only was refused")


def given_up(desk: Desk, order: Order) -> None:
    """A market order found nothing at its worst price or better: ask anew, at today's collar."""
    if order.cause in (Cause.EXIT, Cause.FALLBACK):
        _take(desk, order, "nothing at its worst price or better")


def _quote_again(desk: Desk, order: Order, why: str) -> None:
    """Show another price for what is left of an order, as an intent of its own; take, once all tries are used up."""
    if order.quotes > order.retries:
        _take(desk, order, f"not filled after {order.quotes} quotes")
    else:
        _again(desk, order, Cause.REQUOTE, why, quotes=order.quotes)


def _take(desk: Desk, order: Order, why: str) -> None:
    """Ask for what is left of an order at once, as an intent of its own."""
    _again(desk, order, Cause.FALLBACK, why)


def _again(desk: Desk, order: Order, cause: Cause, why: str, quotes: int = 0) -> None:
    if order.remaining > ZERO:
        urgent = cause is Cause.FALLBACK
        desk.wishes.append(
            Wish(
                order.strategy,
                order.symbol,
                order.side,
                order.remaining,
                cause,
                urgent,
                why,
                parent=order.intent,
                quotes=quotes,
            )
        )


def recall(desk: Desk) -> None:
    """Take every order back, and ask anew for what is left of it: what may no longer be ends with a veto.

    Plans go on: each of their slices is decided on its own.
    """
    for order in desk.books.open_orders():
        desk.venue.cancel(order)
        cause = Cause.FALLBACK if order.type is Type.MARKET else Cause.REQUOTE
        _again(desk, order, cause, "it was cleared under other rules", order.quotes - 1)


def clear_the_way(desk: Desk, reason: str, *, symbol: str | None = None, strategy: str | None = None) -> None:
    """Take back everything that works, is planned or is wanted: in a symbol, of a strategy, or at all."""

    def is_meant(one: Plan | Wish) -> bool:
        return symbol in (None, one.symbol) and strategy in (None, one.strategy)

    for plan in [p for p in desk.books.plans.values() if is_meant(p)]:
        desk.record(PlanEnded(plan.id, reason))
    for order in desk.books.open_orders(symbol, strategy):
        desk.venue.cancel(order)
    desk.wishes = deque(w for w in desk.wishes if not is_meant(w))


def _number(way: Answer, name: str) -> Decimal:
    value = way.outputs.get(name)
    return value if isinstance(value, Decimal) else ZERO

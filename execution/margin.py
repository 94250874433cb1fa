"""Margin, as the venue holds it against the wallet: cross margin, one position per symbol."""

from decimal import Decimal

from execution.desk import Desk
from execution.orders import Order
from execution.venues.port import Refused
from universe.trading import ZERO


def initial(desk: Desk) -> Decimal | None:
    """Margin in USDT that positions and working orders tie up: notional ÷ leverage; None where a price is missing."""
    tied = ZERO
    for symbol in desk.books.ledger.symbols():
        price = desk.price(symbol)
        if price is None:
            return None
        leverage = min(p.leverage for p in desk.books.ledger.in_symbol(symbol))
        tied += abs(desk.books.ledger.net(symbol)) * price / leverage
    return tied + sum((desk.worth(o) / o.leverage for o in desk.books.open_orders() if not o.reduce_only), ZERO)


def available(desk: Desk) -> Decimal | None:
    """Margin in USDT that new orders may use: NAV less what is tied up; rounded to 1e-8."""
    tied = initial(desk)
    if tied is None or desk.pulse.nav is None:
        return None
    return (desk.pulse.nav - tied).quantize(Decimal("0.00000001"))


def refusal(desk: Desk, order: Order) -> Refused | None:
    """Why the venue refuses an order that reaches the book; None: it takes it.

    What reduces the wallet's position is always taken; so is a protective exit, which a paper venue holds no margin
    against: that two strategies are on opposite sides must not leave one of them without its stop.
    """
    if order.reduce_only or order.worst_price is None:
        return None
    left = available(desk)
    if left is None or left < 0:
        return Refused.MARGIN
    price = desk.price(order.symbol) or ZERO
    held = desk.books.ledger.net(order.symbol) * price
    bracket = desk.instruments[order.symbol].bracket(abs(held + order.side.sign * desk.worth(order)))
    return Refused.LEVERAGE if bracket is None or bracket.leverage < order.leverage else None


def maintenance(desk: Desk) -> Decimal | None:
    """Margin in USDT below which the venue liquidates: each net position's, by its bracket; None where a price is
    missing.
    """
    needed = ZERO
    for symbol in desk.books.ledger.symbols():
        price = desk.price(symbol)
        if price is None:
            return None
        needed += desk.instruments[symbol].maintenance(abs(desk.books.ledger.net(symbol)) * price)
    return needed

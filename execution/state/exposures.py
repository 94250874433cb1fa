"""Exposures as the gates count them: positions at mark, with what works for them filled the worse way round."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from execution.orders import Order
from execution.state.view import Moment
from universe.trading import ZERO, Side


@dataclass(slots=True)
class Exposure:
    """One symbol, in USDT: the signed position at mark, and working orders at the worst prices they may fill at."""

    notional: Decimal = ZERO
    buys: Decimal = ZERO
    sells: Decimal = ZERO

    @property
    def worst(self) -> Decimal:
        """max(position + buys, sells − position)."""
        return max(self.notional + self.buys, self.sells - self.notional)


def exposures(moment: Moment, strategy: str | None = None) -> dict[str, Exposure] | None:
    """Every symbol in which the wallet (or a strategy) holds or asks for anything, in order; None where a price is
    unknown.
    """
    found: dict[str, Exposure] = {}
    for position in moment.books.ledger.positions.values():
        if strategy is None or position.strategy == strategy:
            price = moment.price(position.symbol)
            if price is None:
                return None
            found.setdefault(position.symbol, Exposure()).notional += position.quantity * price
    for order in moment.books.open_orders(strategy=strategy):
        worth = worth_of(order, moment)
        if worth is None:
            return None
        exposure = found.setdefault(order.symbol, Exposure())
        if order.side is Side.BUY:
            exposure.buys += worth
        else:
            exposure.sells += worth
    return dict(sorted(found.items()))


def worth_of(order: Order, moment: Moment) -> Decimal | None:
    """What is left of an order, in USDT at the worst price at which it may fill; None where no price is known."""
    price = order.worst_price or order.price or moment.price(order.symbol)
    return None if price is None else order.remaining * price


def total(of: Iterable[Exposure]) -> Decimal:
    """The sum of exposures, each the worse way round."""
    return sum((e.worst for e in of), ZERO)

"""Exposures: positions with everything that works for them, filled the worse way round."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from execution.desk import Desk
from universe.trading import ZERO, Side


@dataclass(frozen=True, slots=True)
class Exposure:
    """One symbol, in USDT: the signed position at mark, and the working orders at their worst prices."""

    symbol: str
    notional: Decimal
    buys: Decimal
    sells: Decimal

    @property
    def worst(self) -> Decimal:
        """max(position + buys, sells − position)."""
        return max(self.notional + self.buys, self.sells - self.notional)

    @property
    def furthest(self) -> Decimal:
        """The signed notional furthest from flat that position and working orders can come to."""
        most, least = self.notional + self.buys, self.notional - self.sells
        return most if abs(most) >= abs(least) else least

    @property
    def is_flat(self) -> bool:
        """Nothing held and nothing working."""
        return not (self.notional or self.buys or self.sells)


def exposures(desk: Desk, strategy: str | None = None) -> dict[str, Exposure] | None:
    """Every symbol in which the wallet (or a strategy) holds or asks for anything; None where a price is missing."""
    ledger = desk.books.ledger
    held: dict[str, Decimal] = {}
    for position in ledger.positions.values():
        if strategy is None or position.strategy == strategy:
            held[position.symbol] = held.get(position.symbol, ZERO) + position.quantity
    working = {o.symbol for o in desk.books.open_orders(strategy=strategy)}
    working |= {c.symbol for c in desk.gate.reserved() if strategy is None or c.strategy == strategy}
    found: dict[str, Exposure] = {}
    for symbol in sorted(held.keys() | working):
        price = desk.price(symbol)
        if price is None:
            return None
        _, buys = desk.waiting(symbol, Side.BUY, strategy)
        _, sells = desk.waiting(symbol, Side.SELL, strategy)
        found[symbol] = Exposure(symbol, held.get(symbol, ZERO) * price, buys, sells)
    return found


def total(of: Iterable[Exposure]) -> Decimal:
    """The sum of exposures, each the worse way round."""
    return sum((e.worst for e in of), ZERO)

"""The ledger: each strategy's positions, with their exits in the record, and the wallet's net beside them.

Cash = start + flows + realised − fees − funding, to the last digit: what a part of a position cost is taken off
its cost at 1e-8 USDT, and what was not taken off stays, so that no rounding is ever lost.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from universe.trading import ZERO, Side, side_of

CENT: Final = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Exits:
    """When a position is left: shares of its cost, and a duration in seconds; None: not armed."""

    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing_stop: Decimal | None
    time_stop: int | None


@dataclass(slots=True)
class Position:
    """A strategy's position in a symbol. `quantity` is negative when short; money is in USDT.

    `cost` is what the open quantity cost at entry; `largest` the largest quantity held; `realised`, `fees`,
    `funding` are those since it was opened; `closing` the reason for which it is being left.
    """

    strategy: str
    symbol: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    opened: int = 0
    leverage: Decimal = Decimal(1)
    largest: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    exits: Exits | None = None
    closing: str | None = None

    @property
    def sign(self) -> int:
        """1 when long, -1 when short, 0 when flat."""
        return (self.quantity > 0) - (self.quantity < 0)

    @property
    def entry_price(self) -> Decimal:
        """The average price at which the open quantity was entered."""
        return self.cost / abs(self.quantity)

    @property
    def opened_by(self) -> Side:
        """The side that opened it."""
        return side_of(self.quantity)

    def unrealised(self, price: Decimal) -> Decimal:
        """Profit or loss of the open quantity at a price."""
        return self.quantity * price - self.sign * self.cost


@dataclass(slots=True)
class Account:
    """The money of one strategy: all since the start, in USDT."""

    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def result(self) -> Decimal:
        """What it brought, without what is unrealised."""
        return self.realised - self.fees - self.funding


@dataclass(slots=True)
class Ledger:
    """All positions and money. `start` and `flows` are the wallet's, in USDT; everything else belongs to a strategy."""

    start: Decimal = ZERO
    flows: Decimal = ZERO
    accounts: dict[str, Account] = field(default_factory=dict)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)

    @property
    def cash(self) -> Decimal:
        """The wallet's balance: start + flows + realised − fees − funding."""
        return self.start + self.flows + sum((a.result for a in self.accounts.values()), ZERO)

    def account(self, strategy: str) -> Account:
        """A strategy's money."""
        return self.accounts.setdefault(strategy, Account())

    def position(self, strategy: str, symbol: str) -> Position | None:
        """A strategy's position in a symbol; None when flat."""
        return self.positions.get((strategy, symbol))

    def in_symbol(self, symbol: str) -> list[Position]:
        """Every strategy's position in a symbol."""
        return [p for p in self.positions.values() if p.symbol == symbol]

    def net(self, symbol: str) -> Decimal:
        """The wallet's position in a symbol."""
        return sum((p.quantity for p in self.positions.values() if p.symbol == symbol), ZERO)

    def symbols(self) -> list[str]:
        """Symbols in which any strategy holds something, in order."""
        return sorted({p.symbol for p in self.positions.values()})

    def fill(
        self, strategy: str, symbol: str, side: Side, quantity: Decimal, price: Decimal, fee: Decimal, time: int
    ) -> Position | None:
        """Book a fill; the position as it was when closed, where the fill leaves it flat or turns it over."""
        account = self.account(strategy)
        account.fees += fee
        position = self.positions.get((strategy, symbol))
        if position is None:
            position = self.positions[strategy, symbol] = Position(strategy, symbol, opened=time)
        closing = min(quantity, abs(position.quantity)) if position.sign == -side.sign else ZERO
        opening = quantity - closing
        closing_fee = fee if not opening else (fee * closing / quantity).quantize(CENT, ROUND_HALF_EVEN)
        closed = None
        if closing:
            position.fees += closing_fee
            account.realised += _close(position, closing, price)
            if not position.quantity:
                closed = self.positions.pop((strategy, symbol))
                position = None
        if opening:
            if position is None:
                position = self.positions[strategy, symbol] = Position(strategy, symbol, opened=time)
            position.fees += fee - closing_fee
            position.quantity += side.sign * opening
            position.cost += opening * price
            position.largest = max(position.largest, abs(position.quantity))
        return closed

    def fund(self, strategy: str, symbol: str, amount: Decimal) -> None:
        """Book a funding payment; positive is paid."""
        self.account(strategy).funding += amount
        self.positions[strategy, symbol].funding += amount

    def nav(self, prices: dict[str, Decimal]) -> Decimal:
        """Cash with every position at these prices."""
        return self.cash + sum((p.unrealised(prices[p.symbol]) for p in self.positions.values()), ZERO)

    def result(self, strategy: str, prices: dict[str, Decimal]) -> Decimal:
        """What a strategy brought, its open positions at these prices; over all strategies this is NAV less start and
        flows.
        """
        held = (p.unrealised(prices[p.symbol]) for p in self.positions.values() if p.strategy == strategy)
        return self.account(strategy).result + sum(held, ZERO)


def _close(position: Position, quantity: Decimal, price: Decimal) -> Decimal:
    """Take a part off a position; what it realised."""
    whole = quantity == abs(position.quantity)
    share = position.cost * quantity / abs(position.quantity)
    cost = position.cost if whole else share.quantize(CENT, ROUND_HALF_EVEN)
    realised = position.sign * (quantity * price - cost)
    position.cost -= cost
    position.quantity -= position.sign * quantity
    position.realised += realised
    return realised

"""Orders: what was sent, and the table of states that it may go through."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from universe.trading import ZERO, Side


class State(StrEnum):
    """Where an order is."""

    SENT = "sent"
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class Change(StrEnum):
    """What may happen to an order."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REQUOTED = "requoted"
    PART_FILLED = "part_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# Every pair that is possible; any other is a fault.
NEXT: Final = {
    (State.SENT, Change.ACCEPTED): State.WORKING,
    (State.SENT, Change.REJECTED): State.REJECTED,
    (State.SENT, Change.CANCELLED): State.CANCELLED,
    (State.SENT, Change.EXPIRED): State.EXPIRED,
    (State.WORKING, Change.REQUOTED): State.WORKING,
    (State.WORKING, Change.PART_FILLED): State.WORKING,
    (State.WORKING, Change.FILLED): State.FILLED,
    (State.WORKING, Change.CANCELLED): State.CANCELLED,
    (State.WORKING, Change.EXPIRED): State.EXPIRED,
    (State.WORKING, Change.REJECTED): State.REJECTED,
}
OPEN: Final = frozenset({State.SENT, State.WORKING})


class OrderFault(RuntimeError):
    """Something that can't happen to an order in its state."""


def next_state(state: State, change: Change) -> State:
    """The state after a change.

    Raises:
        OrderFault: the change is not possible in this state.
    """
    try:
        return NEXT[state, change]
    except KeyError:
        raise OrderFault(f"an order that is {state} can't be {change}") from None


class Type(StrEnum):
    """How an order meets the book: LIMIT rests at its price, MARKET takes what is there up to its worst price."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"


@dataclass(slots=True)
class Order:
    """An order at the venue. Quantities in base coins, prices in USDT per coin, times in Unix seconds.

    `worst_price` bounds every fill (None: a reducing order that must fill at any price); `quotes` counts the
    prices that a maker has shown, those of the orders that it takes over from included; `patience` is how long each
    may rest.
    """

    id: str
    intent: str
    clearance: str
    strategy: str
    symbol: str
    side: Side
    type: Type
    price: Decimal | None
    worst_price: Decimal | None
    quantity: Decimal
    post_only: bool
    reduce_only: bool
    leverage: Decimal
    cause: str
    route: str
    offset: Decimal
    retries: int
    patience: int
    sent: int
    expires: int
    plan: str | None = None
    state: State = State.SENT
    filled: Decimal = field(default=ZERO)
    quotes: int = 1
    quoted: int = 0

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet."""
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.state in OPEN

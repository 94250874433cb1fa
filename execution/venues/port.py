"""The port: what the desk asks of any venue, and what a venue answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from execution.gate import Clearance
from execution.orders import Change, Order


class Refused(StrEnum):
    """Why a venue takes an order not."""

    WOULD_CROSS = "post-only order would cross"
    MARGIN = "margin is insufficient"
    LEVERAGE = "the bracket of the position allows less leverage"
    OTHER_ORDER = "the clearance is for another order"


@dataclass(frozen=True, slots=True)
class Ack:
    """What happened to an order at the venue, without a fill."""

    order: str
    change: Change
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of an order that filled: price in USDT per coin, fee in USDT."""

    order: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    maker: bool


Answer = Ack | Fill


class Venue(Protocol):
    """Where orders go. It takes no order without its clearance; ids make sending twice harmless."""

    def submit(self, order: Order, clearance: Clearance) -> None:
        """Send an order; what becomes of it is told by `answers`, in the order in which it happens."""

    def amend(self, order: Order, price: Decimal) -> None:
        """Move a resting order to another price inside its clearance."""

    def cancel(self, order: Order) -> None:
        """Take an order back; `answers` says whether it was in time."""

    def answers(self) -> Sequence[Answer]:
        """All that happened since the last call."""

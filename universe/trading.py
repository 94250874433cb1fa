"""Trading's value types: what the market shows and what a strategy wants.

Prices are USDT per base coin, quantities base coins, both exact decimals; times are Unix seconds, UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

ZERO: Final = Decimal(0)


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """1 for what buys, -1 for what sells."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other way."""
        return Side.SELL if self is Side.BUY else Side.BUY


def side_of(quantity: Decimal) -> Side:
    """The side that makes a signed quantity larger: BUY for what is positive."""
    return Side.BUY if quantity > 0 else Side.SELL


@dataclass(frozen=True, slots=True)
class Bar:
    """One closed candle of a contract: `opened` is its first second, `closed` the first that is no longer in it.

    `low <= open, close <= high`, all positive; `volume` in base coins, not negative.
    """

    symbol: str
    opened: int
    closed: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Funding:
    """A funding settlement: a long pays `rate` of its notional at mark to a short (a short to a long, if negative)."""

    symbol: str
    time: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Mark:
    """The venue's mark price of a contract at a time."""

    symbol: str
    time: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the data that a reader must know: a gap, a repair, what is modelled rather than observed.

    `code` is one word of a closed list; `count` says how often, where it stands for several.
    """

    code: str
    symbol: str | None
    time: int | None
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Tick:
    """All that a feed says at one time: bars that close then, one per symbol at most, in the order of their symbols.

    `funding` and `marks` are those since the tick before, in the order of time and symbol.
    """

    time: int
    bars: tuple[Bar, ...]
    funding: tuple[Funding, ...] = ()
    marks: tuple[Mark, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """What a strategy wants: a wish, which sizing, gates and router may only make smaller.

    Args:
        strategy: its name in the universe.
        symbol: the contract.
        side: which way.
        quantity: base coins wanted at most; None leaves the size to the sizing table.
        urgent: it must fill now rather than well.
        why: one line for people.
        meta: figures that explain the wish, as text; kept with the intent, read by no rule.
    """

    strategy: str
    symbol: str
    side: Side
    quantity: Decimal | None = None
    urgent: bool = False
    why: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)

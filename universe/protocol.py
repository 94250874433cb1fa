"""What a strategy is: a name, when it is asked, and a pure function from what it sees to what it wants.

It stands here because strategies and execution, which never meet, both speak it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from universe.trading import ZERO, Bar, Intent

# No floats: what is remembered is written to a journal and read back the same on every machine.
JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"


@dataclass(frozen=True, slots=True)
class View:
    """All that a strategy sees at one time.

    Args:
        time: Unix seconds; the close of the bars that it is asked about.
        bars: by symbol, the last closed bars of its own interval, oldest first: as many as its `warm_up`, or fewer.
            A stretch without trades has no bar.
        positions: its own position in each symbol, in coins, negative when short; absent when flat.
        working: what its own working orders would add to that if they filled: buys less sells, in coins.
        nav: net asset value of the wallet in USDT; None when it isn't known.
        memory: what it asked to remember with its last answer; empty the first time.
    """

    time: int
    bars: Mapping[str, Sequence[Bar]]
    positions: Mapping[str, Decimal]
    working: Mapping[str, Decimal]
    nav: Decimal | None
    memory: Mapping[str, JSON]

    def position(self, symbol: str) -> Decimal:
        """Its own position in a symbol, in coins, negative when short."""
        return self.positions.get(symbol, ZERO)

    def is_working(self, symbol: str) -> bool:
        """Whether an order of its own is under way in a symbol."""
        return bool(self.working.get(symbol, ZERO))

    def is_leaving(self, symbol: str) -> bool:
        """Whether an order of its own that reduces its position in a symbol is under way."""
        return self.position(symbol) * self.working.get(symbol, ZERO) < 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a strategy wants, the most wanted first, and all that it asks to remember until it is asked again."""

    intents: tuple[Intent, ...]
    memory: Mapping[str, JSON]


class Strategy(Protocol):
    """Asked at the close of each bar of `every` seconds. The same view gives the same answer."""

    @property
    def name(self) -> str:
        """Its name in the universe."""

    @property
    def every(self) -> int:
        """The length of its bars, in seconds."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The contracts that it asks for."""

    @property
    def warm_up(self) -> int:
        """How many closed bars it needs to see of a symbol before it asks for anything in it."""

    def intents(self, view: View) -> Answer:
        """What it wants now.

        An intent without a quantity leaves the size to the rules. One that closes gives the quantity to close, and asks
        for no more than the position.
        """

"""What a view is: it takes events as they come, and says on demand what its file holds."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Protocol

from execution.books import Books, Pulse
from execution.journal import Entry
from universe.reader import Universe
from universe.trading import ZERO

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Moment:
    """All that a view is a function of, beside the events that it took: the books behind event `seq`, and the pulse."""

    books: Books
    pulse: Pulse
    seq: int
    universe: Universe | None

    def price(self, symbol: str) -> Decimal | None:
        """The price at which positions are valued, in USDT per coin."""
        return self.pulse.prices.get(symbol)

    @property
    def unrealised(self) -> Decimal | None:
        """Profit or loss of every open position, in USDT; None where a price is unknown."""
        total = ZERO
        for position in self.books.ledger.positions.values():
            price = self.price(position.symbol)
            if price is None:
                return None
            total += position.unrealised(price)
        return total

    @property
    def nav(self) -> Decimal | None:
        """Cash with every position at its price, in USDT; None where a price is unknown."""
        unrealised = self.unrealised
        return None if unrealised is None else self.books.ledger.cash + unrealised

    def cap(self, name: str, symbol: str | None = None, strategy: str | None = None) -> Decimal | None:
        """A number that the universe caps something with: the account's, a symbol's or a strategy's; None: no cap."""
        if self.universe is None:
            return None
        document = self.universe.document
        holder = document["account"]
        if symbol is not None:
            holder = document["symbols"].get(symbol, {})
        if strategy is not None:
            holder = document["strategies"].get(strategy, {})
        found = holder.get("caps", {}).get(name)
        return Decimal(found) if isinstance(found, str) else None

    def header(self) -> dict[str, Any]:
        """How every state file begins."""
        run = self.books.run
        return {
            "format": FORMAT,
            "run": run.run if run else None,
            "mode": run.mode if run else None,
            "synthetic": run.synthetic if run else None,
            "time": self.pulse.time,
            "seq": self.seq,
        }


class View(Protocol):
    """One state file. Declared in `schemas/state.yaml` under the same name; nothing else writes it."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[str]]

    def apply(self, entry: Entry) -> None:
        """Take an event, of one of `kinds`."""

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""

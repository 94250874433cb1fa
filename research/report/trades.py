"""Closed trades, each with the average prices at which it was entered and left."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from execution.events import Filled, PositionClosed
from execution.journal import Entry
from universe.trading import ZERO, Side


@dataclass(frozen=True, slots=True)
class Trade:
    """A closed trade; money in USDT, `entry` and `exit` the average prices of its fills."""

    strategy: str
    symbol: str
    side: Side
    opened: int
    closed: int
    quantity: Decimal
    entry: Decimal | None
    exit: Decimal | None
    realised: Decimal
    fees: Decimal
    funding: Decimal
    reason: str

    @property
    def result(self) -> Decimal:
        """What it brought: realised − fees − funding."""
        return self.realised - self.fees - self.funding

    @property
    def held(self) -> int:
        """How long, in seconds."""
        return self.closed - self.opened


@dataclass(slots=True)
class _Legs:
    """What was filled into a position and out of it: quantities, and their notionals."""

    sign: int
    bought: Decimal = ZERO
    paid: Decimal = ZERO
    left: Decimal = ZERO
    got: Decimal = ZERO


@dataclass(slots=True)
class Trades:
    """Collects trades in the order in which they were closed."""

    kinds: ClassVar[frozenset[str]] = frozenset({"fill", "trade"})
    closed: list[Trade] = field(default_factory=list)
    _open: dict[tuple[str, str], _Legs] = field(default_factory=dict)
    _done: dict[tuple[str, str], _Legs] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Take an event, of one of `kinds`."""
        match entry.event:
            case Filled() as fill:
                self._filled(fill)
            case PositionClosed() as closed:
                self._closed(closed, entry.time)

    def _filled(self, fill: Filled) -> None:
        key, sign = (fill.strategy, fill.symbol), Side(fill.side).sign
        legs = self._open.get(key)
        opening = fill.quantity
        if legs is not None and legs.sign != sign:
            closing = min(fill.quantity, legs.bought - legs.left)
            legs.left += closing
            legs.got += closing * fill.price
            opening -= closing
            if legs.left == legs.bought:
                self._done[key] = self._open.pop(key)
                legs = None
        if opening:
            if legs is None:
                legs = self._open[key] = _Legs(sign)
            legs.bought += opening
            legs.paid += opening * fill.price

    def _closed(self, event: PositionClosed, time: int) -> None:
        legs = self._done.pop((event.strategy, event.symbol), None)
        self.closed.append(
            Trade(
                event.strategy,
                event.symbol,
                Side(event.side),
                event.opened,
                time,
                event.quantity,
                None if legs is None else legs.paid / legs.bought,
                None if legs is None else legs.got / legs.left,
                event.realised,
                event.fees,
                event.funding,
                event.reason,
            )
        )


@dataclass(slots=True)
class Sum:
    """Several trades together; money in USDT."""

    trades: int = 0
    won: int = 0
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    held: int = 0

    def add(self, trade: Trade) -> None:
        """One more."""
        self.trades += 1
        self.won += trade.result > 0
        self.realised += trade.realised
        self.fees += trade.fees
        self.funding += trade.funding
        self.held += trade.held

    @property
    def result(self) -> Decimal:
        """What they brought: realised − fees − funding."""
        return self.realised - self.fees - self.funding

    @property
    def average(self) -> Decimal | None:
        """What one brought on average; None of none."""
        return self.result / self.trades if self.trades else None

    @property
    def win_rate(self) -> Decimal | None:
        """The share of those that brought something; None of none."""
        return Decimal(self.won) / self.trades if self.trades else None


def total(trades: Iterable[Trade]) -> Sum:
    """All of them together."""
    found = Sum()
    for trade in trades:
        found.add(trade)
    return found


def by(trades: Iterable[Trade], key: Callable[[Trade], str]) -> list[tuple[str, Sum]]:
    """Trades summed by a key; the most frequent first."""
    found: dict[str, Sum] = {}
    for trade in trades:
        found.setdefault(key(trade), Sum()).add(trade)
    return sorted(found.items(), key=lambda item: (-item[1].trades, item[0]))

"""What is traded, as values: each symbol of a compiled universe with its grid and its margin brackets."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from universe.reader import Universe


@dataclass(frozen=True, slots=True)
class Bracket:
    """Margin up to a notional in USDT: the highest leverage, the maintenance rate, and the amount taken off."""

    notional_cap: Decimal
    leverage: Decimal
    maintenance_margin: Decimal
    maintenance_amount: Decimal


@dataclass(frozen=True, slots=True)
class Instrument:
    """A contract: its grid (tick in USDT per coin, step in coins), its place in the universe, its brackets."""

    symbol: str
    tier: str
    group: str | None
    liquidity: str
    tick: Decimal
    step: Decimal
    min_quantity: Decimal
    brackets: tuple[Bracket, ...]

    def bracket(self, notional: Decimal) -> Bracket | None:
        """The bracket of a position of this notional; None beyond the last."""
        return next((b for b in self.brackets if notional <= b.notional_cap), None)

    def maintenance(self, notional: Decimal) -> Decimal:
        """The margin in USDT below which the venue liquidates a position: notional × rate − amount.

        Beyond the last bracket it is the whole notional.
        """
        bracket = self.bracket(notional)
        return notional if bracket is None else notional * bracket.maintenance_margin - bracket.maintenance_amount


def instruments(universe: Universe) -> Mapping[str, Instrument]:
    """Every symbol of a universe, in the order of names."""
    return {symbol: _instrument(entry) for symbol, entry in sorted(universe.document["symbols"].items())}


def _instrument(entry: dict[str, object]) -> Instrument:
    filters, brackets = entry["filters"], entry["brackets"]
    assert isinstance(filters, dict)
    assert isinstance(brackets, list)
    group = entry.get("group")
    return Instrument(
        str(entry["symbol"]),
        str(entry["tier"]),
        None if group is None else str(group),
        str(entry["liquidity"]),
        Decimal(filters["tick"]),
        Decimal(filters["step"]),
        Decimal(filters["min_quantity"]),
        tuple(
            Bracket(*(Decimal(b[k]) for k in ("notional_cap", "leverage", "maintenance_margin", "maintenance_amount")))
            for b in brackets
        ),
    )

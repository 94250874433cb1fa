"""Prices and quantities on the venue's grid."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from universe.trading import Side


def down(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of a step that is not larger."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def up(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of a step that is not smaller."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def no_worse(price: Decimal, side: Side, tick: Decimal) -> Decimal:
    """The nearest price on the grid that costs an order of this side no more: down for what buys."""
    return down(price, tick) if side is Side.BUY else up(price, tick)


def no_better(price: Decimal, side: Side, tick: Decimal) -> Decimal:
    """The nearest price on the grid that costs an order of this side no less: up for what buys."""
    return up(price, tick) if side is Side.BUY else down(price, tick)

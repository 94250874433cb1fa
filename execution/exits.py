"""Exits: armed into a position's record when it is entered, and carried out when the record says so.

The tables `arm` and `exit` decide; what stands here finds the prices at which they must be asked.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine import Answer
from execution.desk import Desk
from execution.events import ExitsArmed
from execution.facts import gather, own_facts
from execution.ledger import Position
from execution.prices import down, up
from execution.ticket import About, Cause
from universe.trading import ZERO, Side, side_of


@dataclass(frozen=True, slots=True)
class Leave:
    """A position is to be closed, for this reason; `urgent` when a protective stop says so."""

    strategy: str
    symbol: str
    reason: str
    urgent: bool


def arm(desk: Desk, position: Position) -> None:
    """Write the exits that the rules give a position into its record.

    Where a fact that they need is missing, what is armed stays; a position that has none is asked about again.
    """
    answer = _ask(desk, "arm", gather(desk, _about(position)))
    if answer.row is None:
        return
    time_stop = answer.outputs.get("time_stop")
    desk.record(
        ExitsArmed(
            strategy=position.strategy,
            symbol=position.symbol,
            row=answer.row,
            stop_loss=_share(answer, "stop_loss"),
            take_profit=_share(answer, "take_profit"),
            trailing_stop=_share(answer, "trailing_stop"),
            time_stop=int(time_stop) if isinstance(time_stop, Decimal) else None,
        )
    )


def is_closing(desk: Desk, position: Position) -> bool:
    """Whether anything works, is planned or is wanted that would close a position."""
    side = closing_side(position)
    orders = ((o.strategy, o.symbol, o.side) for o in desk.books.open_orders())
    plans = ((p.strategy, p.symbol, p.side) for p in desk.books.plans.values())
    wishes = ((w.strategy, w.symbol, w.side) for w in desk.wishes if w.cause is not Cause.STRATEGY)
    return (position.strategy, position.symbol, side) in {*orders, *plans, *wishes}


def decide(desk: Desk, position: Position) -> Leave | None:
    """What the table of exits says of a position at the present price; None: hold."""
    about = _about(position)
    order = {"symbol": about.symbol, "strategy": about.strategy, "side": about.side.value, "urgent": False}
    answer = _ask(desk, "exit", {"order": order, "own": own_facts(desk, about)})
    if answer.row is None:
        # The position's own record is asked about at every price; only rules that look further need all facts.
        answer = _ask(desk, "exit", gather(desk, about))
    if answer.outputs.get("action") != "close":
        return None
    reason, urgent = answer.outputs.get("reason"), answer.outputs.get("urgent")
    return Leave(position.strategy, position.symbol, str(reason or "exit"), urgent is True)


def losing_price(desk: Desk, position: Position) -> Decimal | None:
    """The first price on the grid, against the position, at which a stop in its record holds; None: no stop armed."""
    exits = position.exits
    if exits is None:
        return None
    levels = []
    if exits.stop_loss is not None:
        levels.append(-exits.stop_loss * position.cost)
    best = desk.best(position.strategy, position.symbol)
    if exits.trailing_stop is not None and best > 0:
        levels.append(best - exits.trailing_stop * position.cost)
    if not levels:
        return None
    tick = desk.instruments[position.symbol].tick
    price = price_of(position, max(levels))
    return down(price, tick) if position.sign > 0 else up(price, tick)


def winning_price(desk: Desk, position: Position) -> Decimal | None:
    """The first price on the grid, with the position, at which its take-profit holds; None: none armed."""
    exits = position.exits
    if exits is None or exits.take_profit is None:
        return None
    tick = desk.instruments[position.symbol].tick
    price = price_of(position, exits.take_profit * position.cost)
    return up(price, tick) if position.sign > 0 else max(down(price, tick), ZERO)


def price_of(position: Position, unrealised: Decimal) -> Decimal:
    """The price at which a position has this unrealised profit."""
    return (position.cost + position.sign * unrealised) / abs(position.quantity)


def closing_side(position: Position) -> Side:
    """The side of an order that lowers a position."""
    return side_of(position.quantity).opposite


def _about(position: Position) -> About:
    return About(position.strategy, position.symbol, closing_side(position), urgent=False)


def _ask(desk: Desk, table: str, facts: dict[str, Any]) -> Answer:
    engine = desk.gate.risk.engine
    return engine.answer(table, engine.reader.read(facts))


def _share(answer: Answer, name: str) -> Decimal | None:
    value = answer.outputs.get(name)
    return value if isinstance(value, Decimal) else None

"""Leaving: the order that closes a position, when its record says so."""

from typing import Final

from execution import exits, intents, routing
from execution.desk import Desk
from execution.events import ExitTriggered
from execution.exits import Leave
from execution.ledger import Position
from execution.settling import settle
from execution.ticket import Cause, Wish

# What a gate says that holds exits too because a person stopped everything.
HALT: Final = "halt"


def start_leaving(desk: Desk, leave: Leave) -> bool:
    """Ask for the order that closes a position; whether one was asked for.

    None is where one that is no less urgent is under way, or where a halt holds exits: they are asked again once it is
    over. A protective exit takes back whatever the strategy has
    working there: nothing may stand in its way. Less than the venue takes in one order is said once, and leaves
    together with what is added to it.
    """
    position = desk.books.ledger.position(leave.strategy, leave.symbol)
    if position is None or _is_halted(desk):
        return False
    side, stuck = exits.closing_side(position), _is_too_small(desk, position)
    if (stuck and position.closing) or (not leave.urgent and exits.is_closing(desk, position)):
        return False
    price = desk.price(leave.symbol)
    assert price is not None
    desk.record(ExitTriggered(leave.strategy, leave.symbol, side.value, leave.reason, price, leave.urgent))
    routing.clear_the_way(desk, leave.reason, symbol=leave.symbol, strategy=leave.strategy)
    settle(desk)
    ask_to_close(desk, leave)
    return not stuck


def ask_to_close(desk: Desk, leave: Leave) -> None:
    """Ask for an order over all that is held, if the venue takes so little."""
    position = desk.books.ledger.position(leave.strategy, leave.symbol)
    if position is None or _is_too_small(desk, position):
        return
    side, why = exits.closing_side(position), f"exit: {leave.reason}"
    intents.ask(desk, Wish(leave.strategy, leave.symbol, side, abs(position.quantity), Cause.EXIT, leave.urgent, why))


def _is_halted(desk: Desk) -> bool:
    """Whether a breaker that holds exits too is shut."""
    if not desk.books.shut:
        return False
    halts = {b.id for b in desk.gate.risk.universe.ruleset.breakers if b.gate.exits == HALT}
    return any(s.breaker in halts and s.holds(desk.now) for s in desk.books.shut.values())


def _is_too_small(desk: Desk, position: Position) -> bool:
    return abs(position.quantity) < desk.instruments[position.symbol].min_quantity

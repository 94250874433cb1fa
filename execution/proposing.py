"""Proposing: strategies whose bars have closed are asked what they want, and what they want goes its way."""

import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from execution import intents
from execution.desk import Desk
from execution.events import Remembered, StrategyFailed
from execution.patience import StillBusy
from execution.settling import settle
from execution.ticket import Cause, Wish
from universe.protocol import Answer, Strategy, View
from universe.trading import ZERO, Side


def propose(desk: Desk, closed: Collection[int]) -> None:
    """Ask each strategy of which bars have closed; one after the other, so that each sees what the last one sent.

    One that fails, or hangs, wants nothing: what is held has its exits, and they are tended whatever a strategy does.
    """
    for strategy in desk.strategies:
        if strategy.every not in closed:
            continue
        try:
            wishes, memory = _heard(strategy.name, desk.patience.ask(strategy, view_for(desk, strategy)))
        except StillBusy:
            continue
        except Exception as error:
            # Whatever it raises: a strategy must not be able to end what tends the exits.
            desk.record(StrategyFailed(strategy.name, f"{type(error).__name__}: {error}"))
            continue
        desk.wishes += wishes
        intents.work_off(desk)
        settle(desk)
        if memory != desk.books.memories.get(strategy.name, {}):
            desk.record(Remembered(strategy.name, memory))


def _heard(strategy: str, answer: Answer) -> tuple[list[Wish], dict[str, Any]]:
    """An answer as wishes, and what to remember as it will be read back: it is the same after a restart."""
    wishes = [
        Wish(
            strategy,
            str(intent.symbol),
            Side(intent.side),
            _quantity(intent.quantity),
            Cause.STRATEGY,
            bool(intent.urgent),
            str(intent.why),
            meta={str(name): str(figure) for name, figure in intent.meta.items()},
        )
        for intent in answer.intents
    ]
    return wishes, dict(json.loads(json.dumps(answer.memory)))


def _quantity(wanted: object) -> Decimal | None:
    if wanted is None or (isinstance(wanted, Decimal) and wanted.is_finite()):
        return wanted
    raise ValueError(f"`{wanted!r}` is no quantity")


def view_for(desk: Desk, strategy: Strategy) -> View:
    """What a strategy sees now: its bars, its own positions and orders, NAV, and what it remembers."""
    held = {p.symbol: p.quantity for p in desk.books.ledger.positions.values() if p.strategy == strategy.name}
    working: dict[str, Decimal] = {}
    for order in desk.books.open_orders(strategy=strategy.name):
        working[order.symbol] = working.get(order.symbol, ZERO) + order.side.sign * order.remaining
    for plan in desk.books.plans.values():
        if plan.strategy == strategy.name:
            working[plan.symbol] = working.get(plan.symbol, ZERO) + plan.side.sign * plan.left
    bars = {s: desk.market.bars(s, strategy.every) for s in strategy.symbols}
    memory = desk.books.memories.get(strategy.name, {})
    return View(desk.now, bars, held, working, desk.pulse.nav, memory)

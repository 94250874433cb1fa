"""Proposing: strategies whose bars have closed are asked what they want, and what they want goes its way."""

import json
from collections.abc import Collection
from decimal import Decimal

from execution import intents
from execution.desk import Desk
from execution.events import Remembered
from execution.settling import settle
from execution.ticket import Cause, Wish
from universe.protocol import Strategy, View
from universe.trading import ZERO


def propose(desk: Desk, closed: Collection[int]) -> None:
    """Ask each strategy of which bars have closed; one after the other, so that each sees what the last one sent."""
    for strategy in desk.strategies:
        if strategy.every not in closed:
            continue
        answer = strategy.intents(view_for(desk, strategy))
        for intent in answer.intents:
            desk.wishes.append(
                Wish(
                    strategy.name,
                    intent.symbol,
                    intent.side,
                    intent.quantity,
                    Cause.STRATEGY,
                    intent.urgent,
                    intent.why,
                    meta=intent.meta,
                )
            )
        intents.work_off(desk)
        settle(desk)
        # As it will be read back: what a strategy remembers is the same after a restart.
        memory = json.loads(json.dumps(answer.memory))
        if memory != desk.books.memories.get(strategy.name, {}):
            desk.record(Remembered(strategy.name, memory))


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

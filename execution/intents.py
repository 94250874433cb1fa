"""An intent's way to an order: stand aside → bound → size → decide → shrink → route. Each step may end it, and says
why.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from engine import Answer
from execution import exits
from execution.breaking import judge_for
from execution.desk import Desk
from execution.events import Cleared, Decided, Dropped, IntentMade
from execution.facts import gather
from execution.gate import Asked
from execution.prices import down, no_worse
from execution.routing import carry_out
from execution.ticket import About, Cause, Ticket, Wish
from universe.trading import ZERO


def work_off(desk: Desk) -> None:
    """Put every wish that is waiting through the steps, and those that come of them."""
    while desk.wishes:
        ask(desk, desk.wishes.popleft())


def ask(desk: Desk, wish: Wish) -> None:
    """Put a wish through every step; what becomes of it is in the journal."""
    name = f"i{desk.books.intents + 1:06d}"
    intent = IntentMade(
        intent=name,
        strategy=wish.strategy,
        symbol=wish.symbol,
        side=wish.side.value,
        quantity=wish.quantity,
        urgent=wish.urgent,
        cause=wish.cause.value,
        why=wish.why,
        parent=wish.parent,
        meta=dict(wish.meta),
    )
    desk.record(intent)
    about = About(wish.strategy, wish.symbol, wish.side, wish.urgent, wish.quantity)
    ticket = Ticket(intent, wish.cause, about, wish.quotes)
    for step in STEPS:
        if not step.take(desk, ticket):
            return


def stand_aside(desk: Desk, ticket: Ticket) -> bool:
    """A strategy's order waits while an exit closes its position there: closed twice, it would be another position."""
    about = ticket.about
    position = desk.books.ledger.position(about.strategy, about.symbol)
    if ticket.cause is not Cause.STRATEGY or position is None or position.closing is None:
        return True
    if not exits.is_closing(desk, position):
        return True
    return drop(desk, ticket, "being_left", f"its position in {about.symbol} is being left: {position.closing}")


def bound(desk: Desk, ticket: Ticket) -> bool:
    """The worst price at which the order may fill, and how long a clearance for it holds."""
    answer = consult(desk, "bound", ticket.about)
    price, life = answer.outputs.get("price"), answer.outputs.get("life")
    if not isinstance(price, Decimal) or not isinstance(life, Decimal):
        return drop(desk, ticket, "no_bound", f"no price to value it at: {_missing(answer)}")
    if life < 1:
        return drop(desk, ticket, "no_bound", "a clearance would hold for no second")
    tick = desk.instruments[ticket.about.symbol].tick
    ticket.about = replace(ticket.about, price=max(no_worse(price, ticket.about.side, tick), tick))
    ticket.life = int(life)
    return True


def size(desk: Desk, ticket: Ticket) -> bool:
    """How much, on the venue's step: what is wanted; where a strategy opens something, what the table proposes at most.

    What closes a position is not sized, and is held with the position's leverage.
    """
    about = ticket.about
    position = desk.books.ledger.position(about.strategy, about.symbol)
    held = ZERO
    if position is not None and position.sign == -about.side.sign:
        held = abs(position.quantity)
        if about.quantity is not None and about.quantity <= held:
            ticket.about = replace(about, leverage=position.leverage, quantity=_on_step(desk, about, about.quantity))
            return True
    answer = consult(desk, "size", about)
    notional, leverage, wanted = _decimal(answer, "notional"), _decimal(answer, "leverage"), about.quantity
    if ticket.cause is Cause.STRATEGY:
        if notional is None or leverage is None or about.price is None:
            return drop(desk, ticket, "no_size", f"no size can be proposed: {_missing(answer)}")
        proposed = notional / about.price
        wanted = proposed if wanted is None else min(wanted, held + proposed)
    ticket.about = replace(about, leverage=leverage, quantity=_on_step(desk, about, wanted or ZERO))
    return True


def decide(desk: Desk, ticket: Ticket) -> bool:
    """Every gate, on all facts."""
    about = ticket.about
    assert about.quantity is not None
    assert about.price is not None
    judge_for(desk, about)
    ticket.facts = gather(desk, about)
    asked = Asked(
        ticket.intent.intent,
        ticket.attempt,
        about.strategy,
        about.symbol,
        about.side,
        about.quantity,
        about.price,
        about.urgent,
        desk.now + ticket.life,
    )
    ticket.decision, ticket.clearance = desk.gate.decide(ticket.facts, asked)
    record = json.loads(ticket.decision.to_json())
    desk.record(Decided(ticket.intent.intent, ticket.attempt, ticket.decision.allowed, ticket.decision.id, record))
    if ticket.clearance is not None:
        given = ticket.clearance
        desk.record(
            Cleared(
                given.id,
                given.intent,
                given.symbol,
                given.side.value,
                given.quantity,
                given.worst_price,
                given.universe,
                given.expires,
            )
        )
    return True


def shrink(desk: Desk, ticket: Ticket) -> bool:
    """Once, to the largest quantity that the rules would let through; decided again with all facts anew."""
    decision, about = ticket.decision, ticket.about
    if ticket.clearance is not None:
        return True
    if decision is None or decision.allowed or ticket.attempt > 1 or decision.largest is None:
        return False
    largest = Decimal(decision.largest)
    if about.quantity is None or not 0 < largest < about.quantity:
        return False
    ticket.about, ticket.attempt = replace(about, quantity=largest), 2
    return decide(desk, ticket) and ticket.clearance is not None


def route(desk: Desk, ticket: Ticket) -> bool:
    """By which way, and off to the venue."""
    assert ticket.clearance is not None
    engine = desk.gate.risk.engine
    snapshot = engine.reader.read(ticket.facts)
    way, flags = engine.answer("route", snapshot), engine.answer("flags", snapshot)
    if way.row is None:
        desk.gate.release(ticket.clearance)
        return drop(desk, ticket, "no_route", f"no route can be chosen: {_missing(way)}")
    carry_out(desk, ticket, way, reduce_only=flags.outputs.get("reduce_only") is True)
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way; `take` says whether the next one follows."""

    name: str
    what: str
    take: Callable[[Desk, Ticket], bool]


STEPS: Final = (
    Step("stand_aside", "a strategy waits while an exit closes its position there", stand_aside),
    Step("bound", "the worst price it may fill at, and how long a clearance holds (table `bound`)", bound),
    Step("size", "how much, by the table `size`, on the venue's step", size),
    Step("decide", "every gate on all facts; a clearance where it is allowed", decide),
    Step("shrink", "once to the largest quantity that passes, decided again", shrink),
    Step("route", "by which way (table `route`), and off to the venue", route),
)


def drop(desk: Desk, ticket: Ticket, reason: str, text: str) -> bool:
    """End an intent without an order; always False."""
    desk.record(Dropped(ticket.intent.intent, reason, text))
    return False


def consult(desk: Desk, table: str, about: About) -> Answer:
    """What a table says of an order at this moment."""
    engine = desk.gate.risk.engine
    return engine.answer(table, engine.reader.read(gather(desk, about)))


def _on_step(desk: Desk, about: About, quantity: Decimal) -> Decimal:
    return down(quantity, desk.instruments[about.symbol].step)


def _decimal(answer: Answer, name: str) -> Decimal | None:
    value = answer.outputs.get(name)
    return value if isinstance(value, Decimal) else None


def _missing(answer: Answer) -> str:
    return f"{', '.join(answer.unknown)} not known" if answer.unknown else "the table does not say"

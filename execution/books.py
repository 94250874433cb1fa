"""The books: all state of a run, as the fold of its journal. Whatever changes them is an event, applied here.

A restart applies the journal's events again and stands where it stood. What changes at every tick without an
event (highest NAV, each position's best, last prices) is in `Pulse`, which the journal keeps beside its cursor.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import singledispatchmethod
from typing import Any, Final

from engine.keeper import Key, Shut, close, key_of
from engine.numbers import canonical
from execution.events import (
    BreakerRearmed,
    BreakerTripped,
    DayStarted,
    Decided,
    Event,
    ExitsArmed,
    ExitTriggered,
    Filled,
    FundingPaid,
    Halted,
    IntentMade,
    KillSwitched,
    Liquidated,
    OrderChanged,
    OrderSent,
    PlanEnded,
    PlanMade,
    PositionClosed,
    Remembered,
    RunEnded,
    RunStarted,
    UniverseActivated,
    UniverseRefused,
)
from execution.ledger import Exits, Ledger
from execution.orders import Change, Order, Type, next_state
from universe.trading import ZERO, Side

DAY: Final = 86400


@dataclass(slots=True)
class Plan:
    """An order sliced over time: what of it was not sent yet, how many slices were asked for, when the next is due."""

    id: str
    strategy: str
    symbol: str
    side: Side
    quantity: Decimal
    slices: int
    interval: int
    urgent: bool
    due: int
    asked: int = 0
    left: Decimal = ZERO


@dataclass(slots=True)
class Pulse:
    """What changes at every tick: NAV and its highest, last prices, each position's best profit, and which breakers
    have `eased`: they have closed, and their condition has held since.

    `time` is that of the tick, `valued` that of the oldest price in NAV.
    """

    time: int = 0
    valued: int = 0
    nav: Decimal | None = None
    peak: Decimal | None = None
    prices: dict[str, Decimal] = field(default_factory=dict)
    best: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    eased: set[Key] = field(default_factory=set)

    def record(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "time": self.time,
            "valued": self.valued,
            "nav": None if self.nav is None else canonical(self.nav),
            "peak": None if self.peak is None else canonical(self.peak),
            "prices": {s: canonical(p) for s, p in self.prices.items()},
            "best": {f"{s}/{y}": canonical(b) for (s, y), b in self.best.items()},
            "eased": [[breaker, dict(keys)] for breaker, keys in sorted(self.eased)],
        }

    @classmethod
    def from_record(cls, data: dict[str, Any]) -> "Pulse":
        """A pulse from its record."""
        best = {}
        for key, value in data["best"].items():
            strategy, _, symbol = key.partition("/")
            best[strategy, symbol] = Decimal(value)
        return cls(
            data["time"],
            data["valued"],
            None if data["nav"] is None else Decimal(data["nav"]),
            None if data["peak"] is None else Decimal(data["peak"]),
            {s: Decimal(p) for s, p in data["prices"].items()},
            best,
            {key_of(breaker, keys) for breaker, keys in data["eased"]},
        )


@dataclass(slots=True)
class Books:
    """Everything that a run knows of itself: money, positions, orders, plans, controls.

    `refusal` is what was last said against a universe on disk, `halted` when a person last stopped everything, `shut`
    the breakers that have closed and were not opened by hand, `day` counts from 1970-01-01, `day_start` is NAV then.
    """

    run: RunStarted | None = None
    universe: str | None = None
    refusal: UniverseRefused | None = None
    ledger: Ledger = field(default_factory=Ledger)
    orders: dict[str, Order] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    memories: dict[str, dict[str, Any]] = field(default_factory=dict)
    kill_switch: bool = False
    halted: int | None = None
    shut: dict[Key, Shut] = field(default_factory=dict)
    day: int | None = None
    day_start: Decimal | None = None
    intents: int = 0
    decisions: int = 0
    vetoes: dict[str, int] = field(default_factory=dict)
    fills: int = 0
    trades: int = 0
    liquidations: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    ended: bool = False

    def open_orders(self, symbol: str | None = None, strategy: str | None = None) -> list[Order]:
        """Orders that may still fill, in the order in which they were sent."""
        return [
            o
            for o in self.orders.values()
            if (symbol is None or o.symbol == symbol) and (strategy is None or o.strategy == strategy)
        ]

    @singledispatchmethod
    def apply(self, event: Event, time: int) -> None:
        """Change the books by an event; most kinds change nothing."""

    @apply.register
    def _(self, event: RunStarted, time: int) -> None:
        self.run = event
        self.ledger.start = event.cash

    @apply.register
    def _(self, event: UniverseActivated, time: int) -> None:
        self.universe, self.refusal = event.universe, None

    @apply.register
    def _(self, event: UniverseRefused, time: int) -> None:
        self.refusal = event

    @apply.register
    def _(self, event: KillSwitched, time: int) -> None:
        self.kill_switch = event.on

    @apply.register
    def _(self, event: Halted, time: int) -> None:
        self.halted = time

    @apply.register
    def _(self, event: BreakerTripped, time: int) -> None:
        close(self.shut, event.breaker, event.keys, event.until, event.text, time)

    @apply.register
    def _(self, event: BreakerRearmed, time: int) -> None:
        self.shut.pop(key_of(event.breaker, event.keys), None)

    @apply.register
    def _(self, event: IntentMade, time: int) -> None:
        self.intents += 1
        plan = self.plans.get(event.parent or "")
        if event.cause == "slice" and plan is not None:
            plan.asked += 1
            plan.due = time + plan.interval
            if plan.asked >= plan.slices:
                del self.plans[plan.id]

    @apply.register
    def _(self, event: Decided, time: int) -> None:
        self.decisions += 1
        for veto in event.record["vetoes"]:
            self.vetoes[veto["reason"]] = self.vetoes.get(veto["reason"], 0) + 1

    @apply.register
    def _(self, event: PlanMade, time: int) -> None:
        self.plans[event.plan] = Plan(
            event.plan,
            event.strategy,
            event.symbol,
            Side(event.side),
            event.quantity,
            event.slices,
            event.interval,
            event.urgent,
            due=time,
            left=event.quantity,
        )

    @apply.register
    def _(self, event: PlanEnded, time: int) -> None:
        del self.plans[event.plan]

    @apply.register
    def _(self, event: OrderSent, time: int) -> None:
        self.orders[event.order] = Order(
            event.order,
            event.intent,
            event.clearance,
            event.strategy,
            event.symbol,
            Side(event.side),
            Type(event.type),
            event.price,
            event.worst_price,
            event.quantity,
            event.post_only,
            event.reduce_only,
            event.leverage,
            event.cause,
            event.route,
            event.offset,
            event.retries,
            event.patience,
            sent=time,
            expires=event.expires,
            plan=event.plan,
            quotes=event.quotes + 1,
            quoted=time,
        )
        plan = self.plans.get(event.plan or "")
        if plan is not None:
            plan.left -= event.quantity
            if plan.left <= 0:
                del self.plans[plan.id]

    @apply.register
    def _(self, event: OrderChanged, time: int) -> None:
        order = self.orders[event.order]
        change = Change(event.change)
        order.state = next_state(order.state, change)
        if change is Change.REQUOTED:
            order.price, order.quoted, order.quotes = event.price, time, order.quotes + 1
        if change is Change.REJECTED:
            self.refused[event.reason] = self.refused.get(event.reason, 0) + 1
        if not order.is_open:
            del self.orders[event.order]

    @apply.register
    def _(self, event: Filled, time: int) -> None:
        self.fills += 1
        side = Side(event.side)
        order = self.orders.get(event.order)
        self.ledger.fill(event.strategy, event.symbol, side, event.quantity, event.price, event.fee, time)
        position = self.ledger.position(event.strategy, event.symbol)
        if order is not None:
            order.filled += event.quantity
            if position is not None:
                position.leverage = order.leverage

    @apply.register
    def _(self, event: ExitsArmed, time: int) -> None:
        position = self.ledger.positions[event.strategy, event.symbol]
        position.exits = Exits(event.stop_loss, event.take_profit, event.trailing_stop, event.time_stop)
        position.closing = None

    @apply.register
    def _(self, event: ExitTriggered, time: int) -> None:
        self.ledger.positions[event.strategy, event.symbol].closing = event.reason

    @apply.register
    def _(self, event: PositionClosed, time: int) -> None:
        self.trades += 1

    @apply.register
    def _(self, event: FundingPaid, time: int) -> None:
        self.ledger.fund(event.strategy, event.symbol, event.amount)

    @apply.register
    def _(self, event: Liquidated, time: int) -> None:
        self.liquidations += 1

    @apply.register
    def _(self, event: Remembered, time: int) -> None:
        self.memories[event.strategy] = event.memory

    @apply.register
    def _(self, event: DayStarted, time: int) -> None:
        self.day, self.day_start = event.day, event.nav

    @apply.register
    def _(self, event: RunEnded, time: int) -> None:
        self.ended = True

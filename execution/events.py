"""What happens, as values: the journal is a list of these, and all state is a fold over them.

Each kind is one frozen dataclass; `schemas/events.yaml` says what each field means. Numbers are exact decimals
and are written as canonical text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `kind` names it in the journal."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run begins, with all that it is a function of."""

    kind: ClassVar[str] = "run_started"
    run: str
    mode: str
    environment: str
    universe: str
    feed: str
    feed_hash: str
    synthetic: bool
    cash: Decimal
    model_hash: str


@dataclass(frozen=True, slots=True)
class UniverseActivated(Event):
    """From here on, these rules decide."""

    kind: ClassVar[str] = "universe_activated"
    universe: str
    ruleset: str


@dataclass(frozen=True, slots=True)
class UniverseRefused(Event):
    """A universe on disk that is not decided by."""

    kind: ClassVar[str] = "universe_refused"
    universe: str | None
    text: str


@dataclass(frozen=True, slots=True)
class KillSwitched(Event):
    """A person stopped new positions, or let them through again."""

    kind: ClassVar[str] = "kill_switched"
    on: bool
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Halted(Event):
    """A person stopped everything, exits too, until a person opens it again."""

    kind: ClassVar[str] = "halted"
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class BreakerTripped(Event):
    """A breaker closes, or is closed for longer."""

    kind: ClassVar[str] = "breaker_tripped"
    breaker: str
    keys: JSON
    until: int | None
    text: str
    observed: str | None
    limit: str | None
    facts: JSON


@dataclass(frozen=True, slots=True)
class BreakerRearmed(Event):
    """A person opens a breaker."""

    kind: ClassVar[str] = "breaker_rearmed"
    breaker: str
    keys: JSON
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Remarked(Event):
    """Something about the feed: a gap, a repair."""

    kind: ClassVar[str] = "feed_remark"
    code: str
    symbol: str | None
    at: int | None
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class IntentMade(Event):
    """A strategy, an exit or a plan wants an order. `cause` is `strategy`, `exit`, `slice`, `requote` or `fallback`."""

    kind: ClassVar[str] = "intent"
    intent: str
    strategy: str
    symbol: str
    side: str
    quantity: Decimal | None
    urgent: bool
    cause: str
    why: str
    parent: str | None
    meta: JSON


@dataclass(frozen=True, slots=True)
class Decided(Event):
    """The engine's decision on an intent; `attempt` 2 is the shrunk order."""

    kind: ClassVar[str] = "decision"
    intent: str
    attempt: int
    allowed: bool
    decision: str
    record: JSON


@dataclass(frozen=True, slots=True)
class Dropped(Event):
    """An intent that ends before an order: why, where no decision says it."""

    kind: ClassVar[str] = "intent_dropped"
    intent: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Cleared(Event):
    """The gate let an order through."""

    kind: ClassVar[str] = "clearance"
    clearance: str
    intent: str
    symbol: str
    side: str
    quantity: Decimal
    worst_price: Decimal | None
    universe: str
    expires: int


@dataclass(frozen=True, slots=True)
class PlanMade(Event):
    """An order is sliced over time: each slice is an intent of its own."""

    kind: ClassVar[str] = "plan"
    plan: str
    strategy: str
    symbol: str
    side: str
    quantity: Decimal
    slices: int
    interval: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class PlanEnded(Event):
    """A plan that is given up before all its slices were asked for."""

    kind: ClassVar[str] = "plan_ended"
    plan: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderSent(Event):
    """An order goes to the venue, under its own client order id."""

    kind: ClassVar[str] = "order_sent"
    order: str
    intent: str
    clearance: str
    strategy: str
    symbol: str
    side: str
    type: str
    price: Decimal | None
    worst_price: Decimal | None
    quantity: Decimal
    post_only: bool
    reduce_only: bool
    leverage: Decimal
    cause: str
    route: str
    offset: Decimal
    retries: int
    patience: int
    expires: int
    plan: str | None
    quotes: int = 0


@dataclass(frozen=True, slots=True)
class OrderChanged(Event):
    """An order's next state, or its next price (`requoted`); `reason` says why."""

    kind: ClassVar[str] = "order_changed"
    order: str
    change: str
    price: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class Filled(Event):
    """A part of an order is filled. `fee` is what the venue takes, in USDT; `mark` the price just before the fill."""

    kind: ClassVar[str] = "fill"
    order: str
    strategy: str
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    maker: bool
    mark: Decimal


@dataclass(frozen=True, slots=True)
class ExitsArmed(Event):
    """The exits of a position, as shares of its cost and as a duration; None: not armed."""

    kind: ClassVar[str] = "exits_armed"
    strategy: str
    symbol: str
    row: str | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing_stop: Decimal | None
    time_stop: int | None


@dataclass(frozen=True, slots=True)
class ExitTriggered(Event):
    """A position's record says that it is to be closed."""

    kind: ClassVar[str] = "exit"
    strategy: str
    symbol: str
    side: str
    reason: str
    price: Decimal
    urgent: bool


@dataclass(frozen=True, slots=True)
class PositionClosed(Event):
    """A strategy is flat again in a symbol; money is in USDT, `side` the side that opened."""

    kind: ClassVar[str] = "trade"
    strategy: str
    symbol: str
    side: str
    opened: int
    quantity: Decimal
    realised: Decimal
    fees: Decimal
    funding: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class FundingPaid(Event):
    """A strategy's funding at a settlement; positive is paid, negative received."""

    kind: ClassVar[str] = "funding"
    strategy: str
    symbol: str
    at: int
    rate: Decimal
    mark: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Delisted(Event):
    """A symbol trades no more: what is held of it is settled at the last price, without a fee."""

    kind: ClassVar[str] = "delisting"
    symbol: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Liquidated(Event):
    """The margin balance no longer covers what the venue asks for: it closes everything."""

    kind: ClassVar[str] = "liquidation"
    balance: Decimal
    maintenance: Decimal


@dataclass(frozen=True, slots=True)
class Remembered(Event):
    """What a strategy asked to remember."""

    kind: ClassVar[str] = "strategy_memory"
    strategy: str
    memory: JSON


@dataclass(frozen=True, slots=True)
class StrategyFailed(Event):
    """A strategy was asked what it wants, and failed: it wants nothing then."""

    kind: ClassVar[str] = "strategy_failed"
    strategy: str
    text: str


@dataclass(frozen=True, slots=True)
class DayStarted(Event):
    """A UTC day begins with this NAV."""

    kind: ClassVar[str] = "day_started"
    day: int
    nav: Decimal


@dataclass(frozen=True, slots=True)
class Sampled(Event):
    """The account at the end of an hour, for charts: NAV, NAV per strategy, exposures, and headroom by gate."""

    kind: ClassVar[str] = "sample"
    nav: Decimal
    strategies: JSON
    exposures: JSON
    headroom: JSON


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """The feed is at its end; positions stay as they are, with their exits."""

    kind: ClassVar[str] = "run_ended"


def _all_kinds() -> dict[str, type[Event]]:
    return {c.kind: c for c in Event.__subclasses__()}


KINDS: Final[Mapping[str, type[Event]]] = _all_kinds()

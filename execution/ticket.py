"""A wish on its way to an order, and what the steps have settled so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from engine import Decision
from execution.events import IntentMade
from execution.gate import Clearance
from universe.trading import Side


class Cause(StrEnum):
    """Who asks for an order."""

    STRATEGY = "strategy"
    EXIT = "exit"
    SLICE = "slice"
    REQUOTE = "requote"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Wish:
    """An order that somebody wants; `quantity` in base coins (None: sizing proposes it).

    `parent` names the intent or plan that it comes from; `quotes` counts the prices that were shown for it before.
    """

    strategy: str
    symbol: str
    side: Side
    quantity: Decimal | None
    cause: Cause
    urgent: bool = False
    why: str = ""
    parent: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    quotes: int = 0


@dataclass(frozen=True, slots=True)
class About:
    """An order that facts are gathered for; None: not settled yet, so absent from the facts."""

    strategy: str
    symbol: str
    side: Side
    urgent: bool
    quantity: Decimal | None = None
    price: Decimal | None = None
    leverage: Decimal | None = None


@dataclass(slots=True)
class Ticket:
    """A wish under way. Only a strategy's is sized: all others come with their quantity."""

    intent: IntentMade
    cause: Cause
    about: About
    quotes: int = 0
    life: int = 0
    attempt: int = 1
    decision: Decision | None = None
    clearance: Clearance | None = None
    facts: dict[str, Any] = field(default_factory=dict)

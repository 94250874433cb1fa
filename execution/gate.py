"""The gate: the one place where code asks whether an intent may pass, and the one that makes a `Clearance`.

engine = RiskEngine.from_file(Path("universe/universe.json"))
decision = engine.check_order(facts)
if decision.allowed: …
for reason in decision.vetoes: print(reason.text, reason.source)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine import Decision, Engine
from engine.judge import is_exempt
from universe import Universe, load
from universe.trading import Side
from universe.trust import Trust

_SEAL: Final = object()


class ClearanceFault(RuntimeError):
    """Something that a clearance does not allow: it was used, has expired, or says something else."""


@dataclass(frozen=True, slots=True)
class Clearance:
    """Leave to send one order. Only the gate makes one.

    Args:
        id: its name, `intent/attempt`.
        intent: what was asked for.
        strategy: who asked.
        symbol: the contract.
        side: which way.
        quantity: base coins; an order may be smaller, never larger.
        worst_price: USDT per coin; no fill may be worse (None: a reducing order that must fill at any price).
        universe: hash of the universe that decided.
        facts: id of the decision, the hash of universe and facts.
        reduces: the order lowers its own strategy's position.
        expires: Unix seconds; from then on it is no leave.
    """

    id: str
    intent: str
    strategy: str
    symbol: str
    side: Side
    quantity: Decimal
    worst_price: Decimal | None
    universe: str
    facts: str
    reduces: bool
    expires: int
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise ClearanceFault("only the gate makes a clearance")

    def admits(self, symbol: str, side: Side, quantity: Decimal, price: Decimal | None) -> bool:
        """Whether an order is inside what was cleared."""
        inside = self.worst_price is None or (
            price is not None and (price - self.worst_price) * side.sign <= 0 and price > 0
        )
        return (symbol, side) == (self.symbol, self.side) and 0 < quantity <= self.quantity and inside


@dataclass(frozen=True, slots=True)
class RiskEngine:
    """Asks one universe about orders and about the account.

    Facts are nested by their dotted names: `{"order": {"symbol": "BTCUSDT", "price": "50000", …}, "nav": {…},
    …}`. Numbers are texts, ints or Decimals in the unit of `schemas/facts.yaml`; a float is refused as invalid.
    What is absent or None is missing, and vetoes where a gate needs it. Neither method raises: whatever is
    wrong is a veto with a reason.
    """

    universe: Universe
    engine: Engine

    @classmethod
    def of(cls, universe: Universe, backend: str = "python") -> "RiskEngine":
        """An engine over a verified universe."""
        return cls(universe, Engine(universe.ruleset, backend))

    @classmethod
    def from_file(
        cls, path: Path, environment: str = "prod", backend: str = "python", trust: Trust = ()
    ) -> "RiskEngine":
        """An engine over the universe in a file.

        Raises:
            UniverseFault: the file is absent, altered, compiled for another environment, or not signed as it must be.
        """
        return cls.of(load(path, environment, trust), backend)

    def check_order(self, facts: Mapping[str, Any]) -> Decision:
        """Whether an order may pass every gate, with every reason why not, and the largest quantity that would."""
        return self.engine.decide(facts)

    def check_nav(self, facts: Mapping[str, Any]) -> Decision:
        """Whether the account may trade at all: the gates of `scope: account`, over `nav.*` alone, without
        exemption.
        """
        return self.engine.decide(facts, scope="account")


@dataclass(frozen=True, slots=True)
class Asked:
    """An order as the gate is asked about it, beside the facts that say the same to the rules."""

    intent: str
    attempt: int
    strategy: str
    symbol: str
    side: Side
    quantity: Decimal
    worst_price: Decimal
    urgent: bool
    expires: int


class Gate:
    """Turns decisions into clearances, and holds each until it is spent: the exposure that it stands for is reserved.

    A clearance is spent once, before it expires, under the universe that gave it.
    """

    def __init__(self, risk: RiskEngine) -> None:
        self.risk = risk
        self._held: dict[str, Clearance] = {}

    def decide(self, facts: Mapping[str, Any], asked: Asked) -> tuple[Decision, Clearance | None]:
        """The decision on an order, and leave to send it where it is allowed."""
        decision = self.risk.check_order(facts)
        if not decision.allowed or not _same(facts, asked):
            return decision, None
        reduces = self._reduces(facts)
        clearance = Clearance(
            f"{asked.intent}/{asked.attempt}",
            asked.intent,
            asked.strategy,
            asked.symbol,
            asked.side,
            asked.quantity,
            None if reduces and asked.urgent else asked.worst_price,
            decision.universe,
            decision.id,
            reduces,
            asked.expires,
            _SEAL,
        )
        self._held[clearance.id] = clearance
        return decision, clearance

    def _reduces(self, facts: Mapping[str, Any]) -> bool:
        """Whether the rules, not the intent, say that the order lowers its own strategy's position."""
        engine = self.risk.engine
        return is_exempt(engine.situation(engine.reader.read(facts)))

    def spend(self, clearance: Clearance, quantity: Decimal, price: Decimal | None, now: int) -> None:
        """Use a clearance for one order of this size, at no worse than this price.

        Raises:
            ClearanceFault: it was used before, has expired, is of another universe, or admits no such order.
        """
        if self._held.get(clearance.id) is not clearance:
            raise ClearanceFault(f"clearance {clearance.id} was used already, or is not this gate's")
        if now >= clearance.expires:
            raise ClearanceFault(f"clearance {clearance.id} has expired")
        if clearance.universe != self.risk.universe.ruleset.universe_hash:
            raise ClearanceFault(f"clearance {clearance.id} was given by another universe")
        if not clearance.admits(clearance.symbol, clearance.side, quantity, price):
            raise ClearanceFault(f"clearance {clearance.id} admits no order of {quantity} at {price}")
        del self._held[clearance.id]

    def release(self, clearance: Clearance) -> None:
        """Give a clearance back unused."""
        self._held.pop(clearance.id, None)

    def reserved(self) -> Iterator[Clearance]:
        """Clearances given and not spent, whose exposure the next intent must see."""
        return iter(self._held.values())

    def adopt(self, risk: RiskEngine) -> None:
        """Decide by another universe from now on; what the old one cleared and nobody spent is no leave any more."""
        self.risk = risk
        self._held.clear()


def _same(facts: Mapping[str, Any], asked: Asked) -> bool:
    """Whether the facts that were decided on are about the order that is asked for."""
    order = facts.get("order")
    return isinstance(order, Mapping) and (
        order.get("strategy"),
        order.get("symbol"),
        order.get("side"),
        order.get("quantity"),
        order.get("price"),
        order.get("urgent"),
    ) == (asked.strategy, asked.symbol, asked.side, asked.quantity, asked.worst_price, asked.urgent)

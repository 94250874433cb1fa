"""What became of intents, and which reasons stopped them."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from execution.events import Decided, Dropped, IntentMade
from execution.journal import Entry
from execution.ticket import Cause
from research.report.drawing.scales import HOUR


class Fate(StrEnum):
    """What became of an intent."""

    OPEN = "undecided"
    PASSED = "passed"
    SHRUNK = "shrunk"
    VETOED = "vetoed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Veto:
    """One reason of one decision, as an example: who wanted what when, and the words of the gate."""

    time: int
    gate: str
    decision: str
    strategy: str
    symbol: str
    side: str
    text: str
    source: str


@dataclass(slots=True)
class Reason:
    """Vetoes for one reason: how many in each hour since 1970, for whom, and the last one."""

    hours: Counter[int] = field(default_factory=Counter)
    strategies: Counter[str] = field(default_factory=Counter)
    last: Veto | None = None

    @property
    def count(self) -> int:
        """How many."""
        return self.hours.total()


@dataclass(slots=True)
class Flow:
    """Collects intents and decisions. An intent is listed under its strategy, or under what else caused it."""

    kinds: ClassVar[frozenset[str]] = frozenset({"intent", "decision", "intent_dropped"})
    reasons: dict[str, Reason] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    dropped_text: dict[str, str] = field(default_factory=dict)
    _intents: dict[str, tuple[str, str]] = field(default_factory=dict)
    _fates: dict[str, Fate] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Take an event, of one of `kinds`."""
        match entry.event:
            case IntentMade() as made:
                self._intents[made.intent] = made.cause, made.strategy
                self._fates[made.intent] = Fate.OPEN
            case Dropped() as dropped:
                self._fates[dropped.intent] = Fate.DROPPED
                self.dropped[dropped.reason] += 1
                self.dropped_text[dropped.reason] = dropped.text
            case Decided() as decided:
                allowed = Fate.PASSED if decided.attempt == 1 else Fate.SHRUNK
                self._fates[decided.intent] = allowed if decided.allowed else Fate.VETOED
                self._veto(decided, entry.time)

    def _veto(self, decided: Decided, time: int) -> None:
        record = decided.record
        if not record["vetoes"]:
            return
        order = record["facts"].get("order", {})
        strategy = str(order.get("strategy", ""))
        for veto in record["vetoes"]:
            reason = self.reasons.setdefault(veto["reason"], Reason())
            reason.hours[time // HOUR] += 1
            reason.strategies[strategy] += 1
            reason.last = Veto(
                time,
                veto["gate"],
                decided.decision,
                strategy,
                str(record.get("subject") or ""),
                str(order.get("side", "")),
                veto["text"],
                veto.get("source") or "",
            )

    @property
    def by_count(self) -> list[tuple[str, Reason]]:
        """The reasons, the most frequent first."""
        return sorted(self.reasons.items(), key=lambda item: (-item[1].count, item[0]))

    def fates(self) -> dict[tuple[str, str], Counter[Fate]]:
        """For each cause, and for each strategy where a strategy is the cause, what became of how many intents."""
        found: dict[tuple[str, str], Counter[Fate]] = {}
        for intent, (cause, strategy) in self._intents.items():
            who = (cause, strategy if cause == Cause.STRATEGY else "")
            found.setdefault(who, Counter())[self._fates[intent]] += 1
        order = {cause.value: number for number, cause in enumerate(Cause)}
        return dict(sorted(found.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0])))

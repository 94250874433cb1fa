"""Waivers: a named person lets one gate pass for one subject or actor until a time, no farther than for everybody.

A waiver is asked only where its gate vetoed: the gate is judged again with the values that hold for everybody in the
place of those of the subject and the actor. What is missing or invalid is never waived, and where nobody says what
time it is no waiver is live.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from engine.catalog import Value
from engine.faults import Fault, Path
from engine.interpret import Situation
from engine.judge import Judgement, Outcome, judge
from engine.numbers import NumberFault, parse_number
from engine.ruleset import Gate, Head, Layer, Waiver

_KEYS: Final = frozenset("why by gate subject actor until written caps provenance source".split())
_TEXTS: Final = ("why", "by", "gate", "until", "written")


def may_be_waived(gate: Gate) -> bool:
    """Whether people may let a gate pass at all: not what holds for the exempt too, nor the account's."""
    return gate.enforced and gate.scope == "order" and not gate.exits


def live(waivers: tuple[Waiver, ...], now: Value | None, subject: str | None, actor: str | None) -> dict[str, Waiver]:
    """The waivers that hold for an intent at a time, by the gate's id; the first of each gate.

    Args:
        waivers: all of them.
        now: the value of the head's clock; None where it is not known.
        subject: whom the intent is about.
        actor: who asks.
    """
    found: dict[str, Waiver] = {}
    for waiver in waivers if isinstance(now, Decimal) else ():
        meant = waiver.subject in (None, subject) and waiver.actor in (None, actor)
        if meant and isinstance(now, Decimal) and now < waiver.until:
            found.setdefault(waiver.gate, waiver)
    return found


def relieved(judgement: Judgement, situation: Situation, waivers: Mapping[str, Waiver]) -> Judgement:
    """A judgement as it stands with the waivers that hold: waived, or a veto by what holds for everybody."""
    waiver = waivers.get(judgement.gate.id)
    if waiver is None or judgement.outcome is not Outcome.VETO or not may_be_waived(judgement.gate):
        return judgement
    again = judge(judgement.gate, situation.under(waiver.layer), exempt=False)
    if again.outcome is Outcome.UNKNOWN:
        return judgement
    if again.outcome is Outcome.VETO:
        return again._replace(waiver=waiver)
    return judgement._replace(outcome=Outcome.WAIVED, waiver=waiver)


class WaiversReader:
    """Checks the waivers of a document; faults are collected in `faults`."""

    def __init__(
        self,
        document: Mapping[str, Any],
        head: Head,
        gates: tuple[Gate, ...],
        layer: Callable[[Path, Mapping[str, Any]], Layer],
        faults: list[Fault],
    ) -> None:
        self._document = document
        self._head = head
        self._gates = {gate.id: gate for gate in gates}
        self._layer = layer
        self._faults = faults

    def waivers(self) -> tuple[Waiver, ...]:
        """Every waiver that has no fault."""
        entries = self._document.get("waivers", {})
        if entries and self._head.clock is None:
            self._add((), "a rule set whose head names no clock can't tell when a waiver ends")
        return tuple(w for name, entry in entries.items() if (w := self._waiver(name, entry)) is not None)

    def _add(self, path: Path, message: str) -> None:
        self._faults.append(Fault("bad-document", ("waivers", *path), message))

    def _waiver(self, name: str, entry: Mapping[str, Any]) -> Waiver | None:
        before = len(self._faults)
        for key in entry.keys() - _KEYS:
            self._add((name, key), f"`{key}` is no part of a waiver")
        for key in _TEXTS:
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                self._add((name,), f"a waiver says its `{key}`")
        if len(self._faults) > before:
            return None
        gate = self._gates.get(entry["gate"])
        if gate is None or not may_be_waived(gate):
            self._add((name, "gate"), f"`{entry['gate']}` is no gate that may be waived")
        named = [
            (k, h, entry[k]) for k, h in (("subject", self._head.subject), ("actor", self._head.actor)) if k in entry
        ]
        for key, head, who in named:
            if head is None or who not in self._document[head.part]:
                self._add((name, key), f"`{who}` is nobody")
        if not named:
            self._add((name,), "a waiver is for a subject or an actor")
        until = self._until(name, entry["until"])
        layer = self._layer(("waivers", name), entry)
        if until is None or len(self._faults) > before:
            return None
        return Waiver(
            name, entry["gate"], entry.get("subject"), entry.get("actor"), until, entry["written"], entry["by"], layer
        )

    def _until(self, name: str, text: str) -> Decimal | None:
        try:
            return parse_number(text)
        except NumberFault as fault:
            self._add((name, "until"), str(fault))
            return None

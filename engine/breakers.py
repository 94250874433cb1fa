"""Breakers: gates that stay shut once they have closed. Definitions, checked; `keeper.py` judges them."""

from collections.abc import Mapping
from typing import Any, Final

from engine.catalog import Catalog, did_you_mean
from engine.faults import Fault, Path, failures
from engine.rules import RulesReader
from engine.ruleset import Bound, Breaker, Gate, Head
from engine.tree import Node
from engine.windows import PERIODS, SpanFault, span

MANUAL: Final = "manual"
# What follows the id in the name of the gate that stops while a breaker is held shut.
HELD: Final = "_held"
PREFIX: Final = "breakers."
# What a breaker has beside what a gate has.
OWN: Final = ("by", "on", "hold", "reopen")


def facts_of(breakers: list[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The catalog entries of the facts that breakers are, from the breakers as they are written."""
    return {
        f"{PREFIX}{entry['id']}": {"unit": "bool", "from": "breakers", "meaning": f"Shut. {entry['why']}"}
        for entry in breakers
    }


def gates_of(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The gates that a breaker is: what it is about, where that is judged on orders, and that it is not held shut."""
    own = {key: value for key, value in entry.items() if key not in OWN}
    scope = {} if entry.get("by") else {"scope": "account"}
    held = {
        "id": entry["id"] if "on" in entry else f"{entry['id']}{HELD}",
        "why": entry["why"],
        **scope,
        "require": f"not {PREFIX}{entry['id']}",
        **{key: entry[key] for key in ("exits", "mode", "until", "veto", "source") if key in entry},
    }
    return [held] if "on" in entry else [{**own, **scope}, held]


class BreakersReader:
    """Checks the breakers of a document; faults are collected in `faults`."""

    def __init__(
        self, document: Mapping[str, Any], catalog: Catalog, head: Head, rules: RulesReader, faults: list[Fault]
    ) -> None:
        self._document = document
        self._catalog = catalog
        self._head = head
        self._rules = rules
        self._faults = faults

    def breakers(self) -> tuple[Breaker, ...]:
        """Every breaker that has no fault."""
        entries = self._document.get("breakers", [])
        return tuple(b for i, e in enumerate(entries) if (b := self._breaker(("breakers", i), i, e)) is not None)

    def _add(self, path: Path, code: str, message: str, help_text: str | None = None, **place: Any) -> None:
        self._faults.append(Fault(code, path, message, help_text, **place))

    def _breaker(self, path: Path, index: int, entry: Mapping[str, Any]) -> Breaker | None:
        before = failures(self._faults)
        gate = self._rules.gate(path, index, {k: v for k, v in entry.items() if k not in OWN})
        made = None
        if gate is not None:
            by, on = tuple(entry.get("by", ())), entry.get("on")
            self._check_keys(path, by, on)
            made = Breaker(gate, by, on, self._hold(path, entry), self._reopen(path, entry, gate))
        if f"{PREFIX}{entry['id']}" not in self._catalog.facts:
            self._add(path, "bad-document", f"`{PREFIX}{entry['id']}` is no fact")
        return made if failures(self._faults) == before else None

    def _check_keys(self, path: Path, by: tuple[str, ...], on: str | None) -> None:
        events = self._document.get("events", {})
        if on is not None and on not in events:
            self._add((*path, "on"), "unknown-event", f"`{on}` is no event", did_you_mean(on, events))
        prefix = self._head.shared
        for i, field in enumerate(by):
            place = (*path, "by", i)
            fact = self._catalog.facts.get(f"{prefix}{field}")
            if fact is None:
                known = [n.removeprefix(prefix) for n in self._catalog.facts if n.startswith(prefix)]
                help_text = did_you_mean(field, known)
                self._add(place, "unknown-field", f"there is no fact `{prefix}{field}`", help_text)
            elif not fact.type.values:
                self._add(place, "unknown-field", f"`{prefix}{field}` is no word of a list")
            elif on in events and field not in events[on]["fields"]:
                help_text = did_you_mean(field, events[on]["fields"])
                self._add(place, "unknown-field", f"`{on}` has no field `{field}`", help_text)

    def _hold(self, path: Path, entry: Mapping[str, Any]) -> int | str:
        text = entry["hold"]
        if text in (MANUAL, *PERIODS):
            return str(text)
        try:
            return span(text, self._catalog)
        except SpanFault as fault:
            help_text = f"write a time as 30m, caps.NAME, {', '.join(PERIODS)} or {MANUAL}"
            self._add((*path, "hold"), "bad-value", str(fault), fault.help or help_text)
            return 1

    def _reopen(self, path: Path, entry: Mapping[str, Any], gate: Gate) -> Node | None:
        if "reopen" not in entry:
            return None
        if not isinstance(gate.test, Bound):
            self._add((*path, "reopen"), "bad-shape", "only a measure with a bound opens again at another one")
            return None
        test = self._rules.bound((*path, "reopen"), gate.test.op, entry["reopen"], gate.test.measure, gate.test.unit)
        return test.limit if isinstance(test, Bound) else None

"""The texts of a scenario's past: `now:`, and `events:` with what happened before."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from engine.catalog import Fact, did_you_mean
from engine.faults import Path
from engine.nesting import merged
from engine.ruleset import RuleSet
from engine.tree import FactRef, walk
from engine.units import ValueFault, read_value
from engine.windows import PREFIX as WINDOWS
from generator.compile.lately_schemas import MOST_TIMES
from generator.compile.problems import Problem
from generator.compile.text import Document
from generator.past import Happening, Past, keys_of
from generator.scenario_texts import FactTexts

Facts = Mapping[str, Any]

# What stands in an entry beside the event.
AT: Final = "at"
TIMES: Final = "times"
FACTS: Final = "facts"
REARM: Final = "rearm"


class PastTexts:
    """Turns `now:` and `events:` into a past; what is wrong with them is added to the problems."""

    def __init__(self, document: Document, ruleset: RuleSet, facts: FactTexts, problems: list[Problem]) -> None:
        self._document = document
        self._ruleset = ruleset
        self._facts = facts
        self._problems = problems
        self._needed = needed_fields(ruleset)

    def past(self, path: Path, entry: Mapping[str, Any], facts: Facts) -> Past | None:
        """What happened before a scenario; None where it doesn't say.

        Args:
            path: where the scenario stands.
            entry: the scenario.
            facts: its facts, plain.
        """
        if "events" not in entry:
            return None
        for group in ("recent", "breakers"):
            if group in entry.get("facts", {}):
                message = f"`{group}` follows from `events` here"
                self._add((*path, "facts", group), "told-twice", message, "leave one of the two out", at_key=True)
        now = self._moment((*path, "now"), entry["now"])
        found = [self._happening((*path, "events", i), e, now, facts) for i, e in enumerate(entry["events"])]
        return Past(now, tuple(sorted(found, key=lambda happening: happening.time)))

    def clock(self, path: Path, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fact that the rules' clock is, by its whole name, where a scenario says what time it is."""
        clock = self._ruleset.head.clock
        return {clock: str(self._moment((*path, "now"), entry["now"]))} if clock and "now" in entry else {}

    def _add(self, path: Path, code: str, message: str, help_text: str | None = None, **place: Any) -> None:
        self._problems.append(self._document.problem(code, path, message, help_text, **place))

    def _moment(self, path: Path, text: str) -> int:
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None and moment.year >= 1970 and moment.microsecond == 0:
                return int(moment.astimezone(UTC).timestamp())
        except (ValueError, OverflowError):
            pass
        self._add(path, "bad-value", f"`{text}` is no moment in UTC", "write 2026-01-05T12:00:00Z")
        return 0

    def _happening(self, path: Path, entry: Mapping[str, Any], now: int, facts: Facts) -> Happening:
        time = now - self._ago((*path, AT), entry[AT])
        events = [name for name in entry if name not in (AT, TIMES, FACTS, REARM)]
        for name in events[1:]:
            message = f"`{name}` is a second event at one place"
            self._add((*path, name), "unknown-event", message, "give each event an entry of its own", at_key=True)
        rearm = entry.get(REARM, "")
        breakers = [b.id for b in self._ruleset.breakers]
        if rearm and rearm not in breakers:
            self._add((*path, REARM), "unknown-breaker", f"`{rearm}` is no breaker", did_you_mean(rearm, breakers))
        own = entry.get(FACTS, {})
        names = self._facts.names(merged(facts, own))
        then = self._facts.plain(own, names, lambda place: (*path, FACTS, *place))
        event = events[0] if events else ""
        fields = self._event((*path, event), event, entry[event], facts) if events else {}
        return Happening(time, event, fields, then, rearm, self._times((*path, TIMES), str(entry.get(TIMES, "1"))))

    def _times(self, path: Path, text: str) -> int:
        if text.isdecimal() and len(text) < 9 and 1 <= int(text) <= MOST_TIMES:
            return int(text)
        self._add(path, "bad-value", f"`{text}` is no number of times", f"write a whole number from 1 to {MOST_TIMES}")
        return 1

    def _ago(self, path: Path, text: str) -> int:
        """How long before `now`, in whole seconds."""
        unit = self._ruleset.catalog.units.get("duration")
        try:
            ago = read_value(text.removeprefix("-"), unit, {}) if unit is not None else None
        except ValueFault:
            ago = None
        if isinstance(ago, Decimal) and ago == ago.to_integral_value() and (text.startswith("-") or not ago):
            return int(ago)
        self._add(path, "bad-value", f"`{text}` is no time before `now`, in whole seconds", "write -50m, or 0")
        return 0

    def _event(self, path: Path, event: str, entry: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
        """An event's fields: as they are written; those that say whom it is about, as the order says them else."""
        if event not in self._ruleset.events:
            help_text = did_you_mean(event, self._ruleset.events)
            self._add(path, "unknown-event", f"`{event}` is no event that windows may read", help_text, at_key=True)
            return {}
        known = self._ruleset.events[event].facts
        keys = keys_of(facts, self._ruleset)
        made: dict[str, Any] = {name: word for name, word in keys.items() if f"{event}.{name}" in known}
        for name, text in entry.items():
            fact = known.get(f"{event}.{name}")
            if fact is None:
                help_text = did_you_mean(name, [full.partition(".")[2] for full in known])
                message = f"`{event}` has no field `{name}` that windows may read"
                self._add((*path, name), "unknown-field", message, help_text, at_key=True)
                continue
            made[name] = self._field((*path, name), name, fact, text, facts)
        for name, reader in self._needed.get(event, {}).items():
            if name not in made:
                self._add(path, "missing-key", f"`{event}` says no `{name}`, which {reader} reads", at_key=True)
        return made

    def _field(self, path: Path, name: str, fact: Fact, text: Any, facts: Facts) -> Any:
        try:
            value = self._facts.read(fact, text, self._facts.names(facts))
        except ValueFault as fault:
            self._add(path, "bad-value", str(fault), fault.help)
            return None
        shared = self._ruleset.catalog.facts.get(f"{self._ruleset.head.shared}{name}")
        words = fact.type.values or (shared.type.values if shared is not None else ())
        if words and value is not None and value not in words:
            self._add(path, "unknown-value", f"`{text}` is no {name}", did_you_mean(str(text), words))
        return Decimal(value) if fact.type.numeric and value is not None else value


def needed_fields(ruleset: RuleSet) -> dict[str, dict[str, str]]:
    """The fields of each event that some window or breaker reads, with one that does."""
    found: dict[str, dict[str, str]] = {}
    for window in ruleset.windows.values():
        reader, nodes = f"`{WINDOWS}{window.name}`", [n for n in (window.where, window.value) if n is not None]
        read = [n.name.partition(".")[2] for top in nodes for n in walk(top) if isinstance(n, FactRef)]
        for name in (*window.by, *read):
            found.setdefault(window.event, {}).setdefault(name, reader)
        for name in window.by if window.since in ruleset.events else ():
            found.setdefault(str(window.since), {}).setdefault(name, reader)
    for breaker in ruleset.breakers:
        for name in breaker.by if breaker.on is not None else ():
            found.setdefault(str(breaker.on), {}).setdefault(name, f"the breaker `{breaker.id}`")
    return found

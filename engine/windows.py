"""Windows: what is counted over events, each by its keys. Definitions, checked; `recent.py` does the counting."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from engine.catalog import Catalog, CatalogFault, Fact, did_you_mean, read_fact
from engine.check import BOOL, Checker, CheckFault
from engine.faults import Fault, Path, failures
from engine.tree import Arithmetic, FactRef, Node, Type, walk
from engine.units import ValueFault, read_value

# What a window tells of its events; those in the second line are numbers of an expression over the event's fields.
OF_EVENTS: Final = ("count", "streak", "since_last")
OF_VALUES: Final = ("sum", "max", "last")
KINDS: Final = (*OF_EVENTS, *OF_VALUES)
PERIODS: Final = ("utc_day", "utc_week")
# The unit of a window that counts events or time; the others name theirs.
UNITS: Final[Mapping[str, str]] = {"count": "count", "streak": "count", "since_last": "duration"}
PREFIX: Final = "recent."

_KEYS: Final = frozenset((*KINDS, "where", "by", "within", "since", "unit", "why", "source"))


@dataclass(frozen=True, slots=True)
class Window:
    """One window.

    Args:
        name: its fact is `recent.name`.
        kind: one of `KINDS`.
        event: the kind of event that it looks at.
        value: what of the event it sums, or keeps; None where it counts events or time.
        where: which events count; all of them where it is None.
        by: the event's fields that tell one count from another.
        within: seconds that it looks back, or the name of the cap that says so; None: it looks back to `since`.
        since: a period, or the kind of event that begins it anew; None: the beginning.
        source: where it is written.
    """

    name: str
    kind: str
    event: str
    value: Node | None
    where: Node | None
    by: tuple[str, ...]
    within: int | str | None
    since: str | None
    source: str


def facts_of(windows: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The catalog entries of the facts that windows are, from the windows as they are written."""
    return {f"{PREFIX}{name}": _fact(entry) for name, entry in windows.items()}


def _fact(entry: Mapping[str, Any]) -> dict[str, Any]:
    kind = next((k for k in KINDS if k in entry), "")
    sign = {"sign": "nonnegative"} if kind in OF_EVENTS else {}
    # Where a window says no unit and must, its own reader says so.
    return {"unit": UNITS.get(kind, entry.get("unit", "count")), **sign, "from": "windows", "meaning": described(entry)}


def described(entry: Mapping[str, Any]) -> str:
    """A window in words, with its reason if it has one."""
    kind = next((k for k in KINDS if k in entry), "")
    said = f"{kind.replace('_', ' ')} {entry.get(kind, '')}".capitalize()
    said += f" where {entry['where']}" if "where" in entry else ""
    said += f", by {' and '.join(entry['by'])}" if entry.get("by") else ""
    said += f", within {entry['within']}" if "within" in entry else ""
    said += f", since {entry['since']}" if "since" in entry else ""
    return f"{said}. {entry['why']}" if "why" in entry else f"{said}."


class SpanFault(ValueError):
    """A text that says no length of time; `help` says what would."""

    def __init__(self, message: str, help_text: str | None) -> None:
        super().__init__(message)
        self.help = help_text


def span(text: str, catalog: Catalog) -> int | str:
    """A length of time: whole seconds, or the name of the cap that says it.

    Raises:
        SpanFault: it is neither.
    """
    if text.startswith("caps."):
        names = [f"caps.{n}" for n, c in catalog.caps.items() if c.unit.name == "duration"]
        if text not in names:
            raise SpanFault(f"`{text}` is no cap of a duration", did_you_mean(text, names))
        return text.removeprefix("caps.")
    unit = catalog.units.get("duration")
    try:
        value = read_value(text, unit, {}) if unit is not None else None
    except ValueFault:
        value = None
    if not isinstance(value, Decimal) or value <= 0 or value != value.to_integral_value():
        raise SpanFault(f"`{text}` is no time in whole seconds", "write 90s, 1h or caps.NAME")
    return int(value)


class WindowsReader:
    """Checks the windows of a document; faults are collected in `faults`."""

    def __init__(self, document: Mapping[str, Any], catalog: Catalog, prefix: str, faults: list[Fault]) -> None:
        self._document = document
        self._catalog = catalog
        # What stands before the names of the facts that an order shares with events.
        self._prefix = prefix
        self._faults = faults
        self._events = {name: self._read_event(name, entry) for name, entry in document.get("events", {}).items()}

    def events(self) -> dict[str, Catalog]:
        """The fields of each kind of event, named `event.field`."""
        return self._events

    def windows(self) -> dict[str, Window]:
        """Every window that has no fault."""
        found = {name: self._window(name, entry) for name, entry in self._document.get("windows", {}).items()}
        return {name: window for name, window in found.items() if window is not None}

    def _add(self, path: Path, code: str, message: str, help_text: str | None = None, **place: Any) -> None:
        self._faults.append(Fault(code, path, message, help_text, **place))

    def _read_event(self, name: str, entry: Mapping[str, Any]) -> Catalog:
        facts: dict[str, Fact] = {}
        for field, declared in entry["fields"].items():
            if "none" in declared or declared["unit"] not in self._catalog.units:
                continue  # what may be empty, or is no value of a rule, is nothing that a window reads
            try:
                own = {**declared, "from": "event"}
                facts[f"{name}.{field}"] = read_fact(f"{name}.{field}", own, self._catalog.units, self._document, "")
            except CatalogFault as fault:
                self._add(("events", name, "fields", field, fault.key), fault.code, str(fault), fault.help)
        return Catalog(self._catalog.units, facts, {})

    def _window(self, name: str, entry: Mapping[str, Any]) -> Window | None:
        path: Path = ("windows", name)
        before = failures(self._faults)
        for key in entry.keys() - _KEYS:
            help_text = did_you_mean(key, _KEYS)
            self._add((*path, key), "unknown-key", f"`{key}` is no part of a window", help_text, at_key=True)
        kinds = [k for k in KINDS if k in entry]
        if len(kinds) != 1:
            self._add(path, "no-kind", "a window tells one thing", f"one of {', '.join(KINDS)}", at_key=True)
            return None
        kind, text = kinds[0], entry[kinds[0]]
        event = text if kind in OF_EVENTS else self._event_of((*path, kind), text)
        if event is None:
            return None
        if event not in self._events:
            help_text = did_you_mean(str(event), self._events) or f"known are {', '.join(sorted(self._events))}"
            self._add((*path, kind), "unknown-event", f"`{event}` is no event that windows may read", help_text)
            return None
        value = self._value((*path, kind), entry, event, text) if kind in OF_VALUES else None
        where = self._checked((*path, "where"), event, entry["where"], BOOL) if "where" in entry else None
        self._check_span(path, kind, event, entry)
        made = Window(
            name,
            kind,
            event,
            value,
            where,
            self._by(path, entry, event),
            self._within((*path, "within"), entry["within"]) if "within" in entry else None,
            entry.get("since"),
            entry.get("source", ""),
        )
        return made if failures(self._faults) == before else None

    def _event_of(self, path: Path, text: str) -> str | None:
        """The one kind of event whose fields an expression names; None, with a fault, where it can't be told."""
        every = Catalog(self._catalog.units, {n: f for c in self._events.values() for n, f in c.facts.items()}, {})
        try:
            node = Checker(every, {}, {}).check(text)
        except CheckFault as fault:
            self._add(path, fault.code, str(fault), fault.help, offset=fault.at)
            return None
        events = {n.name.partition(".")[0] for n in walk(node) if isinstance(n, FactRef)}
        if len(events) != 1:
            self._add(
                path, "unknown-event", f"`{text}` is not of one kind of event", "name fields of one, as EVENT.FIELD"
            )
            return None
        return events.pop()

    def _value(self, path: Path, entry: Mapping[str, Any], event: str, text: str) -> Node | None:
        unit = self._catalog.units.get(entry.get("unit", ""))
        if unit is None or not Type(unit.kind, unit.dimensions).numeric:
            message = f"what a `{path[-1]}` adds up or keeps is a number, and has a unit"
            self._add((*path[:-1], "unit"), "unknown-unit", message, "write `unit: NAME`")
            return None
        node = self._checked(path, event, text, Type(unit.kind, unit.dimensions))
        if node is not None and any(isinstance(n, Arithmetic) and n.op == "/" for n in walk(node)):
            message = "a window adds up and keeps decimals, and a quotient may be none"
            self._add(path, "division-inside", message, "divide in a measure over `recent.…`")
        return node

    def _checked(self, path: Path, event: str, text: str, wanted: Type) -> Node | None:
        try:
            return Checker(self._events[event], {}, {}).check(text, wanted, "condition" if wanted is BOOL else "value")
        except CheckFault as fault:
            self._add(path, fault.code, str(fault), fault.help, offset=fault.at)
            return None

    def _check_span(self, path: Path, kind: str, event: str, entry: Mapping[str, Any]) -> None:
        """How far it looks back is said once, and where it would be endless it is said."""
        if "within" in entry and "since" in entry:
            self._add((*path, "since"), "two-spans", "a window looks back `within` a time, or `since` something")
        if "within" in entry and kind not in ("count", "sum", "max"):
            self._add((*path, "within"), "bad-span", f"`{kind}` has no `within`", "leave it out, or write `since`")
        if "since" in entry and kind == "since_last":
            self._add((*path, "since"), "bad-span", "`since_last` has no `since`", "leave it out")
        if kind in ("count", "sum", "max") and not {"within", "since"} & entry.keys():
            self._add(
                path, "no-span", f"a `{kind}` of how long?", "write `within: 1h` or `since: utc_day`", at_key=True
            )
        since = entry.get("since")
        if since is not None and since == event:
            self._add((*path, "since"), "bad-span", f"it begins anew with each `{event}`, and has never seen two")
        if since is not None and since not in PERIODS and since not in self._events:
            help_text = did_you_mean(since, [*PERIODS, *self._events]) or f"write {', '.join(PERIODS)} or an event"
            self._add((*path, "since"), "unknown-event", f"`{since}` is no period and no event", help_text)

    def _within(self, path: Path, text: str) -> int | str:
        try:
            return span(text, self._catalog)
        except SpanFault as fault:
            self._add(path, "bad-value", str(fault), fault.help)
            return 1

    def _by(self, path: Path, entry: Mapping[str, Any], event: str) -> tuple[str, ...]:
        by = tuple(entry.get("by", ()))
        since = entry.get("since")
        for i, field in enumerate(by):
            known_by_all = True
            for holder in (event, *((since,) if since in self._events else ())):
                known = self._events[holder].facts
                if f"{holder}.{field}" not in known:
                    known_by_all = False
                    help_text = did_you_mean(field, [n.partition(".")[2] for n in known])
                    self._add((*path, "by", i), "unknown-field", f"`{holder}` has no field `{field}`", help_text)
            if known_by_all and f"{self._prefix}{field}" not in self._catalog.facts:
                message = f"`{field}` is of events alone: there is no fact `{self._prefix}{field}`"
                self._add((*path, "by", i), "unknown-field", message)
        return by

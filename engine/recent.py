"""What happened lately: windows, fed with events in order, as facts at a moment.

Everything is a function of the events that were fed, so that whoever reads them again has the same counts. An event
touches one cell of each window that looks at its kind: amortised O(1).
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal
from operator import itemgetter
from typing import Any, Final

from engine.backends.python import expression
from engine.catalog import Value
from engine.cells import CELLS, ZERO, Cell
from engine.numbers import exact
from engine.ruleset import RuleSet
from engine.tree import FactRef, Node, walk
from engine.windows import PERIODS, PREFIX, Window

# It never happened: longer than any duration that a rule may name (ten years, in seconds).
NEVER: Final = Decimal(315_360_000)

_DAY: Final = 86400
# 1970-01-01 was a Thursday; weeks begin on Monday.
_PERIODS: Final = {"utc_day": (_DAY, 0), "utc_week": (7 * _DAY, 3 * _DAY)}
# What a window says of keys for which nothing has happened; the others are missing.
_EMPTY: Final[Mapping[str, Decimal]] = {"count": ZERO, "sum": ZERO, "streak": ZERO, "since_last": NEVER}
_KEPT: Final = 64

Read = Callable[[Mapping[str, Any]], Any]
_Key = Callable[[Mapping[str, Any]], Any]


class Recent:
    """The windows of a rule set, and what they have counted.

    Args:
        ruleset: with its windows.
        begun: from when on events are known, in whole Unix seconds; None where they are known from their beginning.
            What a window can't know then is missing.
    """

    def __init__(self, ruleset: RuleSet, begun: int | None = None) -> None:
        self._counts = [_Count(window, ruleset, begun) for window in ruleset.windows.values()]
        # By event, and there by what reads their key: windows by the same fields have one.
        self._by_event: dict[str, dict[_Key, list[_Count]]] = {}
        key_of = {count.window.by: _key(count.window.by) for count in self._counts}
        self._resets: dict[str, list[_Count]] = {}
        self._by_fields: dict[tuple[str, ...], list[_Count]] = {}
        for count in self._counts:
            by_key = self._by_event.setdefault(count.window.event, {})
            by_key.setdefault(key_of[count.window.by], []).append(count)
            if count.window.since is not None and count.window.since not in PERIODS:
                self._resets.setdefault(count.window.since, []).append(count)
        self.events = frozenset({*self._by_event, *self._resets})
        """The kinds of events that some window looks at; others need not be fed."""

    def feed(self, event: str, fields: Mapping[str, Any], time: int) -> None:
        """Count an event.

        Args:
            event: its kind.
            fields: by name; numbers are Decimals or ints.
            time: whole Unix seconds, never before that of the last one.
        """
        for count in self._resets.get(event, ()):
            count.reset(fields)
        with exact():
            for key_of, counts in self._by_event.get(event, {}).items():
                key = key_of(fields)
                for count in counts:
                    count.add(key, fields, time)

    def facts(self, keys: Mapping[str, str], now: int) -> dict[str, Value]:
        """Each window as a fact, by its whole name.

        Args:
            keys: whose counts: the fields that windows are kept by. A window by a field that is not given is left out.
            now: whole Unix seconds; a window is `now − within < t ≤ now`.
        """
        found: dict[str, Value] = {}
        named = tuple(keys)
        if named not in self._by_fields:
            self._by_fields[named] = [c for c in self._counts if keys.keys() >= set(c.window.by)]
        with exact():
            for count in self._by_fields[named]:
                value = count.value(keys, now)
                if value is not None:
                    found[count.name] = value
        return found


class _Count:
    """One window: its cells by key, and how events are read for it."""

    def __init__(self, window: Window, ruleset: RuleSet, begun: int | None) -> None:
        self.window = window
        self.name = f"{PREFIX}{window.name}"
        self._begun = begun
        self._cells: dict[Any, Cell] = {}
        self._reset: set[Any] = set()
        self._where = None if window.where is None else _reading(window.where, window.event, ruleset)
        self._what = None if window.value is None else _reading(window.value, window.event, ruleset)
        self._is_streak = window.kind == "streak"
        self._key = _key(window.by)
        self._period = _PERIODS.get(window.since or "")
        self._span = None if window.within is None else _Span(window, ruleset)
        self._cell, self._longest = CELLS[window.kind, self._span is not None], self._span.longest if self._span else 0

    def reset(self, fields: Mapping[str, Any]) -> None:
        """Begin a cell anew."""
        key = self._key(fields)
        self._cells.pop(key, None)
        if self._begun is not None:
            self._reset.add(key)

    def add(self, key: Any, fields: Mapping[str, Any], time: int) -> None:
        """Count an event of this window's kind."""
        value: Any = 1
        if self._where is not None and not self._where(fields):
            if not self._is_streak:
                return
            value = 0
        if self._what is not None:
            value = self._what(fields)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = self._cell(self._longest)
        cell.add(time, 0 if self._period is None else self._begin(time), value)

    def value(self, keys: Mapping[str, str], now: int) -> Value | None:
        """What it says now of these keys; None where that is missing."""
        key = self._key(keys)
        within = 0 if self._span is None else self._span.of(keys)
        if within is None:
            return None
        start, cell = self._begin(now), self._cells.get(key)
        if self._begun is not None and not self._is_known(key, cell, now - within if self._span else start):
            return None
        return _EMPTY.get(self.window.kind) if cell is None else cell.value(now, start, within)

    def _is_known(self, key: Any, cell: Cell | None, start: int) -> bool:
        """Whether what is known of events reaches back as far as the window looks."""
        if self._begun is None or start >= self._begun or key in self._reset:
            return True
        return cell is not None and self._period is None and self.window.kind in ("last", "since_last")

    def _begin(self, time: int) -> int:
        """When the period that a moment is in began; 0 where the window knows no periods."""
        if self._period is None:
            return 0
        length, offset = self._period
        return time - (time + offset) % length


def _key(by: tuple[str, ...]) -> _Key:
    """What reads the key of a count off an event or an order."""
    return itemgetter(*by) if by else lambda fields: ()


def period_of(name: str, time: int) -> tuple[int, int]:
    """When the period that a moment is in began, and how long it is, in seconds."""
    length, offset = _PERIODS[name]
    return time - (time + offset) % length, length


class _Span:
    """How many seconds a window looks back, for whom: a cap may say another time for each subject and actor."""

    def __init__(self, window: Window, ruleset: RuleSet) -> None:
        self._fixed = window.within if isinstance(window.within, int) else None
        self._cap, self._ruleset = str(window.within), ruleset
        self._subject, self._actor = (f if f in window.by else None for f in ruleset.head.fields)
        self._known: dict[tuple[str, str], int] = {}
        layers = (ruleset.account, *(s.layer for s in ruleset.subjects.values()), *ruleset.actors.values())
        self.longest = self._fixed or max(_seconds(layer.caps.get(self._cap)) for layer in layers)

    def of(self, keys: Mapping[str, str]) -> int | None:
        """Whole seconds, for these keys; None for those of whom the rules know nothing."""
        if self._fixed is not None:
            return self._fixed
        who = (keys[self._subject] if self._subject else "", keys[self._actor] if self._actor else "")
        known = self._known.get(who)
        if known is None:
            ruleset = self._ruleset
            subject, actor = ruleset.subjects.get(who[0]), ruleset.actors.get(who[1])
            layers = (ruleset.account, *(() if subject is None else (subject.layer,)), *((actor,) if actor else ()))
            if all(self._cap not in layer.caps for layer in layers):
                return None
            known = self._known[who] = _seconds(ruleset.cap(self._cap, subject, actor)[0])
        return known


def whole_seconds(value: Decimal) -> int:
    """A duration in whole seconds: events come at whole ones, so that a part of one reaches as far as all of it."""
    return int(value.to_integral_value(ROUND_CEILING))


def _seconds(value: Value | None) -> int:
    return whole_seconds(value) if isinstance(value, Decimal) else 0


def _reading(node: Node, event: str, ruleset: RuleSet) -> Read:
    """A function of an event's fields that works an expression out.

    What depends on words and truth values alone is worked out once for each combination.
    """
    facts = ruleset.events[event].facts
    names = list(dict.fromkeys(n.name for n in walk(node) if isinstance(n, FactRef)))
    fields = [name.partition(".")[2] for name in names]
    work_out = expression(ruleset, node, {name: i for i, name in enumerate(names)})
    if any(facts[name].type.numeric for name in names):
        return lambda given: work_out([Decimal(v) if type(v := given[f]) is int else v for f in fields])
    return _remembering(work_out, fields)


def _remembering(work_out: Callable[[list[Any]], Any], fields: list[str]) -> Read:
    known: dict[Any, Any] = {}

    def read(given: Mapping[str, Any]) -> Any:
        key = tuple([given[f] for f in fields])
        if key not in known:
            if len(known) > _KEPT:
                known.clear()
            known[key] = work_out([*key])
        return known[key]

    return read

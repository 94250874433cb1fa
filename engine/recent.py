"""What happened lately: windows, fed with events in order, as facts at a moment.

Everything is a function of the events that were fed, so that whoever reads them again has the same counts. An event
touches one cell of each window that looks at its kind: amortised O(1). A cell holds one number a second at most.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from engine.catalog import Value
from engine.interpret import Situation, evaluate
from engine.numbers import exact
from engine.ruleset import RuleSet
from engine.tree import FactRef, Node, walk
from engine.windows import PREFIX, Window

# It never happened: longer than any duration that a rule may name (ten years, in seconds).
NEVER: Final = Decimal(315_360_000)

_DAY: Final = 86400
# 1970-01-01 was a Thursday; weeks begin on Monday.
_PERIODS: Final = {"utc_day": (_DAY, 0), "utc_week": (7 * _DAY, 3 * _DAY)}
_ZERO: Final = Decimal(0)
_KEPT: Final = 64

Key = tuple[Any, ...]
Read = Callable[[Mapping[str, Any]], Any]


class Recent:
    """The windows of a rule set, and what they have counted.

    Args:
        ruleset: with its windows.
        begun: from when on events are known, in Unix seconds; None where they are known from their beginning. A window
            that looks farther back is missing.
    """

    def __init__(self, ruleset: RuleSet, begun: int | None = None) -> None:
        self._counts = [_Count(window, ruleset) for window in ruleset.windows.values()]
        self._begun = begun
        self._by_event: dict[str, list[_Count]] = {}
        self._resets: dict[str, list[_Count]] = {}
        for count in self._counts:
            self._by_event.setdefault(count.window.event, []).append(count)
            if count.window.since is not None and count.window.since not in _PERIODS:
                self._resets.setdefault(count.window.since, []).append(count)

    @property
    def events(self) -> frozenset[str]:
        """The kinds of events that some window looks at; others need not be fed."""
        return frozenset({*self._by_event, *self._resets})

    def feed(self, event: str, fields: Mapping[str, Any], time: int) -> None:
        """Count an event.

        Args:
            event: its kind.
            fields: by name; numbers are Decimals or ints.
            time: Unix seconds, never before that of the last one.
        """
        for count in self._resets.get(event, ()):
            count.reset(fields)
        with exact():
            for count in self._by_event.get(event, ()):
                count.add(fields, time)

    def facts(self, keys: Mapping[str, str], now: int) -> dict[str, Value]:
        """Each window as a fact, by its whole name.

        Args:
            keys: whose counts: the fields that windows are kept by. A window by a field that is not given is left out.
            now: Unix seconds; a window is `now − within < t ≤ now`.
        """
        found: dict[str, Value] = {}
        with exact():
            for count in self._counts:
                value = count.value(keys, now, self._begun)
                if value is not None:
                    found[f"{PREFIX}{count.window.name}"] = value
        return found


class _Count:
    """One window: its cells by key, and how events are read for it."""

    def __init__(self, window: Window, ruleset: RuleSet) -> None:
        self.window = window
        self._cells: dict[Key, _Cell] = {}
        self._where = None if window.where is None else _reading(window.where, window.event, ruleset)
        self._what = None if window.value is None else _reading(window.value, window.event, ruleset)
        self._horizon = _horizons(window, ruleset)
        self._longest = max(self._horizon.values(), default=0)

    def reset(self, fields: Mapping[str, Any]) -> None:
        """Begin a cell anew."""
        self._cells.pop(tuple([fields[name] for name in self.window.by]), None)

    def add(self, fields: Mapping[str, Any], time: int) -> None:
        """Count an event of this window's kind."""
        holds = self._where is None or self._where(fields) is True
        kind = self.window.kind
        if not holds and kind != "streak":
            return
        key = tuple([fields[name] for name in self.window.by])
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _CELLS[kind, self._longest > 0](self._longest)
        cell.add(
            time, _begin(self.window.since, time), (1 if holds else 0) if self._what is None else self._what(fields)
        )

    def value(self, keys: Mapping[str, str], now: int, begun: int | None) -> Value | None:
        """What it says now of these keys; None where that is missing."""
        window = self.window
        if any(name not in keys for name in window.by):
            return None
        within = self._horizon[self._holder(keys)] if self._horizon else None
        start = _begin(window.since, now)
        if begun is not None and (now - within if within else start) < begun:
            return None
        cell = self._cells.get(tuple([keys[name] for name in window.by]))
        if cell is None:
            return _EMPTY.get(window.kind)
        return cell.value(now, start, within or 0)

    def _holder(self, keys: Mapping[str, str]) -> str:
        """Whose cap says how far it looks back: the first of its keys that has one of its own."""
        return next((keys[n] for n in self.window.by if keys[n] in self._horizon), "")


def period_of(name: str, time: int) -> tuple[int, int]:
    """When the period that a moment is in began, and how long it is, in seconds."""
    length, offset = _PERIODS[name]
    return time - (time + offset) % length, length


def _begin(since: str | None, time: int) -> int:
    """When the period that a moment is in began; 0 where the window knows no periods."""
    return period_of(since, time)[0] if since in _PERIODS else 0


def _horizons(window: Window, ruleset: RuleSet) -> dict[str, int]:
    """How many seconds it looks back, by who has a value of the cap; `""` is everybody else. Empty: no such span."""
    if window.within is None:
        return {}
    if isinstance(window.within, int):
        return {"": window.within}
    cap, found = window.within, dict[str, int]()
    holders = {"": ruleset.account, **{n: s.layer for n, s in ruleset.subjects.items()}, **ruleset.actors}
    for name, layer in holders.items():
        value = layer.caps.get(cap)
        if isinstance(value, Decimal):
            found[name] = int(value)
    return found


def _reading(node: Node, event: str, ruleset: RuleSet) -> Read:
    """A function of an event's fields that works a node out by the reference interpreter.

    What depends on words and truth values alone is worked out once for each combination.
    """
    catalog = ruleset.events[event]
    names = list(dict.fromkeys(n.name for n in walk(node) if isinstance(n, FactRef)))
    fields = [name.partition(".")[2] for name in names]
    slots = {name: i for i, name in enumerate(names)}
    own = replace(ruleset, catalog=catalog)

    def work_out(values: Key) -> Any:
        return _plain(evaluate(node, Situation(own, slots, [_value(v) for v in values], {})))

    if any(catalog.facts[name].type.numeric for name in names):
        if isinstance(node, FactRef):
            return lambda given: _value(given[fields[0]])
        return lambda given: work_out(tuple([given[f] for f in fields]))
    return _remembering(work_out, fields)


def _remembering(work_out: Callable[[Key], Any], fields: list[str]) -> Read:
    known: dict[Hashable, Any] = {}

    def read(given: Mapping[str, Any]) -> Any:
        key = tuple([given[f] for f in fields])
        if key not in known:
            if len(known) > _KEPT:
                known.clear()
            known[key] = work_out(key)
        return known[key]

    return read


def _value(given: Any) -> Any:
    return Decimal(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _plain(answer: Any) -> Any:
    """An answer as a value: a fraction that a decimal holds, since windows divide nothing."""
    return Decimal(answer.numerator) / Decimal(answer.denominator) if isinstance(answer, Fraction) else answer


class _Cell:
    """The count of one key."""

    __slots__ = ()

    def __init__(self, longest: int) -> None: ...

    def add(self, time: int, start: int, value: Any) -> None:
        """Count an event; `start` is when its period began."""

    def value(self, now: int, start: int, within: int) -> Value | None:
        """What is counted now, in a period that began at `start`, or in the last `within` seconds."""


class _Rolling(_Cell):
    """A count or sum of the last seconds: running totals by second, so that two of them tell what lies between."""

    __slots__ = ("_before", "_first", "_longest", "_times", "_totals")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._times: list[int] = []
        self._totals: list[Decimal | int] = []
        self._first = 0
        self._before: Decimal | int = 0

    def add(self, time: int, start: int, value: Any) -> None:
        times, totals = self._times, self._totals
        if times and times[-1] == time:
            totals[-1] += value
            return
        times.append(time)
        totals.append((totals[-1] if totals else self._before) + value)
        gone = time - self._longest
        while times[self._first] <= gone:
            self._first += 1
        if self._first > 32 and self._first * 2 > len(times):
            self._before = totals[self._first - 1]
            del times[: self._first], totals[: self._first]
            self._first = 0

    def value(self, now: int, start: int, within: int) -> Value | None:
        at = bisect_right(self._times, now - within)
        before = self._totals[at - 1] if at else self._before
        return Decimal(self._totals[-1] - before)


class _Highest(_Cell):
    """The highest of the last seconds: a value stays for as long as no later one is as high."""

    __slots__ = ("_longest", "_times", "_values")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._times: list[int] = []
        self._values: list[Decimal] = []

    def add(self, time: int, start: int, value: Any) -> None:
        times, values = self._times, self._values
        while values and values[-1] <= value:
            times.pop()
            values.pop()
        times.append(time)
        values.append(value)
        gone = bisect_right(times, time - self._longest)
        if gone > 32:
            del times[:gone], values[:gone]

    def value(self, now: int, start: int, within: int) -> Value | None:
        at = bisect_right(self._times, now - within)
        return self._values[at] if at < len(self._values) else None


class _Running(_Cell):
    """One number since a beginning: begun anew with each period."""

    __slots__ = ("_number", "_start")
    _begins: Decimal | None = _ZERO

    def __init__(self, longest: int) -> None:
        self._start = -1
        self._number: Decimal | None = self._begins

    def add(self, time: int, start: int, value: Any) -> None:
        if start != self._start:
            self._start, self._number = start, self._begins
        self._number = self._next(self._number, value)

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return number + value

    def value(self, now: int, start: int, within: int) -> Value | None:
        return self._number if start == self._start else self._begins


class _Streak(_Running):
    __slots__ = ()

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return number + 1 if value else _ZERO


class _Last(_Running):
    __slots__ = ()
    _begins = None

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return value


class _Most(_Running):
    __slots__ = ()
    _begins = None

    @staticmethod
    def _next(number: Any, value: Any) -> Any:
        return value if number is None else max(number, value)


class _SinceLast(_Cell):
    """How long ago."""

    __slots__ = ("_time",)

    def __init__(self, longest: int) -> None:
        self._time = 0

    def add(self, time: int, start: int, value: Any) -> None:
        self._time = time

    def value(self, now: int, start: int, within: int) -> Value | None:
        return Decimal(now - self._time)


# By kind of window, and whether it looks back a number of seconds.
_CELLS: Final[Mapping[tuple[str, bool], Callable[[int], _Cell]]] = {
    ("count", True): _Rolling,
    ("sum", True): _Rolling,
    ("max", True): _Highest,
    ("count", False): _Running,
    ("sum", False): _Running,
    ("max", False): _Most,
    ("last", False): _Last,
    ("streak", False): _Streak,
    ("since_last", False): _SinceLast,
}
# What a window says of keys for which nothing has happened; the others are missing.
_EMPTY: Final[Mapping[str, Decimal]] = {"count": _ZERO, "sum": _ZERO, "streak": _ZERO, "since_last": NEVER}

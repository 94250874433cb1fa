"""The past of a scenario: what happened before its order, and what windows and breakers make of that.

They are counted and judged by the code that a run counts and judges with. The account is looked at after each event,
as a run looks at it at each tick, and once more when the order is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import Engine
from engine.breakers import PREFIX as BREAKERS
from engine.facts import FactsFault
from engine.keeper import Keeper, Key, Post, Shut, close, key_of
from engine.nesting import merged, nested
from engine.recent import Recent
from engine.ruleset import RuleSet
from engine.windows import PREFIX as WINDOWS


@dataclass(frozen=True, slots=True)
class Happening:
    """One moment of a past.

    Args:
        time: in whole Unix seconds.
        event: the kind of event that happens; empty: the account is looked at, and no more.
        fields: the event's, by name; numbers are Decimals.
        facts: what differs at that moment from the scenario's own facts, nested.
        rearm: the breaker that a person opens, for whom the order is about; empty: none.
        times: how often the event happens then.
    """

    time: int
    event: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    rearm: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Past:
    """What happened before an order, in order of time, and when the order is decided, in whole Unix seconds."""

    now: int
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a past comes to: the scenario's facts with the windows and breakers, which breakers closed in it, and the
    windows that counted something.
    """

    facts: Mapping[str, Any]
    tripped: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()


def recalled(facts: Mapping[str, Any], past: Past | None, engine: Engine) -> Recalled:
    """A scenario's facts, with what windows and breakers make of its past; as they are where it has none."""
    if past is None:
        return Recalled(facts)
    memory = _Memory(engine, facts)
    try:
        for happening in past.happenings:
            for _ in range(happening.times):
                memory.live(happening)
        memory.look(facts, past.now)
    except FactsFault:
        # Facts that can't be read at all are refused by the decision, whatever happened before.
        return Recalled(facts)
    return memory.comes_to(facts, past.now)


class _Memory:
    """Windows and breakers on their way through a past."""

    def __init__(self, engine: Engine, facts: Mapping[str, Any]) -> None:
        self._ruleset, self._keeper, self._recent = engine.ruleset, Keeper(engine), Recent(engine.ruleset)
        self._keys = keys_of(facts, engine.ruleset)
        self._facts = facts
        self._shut: dict[Key, Shut] = {}
        self._eased: set[Key] = set()
        self._tripped: set[str] = set()
        self._events: set[str] = set()

    def live(self, happening: Happening) -> None:
        """Go through one moment."""
        facts = merged(self._facts, happening.facts)
        if happening.event:
            self._events.add(happening.event)
            self._recent.feed(happening.event, happening.fields, happening.time)
            self._judge(self._keeper.on(happening.event, happening.fields), facts, happening.time)
        if happening.rearm:
            by = next(b.by for b in self._ruleset.breakers if b.id == happening.rearm)
            self._shut.pop(key_of(happening.rearm, {f: self._keys[f] for f in by if f in self._keys}), None)
        self.look(facts, happening.time)

    def look(self, facts: Mapping[str, Any], now: int) -> None:
        """Judge the breakers that await no event, for whom the order is about."""
        self._judge(self._keeper.of(self._keys), facts, now)

    def _judge(self, posts: list[Post], facts: Mapping[str, Any], now: int) -> None:
        for post in posts:
            known = merged(facts, nested((f"{self._ruleset.head.shared}{f}", word) for f, word in post.keys.items()))
            known = merged(known, nested(self._recent.facts(post.keys, now).items()))
            for trip in self._keeper.judge(post, known, self._shut, self._eased, now):
                close(self._shut, trip.breaker, trip.keys, trip.until, trip.reason.text, now)
                self._tripped.add(trip.breaker)

    def comes_to(self, facts: Mapping[str, Any], now: int) -> Recalled:
        """What is known when the order is decided; what was given of windows and breakers counts no more."""
        counts, states = self._recent.facts(self._keys, now), self._keeper.facts(self._keys, self._shut, now)
        plain = {name: group for name, group in facts.items() if f"{name}." not in (WINDOWS, BREAKERS)}
        windows = self._ruleset.windows.values()
        return Recalled(
            merged(plain, nested({**counts, **states}.items())),
            tuple(b.id for b in self._ruleset.breakers if b.id in self._tripped),
            tuple(w.name for w in windows if w.event in self._events and f"{WINDOWS}{w.name}" in counts),
        )


def keys_of(facts: Mapping[str, Any], ruleset: RuleSet) -> dict[str, str]:
    """The fields by which what is decided on shares counts and breakers with events, as far as facts say them."""
    by = [*(w.by for w in ruleset.windows.values()), *(b.by for b in ruleset.breakers)]
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for names in by for name in names):
        value: Any = facts
        for part in f"{ruleset.head.shared}{name}".split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            found[name] = value
    return found

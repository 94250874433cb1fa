"""Breakers at work: what closes them, for whom and until when, and which facts they are.

Whoever keeps the state hands it in: `shut` says what has closed, `eased` for which of these the condition has held
since. Nothing here changes either but `judge`, which notes what has eased.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Any

from engine.breakers import MANUAL
from engine.breakers import PREFIX as BREAKERS
from engine.engine import Engine
from engine.explain import veto_reason
from engine.facts import Snapshot
from engine.interpret import Situation
from engine.judge import Judgement, Outcome
from engine.reason import Reason
from engine.recent import period_of, whole_seconds
from engine.ruleset import Bound, Breaker, Gate
from engine.windows import PERIODS

# A breaker, and for whom it is.
Key = tuple[str, tuple[tuple[str, str], ...]]
Stopping = Callable[[Snapshot], list[Judgement]]
Glancing = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Shut:
    """A breaker that has closed: since when, until when (None: until a person opens it), and by what."""

    breaker: str
    keys: Mapping[str, str]
    since: int
    until: int | None
    text: str

    def holds(self, now: int) -> bool:
        """Whether it is shut at a moment."""
        return self.until is None or now < self.until

    def record(self) -> dict[str, Any]:
        """As JSON data."""
        return {**asdict(self), "keys": dict(self.keys)}


@dataclass(frozen=True, slots=True)
class Trip:
    """A breaker closes, or is closed for longer: what of, and the facts that it was judged on, as JSON."""

    breaker: str
    keys: Mapping[str, str]
    until: int | None
    reason: Reason
    facts: str


def key_of(breaker: str, keys: Mapping[str, str]) -> Key:
    """A breaker and for whom it is, as it is kept."""
    return breaker, tuple(sorted(keys.items()))


def close(shut: dict[Key, Shut], breaker: str, keys: Mapping[str, str], until: int | None, text: str, now: int) -> None:
    """Note that a breaker closes: since now, or since it did where it is shut already."""
    key = key_of(breaker, keys)
    was = shut.get(key)
    since = was.since if was is not None and was.holds(now) else now
    shut[key] = Shut(breaker, keys, since, until, text)


@dataclass(frozen=True, slots=True)
class Post:
    """The breakers that are judged together, since they are for the same keys, and as what each is kept."""

    keys: Mapping[str, str]
    breakers: tuple["_Kept", ...]
    kept_as: tuple[Key, ...]
    none_stops: Glancing


class Keeper:
    """Judges the breakers of a rule set.

    Args:
        engine: the rule set's.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._awaiting: dict[tuple[str, ...], list[_Kept]] = {}
        self._on: dict[str, list[_Kept]] = {}
        for breaker in engine.ruleset.breakers:
            kept = _Kept(
                breaker,
                engine.glancing(breaker.gate),
                engine.stopping(breaker.gate),
                engine.stopping(_reopening(breaker)),
            )
            if breaker.on is None:
                self._awaiting.setdefault(breaker.by, []).append(kept)
            else:
                self._on.setdefault(breaker.on, []).append(kept)
        self._none_stops = {by: engine.glancing(*(k.breaker.gate for k in kept)) for by, kept in self._awaiting.items()}
        self.everybody = tuple(self._everybody())
        """Whom there is to judge when the account is looked at, by the breakers that await no event."""

    def _everybody(self) -> Iterator[Post]:
        ruleset = self._engine.ruleset
        for by in self._awaiting:
            words = [sorted(ruleset.catalog.facts[f"{ruleset.head.shared}{field}"].type.values) for field in by]
            yield from (self._post(by, dict(zip(by, said, strict=True))) for said in product(*words))

    def _post(self, by: tuple[str, ...], keys: Mapping[str, str]) -> Post:
        return _post({field: keys[field] for field in by}, self._awaiting[by], self._none_stops[by])

    def of(self, keys: Mapping[str, str]) -> list[Post]:
        """Whom to judge when one of these keys asks for something; what is kept by a field that is not given is left
        out.
        """
        return [self._post(by, keys) for by in self._awaiting if all(f in keys for f in by)]

    def on(self, event: str, fields: Mapping[str, Any]) -> list[Post]:
        """Whom to judge when an event happens; nobody, for most of them."""
        return [_post({f: str(fields[f]) for f in k.breaker.by}, (k,), k.none_stops) for k in self._on.get(event, ())]

    @property
    def events(self) -> frozenset[str]:
        """The kinds of events on which some breaker is judged."""
        return frozenset(self._on)

    def judge(
        self, post: Post, facts: Mapping[str, Any], shut: Mapping[Key, Shut], eased: set[Key], now: int
    ) -> list[Trip]:
        """What closes, or is closed for longer, of the breakers of a post.

        One that is shut is closed for longer by a new trip: its event, or its condition, once that has held in
        between or its time is over. What is missing closes nothing: the gate itself vetoes meanwhile.

        Args:
            post: who is judged, by which breakers.
            facts: nested, as for a decision, of the account and of the post's keys.
            shut: what has closed.
            eased: for which of these the condition has held since; changed in place.
            now: whole Unix seconds.
        """
        if shut.keys().isdisjoint(post.kept_as) and post.none_stops(facts):
            return []
        snapshot = self._engine.reader.read(facts)
        trips = []
        for kept, key in zip(post.breakers, post.kept_as, strict=True):
            breaker, was = kept.breaker, shut.get(key)
            again = was is not None and key not in eased
            said = (kept.reopening if again else kept.stopping)(snapshot)
            if not said and was is not None:
                eased.add(key)
            if not said or said[0].outcome is not Outcome.VETO:
                continue
            eased.discard(key)
            situation = self._engine.situation(snapshot)
            until = end_of_hold(breaker, now, situation)
            is_new = breaker.on is not None or not again
            if was is None or not was.holds(now) or (is_new and _is_later(until, was.until)):
                trips.append(Trip(breaker.id, post.keys, until, veto_reason(said[0], situation), snapshot.json))
        return trips

    def facts(self, keys: Mapping[str, str], shut: Mapping[Key, Shut], now: int) -> dict[str, bool]:
        """Whether each breaker is shut for these keys, by the name of its fact; one by a field that is not given is
        left out.
        """
        found = {}
        for breaker in self._engine.ruleset.breakers:
            if all(f in keys for f in breaker.by):
                was = shut.get(key_of(breaker.id, {f: keys[f] for f in breaker.by})) if shut else None
                found[f"{BREAKERS}{breaker.id}"] = was is not None and was.holds(now)
        return found


@dataclass(frozen=True, slots=True)
class _Kept:
    """A breaker, what it is held to while it is open, and while it is shut."""

    breaker: Breaker
    none_stops: Glancing
    stopping: Stopping
    reopening: Stopping


def _post(keys: Mapping[str, str], breakers: Sequence[_Kept], none_stops: Glancing) -> Post:
    return Post(keys, tuple(breakers), tuple([key_of(k.breaker.id, keys) for k in breakers]), none_stops)


def _reopening(breaker: Breaker) -> Gate:
    """What a breaker is held to while it is shut."""
    gate = breaker.gate
    if breaker.reopen is None or not isinstance(gate.test, Bound):
        return gate
    return replace(gate, test=replace(gate.test, limit=breaker.reopen))


def _is_later(until: int | None, was: int | None) -> bool:
    return was is not None and (until is None or until > was)


def end_of_hold(breaker: Breaker, now: int, situation: Situation) -> int | None:
    """When one that closes now opens again, in Unix seconds; None: when a person opens it.

    Args:
        breaker: which.
        now: whole Unix seconds.
        situation: of those for whom it closes, where a cap says how long.
    """
    hold = breaker.hold
    if hold == MANUAL:
        return None
    if isinstance(hold, int):
        return now + hold
    if hold in PERIODS:
        begun, length = period_of(hold, now)
        return begun + length
    _, value = situation.cap_value(hold)
    # A cap that is none bounds nothing: it is held as long as it can be.
    return now + whole_seconds(value) if isinstance(value, Decimal) else None

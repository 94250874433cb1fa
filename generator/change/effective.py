"""Which values of a cap hold for whom, on both sides, and how they move between the two."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from engine.catalog import Cap, Value
from engine.ruleset import Layer, RuleSet
from engine.units import Kind
from engine.values import typed_value
from generator.change.movement import STILL, UNKNOWN, Move, between

# Stands for every word that there is, and for those that there are not: what `none` means as a list.
_EVERY: Final = "*"


@dataclass(frozen=True, slots=True)
class Pair:
    """The values that hold for one subject and actor before and after; UNKNOWN where they depend on an actor who is
    not named, None where they are `none`.
    """

    old: Any
    new: Any


class Effective:
    """The values of caps for every subject and actor that both rule sets have."""

    def __init__(self, old: RuleSet, new: RuleSet) -> None:
        self._old, self._new = old, new
        self.subjects = tuple(s for s in old.subjects if s in new.subjects)
        self.actors = tuple(a for a in old.actors if a in new.actors)
        self._setters: dict[str, tuple[str | None, ...]] = {}

    def of_subject(self, cap: str, subject: str) -> Iterator[Pair]:
        """What holds for a subject, whoever asks."""
        return (self._pair(cap, subject, actor) for actor in self._askers(cap))

    def of_actor(self, cap: str, actor: str) -> Iterator[Pair]:
        """What holds for an actor, whatever is asked for; and for nobody, who has to be named or not by what actors
        set.
        """
        seen: set[tuple[Any, ...]] = set()
        subjects: tuple[str | None, ...] = self.subjects
        if not self._asks_of_somebody(cap):
            subjects = (*subjects, None)
        for subject in subjects:
            here = self._layers(cap, subject)
            if here not in seen:
                seen.add(here)
                yield self._pair(cap, subject, actor)
                yield self._pair(cap, subject, None)

    def of_account(self, cap: str) -> Iterator[Pair]:
        """What holds where no subject is meant, and for all that set nothing of their own."""
        yield from (self._pair(cap, None, actor) for actor in self._askers(cap))
        bare = (s for s in self.subjects if not self._sets(s, cap))
        yield from (self._pair(cap, subject, actor) for subject in bare for actor in self._askers(cap))

    def _asks_of_somebody(self, cap: str) -> bool:
        """Whether a cap is only ever asked for with a subject: nothing is decided about an order of nobody's, and a
        gate of the account reads what holds for the account alone.
        """
        sides = (self._old, self._new)
        return all(s.head.subject is not None and s.catalog.caps[cap].per != "account" for s in sides)

    def _askers(self, cap: str) -> tuple[str | None, ...]:
        """The actors that a value may differ by: all that set it, one that doesn't, and nobody, for whom an actor's own
        edit speaks where an actor sets it.
        """
        if cap not in self._setters:
            sets = [a for a in self.actors if cap in self._old.actors[a].caps or cap in self._new.actors[a].caps]
            others = [a for a in self.actors if a not in sets]
            depends = cap in self._old.actor_caps | self._new.actor_caps
            self._setters[cap] = (*(() if depends else (None,)), *sets, *others[:1])
        return self._setters[cap]

    def _layers(self, cap: str, subject: str | None) -> tuple[Any, ...]:
        """What a subject sets itself, on both sides: subjects that set the same are one case."""
        if subject is None:
            return ()
        return tuple(side.subjects[subject].layer.caps.get(cap, UNKNOWN) for side in (self._old, self._new))

    def _sets(self, subject: str, cap: str) -> bool:
        return any(cap in side.subjects[subject].layer.caps for side in (self._old, self._new))

    def _pair(self, cap: str, subject: str | None, actor: str | None) -> Pair:
        return Pair(value_of(self._old, cap, subject, actor), value_of(self._new, cap, subject, actor))


def value_of(ruleset: RuleSet, cap: str, subject: str | None, actor: str | None) -> Any:
    """The value that holds; UNKNOWN where an actor must be named first, or nobody sets it."""
    if actor is None and cap in ruleset.actor_caps:
        return UNKNOWN
    layer: Layer | None = ruleset.actors[actor] if actor is not None else None
    try:
        return ruleset.cap(cap, ruleset.subjects.get(subject or ""), layer)[0]
    except KeyError:
        return UNKNOWN


def moves_of(cap: Cap, pairs: Iterable[Pair]) -> Move:
    """The movement of a cap over all these pairs."""
    found = STILL
    for old, new in {(p.old, p.new) for p in pairs}:
        found |= _moves(cap, old, new)
    return found


def _moves(cap: Cap, old: Any, new: Any) -> Move:
    if cap.unit.kind is Kind.LIST:
        return between(*(_all_words(cap) if v is None else v for v in (old, new)))
    return _moves_of_number(old, new)


def moves_of_values(pairs: Iterable[Pair]) -> Move:
    """The movement of a bound over all these pairs; None is no bound."""
    found = STILL
    for pair in pairs:
        found |= _moves_of_number(pair.old, pair.new)
    return found


def _moves_of_number(old: Any, new: Any) -> Move:
    if UNKNOWN in (old, new) or (old is not None and new is not None):
        return between(old, new)
    return STILL if old is new else Move.CLOSED if old is None else Move.OPENED


def _all_words(cap: Cap) -> tuple[str, ...]:
    return (*sorted(cap.type.item.values if cap.type.item else ()), _EVERY)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the declared direction says of values: whether some are looser now, and whether some are tighter."""

    looser: bool
    tighter: bool


def declared(cap: Cap, pairs: Iterable[Pair]) -> Declared:
    """What the direction that the catalog declares says of these pairs; of a value that nobody can tell it says
    nothing.
    """
    looser = tighter = False
    for old, new in {(p.old, p.new) for p in pairs}:
        if UNKNOWN not in (old, new) and old != new:
            looser |= _looser(cap, new, old)
            tighter |= _looser(cap, old, new)
    return Declared(looser, tighter)


def looser_data(cap: Cap, one: Any, other: Any) -> bool:
    """Whether one compiled value of a cap is looser than another; where one of them is no value of it, yes."""
    try:
        values = [None if v is None else typed_value(v, cap) for v in (one, other)]
    except ValueError:
        return True
    return _looser(cap, *values)


def _looser(cap: Cap, one: Value | None, other: Value | None) -> bool:
    try:
        return cap.looser(one, other)
    except TypeError:
        return True  # of a kind that no direction is declared for

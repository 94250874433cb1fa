"""Replaying: facts that a formula calls a witness, decided by the engine itself.

Both backends decide, by both rule sets, each on the facts that it declares; and the formulas, with these facts put in,
must say of each gate what the engine says.
"""

from decimal import Decimal
from typing import Any

from engine import BACKENDS, Decision, Engine, RuleSet
from engine.nesting import nested
from engine.numbers import canonical
from generator.change.proof.places import UNNAMED, Place
from generator.change.proof.sides import Side
from generator.change.proof.valuation import Given, Invalid, Point, holds
from generator.change.proof.vocabulary import Vocabulary


class Disagreement(AssertionError):
    """Engine and formulas decide differently on the same facts; what was proved by them is worth nothing."""


class Decider:
    """One rule set, ready to decide on points."""

    def __init__(self, side: Side, vocabulary: Vocabulary) -> None:
        self._side, self._vocabulary = side, vocabulary
        self._fast, self._slow = (Engine(side.ruleset, backend) for backend in BACKENDS)

    def facts(self, point: Point, place: Place) -> dict[str, Any]:
        """A point's facts as this rule set is given them, nested."""
        named = {n: self._vocabulary.variable(self._side.index, n) for n in self._own}
        return nested(raw({n: point[v] for n, v in named.items() if v in point}, place, self._side.ruleset).items())

    @property
    def _own(self) -> list[str]:
        return [f.name for f in self._side.ruleset.supplied]

    def quick(self, point: Point, place: Place) -> Decision:
        """The decision by the fast backend alone, to look for facts by."""
        return self._fast.decide(self.facts(point, place), place.scope)

    def decide(self, point: Point, place: Place) -> Decision:
        """The decision on a point.

        Raises:
            Disagreement: the backends, or the engine and the formulas, differ.
        """
        facts = self.facts(point, place)
        fast, slow = (e.decide(facts, place.scope) for e in (self._fast, self._slow))
        if fast.to_json() != slow.to_json():
            raise Disagreement(f"the backends differ on {fast.facts_json}")
        allows = holds(self._side.terms, [self._side.allows(place)], self._vocabulary.taken(point))
        if allows is not slow.allowed:
            raise Disagreement(f"the formulas differ from {slow.to_json()}")
        return slow


def raw(point: Point, place: Place, ruleset: RuleSet) -> dict[str, Any]:
    """A point's facts as they are given to one rule set: by dotted names, numbers as text, what is missing left out."""
    head, given = ruleset.head, dict(point)
    if place.scope == "order" and head.subject is not None:
        given[head.subject.key] = place.subject
    if place.scope == "order" and head.actor is not None:
        nobody = given.get(head.actor.key) if isinstance(given.get(head.actor.key), Invalid) else None
        given[head.actor.key] = nobody if place.actor == UNNAMED else place.actor
    return {n: _written(v, n, ruleset) for n, v in given.items() if v is not None}


def _written(given: Given, name: str, ruleset: RuleSet) -> Any:
    """A value as it is given; what no fact of its kind can be, where it is to be invalid."""
    if isinstance(given, Invalid):
        return ["?"] if ruleset.catalog.facts[name].unit.kind.value == "text" else "?"
    if isinstance(given, Decimal):
        return canonical(given)
    return list(given) if isinstance(given, tuple) else given

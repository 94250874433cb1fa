"""All that questions about rule sets are asked with: formulas, the solver, the search, and engines to replay in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine import Decision, RuleSet
from engine.facts import FactReader
from engine.nesting import flat, nested
from generator.change.proof.places import UNNAMED, Place
from generator.change.proof.replay import Decider
from generator.change.proof.sides import Side
from generator.change.proof.solver import Solver
from generator.change.proof.terms import Term, Terms
from generator.change.proof.valuation import Given, Point, holds
from generator.change.proof.vocabulary import Vocabulary
from generator.change.proof.witness import Seeker

# The facts of an order to begin a search with, nested, for a subject and who asks.
Orders = Callable[[str | None, str | None], Mapping[str, Any]]


class Workbench:
    """Rule sets in formulas over one vocabulary.

    Args:
        rulesets: one, or the old and the new.
        limit_seconds: how long the solver may take for one answer.
        near: an order to look for others near of; plain values without it.
    """

    def __init__(self, rulesets: Sequence[RuleSet], limit_seconds: float, near: Orders | None) -> None:
        self.terms = Terms()
        self.vocabulary = Vocabulary(self.terms, [r.catalog for r in rulesets])
        self.sides = tuple(Side(r, self.terms, self.vocabulary, i) for i, r in enumerate(rulesets))
        self.solver = Solver(self.terms, self.vocabulary, limit_seconds)
        self.seeker = Seeker(self.terms, self.vocabulary, self.solver, self._near)
        self._orders = near
        self._deciders: dict[int, Decider] = {}
        self._readers: dict[int, FactReader] = {}

    def decider(self, index: int) -> Decider:
        """The engines of a rule set."""
        if index not in self._deciders:
            self._deciders[index] = Decider(self.sides[index], self.vocabulary)
        return self._deciders[index]

    def quick(self, point: Point, place: Place) -> list[Decision]:
        """The decisions on a point by each rule set, by the fast backend."""
        return [self.decider(i).quick(point, place) for i in range(len(self.sides))]

    def replayed(self, point: Point, place: Place) -> list[Decision]:
        """The decisions on a point by each rule set, on which both backends and the formulas agree.

        Raises:
            Disagreement: they do not.
        """
        return [self.decider(i).decide(point, place) for i in range(len(self.sides))]

    def holds(self, formulas: Iterable[Term], point: Point) -> bool:
        """Whether all formulas hold at a point."""
        return holds(self.terms, formulas, self.vocabulary.taken(point))

    def places(self) -> list[Place]:
        """Every subject with every actor, and with an order that doesn't say who asks; of each rule set."""
        subjects: dict[str | None, None] = {}
        actors: dict[str | None, None] = {}
        for side in self.sides:
            head = side.ruleset.head
            subjects.update(dict.fromkeys(side.ruleset.subjects if head.subject else (None,)))
            actors.update(dict.fromkeys(side.ruleset.actors if head.actor else (None,)))
        if None not in actors:
            actors[UNNAMED] = None
        return [Place(s, a) for s in subjects for a in actors]

    def _near(self, place: Place) -> Mapping[str, Given] | None:
        """The facts of the order that a search begins with, by their variables."""
        if self._orders is None:
            return None
        facts = dict(flat(self._orders(place.subject, place.actor or None)))
        found: dict[str, Given] = {}
        for index, side in enumerate(self.sides):
            reader = self._readers.setdefault(index, FactReader(side.ruleset))
            supplied = {f.name for f in side.ruleset.supplied}
            snapshot = reader.read(nested((n, v) for n, v in facts.items() if n in supplied))
            for name in supplied:
                if name not in snapshot.invalid:
                    found[self.vocabulary.variable(index, name)] = snapshot.values[reader.slots[name]]
        return found

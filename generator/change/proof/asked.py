"""One rule set, asked whether there is an order of some kind: an order that shows it, a proof that there is none, or
neither.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine import Decision, RuleSet
from engine.ruleset import Gate
from generator.change.proof.places import UNNAMED, Place
from generator.change.proof.shaping import Found, Goal
from generator.change.proof.solver import Stage
from generator.change.proof.terms import Term
from generator.change.proof.valuation import Given, Point
from generator.change.proof.wording import order
from generator.change.proof.workbench import Orders, Workbench

DEAREST: Final = list(Stage)
# Whether a decision is what is looked for.
Confirm = Callable[[Decision], bool]


@dataclass(frozen=True, slots=True)
class Example:
    """An order that shows something, decided by both backends; `text` is it in a few words."""

    facts: Mapping[str, Any]
    decision: Decision
    text: str


class Asked:
    """A rule set in formulas, and the search for orders.

    Args:
        ruleset: the rules.
        limit_seconds: how long the solver may take for one answer.
        near: an order to look for others near of.
    """

    def __init__(self, ruleset: RuleSet, limit_seconds: float, near: Orders | None) -> None:
        self.ruleset = ruleset
        self.bench = Workbench((ruleset,), limit_seconds, near)
        self.side, self.terms = self.bench.sides[0], self.bench.terms
        self.places = self.bench.places()
        # Those of an order that says who asks.
        self.named = [p for p in self.places if p.actor != UNNAMED]
        self._refuted: dict[tuple[Term, ...], Stage | None] = {}

    def refuted(self, formulas: Iterable[Term]) -> Stage | None:
        """How it is proved that no order satisfies all of these; None where there may be one."""
        key = tuple(dict.fromkeys(formulas))
        if self.terms.false in key:
            return Stage.INTERVALS
        if key not in self._refuted:
            self._refuted[key] = self.bench.solver.refuted(key)
        return self._refuted[key]

    def adds(self, place: Place) -> Term:
        """That an order is not exempt."""
        return self.terms.negate(self.side.exempt(place))

    def passing(self, place: Place, *, exempt: bool, but: Sequence[str] = ()) -> list[Term]:
        """That every gate which holds for such orders lets one through, but for some by id."""
        gates = [g for g in self.held(exempt=exempt) if g.id not in but]
        return [self.terms.negate(self.side.stops(g, place)) for g in gates]

    def held(self, *, exempt: bool) -> list[Gate]:
        """The gates that can stop an order that is exempt, or one that is not."""
        return [g for g in self.side.enforced if g.exits or not exempt]

    def example(
        self,
        place: Place,
        formulas: Sequence[Term],
        confirm: Confirm,
        given: Mapping[str, Given] | None = None,
    ) -> Example | Stage | None:
        """An order that satisfies all of these and is decided as wanted; how it is refuted; or None for neither.

        Args:
            place: whose order.
            formulas: the first is what it is about.
            confirm: whether the decision is what is looked for.
            given: facts that the order is to have, by their variables.
        """
        if self.terms.false in formulas:
            return Stage.INTERVALS
        base = self.bench.seeker.base(place)
        known = dict(given or {})

        def confirmed(point: Point) -> int:
            wanted = confirm(self.bench.quick(point, place)[0]) and self.bench.holds(formulas, point)
            return 2 if wanted else 0

        goal = Goal(place, self.side, tuple(formulas), confirmed)
        found = self.bench.seeker.seek(goal, [Found({**base, **known}, tuple(known), base)])
        if not isinstance(found, Found):
            return found
        decision = self.bench.replayed(found.point, place)[0]
        facts = self.bench.decider(0).facts(found.point, place)
        return Example(facts, decision, order(found.point, place, self.ruleset))


def dearest(stages: Iterable[Stage]) -> Stage:
    """The dearest of several ways to prove."""
    return max(stages, key=DEAREST.index, default=Stage.HASH)

"""One gate before and after, by itself: whether it stops less or more, of orders that add and of those that reduce."""

from dataclasses import dataclass
from typing import Final

from engine.ruleset import Gate
from generator.change.proof.pairs import Pair, implies
from generator.change.proof.places import Place
from generator.change.proof.sides import Side
from generator.change.proof.solver import Stage
from generator.change.proof.terms import Term
from generator.change.proof.workbench import Workbench

_DEAREST: Final = list(Stage)


@dataclass(frozen=True, slots=True)
class Alone:
    """What a gate does that it did not do, every other gate aside; each is said where it could not be refuted.

    Args:
        looser: it lets through an order that adds, which it stopped.
        tighter: it stops an order that adds, which it let through.
        holds: it stops an order that reduces, which it let through.
        eases: it lets through an order that reduces, which it stopped.
        stage: the dearest way in which one of these was refuted.
    """

    looser: bool = False
    tighter: bool = False
    holds: bool = False
    eases: bool = False
    stage: Stage = Stage.HASH


SAME: Final = Alone()


class Gates:
    """What the gates of the old and the new rules say, place by place."""

    def __init__(self, bench: Workbench) -> None:
        self.old, self.new = bench.sides
        self._terms, self._solver = bench.terms, bench.solver
        self._alone: dict[tuple[Term, ...], Alone] = {}
        own = ((s.ruleset.account.caps, s.ruleset.actor_caps, s.ruleset.catalog.caps) for s in bench.sides)
        self._all_moved = not all(one == other for one, other in zip(*own, strict=True))
        self._moved: dict[Place, bool] = {}

    def differ(self, pair: Pair, place: Place) -> bool:
        """Whether the gate may say something else there than it did."""
        if not pair.alike or pair.old is None or pair.new is None:
            return True
        if not self._is_moved(place):
            return False
        return self.old.read_by(pair.old, place) != self.new.read_by(pair.new, place)

    def _is_moved(self, place: Place) -> bool:
        """Whether any value that is fixed by the place is another than before."""
        if place not in self._moved:
            one, other = (side.here(place).values() for side in (self.old, self.new))
            self._moved[place] = self._all_moved or one != other
        return self._moved[place]

    def stops(self, pair: Pair, place: Place) -> tuple[Term, Term]:
        """Whether the gate stops an order that is not exempt, before and after."""
        return self._of(self.old, pair.old, place), self._of(self.new, pair.new, place)

    def _of(self, side: Side, gate: Gate | None, place: Place) -> Term:
        if gate is None or (place.scope != "order" and gate.scope != place.scope):
            return self._terms.false
        return side.stops(gate, place)

    def exits(self, pair: Pair, place: Place) -> tuple[Term, Term]:
        """Whether the gate stops an order that is exempt, before and after."""
        before, after = self.stops(pair, place)
        held = [g is not None and bool(g.exits) for g in (pair.old, pair.new)]
        return before if held[0] else self._terms.false, after if held[1] else self._terms.false

    def adding(self, place: Place) -> tuple[Term, Term]:
        """That an order is exempt by neither."""
        return self._terms.negate(self.old.exempt(place)), self._terms.negate(self.new.exempt(place))

    def reducing(self, place: Place) -> tuple[Term, Term]:
        """That an order is exempt by both."""
        return self.old.exempt(place), self.new.exempt(place)

    def alone(self, pair: Pair, place: Place) -> Alone:
        """What the gate does that it did not do, by itself."""
        stops, exits = self.stops(pair, place), self.exits(pair, place)
        if stops[0] is stops[1] and exits[0] is exits[1]:
            return SAME
        key = (*stops, *exits, *self.reducing(place))
        if key not in self._alone:
            self._alone[key] = self._compared(stops, exits, place)
        return self._alone[key]

    def _compared(self, stops: tuple[Term, Term], exits: tuple[Term, Term], place: Place) -> Alone:
        adding, reducing = self.adding(place), self.reducing(place)
        looser, tighter = self._both_ways(*stops, adding)
        eases, holds = self._both_ways(*exits, reducing)
        dearest = max((s for s in (looser, tighter, holds, eases) if s is not None), key=_DEAREST.index, default=None)
        return Alone(looser is None, tighter is None, holds is None, eases is None, dearest or Stage.INTERVALS)

    def _both_ways(self, one: Term, other: Term, when: tuple[Term, Term]) -> tuple[Stage | None, Stage | None]:
        """How it is refuted that `one` stops an order that `other` does not, and the other way round.

        What implies the other on the face of it is told from it by intervals; the solver is for what does neither.
        """
        forth, back = implies(one, other), implies(other, one)
        dear = not forth and not back
        return self._refuted(one, other, when, forth, dear), self._refuted(other, one, when, back, dear)

    def _refuted(self, one: Term, other: Term, when: tuple[Term, Term], implied: bool, dear: bool) -> Stage | None:
        formulas = [one, self._terms.negate(other), *when]
        if dear:
            return self._solver.refuted(formulas)
        return Stage.INTERVALS if implied or self._solver.by_intervals(formulas) else None

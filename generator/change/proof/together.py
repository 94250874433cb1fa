"""All gates together: whether what a gate no longer stops gets past the others, and what it stops anew got past before.

A gate that is looser by itself is LOOSEN where an order shows it, LATENT-LOOSEN where it is proved that another gate
stops every such order, NOT-PROVED where neither can be had.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine import Decision
from generator.change.proof.gates import SAME, Alone, Gates
from generator.change.proof.pairs import Pair
from generator.change.proof.places import Place
from generator.change.proof.results import Witness
from generator.change.proof.shaping import Found, Goal
from generator.change.proof.sides import Side
from generator.change.proof.solver import Stage
from generator.change.proof.terms import Term
from generator.change.proof.valuation import Point
from generator.change.proof.wording import flipped
from generator.change.proof.workbench import Workbench
from generator.change.words import Class

# Beyond its share of searches, an order that shows an edit elsewhere stands for it; of many edits, each gets few.
SEARCHES: Final = 800
LEAST: Final = 2
# After so many questions that could not be answered, no more of their kind are asked.
PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one gate at one place; `pair` None is the head.

    `held` says whether it stops an order that reduces and that passed: False is proved, None is neither.
    """

    pair: Pair | None
    place: Place
    word: Class
    stage: Stage
    alone: Alone
    witness: Witness | None = None
    held: bool | None = False


@dataclass(slots=True)
class _Sought:
    """What the searches for one gate have come to."""

    searches: int = 0
    unknown: int = 0
    found: Found | None = None
    witness: Witness | None = None


Shown = Witness | Stage | None


class Together:
    """Judges what gates do together."""

    def __init__(self, bench: Workbench, gates: Gates) -> None:
        self._bench, self._gates, self._terms = bench, gates, bench.terms
        self._share = SEARCHES
        self._sought: dict[tuple[str, str, str | None], _Sought] = {}
        self._passes: dict[tuple[int, Place, bool], list[Term]] = {}

    def expect(self, edits: int) -> None:
        """So many gates are going to be judged: each gets its share of the searches."""
        self._share = max(LEAST, SEARCHES // max(1, edits) ** 2)

    def judged(self, pair: Pair, place: Place, alone: Alone) -> Verdict:
        """What became of a gate at a place, every other gate considered."""
        shown: list[Shown] = []
        if alone.looser:
            shown.append(self._loosened(pair, place))
        held = self._held(pair, place) if alone.holds else Stage.HASH
        if alone.holds:
            shown.append(held)
        verdict = Verdict(pair, place, Class.EQUIVALENT, alone.stage, alone, held=_is_shown(held))
        if shown:
            word = Class.MIXED if alone.tighter and not alone.holds else Class.LOOSEN
            return self._worded(verdict, shown, word)
        return replace(verdict, word=Class.TIGHTEN) if alone.tighter or alone.eases else verdict

    @staticmethod
    def _worded(verdict: Verdict, shown: Sequence[Shown], word: Class) -> Verdict:
        witness = next((s for s in shown if isinstance(s, Witness)), None)
        if witness is not None:
            return replace(verdict, word=word, stage=Stage.REPLAY, witness=witness)
        if None in shown:
            return replace(verdict, word=Class.NOT_PROVED, stage=Stage.CONCRETE)
        dearest = max((s for s in shown if isinstance(s, Stage)), key=list(Stage).index)
        return replace(verdict, word=Class.LATENT_LOOSEN, stage=dearest)

    # Gates

    def _passing(self, side: Side, place: Place, *, exits: bool = False) -> list[Term]:
        """That every gate lets an order through: one that adds, or one that reduces."""
        key = (side.index, place, exits)
        if key not in self._passes:
            gates = (g for g in side.gates(place) if g.exits or not exits)
            self._passes[key] = [self._terms.negate(side.stops(g, place)) for g in gates]
        return self._passes[key]

    def _loosened(self, pair: Pair, place: Place) -> Shown:
        """An order that adds, which the gate stopped, and which passes now."""
        adding = self._gates.adding(place)
        formulas = (self._gates.stops(pair, place)[0], *adding, *self._passing(self._gates.new, place))
        gate = pair.old.id if pair.old is not None else None

        def confirm(before: Decision, after: Decision) -> int:
            return 0 if before.allowed or not after.allowed else _named(before, gate)

        return self._shown("looser", gate, self._goal(place, self._gates.new, formulas, adding, confirm))

    def _held(self, pair: Pair, place: Place) -> Shown:
        """An order that reduces, which passed, and which the gate stops now."""
        reducing = self._gates.reducing(place)
        formulas = (
            self._gates.exits(pair, place)[1],
            *reducing,
            *self._passing(self._gates.old, place, exits=True),
        )
        gate = pair.new.id if pair.new is not None else None

        def confirm(before: Decision, after: Decision) -> int:
            return 0 if after.allowed or not before.allowed else _named(after, gate)

        return self._shown("held", gate, self._goal(place, self._gates.old, formulas, reducing, confirm))

    def _goal(
        self,
        place: Place,
        side: Side,
        formulas: Sequence[Term],
        always: Sequence[Term],
        confirm: Callable[[Decision, Decision], int],
    ) -> Goal:
        def confirmed(point: Point) -> int:
            before, after = self._bench.quick(point, place)
            agreed = confirm(before, after)
            return agreed if agreed and self._bench.holds(always, point) else 0

        return Goal(place, side, tuple(formulas), confirmed)

    def _shown(self, kind: str, gate: str | None, goal: Goal) -> Shown:
        """A witness; how it is refuted that there is one; None where neither could be had."""
        if self._terms.false in goal.formulas:
            return Stage.INTERVALS
        sought = self._sought.setdefault((kind, goal.place.scope, gate), _Sought())
        if sought.unknown >= PATIENCE:
            return Stage.INTERVALS if self._bench.solver.by_intervals(goal.formulas) else None
        if sought.witness is not None and sought.searches >= self._share:
            return sought.witness
        sought.searches += 1
        base = self._bench.seeker.base(goal.place)
        hints = [Found(base, (), base) if sought.found is None else sought.found]
        found = self._bench.seeker.seek(goal, hints)
        if found is None:
            sought.unknown += 1
        if not isinstance(found, Found):
            return found
        witness = self._replayed(found, goal, gate)
        sought.found, sought.witness = found, sought.witness or witness
        return witness

    def _replayed(self, found: Found, goal: Goal, gate: str | None) -> Witness:
        before, after = self._bench.replayed(found.point, goal.place)
        index = 1 if self._bench.sides[1].knows(goal.place) else 0
        rules = [side.ruleset for side in self._bench.sides]
        text = flipped(found.point, goal.place, rules, (before, after), gate)
        facts = self._bench.decider(index).facts(found.point, goal.place)
        return Witness(facts, before, after, found.moved, text)

    # The head

    def heads(self, place: Place) -> list[Verdict]:
        """What became of orders that one of the rule sets doesn't know, or that one exempts and the other does not."""
        old, new = (side.knows(place) for side in self._bench.sides)
        shown = self._newcomers(place, old, new) if old is not new else self._exemption(place)
        if shown is None:
            return []
        # The last of them is of orders that are newly vetoed, but for those of a subject that is new.
        held = False if (new and not old) or not shown else _is_shown(shown[-1])
        verdict = Verdict(None, place, Class.TIGHTEN, Stage.CONCRETE, Alone(), held=held)
        return [self._worded(verdict, shown, Class.LOOSEN) if shown else verdict]

    def _newcomers(self, place: Place, old: bool, new: bool) -> list[Shown]:
        """Orders of a subject that is new, or gone."""
        terms, gates = self._terms, self._gates

        def flips(before: Decision, after: Decision) -> bool:
            return before.allowed is not after.allowed

        if new:
            adding = (terms.negate(gates.new.exempt(place)),)
            goal = self._goal(place, gates.new, (*adding, *self._passing(gates.new, place)), adding, flips)
            return [self._shown("new", None, goal)]
        reducing = (gates.old.exempt(place),)
        formulas = (*reducing, *self._passing(gates.old, place, exits=True))
        found = self._shown("gone", None, self._goal(place, gates.old, formulas, reducing, flips))
        return [] if isinstance(found, Stage) else [found]

    def _exemption(self, place: Place) -> list[Shown] | None:
        """Orders that one rule set exempts and the other does not, where they are decided otherwise; None where there
        is no such order.
        """
        terms, gates = self._terms, self._gates
        before, after = gates.reducing(place)
        if before is after:
            return None
        apart = terms.where(before, terms.negate(after), after)
        if self._bench.solver.refuted([apart]) is not None:
            return None
        allowed = [side.allows(place) for side in self._bench.sides]
        ways = ((allowed[1], terms.negate(allowed[0])), (allowed[0], terms.negate(allowed[1])))

        def flips(one: Decision, other: Decision) -> bool:
            return one.allowed is not other.allowed

        goals = [self._goal(place, gates.new, (apart, *way), (apart,), flips) for way in ways]
        return [self._shown(f"exempt {n}", None, goal) for n, goal in enumerate(goals)]

    # What is rewritten rather than loosened

    def settled(self, found: list[Verdict], pairs: Sequence[Pair], place: Place) -> list[Verdict]:
        """The verdicts of a place, with those EQUIVALENT that are looser by themselves alone, where all gates together
        stop what they stopped: a gate that was split or moved into another, rather than one that another gate masks.
        """
        if not any(v.word is Class.LATENT_LOOSEN for v in found) or not self._rewritten(found, place):
            return found
        return [
            replace(v, word=Class.EQUIVALENT, alone=replace(SAME, stage=v.stage))
            if v.word is Class.TIGHTEN or (v.word is Class.LATENT_LOOSEN and self._counted(v, pairs))
            else v
            for v in found
        ]

    def _rewritten(self, found: list[Verdict], place: Place) -> bool:
        """Whether all gates together stop no order that they let through, nor let through one that they stopped."""
        if any(v.pair is None or v.word not in (Class.LATENT_LOOSEN, Class.TIGHTEN, Class.EQUIVALENT) for v in found):
            return False
        gates, refuted = self._gates, self._bench.solver.refuted
        passed = [*gates.adding(place), *self._passing(gates.old, place)]
        pass_now = [*gates.reducing(place), *self._passing(gates.new, place, exits=True)]
        for verdict in found:
            assert verdict.pair is not None
            newly = gates.stops(verdict.pair, place)[1]
            if verdict.alone.tighter and refuted([newly, *passed]) is None:
                return False
            eased = gates.exits(verdict.pair, place)[0]
            if verdict.alone.eases and refuted([eased, *pass_now]) is None:
                return False
        return True

    def _counted(self, verdict: Verdict, pairs: Sequence[Pair]) -> bool:
        """Whether the gate was the only one to stop some order that adds: no other gate masked it before."""
        gates, place, pair = self._gates, verdict.place, verdict.pair
        assert pair is not None
        if verdict.alone.holds or pair.old is None:
            return False
        gate, adding = pair.old.id, gates.adding(place)
        others = [gates.stops(p, place)[0] for p in pairs if p is not pair]
        formulas = (gates.stops(pair, place)[0], *adding, *map(self._terms.negate, others))

        def confirm(before: Decision, after: Decision) -> int:
            return int(not after.allowed and {v.gate for v in before.vetoes} == {gate})

        return isinstance(self._bench.seeker.seek(self._goal(place, gates.new, formulas, adding, confirm)), Found)


def _is_shown(shown: Shown) -> bool | None:
    """Whether there is such an order; None where that can't be said."""
    return None if shown is None else isinstance(shown, Witness)


def _named(decision: Decision, gate: str | None) -> int:
    """Whether a gate is among the reasons of a decision: by what it measured (2), or for want of a fact (1)."""
    return max((1 + (v.fact is None) for v in decision.vetoes if gate in (v.gate, *v.gates)), default=0)

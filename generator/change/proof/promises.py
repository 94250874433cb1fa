"""Whether invariants hold: for every order of every subject and actor, or with an order that breaks one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from engine.ruleset import Gate, Require, RuleSet
from engine.values import typed_value
from generator.change.proof.asked import Asked, Confirm, Example, dearest
from generator.change.proof.invariants import Invariant, Invariants
from generator.change.proof.places import Here, Place
from generator.change.proof.sides import Side
from generator.change.proof.solver import Stage
from generator.change.proof.terms import Term
from generator.change.proof.translate import Meaning, sure, translate
from generator.change.proof.valuation import Given


class Verdict(StrEnum):
    """What became of an invariant."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_PROVED = "not proved"


@dataclass(frozen=True, slots=True)
class Promise:
    """An invariant, and whether it holds.

    Args:
        invariant: which.
        verdict: for all places.
        stage: how it was found that it holds; the dearest where there were several ways.
        places: where it doesn't hold, or isn't proved.
        example: an order that breaks it; for what is possible, one that passes.
        note: why it is broken where no order shows it.
    """

    invariant: Invariant
    verdict: Verdict
    stage: Stage
    places: tuple[Place, ...] = ()
    example: Example | None = None
    note: str = ""


class _Told(Here):
    """A place as invariants see it: what can't be told to be exempt is not."""

    def measure(self, name: str) -> Meaning:
        """A measure; the exemption is never unknown."""
        found = super().measure(name)
        if name != self.ruleset.head.exempt:
            return found
        return sure(self.terms.both(found.term, self.terms.negate(found.unknown)), self.terms)


class _About(Side):
    """The gates of invariants in formulas."""

    def here(self, place: Place) -> Here:
        """A place in this rule set."""
        if place not in self._here:
            self._here[place] = _Told(self.rules, place)
        return self._here[place]


# After so many places where neither an order nor a proof could be had, no more orders are looked for.
PATIENCE: Final = 3
_NOBODY: Final = "there is nobody that it is about"
Outcome = Example | Stage | None


class Promises:
    """Decides the invariants of a rule set."""

    def __init__(self, asked: Asked, invariants: Invariants) -> None:
        self._asked, self._invariants, self._terms = asked, invariants, asked.terms
        ruleset = invariants.ruleset
        self._about = self._side(ruleset) if ruleset is not None else None

    def _side(self, ruleset: RuleSet) -> _About:
        return _About(ruleset, self._terms, self._asked.bench.vocabulary, 0)

    def kept(self) -> Iterator[Promise]:
        """Every invariant with its verdict, in the order of the file."""
        for invariant in self._invariants.every:
            yield self._possible(invariant) if invariant.kind == "possible" else self._for_all(invariant)

    def _for_all(self, invariant: Invariant) -> Promise:
        """Never and always: for each place, no order breaks it."""
        broken = self._never if invariant.kind == "never" else self._always
        stages: list[Stage] = []
        places: list[Place] = []
        unknown: list[Place] = []
        example: Example | None = None
        for place in self._asked.places:
            for found in broken(invariant, place, show=example is None and len(unknown) < PATIENCE):
                if isinstance(found, Stage):
                    stages.append(found)
                elif isinstance(found, Example):
                    example = example or found
                    places.append(place)
                else:
                    unknown.append(place)
        if example is not None:
            return Promise(invariant, Verdict.BROKEN, Stage.REPLAY, _once([*places, *unknown]), example)
        if unknown:
            return Promise(invariant, Verdict.NOT_PROVED, Stage.CONCRETE, _once(unknown))
        return Promise(invariant, Verdict.HOLDS, dearest(stages))

    def _never(self, invariant: Invariant, place: Place, *, show: bool) -> Iterator[Outcome]:
        """For orders that add and those that reduce: one that passes and is bad."""
        bad = self._bad(invariant, place)
        for exempt in (False, True):
            kind = self._asked.side.exempt(place) if exempt else self._asked.adds(place)
            formulas = [bad, kind, *self._asked.passing(place, exempt=exempt)]
            yield self._sought(place, formulas, show, lambda decision: decision.allowed)

    def _always(self, invariant: Invariant, place: Place, *, show: bool) -> Iterator[Outcome]:
        """For orders that add and those that reduce: one that it is about, and that a gate stops."""
        about, side, terms = self._is_about(invariant, place), self._asked.side, self._terms
        for exempt in (False, True):
            kind = side.exempt(place) if exempt else self._asked.adds(place)
            gates = self._asked.held(exempt=exempt)
            assumed = [terms.negate(side.stops(g, place)) for g in gates if g.id in invariant.assuming]
            stopped = terms.either(*(side.stops(g, place) for g in gates if g.id not in invariant.assuming))
            yield self._sought(place, [stopped, about, kind, *assumed], show, lambda decision: not decision.allowed)

    def _sought(self, place: Place, formulas: Sequence[Term], show: bool, confirm: Confirm) -> Outcome:
        """An order; once one is shown, that there may be others is enough to know."""
        stage = self._asked.refuted(formulas)
        return stage if stage is not None or not show else self._asked.example(place, formulas, confirm)

    def _possible(self, invariant: Invariant) -> Promise:
        """For each place that it is about, an order passes."""
        missed: list[Place] = []
        unknown: list[Place] = []
        example: Example | None = None
        about = [p for p in self._asked.named if self._is_about(invariant, p) is not self._terms.false]
        for place in about:
            found = self._passes(invariant, place)
            if isinstance(found, Example):
                example = example or found
            else:
                (unknown if found is None else missed).append(place)
        if missed or not about:
            return Promise(invariant, Verdict.BROKEN, Stage.CONCRETE, tuple(missed), note="" if about else _NOBODY)
        if unknown:
            return Promise(invariant, Verdict.NOT_PROVED, Stage.CONCRETE, tuple(unknown), example)
        return Promise(invariant, Verdict.HOLDS, Stage.REPLAY, (), example)

    def _passes(self, invariant: Invariant, place: Place) -> Outcome:
        """An order that it is about and that passes, of those that add or else of those that reduce."""
        known, pins = self._given(invariant)
        outcomes: list[Outcome] = []
        for exempt in (False, True):
            kind = self._asked.side.exempt(place) if exempt else self._asked.adds(place)
            formulas = [self._is_about(invariant, place), kind, *pins, *self._asked.passing(place, exempt=exempt)]
            found = self._asked.example(place, formulas, lambda decision: decision.allowed, known)
            if isinstance(found, Example):
                return found
            outcomes.append(found)
        return None if None in outcomes else outcomes[0]

    def _given(self, invariant: Invariant) -> tuple[dict[str, Given], list[Term]]:
        """The facts that an order is to have, and the formulas that say so."""
        vocabulary, facts = self._asked.bench.vocabulary, self._asked.ruleset.catalog.facts
        known = {vocabulary.variable(0, n): typed_value(v, facts[n]) for n, v in invariant.given.items()}
        return dict(known), [f for name, value in known.items() for f in self._has(name, value)]

    def _has(self, name: str, value: Given) -> Iterator[Term]:
        terms = self._terms
        yield terms.negate(terms.missing(name))
        yield terms.negate(terms.garbage(name))
        if isinstance(value, Decimal):
            yield terms.bounded("eq", terms.fact(name), Fraction(value))
        elif isinstance(value, bool):
            yield terms.flag(name) if value else terms.negate(terms.flag(name))
        elif isinstance(value, str):
            yield terms.word(name, value)

    # What an invariant says, in formulas

    def _bad(self, invariant: Invariant, place: Place) -> Term:
        """That an order is bad, or that it can't be told that it is not."""
        gate, about = self._gate(invariant)
        if isinstance(gate.test, Require):
            meaning = translate(gate.test.condition, about.here(place))
            return self._terms.either(meaning.unknown, meaning.term)
        return about.stops(gate, place)

    def _is_about(self, invariant: Invariant, place: Place) -> Term:
        """That an order is one of those that it is about."""
        if invariant.gate is None:
            return self._terms.true
        gate, about = self._gate(invariant)
        assert isinstance(gate.test, Require)
        meaning = translate(gate.test.condition, about.here(place))
        return self._terms.both(meaning.term, self._terms.negate(meaning.unknown))

    def _gate(self, invariant: Invariant) -> tuple[Gate, _About]:
        assert invariant.gate is not None
        assert self._about is not None
        return invariant.gate, self._about


def _once(places: Sequence[Place]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(places))

"""Formulas against the engine: what they say of a point is what the interpreter says, at every level of the solver."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine
from engine.facts import FactReader
from engine.judge import is_exempt, judge
from generator.change.proof.places import UNNAMED, Place
from generator.change.proof.terms import Term
from generator.change.proof.valuation import INVALID, Given, Invalid, Point
from generator.change.proof.workbench import Workbench
from tests.engine.random_rules import asked, nested, thorough
from tests.generator.proof.random_edits import pair

z3 = pytest.importorskip("z3", reason="the solver is the extra `proof`")

POINTS: Final = 6


class Tried:
    """A random edit, and random facts as points of its formulas."""

    def __init__(self, seed: int) -> None:
        self.dice, before, old, after, new, _ = pair(seed)
        self.documents = (before, after)
        self.bench = Workbench((old, new), 2.0, None)
        self.engines = [Engine(r, "interpreter") for r in (old, new)]

    def points(self) -> Iterator[tuple[dict[str, Any], Point, Place]]:
        """Facts, the same as a point, and the place that they are of."""
        for _ in range(POINTS):
            facts = asked(self.dice, self.dice.pick(self.documents))
            head = self.engines[0].ruleset.head
            subject = None if head.subject is None else facts[head.subject.key]
            actor = None if head.actor is None else facts[head.actor.key]
            known = {a for e in self.engines for a in e.ruleset.actors}
            place = Place(subject, UNNAMED if head.actor and actor not in known else actor)
            if all(side.knows(place) for side in self.bench.sides):
                yield facts, self._point(facts), place

    def given(self, facts: dict[str, Any], index: int) -> dict[str, Any]:
        """The facts that one rule set declares, nested."""
        return nested({n: v for n, v in facts.items() if n in self.engines[index].ruleset.catalog.facts})

    def _point(self, facts: dict[str, Any]) -> Point:
        point: dict[str, Given] = {}
        for index, engine in enumerate(self.engines):
            reader = FactReader(engine.ruleset)
            snapshot = reader.read(self.given(facts, index))
            for fact in engine.ruleset.supplied:
                name = self.bench.vocabulary.variable(index, fact.name)
                value: Given = INVALID if fact.name in snapshot.invalid else snapshot.values[reader.slots[fact.name]]
                if point.get(name) in (None, INVALID):
                    point[name] = value
        return point

    def says(self, facts: dict[str, Any], place: Place) -> Iterator[tuple[str, bool, Term]]:
        """What the interpreter says of each gate, of the exemption and of the whole, and the formula for it."""
        for index, engine in enumerate(self.engines):
            side, snapshot = self.bench.sides[index], engine.reader.read(self.given(facts, index))
            situation = engine.judgements(snapshot)[1]
            yield "exempt", is_exempt(situation), side.exempt(place)
            yield "whole", engine.decide_snapshot(snapshot).allowed, side.allows(place)
            for gate in side.enforced:
                yield gate.id, judge(gate, situation, exempt=False).stops, side.stops(gate, place)


def pinned(bench: Workbench, point: Point) -> Iterator[Term]:
    """That every fact is as a point gives it."""
    terms = bench.terms
    for name, value in bench.vocabulary.taken(point).items():
        if value is None or isinstance(value, Invalid):
            yield terms.missing(name) if value is None else terms.garbage(name)
            continue
        yield from (terms.negate(terms.missing(name)), terms.negate(terms.garbage(name)))
        if isinstance(value, bool):
            yield terms.flag(name) if value else terms.negate(terms.flag(name))
        elif isinstance(value, Decimal):
            yield terms.bounded("eq", terms.fact(name), Fraction(value))
        elif isinstance(value, str):
            yield terms.word(name, value)
        else:
            for word in bench.vocabulary.domains[name].words:
                has = terms.has(name, word)
                yield has if word in value else terms.negate(has)


def levels_that_refute(bench: Workbench, formulas: Sequence[Term]) -> list[str]:
    """The ways by which these are refuted."""
    from generator.change.proof.encode import Encoder, Level

    found = ["intervals"] if bench.solver.by_intervals(formulas) else []
    for level in Level:
        context = z3.Context()
        encoder, solver = Encoder(bench.vocabulary, level, context), z3.Solver(ctx=context)
        solver.add(*map(encoder.condition, formulas), *encoder.axioms_of(formulas))
        if str(solver.check()) == "unsat":
            found.append(level.name)
    return found


@thorough(100)
@given(st.integers(0, 2**32 - 1))
def test_formulas_say_of_each_gate_what_the_interpreter_says(seed: int) -> None:
    """Guards, missing and invalid facts, ranges, modes, caps and tables are all in the formula."""
    tried = Tried(seed)

    for facts, point, place in tried.points():
        for what, said, formula in tried.says(facts, place):
            assert tried.bench.holds([formula], point) is said, (what, place, facts)


@thorough(12)
@given(st.integers(0, 2**32 - 1))
def test_no_level_refutes_what_a_point_satisfies(seed: int) -> None:
    """Intervals and every level of the solver leave each order that there is; else a proof would be none."""
    tried = Tried(seed)
    negate = tried.bench.terms.negate

    for facts, point, place in list(tried.points())[:2]:
        formulas = [f if said else negate(f) for _, said, f in tried.says(facts, place)]
        assert levels_that_refute(tried.bench, formulas) == [], (place, facts)
        assert levels_that_refute(tried.bench, [*formulas, *pinned(tried.bench, point)]) == [], (place, facts)

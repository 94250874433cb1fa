"""The largest quantity is exactly the largest size on the step that passes."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from engine import Engine, lattice
from engine.curves import curved
from engine.judge import Outcome, is_exempt, judge
from engine.numbers import canonical, exact
from engine.reach import reach
from engine.ruleset import Multiple, gate_nodes
from tests.engine import cloud
from tests.engine.random_rules import Case, Shape, cases, engines, nested, thorough

LINEAR = Shape(linear=True)


def with_size(facts: dict[str, Any], size: Decimal) -> dict[str, Any]:
    """The same facts with another size."""
    return {**facts, "ask.size": canonical(size)}


def sized(case: Case, facts: dict[str, Any], last: int) -> tuple[dict[str, Any], Decimal, int]:
    """The facts with a size of at most so many steps, mostly on the step; that step, and the steps in the size."""
    if "subject" in case.document["head"]:
        item = facts["ask.item"] if facts["ask.item"] in case.document["items"] else "x"
        facts = {**facts, "ask.item": item}
        step = Decimal(case.document["items"][item]["filters"]["step"])
    else:
        step = Decimal(case.dice.pick(["0.1", "0.5", "1", "3"]))
        facts = {**facts, "a.grid": canonical(step)}
    steps = case.dice.pick(range(1, last + 1))
    off = step / 2 if case.dice.chance(20) else Decimal(0)
    return with_size(facts, steps * step + off), step, steps


def varying(engine: Engine) -> set[str]:
    """The gates over a fact that must be supplied anew for another size."""
    gates = engine.ruleset.gates
    return {g.id for g in gates if "a.load" in reach(engine.ruleset, *gate_nodes(g))}


def passes(engine: Engine, facts: dict[str, Any], left_out: set[str]) -> bool:
    """Whether the reference, asked gate by gate, lets these facts through, and their size is one that there may be."""
    snapshot = engine.reader.read(nested(facts))
    if "ask.size" in snapshot.invalid:
        return False
    judged, _ = engine.judgements(snapshot)
    return not any(j.stops and j.gate.enforced and j.gate.id not in left_out for j in judged)


@thorough(150)
@given(cases(LINEAR, complete=True))
def test_the_largest_size_is_found_as_by_trying_every_size(case: Case) -> None:
    """On lines, bent by min, max, abs, tables, guards and exemption, it equals a search over all sizes, in both
    backends.
    """
    fast, slow = engines(case.document)
    left_out = varying(slow)
    for request in case.requests:
        facts, step, steps = sized(case, request, 60)
        valid = Decimal(facts["ask.size"]) >= Decimal(case.document["facts"]["ask.size"]["min"])
        sizes = (k * step for k in range(steps, 0, -1) if valid)

        expected = next((size for size in sizes if passes(slow, with_size(facts, size), left_out)), None)

        for engine in (fast, slow):
            found = engine.decide(nested(facts)).largest
            assert (found and Decimal(found)) == expected, engine.backend


@thorough(150)
@given(cases(LINEAR, requests=3))
def test_each_gate_passes_exactly_the_sizes_that_it_is_found_to_pass(case: Case) -> None:
    """The ranges in which a gate is said to pass hold every size that it passes and no other."""
    case.document["facts"]["ask.size"]["min"] = "0"
    engine = engines(case.document)[1]
    for request in case.requests:
        facts, step, steps = sized(case, request, 24)
        sizes = [engine.reader.read(nested(with_size(facts, k * step))) for k in range(1, steps + 1)]
        situations = [engine.situation(size) for size in sizes]
        with exact():
            grid = lattice.Lattice(situations[-1], "ask.size", step, steps)
            exempt = _exempt(engine, grid)
            for gate in engine.ruleset.gates:
                judged = [judge(gate, s, exempt=is_exempt(s)) for s in situations]
                if judged[0].outcome is Outcome.NO_BOUND:
                    continue
                expected = [k for k, j in enumerate(judged, 1) if not j.stops]

                ranges = lattice.passing(gate, grid, exempt)

                assert [k for lo, hi in ranges for k in range(lo, hi + 1)] == expected, gate.id


def _exempt(engine: Engine, grid: lattice.Lattice) -> lattice.Pieces:
    name = engine.ruleset.head.exempt
    return grid.whole(False) if name is None else lattice.follow(engine.ruleset.measures[name].node, grid)


@thorough(150)
@given(cases())
def test_the_largest_size_is_one_that_can_be_had(case: Case) -> None:
    """Also where the rules are no lines, it is on the step, no larger than asked, and decided again it passes, but for
    gates whose facts vary with it.
    """
    fast, slow = engines(case.document)
    left_out = varying(slow)
    for request in case.requests:
        facts, step, steps = sized(case, request, 60)
        decision = fast.decide(nested(facts))
        if decision.largest is None:
            continue
        size = Decimal(decision.largest)

        assert step <= size <= steps * step
        assert size % step == 0
        assert passes(slow, with_size(facts, size), left_out)


@thorough(80)
@given(cases(complete=True, requests=3))
def test_a_gate_that_is_no_curve_can_be_followed(case: Case) -> None:
    """The lint names every gate for which there may be no largest size, but for multiples of other steps."""
    engine = engines(case.document)[1]
    gates = [g for g in engine.ruleset.gates if not isinstance(g.test, Multiple) and not curved(g, engine.ruleset)]
    left_out = varying(engine)
    for request in case.requests:
        facts, step, steps = sized(case, request, 24)
        with exact():
            grid = lattice.Lattice(engine.situation(engine.reader.read(nested(facts))), "ask.size", step, steps)
            for gate in gates:
                if gate.id not in left_out:
                    lattice.passing(gate, grid, grid.whole(False))


@thorough(100)
@given(cases())
def test_an_allowed_size_on_the_step_is_its_own_largest(case: Case) -> None:
    """Nothing is taken off what passes as it was asked."""
    case.document["facts"]["ask.size"]["min"] = "0"
    fast, _ = engines(case.document)
    for request in case.requests:
        facts, step, steps = sized(case, request, 60)
        decision = fast.decide(nested(facts))
        if decision.allowed and steps * step == Decimal(facts["ask.size"]):
            assert decision.largest == facts["ask.size"]


@pytest.mark.parametrize("asked", ["0", "3", "-4", "4.5", "many", None])
def test_less_than_one_step_has_no_largest_size(asked: str | None) -> None:
    """Where not even one step was asked for, or nobody knows what was, there is none."""
    assert cloud.engine().decide(cloud.request(request__machines=asked)).largest is None


def test_the_largest_size_is_in_the_declared_range() -> None:
    """A size below the smallest that the fact may have is no answer, though every gate would pass it."""
    document = cloud.document()
    document["facts"]["request.machines"]["min"] = "13"
    engine = Engine(cloud.read(document))

    assert engine.decide(cloud.request(request__machines="20")).largest == "16"
    assert engine.decide(cloud.request(request__machines="20", month__spent="16000")).largest == "16"
    assert engine.decide(cloud.request(request__machines="20", month__spent="16001")).largest is None


def test_a_size_that_is_no_line_is_followed_by_no_guess() -> None:
    """Where a gate multiplies the size by itself, there is no largest size rather than a wrong one."""
    document = cloud.document()
    document["measures"]["cost"]["is"] = "request.machines * request.machines * request.price * request.term / 8"
    engine = Engine(cloud.read(document))
    square = [gate.id for gate in engine.ruleset.gates if curved(gate, engine.ruleset)]

    assert engine.decide(cloud.request()).largest == "8"
    assert engine.decide(cloud.request(month__spent="19000")).largest is None
    assert engine.decide(cloud.request(month__spent="19000")).vetoes[0].gate in square
    assert not any(curved(gate, cloud.engine().ruleset) for gate in cloud.engine().ruleset.gates)

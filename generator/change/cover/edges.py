"""Edges: neighbours on a fact's grid between which a gate turns from passing to stopping.

Found exactly, by following the gate as a function of the fact; what was found is judged again by the reference
interpreter before it is believed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine import Engine, lattice
from engine.interpret import Situation, evaluate
from engine.judge import Judgement, Outcome, is_exempt, judge
from engine.numbers import canonical, exact
from engine.ruleset import Gate, Multiple, RuleSet, gate_nodes
from engine.tree import FactRef, MeasureRef, Node, children
from generator.change.cover.grid import Grid, grid_of


@dataclass(frozen=True, slots=True)
class Edge:
    """The fact that moves, its value that passes, and the neighbour that doesn't.

    `on_bound` is whether the measure is exactly the bound at one of them.
    """

    fact: str
    passes: Decimal
    stops: Decimal
    on_bound: bool


def edges(gate: Gate, facts: Mapping[str, Any], fact: str, engine: Engine) -> Iterator[Edge]:
    """Where a gate turns as one fact moves on its grid and all others stay, the nearest to the fact's value first.

    Raises:
        NotLinear: the gate can't be followed along this fact.
    """
    situation = situation_of(facts, engine)
    for passes, stops in _turns(gate, situation, fact):
        at, over = (judged(gate, moved(facts, fact, value), engine) for value in (passes, stops))
        if (at.outcome, over.outcome) == (Outcome.PASS, Outcome.VETO):
            yield Edge(fact, passes, stops, on_bound=any(j.observed == j.limit for j in (at, over)))


def _turns(gate: Gate, situation: Situation, fact: str) -> Iterator[tuple[Decimal, Decimal]]:
    grid = grid_of(situation.ruleset.catalog.facts[fact], situation.subject)
    if grid is None:
        return
    now = situation.value(fact)
    here = grid.nearest(now if isinstance(now, Decimal) else Decimal(0))
    if isinstance(gate.test, Multiple):
        yield from _off_multiple(gate.test, situation, grid.value(here))
        return
    with exact():
        ranges = passing(gate, situation, fact, grid)
    found = [(lo, lo - 1) for lo, _ in ranges if lo > 1] + [(hi, hi + 1) for _, hi in ranges if hi < grid.last]
    for inside, outside in sorted(found, key=lambda ks: (abs(ks[0] - here), -ks[0])):
        yield grid.value(inside), grid.value(outside)


def _off_multiple(test: Multiple, situation: Situation, near: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    """An odd multiple, which is none of anything coarser, and half a step beyond it."""
    step = evaluate(test.step, situation)
    if isinstance(step, Fraction):
        whole = Decimal(step.numerator) / Decimal(step.denominator)
        odd = (near // whole) // 2 * 2 + 1
        yield whole * odd, whole * odd + whole / 2


def passing(gate: Gate, situation: Situation, fact: str, grid: Grid) -> lattice.Ranges:
    """The ranges of k on a fact's grid in which a gate lets through; in the exact context.

    Raises:
        NotLinear: the gate can't be followed along this fact.
    """
    along = lattice.Lattice(situation, fact, grid.step, grid.last, grid.start)
    # As in `judged`: a gate of the account is looked at as the account's update asks it, which knows no exemption.
    exempt = situation.ruleset.head.exempt if gate.scope == "order" else None
    node = None if exempt is None else situation.ruleset.measures[exempt].node
    return lattice.passing(gate, along, along.whole(False) if node is None else lattice.follow(node, along))


def situation_of(facts: Mapping[str, Any], engine: Engine) -> Situation:
    """The situation of nested facts."""
    return engine.situation(engine.reader.read(facts))


def judged(gate: Gate, facts: Mapping[str, Any], engine: Engine) -> Judgement:
    """What the reference interpreter says of a gate on nested facts."""
    situation = situation_of(facts, engine)
    return judge(gate, situation, exempt=gate.scope == "order" and is_exempt(situation))


def moved(facts: Mapping[str, Any], name: str, value: Decimal) -> dict[str, Any]:
    """The same nested facts with another number in one of them."""
    group, _, rest = name.partition(".")
    inner: Any = canonical(value) if not rest else moved(facts.get(group, {}), rest, value)
    return {**facts, group: inner}


def facts_read(gate: Gate, ruleset: RuleSet) -> list[str]:
    """The facts that a gate's measure and bound name, through measures, in the order in which they are read."""
    found: dict[str, None] = {}

    def read(node: Node) -> None:
        if isinstance(node, FactRef):
            found[node.name] = None
        if isinstance(node, MeasureRef):
            read(ruleset.measures[node.name].node)
        for child in children(node):
            read(child)

    for node in gate_nodes(gate)[gate.when is not None :]:
        read(node)
    return list(found)

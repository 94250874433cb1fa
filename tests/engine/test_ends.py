"""What the ends of a range say of all sizes in it holds of each of them."""

from decimal import Decimal

import pytest
from hypothesis import given

from engine.backends.python import Values
from engine.check import Checker
from engine.ends import Ends
from engine.engine import Engine
from engine.facts import Snapshot
from engine.interpret import evaluate
from engine.numbers import exact
from engine.ruleset import Require
from engine.tree import Node
from tests.engine.random_rules import Case, Shape, cases, engines, nested, thorough
from universe.quiet import quiet_facts
from universe.reader import Universe

STEP = Decimal("0.5")
LAST = 12


def conditions(engine: Engine) -> list[Node]:
    """Every condition of the rules: guards, what gates require, and measures that are true or false."""
    gates, measures = engine.ruleset.gates, engine.ruleset.measures.values()
    return [
        *(gate.when for gate in gates if gate.when is not None),
        *(gate.test.condition for gate in gates if isinstance(gate.test, Require)),
        *(measure.node for measure in measures if not measure.node.type.numeric),
    ]


def said_of_each(engine: Engine, condition: Node, values: Values) -> set[object]:
    """What the reference says at every size."""
    slot, found = engine.reader.slots["ask.size"], set[object]()
    for steps in range(1, LAST + 1):
        sized = [STEP * steps if n == slot else value for n, value in enumerate(values)]
        found.add(evaluate(condition, engine.situation(Snapshot(engine.ruleset, sized, {}, ""))))
    return found


@thorough(150)
@given(cases(Shape(linear=True), requests=3))
def test_what_the_ends_say_is_so_at_every_size_between(case: Case) -> None:
    """Of any condition; where facts are missing, or something bends, nothing is said."""
    engine, _ = engines(case.document)
    for facts in case.requests:
        snapshot = engine.reader.read(nested(facts))
        for condition in conditions(engine) if not snapshot.invalid else ():
            ends = Ends(engine.ruleset, engine.reader.slots, condition, "ask.size")
            with exact():
                said = ends.between(snapshot.values, STEP, STEP * LAST)
                assert said is None or said_of_each(engine, condition, snapshot.values) == {said}


@pytest.mark.parametrize(
    ("side", "held", "said"),
    [("BUY", "0", False), ("SELL", "5", False), ("SELL", "20", True), ("SELL", "12", None), ("SELL", None, None)],
)
def test_when_all_sizes_lower_a_position_or_none_does_then_the_ends_say_so(
    universe: Universe, side: str, held: str | None, said: bool | None
) -> None:
    """By the shipped rules, of 10 to 15, beside positions of all kinds, and one that nobody knows."""
    engine, facts = Engine(universe.ruleset), quiet_facts(universe, "BTCUSDT", Decimal(250_000))
    facts["order"]["side"], facts["own"]["quantity"] = side, held
    node = universe.ruleset.measures["reduces"].node
    ends = Ends(universe.ruleset, engine.reader.slots, node, "order.quantity")

    assert ends.between(engine.reader.read(facts).values, Decimal(10), Decimal(15)) is said


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("order.quantity <= 2 * own.quantity", True),
        ("order.quantity * order.price < own.quantity * order.price", None),
        ("order.quantity * order.price < own.quantity * order.price / 4", False),
        ("not order.quantity > 3 * own.quantity and -order.quantity / 7 < 0", True),
        ("order.price > 0 or order.quantity == own.quantity", None),
        ("order.price > 0 or order.quantity >= 0", True),
        ("order.quantity <= own.quantity", None),
        ("abs(order.quantity - own.quantity) <= own.quantity", None),
        ("max(order.quantity, 2 * own.quantity - order.quantity) > own.quantity", None),
        ("order.quantity == own.quantity", None),
        ("order.quantity != own.quantity", None),
        ("(order.quantity - own.quantity) * (order.quantity - own.quantity) > 0", None),
        ("own.cost > 0 and order.quantity > 0", None),
    ],
)
def test_when_a_comparison_bends_or_may_hold_between_then_nothing_is_said(
    universe: Universe, condition: str, said: bool | None
) -> None:
    """Of 10 to 40 beside a position of 20: a line that crosses its bound, one that is bent, and two that meet."""
    engine, facts = Engine(universe.ruleset), quiet_facts(universe, "BTCUSDT", Decimal(250_000))
    facts["own"]["quantity"] = "20"
    rules = universe.ruleset
    node = Checker(rules.catalog, {}, {}).check(condition)
    ends = Ends(rules, engine.reader.slots, node, "order.quantity")

    assert ends.between(engine.reader.read(facts).values, Decimal(10), Decimal(40)) is said

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine
from engine.facts import FactsFault
from engine.nesting import merged, nested
from execution.service.sharing import Layer, Layers
from research.bench import workload
from research.bench.workload import STEP, on_bounds, ruleset
from tests.execution.service.orders import order, split
from universe.decision_log import canonical
from universe.reader import Universe

# Facts as they come: plain, in another spelling, missing, invalid, of a text that looks like JSON.
VALUES = st.sampled_from(
    ["1", "1.50", "0", "-3", None, 2, 0.5, "x", "%s", 'a}","b":{', True, ["BUY"], "BTCUSDT", "BUY"]
)
NAMES = ("order.symbol", "order.side", "order.quantity", "nav.total", "nav.age", "own.quantity", "mark.price")


FACTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5).map(lambda facts: nested(facts.items()))


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """An engine by the shipped rules."""
    return Engine(universe.ruleset)


@given(FACTS, FACTS, FACTS)
def test_when_facts_are_shared_then_each_order_is_read_as_if_it_had_brought_them_all(
    universe: Universe, account: dict[str, Any], symbol: dict[str, Any], own: dict[str, Any]
) -> None:
    """Values, what is invalid, and the text that is logged; also where one lays a null over another's value."""
    engine = Engine(universe.ruleset)
    reader = engine.reader
    read = Layer(engine, symbol, Layer(engine, account)).read(own)
    whole = reader.read(merged(merged(account, symbol), own))

    assert (read.snapshot.values, read.snapshot.json) == (whole.values, whole.json)
    assert read.snapshot.invalid == whole.invalid


@given(FACTS, FACTS, st.lists(FACTS, min_size=2, max_size=4))
def test_when_orders_follow_one_another_then_what_the_one_before_brought_changes_nothing(
    universe: Universe, account: dict[str, Any], symbol: dict[str, Any], orders: list[dict[str, Any]]
) -> None:
    """Groups that are the same to the letter are read once; those that are only equal, or were altered, are not."""
    engine = Engine(universe.ruleset)
    reader, layer = engine.reader, Layer(engine, symbol, Layer(engine, account))
    for own in (*orders, {group: {**facts, "quantity": True} for group, facts in orders[0].items() if group == "own"}):
        whole, read = reader.read(merged(merged(account, symbol), own)), layer.read(own)

        assert (read.snapshot.values, read.snapshot.json) == (whole.values, whole.json)
        assert read.snapshot.invalid == whole.invalid
        for facts in own.values():
            facts.clear()


@given(FACTS, FACTS, FACTS)
def test_when_facts_are_logged_in_layers_then_these_laid_over_one_another_are_all_facts(
    universe: Universe, account: dict[str, Any], symbol: dict[str, Any], own: dict[str, Any]
) -> None:
    """To the byte: by this alone is a small line a whole record."""
    import json

    engine = Engine(universe.ruleset)
    read = Layer(engine, symbol, Layer(engine, account)).read(own)
    facts: dict[str, Any] = {}
    for text in (*read.layers, read.own):
        facts = merged(facts, json.loads(text))

    assert canonical(facts) == read.snapshot.json


def test_when_an_order_brings_whole_groups_then_what_it_shares_is_not_logged_with_it(
    engine: Engine, universe: Universe
) -> None:
    """The common case is the short one: account, symbol and order in three layers."""
    account, symbol, own = split(order(universe))
    read = Layer(engine, symbol, Layer(engine, account)).read(own)

    assert len(read.layers) == 2
    assert read.own == engine.reader.read(own).json


def test_when_facts_come_again_then_only_the_order_is_its_own(engine: Engine, universe: Universe) -> None:
    """The first time they are logged whole: most never come again."""
    layers = Layers(engine, {}, {})
    read = []
    for quantity in ("0.1", "0.2", "0.3"):
        layer, own = layers.of(order(universe, quantity=quantity))
        read.append(layer.read(own))
    first, again, third = read

    assert (first.layers, first.own) == ((), first.snapshot.json)
    assert (len(again.layers), again.own.startswith('{"order":')) == (1, True)
    assert (third.layers, third.own == again.own) == (again.layers, False)


@pytest.mark.parametrize("value", [1, "1", None, 0.5, ["BUY"]])
def test_when_a_value_only_equals_one_that_came_before_then_it_is_read_anew(
    engine: Engine, universe: Universe, value: object
) -> None:
    """`True == 1` in Python: what an order repeats is what it gives, and not what equals it."""
    layers = Layers(engine, {}, {})
    for switch in (True, True, True, value, value, value):
        facts = order(universe) | {"control": {"kill_switch": switch, "halt": False}}
        layer, own = layers.of(facts)
        read, whole = layer.read(own).snapshot, engine.reader.read(facts)

        assert (read.values, read.invalid, read.json) == (whole.values, whole.invalid, whole.json)


def test_when_whoever_gave_facts_changes_them_then_the_next_order_is_read_anew(
    engine: Engine, universe: Universe
) -> None:
    """What is remembered is what was read, and not what became of it."""
    account, symbol, own = split(order(universe))
    layers = Layers(engine, {**account, **symbol}, {})
    for held in ("0", "0", "0", "1", "1", "1"):
        own["own"]["held"] = held
        layer, rest = layers.of(own)
        whole = engine.reader.read({**account, **symbol, **own})

        assert layer.read(rest).snapshot.json == whole.json


def test_when_orders_are_on_their_bounds_then_each_is_decided_as_if_it_had_brought_all_facts() -> None:
    """The first time, exactly; then in floats, as far as these are certain: the same record, also one step further."""
    engine, allowed = Engine(ruleset()), 0
    for case in on_bounds(60):
        shared = workload.nested(case)
        own = {"order": shared.pop("order")}
        layer, more = Layer(engine, shared), str(Decimal(own["order"]["quantity"]) + Decimal(STEP))
        for asked in (own, own, own, {"order": {**own["order"], "quantity": more}}):
            told = layer.decide(asked, "order")
            assert told.whole() == engine.decide({**shared, **asked}).to_json()
            allowed += told.allowed

    assert 60 <= allowed < 240


@pytest.mark.parametrize("facts", [{"ordr": {}}, {"symbol": {"tick": "1"}}, {"order": "BTCUSDT"}, "order"])
def test_when_facts_cannot_be_decided_on_then_a_layer_says_so(engine: Engine, facts: Any) -> None:
    """As the reader does of an order's own."""
    with pytest.raises(FactsFault):
        Layer(engine, {}).read(facts)

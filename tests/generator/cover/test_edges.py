"""Gates as functions of one fact: where they pass is held against the interpreter, fact by fact."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.judge import Outcome
from engine.lattice import NotLinear
from engine.numbers import exact
from engine.ruleset import Bound, Gate, Require
from generator.change.cover.edges import edges, facts_read, judged, moved, passing, situation_of
from generator.change.cover.grid import CAP_GRID, FACT_GRID, MOST_STEPS, Grid, grid_of, movable, step_of
from generator.change.cover.pairs import accounts
from universe.reader import Universe

SYMBOLS: Final = ("BTCUSDT", "SOLUSDT", "DOGEUSDT")


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """The reference."""
    return Engine(universe.ruleset, "interpreter")


def numeric(universe: Universe) -> list[Gate]:
    """The gates with a bound."""
    return [g for g in universe.ruleset.gates if isinstance(g.test, Bound)]


def busy(universe: Universe, symbol: str, draw: Any) -> dict[str, Any]:
    """An account with something of everything."""
    _, held = accounts(universe, symbol, "momentum")
    money = st.integers(0, 10**8).map(lambda n: str(Decimal(n) / 100))
    return {
        **held,
        "working": {"buys": draw(money), "sells": draw(money), "buy_quantity": "1", "sell_quantity": "2"},
        "tier": {"others": draw(money)},
        "gross": {"others": draw(money)},
        "margin": {"balance": "1000000", "maintenance": "0", "available": draw(money)},
        "order": {**held["order"], "side": draw(st.sampled_from(["BUY", "SELL"])), "leverage": "3"},
    }


@given(data=st.data(), symbol=st.sampled_from(SYMBOLS))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_where_a_gate_passes_is_what_the_interpreter_says(
    data: st.DataObject, symbol: str, universe: Universe, engine: Engine
) -> None:
    """Along every fact that a gate reads, at each end of its ranges, beyond it, and anywhere: also where the fact is
    the divisor, and where it may be negative.
    """
    facts = busy(universe, symbol, data.draw)
    situation = situation_of(facts, engine)
    gate = data.draw(st.sampled_from(numeric(universe)))
    for name in facts_read(gate, universe.ruleset):
        grid = grid_of(universe.ruleset.catalog.facts[name], situation.subject)
        if grid is None or not movable(universe.ruleset, name):
            continue
        try:
            with exact():
                ranges = passing(gate, situation, name, grid)
        except NotLinear:
            continue
        ends = [k for lo, hi in ranges for k in (lo - 1, lo, hi, hi + 1)]
        for k in {*ends, data.draw(st.integers(1, grid.last)), grid.nearest(Decimal(1))}:
            if 1 <= k <= grid.last:
                stops = judged(gate, moved(facts, name, grid.value(k)), engine).stops
                assert stops is not any(lo <= k <= hi for lo, hi in ranges), (gate.id, name, k)


def test_an_edge_is_two_neighbours_of_which_one_passes(universe: Universe, engine: Engine) -> None:
    """Every edge of every gate along every fact, on the quiet account and on one that holds something."""
    found = 0
    for account in accounts(universe, "ETHUSDT", "momentum"):
        for gate in universe.ruleset.gates:
            for name in () if isinstance(gate.test, Require) else facts_read(gate, universe.ruleset):
                if not movable(universe.ruleset, name):
                    continue
                for edge in _edges(gate, account, name, engine):
                    found += 1
                    outcomes = [
                        judged(gate, moved(account, name, v), engine).outcome for v in (edge.passes, edge.stops)
                    ]
                    assert outcomes == [Outcome.PASS, Outcome.VETO]
                    unit = universe.ruleset.catalog.facts[name].unit
                    step = step_of(unit, universe.ruleset.subjects["ETHUSDT"])
                    assert abs(edge.passes - edge.stops) in (step, step / 2 if step else None)
    assert found > 150


def _edges(gate: Gate, account: Mapping[str, Any], name: str, engine: Engine) -> list[Any]:
    try:
        return list(edges(gate, account, name, engine))
    except NotLinear:
        return []


def test_the_nearest_edge_comes_first(universe: Universe, engine: Engine) -> None:
    """A price has a collar on either side; from 1% above the mark the upper one is nearer."""
    gate = next(g for g in universe.ruleset.gates if g.id == "price_collar")
    flat = next(iter(accounts(universe, "BTCUSDT", "momentum")))
    for price, passes in (("88374", "88375"), ("86626", "86625")):
        first = next(edges(gate, moved(flat, "order.price", Decimal(price)), "order.price", engine))
        assert first.passes == Decimal(passes)


def test_a_grid_holds_what_a_fact_may_be(universe: Universe) -> None:
    """Positive ones begin at a step, others at zero, signed ones far below; no word has a grid."""
    facts, btc = universe.ruleset.catalog.facts, universe.ruleset.subjects["BTCUSDT"]

    def first(name: str) -> Decimal:
        grid = grid_of(facts[name], btc)
        assert grid is not None
        return grid.value(1)

    assert first("order.price") == Decimal("0.1")
    assert first("order.quantity") == 0
    assert first("nav.total") == Decimal("0.01")
    assert first("own.unrealised") == -Decimal("0.01") * MOST_STEPS
    assert grid_of(facts["order.side"], btc) is None
    assert grid_of(facts["order.price"], None) is None
    assert [movable(universe.ruleset, n) for n in ("nav.total", "symbol.tick", "order.side", "order.buys")] == [
        True,
        False,
        False,
        False,
    ]


def test_every_unit_of_a_fact_or_cap_has_a_grid(universe: Universe) -> None:
    """A unit without one would leave its gates without cases and its caps without mutants."""
    btc = universe.ruleset.subjects["BTCUSDT"]
    for fact in universe.ruleset.catalog.facts.values():
        assert not fact.unit.numeric or step_of(fact.unit, btc, FACT_GRID) is not None, fact.name
    for cap in universe.ruleset.catalog.caps.values():
        assert not cap.unit.numeric or step_of(cap.unit, btc, CAP_GRID) is not None, cap.name


@given(
    start=st.integers(-1000, 1000),
    step=st.sampled_from(["1", "0.5", "0.001"]),
    value=st.decimals(-2000, 2000, places=3),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_the_nearest_step_is_on_the_grid_and_near(start: int, step: str, value: Decimal) -> None:
    """Less than a step away, unless the value is outside."""
    grid = Grid(Decimal(start), Decimal(step), 10**9)
    k = grid.nearest(value)
    assert 1 <= k <= grid.last
    if grid.value(1) <= value <= grid.value(grid.last):
        assert abs(grid.value(k) - value) < 2 * grid.step

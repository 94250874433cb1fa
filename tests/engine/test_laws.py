"""Laws that hold of every decision of the shipped rules, on a stream of intents."""

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Decision, Engine, RuleSet
from engine.catalog import Value
from engine.explain import Refusal
from engine.ruleset import Bound, Layer
from engine.tree import CapRef
from generator.scenarios import with_gates
from research.intents import stream
from tests.engine.random_rules import thorough
from universe.reader import Universe

COUNT = 400


@pytest.fixture(scope="module")
def intents(universe: Universe) -> list[dict[str, Any]]:
    """Intents of the rehearsal, troubles and exits among them."""
    return list(stream(universe, COUNT, seed=11))


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """The shipped rules, in the fast backend."""
    return Engine(universe.ruleset)


@pytest.fixture(scope="module")
def decisions(engine: Engine, intents: list[dict[str, Any]]) -> list[Decision]:
    """What the shipped rules say of them."""
    return [engine.decide(facts) for facts in intents]


def test_a_gate_less_never_vetoes_more(
    universe: Universe, intents: list[dict[str, Any]], decisions: list[Decision]
) -> None:
    """Taking any one gate away leaves the other reasons as they are, so adding one never allows more."""
    gates = [g.id for g in universe.ruleset.gates]
    for gone in gates:
        engine = Engine(with_gates(universe.ruleset, tuple(g for g in gates if g != gone)))
        for facts, whole in zip(intents[::8], decisions[::8], strict=True):
            fewer = engine.decide(facts)
            assert not (whole.allowed and not fewer.allowed)
            kept = [v.gate for v in whole.vetoes if v.gate not in (gone, None) and v.fact is None]
            assert kept == [v.gate for v in fewer.vetoes if v.gate is not None and v.fact is None]


def tightened(ruleset: RuleSet, cap: str, factor: Decimal) -> RuleSet:
    """The rule set with one numeric cap tighter everywhere."""
    declared = ruleset.catalog.caps[cap]

    def layer(old: Layer) -> Layer:
        value: Value | None = old.caps.get(cap)
        if not isinstance(value, Decimal):
            return old
        return replace(old, caps={**old.caps, cap: value / factor if declared.tighter == "lower" else value * factor})

    return replace(
        ruleset,
        account=layer(ruleset.account),
        subjects={k: replace(s, layer=layer(s.layer)) for k, s in ruleset.subjects.items()},
        actors={k: layer(a) for k, a in ruleset.actors.items()},
    )


def test_a_tighter_cap_never_allows_more(
    universe: Universe, intents: list[dict[str, Any]], decisions: list[Decision]
) -> None:
    """For every cap that bounds a gate, halving what it allows leaves every veto standing."""
    bounding = {
        g.test.limit.name
        for g in universe.ruleset.gates
        if isinstance(g.test, Bound) and isinstance(g.test.limit, CapRef)
    }
    for cap in sorted(bounding):
        engine = Engine(tightened(universe.ruleset, cap, Decimal(2)))
        for facts, before in zip(intents[::8], decisions[::8], strict=True):
            after = engine.decide(facts)
            assert set(before.reasons) <= set(after.reasons), cap


def test_reasons_are_declared_and_in_file_order(universe: Universe, decisions: list[Decision]) -> None:
    """Every reason is a gate's own or one of the closed list, and gates speak in the order of the file."""
    order = {g.id: g.index for g in universe.ruleset.gates}
    declared = {g.reason for g in universe.ruleset.gates} | {str(r) for r in Refusal} | {"symbol_not_in_universe"}
    for decision in decisions:
        places = [order[v.gate] for v in decision.vetoes if v.gate is not None]
        assert places == sorted(places)
        assert set(decision.reasons) <= declared
        assert decision.allowed is (not decision.vetoes)


def test_every_veto_is_explained(decisions: list[Decision]) -> None:
    """Each names a text and, where a gate gave it, a source line; numbers come with limit and unit."""
    for veto in (v for d in decisions for v in d.vetoes):
        assert veto.text
        assert veto.gate is None or ":" in veto.source
        assert (veto.observed is None) or veto.gate is None or (veto.limit is not None and veto.unit is not None)


@thorough(100)
@given(data=st.data())
def test_a_fact_less_never_lets_an_order_through(
    engine: Engine, intents: list[dict[str, Any]], decisions: list[Decision], data: st.DataObject
) -> None:
    """Dropping any fact of a vetoed order leaves it vetoed: nothing passes for want of a fact."""
    number = data.draw(st.integers(0, COUNT - 1))
    facts, before = deepcopy(intents[number]), decisions[number]
    group = data.draw(st.sampled_from(sorted(facts)))
    name = data.draw(st.sampled_from(sorted(facts[group])))
    facts[group][name] = None

    assert not (engine.decide(facts).allowed and not before.allowed)


def test_an_exit_of_good_form_passes_whatever_is_wrong(universe: Universe) -> None:
    """With NAV missing, the kill switch on and every statistic gone, a position can still be left."""
    facts: dict[str, Any] = {
        "order": {"symbol": "BTCUSDT", "strategy": "momentum", "side": "SELL", "price": "87500", "quantity": "0.5"},
        "own": {"quantity": "0.5", "reducing": "0"},
        "control": {"kill_switch": True, "halt": False},
        "breakers": {"halt": False},
    }

    for backend in ("python", "interpreter"):
        assert Engine(universe.ruleset, backend).decide(facts).allowed

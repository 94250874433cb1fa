"""What is missing costs the gates that need it, and changes no decision."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from engine import SCOPES, Engine, engine
from tests.engine.random_rules import Case, cases, engines, nested, thorough
from universe.quiet import quiet_facts
from universe.reader import Universe


@thorough(150)
@given(cases(requests=4))
def test_when_the_same_is_missing_again_then_the_decision_is_the_same_to_the_byte(case: Case) -> None:
    """The first time by the interpreter of all gates, then by that of some; also with waivers and exempt orders."""
    fast, slow = engines(case.document)
    for facts in case.requests:
        for scope in SCOPES:
            expected = slow.decide(nested(facts), scope).to_json()

            assert [fast.decide(nested(facts), scope).to_json() for _ in range(3)] == [expected] * 3


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The gates that the interpreter was asked about."""
    asked: list[str] = []
    judge: Callable[..., Any] = engine.judge

    def noting(gate: Any, *args: Any, **more: Any) -> Any:
        asked.append(gate.id)
        return judge(gate, *args, **more)

    monkeypatch.setattr(engine, "judge", noting)
    return asked


def test_when_a_fact_is_missing_again_then_only_the_gates_that_need_it_are_interpreted(
    universe: Universe, judged: list[str]
) -> None:
    """The shipped gates that read it, or another that is missing here too, are few."""
    decider, facts = Engine(universe.ruleset), quiet_facts(universe, "BTCUSDT", Decimal(250_000))
    facts["order"]["quantity"], facts["risk"]["portfolio_var"] = "0.02", None
    first = decider.decide(facts)
    every = len(judged)
    decider.decide(facts)
    judged.clear()

    assert decider.decide(facts) == first
    assert [veto.gates for veto in first.vetoes] == [("portfolio_var",)]
    assert "portfolio_var" in judged
    assert len(judged) < every / 5

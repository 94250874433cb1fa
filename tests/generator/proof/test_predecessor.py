"""The 22 versions of a predecessor's risk file: each step is called what a person called it first."""

from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any, Final

import pytest

from engine import BACKENDS, Engine
from generator.change.cover.closed import problems
from generator.change.cover.feasible import sizes
from generator.change.proof import Proof, prove
from generator.change.proof.quiet import quiet_orders
from generator.change.sides import Rules
from generator.change.words import Class
from tests.generator.proof.predecessor import rules, universe, versions

pytest.importorskip("z3", reason="the solver is the extra `proof`")

# More than any step takes, however busy the machine.
SECONDS: Final = 60.0
NAV: Final = Decimal(4400)
STEPS: Final = [new["commit"] for _, new in pairwise(versions())]
# One clamp in code, of which raising the caps took nothing away; and the caps beside it.
CLAMPED: Final = {"global": {"trade_nav": "20%", "min_notional": "500 USDT", "leverage": "4x"}}
CLAMP: Final = """
  - id: clamp
    why: A tenth of NAV, whatever the caps say.
    measure: trade_share
    at_most: 10%
    veto: clamp
"""


@cache
def made(index: int) -> Rules:
    """The rules of a version."""
    return rules(versions()[index])


@cache
def proved(index: int) -> Proof:
    """The proof of the step to a version."""
    old, new = made(index - 1), made(index)
    near = quiet_orders(universe(old), universe(new))
    return prove(old.ruleset, new.ruleset, limit_seconds=SECONDS, near=near)


@pytest.mark.parametrize("index", range(1, len(versions())), ids=STEPS)
def test_a_step_is_called_what_was_written_before_it_was_proved(index: int) -> None:
    """The class of each step is right; `make soak` says how long each takes."""
    assert proved(index).overall is Class(versions()[index]["class"])


@pytest.mark.parametrize("index", range(1, len(versions())), ids=STEPS)
def test_what_a_step_lets_through_is_shown_by_orders_that_replay(index: int) -> None:
    """Each gate that got looser has an order that the old rules stop and the new let through, on both backends."""
    proof = proved(index)

    shown = {g.witness.text: g for g in proof.gates if g.witness is not None}
    assert all(g.witness is not None for g in proof.gates if g.word in (Class.LOOSEN, Class.MIXED))
    for found in shown.values():
        scope = "account" if found.subject is None else "order"
        assert found.witness is not None
        assert [answers(i, found.witness.facts, scope) for i in (index - 1, index)] == [{False}, {True}]


def answers(index: int, facts: Any, scope: str) -> set[bool]:
    """What both backends say by a version."""
    return {engine.decide(facts, scope).allowed for engine in engines(index)}


@cache
def engines(index: int) -> list[Engine]:
    """The engines of a version."""
    return [Engine(made(index).ruleset, backend) for backend in BACKENDS]


def test_the_verdicts_of_each_step_stay_the_same(snapshot: Any) -> None:
    """Words and gates are locked down; orders that show them, which another solver may choose otherwise, are not."""
    told = {}
    for index in range(1, len(versions())):
        proof = proved(index)
        words: dict[tuple[str, str], list[str]] = {}
        for found in proof.gates:
            who = "" if found.actor is None or found.subject is None else f" by {found.actor or 'nobody'}"
            words.setdefault((str(found.gate), str(found.word)), []).append(f"{found.subject or 'account'}{who}")
        told[versions()[index]["commit"]] = [f"{g} {w}: {', '.join(of)}" for (g, w), of in words.items()]

    assert told == snapshot


def test_where_the_order_cap_is_under_the_venues_minimum_check_names_both() -> None:
    """Version 69938334: no order of BTC passes; the cap of 50 and the venue's minimum of 100 leave nothing."""
    index = next(i for i, v in enumerate(versions()) if v["commit"] == "69938334")
    left = closing(made(index), "BTCUSDT")

    assert left == {("order_notional", "venue_min_notional")}


def test_where_a_clamp_stood_in_code_check_names_it_beside_the_minimum() -> None:
    """At a NAV of 4,400 a tenth of it is under the smallest order, and raising the caps changes nothing."""
    left = closing(rules(CLAMPED, CLAMP), "ETHUSDT")

    assert left == {("clamp", "min_notional")}


def closing(of: Rules, symbol: str) -> set[tuple[str, ...]]:
    """The gates that leave no size of a symbol at a NAV of 4,400, for each strategy and side."""
    compiled = universe(of)
    found = [s for s in sizes(compiled, NAV) if s.symbol == symbol]
    assert all(not s.ranges for s in found)
    assert any(symbol in p.message for p in problems(found, NAV, compiled, {}))
    return {tuple(g.gate.id for g in (*s.ceilings, *s.floors, *s.blocked)) for s in found}

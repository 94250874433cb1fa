"""Decisions as people reviewed them: with every reason, number, headroom and source line, identical in both backends.

Whoever changes a rule sees here which orders of a rehearsal it changes, and how.
"""

from collections import Counter
from typing import Any, Final

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from engine import Decision, Engine
from engine.explain import Refusal
from engine.facts import parse_json
from research.intents import stream
from universe.reader import Universe

INTENTS: Final = 2000
SEED: Final = 7
EACH: Final = 20
OF_A_REASON: Final = 6
# What no well-formed intent brings about.
ABSENT: Final = {Refusal.INPUT_INVALID, Refusal.ENGINE_ERROR}

Decided = list[tuple[int, dict[str, Any], Decision]]


def entry(number: int, facts: dict[str, Any], decision: Decision) -> dict[str, Any]:
    """One decision as a reviewer reads it."""
    order = facts["order"]
    what = f"{order['strategy']} {order['side']} {order['quantity']} {order['symbol']} at {order['price']}"
    made: dict[str, Any] = {"intent": number, "order": what, "decision": "allow" if decision.allowed else "veto"}
    for kind, reasons in (("vetoes", decision.vetoes), ("shadow", decision.shadow)):
        if reasons:
            made[kind] = [{k: v for k, v in reason.record().items() if v is not None} for reason in reasons]
    return {**made, "max_quantity": decision.largest, "left_out": ", ".join(decision.left_out)}


def chosen(decided: Decided) -> Decided:
    """Each twentieth intent, and the first few that each reason stops."""
    seen: Counter[str] = Counter()
    kept = []
    for number, facts, decision in decided:
        rare = any(seen[reason] < OF_A_REASON for reason in decision.reasons)
        seen.update(set(decision.reasons))
        if rare or number % EACH == 0:
            kept.append((number, facts, decision))
    return kept


@pytest.fixture(scope="module")
def decided(universe: Universe) -> Decided:
    """The whole rehearsal, decided."""
    engine = Engine(universe.ruleset)
    return [(n, facts, engine.decide(facts)) for n, facts in enumerate(stream(universe, INTENTS, seed=SEED))]


def test_decisions_are_as_reviewed(decided: Decided, snapshot: SnapshotAssertion) -> None:
    """At least two hundred, with all their reasons."""
    kept = chosen(decided)

    assert len(kept) >= 200
    assert [entry(*one) for one in kept] == snapshot.use_extension(JSONSnapshotExtension)


def test_each_reason_is_among_them(decided: Decided, universe: Universe) -> None:
    """Every reason that the rules can give, and the engine's own, but for those that the stream can't bring about."""
    head = universe.ruleset.head.subject
    assert head is not None
    declared = {g.reason for g in universe.ruleset.gates} | {str(r) for r in Refusal} | {head.unknown}

    assert {reason for _, _, decision in chosen(decided) for reason in decision.reasons} == declared - ABSENT


def test_both_backends_decide_the_same_bytes(decided: Decided, universe: Universe) -> None:
    """All two thousand, to the last digit."""
    reference = Engine(universe.ruleset, "interpreter")

    assert [n for n, facts, decision in decided if reference.decide(facts).to_json() != decision.to_json()] == []


def test_deciding_again_gives_the_same_bytes(decided: Decided, universe: Universe) -> None:
    """A decision is a function of universe and facts, also of the facts that it logged; its record gives it back."""
    engine = Engine(universe.ruleset)

    for _, facts, decision in chosen(decided):
        assert engine.decide(facts).to_json() == decision.to_json()
        assert engine.decide(parse_json(decision.facts_json)).to_json() == decision.to_json()
        assert Decision.from_json(decision.to_json()) == decision

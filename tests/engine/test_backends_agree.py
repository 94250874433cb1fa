"""The fast backend and the reference agree to the byte, on random rules and random facts."""

import pytest
from hypothesis import given

from engine import SCOPES, Decision, Engine, Refused, read
from engine.facts import parse_json
from tests.engine.random_rules import Case, cases, engines, nested, thorough


@thorough(400)
@given(cases())
def test_both_backends_give_the_same_bytes(case: Case) -> None:
    """Whatever the rules and the facts, in both scopes, the records are the same, and none is an engine's failure."""
    fast, slow = engines(case.document)
    for facts in case.requests:
        for scope in SCOPES:
            expected = slow.decide(nested(facts), scope)

            assert fast.decide(nested(facts), scope).to_json() == expected.to_json()
            assert "engine_error" not in expected.reasons


@thorough(100)
@given(cases(requests=0))
def test_random_documents_read(case: Case) -> None:
    """Random rules are right by construction, so that the laws are tried on decisions and not on refusals."""
    try:
        read(case.document)
    except Refused as refused:
        pytest.fail(f"{refused}")


@thorough(80)
@given(cases())
def test_deciding_again_gives_the_same_bytes_whatever_was_decided_between(case: Case) -> None:
    """An engine keeps nothing of one decision that shows in another: a fresh engine says the same."""
    used, _ = engines(case.document)
    for facts in case.requests:
        used.decide(nested(facts))
    for facts in case.requests:
        fresh = Engine(used.ruleset)

        assert used.decide(nested(facts)).to_json() == fresh.decide(nested(facts)).to_json()


@thorough(80)
@given(cases())
def test_a_stored_decision_reads_back(case: Case) -> None:
    """A record read back is the same decision, and writes the same bytes."""
    engine, _ = engines(case.document)
    for facts in case.requests:
        decision = engine.decide(nested(facts))
        back = Decision.from_json(decision.to_json())

        assert back == decision
        assert back.to_json() == decision.to_json()


@thorough(80)
@given(cases())
def test_the_order_in_which_facts_are_given_is_no_part_of_the_decision(case: Case) -> None:
    """Shuffled keys, at every level, give the same bytes, the id among them."""
    engine, _ = engines(case.document)
    for facts in case.requests:
        shuffled = dict(case.dice.shuffled(list(facts.items())))

        one, other = engine.decide(nested(facts)), engine.decide(nested(shuffled))

        assert (other.id, other.to_json()) == (one.id, one.to_json())


@thorough(80)
@given(cases())
def test_the_facts_of_a_record_decide_to_the_same_bytes_again(case: Case) -> None:
    """What a decision logs of its facts is enough to decide it again, invalid facts among them."""
    engine, _ = engines(case.document)
    for facts in case.requests:
        decision = engine.decide(nested(facts))

        assert engine.decide(parse_json(decision.to_json())["facts"]).to_json() == decision.to_json()

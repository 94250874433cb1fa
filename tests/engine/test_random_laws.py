"""Laws that hold whatever the rules are: nothing that should restrain ever allows more."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import given

from engine import SCOPES, Engine, read
from engine.explain import Refusal
from engine.numbers import canonical
from tests.engine.random_rules import Case, Document, Shape, cases, engines, nested, thorough, with_gates

STRICT = Shape(missing_passes=False, asks_known=False)


def allows(document: Document, requests: list[dict[str, Any]]) -> list[bool]:
    """What the fast backend allows of these."""
    engine = Engine(read(document))
    return [engine.decide(nested(facts)).allowed for facts in requests]


def never_more(after: list[bool], before: list[bool]) -> bool:
    """Whether nothing is allowed after that was not before."""
    return all(earlier or not later for earlier, later in zip(before, after, strict=True))


@thorough(150)
@given(cases())
def test_adding_a_gate_never_allows_more(case: Case) -> None:
    """What passes all gates passes all but one."""
    gates = case.document["gates"]
    fewer = list(gates)
    fewer.remove(case.dice.pick(gates))
    if fewer:
        assert never_more(allows(case.document, case.requests), allows(with_gates(case.document, fewer), case.requests))


@thorough(150)
@given(cases())
def test_making_a_cap_tighter_never_allows_more(case: Case) -> None:
    """A lower cap above a measure, or a higher one below it, in every layer that sets one, `none` being the loosest."""
    for end, sign in (("top_", -1), ("low_", 1)):
        tighter = dict(case.document)
        for part in ("items", "teams"):
            tighter[part] = {n: _tightened(e, end, sign) for n, e in case.document[part].items()}
        tighter["account"] = _tightened(case.document["account"], end, sign)

        assert never_more(allows(tighter, case.requests), allows(case.document, case.requests))


def _tightened(entry: Mapping[str, Any], end: str, sign: int) -> Document:
    caps = {n: _by_one(v, sign) if n.startswith(end) else v for n, v in entry["caps"].items()}
    return {**entry, "caps": caps}


def _by_one(value: str | None, sign: int) -> str:
    return "2" if value is None else canonical(Decimal(value) + sign)


@thorough(150)
@given(cases())
def test_an_exempt_request_is_held_only_by_gates_that_say_so(case: Case) -> None:
    """Where the exemption holds, every veto is of a gate with `exits`."""
    fast, slow = engines(case.document)
    held = {g.id for g in fast.ruleset.gates if g.exits}
    for facts in case.requests:
        decision = fast.decide(nested(facts))
        situation = slow.situation(slow.reader.read(nested(facts)))
        if (
            fast.ruleset.head.exempt
            and situation.measure("lets_out") is True
            and decision.vetoes
            and decision.vetoes[0].gate
        ):
            assert {gate for reason in decision.vetoes for gate in (reason.gates or (reason.gate,))} <= held


@thorough(150)
@given(cases(STRICT))
def test_leaving_a_fact_out_never_allows_more(case: Case) -> None:
    """Without `known` and `on_missing: pass`, what is not known holds up, and lets nothing through."""
    engine = Engine(read(case.document))
    for facts in case.requests:
        before = engine.decide(nested(facts)).allowed
        for name in case.dice.shuffled(list(facts))[:6]:
            after = engine.decide(nested({**facts, name: None})).allowed

            assert before or not after, name


@thorough(150)
@given(cases())
def test_an_invalid_fact_never_allows_more(case: Case) -> None:
    """A value out of its range or of no meaning vetoes where it is needed, `known` and `on_missing: pass` or not."""
    engine = Engine(read(case.document))
    for facts in case.requests:
        before = engine.decide(nested(facts)).allowed
        for name in case.dice.shuffled([n for n in facts if n != "a.note"])[:6]:
            after = engine.decide(nested({**facts, name: "Infinity"})).allowed

            assert before or not after, name


@thorough(150)
@given(cases())
def test_every_veto_is_a_declared_reason_in_file_order(case: Case) -> None:
    """A veto names its gate's own reason or one of the engine's few, and stands where its gate does."""
    engine = Engine(read(case.document))
    places = {g.id: g.index for g in engine.ruleset.gates}
    declared = {g.id: g.reason for g in engine.ruleset.gates}
    for facts in case.requests:
        for scope in SCOPES:
            decision = engine.decide(nested(facts), scope)
            for reasons in (decision.vetoes, decision.shadow):
                gates = [r.gate for r in reasons if r.gate is not None]

                assert [places[g] for g in gates] == sorted(places[g] for g in gates)
                assert all(_is_declared(r.gate, r.reason, declared) for r in reasons)
            assert decision.allowed is not bool(decision.vetoes)


def _is_declared(gate: str | None, reason: str, declared: Mapping[str, str]) -> bool:
    if gate is None:
        return reason in ("item_unknown", Refusal.FACTS_MISSING)
    return reason in (declared[gate], Refusal.FACTS_MISSING, Refusal.FACT_INVALID)


@thorough(150)
@given(cases())
def test_each_missing_fact_is_named_once(case: Case) -> None:
    """However many gates need a fact, there is one veto for it, at the first, that names them all."""
    engine = Engine(read(case.document))
    for facts in case.requests:
        decision = engine.decide(nested(facts))
        for reasons in (decision.vetoes, decision.shadow):
            named = [r.fact for r in reasons if r.fact is not None]

            assert len(named) == len(set(named))
            assert all(r.gate == r.gates[0] for r in reasons if r.gates)


@thorough(150)
@given(cases())
def test_a_shadow_gate_changes_nothing(case: Case) -> None:
    """Without its shadow gates a rule set gives the same vetoes and the same largest size."""
    enforced = [g for g in case.document["gates"] if g.get("mode") != "shadow"]
    if not enforced:
        return
    with_shadow, without = (Engine(read(d)) for d in (case.document, with_gates(case.document, enforced)))
    for facts in case.requests:
        one, other = with_shadow.decide(nested(facts)), without.decide(nested(facts))

        assert (one.allowed, one.vetoes, one.largest) == (other.allowed, other.vetoes, other.largest)

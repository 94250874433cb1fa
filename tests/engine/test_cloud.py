"""The cloud rule set decides, on the same engine: what passes, and each gate's veto."""

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from engine import BACKENDS, Decision, Engine, read
from tests.engine import cloud

PASSES: dict[str, dict[str, Any]] = {
    "a quiet request": {},
    "to exactly the budget": {"month__spent": "18000"},
    "to exactly the share of the month": {"month__company": "7500"},
    "at exactly the role's price": {"request__price": "3"},
    "to exactly the fleet": {"fleet__machines": "56"},
    "a director pays the department's price": {
        "request__role": "director",
        "request__price": "9",
        "approvals__given": "2",
    },
    "a fleet without a bound": {"request__department": "platform", "fleet__machines": "4000"},
    "any region where no list is set": {"request__department": "platform", "request__region": "us-east"},
    "large, and approved": {"request__term": "300", "approvals__given": "2"},
    "cards, and approved": {"request__gpu": True, "approvals__given": "1"},
    "the vendor says nothing of its quota": {"quota__used": None},
    "giving back while all is frozen": {"request__direction": "give_back", "control__freeze": True},
    "giving back on an old ledger": {"request__direction": "give_back", "billing__age": "400"},
    "giving back without a ledger": {"request__direction": "give_back", "month__spent": None},
}

VETOES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "frozen": ({"control__freeze": True}, ["spending_frozen"]),
    "an old ledger": ({"billing__age": "36"}, ["ledger_stale"]),
    "no machines": ({"request__machines": "0"}, ["no_machines"]),
    "half a rack": ({"request__machines": "6"}, ["broken_rack"]),
    "one euro over the budget": ({"month__spent": "18001"}, ["budget_exceeded"]),
    "over the share of the month": ({"month__company": "7499.99"}, ["share_exceeded"]),
    "a cent over the role's price": ({"request__price": "3.01"}, ["price_over_cap"]),
    "a cent over the department's price": (
        {"request__role": "director", "request__price": "9.01", "approvals__given": "2"},
        ["price_over_cap"],
    ),
    "one rack over the fleet": ({"fleet__machines": "57"}, ["fleet_over_cap"]),
    "another region": ({"request__region": "us-east"}, ["region_not_allowed"]),
    "cards for those who may not": (
        {"request__department": "sales", "request__machines": "2", "request__gpu": True, "approvals__given": "1"}
        | {"fleet__machines": "1", "forecast__month": "3000"},
        ["no_cards"],
    ),
    "large, and one approval short": ({"request__term": "300", "approvals__given": "1"}, ["approvals_missing"]),
    "the vendor's quota": ({"quota__used": "0.9"}, ["quota_used_up"]),
    "a quota that is no number": ({"quota__used": "much"}, ["fact_invalid"]),
    "a month that ends badly": ({"forecast__month": "21000.01"}, ["forecast_overrun"]),
    "giving back half a rack": ({"request__direction": "give_back", "request__machines": "3"}, ["broken_rack"]),
    "giving back more than there is": (
        {"request__direction": "give_back", "request__machines": "16", "control__freeze": True},
        ["spending_frozen"],
    ),
    "nobody knows the price": ({"request__price": None}, ["facts_missing"]),
    "nobody knows who asks": ({"request__role": None}, ["facts_missing"]),
    "a department that nobody knows": ({"request__department": "marketing"}, ["department_unknown"]),
    "a name that nobody declared": ({"request__colour": "red"}, ["input_invalid"]),
    "everything at once": (
        {"control__freeze": True, "request__machines": "63", "request__price": "11", "request__region": "us-east"}
        | {"month__spent": None, "billing__age": "100", "fleet__idle": "1"},
        [
            "spending_frozen",
            "ledger_stale",
            "broken_rack",
            "facts_missing",
            "price_over_cap",
            "fleet_over_cap",
            "region_not_allowed",
            "approvals_missing",
        ],
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PASSES)
def test_a_request_within_all_bounds_passes(name: str, backend: str) -> None:
    """Each of these is allowed, without any veto."""
    decision = cloud.engine(backend).decide(cloud.request(**PASSES[name]))

    assert (decision.allowed, decision.reasons) == (True, ())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", VETOES)
def test_a_request_beyond_a_bound_is_vetoed_with_its_reason(name: str, backend: str) -> None:
    """Each of these is vetoed with exactly these reasons, in file order."""
    changes, reasons = VETOES[name]

    decision = cloud.engine(backend).decide(cloud.request(**changes))

    assert (decision.allowed, list(decision.reasons)) == (False, reasons)


def test_every_gate_is_seen_to_veto() -> None:
    """No gate of the rule set, the shadow aside, is left without a request that it stops."""
    engine = cloud.engine()
    decisions = [engine.decide(cloud.request(**changes)) for changes, _ in VETOES.values()]

    stopping = {reason.gate for decision in decisions for reason in decision.vetoes}

    assert {gate.id for gate in cloud.ruleset().gates if gate.enforced} <= stopping


@pytest.mark.parametrize("name", [*PASSES, *VETOES])
def test_the_whole_decision_stays_the_same(name: str, snapshot: SnapshotAssertion) -> None:
    """Reasons, numbers, sources and texts are what was reviewed, in both backends, and survive being stored."""
    changes = PASSES[name] if name in PASSES else VETOES[name][0]

    fast, slow = (cloud.engine(backend).decide(cloud.request(**changes)) for backend in BACKENDS)

    record = json.loads(fast.to_json())
    del record["facts"]
    assert fast.to_json() == slow.to_json()
    assert Decision.from_json(fast.to_json()) == fast
    assert record == snapshot


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_idle_fleet_is_noted_and_passes(backend: str) -> None:
    """A shadow gate is judged and logged, and vetoes nothing."""
    decision = cloud.engine(backend).decide(cloud.request(fleet__idle="0.26"))

    assert decision.allowed
    assert [reason.reason for reason in decision.shadow] == ["fleet_idle"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("changes", "largest"),
    [
        ({}, "8"),
        ({"request__machines": "11"}, "8"),
        ({"request__machines": "400"}, "16"),
        ({"request__machines": "400", "month__spent": "18100"}, "4"),
        ({"request__machines": "400", "month__spent": "19001"}, None),
        ({"request__machines": "400", "approvals__given": "2"}, "52"),
        ({"request__machines": "400", "control__freeze": True}, None),
        ({"request__machines": "3"}, None),
        ({"request__machines": "40", "request__direction": "give_back", "control__freeze": True}, "12"),
        ({"forecast__month": "99999"}, "8"),
    ],
)
def test_the_largest_number_of_machines_is_whole_racks_within_every_bound(
    changes: dict[str, Any], largest: str | None, backend: str
) -> None:
    """The largest number is what budget, share, fleet and approvals leave; the forecast, which varies, is left out."""
    decision = cloud.engine(backend).decide(cloud.request(**changes))

    assert decision.largest == largest
    assert decision.left_out == (() if decision.allowed else ("forecast",))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("age", "reasons"), [("35.9", ()), ("36", ("ledger_stale",)), (None, ("facts_missing",))])
def test_the_account_is_decided_on_its_own_gates_alone(age: str | None, reasons: tuple[str, ...], backend: str) -> None:
    """An account decision knows no request: neither the freeze nor giving back plays a part in it."""
    facts = cloud.request(billing__age=age, control__freeze=True, request__direction="give_back")

    decision = cloud.engine(backend).decide(facts, "account")

    assert (decision.reasons, decision.subject) == (reasons, None)


@pytest.mark.parametrize("part", ["tables", "measures", "account"])
def test_decisions_need_each_part_of_the_document(part: str) -> None:
    """Without its tables, measures or shared caps the rule set is refused, rather than decided by what is left."""
    document = cloud.document()
    del document[part]

    with pytest.raises(Exception, match=r"unknown-|unset-cap") as refused:
        Engine(read(document))
    assert type(refused.value).__name__ == "Refused"

"""What facts that stand leave to orders: a quicker way to the same answer, and none where bounds can't say."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from engine import Engine, read
from engine.backends.assembler import BUILT
from engine.desk import Desk, Record, Unusual
from tests.engine import cloud
from tests.engine.random_rules import Case, Shape, cases, engines, nested, thorough
from tests.engine.test_desk import as_code_gives_them

NUMBERS = ("0.1", "0.5", "1", "1.5", "2", "3", "0.3333333333333333", "10000")
MOVING = ("ask.size", "ask.price")
OTHERS = ("ask.side", "a.share", "a.debt", "a.scale", "ask.rush", "a.shift")


def records_of(desk: Desk, case: Case) -> Iterator[tuple[dict[str, Any], Record]]:
    """Facts that mostly stand, with some numbers that change under them, and the record of each; made twice, since the
    first record of anybody is made at length.
    """
    own = [*MOVING, *[name for name in OTHERS if case.dice.chance(30)]]
    take = desk.intake(*own)
    for facts in map(as_code_gives_them, case.requests[:3]):
        standing = desk.standing(nested({n: v for n, v in facts.items() if n not in own and v is not None}), long=True)
        for _ in range(6):
            for name in MOVING:
                facts[name] = Decimal(case.dice.pick(NUMBERS))
            take(standing, *[facts[name] for name in own])
            yield dict(facts), take(standing, *[facts[name] for name in own])


@thorough(100)
@given(cases(Shape(linear=True), requests=3))
def test_a_verdict_under_facts_that_stand_is_what_the_interpreter_decides(case: Case) -> None:
    """Whatever the rules: the same answer, reasons, numbers and bytes, and what passes by bounds passes."""
    fast, slow = engines(case.document)
    for facts, record in records_of(Desk(fast), case):
        expected, verdict = slow.decide(nested(facts)), record.decide()

        assert (verdict.allowed, verdict.reasons) == (expected.allowed, expected.reasons)
        assert verdict.decision.to_json() == expected.to_json()
        if record.passes is not None and record.passes(record.floats, record.raws):
            judged, _ = slow.judgements(slow.reader.read(nested(facts)))
            assert not any(judgement.stops for judgement in judged)


def test_random_rules_do_leave_leeway() -> None:
    """The law above is about something: bounds let many records pass, and leave many to the whole decision."""
    found: list[bool] = []

    @thorough(60)
    @given(cases(Shape(linear=True), complete=True, requests=3))
    def look(case: Case) -> None:
        for _, record in records_of(Desk(engines(case.document)[0]), case):
            if not isinstance(record, Unusual) and record.passes is not None:
                found.append(record.passes(record.floats, record.raws))

    look()
    assert sum(found) > 50
    assert len(found) - sum(found) > 20


def gate(name: str, **test: Any) -> dict[str, Any]:
    """A gate of a trade without subjects."""
    return {"id": name, "why": "it bounds", "veto": name, "source": "here:1", **test}


def desk(*gates: dict[str, Any]) -> Desk:
    """A desk by these gates, over a few numbers."""
    ratio = {"kind": "ratio", "suffixes": {"x": "1"}, "bare_below": "1"}
    number = {"unit": "ratio", "from": "test", "meaning": "a number", "sign": "positive"}
    facts = {f"f.{name}": number for name in ("size", "price", "mark", "room")}
    facts["f.any"] = {key: value for key, value in number.items() if key != "sign"}
    return Desk(Engine(read({"units": {"ratio": ratio}, "facts": facts, "caps": {}, "gates": list(gates)})))


def passes(by: Desk, size: str, price: str, **standing: str) -> bool | None:
    """Whether bounds let these numbers pass; None where there are none."""
    take, facts = by.intake("f.size", "f.price"), by.standing({"f": standing}, long=True)
    take(facts, Decimal(size), Decimal(price))
    record = take(facts, Decimal(size), Decimal(price))
    return None if record.passes is None else record.passes(record.floats, record.raws)


NOTIONAL = gate("notional", measure="f.size * f.price / f.room", at_most="f.mark")
COLLAR = gate("collar", measure="abs(f.price - f.mark) / f.mark", at_most="0.5x")
LARGEST = gate("largest", measure="f.size", at_most="f.room")


@pytest.mark.parametrize(
    ("size", "price", "expected"),
    [("1", "7", True), ("1", "5", True), ("1", "4.99", False), ("1", "15.01", False), ("7", "15", False)],
)
def test_products_and_distances_are_bounds(size: str, price: str, expected: bool) -> None:
    """No more than ten times ten in all, and between half the mark and half as much again, its ends included."""
    assert passes(desk(NOTIONAL, COLLAR), size, price, mark="10", room="10") is expected


def test_a_number_at_its_bound_passes_and_one_beside_it_does_not() -> None:
    """A fact that is only compared is compared exactly, at the last of its digits too."""
    third = "0.3333333333333333333333333333333333333333"

    assert passes(desk(LARGEST), third, "1", room=third) is True
    assert passes(desk(LARGEST), third[:-1] + "4", "1", room=third) is False


@pytest.mark.parametrize(("size", "expected"), [("3044", True), ("3000", False)])
def test_a_step_of_more_digits_than_python_computes_with_is_not_rounded(size: str, expected: bool) -> None:
    """What is rounded to 28 digits is another step, of which other numbers are multiples."""
    stepped = gate("stepped", measure="f.size", multiple_of="f.room")

    digits = "0.1234567890123456789012345"

    assert passes(desk(stepped), digits + size, "1", room=digits + "3044") is expected


@pytest.mark.skipif(BUILT, reason="the machine takes every number as a float too")
def test_a_strict_bound_of_what_is_no_float_is_found_to_leave_no_leeway_once() -> None:
    """It is remembered as such, and not tried again for each decision."""
    by = desk(gate("above", measure="f.size", above="f.room"))
    take, facts = by.intake("f.size"), by.standing({"f": {"room": "3"}}, long=True)

    assert take(facts, Decimal(5)).guarded.tests(facts.values, ()) is None


@pytest.mark.parametrize(
    "gates",
    [
        (gate("unknown_sign", measure="f.any * f.size", at_most="f.room"), NOTIONAL),
        (gate("asks", require="known(f.size)"), NOTIONAL),
        (gate("asks_not", require="not known(f.size)"), NOTIONAL),
        (gate("missing", measure="f.size", at_most="f.any"), NOTIONAL),
        (gate("sum", measure="f.size + f.price", at_most="f.room"), NOTIONAL),
        (gate("equal", require="f.size == f.room"), NOTIONAL),
        (gate("either", require="f.size < f.room or f.price < f.mark"), NOTIONAL),
        (gate("shut", measure="f.mark", at_most="f.room"), NOTIONAL),
    ],
)
def test_what_is_no_matter_of_bounds_leaves_none(gates: tuple[dict[str, Any], ...]) -> None:
    """A gate that bounds can't follow, or that stops everything, leaves each decision to be made in full."""
    assert passes(desk(*gates), "1", "1", mark="10", room="5") is None


def test_bounds_are_those_of_the_facts_that_stand() -> None:
    """Another account has bounds of its own, and a fact of the order takes the place of one that stood."""
    by = desk(LARGEST)
    take = by.intake("f.size")
    small, large = (by.standing({"f": {"room": room, "size": "1"}}, long=True) for room in ("2", "8"))

    answers = [take(facts, Decimal(5)).decide().allowed for facts in (small, large) * 3]
    assert answers == [False, True] * 3


def test_what_passes_by_bounds_has_a_whole_decision() -> None:
    """The record behind a quick yes is there when it is asked for."""
    by = Desk(cloud.engine())
    take, standing = by.intake("request.machines"), by.standing(cloud.request(), long=True)
    verdicts = [take(standing, Decimal(8)).decide() for _ in range(3)]

    assert {v.decision.to_json() for v in verdicts} == {cloud.engine().decide(cloud.request()).to_json()}


@pytest.mark.parametrize("guard", ["f.size > tables.t.most", "f.size > caps.most", "f.size > f.any"])
def test_what_a_guard_may_lack_leaves_no_leeway(guard: str) -> None:
    """A row without an output, a cap of an actor whom nobody named, a fact that is missing: each is a veto."""
    ratio = {"kind": "ratio", "suffixes": {"x": "1"}, "bare_below": "1"}
    number = {"unit": "ratio", "from": "test", "meaning": "a number"}
    cap = {"unit": "ratio", "meaning": "a cap", "per": "account", "tighter": "lower", "sign": "positive"}
    rules: dict[str, Any] = {
        "head": {"actor": {"key": "f.team", "in": "universe.teams"}},
        "units": {"ratio": ratio, "enum": {"kind": "enum"}},
        "facts": {
            "f.size": {**number, "sign": "positive"},
            "f.any": number,
            "f.team": {**number, "unit": "enum", "values": "universe.teams"},
        },
        "caps": {"most": {**cap, "per": "order"}, "all": cap},
        "tables": {"t": {"outputs": {"most": "ratio"}, "rows": [{"id": "none", "then": {}}]}},
        "gates": [gate("guarded", measure="f.size", at_most="caps.all", when=guard)],
        "account": {"caps": {"most": "1", "all": "3"}},
        "teams": {"p": {"caps": {"most": "1"}}},
    }
    by = Desk(Engine(read(rules)))
    take, facts = by.intake("f.size"), by.standing({}, long=True)

    assert [take(facts, Decimal(2)).decide().reasons for _ in range(2)] == [("facts_missing",)] * 2

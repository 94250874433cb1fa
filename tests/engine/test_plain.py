"""Plain facts are decided as the engine decides them, to the byte; and nothing is said of any others."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from engine import Engine, digits, texts
from engine.backends import assembler
from engine.facts import Snapshot
from engine.numbers import exact
from engine.plain import Plain
from engine.reason import Told
from tests.engine.random_rules import Case, cases, engines, nested, thorough
from universe.quiet import quiet_facts
from universe.reader import Universe

NUMBERS = ("0.1", "0.5", "1", "1.50", "2", "3", "0.3333333333333333", "10000", "-0", "1e1", "x", "")
WORDS = (True, False, "in", "out", "IN", None, 1, ["in"], Decimal(1), 0.5)


def deciding(engine: Engine, standing: dict[str, Any], own: dict[str, Any]) -> Plain:
    """For own facts as these are, over standing ones."""
    engine.reader.read(own)
    arrangement, stands = engine.arrangements.of(own), engine.reader.read(standing)
    assert arrangement is not None
    groups = {name: json.dumps(of, separators=(",", ":")) for name, of in json.loads(stands.json).items()}
    return Plain(arrangement, stands, groups, ())


def can_stand(engine: Engine, facts: dict[str, Any]) -> bool:
    """Whether facts can stand under others: none of them invalid, and there are some."""
    found: Snapshot = engine.reader.read(facts)
    return bool(facts) and not found.invalid


def asked(case: Case) -> Iterator[tuple[Engine, dict[str, Any], Told | None]]:
    """Facts in groups of which one is an order's own, and what is said of them; of several that follow one another."""
    fast, _ = engines(case.document)
    for facts in map(nested, case.requests):
        own = facts.pop("ask")
        standing = {name: {k: v for k, v in of.items() if v is not None} for name, of in facts.items()}
        own = {name: value for name, value in own.items() if value is not None}
        if not can_stand(fast, standing) or not own:
            continue
        says = deciding(fast, standing, {"ask": own})
        for _ in range(4):
            yield fast, {**standing, "ask": own}, says.of({"ask": own})
            name = case.dice.pick(list(own))
            options = NUMBERS if case.dice.chance(70) else WORDS
            own = {**own, name: case.dice.pick(options)} if case.dice.chance(60) else own


@thorough(200)
@given(cases(complete=True))
def test_what_is_said_of_plain_facts_is_what_the_engine_says_to_the_byte(case: Case) -> None:
    """Whatever the rules and facts: the record, in parts, and the order's own facts as they are logged."""
    for engine, facts, told in asked(case):
        if told is not None:
            expected = engine.decide(facts)
            assert told == expected.told((), told.own)
            assert told.whole() == expected.to_json()
            assert told.own == engine.reader.read({"ask": facts["ask"]}).json


@pytest.fixture
def in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there is no compiler."""
    for module in (texts, digits):
        monkeypatch.setattr(module, "texts", None)
    monkeypatch.setattr(assembler, "machine", None)


@pytest.mark.usefixtures("in_python")
def test_without_a_compiler_the_same_is_said_of_plain_facts() -> None:
    """What is installed where there is none says as much, only slower."""

    @thorough(80)
    @given(cases(complete=True))
    def law(case: Case) -> None:
        for engine, facts, told in asked(case):
            assert told is None or told == engine.decide(facts).told((), told.own)

    law()


def split(universe: Universe) -> tuple[Engine, dict[str, Any], dict[str, Any]]:
    """An engine by the shipped rules, the facts that stand on a quiet day, and those of an order."""
    facts = quiet_facts(universe, "BTCUSDT", Decimal(250_000))
    own = {"order": {**facts.pop("order"), "quantity": "0.02"}}
    return Engine(universe.ruleset), facts, own


def test_when_orders_are_plain_then_something_is_said_of_all_of_them(universe: Universe) -> None:
    """Else the law above would hold of nothing: allowed, between two steps, and vetoed."""
    engine, facts, own = split(universe)
    says = deciding(engine, facts, own)
    allowed = []
    for quantity in ("0.02", "0.10", "0.021", "0.0205", "100", "0.02"):
        own["order"]["quantity"] = quantity
        told, expected = says.of(own), engine.decide({**facts, **own})
        assert told is not None
        assert told.whole() == expected.to_json()
        allowed.append(told.allowed)

    assert allowed == [True, True, True, False, False, True]


@pytest.mark.parametrize("more", ["0", "0" * 14 + "1"])
def test_when_an_order_is_on_a_bound_then_exact_numbers_say_so(universe: Universe, more: str) -> None:
    """What lies between what passes and what does not is no more than floats can tell apart."""
    engine, facts, own = split(universe)
    cap, _ = universe.ruleset.cap("order_notional", universe.ruleset.subjects["BTCUSDT"], None)
    assert isinstance(cap, Decimal)
    own["order"] |= {"price": "50000", "quantity": f"{cap / 50000:.2f}{more}"}
    assert float(own["order"]["quantity"]) * 50000 == float(cap)
    says = deciding(engine, facts, own)
    for _ in range(3):
        told = says.of(own)
        assert told is not None
        assert told.whole() == engine.decide({**facts, **own}).to_json()
        assert ("order_notional" in told.reasons) is (more != "0")


@pytest.mark.parametrize("given", ["x", "1e3", "-1", "01", "1" * 30, " 1", "1\n1"])
def test_when_a_number_is_not_plain_then_nothing_is_said(universe: Universe, given: str) -> None:
    """Whoever reads one by one says what is wrong with it, if anything is."""
    engine, facts, own = split(universe)
    says = deciding(engine, facts, own)
    own["order"] = {**own["order"], "quantity": given}

    assert says.of(own) is None


@pytest.mark.parametrize("given", [0, 1, True, "true", Decimal(0), None, 0.0])
def test_when_a_value_only_equals_a_word_then_it_is_not_taken_for_it(universe: Universe, given: object) -> None:
    """`False == 0` in Python, and no number is a truth value."""
    engine, facts, own = split(universe)
    says = deciding(engine, facts, own)
    assert says.of(own) is not None
    own["order"]["urgent"] = given
    told = says.of(own)

    assert (told is None) is (given is not True)
    assert told is None or told.whole() == engine.decide({**facts, **own}).to_json()


def test_when_a_group_stands_and_comes_too_then_there_is_no_short_way(universe: Universe) -> None:
    """Which of both counts is for whoever merges them."""
    engine, facts, own = split(universe)

    with pytest.raises(ValueError, match="twice"):
        deciding(engine, facts | own, own)


def test_when_other_groups_stand_between_those_that_come_then_the_record_has_all_in_order(universe: Universe) -> None:
    """Before, between and behind, with and without a sign that is special to templates."""
    engine, facts, own = split(universe)
    own |= {name: facts.pop(name) for name in ("tier", "book")}
    told = deciding(engine, facts, own).of(own)

    assert told is not None
    assert told.whole() == engine.decide({**facts, **own}).to_json()
    assert told.own == engine.reader.read(own).json


def test_when_numbers_are_exact_already_or_not_then_the_same_is_said(universe: Universe) -> None:
    """Exact arithmetic is its own matter, not that of whoever asks."""
    engine, facts, own = split(universe)
    says = deciding(engine, facts, own)
    with exact():
        inside = says.of(own)

    assert inside == says.of(own)
    assert inside is not None


def test_when_numbers_have_slots_apart_then_each_is_put_in_its_own(universe: Universe) -> None:
    """A word between two numbers stays what it is."""
    engine, facts, own = split(universe)
    own |= {name: facts.pop(name) for name in ("own", "position", "mark")}
    told = deciding(engine, facts, own).of(own)

    assert told is not None
    assert told.whole() == engine.decide({**facts, **own}).to_json()

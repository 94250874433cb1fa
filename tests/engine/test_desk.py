"""A desk gives the decisions of its engine: records with floats beside exact numbers change how fast, never what."""

import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from engine import Engine, read
from engine.columns import Columns, as_it_is
from engine.desk import Desk, Record, Unusual
from engine.facts import FactsFault
from tests.engine import cloud
from tests.engine.beside import COUNT, Beside
from tests.engine.in_columns import batch
from tests.engine.random_rules import Case, cases, engines, nested, thorough


def as_code_gives_them(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts with numbers as the Decimals that code would hand over, and anything else as it is."""

    def given(value: Any) -> Any:
        try:
            return Decimal(value) if isinstance(value, str) else value
        except ArithmeticError:
            return value

    return {name: given(value) for name, value in facts.items()}


def records_of(desk: Desk, case: Case) -> Iterator[tuple[dict[str, Any], Record]]:
    """The facts of each request, and their record: of some of the facts, the same ones each time, others standing."""
    names = list(case.requests[0])
    own = [name for name in names if case.dice.chance(50)]
    take = desk.intake(*own)
    for facts in map(as_code_gives_them, case.requests):
        standing = desk.standing(nested({n: v for n, v in facts.items() if n not in own and v is not None}))
        yield facts, take(standing, *[facts[name] for name in own])


@thorough(120)
@given(cases())
def test_a_verdict_is_what_the_interpreter_decides(case: Case) -> None:
    """Whatever the rules and the facts, and whichever of them are standing: the same answer, reasons and bytes."""
    fast, slow = engines(case.document)
    for facts, record in records_of(Desk(fast), case):
        expected, verdict = slow.decide(nested(facts)), record.decide()

        assert (verdict.allowed, verdict.reasons) == (expected.allowed, expected.reasons)
        assert verdict.decision.to_json() == expected.to_json()


@thorough(60)
@given(cases(complete=True))
def test_a_verdict_compares_the_numbers_that_the_interpreter_compares(case: Case) -> None:
    """Each gate that stops a record says exactly what it observed and what it was held against."""
    fast, slow = engines(case.document)
    for facts, record in records_of(Desk(fast), case):
        judged, _ = slow.judgements(slow.reader.read(nested(facts)))

        expected = [(j.gate.id, j.observed, j.limit) for j in judged if j.stops]
        assert [(j.gate.id, j.observed, j.limit) for j in record.decide().judgements] == expected


@thorough(60)
@given(cases(complete=True))
def test_complete_and_valid_facts_of_somebody_go_the_short_way(case: Case) -> None:
    """A record of plain facts is no unusual one, so that what is said of its speed is true of it."""
    fast, slow = engines(case.document)
    for facts, record in records_of(Desk(fast), case):
        snapshot = slow.reader.read(nested(facts))

        assert isinstance(record, Unusual) is (slow.unknown_reason(snapshot) is not None or bool(snapshot.invalid))


def test_at_and_beside_a_bound_none_is_wrong() -> None:
    """Measures made exactly equal to their bounds, or a step beside them, are judged as fractions judge them."""
    beside, dice = Beside(), random.Random(20261121)

    assert [beside.wrong(dice) for _ in range(COUNT)] == [None] * COUNT


@pytest.mark.parametrize(
    "machines",
    [True, 8.0, "8", 8, Decimal("NaN"), Decimal("Infinity"), Decimal("1E+60"), Decimal(f"8.{'0' * 60}"), None],
)
def test_a_value_that_is_not_plain_is_judged_by_the_reader(machines: Any) -> None:
    """Floats, truth values, what is not finite or too long: whatever is given, the desk says what the engine says."""
    desk = Desk(cloud.engine())
    facts = cloud.request()
    del facts["request"]["machines"]
    verdict = desk.intake("request.machines")(desk.standing(facts), machines).decide()
    decision = cloud.engine().decide(cloud.request() | {"request": {**facts["request"], "machines": machines}})

    assert verdict.decision.to_json() == decision.to_json()
    assert verdict.allowed is decision.allowed


def sides(sign: str | None = None, *, until: str | None = None) -> Engine:
    """Everybody may go in, the large with more than the small, who may have leave to go with as much until a time."""
    fact, gate = {"from": "test", "meaning": "a fact"}, {"why": "it bounds", "source": "here:1"}
    leave = {"why": "a fair", "by": "ada", "gate": "size", "subject": "small", "written": "then"}
    rules = {
        "head": {"subject": {"key": "f.who", "in": "universe.items", "as": "item", "unknown": "unknown"}},
        "units": {
            "ratio": {"kind": "ratio", "suffixes": {"x": "1"}, "bare_below": "1"},
            "enum": {"kind": "enum"},
            "count": {"kind": "count"},
        },
        "facts": {
            "f.size": {**fact, "unit": "ratio", **({"sign": sign} if sign else {})},
            "f.who": {**fact, "unit": "enum", "values": "universe.items"},
            "f.side": {**fact, "unit": "enum", "values": ["in", "out"]},
            "f.hour": {**fact, "unit": "count"},
        },
        "caps": {"most": {"unit": "ratio", "tighter": "lower", "per": "order", "meaning": "the most"}},
        "gates": [
            {"id": "size", "measure": "f.size", "at_most": "caps.most", "veto": "too_much", **gate},
            {"id": "side", "require": "f.side == 'in'", "veto": "not_in", **gate},
        ],
        "items": {"large": {"caps": {"most": "9"}}, "small": {"caps": {"most": "1"}}},
    }
    if until is not None:
        layer = {"caps": {"most": "9"}, "provenance": {}}
        rules |= {"head": {**rules["head"], "clock": "f.hour"}, "waivers": {"fair": {**leave, "until": until, **layer}}}
    return Engine(read(rules))


def said_of(engine: Engine, size: Decimal, who: str, side: str, hour: str = "9") -> tuple[bool, tuple[str, ...]]:
    """What a desk says that has seen others before, whose records are therefore made the short way."""
    desk = Desk(engine)
    take, standing = desk.intake("f.size", "f.who", "f.side"), desk.standing({"f": {"hour": hour}})
    for other in ("large", "small"):
        take(standing, Decimal(1), other, "in")
    verdict = take(standing, size, who, side).decide()
    return verdict.allowed, verdict.reasons


@pytest.mark.parametrize("sign", ["positive", "nonnegative", None])
@pytest.mark.parametrize(
    "number",
    ["0", "-0", "0E-5", "1E-31", "-1", "-0.5", "-1E-30", "-1E-31", "1E-41", "-1E+31", f"1.{'0' * 39}", f"1.{'0' * 40}"],
)
def test_a_number_beside_its_range_is_judged_by_the_reader(number: str, sign: str | None) -> None:
    """What its fact can't be is invalid, however small it is, and so is a number of too many digits."""
    decision = sides(sign).decide({"f": {"size": Decimal(number), "who": "large", "side": "in"}})

    assert said_of(sides(sign), Decimal(number), "large", "in") == (decision.allowed, decision.reasons)


@pytest.mark.parametrize(
    ("size", "hour", "expected"),
    [("5", "9", (True, ())), ("9.1", "9", (False, ("too_much",))), ("5", "10", (False, ("too_much",)))],
)
def test_what_is_waived_is_let_through(size: str, hour: str, expected: tuple[bool, tuple[str, ...]]) -> None:
    """As far as everybody may go, and as long as it holds."""
    assert said_of(sides(until="10"), Decimal(size), "small", "in", hour) == expected


@pytest.mark.parametrize("zero", ["0", "-0", "0.00", "0E-30", "0E+40", "0E-999", "0E-1000", "0E+1000", "0E-999999"])
def test_a_zero_is_judged_as_it_is_written(zero: str) -> None:
    """Whatever its exponent: one that the reader does not take for a number is none for the desk."""
    decision = sides().decide({"f": {"size": Decimal(zero), "who": "large", "side": "in"}})

    assert said_of(sides(), Decimal(zero), "large", "in") == (decision.allowed, decision.reasons)


class Claims(str):
    """A word whose class says that it is another."""

    claimed: str

    def __eq__(self, other: object) -> bool:
        return self.claimed == other

    def __hash__(self) -> int:
        return hash(self.claimed)


@pytest.mark.parametrize(
    ("who", "side"), [("small", "in"), ("nobody", "in"), ("large", "out"), ("large", "neither"), ("large", "in")]
)
def test_a_word_is_what_is_written(who: str, side: str) -> None:
    """Whatever it says that it is equal to: nobody is decided on by the rules of another."""
    claims = Claims(who), Claims(side)
    for one, claimed in zip(claims, ("large", "in"), strict=True):
        one.claimed = claimed
    decision = sides().decide({"f": {"size": "5", "who": who, "side": side}})

    assert said_of(sides(), Decimal(5), *claims) == (decision.allowed, decision.reasons)


def test_what_is_given_anew_counts() -> None:
    """A fact of a record takes the place of a standing one, and a standing built on another changes what it says."""
    desk = Desk(cloud.engine())
    before = desk.standing(cloud.request(request__machines="8"))
    later = desk.standing({"billing": {"age": "40"}}, on=before)
    take = desk.intake("request.machines")

    assert take(before, Decimal(8)).decide().allowed
    assert take(before, Decimal(9)).decide().reasons == ("broken_rack",)
    assert take(later, Decimal(8)).decide().reasons == ("ledger_stale",)
    assert take(before, Decimal(8)).decide().allowed


def test_facts_that_change_after_they_were_read_change_nothing() -> None:
    """A standing keeps what it was given, not the object that it was given in."""
    desk, facts = Desk(cloud.engine()), cloud.request()
    standing = desk.standing(facts)
    expected = cloud.engine().decide(cloud.request()).to_json()
    facts["request"]["machines"] = "9"
    facts["billing"]["age"] = "99"

    assert desk.intake("request.machines")(standing, Decimal(8)).decide().decision.to_json() == expected


def test_names_that_nobody_declared_are_refused_at_once() -> None:
    """A misspelt fact, one that the universe gives, and one that stands twice are the caller's mistakes."""
    desk = Desk(cloud.engine())

    with pytest.raises(FactsFault, match="no declared fact"):
        desk.intake("request.machine")
    with pytest.raises(FactsFault, match="the universe gives it"):
        desk.intake("department.rack")
    with pytest.raises(FactsFault, match="twice"):
        desk.intake("request.machines", "request.machines")
    with pytest.raises(FactsFault, match="no declared fact"):
        desk.standing({"request": {"machine": "8"}})


def test_a_standing_of_another_desk_is_decided_all_the_same() -> None:
    """Its facts are read again by the rules of the intake's desk."""
    document = cloud.document()
    document["account"]["caps"]["billing_age"] = "2"
    ours, other = Desk(Engine(read(document))), Desk(cloud.engine())
    verdict = ours.intake("request.machines")(other.standing(cloud.request()), Decimal(8)).decide()

    assert verdict.reasons == ("ledger_stale",)


def test_a_shadow_gate_stops_nothing_and_is_judged() -> None:
    """What vetoes in shadow is among the judgements and not among the reasons."""
    desk = Desk(cloud.engine())
    verdict = desk.intake("fleet.idle")(desk.standing(cloud.request()), Decimal("0.9")).decide()

    assert verdict.allowed
    assert verdict.reasons == ()
    assert [(j.gate.id, j.observed) for j in verdict.judgements] == [("idle", Fraction(9, 10))]


@pytest.mark.parametrize(
    "test",
    [
        {"measure": "f.part / f.whole", "at_least": "0"},
        {"measure": "f.size * f.part / f.whole", "at_least": "0"},
        {"require": "f.part / f.whole >= 0"},
        {"require": "f.size > f.part", "when": "f.part / f.whole < 0"},
    ],
)
def test_when_a_divisor_is_missing_then_a_comparison_with_zero_says_so(test: dict[str, str]) -> None:
    """The sign of a quotient is that of its dividend only where there is a divisor."""
    number = {"unit": "ratio", "from": "test", "meaning": "a number"}
    positive = {**number, "sign": "positive"}
    rules = {
        "units": {"ratio": {"kind": "ratio", "suffixes": {"x": "1"}, "bare_below": "1"}},
        "facts": {"f.part": number, "f.whole": positive, "f.size": positive},
        "caps": {},
        "gates": [{"id": "share", "why": "it bounds", "veto": "share", "source": "here:1", **test}],
    }
    engine = Engine(read(rules))
    desk = Desk(engine)
    verdict = desk.intake("f.size")(desk.standing({"f": {"part": "1"}}), Decimal(1)).decide()
    columns = Columns(engine, as_it_is)

    assert (verdict.allowed, verdict.reasons) == (False, ("facts_missing",))
    rows = batch(columns, [{"f.part": "1", "f.whole": None, "f.size": "1"}])
    assert columns.masks.of_rows(columns.judge(rows)) == [1]

"""What code asks of tables, measures and bounds: the same from both backends, and never more than is known."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given

from engine import BACKENDS, Answer, Engine, Headroom, read
from engine.interpret import Unknown
from engine.judge import Outcome
from engine.numbers import MAX_DIGITS, MAX_MAGNITUDE, canonical, parse_number
from tests.engine import cloud
from tests.engine.random_rules import Case, cases, engines, nested, thorough

ROWS: Final[dict[str, tuple[dict[str, Any], str, dict[str, Any]]]] = {
    "the first row that applies": (
        {"request__term": "300", "request__gpu": True},
        "large",
        {"people": Decimal(2), "lane": "board", "surcharge": Decimal("0.05")},
    ),
    "at the bound of the first row": ({"request__term": "250"}, "large", {"people": Decimal(2)}),
    "just under it, the second": ({"request__term": "249.9", "request__gpu": True}, "cards", {"people": Decimal(1)}),
    "the last, which leaves one output out": (
        {},
        "otherwise",
        {"people": Decimal(0), "lane": "fast", "surcharge": None},
    ),
    "a fact that only gates need is missing": ({"billing__age": None}, "otherwise", {"lane": "fast"}),
    "a fact that only gates need is invalid": ({"billing__age": "old"}, "otherwise", {"lane": "fast"}),
    "a fact behind the row that applies is missing": (
        {"request__term": "300", "request__gpu": None},
        "large",
        {"people": Decimal(2)},
    ),
}
UNKNOWN: Final[dict[str, tuple[dict[str, Any], tuple[str, ...]]]] = {
    "a fact is missing": ({"request__price": None}, ("request.price",)),
    "two are": ({"request__price": None, "request__term": None}, ("request.price", "request.term")),
    "a fact is invalid": ({"request__price": "dear"}, ("request.price",)),
    "a truth value is missing": ({"request__gpu": None}, ("request.gpu",)),
    "nobody is named": ({"request__department": None}, ("request.department",)),
    "nobody known is named": ({"request__department": "marketing"}, ("request.department",)),
}


def asked(engine: Engine, table: str = "approval", **changes: Any) -> Answer:
    """What a table says of the quiet request with changes."""
    return engine.answer(table, engine.reader.read(cloud.request(**changes)))


def with_table(outputs: dict[str, str], *rows: dict[str, Any]) -> Engine:
    """The cloud's rules with a table more, called `more`."""
    document = cloud.document()
    document["tables"]["more"] = {"outputs": outputs, "rows": list(rows)}
    return Engine(read(document))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ROWS)
def test_a_table_answers_with_the_first_row_that_applies(name: str, backend: str) -> None:
    """Its id, each declared output, and nothing unknown."""
    changes, row, outputs = ROWS[name]

    answer = asked(cloud.engine(backend), **changes)

    assert (answer.row, answer.unknown) == (row, ())
    assert answer.outputs.keys() == {"people", "lane", "surcharge"}
    assert {o: answer.outputs[o] for o in outputs} == outputs


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_named_and_gives_no_row(name: str, backend: str) -> None:
    """Never an exception, and never a row by default."""
    changes, names = UNKNOWN[name]

    assert asked(cloud.engine(backend), **changes) == Answer(None, {}, names)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_name_that_the_rules_lack_is_the_callers_mistake(backend: str) -> None:
    """Unlike anything about the facts, it raises."""
    engine = cloud.engine(backend)
    facts = engine.reader.read(cloud.request())

    with pytest.raises(LookupError, match="`aproval` is no table"):
        engine.answer("aproval", facts)
    with pytest.raises(LookupError, match="`costs` is no measure"):
        engine.measure("costs", facts)


def test_outputs_can_not_be_changed() -> None:
    """An answer is a value."""
    with pytest.raises(TypeError):
        asked(cloud.engine()).outputs["people"] = Decimal(9)  # type: ignore[index]


def test_a_quotient_is_rounded_half_even_to_forty_digits_and_whatever_is_shorter_is_exact() -> None:
    """A third is no decimal; an eighth is; and a product of full length is cut as the quotient is."""
    row = {"third": "month.spent / month.company", "eighth": "month.spent / (month.company + month.company)"}
    engine = with_table({"third": "ratio", "eighth": "ratio"}, {"id": "all", "then": row})

    thirds = asked(engine, "more", month__spent="2", month__company="3").outputs
    eighths = asked(engine, "more", month__spent="1", month__company="4").outputs
    halfway = asked(engine, "more", month__spent="1." + "0" * 38 + "1", month__company="2").outputs

    assert canonical(thirds["third"]) == "0." + "6" * 39 + "7"  # type: ignore[arg-type]
    assert eighths == {"third": Decimal("0.25"), "eighth": Decimal("0.125")}
    assert canonical(halfway["third"]) == "0.5" + "0" * 38 + "5"  # type: ignore[arg-type]


@pytest.mark.parametrize(("given_text", "text"), [("1200.00", "1200"), ("0.50", "0.5"), ("0", "0"), ("1e3", "1000")])
def test_a_number_has_one_text_however_it_came_about(given_text: str, text: str) -> None:
    """No exponent, no trailing zeros, so that what is made of it is written alike by both backends."""
    engine = with_table({"same": "EUR"}, {"id": "all", "then": {"same": "month.spent"}})

    assert str(asked(engine, "more", month__spent=given_text).outputs["same"]) == text


def test_a_row_that_needs_an_output_that_was_left_out_has_no_answer() -> None:
    """What another table does not say is unknown by the name of that output."""
    engine = with_table({"extra": "ratio"}, {"id": "all", "then": {"extra": "tables.approval.surcharge"}})

    assert asked(engine, "more") == Answer(None, {}, ("tables.approval.surcharge",))
    assert asked(engine, "more", request__gpu=True) == Answer("all", {"extra": Decimal("0.02")}, ())


def test_a_table_of_the_account_needs_no_subject() -> None:
    """What reads nothing that differs from subject to subject can be asked about nobody."""
    engine = with_table({"old": "bool"}, {"id": "all", "then": {"old": "billing.age > caps.billing_age"}})

    answer = engine.answer("more", engine.reader.read({"billing": {"age": "40"}}))

    assert answer == Answer("all", {"old": True}, ())


def test_a_table_that_reads_an_actors_cap_names_the_actor_when_it_is_unknown() -> None:
    """The price is capped by role; without one the table says whose is needed."""
    engine = with_table({"cap": "EUR/h"}, {"id": "all", "then": {"cap": "caps.hourly_price"}})

    assert asked(engine, "more", request__role=None).unknown == ("request.role",)
    assert asked(engine, "more").outputs == {"cap": Decimal(3)}
    assert asked(engine, "more", request__role="director").outputs == {"cap": Decimal(9)}


def test_a_table_of_a_thousand_rows_is_asked_like_any_other() -> None:
    """Rows stand one after another, so there is no depth to run out of, by itself or inside another."""
    rows = [{"id": f"r{n}", "when": f"fleet.machines == {n}", "then": {"n": str(n)}} for n in range(1000)]
    document = cloud.document()
    document["tables"]["more"] = {"outputs": {"n": "count"}, "rows": [*rows, {"id": "last", "then": {"n": "9999"}}]}
    document["tables"]["above"] = {"outputs": {"n": "count"}, "rows": [{"id": "all", "then": {"n": "tables.more.n"}}]}
    engine = Engine(read(document))

    assert asked(engine, "more", fleet__machines="999").row == "r999"
    assert asked(engine, "above", fleet__machines="998").outputs == {"n": Decimal(998)}


def test_a_measure_is_worth_what_the_table_of_it_says() -> None:
    """A number settled alike, a condition, or None where a fact is missing or nobody is named."""
    engine = cloud.engine()

    def measured(name: str, **changes: Any) -> Any:
        return engine.measure(name, engine.reader.read(cloud.request(**changes)))

    assert measured("cost") == Decimal(2000)
    assert measured("month_share", month__company="9000") == Decimal("0." + "3" * 40)
    assert measured("gives_back") is False
    assert measured("cost", request__price=None) is None
    assert measured("approvals_needed", request__department="marketing") is None


def test_headroom_is_told_of_every_gate_with_a_bound() -> None:
    """Positive inside, negative beyond, None where nothing was held against anything."""
    engine = cloud.engine()
    facts = engine.reader.read(cloud.request(month__spent="18500", quota__used=None, billing__age=None))

    rooms = {room.gate: room for room in engine.headrooms(facts)}

    assert list(rooms) == [
        *("billing_fresh", "some", "budget_left", "month_share", "hourly_price", "fleet", "approvals", "quota"),
        *("forecast", "idle"),
    ]
    assert rooms["budget_left"] == Headroom(
        "budget_left", Outcome.VETO, Decimal(20500), Decimal(20000), Decimal(-500), "EUR", "rules/spend.yaml:30"
    )
    assert rooms["month_share"].headroom == Decimal("0.195")
    assert rooms["billing_fresh"].headroom is None
    assert rooms["billing_fresh"].outcome is Outcome.UNKNOWN
    assert rooms["quota"].outcome is Outcome.PASS
    assert rooms["fleet"].source == "rules/caps.yaml:7"


def test_headroom_of_the_account_needs_no_request() -> None:
    """Its own gates alone; for an order of nobody there is nothing to say."""
    engine = cloud.engine()
    facts = engine.reader.read({"billing": {"age": "30"}})

    assert [(r.gate, r.headroom) for r in engine.headrooms(facts, "account")] == [("billing_fresh", Decimal(6))]
    assert engine.headrooms(facts) == ()


@thorough(400)
@given(cases())
def test_both_backends_answer_every_table_alike(case: Case) -> None:
    """Whatever the rules and the facts: the same row, the same texts of numbers, the same names of what is unknown."""
    fast, slow = engines(case.document)
    for facts in case.requests:
        for table in fast.ruleset.tables:
            answers = [engine.answer(table, engine.reader.read(nested(facts))) for engine in (fast, slow)]

            assert repr(answers[0]) == repr(answers[1])


@thorough(200)
@given(cases())
def test_an_answer_is_what_the_reference_works_out_output_by_output(case: Case) -> None:
    """A row or what is unknown, never both; each number is the exact one, or the nearest of forty digits."""
    fast, slow = engines(case.document)
    for facts in case.requests:
        snapshot = fast.reader.read(nested(facts))
        situation = slow.situation(snapshot)
        for name, table in fast.ruleset.tables.items():
            answer = fast.answer(name, snapshot)

            assert (answer.row is None) is bool(answer.unknown)
            assert answer.row is None or answer.outputs.keys() == table.outputs.keys()
            for output, value in answer.outputs.items():
                exact = situation.output(name, output)
                if isinstance(value, Decimal):
                    assert isinstance(exact, Fraction)
                    assert is_nearest(value, exact)
                else:
                    assert value == (None if isinstance(exact, Unknown) else exact)


def is_nearest(value: Decimal, exact: Fraction) -> bool:
    """Whether a decimal is the exact number, or rounded half-even to forty digits, and can be given as a fact."""
    rounding = Context(prec=MAX_DIGITS, rounding=ROUND_HALF_EVEN)
    nearest = rounding.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    as_fact = value if value and abs(value.adjusted()) > MAX_MAGNITUDE else parse_number(str(value))
    return value == nearest == as_fact

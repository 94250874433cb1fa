"""Answers of the service, without a network: each is the engine's own decision on all of an order's facts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.facts import parse_json
from engine.reason import Told
from execution.gate import RiskEngine
from execution.service.answers import MAX_REMEMBERED, Answers
from execution.service.log import DecisionLog
from execution.service.requests import Refused, batch_of
from execution.state.log import existing
from tests.engine.test_waivers import LEAVE, with_waivers
from tests.execution.service.orders import order, split
from tests.execution.service.test_log import records
from universe.decision_log import lines_of, merged, whole
from universe.reader import Universe

# What one order says otherwise than a quiet one, of its own facts, its symbol's and the account's.
CHANGES = st.sampled_from(
    [
        {},
        {},
        {"order": {"quantity": "0.02"}},
        {"order": {"quantity": "0.0305"}},
        {"order": {"quantity": 0.030}},
        {"order": {"quantity": "100"}},
        {"order": {"side": "SELL", "urgent": True}},
        {"order": {"side": "HOLD"}},
        {"order": {"price": None}},
        {"order": {"urgent": 1}},
        {"order": None},
        {"own": {"quantity": "0.05", "notional": "4375"}},
        {"own": {"quantity": "nan"}},
        {"recent": {"orders_1m": "1000"}},
        {"recent": {"orders_1m": ["1"]}},
        {"risk": None},
        {"nav": {"age": "1000"}},
        {"nav": {"age": None}},
        {"mark": {"price": "87000.10"}},
        {"clock": {"now": "1"}},
        {"ordr": {"side": "BUY"}},
        {"symbol": {"tick": "1"}},
    ]
)
ORDERS = st.lists(st.tuples(st.sampled_from(["BTCUSDT", "ETHUSDT", "NOUSDT"]), CHANGES, CHANGES), max_size=12)
# An item is repeated, since most of what is quick is so from the second time on.
FEW = settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def waived(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Universe:
    """The shipped rules with waivers."""
    return with_waivers(LEAVE, tmp_path_factory.mktemp("rules"), root)


def item(universe: Universe, symbol: str, *changes: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Facts of an order's account, its symbol, and its own, with the changes in its own."""
    account, of_symbol, own = split(order(universe, "BTCUSDT"))
    own["order"]["symbol"] = symbol
    for change in changes:
        own = {**own, **{k: {**(own.get(k) or {}), **v} if v is not None else None for k, v in change.items()}}
    return account, of_symbol, own


@FEW
@given(ORDERS)
def test_when_a_batch_is_asked_about_then_each_answer_is_the_engines_on_all_its_facts(
    tmp_path_factory: pytest.TempPathFactory, waived: Universe, orders: list[tuple[str, Any, Any]]
) -> None:
    """To the byte, and so in the log: plain or odd, allowed, vetoed or waived, the first of its kind or another."""
    folder = tmp_path_factory.mktemp("log")
    risk, log = RiskEngine.of(waived), DecisionLog(folder, batch=5)
    answers = Answers(risk, log)
    made = [item(waived, *each) for each in orders for _ in range(3)]
    account, of_symbol, _ = item(waived, "BTCUSDT")
    shared = {**account, "clock": {"now": "1000000000"}}
    subjects = {"BTCUSDT": of_symbol, "ETHUSDT": {**of_symbol, "position": {"quantity": "1", "notional": "1"}}}
    text = json.dumps({"shared": shared, "subjects": subjects, "items": [own for _, _, own in made]})
    given = json.loads(text, parse_float=str, parse_int=str)
    found = [answer for part in answers.batch(batch_of(text)) for answer in part]
    log.close()
    expected = []
    for own in given["items"]:
        name = (own["order"] or {}).get("symbol")
        facts = merged(merged(given["shared"], given["subjects"].get(name, {})), own)
        expected.append(risk.check_order(facts))

    assert [answer.whole() for answer in found] == [decision.to_json() for decision in expected]
    assert [(a.allowed, a.reasons) for a in found] == [(d.allowed, d.reasons) for d in expected]
    assert records(folder) == [decision.to_json() for decision in expected]


@FEW
@given(ORDERS)
def test_when_orders_are_asked_about_one_by_one_then_each_answer_is_the_engines(
    tmp_path_factory: pytest.TempPathFactory, universe: Universe, orders: list[tuple[str, Any, Any]]
) -> None:
    """Whatever came before is remembered, and changes nothing."""
    folder = tmp_path_factory.mktemp("log")
    risk, log = RiskEngine.of(universe), DecisionLog(folder, batch=5)
    answers = Answers(risk, log)
    made = [merged(merged(*parts[:2]), parts[2]) for each in orders for parts in [item(universe, *each)] * 3]
    texts = [json.dumps(facts) for facts in made]
    asked = [(text, scope) for text in texts for scope in ("order", "account")]
    found = [answers.one(text, scope).whole() for text, scope in asked]
    log.close()
    expected = [
        risk.engine.decide(json.loads(t, parse_float=str, parse_int=str), scope).to_json() for t, scope in asked
    ]

    assert found == expected
    assert records(folder) == expected


def test_when_other_rules_take_over_then_nothing_of_those_before_is_left(
    waived: Universe, universe: Universe, tmp_path: Path
) -> None:
    """What was remembered was of the rules that decided then."""
    log = DecisionLog(tmp_path)
    answers = Answers(RiskEngine.of(waived), log)
    facts = order(universe, quantity="0.02") | {"clock": {"now": "1000000000"}}
    found: list[Told] = []
    for risk in (RiskEngine.of(waived), RiskEngine.of(universe)):
        answers.adopt(risk)
        found += [answers.one(json.dumps(facts), "order") for _ in range(3)]
    log.close()

    expected = [RiskEngine.of(of).check_order(facts).to_json() for of in (waived, universe) for _ in range(3)]
    assert [answer.whole() for answer in found] == expected
    assert records(tmp_path) == expected


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_when_a_batch_is_decided_then_no_more_wait_than_were_declared(
    universe: Universe, tmp_path: Path, batch: int
) -> None:
    """Whoever kills the process loses no more than that."""
    account, of_symbol, own = item(universe, "BTCUSDT")
    log = DecisionLog(tmp_path, batch=batch)
    answers = Answers(RiskEngine.of(universe), log)
    asked = batch_of(json.dumps({"shared": {**account, **of_symbol}, "items": [own] * 100}))
    given = 0
    for part in answers.batch(asked):
        given += len(part)
        assert log.waiting < batch
        assert len(records(tmp_path)) == given - log.waiting

    assert given == 100


def test_when_a_request_is_long_then_nothing_of_it_is_remembered(universe: Universe, tmp_path: Path) -> None:
    """Whoever sends much can't fill the memory; the answer is the same."""
    log = DecisionLog(tmp_path)
    answers = Answers(RiskEngine.of(universe), log)
    text = json.dumps(order(universe, quantity="0.02"))
    short, long = ([answers.one(body, "order") for _ in range(3)] for body in (text, text + " " * MAX_REMEMBERED))
    log.close()

    assert {told.whole() for told in (*short, *long)} == {short[0].whole()}
    assert [len(told.shared) for told in (*short, *long)] == [0, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("shared", [True, False])
def test_when_facts_are_longer_than_a_line_of_the_log_then_they_are_no_facts(
    universe: Universe, tmp_path: Path, shared: bool
) -> None:
    """Such a line could not be read again, nor what follows it; all others are decided and logged as ever."""
    account, of_symbol, own = item(universe, "BTCUSDT")
    long = {"price": "1" * 1_000_000}
    items = [own, {**own, "mark": long} if shared else {**own, "order": {**own["order"], **long}}, own]
    log = DecisionLog(tmp_path)
    text = json.dumps({"shared": {**account, **of_symbol}, "items": items})
    found = [told for part in Answers(RiskEngine.of(universe), log).batch(batch_of(text)) for told in part]
    log.close()
    read_again = whole(line for path in existing(tmp_path, "decisions") for line in lines_of(path))

    assert [told.reasons == ("input_invalid",) for told in found] == [False, True, False]
    assert [record for _, record in read_again] == [told.whole() for told in found]


ODD = [
    '{"x":{"order":{"side":"BUY"}}}',
    '{"nav":{"total":"1"},"order":{"side":"BUY"},"order":{"side":"SELL"}}',
    '{"order":{"side":"BUY","side":"SELL"}}',
    '{"order":{"side":"BUY"}',
    '{"order":{"side":"BUY"}}}',
    '{"order":{"side":"BUY"},}',
    '{"order":{"side":}}',
    '{"order":{"side":"a}b"}}',
    '{"order":{"side":"{"}}',
    '{"nav":{"total":"\\"order\\":{}"}}',
    '{"control":{"halt":"\\"order\\":{}"},"order":{"side":"BUY"}}',
    '{"order":{}}',
    '{"order":null}',
    '{"ordr":{},"order":{"side":"BUY"}}',
    '[{"order":{"side":"BUY"}}]',
    '"order":{"side":"BUY"}',
    '{"order":{"side":"BUY","nav":NaN}}',
    '{"order" : {"side":"BUY", "quantity":1e1} , "nav":{"total":NaN}}',
]


@pytest.mark.parametrize("text", ODD)
def test_when_a_request_is_odd_then_it_is_answered_the_same_each_time(
    universe: Universe, tmp_path: Path, text: str
) -> None:
    """The order's facts are looked for in the text, and taken for these only where they are: never within others."""
    risk = RiskEngine.of(universe)
    answers = Answers(risk, DecisionLog(tmp_path))
    try:
        expected = risk.check_order(parse_json(text)).to_json()
    except ValueError:
        expected = "refused"
    for _ in range(4):
        try:
            found = answers.one(text, "order").whole()
        except Refused as refused:
            found = "refused" if refused.status == 400 else refused.code

        assert found == expected


def test_when_items_of_a_batch_bring_nothing_or_nobody_then_each_is_answered_in_its_place(
    universe: Universe, tmp_path: Path
) -> None:
    """An empty item, an empty group, and what is no object, the first time and later."""
    risk = RiskEngine.of(universe)
    answers = Answers(risk, DecisionLog(tmp_path))
    account, of_symbol, own = item(universe, "BTCUSDT")
    items = [{}, {"order": {}}, {"order": None}, {"own": {}}, {"order": {}, "own": {}}, 7, None, [], "order", own] * 3
    asked = batch_of(json.dumps({"shared": {**account, **of_symbol}, "items": items}))
    found = [told.whole() for part in answers.batch(asked) for told in part]

    def facts(item: Any) -> Any:
        return merged(asked.shared, item) if isinstance(item, dict) else item

    assert found == [risk.check_order(facts(item)).to_json() for item in asked.items]

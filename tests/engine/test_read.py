"""Reading what others wrote: an altered document is refused or still decides; corrupted facts deny."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine, Refused, read
from engine.facts import parse_json
from tests.engine import cloud
from tests.engine.random_rules import thorough

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.text(max_size=8),
    st.sampled_from(["NaN", "-1", "1e999", "symbol", "a / b", "(((", "none"]),
    st.just([]),
    st.just({}),
    st.just(["x", {"y": []}]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every part of a document."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += places(child, (*path, key))
    return found


def altered(document: Any, path: tuple[Any, ...], junk: Any, how: str) -> Any:
    """The document with one part dropped, replaced, or given another key beside it."""
    made = deepcopy(document)
    parent = made
    for key in path[:-1]:
        parent = parent[key]
    if how == "replace":
        parent[path[-1]] = junk
    elif how == "drop":
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent["surprise"] = junk
    return made


@thorough(400)
@given(st.data(), JUNK, st.sampled_from(["replace", "drop", "add"]))
def test_an_altered_document_is_refused_or_decides_without_failing(data: st.DataObject, junk: Any, how: str) -> None:
    """Reading raises Refused and nothing else; what still reads decides, and an engine's failure denies."""
    document = cloud.document()
    path = data.draw(st.sampled_from(places(document)))
    try:
        ruleset = read(altered(document, path, junk, how))
    except Refused:
        return
    for backend in ("python", "interpreter"):
        decision = Engine(ruleset, backend).decide(cloud.request())
        assert decision.allowed is (not decision.vetoes)


@thorough(400)
@given(st.data(), JUNK, st.sampled_from(["replace", "drop", "add"]))
def test_altered_facts_deny_or_decide_alike(data: st.DataObject, junk: Any, how: str) -> None:
    """No alteration of the facts raises, passes an undeclared name, or sets the backends apart."""
    facts = cloud.request()
    path = data.draw(st.sampled_from(places(facts)))
    given_facts = altered(facts, path, junk, how)

    decisions = [cloud.engine(backend).decide(given_facts).to_json() for backend in ("python", "interpreter")]

    assert decisions[0] == decisions[1]
    if how == "add" and junk is not None:
        assert json.loads(decisions[0])["decision"] == "veto"


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e400", "1" * 50, "0x10", "1_000", " 1", "--1", "1e-60", "\u0661", "", "+1"],
)
def test_a_number_that_is_none_vetoes(number: str) -> None:
    """What is not a finite decimal within bounds is an invalid fact."""
    facts = cloud.request()
    group, name = next((g, n) for g, of in facts.items() for n, v in of.items() if isinstance(v, str) and v.isdigit())
    facts[group][name] = number

    decision = cloud.engine().decide(facts)

    assert not decision.allowed
    assert "fact_invalid" in decision.reasons


def test_a_float_is_no_exact_number() -> None:
    """A binary float is refused as invalid, and its record replays to the same bytes."""
    facts = cloud.request()
    group, name = next((g, n) for g, of in facts.items() for n, v in of.items() if isinstance(v, str) and v.isdigit())
    facts[group][name] = 0.1

    decision = cloud.engine().decide(facts)

    assert "fact_invalid" in decision.reasons
    assert cloud.engine().decide(parse_json(decision.facts_json)).to_json() == decision.to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        '{"a": 1, "a": 2}',
        '{"g": {"k": 1, "k": 2}}',
        '{"a" :1,"a" :1}',
        "{'a': 1}",
        "nul",
        '{"a": 01}',
    ],
)
def test_json_that_is_none_is_refused(text: str) -> None:
    """Broken, duplicated or bottomless JSON is a ValueError, never another exception."""
    with pytest.raises(ValueError):  # noqa: PT011  # several kinds of one refusal
        parse_json(text)


def test_numbers_keep_their_text() -> None:
    """No number of a JSON text is ever a float."""
    assert parse_json('{"a": {"b": 0.10, "c": 1e5, "d": NaN, "e": 12345678901234567890.1}}') == {
        "a": {"b": "0.10", "c": "1e5", "d": "NaN", "e": "12345678901234567890.1"}
    }

"""Facts are read the same whatever was read before, and whatever they are made of."""

import json
import random
import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import BACKENDS, Engine, read
from engine.facts import FactReader, FactsFault, Snapshot, parse_json
from tests.engine import cloud
from tests.engine.random_rules import Case, cases, engines, nested, thorough

STYLES: Final = ((",", ":"), (", ", ": "), (" ,\t", " : "))
PIECES: Final = (
    *('"', "\\", ":", ",", "{", "}", "[", "]", " ", "\n", "-", ".", "0", "1", "9", "e5", "null", "true", "NaN", "é"),
    *('"request":', '"price":"1",', '":5,', "\\u0035", "\x00", "\ud800"),
)


def outcome(read: Callable[[], Snapshot]) -> Any:
    """What reading gives, or how it fails."""
    try:
        return read()
    except ValueError as fault:
        return type(fault), str(fault)


def used_reader() -> FactReader:
    """A reader that has seen requests of several forms."""
    reader = cloud.engine().reader
    for style in STYLES:
        reader.read_json(json.dumps(cloud.request(), separators=style))
        reader.read_json(json.dumps(cloud.request(quota__used=None), separators=style))
    return reader


def fresh_reader() -> FactReader:
    """A reader that has seen nothing."""
    return FactReader(cloud.ruleset())


@thorough(120)
@given(cases())
def test_what_was_read_before_is_no_part_of_what_is_read(case: Case) -> None:
    """As a document, as a text in any style, or again: a used reader gives what one gives that has seen nothing."""
    used = engines(case.document)[0]
    for facts in case.requests * 2:
        expected = outcome(lambda facts=facts: FactReader(used.ruleset).read(nested(facts)))
        style = case.dice.pick(STYLES)
        written = {n: f"=={v}==" if _is_bare(v) and case.dice.chance(30) else v for n, v in facts.items()}
        text = json.dumps(nested(written), separators=style).replace('"==', "").replace('=="', "")

        assert outcome(lambda facts=facts: used.reader.read(nested(facts))) == expected
        assert outcome(lambda text=text: used.reader.read_json(text)) == expected


def _is_bare(value: Any) -> bool:
    """Whether a value may stand in JSON as a number without quotes."""
    return isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


@thorough(1000)
@given(st.integers(0, 2**32), st.sampled_from(STYLES))
def test_no_text_is_read_for_another(seed: int, style: tuple[str, str]) -> None:
    """A text with anything put in or taken out is what a parser says that it is, however near a known form it comes."""
    dice = random.Random(seed)
    text = json.dumps(cloud.request(), separators=style)
    for _ in range(dice.choice([1, 1, 2, 3])):
        at, cut = dice.randrange(len(text)), dice.choice([0, 0, 1, 2, 5])
        text = text[:at] + dice.choice(PIECES) * dice.choice([0, 1, 1, 1]) + text[at + cut :]

    assert outcome(lambda: used_reader().read_json(text)) == outcome(lambda: fresh_reader().read_json(text))


@pytest.mark.parametrize(
    ("note", "then", "means"),
    [
        ('"x\\":5,\\"y"', '"x\\":6,\\"y"', 'x":6,"y'),
        ('"x\\"y"', '"abc"y"', None),
        ('"x\\u0035"', '"x\\u0036"', "x6"),
        ('"x"', '"x\\u0036"', "x6"),
        ('"x:5,"', '"x:6,"', "x:6,"),
        ('"x"', '"x\ty"', None),
    ],
)
def test_a_form_is_learned_only_from_what_can_not_be_mistaken(note: str, then: str, means: str | None) -> None:
    """What looks like a value inside a text is none, and a text ends where JSON says that it does."""
    document = cloud.document()
    document["facts"]["request.note"] = {"unit": "text", "from": "form", "meaning": "Words."}
    reader = FactReader(read(document))
    text = json.dumps(cloud.request(request__note="NOTE"))
    for _ in range(2):
        reader.read_json(text.replace('"NOTE"', note))

    snapshot = outcome(lambda: reader.read_json(text.replace('"NOTE"', then)))

    if means is None:
        assert snapshot[0] is json.JSONDecodeError
    else:
        assert snapshot.values[reader.slots["request.note"]] == means


def test_a_name_in_another_group_is_another_name() -> None:
    """Though all names come one after another as they did before."""
    reader, facts = used_reader(), cloud.request()
    facts["month"]["machines"] = facts["fleet"].pop("machines")

    with pytest.raises(FactsFault, match=r"`month\.machines` is no declared fact"):
        reader.read(facts)


class Word(StrEnum):
    """A word of a closed list."""

    TAKE = "take"


class Mixed(str, Enum):  # noqa: UP042  # such classes are met in code, and their str() is not their value
    """A word of a closed list, made the older way."""

    TAKE = "take"


class Number(IntEnum):
    """A number with a name."""

    EIGHT = 8


class Exact(Decimal):
    """A number of the caller's own kind."""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("direction", "machines"),
    [
        ("take", 8),
        ("take", Decimal("8.00")),
        ("take", Decimal("0.8E+1")),
        (Word.TAKE, Number.EIGHT),
        (Mixed.TAKE, Exact(8)),
    ],
)
def test_values_from_code_are_what_they_are_as_text(direction: Any, machines: Any, backend: str) -> None:
    """Enums, ints and decimals give the same bytes as their texts, the first time and the second."""
    expected = cloud.engine(backend).decide(cloud.request())
    engine = Engine(cloud.ruleset(), backend)
    facts = cloud.request(request__direction=direction, request__machines=machines)

    assert [engine.decide(facts).to_json() for _ in "ab"] == [expected.to_json()] * 2


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "odd",
    [
        0.5,
        float("nan"),
        10**80,
        -(10**5000),
        b"8",
        object(),
        [8],
        {"machines": "8"},
        (1, 2),
        complex(1),
        True,
        "8" * 60,
    ],
    ids=lambda odd: f"{type(odd).__name__} {str(odd)[:6]}" if not isinstance(odd, int) else f"int {odd.bit_length()}",
)
def test_whatever_is_no_exact_number_vetoes_and_raises_nothing(odd: Any, backend: str) -> None:
    """Also when the same names were read before, and its record decides to the same bytes."""
    engine = Engine(cloud.ruleset(), backend)
    for _ in range(2):
        assert engine.decide(cloud.request()).allowed
        decision = engine.decide(cloud.request(request__machines=odd))
        again = engine.decide(json.loads(decision.facts_json))

        assert decision.reasons == ("fact_invalid",)
        assert again.to_json() == decision.to_json()


def test_a_mapping_that_is_no_dict_is_read_as_one() -> None:
    """Whoever gathers facts may hand out read-only views."""
    views = MappingProxyType({group: MappingProxyType(facts) for group, facts in cloud.request().items()})

    assert fresh_reader().read(views) == fresh_reader().read(cloud.request())


@pytest.mark.parametrize("name", ["request.colour", "request.takes", "department.rack", "nobody.knows"])
@pytest.mark.parametrize("value", ["1", None])
def test_a_name_that_may_not_be_given_is_refused_even_when_it_holds_nothing(name: str, value: str | None) -> None:
    """Undeclared, derived or the universe's own; and again once all other names are known."""
    group, _, last = name.partition(".")
    facts = cloud.request()
    facts.setdefault(group, {})[last] = value
    reader = used_reader()

    for _ in range(2):
        with pytest.raises(FactsFault, match=f"`{group}"):
            reader.read(facts)
        with pytest.raises(FactsFault, match=f"`{group}"):
            reader.read_json(json.dumps(facts))


def test_facts_that_come_in_ever_new_arrangements_are_read_all_the_same() -> None:
    """What a reader remembers is bounded."""
    reader, dice = fresh_reader(), random.Random(5)
    for _ in range(300):
        facts = {g: dict(dice.sample([*of.items()], len(of))) for g, of in dice.sample([*cloud.request().items()], 8)}
        text = json.dumps(facts)

        assert reader.read(facts) == reader.read_json(text) == fresh_reader().read(facts)


# JSON whose objects are lists of pairs, so that a key may stand twice; texts hold what a key is told by.
KEYS = st.sampled_from(["a", "b", "c:d"])
PAIRS = st.recursive(
    st.sampled_from(['"x"', '"a:b"', "1", "0.50", "true", "null"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]"),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f'"{key}" : {value}' for key, value in pairs) + "}"
        ),
    ),
    max_leaves=12,
)


@given(PAIRS)
def test_when_a_key_stands_twice_in_any_object_then_the_text_is_refused_and_else_it_is_read(text: str) -> None:
    """At whatever depth, within lists too: two readers could take it for two documents."""
    twice: list[str] = []

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice.append(text)
        return found

    expected = json.loads(text, object_pairs_hook=noted, parse_int=str, parse_float=str)
    if twice:
        with pytest.raises(ValueError, match="stands twice"):
            parse_json(text)
    else:
        assert parse_json(text) == expected

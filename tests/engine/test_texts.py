"""Plain facts are taken and written in C as in Python: the same texts, the same floats, and nothing of the same."""

import hashlib
import struct
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine, digits, texts
from engine.digits import Sort
from engine.layout import Layout
from engine.nesting import nested
from engine.texts import BUILT, Frame, taking, writing
from engine.tree import Sign
from tests.engine.random_rules import thorough
from universe.quiet import quiet_facts
from universe.reader import Universe

T = TypeVar("T")
built = pytest.mark.skipif(not BUILT, reason="there is no compiler")


class Word(str):
    """A text that is not quite one."""

    __slots__ = ()

    def __str__(self) -> str:
        return "other"


NUMBERS = (
    *("0", "1", "-1", "0.0", "-0", "-0.0", "1.0", "1.50", "10", "100.00", "0.10", "-0.10", "-12.5", "007", "1.", ".5"),
    *(
        "1E5",
        "1e5",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1\n2",
        "\n",
        "",
        "-",
        ".",
        "1.2.3",
        "1,5",
        "1_0",
        "0x1",
        "NaN",
        "inf",
        "--1",
    ),
    *("9" * 15, "9" * 16, "9" * 19, "9" * 20, "1" + "0" * 18, "0." + "9" * 18, "0." + "0" * 17 + "1", "0." + "9" * 19),
    *(
        "9" * 19 + "." + "9" * 18,
        "9007199254740993",
        "0.30000000000000004",
        "12345678.1234567",
        "4" * 40,
        "٣",
        "1\x00",
        "é",
    ),
)
OTHERS = (
    None,
    True,
    False,
    1,
    0,
    1.5,
    Decimal(1),
    ["1"],
    {"a": "1"},
    Word("1"),
    Word("BUY"),
    "BUY",
    'a"b\\c',
    "%s",
    "é",
)
PLAIN = st.from_regex(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?", fullmatch=True)
VALUES = st.one_of(st.sampled_from(NUMBERS), PLAIN, PLAIN, st.sampled_from(OTHERS), st.text(max_size=4))


@pytest.fixture(scope="module")
def layout(universe: Universe) -> Layout:
    """Two groups of facts, as an order brings them: numbers of every sign, words, truths and counts."""
    facts = quiet_facts(universe, "BTCUSDT", Decimal(250_000))
    own = {name: facts[name] for name in ("order", "own")}
    engine = Engine(universe.ruleset)
    engine.reader.read(own)
    found = engine.reader.layout(own)
    assert found is not None
    assert {place.fact.sign for place in found.numeric} == {*Sign}
    assert {place.counts for place in found.numeric} == {True, False}
    return found


def in_python(made: Callable[..., T], *given: Any) -> T:
    """What is made where there is no compiler."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "texts", None)
        patch.setattr(digits, "texts", None)
        return made(*given)


def taking_in_python(layout: Layout) -> Callable[[Any], Any]:
    """What takes values in the arrangement of a layout where there is no compiler."""
    size = max(place.slot for place in layout.places) + 1
    return in_python(lambda: taking(Layout(layout.places, size)))


def fine(layout: Layout) -> dict[str, Any]:
    """Facts of which every one is plain."""
    return nested((p.fact.name, "a word" if p.sort is None else "1" if p.counts else "1.50") for p in layout.places)


def told_apart(taken: Any) -> Any:
    """With the types of words: among them, what equals one another may differ."""
    return taken and (*taken, [*map(type, taken[1])])


@built
@thorough(200)
@given(st.data())
def test_what_is_taken_in_c_is_what_python_takes(layout: Layout, data: st.DataObject) -> None:
    """Of any values, some of them plain: the same texts and words, or nothing."""
    facts = fine(layout)
    for group in facts.values():
        for name in data.draw(st.lists(st.sampled_from(sorted(group)), max_size=3)):
            group[name] = data.draw(VALUES)

    assert told_apart(taking(layout)(facts)) == told_apart(taking_in_python(layout)(facts))


@built
@thorough(200)
@given(st.lists(st.tuples(st.builds(Sort, st.sampled_from(Sign), st.booleans()), VALUES), max_size=4))
def test_the_digits_that_c_reads_are_those_that_python_reads(given: list[tuple[Sort, Any]]) -> None:
    """Of so many values of facts of any sort: the same texts, or nothing."""
    sorts, values = [sort for sort, _ in given], tuple(value for _, value in given)
    if any(type(value) is Word for value in values):
        return  # whoever hands values on has made plain texts of them
    found, expected = digits.reading(sorts)(values), in_python(digits.reading, sorts)(values)

    assert (found and [*found]) == (expected and [*expected])


@pytest.mark.parametrize("in_c", [pytest.param(True, marks=built), False])
def test_when_a_number_is_taken_then_it_is_what_the_reader_reads(layout: Layout, in_c: bool) -> None:
    """Its text is the canonical one, and its float the nearest; and what the reader refuses is never taken."""
    take = taking(layout) if in_c else taking_in_python(layout)
    floats, taken_of = texts.nearing() if in_c else in_python(texts.nearing), dict.fromkeys(Sign, 0)
    for number, place in product(NUMBERS, layout.numeric):
        facts = fine(layout)
        group, name = place.fact.name.split(".")
        facts[group][name] = number
        taken = take(facts)
        if taken is not None:
            value, logged = place.read(number)
            at = layout.numbers.index(place)
            taken_of[place.fact.sign] += 1

            assert f'"{taken[0][at]}"' == logged
            assert floats(taken[0])[at] == float(str(value))

    assert min(taken_of.values()) > 10


@pytest.mark.parametrize("in_c", [pytest.param(True, marks=built), False])
def test_when_names_differ_then_nothing_is_taken_and_their_order_is_no_matter(layout: Layout, in_c: bool) -> None:
    """A name more, a name less, a group that is none, and what is no dict."""
    take, facts = taking(layout) if in_c else taking_in_python(layout), fine(layout)
    backwards = {group: dict(reversed(of.items())) for group, of in reversed(facts.items())}
    more = {**facts, "order": {**facts["order"], "more": "1"}}
    less = {**facts, "order": {name: value for name, value in facts["order"].items() if name != "price"}}
    other = {**facts, "order": {("prize" if name == "price" else name): v for name, v in facts["order"].items()}}
    groups = ({**facts, "nav": {}}, {"order": facts["order"]}, {**facts, "order": "BUY"}, {**facts, "order": None})

    assert take(facts) == take(backwards)
    assert take(facts) is not None
    assert [take(own) for own in (more, less, other, *groups, [], "order", None, {})] == [None] * 11


@built
@thorough(200)
@given(st.lists(PLAIN, max_size=4).map(tuple))
def test_the_floats_that_c_finds_nearest_are_those_that_python_finds(numbers: tuple[str, ...]) -> None:
    """To the bit, however many digits there are."""
    found, expected = texts.nearing()(numbers), in_python(texts.nearing)(numbers)

    assert struct.pack(f"{len(numbers)}d", *found) == struct.pack(f"{len(numbers)}d", *expected)


SHORT = st.from_regex(r"(0|[1-9][0-9]{0,5})(\.[0-9]{0,3}[1-9])?", fullmatch=True)


@built
@thorough(200)
@given(st.one_of(SHORT, PLAIN), st.one_of(SHORT, PLAIN, st.sampled_from(["", "0", "0.001", "1" + "0" * 17])))
def test_what_c_finds_whole_is_whole_and_of_what_is_short_it_finds_all(size: str, step: str) -> None:
    """Of numbers too long for it, it says no: whoever takes longer then finds out."""
    found, exactly = texts.wholes()(size, step), False
    if step:
        exactly = in_python(texts.wholes)(size, step)
    if max(len(size), len(step)) <= 10:
        assert found is exactly
    assert exactly or not found


@pytest.mark.parametrize("in_c", [pytest.param(True, marks=built), False])
@pytest.mark.parametrize(
    ("size", "step", "said"),
    [
        ("1.5", "0.5", True),
        ("1.5", "0.4", False),
        ("2", "0.001", True),
        ("0.0015", "0.001", False),
        ("30", "10", True),
        ("3", "10", False),
        ("0", "1", False),
        ("-2", "1", False),
        ("2", "0", False),
        ("0.3", "0.1", True),
    ],
)
def test_when_a_size_is_a_whole_number_of_steps_then_it_is_found_to_be(
    size: str, step: str, said: bool, in_c: bool
) -> None:
    """Also where floats would err, and one step at least."""
    is_whole = texts.wholes() if in_c else in_python(texts.wholes)

    assert is_whole(size, step) is said


@built
def test_when_places_do_not_fit_then_c_makes_nothing_of_them() -> None:
    """It looks nowhere for what is not there."""
    kind = texts.texts.KINDS[Sort(Sign.ANY, False)]
    for values in ((), ((kind, 1),), ((kind, 0), (kind, 1)), ((texts.texts.WORD, -1),)):
        with pytest.raises(ValueError, match="places"):
            texts.texts.Taking((("order", ("price",)),), values)


PIECES = st.text(st.characters(codec="ascii"), max_size=9)


@built
@thorough(200)
@given(st.lists(PIECES, min_size=8, max_size=8), st.lists(PIECES, min_size=1, max_size=5), st.booleans(), st.data())
def test_what_is_written_in_c_is_what_python_writes(
    parts: list[str], pieces: list[str], apart: bool, data: st.DataObject
) -> None:
    """Whatever the texts are, those that look like places among them."""
    head, tail, *rest = parts
    own = tuple(data.draw(st.lists(PIECES, min_size=len(pieces), max_size=len(pieces)))) if apart else None
    frame = Frame(hashlib.sha256(head.encode()), head, tuple(pieces), tail, own, *rest[:5], ("shared",))
    numbers = tuple(data.draw(st.lists(PIECES, min_size=len(pieces) - 1, max_size=len(pieces) - 1)))
    one, other = writing(frame), in_python(writing, frame)

    assert one.facts(numbers) == other.facts(numbers)
    assert one.allowed(numbers, "%s") == other.allowed(numbers, "%s")
    assert one.allowed(numbers, "1") == other.allowed(numbers, "1")


@built
def test_when_a_text_is_not_ascii_or_a_number_too_many_comes_then_c_writes_nothing() -> None:
    """Its letters would be taken for others: there is no such text in canonical JSON."""
    frame = Frame(hashlib.sha256(), "", ("a", "b"), "", None, "", "", "", "", "", ())

    with pytest.raises(ValueError, match="ASCII"):
        writing(frame._replace(tail="é"))
    with pytest.raises(ValueError, match="ASCII"):
        writing(frame).facts(("é",))
    with pytest.raises(ValueError, match="places"):
        writing(frame).facts(("1", "2"))
    with pytest.raises(ValueError, match="ASCII"):
        writing(frame).allowed(("1",), "é")
    with pytest.raises(TypeError):
        writing(frame).facts(None)  # type: ignore[arg-type]

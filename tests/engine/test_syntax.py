"""The expression language: what it reads, how it writes, and what it refuses in which words."""

from keyword import iskeyword

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from engine import syntax
from engine.syntax import (
    FUNCTIONS,
    MAX_DEPTH,
    MAX_LENGTH,
    Call,
    Infix,
    Name,
    Number,
    Prefix,
    String,
    Syntax,
    SyntaxFault,
    Truth,
)
from tests.engine.random_rules import thorough

REFUSED = (
    "5%",
    "a < b < c",
    "size(x)",
    "a ** b",
    "a // b",
    "x if y else z",
    "lambda: 1",
    "5x",
    "1.",
    "1e6",
    "a.B",
    "a.class",
    "max(a)",
    "known()",
    "",
    "a b",
    "a +",
    "(a",
    "a)",
    "'x",
    "a[0]",
    "a = b",
    "!a",
    "a & b",
    "a ? b : c",
    "True",
    "x is None",
    "not",
    "in a",
)

SEGMENT = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda word: not iskeyword(word) and word not in ("true", "false", *FUNCTIONS)
)
names = st.lists(SEGMENT, min_size=1, max_size=2).map(".".join)
leaves: st.SearchStrategy[Syntax] = st.one_of(
    st.builds(Number, st.from_regex(r"(0|[1-9][0-9]{0,4})(\.[0-9]{1,3})?", fullmatch=True), st.just(0)),
    st.builds(String, st.text("abcXYZ_' ", max_size=6), st.just(0)),
    st.builds(Truth, st.booleans(), st.just(0)),
    st.builds(Name, names, st.just(0)),
)
OPERATORS = ("or", "and", "<", "<=", ">", ">=", "==", "!=", "in", "not in", "+", "-", "*", "/")


def larger(parts: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    """Trees over smaller trees."""
    return st.one_of(
        st.builds(Prefix, st.sampled_from(["-", "not"]), parts, st.just(0)),
        st.builds(Infix, st.sampled_from(OPERATORS), parts, parts, st.just(0)),
        st.builds(Call, st.sampled_from(["abs", "known"]), st.tuples(parts), st.just(0)),
        st.builds(
            Call, st.sampled_from(["min", "max"]), st.lists(parts, min_size=2, max_size=3).map(tuple), st.just(0)
        ),
    )


trees = st.recursive(leaves, larger, max_leaves=12)


def placeless(tree: Syntax) -> object:
    """A tree without the places in its text."""
    match tree:
        case Prefix(op=op, operand=operand):
            return (op, placeless(operand))
        case Infix(op=op, left=left, right=right):
            return (op, placeless(left), placeless(right))
        case Call(function=function, arguments=arguments):
            return (function, *map(placeless, arguments))
        case Number(text=text):
            return ("number", text)
        case String(value=word):
            return ("word", word)
        case Truth(value=truth):
            return ("truth", truth)
        case Name(name=name):
            return ("name", name)


@thorough(200)
@given(trees)
def test_what_is_written_reads_back_as_the_same_tree(tree: Syntax) -> None:
    """parse∘render is the identity, places aside, and rendering again changes nothing."""
    text = syntax.render(tree)
    again = syntax.parse(text)

    assert placeless(again) == placeless(tree)
    assert syntax.render(again) == text


@thorough(200)
@given(st.text(max_size=60) | st.text("ab.()<>=+-*/ 019_'\"andornti,%", max_size=60))
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    """Nothing but a tree or a SyntaxFault comes of a text, and the fault points into it."""
    at = 0
    try:
        syntax.parse(text)
    except SyntaxFault as fault:
        at = fault.at

    assert 0 <= at <= len(text)


@pytest.mark.parametrize(
    "text", ["(" * 5000, "-" * 5000 + "a", "not " * 400 + "a", "a + " * 900 + "a", "a" * (MAX_LENGTH + 1)]
)
def test_a_bomb_is_refused_before_it_goes_off(text: str) -> None:
    """Length, depth and size are bounded, so that no text exhausts the stack."""
    with pytest.raises(SyntaxFault):
        syntax.parse(text)


def test_what_is_too_long_once_it_is_written_canonically_is_refused_at_once() -> None:
    """Rules that hold it could not be read again."""
    text = f"max({','.join(['+'.join(['a' * 11] * 20)] * 8)})"

    assert len(text) < MAX_LENGTH
    with pytest.raises(SyntaxFault, match="canonically"):
        syntax.parse(text)


def test_depth_is_bounded_at_the_limit() -> None:
    """One less than the limit is read."""
    assert syntax.parse("(" * (MAX_DEPTH - 2) + "a" + ")" * (MAX_DEPTH - 2))


def test_refusals_read_well(snapshot: SnapshotAssertion) -> None:
    """Each refusal names the place and, where there is one, the remedy."""
    lines = []
    for text in REFUSED:
        with pytest.raises(SyntaxFault) as caught:
            syntax.parse(text)
        fault = caught.value
        lines.append(f"{text!r} at {fault.at}: {fault}" + (f"; {fault.help}" if fault.help else ""))

    assert "\n".join(lines) == snapshot

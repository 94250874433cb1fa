"""The published grammar and the parser are the same language: each text of the one is a text of the other."""

import random
import re
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import SyntaxFault, parse, render, tokens
from tests.conftest import ROOT
from tests.engine.random_rules import thorough

# An option is ("seq", …), ("any", …), ("many", x), ("maybe", x), a terminal's text, or the name of a rule.
Part = Any
TOKENS: Final = {"number": ("1", "0.5", "1_000"), "word": ("'x'", '"it\'s"'), "name": ("a", "nav.total", "caps.x_1")}
_PIECE: Final = re.compile(r'"([^"]*)"|\'([^\']*)\'|([a-z]+)|([|(){}\[\]])|\S+')


@cache
def grammar() -> dict[str, Part]:
    """The rules of docs/language.md down to names, numbers and words, whose letters are the lexer's."""
    text = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    block = next(b for b in text.split("```") if b.strip().startswith("expression  ="))
    rules = {}
    for line in block.strip().splitlines():
        name, _, right = line.partition("=")
        if name.strip() == "name":
            break
        found, rest = _choice([_piece(m) for m in _PIECE.finditer(right)])
        assert not rest, line
        rules[name.strip()] = found
    return rules


def _piece(match: re.Match[str]) -> tuple[str, str]:
    if match[3]:
        return ("rule", match[3])
    return ("mark", match[4]) if match[4] else ("text", match[1] or match[2])


def _choice(pieces: list[tuple[str, str]]) -> tuple[Part, list[tuple[str, str]]]:
    options, parts = [], []
    while pieces and pieces[0] not in [("mark", c) for c in ")}]"]:
        (kind, text), *pieces = pieces
        if (kind, text) == ("mark", "|"):
            options.append(("seq", *parts))
            parts = []
        elif kind == "mark":
            inner, (_, *pieces) = _choice(pieces)
            parts.append({"(": inner, "{": ("many", inner), "[": ("maybe", inner)}[text])
        else:
            parts.append((kind, text))
    return ("any", *options, ("seq", *parts)), pieces


def written(part: Part, dice: random.Random, depth: int) -> list[str]:
    """Random tokens of a part; ever shorter ones deeper down."""
    kind, *inner = part
    match kind:
        case "text":
            return [inner[0]]
        case "rule" if inner[0] in TOKENS:
            return [dice.choice(TOKENS[inner[0]])]
        case "rule":
            return written(grammar()[inner[0]], dice, depth + 1)
        case "seq":
            return [token for p in inner for token in written(p, dice, depth)]
        case "any":
            plain = [p for p in inner if ("rule", "expression") not in p and ("rule", "call") not in p]
            return written(dice.choice(plain if depth > 18 and plain else inner), dice, depth)
    times = dice.choice([0, 0, 0, 1]) if depth > 6 else dice.choice([0, 1, 1, 2])
    return [
        token for _ in range(min(times, 1) if kind == "maybe" else times) for token in written(inner[0], dice, depth)
    ]


def ends(
    part: Part, words: tuple[tuple[str, str], ...], start: int, known: dict[Any, frozenset[int]]
) -> frozenset[int]:
    """Where a part may end that begins at a token."""
    key = (id(part), start)
    if key not in known:
        known[key] = frozenset(_ends(part, words, start, known))
    return known[key]


def _ends(part: Part, words: tuple[tuple[str, str], ...], start: int, known: dict[Any, frozenset[int]]) -> set[int]:
    kind, *inner = part
    word = words[start] if start < len(words) else ("end", "")
    match kind:
        case "text":
            return {start + 1} if word[1] == inner[0] and word[0] in ("op", "name") else set()
        case "rule" if inner[0] in TOKENS:
            reserved = inner[0] == "name" and word[1] in ("and", "or", "not", "in", "true", "false")
            return {start + 1} if word[0] == {"word": "string"}.get(inner[0], inner[0]) and not reserved else set()
        case "rule":
            return set(ends(grammar()[inner[0]], words, start, known))
        case "any":
            return {e for p in inner for e in ends(p, words, start, known)}
        case "seq":
            found = {start}
            for p in inner:
                found = {e for s in found for e in ends(p, words, s, known)}
            return found
        case "maybe":
            return {start, *ends(inner[0], words, start, known)}
    reached, new = {start}, {start}
    while new:
        new = {e for s in new for e in ends(inner[0], words, s, known)} - reached
        reached |= new
    return reached


def is_expression(text: str) -> bool:
    """Whether the published grammar has the text, as the lexer cuts it into words."""
    words = tuple((t.kind, t.text) for t in tokens(text) if t.kind != "end")
    return len(words) in ends(grammar()["expression"], words, 0, {})


def test_the_grammar_is_read_whole() -> None:
    """Every rule that a rule names is one, or a token."""
    rules = grammar()

    assert {"expression", "comparison", "atom", "call"} <= rules.keys()
    assert set(re.findall(r"'rule', '([a-z]+)'", str(rules))) <= {*rules, *TOKENS}


@given(seed=st.integers(0, 2**32))
@thorough(66)
def test_whatever_the_grammar_writes_is_read(seed: int) -> None:
    """Unless it is over the bounds that are published beside it; and its canonical text is in the grammar too."""
    text = " ".join(written(("rule", "expression"), random.Random(seed), 0))
    assert is_expression(text)
    refusal, tree = "", None
    try:
        tree = parse(text)
    except SyntaxFault as fault:
        refusal = str(fault)
    if tree is None:
        assert "too large" in refusal or "characters" in refusal, (text, refusal)
    else:
        assert is_expression(render(tree))


WORDS: Final = st.sampled_from(
    [
        *("a", "b.c", "1", "'x'", "true", "not", "and", "or", "in", "(", ")", ",", "-", "+", "*", "/"),
        *("<", "==", "max", "abs", "known"),
    ]
)


@given(words=st.lists(WORDS, max_size=9))
@thorough(500)
def test_the_parser_reads_what_is_in_the_grammar_and_nothing_else(words: list[str]) -> None:
    """Random words in any order: the two agree."""
    text = " ".join(words)
    try:
        parse(text)
        is_read = True
    except SyntaxFault:
        is_read = False

    assert is_read == is_expression(text)


@pytest.mark.parametrize("text", ["-not a", "a + not b", "a == not b", "a * not b"])
def test_not_stands_in_parentheses_behind_an_operator(text: str) -> None:
    """As in Python: it binds less tightly than what stands before it."""
    with pytest.raises(SyntaxFault, match="binds less tightly"):
        parse(text)

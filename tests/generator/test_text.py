"""The strict reader: what is written is what is read, and each part of it knows where it stands."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.faults import Path
from generator.compile.problems import Problem, render
from generator.compile.text import MAX_BYTES, MAX_DEPTH, Document, read_text

FILE: Final = "rules/any.yaml"
# What YAML readers turn into truth values, numbers, dates, nothing, or a base-60 number.
TREACHEROUS: Final = (
    *("no", "yes", "on", "off", "y", "n", "true", "False", "NO", "~", "null", "Null", ""),
    *("010", "0o10", "0x1f", "0b11", "1e6", "1E-7", ".5", "5.", "+3", "-0", "1_000", "0.10", "1.0", "5%", "1.5x"),
    *("1:30", "190:20:30", "2026-01-05", "2026-01-05T12:00:00Z", ".inf", "-.INF", ".nan", "=", "80_000 USDT"),
)
UNSEEN: Final = ("Cf", "Zl", "Zp", "Zs")
LETTERS: Final = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", *UNSEEN], include_characters=" ")
WORDS: Final = st.one_of(
    st.sampled_from(TREACHEROUS), st.text(LETTERS, max_size=12), st.text("ab'\"\\#:{}[]&*! -", max_size=9)
)
KEYS: Final = WORDS.filter(lambda key: key not in ("<<", ""))
DOCUMENTS: Final = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def read(text: str) -> Document:
    """The document of a text without problems."""
    document, problems = read_text(FILE, text)
    assert problems == []
    return document


def problems_of(text: str) -> list[Problem]:
    """What the reader says of a text."""
    return read_text(FILE, text)[1]


def parts(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every part of nested data with the path to it."""
    yield path, data
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from parts(value, (*path, key))


@pytest.mark.parametrize("text", TREACHEROUS)
def test_a_scalar_is_the_text_that_was_written(text: str) -> None:
    """`no` is no truth value, `010` is not eight, `1:30` is not ninety: nothing is typed here."""
    document = read(f"plain: {text}\nflow: {{a: '{text}', b: [{text or 'x'}]}}\n")

    assert document.data == {"plain": text, "flow": {"a": text, "b": [text or "x"]}}


@pytest.mark.parametrize("text", [text for text in TREACHEROUS if text])
def test_a_key_is_the_text_that_was_written(text: str) -> None:
    """A symbol called `NO` or `ON` stays one."""
    assert read(f"{text}: 1\n").data == {text: "1"}


@given(
    data=DOCUMENTS,
    flow=st.sampled_from([True, False, None]),
    style=st.sampled_from([None, "'", '"']),
    width=st.sampled_from([20, 4000]),
)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_what_yaml_writes_is_read_back_and_every_mark_points_at_its_text(
    data: Any, flow: bool | None, style: str | None, width: int
) -> None:
    """Keys and values, nested and in each style; a place inside a text is a place in its line."""
    text = yaml.dump(
        data,
        Dumper=TextDumper,
        default_flow_style=flow,
        default_style=style,
        width=width,
        allow_unicode=True,
        sort_keys=False,
    )

    document = read(text)

    assert document.data == data
    lines = text.splitlines()
    for path, value in parts(data):
        mark = document.values[path]
        rest = lines[mark.line - 1][mark.column - 1 :]
        if isinstance(value, str):
            assert not mark.inline or rest.startswith(value)
            assert mark.inline or rest.startswith(value[:1]) or lines[mark.line - 1][mark.column - 2] in "'\"|>"
        elif path and isinstance(path[-1], str):
            key = document.keys[path]
            at_key = lines[key.line - 1][key.column - 1 :]
            assert at_key.startswith((path[-1], "'", '"', "?"))
    assert document.keys.keys() == {path for path, _ in parts(data) if path and isinstance(path[-1], str)}


class TextDumper(yaml.SafeDumper):
    """Writes every scalar as a text, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """One object twice is two texts."""
        return True


def test_marks_of_a_document_by_hand() -> None:
    """Key and value of each style; a quoted text begins behind its quote; a folded one has no places inside."""
    document = read("a: one\n'b c': \"two\"\nd: [x, {e: 'f'}]\ng: |\n  long\nh: folded\n  text\ni:\n  - j\n")

    keys = {path: (mark.line, mark.column) for path, mark in document.keys.items()}
    values = {path: (mark.line, mark.column, mark.inline) for path, mark in document.values.items()}

    assert keys == {
        ("a",): (1, 1),
        ("b c",): (2, 1),
        ("d",): (3, 1),
        ("d", 1, "e"): (3, 9),
        ("g",): (4, 1),
        ("h",): (6, 1),
        ("i",): (8, 1),
    }
    assert values == {
        (): (1, 1, False),
        ("a",): (1, 4, True),
        ("b c",): (2, 9, True),
        ("d",): (3, 4, False),
        ("d", 0): (3, 5, True),
        ("d", 1): (3, 8, False),
        ("d", 1, "e"): (3, 13, True),
        ("g",): (4, 4, False),
        ("h",): (6, 4, False),
        ("i",): (9, 3, False),
        ("i", 0): (9, 5, True),
    }


@pytest.mark.parametrize(
    ("written", "column"), [("nav.x > 1", 13), ("'nav.x > 1'", 14), ("'it''s x'", 6), ('"\\x61 x"', 6)]
)
def test_a_place_inside_a_text_is_shown_where_it_is(written: str, column: int) -> None:
    """The caret stands under the offset; where quotes or escapes move it, under the text's beginning."""
    document = read(f"is: {written}\n")

    problem = document.problem("bad-expression", ("is",), "wrong", offset=8)

    assert problem.column == column


def test_a_problem_of_an_absent_part_is_shown_at_the_nearest_above() -> None:
    """What is missing has no place of its own."""
    document = read("a: {b: c}\n")

    assert document.mark(("a", "x", "y")) == document.mark(("a",))
    assert document.source(("a", "b")) == f"{FILE}:1"


CODES: Final = (
    ("a: 1\na: 2\n", "duplicate-key", 2, 1),
    ("x:\n  a: 1\n  b: 2\n  a: 3\n", "duplicate-key", 4, 3),
    ("{a: 1, 'a': 2}\n", "duplicate-key", 1, 8),
    ("a:\tb\n", "tab", 1, 3),
    ("a: b # x\ty\n", "tab", 1, 9),
    ("a: !!int 3\n", "tag", 1, 4),
    ("!x {a: b}\n", "tag", 1, 1),
    ("a: &b c\n", "anchor", 1, 4),
    ("a: *b\n", "anchor", 1, 4),
    ("<<: {a: b}\n", "anchor", 1, 1),
    ("%YAML 1.2\n---\na: b\n", "directive", 1, 1),
    ("a: b\n---\nc: d\n", "bad-yaml", 2, 1),
    ("[a]: b\n", "bad-key", 1, 1),
    ("a: {b: max(c, d)}\n", "comma", 1, 15),
    ("a: [b\n", "bad-yaml", 2, 1),
    ("a: b: c\n", "bad-yaml", 1, 5),
    ("", "bad-yaml", 1, 1),
    ("# only a comment\n", "bad-yaml", 1, 1),
    ("a: \x00\n", "bad-yaml", 1, 4),
    ("a: b\nc: \ud800\n", "bad-text", 1, 1),
    ("[" * (MAX_DEPTH + 2), "too-deep", 1, MAX_DEPTH + 2),
    ("- " * (MAX_DEPTH + 2) + "x", "too-deep", 1, 2 * MAX_DEPTH + 3),
    ("#" * (MAX_BYTES + 1), "too-large", 1, 1),
)


@pytest.mark.parametrize(("text", "code", "line", "column"), CODES)
def test_what_rules_must_not_use_is_a_problem_with_its_place(text: str, code: str, line: int, column: int) -> None:
    """Whatever would make a line mean two things, or something else than it says."""
    assert [(p.code, p.line, p.column) for p in problems_of(text)] == [(code, line, column)]


def test_every_unwanted_part_is_told_at_once() -> None:
    """Not only the first one."""
    found = problems_of("a: !x 1\nb: &y 2\nc: *y\nd:\t3\n")

    assert sorted((p.code, p.line) for p in found) == [("anchor", 2), ("anchor", 3), ("tab", 4), ("tag", 1)]


def test_as_deep_as_allowed_is_read() -> None:
    """One level less than what is refused."""
    assert read("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)).data is not None


YAMLISH: Final = st.text("ab01:-,?#&*!|>%@'\"{}[]<~ \n\t\\\x85\u2028é", max_size=60)


@given(text=st.one_of(YAMLISH, st.text(max_size=60), st.text(st.characters(), max_size=30)))
@example("a: \ud800")
@example("? - a\n:\n")
@example("a: |1-\n  b")
@example("%TAG ! x\n")
@example("\ufeffa: b")
@settings(max_examples=1500, deadline=None, derandomize=True)
def test_any_text_is_read_or_gives_problems(text: str) -> None:
    """Never an exception; each problem has a place inside the text, and can be shown."""
    document, problems = read_text(FILE, text)

    lines = text.splitlines() or [""]
    for problem in problems:
        assert 1 <= problem.line <= len(lines) + 1
        assert problem.column >= 1
        assert render(problem, text).startswith(f"{FILE}:{problem.line}:{problem.column}: {problem.code} ")
    if not problems:
        assert all(isinstance(value, str | list | dict) for _, value in parts(document.data))


HOSTILE: Final = {
    "lists": "[" * 1_000_000,
    "mappings": "{a: " * 300_000,
    "braces": "{" * 1_900_000,
    "dashes": "- " * 900_000,
    "questions": "? " * 900_000,
    "steps": "\n".join(" " * i + "a:" for i in range(1900)),
    "long_key": "a" * 1_900_000 + ": b",
    "quotes": "'" * 1_999_999,
    "anchors": "&a " * 300_000,
    "tags": "!" * 1_900_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_refused(text: str) -> None:
    """Depth and size are bounded before anything recurses."""
    assert problems_of(text)


@settings(max_examples=100, deadline=None)
@given(
    before=st.text(LETTERS.filter(lambda c: c.isalnum()), max_size=8),
    unseen=st.characters(codec="utf-8", categories=UNSEEN).filter(lambda c: c != " "),
)
def test_when_a_character_can_not_be_seen_then_its_place_is_named(before: str, unseen: str) -> None:
    """Wherever it stands, in a comment as in a value; only a mark of the byte order may begin a file."""
    for text, line, column in (
        (f"a: b\nx{before}{unseen}y: 1\n", 2, len(before) + 2),
        (f"a: b # {before}{unseen}\n", 1, len(before) + 8),
    ):
        found = [p for p in problems_of(text) if p.code == "unseen-character"]
        assert [(p.line, p.column) for p in found] == [(line, column)]
        assert f"U+{ord(unseen):04X}" in found[0].message
        assert unseen not in render(found[0], text)
    assert problems_of("\ufeffa: b\n") == []

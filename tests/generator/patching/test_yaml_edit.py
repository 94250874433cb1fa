"""YAML edited in place: what is edited changes, and nothing else of the text."""

import difflib
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.change.patching.layout import comments, newly_unseen, unseen
from generator.change.patching.yaml_edit import Append, EditFault, Remove, Set, Step, edited
from generator.compile.text import read_text
from tests.conftest import ROOT

RISK: Final = "rules/risk.yaml"
SHIPPED: Final = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "rules").glob("*.yaml"))
SMALL: Final = """\
# What it is about.
format: 1
first:          # the first
  one: 1%
  two: [A, B]   # both

  # below the first
  three: 30

second: {a: 1x, b: none}
list:
  - {name: x, value: "1"}
  - name: y
    value: 010
"""


def changed(text: str, *steps: Step) -> list[str]:
    """The lines that an edit takes away and adds."""
    made = edited("small.yaml", text, steps)
    rows = difflib.unified_diff(text.splitlines(), made.splitlines(), lineterm="", n=0)
    return [row for row in rows if row[:2] not in ("--", "++", "@@")]


def test_a_value_is_set_where_it_stands() -> None:
    """The comment beside it stays, and so does every other spelling: `010` is no number to anybody."""
    assert changed(SMALL, Set(("first", "two"), ["C"])) == ["-  two: [A, B]   # both", "+  two: [C]      # both"]
    assert changed(SMALL, Set(("second", "a"), "2x")) == ["-second: {a: 1x, b: none}", "+second: {a: 2x, b: none}"]
    assert changed(SMALL, Set(("list", "y", "value"), "011")) == ["-    value: 010", "+    value: 011"]
    assert changed(SMALL, Set(("first", "three"), "31")) == ["-  three: 30", "+  three: 31"]


def test_a_new_key_stands_last_in_its_mapping() -> None:
    """Before the blank line and the comment that follow it; mappings that are not there are made."""
    assert changed(SMALL, Set(("first", "four"), "4s")) == ["+  four: 4s"]
    assert edited("small.yaml", SMALL, [Set(("first", "four"), "4s")]).splitlines()[8:10] == ["  four: 4s", ""]
    assert changed(SMALL, Set(("second", "c"), "3")) == [
        "-second: {a: 1x, b: none}",
        "+second: {a: 1x, b: none, c: 3}",
    ]
    assert changed(SMALL, Set(("third", "x", "y"), "1")) == ["+third: {x: {y: 1}}"]


def test_a_key_goes_with_its_own_comment_and_no_other() -> None:
    """What stands below it is about what comes next."""
    assert changed(SMALL, Remove(("first", "two"))) == ["-  two: [A, B]   # both"]
    assert changed(SMALL, Remove(("second", "b"))) == ["-second: {a: 1x, b: none}", "+second: {a: 1x}"]


def test_an_entry_is_put_below_the_last() -> None:
    """The text above it stays to the byte, however its lines are wrapped."""
    entry = {"name": "z", "facts": {"order": {"quantity": "1 BTC"}}, "expect": {"veto": ["spread", "cooldown"]}}
    made = edited("small.yaml", SMALL, [Append(("list",), entry)])

    assert made.startswith(SMALL)
    assert made.removeprefix(SMALL) == (
        "  - name: z\n    facts: {order: {quantity: 1 BTC}}\n    expect: {veto: [spread, cooldown]}\n"
    )


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Set(("first", "one"), "1%"), "is 1% already"),
        (Remove(("first", "nine")), "there is no `first.nine`"),
        (Remove(("nine", "one")), "there is no `nine`"),
        (Set(("first", "one", "deep"), "1"), "holds no keys"),
        (Append(("first", "two"), {"name": "z"}), "without changing more"),
        (Remove(("first",)), "without changing more"),
    ],
)
def test_what_can_not_be_edited_is_refused(step: Step, said: str) -> None:
    """Saying what is said already, what is not there, and whatever would take something else along."""
    with pytest.raises(EditFault, match=said):
        edited("small.yaml", SMALL, [step])


def test_a_text_that_is_not_strict_is_not_edited() -> None:
    """A key that stands twice would be half edited."""
    with pytest.raises(EditFault, match="a second time"):
        edited("small.yaml", "a: 1\na: 2\n", [Set(("a",), "3")])


def test_a_comment_between_a_key_and_its_value_is_no_place_for_an_edit() -> None:
    """The editor can't hold it apart from what follows; it says so rather than failing."""
    with pytest.raises(EditFault, match="can't be edited: overlap in comment"):
        edited("small.yaml", "r: 1\ns: #\n  g\n\n", [Set(("r",), "2")])


def keys_of(path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of a file of rules, with its value."""

    def walk(value: Any, key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        for name, inner in value.items() if isinstance(value, dict) else ():
            yield (*key, name), inner
            yield from walk(inner, (*key, name))

    return walk(read_text(path, (ROOT / path).read_text(encoding="utf-8"))[0].data, ())


CAPS: Final = [(key, value) for key, value in keys_of(RISK) if isinstance(value, str) and len(key) > 1]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(CAPS), min_size=1, max_size=5, unique_by=lambda found: found[0]), st.data())
def test_edits_of_the_shipped_caps_touch_their_lines_alone(
    found: list[tuple[tuple[str, ...], str]], data: st.DataObject
) -> None:
    """Whatever is set or taken away: the strict reader finds exactly that, and one line a key is another."""
    steps: list[Step] = [Remove(key) if data.draw(st.booleans()) else Set(key, "12.5%") for key, _ in found]
    text = (ROOT / RISK).read_text(encoding="utf-8")
    try:
        made = edited(RISK, text, steps)
    except EditFault:
        return  # refused rather than half done
    lines = list(difflib.ndiff(text.splitlines(), made.splitlines()))
    assert sum(line.startswith("- ") for line in lines) <= len(steps)
    assert sum(line.startswith("+ ") for line in lines) <= len(steps)


@pytest.mark.parametrize("path", SHIPPED)
def test_each_shipped_file_keeps_its_bytes_but_for_the_edited_value(path: str) -> None:
    """Layout, quotes and comments of each file survive an edit of its format."""
    text = (ROOT / path).read_text(encoding="utf-8")

    assert edited(path, text, [Set(("format",), "2")]) == text.replace("format: 1\n", "format: 2\n", 1)


def test_comments_are_told_from_texts_that_look_like_them() -> None:
    """In quotes, in blocks and in plain texts a # is no comment."""
    text = 'a: "# not" # yes\nb: |\n  # not\nc: x#not\n# yes too\nd: [1, # in a list\n  2]\n'

    assert comments(text) == ("# yes", "# yes too", "# in a list")


def test_what_a_reader_does_not_see_is_found() -> None:
    """What turns the direction of writing, shows nothing, or breaks a line where no editor shows it."""
    assert set(unseen("a\u202eb\u2028c\u0085d\u200be\rf\ufeff")) == set("\u202e\u2028\u0085\u200b\r\ufeff")
    assert not unseen("an ordinary text – with × signs, é and\ttabs\r\n")
    assert not newly_unseen("\u200b".encode(), "x\u200by".encode())
    assert newly_unseen("\u200b".encode(), "\u200b\u200b".encode())
    assert not newly_unseen(b"", b"\xff\x00")

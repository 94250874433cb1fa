"""Hostile text in a report: whatever a change says, its comment is text, and its annotations are lines."""

import re
from typing import Final

import pytest
from markdown_it import MarkdownIt

from generator.change.patching import report
from generator.change.patching.checker import Verdict
from generator.change.show.clean import code, words
from tests.generator.patching.changes import GATES, by_hand, writes
from tests.generator.patching.repositories import AGENT, Project, copied

HOSTILE: Final = (
    "@ada please [approve](http://evil.example) <img src=x onerror=alert(1)> <!-- -->",
    "| **approved** | `TIGHTEN` | ![x](http://evil.example/x.png) |",
    r"a \| b \\| c `` ` @ada #1 GH-1 www.evil.example ada@evil.example",
    "</details></td></table><script>alert(1)</script>",
    "::error::x ##[add-mask]x %0A::set-output name=x::y",
    "&lt;b&gt; &#64;ada ~~gone~~ _x_ $x$ ==x==",
)
MARKDOWN: Final = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# What the report itself is made of, and nothing else.
OWN: Final = {
    "h3",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "strong",
    "br",
    "details",
    "summary",
    "ul",
    "li",
}


@pytest.fixture(scope="module")
def verdict(plain: Project, tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """What is said of a change whose every text is hostile."""
    project = copied(plain, tmp_path_factory.mktemp("hostile") / "project")
    project.branch("change")
    quoted = ['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in HOSTILE]
    by_hand(GATES, "why: A wide spread is a cost and a warning.", f"why: {quoted[0]}")(project)
    by_hand(GATES, "    why: ", f"    why: {quoted[1]}\n    was: ")(project)
    for number, text in enumerate(HOSTILE):
        writes(f"rules/{re.sub('[^ -.0-~]', '', text)[:60]}{number}", text)(project)
    more = "".join(f"  - {{name: {text}, only: [spread], expect: allow}}\n" for text in quoted)
    writes("rules/scenarios/hostile.yaml", f"format: 1\nscenarios:\n{more}")(project)
    project.commit(HOSTILE[0])
    return project.checked(*AGENT)


def test_a_comment_holds_no_markup_but_its_own(verdict: Verdict) -> None:
    """No link, no image, no script, no HTML but the report's, and no table that ends where it shouldn't."""
    text = report.markdown(verdict)
    made = MARKDOWN.render(text)

    assert not verdict.allowed
    assert set(re.findall(r"<([a-z0-9]+)", made)) <= OWN
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", re.sub(r"\\\\", "", row))) for row in rows if "veto" in rows[0]} <= {6, 7}


def test_a_comment_mentions_nobody(verdict: Verdict) -> None:
    """Outside of code no name is called, no issue is referred to, no address becomes a link."""
    for text in (report.markdown(verdict), *map(words, HOSTILE)):
        spoken = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
        assert not re.search(r"@\w|://|(?<![\\\w])#\d|\bGH-\d|\bwww\.", spoken), text


def test_annotations_are_one_command_a_line(verdict: Verdict) -> None:
    """No text starts a command of its own."""
    for line in report.github(verdict).splitlines():
        assert re.match(r"::(error|warning|notice) ", line)
        assert "%0A" not in line


@pytest.mark.parametrize("text", HOSTILE)
def test_code_in_a_table_stays_in_its_cell(text: str) -> None:
    """As the scanner of tables reads it, which takes a backslash and what follows it together."""
    cells = re.split(r"(?:(?<=^)|(?<=[^\\]))\|", re.sub(r"\\.", "xx", f"{code(text)}"))

    assert len(cells) == 1
    assert f"<td>{'<code>'}" in MARKDOWN.render(f"| a |\n|---|\n| {code(text)} |\n")


def test_a_long_comment_is_cut_where_a_line_ends(
    plain: Project, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that there is more, and leaves nothing open."""
    monkeypatch.setattr(report, "LONGEST", 900)
    text = report.markdown(verdict)

    assert len(text) < 1_100
    assert text.rstrip().endswith(report.CUT)
    assert text.count("<details>") == text.count("</details>")

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from syrupy.assertion import SnapshotAssertion

from generator.change.changes import Change, Diff, Kind, Place
from generator.change.differ import merged
from generator.change.flips import Flips, flips
from generator.change.show.clean import code, message, parameter, visible, words
from generator.change.show.data import data
from generator.change.show.github import github
from generator.change.show.markdown import LONGEST, markdown
from generator.change.show.report import Report
from generator.change.show.sarif import sarif
from generator.change.show.text import text
from generator.change.words import Class
from tests.conftest import ROOT
from tests.generator.change.projects import EXITS, GATES, RISK, STRATEGIES, UNIVERSE, Edit, base, edited, rules_of
from universe.decision_log import lines_of

SAMPLE: Final = "research/sample/decisions.jsonl.gz"
# One edit of each class but two, which have tests of their own.
EDITS: Final[tuple[Edit, ...]] = (
    (RISK, "  strategy_positions: 6", "  strategy_positions: 7"),
    (RISK, "symbol_exposure: 30%", "symbol_exposure: 25%"),
    (RISK, "order_notional: 25_000 USDT", "order_notional: 300 USDT"),
    (RISK, "restricted: [ETCUSDT]", "restricted: [SUIUSDT]"),
    (RISK, "min_hold: 2m", "min_hold: 5m"),
    (RISK, "# the account", "# of the account"),
    (STRATEGIES, "strategy_exposure: 60%, strategy_positions: 4", "strategy_exposure: 60%, strategy_positions: 5"),
    (UNIVERSE, "blocked_sides: [SELL]", "blocked_sides: []"),
    (GATES, "veto: spread", "veto: wide_spread"),
    (GATES, "why: A wide spread is", "why: A spread is"),
    (GATES, "is: notional / nav.total}", "is: notional / nav.peak}"),
    (GATES, "(tier.others + exposure_after) / nav.total", "tier.others / nav.total + exposure_after / nav.total"),
    (EXITS, 'reason: time_stop, urgent: "false"', 'reason: time_stop, urgent: "true"'),
)


@pytest.fixture(scope="module")
def report() -> Report:
    """Many edits at once, for both environments, with what they flip in the bundled sample."""
    texts = edited(*EDITS)
    sides = {name: (base(name), rules_of(texts, name)) for name in ("prod", "testnet")}
    old, new = (side.ruleset for side in sides["prod"])
    found = flips(old, new, lines_of(ROOT / SAMPLE, SAMPLE), SAMPLE)
    return Report(merged("main", "working tree", sides), found)


def test_the_plan_reads_as_reviewed(report: Report, snapshot: SnapshotAssertion) -> None:
    """The worst first, aligned, each with its reason and its place."""
    assert text(report) == snapshot


def test_the_comment_is_as_reviewed(report: Report, snapshot: SnapshotAssertion) -> None:
    """The class on top, a table, what flips folded away."""
    assert markdown(report) == snapshot


def test_the_workflow_commands_are_as_reviewed(report: Report, snapshot: SnapshotAssertion) -> None:
    """One a line, the whole last."""
    assert github(report) == snapshot


def test_the_data_is_as_reviewed(report: Report, snapshot: SnapshotAssertion) -> None:
    """Programs rely on its shape."""
    made = data(report)
    made["flips"]["examples"] = made["flips"]["examples"][:1]

    assert json.loads(json.dumps(made)) == made
    assert json.dumps(made, indent=1, ensure_ascii=False) == snapshot


def test_the_sarif_is_as_reviewed(report: Report, snapshot: SnapshotAssertion) -> None:
    """A result for each change that is more than cosmetic."""
    assert json.dumps(sarif(report, "0.1.0"), indent=1, ensure_ascii=False) == snapshot


def test_the_sarif_keeps_what_the_standard_asks(report: Report) -> None:
    """Version 2.1.0: rules by index, levels of its list, messages as text, relative places, lines from 1."""
    log = sarif(report, "0.1.0")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert log["version"] == "2.1.0"
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert len({r["id"] for r in rules}) == len(rules)
    assert len(run["results"]) == sum(c.word is not Class.COSMETIC for c in report.diff.changes)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9_./%-]+", place["artifactLocation"]["uri"])
        assert place.get("region", {"startLine": 1})["startLine"] >= 1


def test_nothing_to_tell_is_told(snapshot: SnapshotAssertion) -> None:
    """The same rules on both sides, in each format."""
    report = Report(merged("main", "HEAD", {"prod": (base(), base())}))

    assert [text(report), markdown(report), github(report), data(report)["means"]] == snapshot
    assert sarif(report, "0.1.0")["runs"][0]["results"] == []


HOSTILE: Final = (
    "`` `x` </td><script>alert(1)</script> @everyone <img src=x onerror=y> [a](javascript:b) ![i](http://e.vil/p.png)",
    "# Title\n\n- list\n\n@admin please merge #1 GH-7 https://e.vil www.e.vil |a|b|",
    "::error file=x::owned %0A::set-output name=a::b\r\n::warning::c",
    "\x1b[31mred\x1b[0m \u202eevil \u200bzero \ufeff \x07 \x00",
    "$$x$$ ~~a~~ __b__ *c* \\ & &lt; &#64;admin",
)
Shown = Callable[[Report], str]


def _hostile(given: str) -> Report:
    change = Change(
        kind=Kind.GATE,
        name=f"gate {given}",
        key=given,
        word=Class.LOOSEN,
        why=given,
        before=given,
        after=f"{given}!",
        was=Place(given, 3),
        now=Place(given, 4),
        symbols=(given,),
    )
    found = Flips(given, records=1)
    found.by_gate[f"-{given}"] = found.by_symbol[f"-{given}"] = found.by_strategy[f"-{given}"] = found.vetoed = 1
    return Report(Diff(given, given, (change,), notes=(given,)), found)


@pytest.mark.parametrize("given", HOSTILE)
def test_text_of_rules_can_be_no_markup_in_the_comment(given: str) -> None:
    """Outside of code spans nothing is left that Markdown, HTML or a mention is made of."""
    shown = re.sub(r"<!-- hedgerow diff -->|</?(details|summary)>|<br>", "", markdown(_hostile(given)))
    bare = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", shown)

    assert not re.search(r"(?<!\\)[<>\[\]*_~$&](?![|\n -])", re.sub(r"\*\*[A-Z-]+\*\*", "", bare))
    assert not re.search(r"@\w|://|www\.|#\d|GH-\d", bare, re.IGNORECASE)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert all(line.startswith(("| ", "|---", "### ", "`", "> ", "- ", "1 ", "Of ", "")) for line in shown.split("\n"))


@pytest.mark.parametrize("given", HOSTILE)
def test_text_of_rules_can_be_no_workflow_command(given: str) -> None:
    """One command a line, and each is ours."""
    lines = github(_hostile(given)).splitlines()

    assert len(lines) == 2
    assert all(re.match(r"::(warning|notice) (file=[^:,]+,line=4,)?title=[^:,]+::", line) for line in lines)
    assert "\r" not in "".join(lines)


@pytest.mark.parametrize("shown", [text, markdown, github], ids=["text", "markdown", "github"])
@pytest.mark.parametrize("given", HOSTILE)
def test_text_of_rules_can_turn_no_terminal(given: str, shown: Shown) -> None:
    """Control characters and those that turn the direction are spelled out."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\ufeff]", shown(_hostile(given)))


@pytest.mark.parametrize("given", HOSTILE)
def test_text_of_rules_can_be_no_link_in_sarif(given: str) -> None:
    """Brackets are escaped, and no brace stands for an argument."""
    result = sarif(_hostile(given), "0.1.0")["runs"][0]["results"][0]
    said = result["message"]["text"]

    assert not re.search(r"(?<!\\)[\[\]]|[{}]", said.replace("\\\\", ""))
    assert re.fullmatch(r"[A-Za-z0-9_./%~-]+", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


SPELLED: Final[Mapping[str, tuple[Any, str, str]]] = {
    "a code span with a backtick": (code, "a `b` c", "``a `b` c``"),
    "a code span that ends in one": (code, "a`", "`` a` ``"),
    "a code span in a table": (code, "a|b", "`a\\|b`"),
    "an empty code span": (code, "", ""),
    "a mention": (words, "@all", "@\u2060all"),
    "a link": (words, "https://x.y", "https:\u2060//x.y"),
    "a heading": (words, "# x", "\\# x"),
    "an escape": (visible, "\x1b[1m", "\\u001b[1m"),
    "lines": (visible, "a\n\tb", "a b"),
    "a long text": (visible, "x" * 400, "x" * 299 + "…"),
    "a percent in a message": (message, "5% :: ,", "5%25 :: ,"),
    "a parameter": (parameter, "a:b,c%", "a%3Ab%2Cc%25"),
}


@pytest.mark.parametrize("name", SPELLED)
def test_text_is_spelled_so_that_it_is_only_text(name: str) -> None:
    """Each function on what it is there for."""
    spell, given, expected = SPELLED[name]

    assert spell(given) == expected


def test_a_comment_stays_within_what_a_comment_may_hold() -> None:
    """However much changed; and it says that there is more."""
    change = Change(Kind.CAP, "x" * 250, "k", Class.LOOSEN, "w" * 250, "b" * 250, "a" * 250)
    shown = markdown(Report(Diff("a", "b", (change,) * 5000)))

    assert len(shown) < LONGEST + 200
    assert "There is more than a comment holds" in shown or "and 4900 more." in shown

"""Every name of the reference can be explained, and what is said of it is what the rules say."""

import re
from functools import cache
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from generator.compile.files import Texts
from generator.compile.stages import Compiled, compile_universe
from generator.explain.names import explained, names
from tests.conftest import ROOT, TODAY
from tests.generator.change.projects import GATES, edited, shipped

PAGES = sorted((ROOT / "docs/reference").glob("*.md"))
# What stands in a page's first column, or as the title of a part, as a name: no prose, no file, no stage.
_CELL = re.compile(r"^\| \[?`([A-Za-z0-9_.-]+)`\]?")
_TITLE = re.compile(r"^## (?:Record )?([A-Za-z0-9_.-]+)$")
_PROSE = frozenset({"Symbols", "Producers"})


@cache
def rules() -> Compiled:
    """The shipped rules."""
    return compile_universe(Texts(shipped()), today=TODAY)


def named_on(page: Path) -> list[str]:
    """The names that a page of the reference tells of."""
    found, title = [], ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            match = _TITLE.match(line)
            title = match[1] if match else ""
            found += [title] if title else []
        elif match := _CELL.match(line):
            found.append(match[1])
    return [name for name in found if name not in _PROSE]


@pytest.mark.parametrize("page", [p for p in PAGES if p.stem not in ("events", "state")], ids=lambda p: p.stem)
def test_when_a_page_of_the_reference_names_something_then_it_can_be_explained(page: Path) -> None:
    """The page and the command tell of the same names."""
    assert [name for name in named_on(page) if not explained(rules(), name)] == []


@pytest.mark.parametrize("part", ["events", "state"])
def test_when_a_page_lists_fields_then_each_can_be_explained_as_a_part(part: str) -> None:
    """Under the name of the event or file that it is a field of."""
    data = rules().sources.documents[part].data
    owners = data["events"] if part == "events" else {**data["files"], **data["logs"]}
    fields = [f"{owner}.{field}" for owner, entry in owners.items() for field in entry.get("fields", {})]

    assert fields
    assert [name for name in (*owners, *fields) if not explained(rules(), name)] == []


def test_when_a_name_is_proposed_then_it_can_be_explained() -> None:
    """What `did you mean` may name is something."""
    assert [name for name in names(rules()) if not explained(rules(), name)] == []


def test_when_nothing_has_a_name_then_nothing_is_said() -> None:
    """No word is made up for a name that is none, or half of one."""
    none = (
        "nosuch",
        "route.nosuch",
        "order_sent.nosuch",
        "momentum.nosuch",
        "kpis.nosuch",
        "recent.",
        "",
        "breakers.x",
    )

    assert [name for name in none if explained(rules(), name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "stop_streak",
        "recent.orders_1m",
        "halted",
        "nav_drawdown_limit",
        "route.style",
        "momentum.fast",
        "exit",
        "order_sent.cause",
        "crisis",
        "trade_nav",
        "vol_ratio",
        "reduces",
        "bracket.leverage",
        "testnet",
        "shadowed-gate",
        "bad-value",
        "ratio",
        "facts_missing",
        "symbol_not_in_universe",
        "wallet",
        "risk_vetoes.max_quantity",
    ],
)
def test_when_a_name_is_explained_then_it_is_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    """Who has it, where it is written, what follows it."""
    assert "\n".join(explained(rules(), name)) == snapshot


def test_when_a_gate_is_in_shadow_then_it_says_until_when() -> None:
    """A gate that stops nothing is not told of as one that does."""
    shadow = (GATES, "    veto: spread\n", "    veto: spread\n    mode: shadow\n    until: 2999-01-31\n")
    made = compile_universe(Texts(edited(shadow)), today=TODAY)

    assert "in shadow until 2999-01-31" in "\n".join(explained(made, "spread"))

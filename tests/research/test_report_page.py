"""The page as a person and a browser meet it."""

import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from execution.events import KillSwitched, OrderChanged, Remarked, UniverseRefused
from execution.journal import Journal
from tests.execution.story import Story
from tests.research.pages import charts_of, page_of, words_of
from tests.research.told import BTC, ETH, by_chance, ended, hour, small
from universe.reader import Universe
from universe.trading import Side

D = Decimal
SCRIPT: Final = "<script>alert('x')</script>"
HOSTILE: Final = f'{SCRIPT} "quoted" & <b>bold</b> \x00\x1b \ud800 \u202egnp'
KINDS_OF_RUN: Final = ("first tick", "an hour", "small", "ended", "thirty days")


def told(kind: str, folder: Path, universe: Universe) -> Story:
    """A run of a kind."""
    if kind == "thirty days":
        return by_chance(folder, universe, seed=1, hours=720)
    if kind in ("small", "ended"):
        return ended(small(folder, universe)) if kind == "ended" else small(folder, universe)
    story = Story.begin(folder, universe)
    if kind == "an hour":
        hour(story)
    return story


@pytest.fixture(params=KINDS_OF_RUN)
def page(request: pytest.FixtureRequest, tmp_path: Path, universe: Universe) -> str:
    """The page of each kind of run."""
    return page_of(told(request.param, tmp_path / "run", universe), universe)


@pytest.mark.parametrize("kind", ["first tick", "an hour", "ended"])
def test_the_page_reads_as_reviewed(kind: str, tmp_path: Path, universe: Universe, snapshot: SnapshotAssertion) -> None:
    """Every word and figure, for a run in which everything happens once, and for those in which little does."""
    assert words_of(page_of(told(kind, tmp_path / "run", universe), universe)) == snapshot


def test_every_chart_is_well_formed_and_has_a_title(page: str) -> None:
    """Each parses as XML, says what it shows to who can't see it, and holds no number that is none."""
    charts = charts_of(page)

    assert len(charts) >= 2
    assert page.count("<svg") == sum(len(list(chart.iter("svg"))) for chart in charts)
    for chart in charts:
        assert chart.find("title") is not None or chart.get("aria-hidden") == "true"
    assert not re.search(r"\b(nan|inf|None|Decimal)\b", page)


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    """It opens offline: no address, no script, no style or picture from elsewhere; and it is small."""
    assert not re.findall(r"https?:|//[a-z]|<script|<link|<img|<iframe|@import|url\(|src=|\son[a-z]+=", page)
    assert set(re.findall(r'href="(.)', page)) == {"#"}
    assert set(re.findall(r'href="#(\w+)"', page)) <= set(re.findall(r'id="(\w+)"', page))
    assert len(page.encode()) < 1_500_000


def test_text_of_people_is_text(tmp_path: Path, universe: Universe) -> None:
    """A reason, a name, a refusal and a remark that hold markup, and what no page can hold, are shown as words."""
    story = small(tmp_path / "run", universe)
    story.step(
        KillSwitched(True, HOSTILE, HOSTILE), UniverseRefused(None, HOSTILE), Remarked("gap", ETH, 1, HOSTILE, 1)
    )
    sent = story.send(story.ask("momentum", BTC, Side.BUY, D("0.1"))[0], "momentum", BTC, Side.BUY, D("0.1"))
    story.step(OrderChanged(sent, "rejected", None, HOSTILE))
    hour(story)

    page = page_of(story, universe)

    assert "<script" not in page
    assert "<b>bold" not in page
    assert not re.search("[\x00\x1b\ud800\u202e]", page)
    assert words_of(page).count("<script>alert('x')</script> \"quoted\" & <b>bold</b>") >= 5
    assert charts_of(page)


def test_a_synthetic_market_is_labelled(tmp_path: Path, universe: Universe) -> None:
    """Nobody mistakes made-up prices for real ones."""
    story = small(tmp_path / "run", universe)
    assert story.books.run is not None
    assert story.books.run.synthetic

    assert "synthetic market: no real prices" in words_of(page_of(story, universe))


def test_the_kill_switch_is_marked_in_the_charts_and_told_in_the_events(tmp_path: Path, universe: Universe) -> None:
    """When it was on, by whom and why."""
    page = page_of(small(tmp_path / "run", universe), universe)

    assert 'class="killed"' in page
    assert "on: entries stop, exits pass (by Ann: news on the wire)" in words_of(page)


def test_the_same_journal_gives_the_same_bytes(tmp_path: Path, universe: Universe) -> None:
    """In another process, with other hashes of texts, from another folder, at another time."""
    story = by_chance(tmp_path / "run", universe, seed=3, hours=60)
    first = page_of(story, universe)
    (tmp_path / "run").rename(tmp_path / "elsewhere")

    for seed in ("1", "2"):
        hedgerow = [sys.executable, "-m", "cli.main", "report", "--run", str(tmp_path / "elsewhere")]
        subprocess.run(hedgerow, check=True, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, timeout=60)
        assert (tmp_path / "elsewhere/report.html").read_text(encoding="utf-8") == first


def test_a_page_is_written_beside_a_run_that_goes_on(tmp_path: Path, universe: Universe) -> None:
    """While the journal is open for writing, the page says how far it has come, and the run is not disturbed."""
    story = small(tmp_path / "run", universe)

    made = CliRunner().invoke(main, ["report", "--run", str(story.folder)])
    assert made.exit_code == 0
    before = words_of((story.folder / "report.html").read_text(encoding="utf-8"))
    ended(story)

    assert "has not come to the end" in before
    assert "has not come to the end" not in words_of(page_of(story, universe))


def test_the_command_says_where_the_page_is(tmp_path: Path, universe: Universe) -> None:
    """One line on stdout; the page is there."""
    story = small(tmp_path / "run", universe)

    made = CliRunner().invoke(main, ["report", "--run", str(story.folder)])

    assert (made.exit_code, made.stdout) == (0, f"report     {story.folder}/report.html\n")
    assert (story.folder / "report.html").is_file()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    """Nothing is written, and it says what is missing; so it is for a journal that holds nothing yet."""
    missing = CliRunner().invoke(main, ["report", "--run", str(tmp_path)])
    Journal.open(tmp_path / "empty", now=0, pid=1).close()
    empty = CliRunner().invoke(main, ["report", "--run", str(tmp_path / "empty")])

    assert (missing.exit_code, empty.exit_code) == (2, 2)
    assert "holds no run" in missing.stderr
    assert "has not begun" in empty.stderr
    assert not list(tmp_path.rglob("report.html"))


def test_a_universe_that_is_not_kept_is_named(tmp_path: Path, universe: Universe) -> None:
    """Caps that nobody knows are not shown as if they were."""
    story = small(tmp_path / "run", universe)
    for path in (story.folder / "universes").iterdir():
        path.unlink()

    made = CliRunner().invoke(main, ["report", "--run", str(story.folder)])

    assert made.exit_code == 2
    assert "is not kept" in made.stderr

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from execution.journal_file import FILE
from execution.state import rebuild
from execution.state.audit import audit
from execution.state.files import Files
from tests.execution.story import Story, random_story
from universe.reader import Universe
from universe.trading import Side


@pytest.fixture
def folder(tmp_path: Path, universe: Universe) -> Path:
    """A run in which everything happened, published, with nobody running."""
    story = random_story(tmp_path, universe, seed=5, steps=80)
    story.trade("momentum", "BTCUSDT", Side.BUY, Decimal("0.1"))
    story.step()
    story.journal.close()
    rebuild(tmp_path)
    return tmp_path


def wrong(folder: Path, *, running: bool = False) -> dict[str, str]:
    """What does not hold, by its name."""
    return {f.name: f.text for f in audit(folder).findings(running=running) if not f.holds}


def test_of_a_sound_run_everything_holds(folder: Path) -> None:
    """And each thing that was looked at says what was seen."""
    found = audit(folder).findings(running=False)

    assert [f.name for f in found] == ["ledger", "strategies", "exits", "rules", "state", "logs"]
    assert all(f.holds and f.text for f in found)


def change(folder: Path, statement: str) -> None:
    """A hand in the journal."""
    with sqlite3.connect(folder / FILE) as database:
        database.execute(statement)


ALTERED: dict[str, str] = {
    "a price": "UPDATE events SET body = replace(body, '\"price\":\"', '\"price\":\"1') WHERE kind = 'fill'"
    " AND seq = (SELECT max(seq) FROM events WHERE kind = 'fill')",
    "a fee of a trade": 'UPDATE events SET body = replace(body, \'"fees":"\', \'"fees":"9\')'
    " WHERE kind = 'trade' AND seq = (SELECT min(seq) FROM events WHERE kind = 'trade')",
}


def test_a_trade_that_says_something_else_than_its_fills_is_found(folder: Path) -> None:
    """The account, the trades and the fills are three tellings of one thing."""
    change(folder, ALTERED["a fee of a trade"])

    assert "its trades say" in wrong(folder)["ledger"]


def test_an_altered_fill_makes_state_and_logs_wrong(folder: Path) -> None:
    """They no longer are what the journal says."""
    change(folder, ALTERED["a price"])

    assert {"state", "logs"} <= wrong(folder).keys()


def test_a_position_without_exits_is_named(folder: Path) -> None:
    """By strategy and symbol, with what to do."""
    change(
        folder,
        'UPDATE events SET kind = \'liquidation\', body = \'{"balance":"1","maintenance":"1"}\''
        " WHERE kind = 'exits_armed'",
    )
    found = {f.name: f for f in audit(folder).findings(running=False)}["exits"]

    assert not found.holds
    assert "momentum BTCUSDT" in found.text
    assert "arms them" in found.remedy


HANDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "state altered": (lambda f: (f / "state/nav.json").write_text("{}"), "state"),
    "state gone": (lambda f: (f / "state/kpis.json").unlink(), "state"),
    "log cut": (lambda f: (f / "execution/decisions.jsonl").write_text(""), "logs"),
    "log longer": (lambda f: Files().append(f / "execution/risk_vetoes.jsonl", b"{}\n"), "logs"),
    "log gone": (lambda f: (f / "execution/order_metrics.jsonl").unlink(), "logs"),
    "log too many": (lambda f: (f / "execution/order_metrics.1.jsonl").write_text("{}\n"), "logs"),
    "rules gone": (lambda f: [p.unlink() for p in (f / "universes").iterdir()], "rules"),
}


@pytest.mark.parametrize("hand", HANDS)
def test_what_somebody_did_to_the_folder_is_found(hand: str, folder: Path) -> None:
    """And named; where it is a view, a rebuild puts it right."""
    act, name = HANDS[hand]
    act(folder)

    assert name in wrong(folder)
    if name != "rules":
        rebuild(folder)
        assert wrong(folder) == {}


def test_while_it_runs_what_is_published_may_be_behind(folder: Path) -> None:
    """Money, exits and rules are looked at all the same."""
    (folder / "state/nav.json").unlink()

    assert wrong(folder, running=True) == {}


def test_a_run_that_has_only_begun_is_sound(tmp_path: Path, universe: Universe) -> None:
    """Nothing held, nothing traded."""
    Story.begin(tmp_path, universe).journal.close()
    rebuild(tmp_path)

    assert wrong(tmp_path) == {}

"""`hedgerow boundary`: what it shows, writes and refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from generator.change.cover.written import FILE


def ran(project: Path, *arguments: str) -> Result:
    """`hedgerow boundary` in a project."""
    return CliRunner(env={"COLUMNS": "140"}).invoke(main, ["--root", str(project), "boundary", *arguments])


def plain(text: str) -> str:
    """Without blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_each_gate_is_shown_once_with_how_many_symbols_share_its_fact(root: Path, snapshot: SnapshotAssertion) -> None:
    """A row for each gate, strategy and fact; then what has no pair, and why."""
    result = ran(root)

    assert result.exit_code == 0
    assert plain(result.stdout) == snapshot


def test_a_gate_and_a_symbol_are_shown_when_they_are_named(root: Path, snapshot: SnapshotAssertion) -> None:
    """Every pair of theirs, and of nothing else."""
    assert plain(ran(root, "order_notional", "spread", "BTCUSDT", "WIFUSDT").stdout) == snapshot


def test_a_name_that_is_neither_is_refused(root: Path) -> None:
    """With the nearest that there is."""
    result = ran(root, "spred")

    assert result.exit_code == 2
    assert result.stderr == "error: `spred` is no gate and no symbol\nhelp: did you mean `spread`?\n"


def test_the_file_is_written_when_it_is_asked_for(project: Path) -> None:
    """After an edit of a cap the file is stale; written, it is fresh, and holds the edited cap's own edge."""
    risk = project / "rules/risk.yaml"
    risk.write_text(risk.read_text(encoding="utf-8").replace("  drawdown: 30%", "  drawdown: 25%"), encoding="utf-8")

    stale = ran(project, "--check")
    assert (stale.exit_code, stale.stderr.splitlines()[0]) == (1, f"{FILE} is stale")
    assert ran(project, "--write").stdout == f"{FILE} is written\n"
    assert ran(project, "--write").stdout == f"{FILE} is fresh\n"
    assert ran(project, "--check").exit_code == 0
    assert "  - name: drawdown BTCUSDT stops nav.total 750000 USDT\n" in (project / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["drawdown", "kill_switch"])
def test_json_has_an_object_for_each(name: str, root: Path) -> None:
    """A pair with both values and the facts, or why there is none."""
    records = [json.loads(line) for line in ran(root, name, "--json").stdout.splitlines()]

    assert len(records) == 13
    if name == "drawdown":
        first = records[0]
        assert (first["fact"], first["passes"], first["stops"]) == ("nav.total", "700000.01", "700000")
        assert first["facts"]["nav"]["total"] == "700000.01"
    else:
        assert records[0]["why"] == "it is a condition, without a number"

"""`hedgerow replay --rules` of archives: decided in columns, and told as the same log is line by line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from cli.main import main
from engine import Engine
from engine.columns import Columns, Judging, as_it_is
from execution.archive import write
from execution.recorded import Recorded, groups
from research.intents import stream
from tests.conftest import ROOT
from universe.reader import load

RECORDS = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules that are a little tighter; a log by those of today; and archives of both of its halves."""
    folder = tmp_path_factory.mktemp("replay")
    for room in ("rules", "schemas", "universe"):
        shutil.copytree(ROOT / room, folder / room)
    risk = folder / "rules/risk.yaml"
    risk.write_text(risk.read_text().replace("trade_nav: 6%", "trade_nav: 3.5%"))
    universe = load(ROOT / "universe/universe.json")
    engine = Engine(universe.ruleset)
    lines = [engine.decide(facts).to_json() for facts in stream(universe, RECORDS, 7)]
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")
    for name, part in (("a", lines[:100]), ("b", lines[100:])):
        write(lambda part=part: iter(part), folder / f"{name}.parquet")
    parquet.write_table(pyarrow.table({"id": ["a"]}), folder / "strange.parquet")
    (folder / "log.parquet").write_text("nothing of the kind")
    return folder


def replay(folder: Path, *arguments: str) -> Result:
    """What the command says."""
    return CliRunner().invoke(main, ["--root", str(ROOT), "replay", *arguments, "--rules", str(folder)])


def told(folder: Path, *arguments: str) -> dict[str, Any]:
    """What it says as JSON, but for what its examples are called by."""
    result = replay(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    for example in found["examples"]:
        del example["place"]
    return {key: value for key, value in found.items() if key != "source"}


@pytest.mark.parametrize("on", ["columns", "duckdb"])
def test_archives_flip_as_their_log_does_wherever_they_are_decided(on: str, folder: Path) -> None:
    """The same counts as line by line, and here the same examples; elsewhere rows have no order."""
    by_line = told(folder, str(folder / "log.jsonl"))
    by_columns = told(folder, str(folder / "[ab].parquet"), "--on", on)
    answers = by_columns.pop("answers")

    assert by_line["newly_vetoed"] > 0
    if on != "columns":
        assert len(by_columns.pop("examples")) == len(by_line.pop("examples"))
    assert by_columns == by_line
    assert answers["intents"] == RECORDS
    assert sum(entry["intents"] for entry in answers["symbols"].values()) == RECORDS
    assert answers["gates"]["trade_nav"] >= by_line["newly_vetoed"]


def test_few_orders_are_in_doubt_by_the_shipped_rules(folder: Path) -> None:
    """Those with something missing or odd; a gate of which floats say nothing would send every one to exact numbers."""
    columns = Columns(Engine(load(ROOT / "universe/universe.json").ruleset), as_it_is)
    (group,) = groups(folder / "a.parquet")
    judging = Judging(columns, Recorded(group, columns).batch)
    judging.run(0, 100)

    assert judging.exactly <= 10


def test_every_answer_is_written_where_somebody_wants_it(folder: Path, tmp_path: Path) -> None:
    """A row an order: what was answered, what would be, and the gates that stop it."""
    result = replay(folder, str(folder / "a.parquet"), "--out", str(tmp_path / "out.parquet"))
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()

    assert result.exit_code == 0
    assert len(rows) == 100
    assert all((row["gates"] == "") is (row["after"] == "allow") for row in rows)
    assert any(row["before"] == "allow" and row["gates"] == "trade_nav" for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["log.jsonl", "--out", "out.parquet"], "for archives"),
        (["log.jsonl", "--on", "duckdb"], "for archives"),
        (["strange.parquet"], "it has no column `decision`"),
        (["strange.parquet", "--on", "duckdb"], "it has no column `decision`"),
        (["log.parquet"], "no archive of decisions"),
        (["a.parquet", "--on", "snow"], "no place to decide"),
        (["none-*.parquet"], "no pattern that a file has"),
        (["a.parquet", "--on", "duckdb", "--out", "out.parquet"], "where columns decide"),
    ],
)
def test_what_can_not_be_replayed_so_is_said(arguments: list[str], said: str, folder: Path) -> None:
    """The input is at fault, in one line and a help."""
    first, *rest = arguments
    result = replay(folder, str(folder / first), *rest)

    assert (result.exit_code, said in result.stderr, "help:" in result.stderr) == (2, True, True)

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli.main import main
from engine import Decision, Engine
from execution.gate import RiskEngine
from execution.service.answers import Answers
from execution.service.log import DecisionLog
from execution.universes import keep
from tests.execution.service.orders import order
from universe.reader import Universe

pytest.importorskip("pyarrow", reason="archives are of the extra `columns`")
from pyarrow import parquet

from execution.archive import ArchiveFault, read, write

ODD = st.sampled_from(["1.50", "7", None, 0.5, True, "x", ["BUY"], [1], '"', "[", {}])
NAMES = ("order.quantity", "order.side", "control.kill_switch", "nav.total", "own.quantity")


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """An engine by the shipped rules."""
    return Engine(universe.ruleset)


def made(engine: Engine, universe: Universe) -> list[Decision]:
    """Allowed and vetoed, of an account, and of what could not be read."""
    facts = [order(universe, symbol, size) for symbol in ("BTCUSDT", "ADAUSDT") for size in ("0.1", "1000", "1e6")]
    decisions = [engine.decide(f) for f in facts] + [engine.decide(facts[0], "account"), engine.decide({"x": 1})]
    assert {decision.allowed for decision in decisions} == {True, False}
    return decisions


def test_when_records_are_archived_then_they_come_back_to_the_byte_with_a_column_a_fact(
    engine: Engine, universe: Universe, tmp_path: Path
) -> None:
    """And what a column holds is the fact, exactly, by its dotted name."""
    records = [decision.to_json() for decision in made(engine, universe)]
    count = write(lambda: records, tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    sizes = [record["facts"].get("order", {}).get("quantity") for record in map(json.loads, records)]

    assert list(read(tmp_path / "a.parquet")) == records
    assert count == len(records) == table.num_rows
    assert table.column("facts.order.quantity").to_pylist() == sizes
    assert {f"facts.{fact.name}" for fact in universe.ruleset.supplied} >= {
        name for name in table.column_names if name.startswith("facts.")
    }
    assert parquet.ParquetFile(tmp_path / "a.parquet").metadata.row_group(0).column(0).compression == "ZSTD"
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@given(changes=st.lists(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=3), min_size=1, max_size=4))
def test_when_facts_are_of_another_kind_than_they_should_be_then_they_are_kept_as_they_are(
    engine: Engine, universe: Universe, tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, Any]]
) -> None:
    """What was refused is logged as it came, and its record is no less exact than another."""
    records = []
    for change in changes:
        facts = order(universe)
        for name, value in change.items():
            group, last = name.split(".")
            facts[group][last] = value
        records.append(engine.decide(facts).to_json())
    path = tmp_path_factory.mktemp("archive") / "a.parquet"
    write(lambda: records, path)

    assert list(read(path)) == records


@pytest.mark.parametrize("line", ["{}", "[]", "x", '{"facts":{"a":{"b":1}}}', '{"facts": {}, "decision": "allow"}'])
def test_when_a_line_is_no_record_then_nothing_is_written(line: str, tmp_path: Path) -> None:
    """Neither a file nor a draft of one; an archive that is there stays."""
    (tmp_path / "a.parquet").write_text("before")
    with pytest.raises(ArchiveFault):
        write(lambda: [line], tmp_path / "a.parquet")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.parquet", "before")]


def test_when_a_file_is_no_archive_then_it_is_said(tmp_path: Path) -> None:
    """Whatever it is instead."""
    (tmp_path / "a.parquet").write_text("nothing of the kind")

    with pytest.raises(ArchiveFault, match="no archive of decisions"):
        list(read(tmp_path / "a.parquet"))


def hedgerow(root: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and output of a command."""
    found = CliRunner().invoke(main, ["--root", str(root), *arguments])
    return found.exit_code, found.stdout + found.stderr


def test_when_a_services_log_is_replayed_explained_and_archived_then_all_say_the_same(
    root: Path, engine: Engine, universe: Universe, tmp_path: Path
) -> None:
    """From small lines and from columns, to the byte and by the rules of their day."""
    log = DecisionLog(tmp_path / "execution", batch=3, bound=6_000)
    answers = Answers(RiskEngine.of(universe), log)
    for number in range(12):
        answer = answers.one(json.dumps(order(universe, quantity=f"{1 + number % 4}")), "order")
    log.close()
    keep(tmp_path, universe)
    first = tmp_path / "execution/decisions.jsonl"
    with first.open("a") as file:
        file.write('{"decision":"all')
    archived = hedgerow(root, "archive", str(tmp_path), "--out", str(tmp_path / "d.parquet"))
    replayed = [hedgerow(root, "replay", str(tmp_path / name)) for name in ("", "d.parquet")]
    flips = [
        hedgerow(root, "replay", str(tmp_path / name), "--rules", str(root / "universe/universe.json"))
        for name in ("", "d.parquet")
    ]
    decision = Decision.from_json(answer.whole())
    why = hedgerow(root, "why", decision.id, "--log", str(sorted((tmp_path / "execution").iterdir())[0]))

    assert (archived[0], "12 records" in archived[1]) == (0, True)
    assert len(list((tmp_path / "execution").iterdir())) > 1
    for code, text in replayed:
        assert (code, "12 of 12 records come out the same, to the byte, by 1 universe" in text) == (0, True)
    assert "decisions.jsonl:" in replayed[0][1]
    assert "cut off" in replayed[0][1]
    for code, text in flips:
        assert (code, "of 12 recorded answers 0 would be others" in text) == (0, True)
    assert (why[0], f"BTCUSDT: vetoed   {decision.id}" in why[1]) == (0, True)


def test_when_a_log_is_compressed_then_it_is_archived_and_replayed_too(
    engine: Engine, universe: Universe, root: Path, tmp_path: Path
) -> None:
    """As the recorded sample is, whose rules need not be those of today."""
    log, out = tmp_path / "decisions.jsonl.gz", tmp_path / "decisions.parquet"
    with gzip.open(log, "wt") as file:
        file.writelines(f"{decision.to_json()}\n" for decision in made(engine, universe)[:-1])
    archived = hedgerow(root, "archive", str(log), "--out", str(out))
    code, text = hedgerow(root, "replay", str(out))

    assert archived[0] == code == 0
    assert "7 of 7 records come out the same, to the byte" in text


def test_when_the_library_is_not_installed_then_the_command_says_what_to_do(root: Path, tmp_path: Path) -> None:
    """It is an extra, and nothing else needs it."""
    code = "import sys; sys.modules['pyarrow'] = None; sys.argv[0] = 'hedgerow'; from cli.main import main; main()"
    (tmp_path / "a.jsonl").write_text("")
    ended = subprocess.run(
        [sys.executable, "-c", code, "archive", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "a.parquet")],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ended.returncode, "not installed" in ended.stderr) == (3, True)

"""`hedgerow run` as a person meets it: options that can't be meant, folders, disks, signals."""

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from cli.main import main
from execution.journal import Journal
from execution.lock import Lock
from tests.execution.arena import edited
from tests.execution.feeds.files import bar, plain, write

ROOT: Final = Path(__file__).resolve().parents[2]
BTC: Final = "BTCUSDT"


def run(*arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs the command in this process."""
    made = CliRunner(env={"COLUMNS": "80"}).invoke(main, ["--root", str(root), "run", *arguments], prog_name="hedgerow")
    if made.exception is not None and not isinstance(made.exception, SystemExit):
        raise made.exception
    return subprocess.CompletedProcess(arguments, made.exit_code, made.stdout, made.stderr)


def candles(folder: Path, hours: int = 30, symbols: tuple[str, ...] = (BTC,)) -> str:
    """A folder of hourly candles."""
    for symbol in symbols:
        write(folder / f"{symbol}.csv", plain([bar(symbol, i, str(100 + i % 3), 3600) for i in range(hours)]))
    return str(folder)


def project(folder: Path) -> Path:
    """A project of its own, whose universe may be edited."""
    for part in ("rules", "schemas", "universe"):
        shutil.copytree(ROOT / part, folder / part)
    return folder


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--cash", "0"], "`0` is no amount of money"),
        (["--cash", "1e-9"], "`1e-9` is no amount of money"),
        (["--cash", "nan"], "`nan` is no amount of money"),
        (["--symbols", "BTCUSDT,NOCOIN"], "NOCOIN is not in the universe"),
        (["--symbols", ","], "nothing is not in the universe"),
        (["--funding", "."], "--funding would mean nothing here"),
        (["--candles", "CANDLES", "--days", "3", "--seed", "1"], "--days and --seed would mean nothing here"),
        (["--candles", "nowhere"], "no such folder"),
        (["--candles", "EMPTY"], "candles of none of the symbols"),
        (["--candles", "DAILY"], "no bars of 3600 s can be made of bars of 86400 s"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_what_to_write(tmp_path: Path, given: list[str], says: str) -> None:
    """Exit code 2, the user's own words, and a way out; no folder is begun with it."""
    daily = plain([bar(BTC, i, "100", 86_400) for i in range(30)])
    write(tmp_path / "daily" / f"{BTC}.csv", daily)
    (tmp_path / "empty").mkdir()
    folders = {"CANDLES": candles(tmp_path / "c"), "EMPTY": str(tmp_path / "empty"), "DAILY": str(tmp_path / "daily")}
    made = run("--out", str(tmp_path / "run"), *(folders.get(word, word) for word in given))
    assert made.returncode == 2
    assert says in made.stderr
    assert "help: " in made.stderr
    assert made.stdout == ""


def test_symbols_may_be_written_small_and_twice(tmp_path: Path) -> None:
    """What is meant is plain."""
    made = run("--candles", candles(tmp_path / "c"), "--symbols", "btcusdt, BTCUSDT", "--out", str(tmp_path / "run"))
    assert made.returncode == 0, made.stderr
    assert "no position was left" in made.stdout
    assert "no position open" in made.stdout


def test_a_run_goes_on_over_its_own_symbols_whatever_the_universe_is_now(tmp_path: Path) -> None:
    """A symbol that was dropped, or a file that is broken, keeps no run from going on by the rules that it has."""
    root, folder = project(tmp_path / "project"), tmp_path / "run"
    given = ["--candles", candles(tmp_path / "c", symbols=(BTC, "XRPUSDT")), "--out", str(folder)]
    assert run(*given, root=root).returncode == 0
    universe = root / "universe/universe.json"

    def drop(document: dict) -> None:
        del document["symbols"]["XRPUSDT"]
        document["strategies"]["momentum"]["symbols"].remove("XRPUSDT")

    edited(universe, drop)
    assert "this run is over" in run(*given, root=root).stderr
    universe.write_text("{")
    assert "this run is over" in run(*given, root=root).stderr
    new = run(*given, "--new", root=root)
    assert (new.returncode, "no JSON" in new.stderr) == (2, True)


def test_when_the_folder_holds_another_run_then_it_says_what_differs(tmp_path: Path) -> None:
    """Two differences, both named, and what to do."""
    given = ["--out", str(tmp_path / "run")]
    assert run("--candles", candles(tmp_path / "c"), *given).returncode == 0
    other = run("--candles", candles(tmp_path / "d", 40), "--cash", "1", *given)
    assert other.returncode == 2
    assert "over other candles 1h than these; it began with 15000 USDT, not 1" in other.stderr
    assert "--new" in other.stderr


def test_when_another_executor_runs_there_then_nothing_is_put_aside(tmp_path: Path) -> None:
    """--new takes no folder away from a run that is going."""
    folder = tmp_path / "run"
    given = ["--candles", candles(tmp_path / "c"), "--out", str(folder)]
    assert run(*given).returncode == 0
    with Lock.take(folder, pid=1, started=0):
        made = run(*given, "--new")
    assert made.returncode == 3
    assert "--out" in made.stderr
    assert not (folder / "old").exists()


def test_when_the_first_candle_can_not_be_trusted_then_that_is_said_and_nothing_is_begun(tmp_path: Path) -> None:
    """No summary of nothing, and no trace: the same command begins when the file is mended."""
    source = Path(candles(tmp_path / "c")) / f"{BTC}.csv"
    whole = source.read_text()
    head, first, *rest = whole.splitlines()
    source.write_text("\n".join([head, first.replace(",100,", ",-100,"), *rest]) + "\n")
    given = ["--candles", str(source.parent), "--out", str(tmp_path / "run")]
    made = run(*given)
    assert made.returncode == 2
    assert f"{BTC}.csv:2" in made.stderr
    assert made.stdout == ""
    source.write_text(whole)
    assert run(*given).returncode == 0


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    """Starts the command as a process."""
    words = [sys.executable, "-m", "cli.main", "run", *arguments]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_when_it_is_asked_to_stop_then_it_ends_after_a_tick_and_goes_on_from_there(
    tmp_path: Path, number: signal.Signals
) -> None:
    """State files are as of the journal's last event, the exit code says which signal, and the command goes on."""
    folder = tmp_path / "run"
    process = start("--days", "30", "--out", str(folder))
    for _ in range(600):
        time.sleep(0.1)
        if (folder / "state/nav.json").exists():
            break
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "stopped; the same command goes on" in errors) == (128 + number, True)
    with Journal.read(folder) as journal:
        cursor = journal.cursor()
    nav = json.loads((folder / "state/nav.json").read_text())
    assert cursor is not None
    assert (nav["time"], nav["seq"]) == (cursor.time, cursor.seq)
    assert Decimal(nav["nav"]) == Decimal(str(cursor.pulse["nav"]))


def test_when_the_disk_is_full_then_it_says_so_and_nothing_that_was_committed_is_lost(tmp_path: Path) -> None:
    """No traceback; the same command goes on once there is room."""
    folder = tmp_path / "run"
    given = ["--candles", candles(tmp_path / "c", 300), "--out", str(folder)]

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    process = start(*given, preexec_fn=small)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "Traceback" not in errors
    assert "help: " in errors
    made = run(*given)
    assert made.returncode == 0, made.stderr
    assert "going on from" in made.stderr

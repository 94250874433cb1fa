"""Runs that are killed, as a process is killed, and started again: what they leave must be what an unkilled run leaves.

`python -m tests.execution.kills CANDLES --runs 20 --kills 10` is the long proof (`make soak`); with `--often`, under
rules whose windows and breakers stop something every few hours.
"""

import argparse
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from execution.books import Books
from execution.events import BreakerTripped, Decided, OrderSent
from execution.journal import Journal, JournalFault
from execution.journal_file import FILE
from generator.compile.finish import file_text
from generator.compile.stages import compile_universe
from tests.conftest import TODAY

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ("state", "execution")
OFTEN = {
    "stop_streak: 4": "stop_streak: 1",
    "loss_streak: 8": "loss_streak: 2",
    "streak_pause: 4h": "streak_pause: 5h",
    "refusals: 30": "refusals: 1",
    "daily_loss: 1%": "daily_loss: 0.2%",
    "trades_today: 40": "trades_today: 3",
    "symbol_orders: 60": "symbol_orders: 3",
    "orders_span: 1h": "orders_span: 8h",
    "cooldown: 5m": "cooldown: 3h",
}
WINDOWED = frozenset({"symbol_order_rate", "trades_today", "cooldown"})


@dataclass(frozen=True, slots=True)
class Left:
    """What a run leaves: every row of its journal as one hash, how many, and each published file's hash."""

    events: int
    journal: str
    files: dict[str, str]


def left_by(folder: Path) -> Left:
    """What a run left in a folder."""
    database = sqlite3.connect(folder / FILE)
    rows = database.execute("SELECT seq, time, kind, body FROM events ORDER BY seq").fetchall()
    database.close()
    files = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for part in PUBLISHED
        for path in sorted((folder / part).glob("*"))
        if path.is_file()
    }
    return Left(len(rows), sha256(repr(rows).encode()).hexdigest(), files)


def often(folder: Path) -> Path:
    """A project in a folder, with the shipped rules but for caps under which windows and breakers stop often."""
    for part in ("rules", "schemas", "universe"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    risk = folder / "rules/risk.yaml"
    text = risk.read_text(encoding="utf-8")
    for shipped, tight in OFTEN.items():
        assert text.count(f"  {shipped}\n") == 1, f"{shipped} is not in the shipped caps once"
        text = text.replace(f"  {shipped}\n", f"  {tight}\n")
    risk.write_text(text, encoding="utf-8")
    made = compile_universe(folder, today=TODAY)
    (folder / "universe/universe.json").write_text(file_text(made.document), encoding="utf-8")
    return folder


def stopped(folder: Path) -> tuple[int, int]:
    """How often a run's breakers closed, and how many of its decisions a window stopped."""
    with Journal.read(folder) as journal:
        events = [entry.event for entry in journal.entries(kinds=(BreakerTripped.kind, Decided.kind))]
    decisions = [{v["reason"] for v in e.record["vetoes"]} for e in events if isinstance(e, Decided) and not e.allowed]
    return sum(isinstance(e, BreakerTripped) for e in events), sum(bool(WINDOWED & said) for said in decisions)


def command(folder: Path, arguments: Sequence[str]) -> list[str]:
    """The command that runs, or goes on with, a run in a folder; `--root` among the arguments names its project."""
    project, rest = (arguments[:2], arguments[2:]) if arguments[:1] == ["--root"] else ([], arguments)
    return [sys.executable, "-m", "cli.main", *project, "run", "--out", str(folder), *rest]


def whole(folder: Path, arguments: Sequence[str]) -> float:
    """Run to the end, unkilled; how many seconds it took."""
    began = time.monotonic()
    subprocess.run(command(folder, arguments), cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - began


def kill_at(folder: Path, arguments: Sequence[str], seconds: float) -> bool:
    """Start, and kill after so many seconds; False where it had ended by itself before."""
    process = subprocess.Popen(
        command(folder, arguments), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    assert process.returncode == 0, "a run that nobody killed failed"
    return False


def wrong_after_kill(folder: Path) -> list[str]:
    """What must never be true of a journal, wherever its run was killed."""
    wrong: list[str] = []
    try:
        journal = Journal.read(folder)
    except JournalFault:
        # Killed before the file was laid out; a damaged one would not let the next start go on.
        return []
    with journal:
        books, sent = Books(), set()
        for entry in journal.entries():
            books.apply(entry.event, entry.time)
            if isinstance(entry.event, OrderSent):
                if entry.event.order in sent:
                    wrong.append(f"{entry.event.order} was sent twice")
                sent.add(entry.event.order)
        wrong += [f"{p.strategy} {p.symbol} has no exits" for p in books.ledger.positions.values() if p.exits is None]
    return wrong


def killed_run(folder: Path, arguments: Sequence[str], moments: Iterator[float], kills: int) -> tuple[int, list[str]]:
    """A run that is killed so many times on its way; how many kills struck, and all that was wrong after one."""
    struck, wrong = 0, []
    for _ in range(kills):
        if not kill_at(folder, arguments, next(moments)):
            return struck, wrong
        struck += 1
        wrong += wrong_after_kill(folder)
    while kill_at(folder, arguments, 600):
        pass
    return struck, wrong


def differences(expected: Left, found: Left) -> list[str]:
    """How what a killed run left differs from what the unkilled one left."""
    wrong = []
    if expected.journal != found.journal:
        wrong.append(f"the journal differs: {found.events} events, {expected.events} in the unkilled run")
    wrong += [
        f"{name} differs"
        for name in sorted(expected.files | found.files)
        if expected.files.get(name) != found.files.get(name)
    ]
    return wrong


def main() -> int:
    """The long proof: so many runs, each killed so many times; prints what it found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("candles", nargs="?", help="a folder of candles; default: the synthetic market")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--often", action="store_true", help="under rules whose windows and breakers stop often")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        arguments = ["--root", str(often(Path(scratch) / "project"))] if given.often else []
        arguments += ["--candles", str(Path(given.candles).resolve())] if given.candles else []
        took = whole(Path(scratch) / "whole", arguments)
        expected = left_by(Path(scratch) / "whole")
        tripped, windowed = stopped(Path(scratch) / "whole")
        print(
            f"unkilled: {expected.events} events in {took:.1f} s; breakers closed {tripped} times, and windows stopped "
            f"{windowed} orders",
            flush=True,
        )
        dice, total, failed = random.Random(given.seed), 0, 0
        for number in range(given.runs):
            folder = Path(scratch) / f"run{number}"
            moments = iter(lambda: dice.uniform(0.3, took * 0.35), None)
            struck, wrong = killed_run(folder, arguments, moments, given.kills)
            wrong += differences(expected, left_by(folder))
            total, failed = total + struck, failed + bool(wrong)
            print(f"run {number + 1}: {struck} kills, {'; '.join(wrong) or 'the same in the end'}", flush=True)
        print(f"{total} kills over {given.runs} runs; {failed} runs ended otherwise")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Decision, Engine
from execution.service.log import DecisionLog
from execution.service.sharing import Layer, Read
from execution.state.log import existing
from tests.execution.service.orders import order, split
from universe.decision_log import LogFault, whole
from universe.reader import Universe


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """An engine by the shipped rules."""
    return Engine(universe.ruleset)


def decided(engine: Engine, universe: Universe, count: int) -> list[tuple[Decision, Read]]:
    """Decisions on orders of three symbols, ten of each account."""
    found = []
    for number in range(count):
        facts = order(universe, ("BTCUSDT", "ETHUSDT", "SOLUSDT")[number % 3], f"{1 + number % 7}")
        facts["nav"]["total"] = str(250_000 + number // 10)
        account, symbol, own = split(facts)
        read = Layer(engine, symbol, Layer(engine, account)).read(own)
        found.append((engine.decide_snapshot(read.snapshot), read))
    return found


def lines(folder: Path) -> Iterator[tuple[str, str]]:
    """Every line of a log with its place, files in order."""
    for path in existing(folder, "decisions"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path.name}:{number}", line


def records(folder: Path) -> list[str]:
    """Every whole record of a log."""
    return [record for _, record in whole(lines(folder))]


def test_when_decisions_are_logged_then_each_record_comes_back_to_the_byte(
    engine: Engine, universe: Universe, tmp_path: Path
) -> None:
    """Over files of bounded size, each of which is read by itself; facts that are shared stand there once."""
    made = decided(engine, universe, 200)
    log = DecisionLog(tmp_path, batch=16, bound=20_000)
    for decision, read in made:
        log.write([decision.told(read.layers, read.own)])
    log.close()
    files = existing(tmp_path, "decisions")

    assert records(tmp_path) == [decision.to_json() for decision, _ in made]
    assert len(files) > 3
    assert all(path.stat().st_size <= 20_000 + 16 * 2_000 for path in files)
    alone = [list(whole((path.name, line) for line in path.read_text().splitlines())) for path in files]
    assert sum(map(len, alone)) == len(made)
    assert sum(path.stat().st_size for path in files) < 0.8 * sum(len(d.to_json()) for d, _ in made)


def test_when_a_batch_is_not_full_then_it_waits_until_it_is_flushed(
    engine: Engine, universe: Universe, tmp_path: Path
) -> None:
    """As many as were declared, and not one more."""
    made = decided(engine, universe, 5)
    log = DecisionLog(tmp_path, batch=4)
    counts = []
    for decision, read in made:
        log.write([decision.told(read.layers, read.own)])
        counts.append((log.waiting, len(records(tmp_path))))
    log.flush()

    assert counts == [(1, 0), (2, 0), (3, 0), (0, 4), (1, 4)]
    assert len(records(tmp_path)) == 5


KILLED = """
import os, sys
from pathlib import Path
from engine import Engine
from execution.service.log import DecisionLog
from tests.execution.service.test_log import decided
from universe.reader import load
universe = load(Path("universe/universe.json"))
made = decided(Engine(universe.ruleset), universe, 40)
log = DecisionLog(Path(sys.argv[1]), batch=8)
for number in range(1_000_000):
    decision, read = made[number % 40]
    log.write([decision.told(read.layers, read.own)])
    os.write(1, b".")
"""


def test_when_the_writer_is_killed_then_no_more_than_a_batch_is_lost(root: Path, tmp_path: Path) -> None:
    """Whatever it was doing; and one that starts later writes files of its own."""
    for _ in range(2):
        run = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
        )
        assert run.stdout is not None
        before = len(records(tmp_path))
        seen = len(run.stdout.read(1003))
        run.send_signal(signal.SIGKILL)
        seen += len(run.stdout.read())
        run.wait()
        run.stdout.close()

        assert seen - 8 <= len(records(tmp_path)) - before <= seen + 8


def test_when_the_last_line_is_cut_off_then_it_alone_stands_for_nothing(
    engine: Engine, universe: Universe, tmp_path: Path
) -> None:
    """At whatever byte; anywhere else it is a fault of the log."""
    log = DecisionLog(tmp_path)
    for decision, read in decided(engine, universe, 3):
        log.write([decision.told(read.layers, read.own)])
    log.close()
    found = list(lines(tmp_path))
    last = found[-1][1]
    for end in range(1, len(last), 7):
        torn: list[str] = []
        cut = [*found[:-1], ("last", last[:end])]
        assert len(list(whole(cut, torn.append))) == 2
        assert torn == ["last"]
        assert len(list(whole([*cut, *found], torn.append))) == 5
    with pytest.raises(LogFault) as fault:
        list(whole([*found[:-1], ("last", last[:50]), found[-1]]))
    assert fault.value.place == "last"


@pytest.mark.parametrize(
    ("old", "new"),
    [('"quantity":"3"', '"quantity":"4"'), ('"total":"250000"', '"total":"250001"'), ('"with":["', '"with":["f')],
)
def test_when_a_line_is_altered_then_it_is_no_record(
    engine: Engine, universe: Universe, tmp_path: Path, old: str, new: str
) -> None:
    """Its id says what was decided on: an altered order, version or reference is found out."""
    log = DecisionLog(tmp_path)
    for decision, read in decided(engine, universe, 4):
        log.write([decision.told(read.layers, read.own)])
    log.close()
    altered = [(place, line.replace(old, new)) for place, line in lines(tmp_path)]

    assert altered != list(lines(tmp_path))
    with pytest.raises(LogFault):
        list(whole([*altered, *altered[-1:]]))


def test_when_records_are_whole_already_then_they_pass_as_they_are(engine: Engine, universe: Universe) -> None:
    """The logs of `decide` and of runs are read by the same reader."""
    found = [("1", decision.to_json()) for decision, _ in decided(engine, universe, 3)]

    assert list(whole(found)) == found


@pytest.mark.parametrize("cuts", [True, False])
def test_when_the_disk_is_full_then_what_waits_is_written_later_and_once(
    cuts: bool, engine: Engine, universe: Universe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that stops half way leaves no half of a line behind, also where that can't be cut off at once."""
    made, write = decided(engine, universe, 4), os.write
    log = DecisionLog(tmp_path, batch=2)

    def half(file: int, data: Any) -> int:
        write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    log.write([made[0][0].told(made[0][1].layers, made[0][1].own)])

    def fails(file: int, length: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "write", half)
    if not cuts:
        monkeypatch.setattr(os, "ftruncate", fails)
    with pytest.raises(OSError, match="No space"):
        log.write([made[1][0].told(made[1][1].layers, made[1][1].own)])
    assert (log.waiting, records(tmp_path)) == (2, [])
    monkeypatch.undo()
    for decision, read in made[2:]:
        log.write([decision.told(read.layers, read.own)])
    log.close()

    assert records(tmp_path) == [decision.to_json() for decision, _ in made]

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from execution.lock import FILE, Holder, Lock, LockFault, LockHeld, holder
from tests.conftest import ROOT

HOLD: Final = """
import os, sys, time
from pathlib import Path
from execution.lock import Lock
lock = Lock.take(Path(sys.argv[1]), pid=os.getpid(), started=1234.5)
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def held_by_another(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the folder."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_start_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    """By its process and start; what to do is said."""
    with held_by_another(tmp_path) as process:
        with pytest.raises(LockHeld, match=f"process {process.pid} runs there") as fault:
            Lock.take(tmp_path, pid=1, started=2)
        assert fault.value.holder == holder(tmp_path) == Holder(process.pid, 1234)
        assert "name another folder" in fault.value.help


def test_the_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    """The kernel lets go of it; what the file still says is no lock."""
    with held_by_another(tmp_path) as process:
        process.kill()
        process.wait()
    assert json.loads((tmp_path / FILE).read_text())["pid"] == process.pid
    assert holder(tmp_path) is None
    with Lock.take(tmp_path, pid=5, started=6):
        assert holder(tmp_path) == Holder(5, 6)


def test_a_released_lock_is_free_again_and_its_file_stays(tmp_path: Path) -> None:
    """Releasing twice is fine; removing the file could let two hold what has the same name."""
    lock = Lock.take(tmp_path / "run", pid=5, started=6)
    inode = (tmp_path / "run" / FILE).stat().st_ino
    lock.release()
    lock.release()

    assert holder(tmp_path / "run") is None
    with Lock.take(tmp_path / "run", pid=7, started=8):
        assert (tmp_path / "run" / FILE).stat().st_ino == inode


def test_the_same_process_cannot_hold_a_folder_twice(tmp_path: Path) -> None:
    """Two runs in one process would share it as badly."""
    with Lock.take(tmp_path, pid=5, started=6), pytest.raises(LockHeld):
        Lock.take(tmp_path, pid=5, started=6)


def test_who_only_looks_never_stops_a_start(tmp_path: Path) -> None:
    """However often `doctor` and `positions` ask, an executor gets the folder at once."""
    stop = threading.Event()
    Lock.take(tmp_path, pid=0, started=0).release()

    def look() -> None:
        while not stop.is_set():
            holder(tmp_path)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(200):
            Lock.take(tmp_path, pid=os.getpid(), started=1).release()
    finally:
        stop.set()
        for looker in lookers:
            looker.join()


@pytest.mark.parametrize("text", ["", "{", '{"pid": "x"}', "[]"])
def test_a_holder_whose_file_says_nothing_is_still_one(text: str, tmp_path: Path) -> None:
    """The kernel says who holds the folder; the file only says its name."""
    with Lock.take(tmp_path, pid=5, started=6):
        (tmp_path / FILE).write_text(text)
        assert holder(tmp_path) == Holder(None, None)
        with pytest.raises(LockHeld, match="another process runs there"):
            Lock.take(tmp_path, pid=7, started=8)


def test_where_nobody_ever_ran_nobody_holds_anything(tmp_path: Path) -> None:
    """And looking makes no file."""
    assert holder(tmp_path / "nowhere") is None
    assert holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_hold_no_lock_is_a_fault(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").touch()
    with pytest.raises(LockFault, match="can't be locked") as fault:
        Lock.take(tmp_path / "file" / "run", pid=1, started=1)
    assert fault.value.help

"""One running executor per state folder: a lock on `<folder>/lock`, which says who holds it.

The kernel releases it when its holder ends, however it ends; what the file says afterwards is no lock. Where the disk
does not keep locks (some network disks), or a holder was paused for long, the journal's fence is what protects.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

FILE: Final = "lock"
TRIES: Final = 1000  # each gives way once to whoever only looks


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs in a folder: the process, and when it started by its clock (None where the file does not say)."""

    pid: int | None
    started: int | None


class LockHeld(RuntimeError):
    """Another executor runs in this folder; `help` says what to do."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        who = "another process" if holder.pid is None else f"process {holder.pid}"
        super().__init__(f"{folder} is in use: {who} runs there")
        self.holder = holder
        self.help = "end it first, or name another folder: two runs never share one"


class LockFault(RuntimeError):
    """The folder can't hold a lock; `help` says what to do."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} can't be locked: {error.strerror}")
        self.help = "name a folder on a local disk that you may write"


class Lock:
    """The lock of a folder, held from `take` to `release`, or to the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path, *, pid: int, started: float) -> "Lock":
        """Hold a folder, which is made where it is not there; `started` is Unix seconds.

        Raises:
            LockHeld: an executor runs there.
            LockFault: the folder or its lock can't be made.
        """
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LockFault(path, error) from None
        try:
            _acquire(descriptor, folder)
            _write(descriptor, json.dumps({"pid": pid, "started": int(started)}) + "\n")
        except OSError as error:
            os.close(descriptor)
            raise LockFault(path, error) from None
        except LockHeld:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    def release(self) -> None:
        """Let go of the folder; releasing twice is fine. The file stays: removing it could split the lock in two."""
        if self._descriptor is not None:
            _write(self._descriptor, "")
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def holder(folder: Path) -> Holder | None:
    """Who runs in a folder now; None where nobody does."""
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return None if _try(descriptor, fcntl.LOCK_SH) else _read(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path) -> None:
    """Hold the lock alone. Whoever looks shares it for a moment, and is waited for; an executor is not."""
    for _ in range(TRIES):
        if _try(descriptor, fcntl.LOCK_EX):
            return
        if not _try(descriptor, fcntl.LOCK_SH):
            break
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.sched_yield()
    raise LockHeld(folder, _read(descriptor))


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> Holder:
    try:
        data: Any = json.loads(os.pread(descriptor, 1000, 0))
        return Holder(int(data["pid"]), int(data["started"]))
    except (ValueError, KeyError, TypeError):
        return Holder(None, None)


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)

"""A run from its opening to its end: the lock, the journal, the loop, and what is published of it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from execution.books import Pulse
from execution.events import KillSwitched
from execution.journal import Entry, Journal, give
from execution.journal_file import FILE
from execution.lock import Lock
from execution.loop import Loop, heard
from execution.starting import RunFault, Setup, start
from execution.state import Publisher
from universe.trading import Tick

# Everything that a run leaves in its folder.
LEFT: Final = (FILE, "execution", "report.html", "state", "universes")


class Run:
    """One executor in one folder; a context that lets go of the folder however it ends."""

    def __init__(self, folder: Path, lock: Lock, journal: Journal) -> None:
        self.folder = folder
        self._lock = lock
        self._journal = journal
        self._publisher: Publisher | None = None
        self.loop: Loop
        self.ticks: Iterator[Tick]

    @classmethod
    def open(cls, setup: Setup, folder: Path, *, now: float, pid: int, anew: bool = False) -> "Run":
        """Begin a run in a folder, or go on with the one that is there.

        Args:
            setup: what it is a function of.
            folder: made where it is not there.
            now: Unix seconds, for the record of starts only.
            pid: this process.
            anew: keep a run that is there beside the folder, and begin.

        Raises:
            LockHeld, LockFault, JournalFault, PublishFault, RunFault, UniverseFault: why it can't be.
        """
        lock = Lock.take(folder, pid=pid, started=now)
        with ExitStack() as undone:
            undone.callback(lock.release)
            stopped = put_aside(folder, now=now, pid=pid) if anew else None
            journal = undone.enter_context(Journal.open(folder, now=now, pid=pid))
            if stopped is not None:
                give(folder, stopped.kind, {"on": True, "by": stopped.by, "why": stopped.why}, now=now)
            run = cls(folder, lock, journal)
            run._start(setup)
            undone.pop_all()
        return run

    def _start(self, setup: Setup) -> None:
        self.loop, self.ticks = start(setup, self.folder, self._journal, self._committed)
        self._publisher = Publisher(self.folder, self._journal, self.loop.desk.books)
        for entry in self._journal.entries():
            self._publisher.apply(entry)

    def _committed(self, entries: Sequence[Entry]) -> None:
        assert self._publisher is not None
        for entry in entries:
            self._publisher.apply(entry)

    @property
    def journal(self) -> Journal:
        """The run's journal."""
        return self._journal

    @property
    def pulse(self) -> Pulse:
        """What changes at every tick."""
        return self.loop.desk.pulse

    def publish(self) -> None:
        """Write state files and logs as of the last commit."""
        assert self._publisher is not None
        self._publisher.publish(self.pulse, self.loop.desk.gate.risk.universe)

    def records(self) -> dict[str, dict[str, Any]]:
        """What each state file says now, by its name."""
        assert self._publisher is not None
        return self._publisher.views.records(self.pulse, self.loop.desk.gate.risk.universe)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._journal.close()
        self._lock.release()


def put_aside(folder: Path, *, now: float, pid: int) -> KillSwitched | None:
    """Move what a run left in a folder into `old/<n>` there; the lock stays, since it is held.

    The journal is opened and closed before, which brings everything into its one file. What comes back is a kill
    switch that was on, or was given to a run that was not going: beginning anew does not switch it off.
    """
    stopped = None
    if (folder / FILE).exists():
        with Journal.open(folder, now=now, pid=pid) as journal:
            said = [e.event for e in journal.entries(kinds=(KillSwitched.kind,))]
            said += [switch for c in journal.commands(journal.last_command) if (switch := heard(c))]
        if said and isinstance(said[-1], KillSwitched) and said[-1].on:
            stopped = said[-1]
    kept = [p for p in sorted(folder.iterdir()) if p.name in LEFT]
    if not kept:
        return stopped
    numbers = [int(p.name) for p in (folder / "old").glob("*") if p.name.isdigit()]
    target = folder / "old" / str(max(numbers, default=0) + 1)
    try:
        target.mkdir(parents=True)
        for path in kept:
            path.rename(target / path.name)
    except OSError as error:
        raise RunFault(f"what is in {folder} can't be moved to {target}: {error.strerror}", "move it by hand") from None
    return stopped

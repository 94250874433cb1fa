"""Publishing: state files and logs of a run's folder, as views of its journal that can always be made again.

A log's lines are written first, then the journal is told how far it is written; a start cuts each log to what the
journal says and goes on from there, so that no line is doubled, torn or lost, wherever the process died.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from execution.books import Books, Pulse
from execution.journal import Entry, Journal, Mark
from execution.state.files import Files
from execution.state.lines import LOGS
from execution.state.log import SEGMENT_BYTES, Log
from execution.state.views import Views
from execution.universes import load_kept
from universe.reader import Universe

STATE: Final = "state"
EXECUTION: Final = "execution"
_AT_ONCE: Final = 2000


class PublishFault(RuntimeError):
    """State or logs can't be written; the journal is not touched by it, and `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text

    @classmethod
    def of(cls, folder: Path, error: OSError) -> "PublishFault":
        """What the disk said."""
        return cls(
            f"{error.filename or folder} can't be written: {error.strerror}",
            "make room or check who owns the folder, then start again: nothing is lost",
        )


class Publisher:
    """Writes a run's state files and logs; only the one executor of the folder has one.

    Args:
        folder: the run's.
        journal: open for writing.
        books: folded through the same entries as this, by whoever owns them.

    Raises:
        PublishFault: what a killed start left can't be put right.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        books: Books,
        *,
        files: Files | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._files = files or Files()
        self._logs = _logs(folder, self._files, segment_bytes)
        self._settled = True
        try:
            _make_folders(folder)
            self.views = Views(books, logged=self._restore())
        except OSError as error:
            raise PublishFault.of(folder, error) from None

    def _restore(self) -> int:
        """Cut the logs to what the journal knows of, or clear them; the last event whose lines they hold."""
        marks = self._journal.published()
        if self._cut(marks):
            return max((mark.seq for mark in marks), default=0)
        for log in self._logs.values():
            log.clear()
        self._journal.mark(())
        return 0

    def _cut(self, marks: Sequence[Mark]) -> bool:
        """Cut the logs to their marks; False where one holds less."""
        own = {log: list(of) for log, of in groupby(marks, key=lambda mark: mark.log)}
        return all(log.restore(own.get(name, [])) for name, log in self._logs.items())

    def apply(self, entry: Entry) -> None:
        """Take the next committed entry; at a start, every entry of the journal."""
        self.views.apply(entry)

    def publish(self, pulse: Pulse, universe: Universe | None) -> None:
        """Write the lines of every entry so far, and each state file as of now.

        Raises:
            Fenced: a later start has taken over; nothing was written.
            PublishFault: something can't be written; publishing again takes it up where it stopped.
        """
        self._journal.check_fence()
        try:
            if not (self._settled or self._cut(self._journal.published())):
                raise PublishFault(f"the logs in {self._folder} were cut short", "start again: they are made again")
            self._settled = False
            self._write_logs()
            for name, text in self.views.render(pulse, universe).items():
                self._files.replace(self._folder / STATE / f"{name}.json", text.encode())
            self._settled = True
        except OSError as error:
            raise PublishFault.of(self._folder, error) from None

    def _write_logs(self) -> None:
        waiting = self.views.lines.waiting()
        if any(waiting.values()):
            for name, lines in waiting.items():
                self._logs[name].append(lines)
            self._journal.mark([m for log in self._logs.values() for m in log.marks(self.views.seq)])
            self.views.lines.written()


def rebuild(folder: Path, *, files: Files | None = None, segment_bytes: int = SEGMENT_BYTES) -> None:
    """Make state files and logs again from the journal alone; the caller holds the folder's lock.

    Raises:
        JournalFault: there is no journal, or it can't be read.
        UniverseFault: the universe that decides is not kept.
        PublishFault: something can't be written.
    """
    used = files or Files()
    with Journal.read(folder) as journal:
        cursor, views, logs = journal.cursor(), Views(Books()), _logs(folder, used, segment_bytes)
        try:
            _make_folders(folder)
            for log in logs.values():
                log.clear()
            for entry in journal.entries():
                views.books.apply(entry.event, entry.time)
                views.apply(entry)
                if entry.seq % _AT_ONCE == 0:
                    _append(logs, views)
            _append(logs, views)
            universe = load_kept(folder, views.books.universe) if views.books.universe else None
            pulse = Pulse.from_record(cursor.pulse) if cursor else Pulse()
            for name, text in views.render(pulse, universe).items():
                used.replace(folder / STATE / f"{name}.json", text.encode())
        except OSError as error:
            raise PublishFault.of(folder, error) from None


def _append(logs: dict[str, Log], views: Views) -> None:
    for name, lines in views.lines.waiting().items():
        logs[name].append(lines)
    views.lines.written()


def _logs(folder: Path, files: Files, bound: int) -> dict[str, Log]:
    return {name: Log(folder / EXECUTION, name, files, bound) for name in LOGS}


def _make_folders(folder: Path) -> None:
    (folder / STATE).mkdir(parents=True, exist_ok=True)
    (folder / EXECUTION).mkdir(parents=True, exist_ok=True)

"""The journal: everything that happened, in order, and how far the run has come.

All state is a fold of its events. A commit writes the events of one step and moves the cursor in one transaction, so
that whoever reads finds either all of a step or nothing of it. Nothing in events and cursor depends on the clock, the
process or the machine; only `starts` and `commands` do.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from execution.event_texts import decode, encode
from execution.events import Event
from execution.journal_file import FILE, Fenced, JournalFault, create_or_open, fault, open_existing

__all__ = ["Command", "Cursor", "Entry", "Fenced", "Journal", "JournalFault", "Mark", "Start", "give"]

_DUMP: Final = json.JSONEncoder(separators=(",", ":")).encode
# No row is moved where another start has taken the fence: one statement checks and writes.
_MOVE: Final = "UPDATE cursor SET time = ?, seq = ?, command = ?, pulse = ? WHERE (SELECT epoch FROM fence) = ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event at its place: `seq` counts from 1 without a gap, `time` is the feed's, in Unix seconds."""

    seq: int
    time: int
    event: Event


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the run has come: the last committed step's time, last event, pulse, and last command that it saw."""

    time: int
    seq: int
    pulse: dict[str, Any]
    command: int


@dataclass(frozen=True, slots=True)
class Command:
    """What a person asked of the run from another process; `given` is that process's clock."""

    id: int
    kind: str
    body: dict[str, Any]
    given: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a log is published: bytes of one of its files, and the last event that they know of."""

    log: str
    segment: int
    bytes: int
    seq: int


@dataclass(frozen=True, slots=True)
class Start:
    """A process that took the journal, and when by its clock."""

    epoch: int
    at: int
    pid: int


class Journal:
    """A run's journal, in `journal.db` of its folder. Made by `open` (one writer) or `read` (anyone, beside it)."""

    def __init__(self, path: Path, database: sqlite3.Connection, epoch: int) -> None:
        self.path = path
        self.epoch = epoch
        self._database = database
        self._seen = -1
        self._newest = 0
        found = self.cursor()
        self._time: int | None = found.time if found else None
        self._seq, self._command = (found.seq, found.command) if found else (0, 0)

    @classmethod
    def open(cls, folder: Path, *, now: float, pid: int, full_sync: bool = False, patience: int = 5) -> "Journal":
        """The journal of a folder, to be written by this process alone: whoever held it before is fenced off.

        A killed process loses nothing that was committed. On a power loss, `full_sync` loses nothing either, at the
        price of a disk flush a commit; without it the last commits may be lost, whole and in order, never torn.

        Args:
            folder: the run's; made where it is not there.
            now: Unix seconds, kept in `starts` only.
            pid: the process, kept in `starts` only.
            full_sync: flush the disk at every commit.
            patience: seconds to wait while another process writes.

        Raises:
            JournalFault: it can't be opened, is damaged, locked, or of another format.
        """
        path = folder / FILE
        database = create_or_open(path, full_sync=full_sync, patience=patience)
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE fence SET epoch = epoch + 1")
            (epoch,) = database.execute("SELECT epoch FROM fence").fetchone()
            database.execute("INSERT INTO starts VALUES (?, ?, ?)", (epoch, int(now), pid))
            database.execute("COMMIT")
            return cls(path, database, epoch)
        except (sqlite3.Error, JournalFault) as error:
            database.close()
            raise error if isinstance(error, JournalFault) else fault(path, error) from None

    @classmethod
    def read(cls, folder: Path) -> "Journal":
        """The journal as it stands now, whether or not a run is writing it; what comes later is not seen.

        Raises:
            NoJournal: the folder holds none.
            JournalFault: it can't be read, is damaged, or of another format.
        """
        path = folder / FILE
        database = open_existing(path)
        try:
            database.execute("BEGIN")
            (epoch,) = database.execute("SELECT epoch FROM fence").fetchone()
            return cls(path, database, epoch)
        except (sqlite3.Error, JournalFault) as error:
            database.close()
            raise error if isinstance(error, JournalFault) else fault(path, error) from None

    def commit(
        self, time: int, events: Sequence[Event], pulse: Mapping[str, Any], *, command: int | None = None
    ) -> list[Entry]:
        """Write one step: its events, and the cursor behind them. What comes back are the events at their places.

        Args:
            time: of the feed, in Unix seconds; never before the last one.
            events: in order.
            pulse: what changes without an event, as JSON data.
            command: the id of the last command that these events answer; None: none was new.

        Raises:
            Fenced: a later start has taken over; nothing was written.
            JournalFault: the disk is full or fails, or another process holds the journal; nothing was written.
        """
        if self._time is not None and time < self._time:
            raise ValueError(f"the journal is at {self._time} and does not go back to {time}")
        entries = [Entry(seq, time, event) for seq, event in enumerate(events, self._seq + 1)]
        rows = [(entry.seq, time, entry.event.kind, encode(entry.event)) for entry in entries]
        seq, answered = self._seq + len(rows), self._command if command is None else command
        moved = (time, seq, answered, _DUMP(pulse), self.epoch)
        self._write(lambda: self._append(rows, moved))
        self._time, self._seq, self._command = time, seq, answered
        return entries

    def _append(self, rows: list[tuple[int, int, str, str]], moved: tuple[int, int, int, str, int]) -> None:
        self._guard(self._database.execute(_MOVE, moved).rowcount == 1)
        if rows:
            self._database.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)

    def check_fence(self) -> None:
        """Make sure that no later start has taken over.

        Raises:
            Fenced: one has.
        """
        self._guard(self._all("SELECT epoch FROM fence") == [(self.epoch,)])

    def mark(self, marks: Collection[Mark]) -> None:
        """Replace what is known of the published logs.

        Raises:
            Fenced: a later start has taken over; nothing was written.
            JournalFault: it can't be written; nothing was.
        """
        self._write(lambda: self._replace_marks(marks))

    def _replace_marks(self, marks: Collection[Mark]) -> None:
        database = self._database
        self.check_fence()
        database.execute("DELETE FROM published")
        rows = [(m.log, m.segment, m.bytes, m.seq) for m in marks]
        database.executemany("INSERT INTO published VALUES (?, ?, ?, ?)", rows)

    def _guard(self, held: bool) -> None:
        if not held:
            raise Fenced(
                f"{self.path}: a later start has taken this run over", "stop this one: what it does is not recorded"
            )

    def _write(self, change: Callable[[], None]) -> None:
        """A change as one transaction, or not at all."""
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                change()
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise fault(self.path, error) from None

    def entries(self, after: int = 0, kinds: Collection[str] = ()) -> Iterator[Entry]:
        """Events in order, from the one after a place; `kinds` picks some kinds, and leaves the others unread.

        Raises:
            JournalFault: an event can't be read, or this version does not know its kind.
        """
        only = f" AND kind IN ({','.join('?' * len(kinds))})" if kinds else ""
        query = f"SELECT seq, time, kind, body FROM events WHERE seq > ?{only} ORDER BY seq"
        try:
            for seq, time, kind, body in self._database.execute(query, (after, *kinds)):
                yield Entry(seq, time, decode(kind, body))
        except sqlite3.Error as error:
            raise fault(self.path, error) from None
        except ValueError as error:
            raise JournalFault(f"{self.path}: {error}", "use the version that wrote it") from None

    def cursor(self) -> Cursor | None:
        """How far the run has come; None before the first commit."""
        [(time, seq, command, pulse)] = self._all("SELECT time, seq, command, pulse FROM cursor")
        return None if time is None else Cursor(time, seq, json.loads(pulse), command)

    @property
    def last_command(self) -> int:
        """The last command that a commit answered; 0: none."""
        return self._command

    def commands(self, after: int = 0) -> list[Command]:
        """Commands that were given after one, in order. Asked again while nobody has written, it asks no table."""
        version: int = self._database.execute("PRAGMA data_version").fetchone()[0]
        if version == self._seen and after >= self._newest:
            return []
        rows = self._all("SELECT id, kind, body, given FROM commands WHERE id > ? ORDER BY id", (after,))
        self._seen, self._newest = version, rows[-1][0] if rows else after
        return [Command(number, kind, json.loads(body), given) for number, kind, body, given in rows]

    def published(self) -> list[Mark]:
        """How far each log is published, file by file in order."""
        return [Mark(*row) for row in self._all("SELECT log, segment, bytes, seq FROM published ORDER BY log, segment")]

    def starts(self) -> list[Start]:
        """Every process that took this journal, in order."""
        return [Start(*row) for row in self._all("SELECT epoch, at, pid FROM starts ORDER BY epoch")]

    def problems(self) -> list[str]:
        """What is wrong with the file, by reading all of it; empty where nothing is."""
        try:
            found = [str(row[0]) for row in self._database.execute("PRAGMA quick_check") if row[0] != "ok"]
        except sqlite3.Error as error:
            return [str(error)]
        count, first, last = self._all("SELECT count(*), min(seq), max(seq) FROM events")[0]
        if count and (first, last) != (1, count):
            found.append(f"events are missing: {count} are there, numbered {first} to {last}")
        if (last or 0) != self._seq:
            found.append(f"the cursor is at event {self._seq}, and the last one is {last or 0}")
        return found

    def _all(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise fault(self.path, error) from None

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def give(folder: Path, kind: str, body: Mapping[str, Any], now: float) -> Command:
    """Ask something of a run, whether or not it is going: it sees the command at its next step.

    Raises:
        NoJournal: the folder holds no run.
        JournalFault: the command can't be written; nothing was.
    """
    path = folder / FILE
    database = open_existing(path, writes=True)
    try:
        row = (kind, _DUMP(body), int(now))
        number = database.execute("INSERT INTO commands (kind, body, given) VALUES (?, ?, ?)", row).lastrowid
    except sqlite3.Error as error:
        raise fault(path, error) from None
    finally:
        database.close()
    assert number is not None
    return Command(number, kind, dict(body), int(now))

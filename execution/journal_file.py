"""The journal's file: its layout, how it is opened, and what may be wrong with it.

One SQLite database in WAL mode. A process that dies at any moment loses nothing that was committed. What a power
loss takes depends on how it was opened: see `Journal.open`.
"""

import sqlite3
from pathlib import Path
from typing import Final

FILE: Final = "journal.db"
FORMAT: Final = 1
APPLICATION: Final = 0x48454447  # tells this file from any other database
PATIENCE_SECONDS: Final = 5

LAYOUT: Final = (
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE cursor (id INTEGER PRIMARY KEY CHECK (id = 0), time INTEGER, seq INTEGER NOT NULL,"
    " command INTEGER NOT NULL, pulse TEXT NOT NULL)",
    "CREATE TABLE fence (id INTEGER PRIMARY KEY CHECK (id = 0), epoch INTEGER NOT NULL)",
    "CREATE TABLE starts (epoch INTEGER PRIMARY KEY, at INTEGER NOT NULL, pid INTEGER NOT NULL)",
    "CREATE TABLE commands (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body TEXT NOT NULL,"
    " given INTEGER NOT NULL)",
    "CREATE TABLE published (log TEXT NOT NULL, segment INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, PRIMARY KEY (log, segment)) WITHOUT ROWID",
    "INSERT INTO cursor VALUES (0, NULL, 0, 0, '{}')",
    "INSERT INTO fence VALUES (0, 0)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
)

_REMEDIES: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "make room and start again: nothing that was committed is lost"),
    sqlite3.SQLITE_BUSY: ("it is locked", "end the other process that writes it, then try again"),
    sqlite3.SQLITE_LOCKED: ("it is locked", "end the other process that writes it, then try again"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged or cut short", "restore it from a backup; `hedgerow doctor` says more"),
    sqlite3.SQLITE_NOTADB: ("it is no database", "move it away, or name another folder"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "check who owns the folder, and that its disk is writable"),
    sqlite3.SQLITE_CANTOPEN: ("it can't be opened", "check that the folder exists and who may read it"),
    sqlite3.SQLITE_IOERR: ("the disk failed or is full", "check the disk: nothing that was committed is lost"),
    sqlite3.SQLITE_PERM: ("it may not be read", "check who owns the folder"),
}


class JournalFault(RuntimeError):
    """The journal can't be read or written; `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


class Fenced(JournalFault):
    """A later start has taken the journal over: whoever meets this must stop."""


class NoJournal(JournalFault):
    """There is no journal in the folder."""


def fault(path: Path, error: sqlite3.Error) -> JournalFault:
    """What an error of the database means, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    what, help_text = _REMEDIES.get(code, ("it can't be used", "`hedgerow doctor` says more"))
    return JournalFault(f"{path}: {what} ({error})", help_text)


def create_or_open(path: Path, *, full_sync: bool = False, patience: int = PATIENCE_SECONDS) -> sqlite3.Connection:
    """A connection that writes, to a database of this layout, which is made where there is none.

    Raises:
        JournalFault: the file is none of ours, of another format, locked, damaged, or can't be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalFault(f"{path.parent} can't be made: {error.strerror}", "name another folder") from None
    database = _connect(f"{path.absolute().as_uri()}?mode=rwc", patience, path)
    try:
        _make(database, path)
        _check(database, path)
        database.execute(f"PRAGMA synchronous = {'FULL' if full_sync else 'NORMAL'}")
    except sqlite3.Error as error:
        database.close()
        raise fault(path, error) from None
    except JournalFault:
        database.close()
        raise
    return database


def open_existing(path: Path, *, writes: bool = False, patience: int = PATIENCE_SECONDS) -> sqlite3.Connection:
    """A connection to a journal that is there, beside whoever writes it.

    Raises:
        NoJournal: there is no such file.
        JournalFault: as `create_or_open`.
    """
    if not path.is_file():
        raise NoJournal(f"{path.parent} holds no run: there is no {path.name}", "name the folder of a run with --run")
    database = _connect(f"{path.absolute().as_uri()}?mode={'rw' if writes else 'ro'}", patience, path)
    try:
        if _is_empty(database):  # whoever began it was killed before the file was laid out
            raise NoJournal(
                f"{path.parent} holds no run: {path.name} is empty", "start it, or name another run's folder"
            )
        _check(database, path)
    except sqlite3.Error as error:
        database.close()
        raise fault(path, error) from None
    except JournalFault:
        database.close()
        raise
    return database


def _connect(address: str, patience: int, path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)
    except sqlite3.Error as error:
        raise fault(path, error) from None


def _make(database: sqlite3.Connection, path: Path) -> None:
    """Lay the database out where it is empty; several may try at once, and one does."""
    (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise JournalFault(f"{path}: its disk can't hold a journal (`{mode}`)", "name a folder on a local disk")
    database.execute("BEGIN IMMEDIATE")
    if _is_empty(database):
        for statement in LAYOUT:
            database.execute(statement)
    database.execute("COMMIT")


def _is_empty(database: sqlite3.Connection) -> bool:
    """Whether nobody has laid the database out yet, neither we nor another program."""
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables and not _numbers(database)[0]


def _check(database: sqlite3.Connection, path: Path) -> None:
    application, version = _numbers(database)
    if application != APPLICATION:
        raise JournalFault(f"{path} is another program's database", "move it away, or name another folder")
    if version != FORMAT:
        raise JournalFault(
            f"{path} is of format {version}, and this version reads format {FORMAT}",
            "use the version that wrote it, or name another folder",
        )


def _numbers(database: sqlite3.Connection) -> tuple[int, int]:
    return (
        database.execute("PRAGMA application_id").fetchone()[0],
        database.execute("PRAGMA user_version").fetchone()[0],
    )

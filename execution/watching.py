"""The universe on disk, watched: looked at between two intents, taken over only when it is whole, newer and fits."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from execution.universes import keep, load_kept, path_of
from universe import Universe, UniverseFault, load
from universe.trust import Trust

Stamp = tuple[int, int, int]
OLDER: Final = "the file is older than the rules that decide now; compile again if they are meant"


@dataclass(slots=True)
class UniverseFile:
    """A compiled universe at a path, and which state of the file was looked at last.

    Args:
        path: the file.
        environment: whose universe it must be.
        trust: whose signatures it must bear, beside those that its folder asks for.
        stamp: the file's state when it was read last; None: never.
        newest: when the file that decides was written, in nanoseconds.
    """

    path: Path
    environment: str
    trust: Trust = ()
    stamp: Stamp | None = None
    newest: int = 0
    _waiting: Universe | None = field(default=None, repr=False)

    def first(self) -> Universe:
        """The universe that a run begins with.

        Raises:
            UniverseFault: it can't be decided by.
        """
        self.stamp = _stamp(self.path)
        self.newest = self.stamp[2] if self.stamp else 0
        return load(self.path, self.environment, self.trust)

    def again(self, folder: Path, universe: str) -> Universe:
        """The universe by which a run decided when it was stopped; an older file is as refused as it was then.

        Raises:
            UniverseFault: the run doesn't keep it, or it was altered.
        """
        found = load_kept(folder, universe)
        self.newest = path_of(folder, universe).stat().st_mtime_ns
        return found

    def keep(self, folder: Path, universe: Universe) -> None:
        """Keep a universe that decides from now on with its run, as old as the file that it came in.

        Raises:
            OSError: it can't be written.
        """
        os.utime(keep(folder, universe), ns=(self.newest, self.newest))

    def look(
        self, active: str, objection: Callable[[Universe], str | None], refuse: Callable[[str | None, str], None]
    ) -> Universe | None:
        """A newer universe than the active one, if there is one that may take over.

        Args:
            active: hash of the universe that decides now.
            objection: why a universe may not take over now; one to which there is none any more does so by itself.
            refuse: told once of each state of the file that is not taken over: its hash where known, and why.
        """
        stamp = _stamp(self.path)
        if stamp == self.stamp:
            return self._fitting(objection)
        self.stamp, self._waiting = stamp, None
        if stamp is None:
            refuse(None, "the file is gone; the rules stay as they are")
            return None
        try:
            found = load(self.path, self.environment, self.trust)
        except UniverseFault as fault:
            refuse(None, str(fault))
            return None
        name = found.ruleset.universe_hash
        if name == active:
            self.newest = max(self.newest, stamp[2])
            return None
        if stamp[2] < self.newest:
            refuse(name, OLDER)
            return None
        self._waiting = found
        if (why := objection(found)) is not None:
            refuse(name, why)
            return None
        return self._fitting(objection)

    def _fitting(self, objection: Callable[[Universe], str | None]) -> Universe | None:
        """The universe that waits, once nothing is to be said against it."""
        found = self._waiting
        if found is None or objection(found) is not None:
            return None
        self._waiting = None
        self.newest = self.stamp[2] if self.stamp else self.newest
        return found


def _stamp(path: Path) -> Stamp | None:
    """Which state of the file this is: its node, size and time of change in nanoseconds."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns

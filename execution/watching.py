"""The universe on disk, watched: looked at between two intents, taken over only when it is whole, newer and fits."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from universe import Universe, UniverseFault, load

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class UniverseFile:
    """A compiled universe at a path, and which state of the file was looked at last.

    Args:
        path: the file.
        environment: whose universe it must be.
        stamp: the file's state when it was read last; None: never.
    """

    path: Path
    environment: str
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
        return load(self.path, self.environment)

    def look(self, active: str, held: Collection[str], refuse: Callable[[str | None, str], None]) -> Universe | None:
        """A newer universe than the active one, if there is one that may take over.

        Args:
            active: hash of the universe that decides now.
            held: symbols with an open position or a working order.
            refuse: told once of each state of the file that is not taken over: its hash where known, and why.
        """
        stamp = _stamp(self.path)
        if stamp == self.stamp:
            return self._fitting(held)
        self.stamp, self._waiting = stamp, None
        if stamp is None:
            refuse(None, "the file is gone; the rules stay as they are")
            return None
        try:
            found = load(self.path, self.environment)
        except UniverseFault as fault:
            refuse(None, str(fault))
            return None
        name = found.ruleset.universe_hash
        if name == active:
            self.newest = max(self.newest, stamp[2])
            return None
        if stamp[2] < self.newest:
            refuse(name, "the file is older than the rules that decide now; compile again if they are meant")
            return None
        self._waiting = found
        if missing := _dropped(found, held):
            refuse(
                name, f"it drops {', '.join(missing)}, where something is held or working; it waits until all is flat"
            )
        return self._fitting(held)

    def _fitting(self, held: Collection[str]) -> Universe | None:
        """The universe that waits, once it drops nothing that is held."""
        found = self._waiting
        if found is None or _dropped(found, held):
            return None
        self._waiting = None
        self.newest = self.stamp[2] if self.stamp else self.newest
        return found


def _dropped(universe: Universe, held: Collection[str]) -> list[str]:
    return sorted(s for s in held if s not in universe.ruleset.subjects)


def _stamp(path: Path) -> Stamp | None:
    """Which state of the file this is: its node, size and time of change in nanoseconds."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns

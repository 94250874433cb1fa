"""The log of decisions, written at line rate: in batches, in files of bounded size, each readable by itself.

What is written stays, also when the process is killed at any moment; what waits is lost with it, and no more than a
batch ever waits. A file is never written by two processes, nor again by one that starts later.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.reason import Told
from execution.state.log import SEGMENT_BYTES, existing, file_of, segment_of
from universe.decision_log import decision_line, head_line, names_of_versions, version_line, version_name

NAME: Final = "decisions"
BATCH: Final = 256
# Versions that lines may refer to: what is not among the last is logged again when it comes back.
MAX_VERSIONS: Final = 4096
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


class DecisionLog:
    """The log of one writer in a folder.

    Args:
        folder: where its files are.
        batch: how many decisions wait at most before they are written together.
        bound: bytes that a file has at most; a single line may be longer.

    Raises:
        OSError: the folder can't be made.
    """

    def __init__(self, folder: Path, batch: int = BATCH, bound: int = SEGMENT_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.batch = folder, batch
        self._bound = bound
        self._file: int | None = None
        self._length = 0  # of what is written to the file
        self._torn = False  # whether a part of a batch may stand behind that
        self._left = 0  # what the file may still take, with all that waits
        self._waiting: list[str] = []
        self._decisions = 0
        self._rules = ""
        self._versions: dict[str, str] = {}
        self._names: dict[tuple[str, ...], str] = {}

    @property
    def waiting(self) -> int:
        """How many decisions are not written yet."""
        return self._decisions

    @property
    def room(self) -> int:
        """How many more may wait."""
        return max(self.batch - self._decisions, 0)

    def write(self, decisions: Sequence[Told]) -> None:
        """Log decisions, no more than there is `room` for.

        Raises:
            OSError: the batch is full and can't be written; it waits on.
        """
        waiting, names = self._waiting, self._names
        for told in decisions:
            if self._left <= 0:
                self._next_file()
            if told.rules != self._rules:
                self._rules = told.rules
                self._forget()
                self._add(head_line(told.rules))
            line = decision_line(told, names.get(told.shared) or self._named(told.shared))
            waiting.append(line)
            self._left -= len(line)
            self._decisions += 1
        if self._decisions >= self.batch:
            self.flush()

    def _next_file(self) -> None:
        """End the file that is full: the next one begins with its rules again. What can't be written now makes it
        longer.
        """
        with suppress(OSError):
            self.flush()
            self._close()
            self._left, self._rules = self._bound, ""

    def _named(self, layers: tuple[str, ...]) -> str:
        """How lines name the versions of these layers, which then stand in the file."""
        if len(self._versions) + len(layers) > MAX_VERSIONS:
            self._forget()
        for facts in layers:
            if facts not in self._versions:
                name = self._versions[facts] = version_name(facts)
                self._add(version_line(name, facts))
        found = self._names[layers] = names_of_versions([self._versions[facts] for facts in layers])
        return found

    def _forget(self) -> None:
        self._versions.clear()
        self._names.clear()

    def _add(self, line: str) -> None:
        self._waiting.append(line)
        self._left -= len(line)

    def flush(self) -> None:
        """Write all that waits.

        Raises:
            OSError: it can't be written; it waits on, and the file holds no part of it when more is written.
        """
        if not self._waiting:
            return
        if self._file is None:
            self._file, self._length = self._next(), 0
        self._mend(self._file)
        data = "".join(self._waiting).encode()
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            self._torn = True
            with suppress(OSError):
                self._mend(self._file)
            raise
        self._length += len(data)
        self._waiting.clear()
        self._decisions = 0

    def _mend(self, file: int) -> None:
        """Cut off what a batch left that could not be written."""
        if self._torn:
            os.ftruncate(file, self._length)
            self._torn = False

    def _next(self) -> int:
        """The next file that nobody has written yet."""
        found = existing(self.folder, NAME)
        segment = segment_of(found[-1]) + 1 if found else 0
        while True:
            try:
                return os.open(self.folder / file_of(NAME, segment), _NEW, 0o644)
            except FileExistsError:
                segment += 1

    def _close(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None

    def close(self) -> None:
        """Write all that waits, and have it on the disk.

        Raises:
            OSError: it can't be written.
        """
        self.flush()
        self._close()
        self._left = 0

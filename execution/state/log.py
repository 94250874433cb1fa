"""An append-only log in files of bounded size: `decisions.jsonl`, then `decisions.1.jsonl`, `decisions.2.jsonl`, …

A file that is followed by another never changes again. Where one ends follows from the lines alone, so that a log
that is made again has the same files.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from execution.journal import Mark
from execution.state.files import Files

SEGMENT_BYTES: Final = 32_000_000


class Log:
    """One log in a folder, and how long each of its files is."""

    def __init__(self, folder: Path, name: str, files: Files, bound: int) -> None:
        self.name = name
        self._folder = folder
        self._files = files
        self._bound = bound
        self._lengths: list[int] = []

    def restore(self, marks: Sequence[Mark]) -> bool:
        """Cut the log to its marks, file by file; False where it holds less than they say, and must be made again."""
        self._lengths = [mark.bytes for mark in marks]
        for segment, length in enumerate(self._lengths):
            path = self._path(segment)
            size = path.stat().st_size if path.is_file() else -1
            if size < length:
                return False
            if size > length:
                self._files.cut(path, length)
        for path in existing(self._folder, self.name):
            if segment_of(path) >= len(marks):
                self._files.remove(path)
        return True

    def clear(self) -> None:
        """Take all of it away."""
        for path in existing(self._folder, self.name):
            self._files.remove(path)
        self._lengths = []

    def append(self, lines: Iterable[str]) -> None:
        """Add lines; a line that would make a file longer than the bound begins the next."""
        lengths, waiting = [*self._lengths], list[bytes]()
        for text in lines:
            data = text.encode()
            if not lengths or lengths[-1] + len(data) > self._bound:
                self._flush(waiting, len(lengths) - 1)
                lengths.append(0)
            waiting.append(data)
            lengths[-1] += len(data)
        self._flush(waiting, len(lengths) - 1)
        self._lengths = lengths

    def _flush(self, waiting: list[bytes], segment: int) -> None:
        if waiting:
            self._files.append(self._path(segment), b"".join(waiting))
            waiting.clear()

    def marks(self, seq: int) -> list[Mark]:
        """How far the log is written, as the journal keeps it."""
        return [Mark(self.name, segment, length, seq) for segment, length in enumerate(self._lengths)]

    def _path(self, segment: int) -> Path:
        return self._folder / file_of(self.name, segment)


def file_of(name: str, segment: int) -> str:
    """The name of a log's file; the first has no number."""
    return f"{name}.{segment}.jsonl" if segment else f"{name}.jsonl"


def segment_of(path: Path) -> int:
    """The number of a log's file, from 0."""
    number = path.name.split(".")[1]
    return int(number) if number.isdigit() else 0


def existing(folder: Path, name: str) -> list[Path]:
    """The files of a log that are there, in order."""
    pattern = re.compile(rf"{re.escape(name)}(\.[1-9][0-9]*)?\.jsonl")
    return sorted((p for p in folder.glob(f"{name}.*") if pattern.fullmatch(p.name)), key=segment_of)

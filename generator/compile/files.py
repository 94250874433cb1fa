"""Where sources come from: the folder of a project, or texts that are at hand, such as those of a commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from errno import ENOENT
from os import strerror
from pathlib import Path
from typing import Final, Protocol

# More than any file of rules may hold: what is larger is not read to its end.
MOST: Final = 8_000_000


class Files(Protocol):
    """Files by their paths from a project's root, with `/` between the parts."""

    def read(self, path: str) -> bytes:
        """What a file holds.

        Raises:
            OSError: there is none, or it can't be read.
        """

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of the files that stand directly in a folder, sorted; none where there is no such folder."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files below a folder."""

    root: Path

    def read(self, path: str) -> bytes:
        """What a file holds now; of one that is too large to be rules, more than may be, and no more than that."""
        with (self.root / path).open("rb") as file:
            return file.read(MOST + 1)

    def names(self, folder: str) -> tuple[str, ...]:
        """The files that stand in a folder now."""
        place = self.root / folder
        return tuple(sorted(p.name for p in place.iterdir() if p.is_file())) if place.is_dir() else ()


@dataclass(frozen=True, slots=True)
class Texts:
    """Files that are no files: what each path holds."""

    contents: Mapping[str, bytes]

    def read(self, path: str) -> bytes:
        """What a path holds."""
        if path not in self.contents:
            raise FileNotFoundError(ENOENT, strerror(ENOENT))
        return self.contents[path]

    def names(self, folder: str) -> tuple[str, ...]:
        """The paths that are directly in a folder."""
        parts = (path.rpartition("/") for path in self.contents)
        return tuple(sorted(name for parent, _, name in parts if parent == folder))


@dataclass(frozen=True, slots=True)
class Instead:
    """Files, with these texts in place of their own."""

    files: Files
    texts: Mapping[str, str]

    def read(self, path: str) -> bytes:
        """What a path holds, by the texts that stand in for it."""
        return self.texts[path].encode() if path in self.texts else self.files.read(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The files of a folder, which are the same."""
        return self.files.names(folder)

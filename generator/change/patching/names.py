"""Names of files: one that is plain shows what it says, and is the same single file on every disk."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Final

# What every file system keeps as it is; a part that ends in a dot loses it on some.
_PART: Final = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-]")


def is_plain(path: str) -> bool:
    """Whether each part of a path is made of letters, digits, `_`, `.` and `-` that every disk tells apart."""
    return all(_PART.fullmatch(part) for part in path.split("/"))


def mistakable(paths: Iterable[str]) -> frozenset[str]:
    """The paths that another one is taken for where letters of either case, or of another composition, are the same:
    checked out on such a disk, one of the files takes the place of the other.
    """
    found = list(paths)
    count = Counter(map(_folded, found))
    return frozenset(path for path in found if count[_folded(path)] > 1)


def _folded(path: str) -> str:
    return path.lower() if path.isascii() else unicodedata.normalize("NFKC", path).casefold()

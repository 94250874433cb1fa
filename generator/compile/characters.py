"""Characters that nobody sees, or that look like a space and are none."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from generator.compile.problems import UNSEEN, Problem

BYTE_ORDER: Final = "\ufeff"


def unseen(file: str, text: str) -> Iterator[Problem]:
    """The first of each such character in a text; a mark at the very beginning is the file's byte order."""
    body = text.removeprefix(BYTE_ORDER)
    odd = (c for c in set(body) if not c.isascii() and unicodedata.category(c) in UNSEEN)
    for at, character in sorted((body.index(c), c) for c in odd):
        line, column = body.count("\n", 0, at) + 1, at - body.rfind("\n", 0, at)
        name = unicodedata.name(character, "which has no name")
        message = f"U+{ord(character):04X}, {name}, can't be seen here"
        yield Problem(file, line, column, "unseen-character", message, "write a plain space, or nothing")

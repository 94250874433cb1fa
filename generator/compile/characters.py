"""Characters that nobody sees, or that look like a space and are none."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from generator.compile.problems import Problem

# Spaces that YAML takes for letters, what turns the direction of reading, and what has no width. A mark at the very
# beginning of a file is its byte order.
_UNSEEN: Final = re.compile(
    "[\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u3000\ufeff]"
)


def unseen(file: str, text: str) -> Iterator[Problem]:
    """What stands in a text and can't be told from a space, or from nothing, by looking at it."""
    body = text.removeprefix("\ufeff")
    for match in _UNSEEN.finditer(body):
        before = body[: match.start()]
        line, column = before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1
        message = f"{named(match[0])} can't be seen here"
        yield Problem(file, line, column, "unseen-character", message, "write a plain space, or nothing")


def named(character: str) -> str:
    """A character by its number and its name in Unicode."""
    return f"U+{ord(character):04X}, {unicodedata.name(character, 'which has no name')},"

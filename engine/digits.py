"""Numbers that are plain, many at once: their texts in canonical form, or nothing where one of them is not plain.

Plain is a number without exponent, sign of plus or needless zeros before it, of at most 19 digits before the point and
18 behind it, of the sign that its fact has, and whole where that counts. All others are read one by one.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from engine.tree import Sign

try:
    from engine.backends import texts
except ImportError:  # there was no compiler
    texts = None  # type: ignore[assignment]

_BEFORE: Final = {Sign.POSITIVE: "(?=[0.]*[1-9])", Sign.NONNEGATIVE: "", Sign.ANY: "(?:-(?=[0.]*[1-9]))?"}
_WHOLE: Final = "(?:0|[1-9][0-9]{0,18})"
_BEHIND: Final = r"(?:\.[0-9]{1,18})?"


class Sort(NamedTuple):
    """Which plain numbers a fact may have: of this sign, and only whole ones where it counts."""

    sign: Sign
    counts: bool


Digits = Callable[[tuple[Any, ...]], Sequence[str] | None]


def reading(sorts: Sequence[Sort]) -> Digits:
    """A function that takes as many texts as there are sorts, and gives their canonical forms."""
    if texts is not None:
        return texts.Digits(tuple([texts.KINDS[sort] for sort in sorts])).read
    pattern = re.compile("\n".join([_BEFORE[sign] + _WHOLE + ("" if counts else _BEHIND) for sign, counts in sorts]))

    def read(given: tuple[Any, ...]) -> Sequence[str] | None:
        try:
            if not pattern.fullmatch("\n".join(given)):
                return None
        except TypeError:  # one is no text
            return None
        return [n.rstrip("0").rstrip(".") if n[-1] == "0" and "." in n else n for n in given]

    return read

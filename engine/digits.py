"""Numbers that are plain, many at once: their texts in canonical form, or nothing where one of them is not plain.

Plain is a number without exponent, sign of plus or needless zeros before it, of at most 19 digits before the point and
18 behind it, that has the sign of its fact. All others are read one by one.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from engine.tree import Sign

try:
    from engine.backends import texts
except ImportError:  # there was no compiler
    texts = None  # type: ignore[assignment]

_UNSIGNED: Final = r"(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,18})?"
_PATTERNS: Final = {
    Sign.POSITIVE: rf"(?=[0.]*[1-9]){_UNSIGNED}",
    Sign.NONNEGATIVE: _UNSIGNED,
    Sign.ANY: rf"(?:-(?=[0.]*[1-9]))?{_UNSIGNED}",
}

Digits = Callable[[tuple[Any, ...]], Sequence[str] | None]


def reading(signs: Sequence[Sign]) -> Digits:
    """A function that takes as many texts as there are signs, and gives their canonical forms."""
    if texts is not None:
        return texts.Digits(tuple([texts.KINDS[sign] for sign in signs])).read
    pattern = re.compile("\n".join([_PATTERNS[sign] for sign in signs]))

    def read(given: tuple[Any, ...]) -> Sequence[str] | None:
        try:
            if not pattern.fullmatch("\n".join(given)):
                return None
        except TypeError:  # one is no text
            return None
        return [n.rstrip("0").rstrip(".") if n[-1] == "0" and "." in n else n for n in given]

    return read

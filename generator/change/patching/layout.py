"""What a text shows beside what it says: its comments, and characters that a reader does not see."""

import unicodedata
from collections import Counter
from typing import Final

import yaml

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Format characters turn the direction of writing or show nothing; separators break lines where no editor shows it.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_SEEN: Final = frozenset("\n\t")


def unseen(text: str) -> Counter[str]:
    """The characters of a text that its reader does not see, and how often each stands there."""
    found = Counter(c for c in text if not c.isascii() or c < " " or c == "\x7f")
    whole = text.replace("\r\n", "\n")
    found["\r"] = whole.count("\r")
    return Counter({c: n for c, n in found.items() if n and c not in _SEEN and unicodedata.category(c) in _UNSEEN})


def unseen_in_name(name: str) -> Counter[str]:
    """The same for the name of a file, which has no lines to break."""
    return Counter(c for c in name if unicodedata.category(c) in _UNSEEN)


def newly_unseen(before: bytes, after: bytes) -> Counter[str]:
    """The characters that became unseen by an edit; what is no text has none."""
    try:
        return unseen(after.decode()) - unseen(before.decode())
    except UnicodeDecodeError:
        return Counter()


def comments(text: str) -> tuple[str, ...]:
    """The comments of a YAML text, in order.

    Whatever stands between two tokens is blank or a comment.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    # A mark of the scanner written in C counts bytes in no encoding that we know; lines and columns are sound.
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: list[str] = []
    at = 0
    for token in yaml.scan(text, Loader=_Loader):
        start = _offset(starts, token.start_mark)
        found += _between(text[at:start])
        at = max(at, _offset(starts, token.end_mark))
    return (*found, *_between(text[at:]))


def _offset(starts: list[int], mark: yaml.Mark) -> int:
    return starts[min(mark.line, len(starts) - 1)] + mark.column


def _between(gap: str) -> list[str]:
    return [line.strip() for line in gap.splitlines() if line.strip()]

"""Text from rules and logs where it could do harm: in a terminal, in Markdown, in workflow commands."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 300
_JOINER: Final = "⁠"  # takes no room, and keeps what it stands in from being a mention or a link
_MARKS: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&-])")
_LINKS: Final = re.compile(r"(@|://|\bwww\.|\bGH-(?=\d)|#(?=\d))", re.IGNORECASE)


def spelled(text: str) -> str:
    """Text with what has no shape, breaks lines or turns text spelled out."""
    return "".join(c if not unicodedata.category(c).startswith("C") else f"\\u{ord(c):04x}" for c in text)


def visible(text: str) -> str:
    """One line of what can be seen, and not too long: line breaks become blanks."""
    shown = spelled(" ".join(text.split()))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def code(text: str) -> str:
    """Text as a Markdown code span, whatever is in it; safe in a table."""
    # A table ends a cell at a bar behind two backslashes, code or not: there the bar is spelled out.
    shown = re.sub(r"(?<!\\)\|", r"\\|", re.sub(r"(?<=\\)\|", r"\\u007c", visible(text)))
    if not shown:
        return ""
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def words(text: str) -> str:
    """Text as plain words in Markdown: no markup, no HTML, no mention, no link."""
    plain = _LINKS.sub(lambda found: f"{found[0][0]}{_JOINER}{found[0][1:]}", visible(text))
    return _MARKS.sub(r"\\\1", plain)


def message(text: str) -> str:
    """Text as the message of a workflow command."""
    return visible(text).replace("%", "%25")


def parameter(text: str) -> str:
    """Text as a parameter of a workflow command."""
    return message(text).replace(":", "%3A").replace(",", "%2C")

"""Problems: what is wrong with a text, at which line and column, and what to do about it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in one file. Line and column count from 1; a warning doesn't stop the compile."""

    file: str
    line: int
    column: int
    code: str
    message: str
    help: str | None = None
    warning: bool = False

    def __lt__(self, other: "Problem") -> bool:
        return self.place < other.place

    @property
    def place(self) -> tuple[str, int, int, str, str]:
        """What problems are sorted by."""
        return (self.file, self.line, self.column, self.code, self.message)


class Refused(Exception):
    """The sources can't be compiled; carries every problem of every file, and the texts to show them in."""

    def __init__(self, problems: Iterable[Problem], texts: Mapping[str, str]) -> None:
        self.problems = tuple(sorted(problems))
        self.texts = texts
        super().__init__(f"{len(self.problems)} problem(s)")


_QUOTED: Final = re.compile(r"`([^`]*)`")
# Of Unicode, what nobody sees beside controls: formats, and what separates words, lines and paragraphs.
UNSEEN: Final = ("Cf", "Zs", "Zl", "Zp")


def render(problem: Problem, text: str | None = None) -> str:
    """`file:line:column: CODE message`, the line with a caret under the place, and `help: …`."""
    head = "warning: " if problem.warning else ""
    lines = [f"{problem.file}:{problem.line}:{problem.column}: {head}{problem.code} {problem.message}"]
    source = text.splitlines() if text is not None else []
    if 0 < problem.line <= len(source):
        shown = _printed(source[problem.line - 1])
        start = max(0, problem.column - 60) if len(shown) > 120 else 0
        lines.append(
            f"    {'…' if start else ''}{shown[start : start + 110].rstrip()}{'…' if len(shown) > start + 110 else ''}"
        )
        lines.append("    " + " " * (problem.column - 1 - start + bool(start)) + "^")
    if problem.help:
        lines.append(f"help: {problem.help}")
    lines += [f"help: {letter}" for letter in foreign("".join(_QUOTED.findall(problem.message)))]
    return "\n".join(lines)


def _printed(line: str) -> str:
    """A line as a terminal may show it: nothing in it moves the cursor, or turns the direction of reading."""
    hidden = {c for c in set(line) if c not in " \t" and unicodedata.category(c) in ("Cc", *UNSEEN)}
    return line.translate(dict.fromkeys(map(ord, hidden), "\ufffd"))


def foreign(words: str) -> list[str]:
    """The letters and digits in some words that may be taken for others, each with its number and name in Unicode."""
    odd = [c for c in dict.fromkeys(words) if c.isalnum() and not c.isascii()]
    return [f"`{c}` is U+{ord(c):04X}, {unicodedata.name(c, 'which has no name')}" for c in odd]


def report(problems: Iterable[Problem], texts: Mapping[str, str]) -> str:
    """All problems, one block each, sorted by place."""
    return "\n".join(render(p, texts.get(p.file)) for p in sorted(problems))

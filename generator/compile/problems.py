"""Problems: what is wrong with a text, at which line and column, and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


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


def render(problem: Problem, text: str | None = None) -> str:
    """`file:line:column: CODE message`, the line with a caret under the place, and `help: …`."""
    head = "warning: " if problem.warning else ""
    lines = [f"{problem.file}:{problem.line}:{problem.column}: {head}{problem.code} {problem.message}"]
    source = text.splitlines() if text is not None else []
    if 0 < problem.line <= len(source):
        shown = source[problem.line - 1]
        start = max(0, problem.column - 60) if len(shown) > 120 else 0
        lines.append(
            f"    {'…' if start else ''}{shown[start : start + 110].rstrip()}{'…' if len(shown) > start + 110 else ''}"
        )
        lines.append("    " + " " * (problem.column - 1 - start + bool(start)) + "^")
    if problem.help:
        lines.append(f"help: {problem.help}")
    return "\n".join(lines)


def report(problems: Iterable[Problem], texts: Mapping[str, str]) -> str:
    """All problems, one block each, sorted by place."""
    return "\n".join(render(p, texts.get(p.file)) for p in sorted(problems))

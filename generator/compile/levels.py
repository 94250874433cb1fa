"""How loud each lint is: as shipped, as `rules/lints.yaml` says, or silent on a line that says why.

A lint is a problem that people may judge otherwise. `# hedgerow: ignore CODE reason` at the end of a line, or alone
above it, takes one lint from that line; it needs a reason, and says so itself once it is no longer needed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from engine.catalog import did_you_mean
from generator.compile.problems import Problem
from generator.compile.schema_parts import WHY, Schema, closed, file

if TYPE_CHECKING:
    from generator.compile.sources import Sources


class Level(StrEnum):
    """What comes of a lint."""

    ERROR = "error"
    WARNING = "warning"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Lint:
    """A problem that people may judge otherwise: how loud it is as shipped, and what to do about it.

    `asked` names the option of `hedgerow check` without which it is not looked for.
    """

    level: Level
    remedy: str
    asked: str = ""


LINTS: Final[Mapping[str, Lint]] = {
    "no-op-override": Lint(Level.WARNING, "Remove it; what stands above it holds."),
    "idle-regime": Lint(Level.WARNING, "Write a value that is tighter than what somebody has, or leave it out."),
    "unread-cap": Lint(Level.ERROR, "Write a rule that reads it, or remove it from `schemas/caps.yaml`."),
    "contradictory-caps": Lint(Level.ERROR, "Lower the one or raise the other; until then nothing passes both."),
    "venue-minimum-over-cap": Lint(
        Level.ERROR, "Raise the cap over what the venue takes at least, or leave the symbol out."
    ),
    "under-venue-minimum": Lint(Level.WARNING, "Raise it to the venue's, which is what counts."),
    "over-bracket": Lint(Level.WARNING, "Lower the leverage or the size to what the venue's bracket gives."),
    "beyond-brackets": Lint(Level.WARNING, "Lower it to what the venue lets anyone hold."),
    "bare-number": Lint(Level.WARNING, "Make it a cap, where it has a name, a unit and a direction."),
    "shadowed-gate": Lint(Level.WARNING, "Remove it, or say why it stays: the other may be loosened one day."),
    "inert-gate": Lint(Level.WARNING, "Feed what it reads, or say what it waits for.", "--log"),
    "holds-exits": Lint(Level.ERROR, "Leave `exits` out, so that exits pass, or read only what the venue looks at."),
    "no-largest": Lint(Level.WARNING, "Write it as a line in the adjustable fact, or say why it is none."),
    "repeated-row": Lint(Level.WARNING, "Remove the row, or give it a condition of its own."),
    "shadow-over": Lint(Level.ERROR, "Enforce the gate, or give its shadow a later day."),
    "waiver-over": Lint(Level.WARNING, "Remove the waiver: it lets nothing pass any more."),
    "idle-waiver": Lint(Level.WARNING, "Remove the waiver, or name the gate that stops them."),
    "passes-missing": Lint(Level.WARNING, "Let the missing fact veto, or say why its absence is harmless."),
    "treacherous-word": Lint(Level.WARNING, "Put it in quotes; `hedgerow fmt` does so with values."),
    "unused-ignore": Lint(Level.WARNING, "Remove the comment."),
    "nothing-passes": Lint(Level.ERROR, "Move one of the bounds that it names, or leave the symbol out.", "--nav"),
    "size-too-small": Lint(Level.WARNING, "Let the sizing table propose more.", "--nav"),
}
_MARK: Final = re.compile(r"(?:^|\s)#\s*hedgerow:\s*ignore\b(.*)")
_FORM: Final = "write `# hedgerow: ignore CODE reason`"


def schema() -> Schema:
    """Of `rules/lints.yaml`."""
    level = {"enum": [str(level) for level in Level], "description": "What comes of it; silent: nothing."}
    entry = closed({"level": level, "why": WHY}, ("level", "why"))
    lints = closed(dict.fromkeys(LINTS, entry), description="Lints that are not as loud as they are shipped.")
    return file("How loud each lint is", {"lints": lints}, ("lints",))


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that takes a lint from a line; `line` is its own, `covers` the one that it is about."""

    file: str
    line: int
    column: int
    covers: int
    code: str
    reason: str


def heard(problems: Iterable[Problem], sources: "Sources") -> list[Problem]:
    """The problems as loud as they are to be; lints that are silent, or ignored on their line, are left out."""
    levels = _levels(sources)
    ignored = {(i.file, i.covers, i.code) for i in ignores(sources.texts) if i.reason}
    found = []
    for problem in problems:
        level = levels.get(problem.code)
        if level is None:
            found.append(problem)
        elif level is not Level.SILENT and (problem.file, problem.line, problem.code) not in ignored:
            found.append(replace(problem, warning=level is Level.WARNING))
    return found


def misused(problems: Iterable[Problem], sources: "Sources") -> Iterator[Problem]:
    """The comments that ignore nothing that was found, give no reason, or name no lint."""
    there = {(p.file, p.line, p.code) for p in problems}
    for mark in ignores(sources.texts):
        lint = LINTS.get(mark.code)
        if lint is None:
            help_text = did_you_mean(mark.code, LINTS) or _FORM
            yield _at(mark, "bad-ignore", f"`{mark.code}` is no lint", help_text)
        elif not mark.reason:
            yield _at(mark, "bad-ignore", f"`{mark.code}` is ignored here without a reason", _FORM)
        elif not lint.asked and (mark.file, mark.covers, mark.code) not in there:
            message = f"there is no `{mark.code}` here to ignore"
            yield replace(_at(mark, "unused-ignore", message, "remove the comment"), warning=True)


def _at(mark: Ignore, code: str, message: str, help_text: str) -> Problem:
    return Problem(mark.file, mark.line, mark.column, code, message, help_text)


def _levels(sources: "Sources") -> dict[str, Level]:
    """Each lint's level; what is no level is its own problem, and leaves it as shipped."""
    levels = {code: lint.level for code, lint in LINTS.items()}
    entries: Any = sources.entries("lints")
    for code, entry in entries.items() if isinstance(entries, dict) else ():
        written = str(entry.get("level")) if isinstance(entry, dict) else ""
        if code in levels and written in [*Level]:
            levels[code] = Level(written)
    return levels


def ignores(texts: Mapping[str, str]) -> Iterator[Ignore]:
    """Every such comment; one that stands alone is about the next line that holds anything else."""
    for name, text in texts.items():
        if "hedgerow:" not in text or not name.endswith(".yaml"):
            continue
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            if match := _MARK.search(line):
                code, _, reason = match[1].strip().partition(" ")
                column = match.start() + len(match[0]) - len(match[0].lstrip()) + 1
                alone = not line[: match.start()].strip()
                covers = _next(lines, number) if alone else number
                yield Ignore(name, number, column, covers, code, reason.strip())


def _next(lines: list[str], number: int) -> int:
    """The number of the next line that is neither blank nor a comment."""
    rest = enumerate(lines[number:], number + 1)
    return next((n for n, line in rest if line.strip() and not line.lstrip().startswith("#")), number)

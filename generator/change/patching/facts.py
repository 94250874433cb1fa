"""The facts of a change, as `schemas/surfaces.yaml` declares them; what could not be found out is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any, Final

from engine.numbers import canonical
from generator.change.changes import Diff
from generator.change.flips import Flips
from generator.change.patching.edits import Edit
from generator.change.patching.findings import Findings
from generator.change.patching.steps import Steps

_UP: Final = Context(prec=12, rounding=ROUND_CEILING)
Facts = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Course:
    """How head came about: the files of the checker that are not base's, how many commits it is behind base and beyond
    it, how many of those are merges, and what it edits.
    """

    foreign: tuple[str, ...]
    behind: int
    commits: int
    merges: int
    runs: bool
    edits: int


@dataclass(frozen=True, slots=True)
class Results:
    """What was found out of a change; None where head does not compile."""

    findings: Findings
    diff: Diff | None = None
    flips: Flips | None = None
    steps: Steps | None = None


def of_change(course: Course, results: Results) -> Facts:
    """The facts of the change as a whole."""
    found, diff, flips, steps = results.findings, results.diff, results.flips, results.steps
    return {
        "change": {
            "own_checker": not course.foreign,
            "behind": str(course.behind),
            "commits": str(course.commits),
            "merges": str(course.merges),
            "runs": course.runs,
            "edits": str(course.edits),
            "word": None if diff is None else str(diff.word),
        },
        "found": {
            "problems": str(len(found.problems)),
            **{name: _count(getattr(found, name)) for name in ("stale", "breaches", "failing", "broken", "idle")},
        },
        "flips": {
            "stopped": None if flips is None else _share(flips.vetoed, flips.passed),
            "passed": None if flips is None else str(flips.allowed),
            "held": None if flips is None else str(flips.exits_held),
        },
        "step": {
            "day": None if steps is None else steps.day(),
            "month": None if steps is None else steps.month(),
            "unmeasured": None if steps is None else str(steps.unmeasured),
        },
    }


def of_edit(edit: Edit, place: str, surface: str, author: str) -> Facts:
    """The facts of one edit."""
    own = {"surface": surface, "author": author, "place": place, "action": str(edit.action)}
    return {"edit": {**own, "plain": edit.plain, "legible": not edit.unseen}}


def _count(found: Sequence[str] | None) -> str | None:
    return None if found is None else str(len(found))


def _share(part: int, whole: int) -> str:
    return canonical(_UP.divide(Decimal(part), Decimal(whole))) if whole else "0"

"""What to do about a veto, by its reason: the help line of the report, and a column of `docs/agents.md`."""

from collections.abc import Mapping
from typing import Final

REMEDIES: Final[Mapping[str, str]] = {
    "foreign_checker": "run the checker from a checkout of base",
    "behind_base": "rebase onto base, and check again",
    "illegible": "write it in characters that show",
    "record_edited": "take the file as base has it",
    "does_not_compile": "mend what `hedgerow check` says",
    "generated_stale": "run `make universe docs`, and commit what it writes; edit sources alone",
    "invariant_broken": "choose a value that keeps it; only people relax an invariant",
    "scenario_failing": "choose a value that keeps the example, or leave the change to a person",
    "place_not_allowed": "take the edit out, or leave it to a person; one patch stays on one surface",
    "only_added_to": "leave what is there as it is, and add beside it",
    "not_a_plain_file": "make it an ordinary file, with a name of letters, digits, `_`, `.` and `-` that no other has",
    "merge_commit": "rebase instead of merging",
    "several_commits": "make one commit of them",
    "too_many_edits": "make several patches",
    "class_not_allowed": "choose values that stop more, never less; `hedgerow whatif --set …` says which way each goes",
    "scenario_broken": "leave what people wrote as it is",
    "nothing_trades": "choose a value that leaves a size; `hedgerow check --nav …` names the gates that close the rest",
    "exit_held": "exits pass; leave `exits` and what orders reduce by to people",
    "newly_passing": "choose values that stop more, never less",
    "flip_budget": "take a smaller step",
    "step_day": "take a smaller step, or wait until the last one is a day old",
    "step_month": "take a smaller step, or leave it to a person",
    "step_unmeasured": "leave bounds from or to `none`, from zero, and lists to a person",
}


def remedy(reason: str) -> str:
    """What to do; nothing where nobody has said."""
    return REMEDIES.get(reason, "")

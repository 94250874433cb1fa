"""What is accepted as not covered, each with the reason why: `rules/uncovered.yaml`, which people edit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.catalog import did_you_mean
from engine.ruleset import RuleSet
from generator.compile.problems import Refused
from generator.compile.shape import check_shape
from generator.compile.text import read_text

FILE: Final = "rules/uncovered.yaml"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What no scenario need show: outcomes (gate, column) and mutants by name, each with `file:line` of its entry."""

    outcomes: dict[tuple[str, str], str]
    mutants: dict[str, str]


NOTHING: Final = Accepted({}, {})


def read_accepted(root: Path, ruleset: RuleSet, schema: Mapping[str, Any]) -> Accepted:
    """What the file accepts; nothing where there is none.

    Raises:
        Refused: with every problem of the file.
    """
    path = root / FILE
    if not path.is_file():
        return NOTHING
    text = path.read_text(encoding="utf-8")
    document, problems = read_text(FILE, text)
    problems = problems or check_shape(document, schema)
    if problems:
        raise Refused(set(problems), {FILE: text})
    outcomes: dict[tuple[str, str], str] = {}
    known = [g.id for g in ruleset.gates]
    for i, entry in enumerate(document.data.get("outcomes", [])):
        gate = entry["gate"]
        if gate not in known:
            place = ("outcomes", i, "gate")
            problems.append(document.problem("unknown-gate", place, f"`{gate}` is no gate", did_you_mean(gate, known)))
        outcomes[gate, entry["never"]] = document.source(("outcomes", i, "gate"))
    listed = enumerate(document.data.get("mutants", []))
    mutants = {entry["mutant"]: document.source(("mutants", i, "mutant")) for i, entry in listed}
    if problems:
        raise Refused(set(problems), {FILE: text})
    return Accepted(outcomes, mutants)

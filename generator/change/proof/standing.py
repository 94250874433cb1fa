"""Everything that is asked of rules as they stand, in one answer."""

from dataclasses import dataclass

from engine import RuleSet
from generator.change.proof.asked import Asked
from generator.change.proof.invariants import Invariants
from generator.change.proof.promises import Promise, Promises, Verdict
from generator.change.proof.questions import DeadRow, Denied, Exit, Mute, Questions
from generator.change.proof.workbench import Orders


@dataclass(frozen=True, slots=True)
class Standing:
    """What one rule set can do and never does."""

    promises: tuple[Promise, ...]
    exits: tuple[Exit, ...]
    denied: tuple[Denied, ...]
    mute: tuple[Mute, ...]
    dead_rows: tuple[DeadRow, ...]

    @property
    def kept(self) -> bool:
        """Whether every invariant is proved."""
        return all(p.verdict is Verdict.HOLDS for p in self.promises)


def standing(ruleset: RuleSet, invariants: Invariants, *, limit_seconds: float, near: Orders | None = None) -> Standing:
    """What rules can do and never do, for every order of every subject and actor.

    Args:
        ruleset: the rules.
        invariants: what must hold of them.
        limit_seconds: how long the solver may take for one question.
        near: an order to look for others near of.

    Raises:
        Disagreement: what decides and what proves differ on an order that was found.
        NoSolver: intervals don't suffice, and the solver is not installed.
    """
    asked = Asked(ruleset, limit_seconds, near)
    questions = Questions(asked)
    return Standing(
        tuple(Promises(asked, invariants).kept()),
        tuple(questions.exits()),
        tuple(questions.denied()),
        tuple(questions.mute()),
        tuple(questions.dead_rows()),
    )


def kept(
    ruleset: RuleSet, invariants: Invariants, *, limit_seconds: float, near: Orders | None = None
) -> tuple[Promise, ...]:
    """The invariants of a rule set with their verdicts, and nothing else; as `standing` does."""
    return tuple(Promises(Asked(ruleset, limit_seconds, near), invariants).kept())

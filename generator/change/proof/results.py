"""What was proved: words for gates, places and the whole, each with the facts that show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine import Decision
from generator.change.proof.solver import Stage
from generator.change.words import Class


@dataclass(frozen=True, slots=True)
class Witness:
    """An order that shows a change: replayed by both backends under both rule sets.

    Args:
        facts: all facts, nested, as the new rules take them.
        before: the decision by the old rules.
        after: the decision by the new rules.
        moved: the facts that differ from the order that the search began with.
        text: one sentence for people.
    """

    facts: Mapping[str, Any]
    before: Decision
    after: Decision
    moved: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class GateProof:
    """What became of one gate for one subject and actor.

    Args:
        subject: whose orders; None where the rule sets know none, and for the account's own decisions.
        actor: who asks; None where it is the same whoever asks, "" where the order doesn't say who.
        gate: the gate's id, of the new rules if it is in both; None for the head: a subject that one of the rule sets
            doesn't know, or another exemption.
        word: the class of the change.
        witness: for a LOOSEN or MIXED an order that shows it, of this subject or of another one with the same edit.
        stage: how the word was found.
    """

    subject: str | None
    actor: str | None
    gate: str | None
    word: Class
    witness: Witness | None
    stage: Stage


@dataclass(frozen=True, slots=True)
class SetProof:
    """What became of all gates together for one subject and actor.

    `held` says whether an order that reduces is newly vetoed: False is proved, None is neither.
    """

    subject: str | None
    actor: str | None
    word: Class
    stage: Stage
    held: bool | None = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a rule set: of the whole, of all gates together by place, and of each gate that changed.

    `note` says why nothing could be proved, where that is so.
    """

    overall: Class
    sets: tuple[SetProof, ...]
    gates: tuple[GateProof, ...]
    note: str = ""

    @property
    def held(self) -> bool | None:
        """Whether an order that reduces is newly vetoed anywhere: False is proved, None is neither."""
        return worst_held([None] if self.note else [s.held for s in self.sets])


def worst_held(found: Iterable[bool | None]) -> bool | None:
    """Whether some order is held, by what is known of several kinds of them."""
    known = set(found)
    return True if True in known else None if None in known else False

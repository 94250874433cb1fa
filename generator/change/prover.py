"""What a proof adds to a diff: words where direction alone could not tell, what is masked, and orders that show it.

The proof is about gates: for each, what became of it for each subject and actor. It never makes a word better that
stands for something else, such as a table or a strategy's parameter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from engine import Decision, RuleSet
from generator.change.changes import Change, Diff, Kind, in_order
from generator.change.words import LOOSENING, Class, worst

# A gate that a proof says nothing of is the same, to the last part of its formula.
SAME: Final = Class.EQUIVALENT


class Witness(Protocol):
    """An order that shows a change, decided by both rule sets."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """All facts, nested."""

    @property
    def before(self) -> Decision:
        """The decision by the old rules."""

    @property
    def after(self) -> Decision:
        """The decision by the new rules."""

    @property
    def text(self) -> str:
        """One sentence for people."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An order that shows a change in an environment that must be named."""

    witness: Witness
    environment: str

    @property
    def facts(self) -> Mapping[str, Any]:
        """All facts, nested."""
        return self.witness.facts

    @property
    def before(self) -> Decision:
        """The decision by the old rules."""
        return self.witness.before

    @property
    def after(self) -> Decision:
        """The decision by the new rules."""
        return self.witness.after

    @property
    def text(self) -> str:
        """One sentence for people."""
        return f"in {self.environment} {self.witness.text}"


class GateProof(Protocol):
    """What became of one gate for one subject and actor; a `gate` of None is the head."""

    @property
    def subject(self) -> str | None:
        """Whose orders."""

    @property
    def actor(self) -> str | None:
        """Who asks; None where it is the same whoever asks."""

    @property
    def gate(self) -> str | None:
        """The gate's id."""

    @property
    def word(self) -> Class:
        """The class of what became of it."""

    @property
    def witness(self) -> Witness | None:
        """An order that shows it."""

    @property
    def stage(self) -> str:
        """How the word was found."""


class Proof(Protocol):
    """What became of a rule set; `note` says why nothing could be proved, where that is so."""

    @property
    def overall(self) -> Class:
        """The word for the whole."""

    @property
    def gates(self) -> Sequence[GateProof]:
        """Each gate that changed, by subject and actor."""

    @property
    def note(self) -> str:
        """Why nothing could be proved."""


class Prover(Protocol):
    """Proves, or finds orders that show otherwise."""

    def __call__(self, old: RuleSet, new: RuleSet, *, limit_seconds: float) -> Proof:
        """What became of a rule set; so long it may take for one question."""


def refined(diff: Diff, proofs: Mapping[str, Proof]) -> Diff:
    """A diff with what was proved of it, by environment; what stands in one without a usable proof stays as it is."""
    usable = {name: proof for name, proof in proofs.items() if not proof.note}
    changes = [_refined(change, [usable.get(e) for e in change.environments]) for change in diff.changes]
    notes = [f"{name}: {proof.note}" for name, proof in proofs.items() if proof.note]
    made = replace(diff, changes=in_order(changes), proved=tuple(usable), notes=(*diff.notes, *notes))
    missed = [name for name, proof in usable.items() if proof.overall in LOOSENING and made.word not in LOOSENING]
    return replace(made, changes=in_order([*made.changes, *map(_missed, missed)])) if missed else made


def _refined(change: Change, proofs: Sequence[Proof | None]) -> Change:
    if not change.gates or not proofs or None in proofs:
        return change
    found = [g for proof in proofs if proof is not None for g in proof.gates if _about(g, change)]
    shown = _shown(change, proofs)
    word = worst([SAME, *(g.word for g in found)])
    if change.unproved:
        return replace(change, word=word, why=_why(word, found), unproved=False, witness=shown)
    if change.gates_alone and change.word in (Class.LOOSEN, Class.MIXED) and word not in LOOSENING - {_LATENT}:
        why = f"{change.why}; and for every order something else stops what it would let through"
        return replace(change, word=_LATENT, why=why)
    return replace(change, witness=shown) if change.word in LOOSENING else change


_LATENT: Final = Class.LATENT_LOOSEN


def _shown(change: Change, proofs: Sequence[Proof | None]) -> Witness | None:
    """The first order that shows a change; where it shows it in another environment than the first, it says so."""
    for environment, proof in zip(change.environments, proofs, strict=True):
        for gate in proof.gates if proof is not None else ():
            if gate.witness is not None and _about(gate, change):
                first = environment == change.environments[0]
                return gate.witness if first else Elsewhere(gate.witness, environment)
    return None


def _about(proof: GateProof, change: Change) -> bool:
    """Whether a proof is about what a change moves."""
    if proof.gate not in change.gates:
        return False
    whose = not change.symbols or proof.subject is None or proof.subject in change.symbols
    return whose and (not change.strategies or not proof.actor or proof.actor in change.strategies)


def _why(word: Class, found: Iterable[GateProof]) -> str:
    stages = ", ".join(dict.fromkeys(str(g.stage) for g in found)) or "the same formula"
    if word is Class.NOT_PROVED:
        return "the solver does not know, or ran out of time"
    if word is _LATENT:
        return f"looser alone; for every order something else stops it ({stages})"
    return f"{'shown' if word in LOOSENING else 'proved'} for all orders ({stages})"


def _missed(environment: str) -> Change:
    """The solver finds a loosening that no change explains: whatever is wrong, it is not trusted."""
    return Change(
        kind=Kind.OTHER,
        name="the whole",
        key="whole",
        word=Class.NOT_PROVED,
        why="directions and the solver disagree; please report it with both rule sets",
        environments=(environment,),
    )

"""What must hold of a proof of a random edit, tried on a lattice of facts; each law gives what contradicts it.

`python -m tests.generator.proof.laws 2000` is the long proof (`make soak`).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine import BACKENDS, SCOPES, Engine, RuleSet
from generator.change.proof import Proof, Witness, prove
from generator.change.proof.solver import Stage
from generator.change.words import LOOSENING, Class
from tests.engine.random_rules import Dice, Document, asked, nested
from tests.generator.proof.random_edits import pair

SECONDS: Final = 2.0
POINTS: Final = 40
SAME: Final = frozenset({Class.EQUIVALENT, Class.COSMETIC})
SHOWN: Final = frozenset({Class.LOOSEN, Class.MIXED})


@dataclass(frozen=True)
class Said:
    """What one rule set says of some facts: of the whole, whether they are exempt, and which gates stop them."""

    allowed: bool
    exempt: bool
    stopping: frozenset[str]


class Proved:
    """A random edit, its proof, and the engines to try it with."""

    def __init__(self, seed: int, limit_seconds: float = SECONDS) -> None:
        self.dice, self.documents, self.rules = _pair(seed)
        self.proof: Proof = prove(*self.rules, limit_seconds=limit_seconds)
        self._engines = [{b: Engine(r, b) for b in BACKENDS} for r in self.rules]

    def contradictions(self) -> Iterator[str]:
        """Every law that is broken, with what breaks it."""
        if self.proof.note:
            yield f"nothing was proved: {self.proof.note}"
        yield from self._of_witnesses()
        for _ in range(POINTS):
            facts = asked(self.dice, self.dice.pick(self.documents))
            for scope in SCOPES:
                yield from self._at(facts, scope)

    def _at(self, facts: dict[str, Any], scope: str) -> Iterator[str]:
        """What facts show that the proof says can't be."""
        old, new = (self._said(i, facts, scope) for i in range(2))
        for word in self._words(facts, scope):
            for broken in _broken(word, old, new):
                yield f"{word} {broken} as {scope}: {facts}"
        if self.proof.held is False and old.exempt and old.allowed and not new.allowed and scope == "order":
            yield f"an exit is newly held: {facts}"
        if old.exempt is new.exempt and (scope != "order" or self._decided_by_both(facts)):
            yield from self._at_gates(facts, scope, old, new)

    def _at_gates(self, facts: dict[str, Any], scope: str, old: Said, new: Said) -> Iterator[str]:
        """A gate that was proved to be tighter or the same by itself stops what it stopped, and holds no exit."""
        for gate in self._only_in_both():
            words = self._gate_words(gate, facts, scope)
            one, other = gate in old.stopping, gate in new.stopping
            loosens = other and not one if old.exempt else one and not other
            # A gate that gave to another is called EQUIVALENT too, where all together say the same.
            rewritten = words <= SAME and old.allowed is new.allowed
            if not words & LOOSENING and loosens and not rewritten:
                yield f"gate {gate} is {sorted(words)}, but {one} became {other} as {scope}: {facts}"

    def _decided_by_both(self, facts: dict[str, Any]) -> bool:
        """Whether both rule sets know whose order it is, so that its gates have a say."""
        subject = self.rules[0].head.subject
        return subject is None or all(facts.get(subject.key) in r.subjects for r in self.rules)

    def _only_in_both(self) -> set[str]:
        old, new = ({g.id for g in r.gates if g.enforced} for r in self.rules)
        return old & new

    def _gate_words(self, gate: str, facts: dict[str, Any], scope: str) -> set[Class]:
        subject, actor = self._whose(facts, scope)
        found = [p for p in self.proof.gates if p.gate == gate and p.subject == subject]
        return {p.word for p in found if scope != "order" or p.actor in (None, actor)}

    def _whose(self, facts: dict[str, Any], scope: str) -> tuple[str | None, str | None]:
        """The place of an order, as proofs name it."""
        head = self.rules[0].head
        if scope != "order":
            return None, None
        actors = {a for r in self.rules for a in r.actors}
        actor = None if head.actor is None else facts.get(head.actor.key)
        named = actor if actor in actors else ""
        return (None if head.subject is None else facts.get(head.subject.key)), None if head.actor is None else named

    def _words(self, facts: dict[str, Any], scope: str) -> Iterator[Class]:
        """The words that speak of these facts: of the whole, and of their place."""
        if self.proof.overall not in LOOSENING:
            yield self.proof.overall
        if scope == "order":
            subject, actor = self._whose(facts, scope)
            for found in self.proof.sets:
                if (found.subject, found.actor) == (subject, actor) and found.word not in LOOSENING:
                    yield found.word

    def _said(self, index: int, facts: dict[str, Any], scope: str) -> Said:
        engine = self._engines[index]["interpreter"]
        given = nested({n: v for n, v in facts.items() if n in engine.ruleset.catalog.facts})
        decision = engine.decide(given, scope)
        judged, situation = engine.judgements(engine.reader.read(given), scope)
        name = engine.ruleset.head.exempt
        exempt = scope == "order" and bool(judged) and name is not None and situation.measure(name) is True
        return Said(decision.allowed, exempt, frozenset(j.gate.id for j in judged if j.stops and j.gate.enforced))

    def _of_witnesses(self) -> Iterator[str]:
        for found in self.proof.gates:
            if found.word in SHOWN and found.witness is None:
                yield f"{found.word} of {found.gate} without a witness"
            if found.witness is not None:
                yield from self._replayed(found.witness)
            if found.word is Class.TIGHTEN and found.stage is Stage.REPLAY:
                yield f"{found.gate} is TIGHTEN by an example"

    def _replayed(self, witness: Witness) -> Iterator[str]:
        """A witness flips, and both backends say of it what it says."""
        if not any(self._decisions(witness, scope) == _texts(witness) for scope in SCOPES):
            yield f"a witness is decided otherwise: {witness.facts}"
        if witness.before.allowed is witness.after.allowed:
            yield f"a witness that doesn't flip: {witness.facts}"

    def _decisions(self, witness: Witness, scope: str) -> list[set[str]]:
        return [
            {by[b].decide(_known(witness.facts, by[b].ruleset), scope).to_json() for b in BACKENDS}
            for by in self._engines
        ]


def _texts(witness: Witness) -> list[set[str]]:
    return [{witness.before.to_json()}, {witness.after.to_json()}]


def _known(facts: Any, ruleset: RuleSet, prefix: str = "") -> dict[str, Any]:
    """Nested facts without those that a rule set doesn't declare."""
    made = {}
    for name, value in facts.items():
        if isinstance(value, dict):
            made[name] = _known(value, ruleset, f"{prefix}{name}.")
        elif f"{prefix}{name}" in ruleset.catalog.facts:
            made[name] = value
    return made


def _broken(word: Class, old: Said, new: Said) -> Iterator[str]:
    """What two answers contradict of a word that is no loosening."""
    if new.allowed and not old.allowed and (word in SAME or not (old.exempt and new.exempt)):
        yield "lets more through"
    if old.allowed and not new.allowed and (word in SAME or old.exempt or new.exempt):
        yield "stops what passed"


def _pair(seed: int) -> tuple[Dice, Sequence[Document], Sequence[RuleSet]]:
    dice, before, old, after, new, _ = pair(seed)
    return dice, (before, after), (old, new)


def main() -> None:
    """Try so many seeds, and end with exit code 1 if any law is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    words, stages, broken = Counter[str](), Counter[str](), 0
    for seed in range(given.first, given.first + given.seeds):
        proved = Proved(seed)
        words[proved.proof.overall] += 1
        stages.update(str(g.stage) for g in proved.proof.gates)
        for line in proved.contradictions():
            broken += 1
            print(f"seed {seed}: {line}", flush=True)
    print(f"{given.seeds} edits: {', '.join(f'{n} {w}' for w, n in words.most_common())}")
    print(f"gates by stage: {', '.join(f'{n} {s}' for s, n in stages.most_common())}")
    print(f"{broken} contradictions")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()

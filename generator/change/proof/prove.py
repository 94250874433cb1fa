"""Whether new rules are tighter than old ones: proved for all orders, or an order that shows otherwise.

Tighter means: every order that adds and that the new rules allow was allowed by the old ones, and no order that
reduces is newly vetoed. An order newly allowed is one that some gate stopped and no longer stops; so each gate is
compared by itself first, and only what is looser by itself is looked at together with all others. An order that one
rule set exempts and the other does not counts as both.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from engine import RuleSet
from generator.change.proof.gates import Gates
from generator.change.proof.pairs import Pair, pairs
from generator.change.proof.places import ACCOUNT, UNNAMED, Place
from generator.change.proof.replay import Disagreement
from generator.change.proof.results import GateProof, Proof, SetProof, worst_held
from generator.change.proof.solver import Stage
from generator.change.proof.together import Together, Verdict
from generator.change.proof.workbench import Orders, Workbench
from generator.change.words import LOOSENING, Class, worst

# What lets something through, or may.
OPEN: Final = LOOSENING - {Class.LATENT_LOOSEN}
_DEAREST: Final = list(Stage)


def prove(old: RuleSet, new: RuleSet, *, limit_seconds: float, near: Orders | None = None) -> Proof:
    """What became of a rule set, for each gate and for all together, by subject and actor.

    Args:
        old: the rules before.
        new: the rules after.
        limit_seconds: how long the solver may take for one question; what it can't answer is NOT-PROVED.
        near: an order to look for witnesses near of, as facts, for a subject and who asks; plain values without it.

    Raises:
        NoSolver: intervals don't suffice, and the solver is not installed.
    """
    if _keys(old) != _keys(new):
        return Proof(Class.NOT_PROVED, (), (), "subjects or actors are named by other facts")
    try:
        return _Prover(Workbench((old, new), limit_seconds, near)).proof()
    except Disagreement as disagreement:
        return Proof(Class.NOT_PROVED, (), (), f"what decides and what proves disagree: {disagreement}")


def _keys(ruleset: RuleSet) -> tuple[object, ...]:
    """By what the head finds whose order it is."""
    subject, actor = ruleset.head.subject, ruleset.head.actor
    return (subject and (subject.key, subject.prefix), actor and actor.key)


class _Prover:
    """One proof under way."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._gates = Gates(bench)
        self._together = Together(bench, self._gates)
        self._pairs = pairs(*(side.ruleset for side in bench.sides))

    def proof(self) -> Proof:
        """The whole."""
        places = [*self._bench.places(), ACCOUNT]
        edited = list(self._edited(places))
        self._together.expect(len({pair.id for pair, _ in edited}))
        found: dict[Place, list[Verdict]] = {place: self._together.heads(place) for place in places}
        for pair, place in edited:
            found[place].append(self._together.judged(pair, place, self._gates.alone(pair, place)))
        for place, verdicts in found.items():
            found[place] = self._together.settled(verdicts, self._pairs, place)
        sets = tuple(_together(place, verdicts) for place, verdicts in found.items() if place.scope == "order")
        every = [v for verdicts in found.values() for v in verdicts]
        return Proof(_overall(sets, every), sets, tuple(_gathered(every)))

    def _edited(self, places: Iterable[Place]) -> Iterator[tuple[Pair, Place]]:
        """Each gate at each place where it may say something else than it did."""
        known = [p for p in places if all(side.knows(p) for side in self._bench.sides)]
        for pair in self._pairs:
            scopes = {"order", *(g.scope for g in pair.gates)}
            for place in known:
                if place.scope in scopes and self._gates.differ(pair, place):
                    yield pair, place


def _together(place: Place, verdicts: Iterable[Verdict]) -> SetProof:
    """The word for all gates of a place."""
    found = list(verdicts)
    words = {v.word for v in found}
    stage = max((v.stage for v in found), key=_DEAREST.index, default=Stage.HASH)
    if Class.MIXED in words or {Class.LOOSEN, Class.TIGHTEN} <= words:
        word = Class.MIXED
    elif words & {Class.LOOSEN, Class.NOT_PROVED}:
        word = worst(words)
    elif Class.TIGHTEN in words or any(v.alone.tighter or v.alone.eases for v in found):
        word = Class.TIGHTEN
    else:
        word = Class.EQUIVALENT
    return SetProof(place.subject, place.actor, word, stage, worst_held(v.held for v in found))


def _overall(sets: Sequence[SetProof], verdicts: Iterable[Verdict]) -> Class:
    """The word for the whole: what loosens some place, else the worst of what became of gates.

    A gate of the account stops orders too, so the account's own decisions count where no order is let through.
    """
    found = list(verdicts)
    of_account = _together(ACCOUNT, [v for v in found if v.place == ACCOUNT])
    for places in (sets, [of_account]):
        loosening = [s.word for s in places if s.word in OPEN]
        if loosening:
            return worst(loosening)
    return worst([Class.EQUIVALENT, *(s.word for s in sets), *(v.word for v in found)])


def _gathered(verdicts: list[Verdict]) -> Iterator[GateProof]:
    """One proof for a gate and subject, where it is the same whoever asks; else one for each who asks."""

    def key(verdict: Verdict) -> tuple[str, str]:
        return (verdict.pair.id if verdict.pair else "", verdict.place.subject or "")

    changed = [v for v in verdicts if v.stage is not Stage.HASH]
    for _, group in groupby(sorted(changed, key=key), key=key):
        same = list(group)
        orders = [v for v in same if v.place.scope == "order"]
        named = {v.word for v in orders if v.place.actor != UNNAMED}
        others = {v.word for v in orders} - named
        if len(named) == 1 and worst(named | others) in named:
            yield _proof(orders[0], None)
            orders = []
        for verdict in [*orders, *(v for v in same if v.place.scope != "order")]:
            yield _proof(verdict, verdict.place.actor)


def _proof(verdict: Verdict, actor: str | None) -> GateProof:
    gate = verdict.pair.id if verdict.pair is not None else None
    return GateProof(verdict.place.subject, actor, gate, verdict.word, verdict.witness, verdict.stage)

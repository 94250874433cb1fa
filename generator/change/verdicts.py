"""What a moved value is called: by its declared direction, by the gates that read it, and by the tables."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from engine.catalog import Cap
from engine.ruleset import Gate, RuleSet
from generator.change.effective import Declared, Pair, declared, moves_of
from generator.change.effects import BOTH, Effect, Reading, each, gate_effect
from generator.change.movement import Move, Moving
from generator.change.words import Class, worst


@dataclass(frozen=True, slots=True)
class Verdict:
    """A class, one clause on why, the gates that it is about, whether a proof may find a better word, and whether it is
    about gates alone.
    """

    word: Class
    why: str
    gates: tuple[str, ...] = ()
    unproved: bool = False
    gates_alone: bool = False


ONE: Final = {
    ("lower", True): "higher is looser",
    ("lower", False): "lower is tighter",
    ("higher", True): "lower is looser",
    ("higher", False): "higher is tighter",
    ("subset", True): "more words let through more",
    ("subset", False): "fewer words let through less",
    ("superset", True): "fewer words stop less",
    ("superset", False): "more words stop more",
}


def of_cap(cap: Cap, pairs: Iterable[Pair], reading: Reading, new: RuleSet, stood: Container[str]) -> Verdict:
    """What a moved cap is called, from the values that hold for everybody that it moves."""
    moved = tuple(pairs)
    direction, moves = declared(cap, moved), moves_of(cap, moved)
    by_gates = of_moves(f"caps.{cap.name}", moves, reading, new, stood)
    found = [v for v in (_of_tables(direction, reading), _of_direction(cap, direction, reading), by_gates) if v]
    word = worst(v.word for v in found)
    named = next(v for v in found if v.word is word)
    gates = by_gates.gates if by_gates else ()
    alone = bool(gates) and not (reading.chosen or reading.proposed or reading.exempts)
    unproved = bool(by_gates and by_gates.unproved and word is by_gates.word)
    return Verdict(word, named.why, gates, unproved and not reading.chosen, gates_alone=alone)


def of_moves(name: str, moves: Move, reading: Reading, new: RuleSet, stood: Container[str]) -> Verdict | None:
    """What the enforced gates that read a name make of its movement; None where it moves none of them.

    Of a gate that was not enforced before (`stood`), its own change tells.
    """
    if reading.exempts and moves:
        return Verdict(Class.NOT_PROVED, "it decides what counts as an exit")
    gates = [g for g in reading.gates if g.id in stood]
    steps = {step: _effects(name, step, gates, new) for step in each(moves)}
    moved = {gate: effect for effects in steps.values() for gate, effect in effects.items() if effect}
    if not moved:
        return None
    ids = tuple(g.id for g in gates if g.id in moved)
    singles = [_union(effects.values()) for effects in steps.values()]
    total = _union(singles)
    if total & Effect.HELD:
        held = [g.id for g in gates if any(e.get(g.id, Effect.NONE) & Effect.HELD for e in steps.values())]
        return Verdict(Class.LOOSEN, f"an exit may newly be held: {', '.join(held)} holds exits too", ids)
    if total & BOTH == BOTH:
        if any(single & BOTH == BOTH for single in singles):
            return Verdict(Class.NOT_PROVED, "its direction alone does not tell what passes", ids, unproved=True)
        return Verdict(Class.MIXED, "some is looser, some is tighter", ids)
    if total & Effect.FEWER:
        return Verdict(Class.LOOSEN, "an order that was stopped may pass", ids)
    return Verdict(Class.TIGHTEN, "what it stops, it stops sooner", ids)


def _effects(name: str, step: Move, gates: list[Gate], ruleset: RuleSet) -> dict[str, Effect]:
    moving = Moving(ruleset, {name: step})
    return {gate.id: gate_effect(gate, moving) for gate in gates}


def _union(effects: Iterable[Effect]) -> Effect:
    found = Effect.NONE
    for effect in effects:
        found |= effect
    return found


def _of_tables(direction: Declared, reading: Reading) -> Verdict | None:
    """A cap that chooses among rows has no direction there; one that is handed on has its own."""
    if not reading.chosen or not (direction.looser or direction.tighter):
        return None
    tables = ", ".join(reading.chosen)
    if direction.looser:
        return Verdict(Class.LOOSEN, f"it chooses among the rows of {tables}, and is looser by its own direction")
    return Verdict(Class.NOT_PROVED, f"it chooses among the rows of {tables}, which has no direction")


def _of_direction(cap: Cap, direction: Declared, reading: Reading) -> Verdict:
    if direction.looser and direction.tighter:
        return Verdict(Class.MIXED, "some is looser, some is tighter")
    if direction.looser:
        if reading.gates or reading.chosen or reading.proposed:
            return Verdict(Class.LOOSEN, ONE[cap.tighter, True])
        return Verdict(Class.LATENT_LOOSEN, f"{ONE[cap.tighter, True]}, and no enforced gate reads it")
    if direction.tighter:
        return Verdict(Class.TIGHTEN, ONE[cap.tighter, False])
    return Verdict(Class.EQUIVALENT, "the value that holds is the same")


def of_effect(effect: Effect, gate: Gate, tighter: str) -> Verdict:
    """What an effect of one gate is called."""
    if effect & Effect.HELD:
        return Verdict(Class.LOOSEN, f"an exit may newly be held: it says `exits: {gate.exits}`", (gate.id,))
    if effect & Effect.FEWER and effect & Effect.MORE:
        return Verdict(Class.NOT_PROVED, "its direction alone does not tell what passes", (gate.id,), unproved=True)
    if effect & Effect.FEWER:
        return Verdict(Class.LOOSEN, "an order that was stopped may pass", (gate.id,))
    return Verdict(Class.TIGHTEN if effect else Class.EQUIVALENT, tighter, (gate.id,))

"""What gates and tables make of values that move: whether they stop more, let through more, or hold an exit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Final

from engine.reach import reach
from engine.ruleset import Bound, Gate, Multiple, Require, RuleSet, gate_nodes, limit_of, row_nodes
from engine.tree import CapRef, Node
from generator.change.movement import EITHER, STILL, Move, Moving, movement

UPPER: Final = frozenset({"at_most", "below"})


class Effect(Flag):
    """What may become of orders: MORE are stopped, FEWER are, an exit is HELD that was let through."""

    NONE = 0
    MORE = auto()
    FEWER = auto()
    HELD = auto()


BOTH: Final = Effect.MORE | Effect.FEWER


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads a value: enforced gates, shadow gates, tables, and whether it decides what is exempt.

    `chosen` are the tables whose rows it chooses among, `proposed` those that only hand it on.
    """

    gates: tuple[Gate, ...] = ()
    shadows: tuple[Gate, ...] = ()
    chosen: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    exempts: bool = False
    steps: bool = False

    @property
    def nobody(self) -> bool:
        """Whether nothing reads it."""
        return not (self.gates or self.shadows or self.chosen or self.proposed or self.exempts or self.steps)


@dataclass(slots=True)
class Readers:
    """Who reads which name of a rule set: facts, and caps as `caps.name`."""

    ruleset: RuleSet
    _kept: dict[str, Reading] = field(default_factory=dict)
    _reached: dict[int, frozenset[str]] = field(default_factory=dict)

    def of(self, name: str) -> Reading:
        """Who reads a name, through measures and tables."""
        if name not in self._kept:
            self._kept[name] = self._read(name)
        return self._kept[name]

    def _read(self, name: str) -> Reading:
        gates = [g for g in self.ruleset.gates if name in self._reach(*gate_nodes(g))]
        chosen, proposed = [], []
        for table in self.ruleset.tables.values():
            if any(row.when is not None and name in self._reach(row.when) for row in table.rows):
                chosen.append(table.name)
            elif any(name in self._reach(*row_nodes(row)) for row in table.rows):
                proposed.append(table.name)
        head = self.ruleset.head
        exempt = self.ruleset.measures.get(head.exempt or "")
        return Reading(
            tuple(g for g in gates if g.enforced),
            tuple(g for g in gates if not g.enforced),
            tuple(chosen),
            tuple(proposed),
            exempt is not None and name in self._reach(exempt.node),
            head.solve is not None and name == head.solve.step,
        )

    def _reach(self, *nodes: Node) -> frozenset[str]:
        found: set[str] = set()
        for node in nodes:
            if id(node) not in self._reached:
                self._reached[id(node)] = reach(self.ruleset, node)
            found |= self._reached[id(node)]
        return frozenset(found)


def gate_effect(gate: Gate, moving: Moving) -> Effect:
    """What becomes of the orders that a gate judges when values move; a shadow gate stops nothing either way."""
    if not gate.enforced:
        return Effect.NONE
    return held(gate, moving.ruleset, _guard(gate, moving) | _test(gate, moving))


def held(gate: Gate, ruleset: RuleSet, effect: Effect) -> Effect:
    """The effect with what it means for exits: a gate that says `exits` holds them too."""
    if effect & Effect.MORE and gate.exits and ruleset.head.exempt is not None:
        return effect | Effect.HELD
    return effect


def _guard(gate: Gate, moving: Moving) -> Effect:
    """A guard that comes to hold makes the gate ask; one that can't be known stops, or passes where it says so."""
    if gate.when is None:
        return Effect.NONE
    moves = movement(gate.when, moving)
    return _pick(moves, {Move.RISE: Effect.MORE, Move.FALL: Effect.FEWER}) | _missing(gate, moves)


def _test(gate: Gate, moving: Moving) -> Effect:
    match gate.test:
        case Bound(op=op, measure=measure):
            up, down = (Effect.MORE, Effect.FEWER) if op in UPPER else (Effect.FEWER, Effect.MORE)
            moves, limit = movement(measure, moving), limit_moves(gate, moving)
            found = _pick(moves, {Move.RISE: up, Move.FALL: down}) | limit_effect(op, limit)
            return found | _missing(gate, moves | limit)
        case Multiple(measure=measure):
            moves = movement(measure, moving) | limit_moves(gate, moving)
            closed = _pick(moves, {Move.CLOSED: Effect.MORE, Move.OPENED: Effect.FEWER})
            return (BOTH if moves & EITHER else Effect.NONE) | closed | _missing(gate, moves)
        case Require(condition=condition):
            moves = movement(condition, moving)
            return _pick(moves, {Move.RISE: Effect.FEWER, Move.FALL: Effect.MORE}) | _missing(gate, moves)


def limit_moves(gate: Gate, moving: Moving) -> Move:
    """How what a gate is held against moves; a cap that stands there may be none."""
    limit = limit_of(gate)
    if isinstance(limit, CapRef):
        return moving.name(f"caps.{limit.name}")
    return STILL if limit is None else movement(limit, moving)


def limit_effect(op: str, moves: Move) -> Effect:
    """What becomes of orders when a bound moves: no bound stops nothing."""
    up, down = (Effect.FEWER, Effect.MORE) if op in UPPER else (Effect.MORE, Effect.FEWER)
    return _pick(moves, {Move.RISE: up, Move.FALL: down, Move.CLOSED: Effect.MORE, Move.OPENED: Effect.FEWER})


def _missing(gate: Gate, moves: Move) -> Effect:
    """What can't be known stops; where a gate lets that pass, what is invalid stops yet."""
    if not moves & (Move.LOST | Move.FOUND):
        return Effect.NONE
    if gate.passes_missing:
        return BOTH
    return _pick(moves, {Move.LOST: Effect.MORE, Move.FOUND: Effect.FEWER})


def _pick(moves: Move, of: Mapping[Move, Effect]) -> Effect:
    found = Effect.NONE
    for move, effect in of.items():
        if moves & move:
            found |= effect
    return found


def each(moves: Move) -> Iterator[Move]:
    """The single steps of a movement."""
    return iter(move for move in Move if move & moves)

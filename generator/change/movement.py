"""Which way an expression moves when values that it reads move: a sound answer from the tree and declared signs alone.

The same facts are looked at under two sets of values, of caps and of the subject's own facts. A movement is a set of
steps: whatever the facts are, what happens to the answer between the two is some of these steps, one after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Flag, auto
from fractions import Fraction
from typing import Any, Final

from engine.per_node import PerNode
from engine.reach import reach
from engine.ruleset import RuleSet
from engine.tree import (
    Absolute,
    Arithmetic,
    CapRef,
    Compare,
    Constant,
    Extreme,
    FactRef,
    Known,
    Logic,
    MeasureRef,
    Member,
    Negate,
    Node,
    Not,
    OutputRef,
    Sign,
    sign_of,
)


class Move(Flag):
    """What may happen to an answer.

    RISE: a number grows, a condition comes true, a list gains words. FALL: the opposite. LOST: it was known and is not.
    FOUND: it was not and is. CLOSED: a cap that was none has a value. OPENED: the opposite.
    """

    NONE = 0
    RISE = auto()
    FALL = auto()
    LOST = auto()
    FOUND = auto()
    CLOSED = auto()
    OPENED = auto()


STILL: Final = Move.NONE
EITHER: Final = Move.RISE | Move.FALL
ANY: Final = EITHER | Move.LOST | Move.FOUND
UNKNOWN: Final = object()


def between(old: Any, new: Any) -> Move:
    """The movement from one value to another: None is a missing fact, UNKNOWN one that nobody can tell."""
    if old is new or (old == new and type(old) is type(new)):
        return STILL
    if old is UNKNOWN or new is UNKNOWN:
        return Move.LOST if new is UNKNOWN else Move.FOUND
    if isinstance(old, (Decimal, Fraction, bool)) and isinstance(new, (Decimal, Fraction, bool)):
        return Move.RISE if new > old else Move.FALL
    if isinstance(old, tuple) and isinstance(new, tuple):
        gained, lost = set(new) - set(old), set(old) - set(new)
        return (Move.RISE if gained else STILL) | (Move.FALL if lost else STILL)
    return EITHER


@dataclass(slots=True)
class Moving:
    """A rule set some of whose values move; `moves` by the names of facts and of caps (`caps.name`)."""

    ruleset: RuleSet
    moves: Mapping[str, Move]
    memo: dict[str, Move] = field(default_factory=dict)

    def name(self, name: str) -> Move:
        """How the value of a name moves."""
        return self.moves.get(name, STILL)

    def measure(self, name: str) -> Move:
        """How a measure moves."""
        if name not in self.memo:
            self.memo[name] = movement(self.ruleset.measures[name].node, self)
        return self.memo[name]

    def output(self, table: str, output: str) -> Move:
        """How an output moves: with the row's own, as long as no row is chosen otherwise."""
        rows = self.ruleset.tables[table].rows
        if any(row.when is not None and movement(row.when, self) for row in rows):
            return ANY
        found = STILL
        for row in rows:
            if output in row.outputs:
                found |= movement(row.outputs[output], self)
        return found


movement: Final[PerNode[Moving, Move]] = PerNode("movement")


@movement.of(Constant)
def _(node: Constant, moving: Moving) -> Move:
    return STILL


@movement.of(FactRef)
def _(node: FactRef, moving: Moving) -> Move:
    return moving.name(node.name)


@movement.of(CapRef)
def _(node: CapRef, moving: Moving) -> Move:
    moves = moving.name(f"caps.{node.name}")
    return moves | ANY if moves & (Move.OPENED | Move.CLOSED) else moves


@movement.of(MeasureRef)
def _(node: MeasureRef, moving: Moving) -> Move:
    return moving.measure(node.name)


@movement.of(OutputRef)
def _(node: OutputRef, moving: Moving) -> Move:
    return moving.output(node.table, node.output)


@movement.of(Negate)
def _(node: Negate, moving: Moving) -> Move:
    return _turned(movement(node.operand, moving))


@movement.of(Absolute)
def _(node: Absolute, moving: Moving) -> Move:
    return _scaled(movement(node.operand, moving), node.operand)


@movement.of(Extreme)
def _(node: Extreme, moving: Moving) -> Move:
    found = STILL
    for argument in node.arguments:
        found |= movement(argument, moving)
    return found


@movement.of(Arithmetic)
def _(node: Arithmetic, moving: Moving) -> Move:
    left, right = movement(node.left, moving), movement(node.right, moving)
    match node.op:
        case "+":
            return left | right
        case "-":
            return left | _turned(right)
        case "*":
            return _scaled(left, node.right) | _scaled(right, node.left)
    return left | _scaled(_turned(right), node.left)  # a divisor is positive


@movement.of(Compare)
def _(node: Compare, moving: Moving) -> Move:
    left, right = movement(node.left, moving), movement(node.right, moving)
    match node.op:
        case "<" | "<=":
            return _turned(left) | right
        case ">" | ">=":
            return left | _turned(right)
    return _unsure(left | right)


@movement.of(Member)
def _(node: Member, moving: Moving) -> Move:
    words = movement(node.list, moving)
    return _unsure(movement(node.item, moving)) | (_turned(words) if node.negated else words)


@movement.of(Logic)
def _(node: Logic, moving: Moving) -> Move:
    left, right = movement(node.left, moving), movement(node.right, moving)
    found = left | right
    if reach(moving.ruleset, node.right):
        # The right side is asked only if the left leaves it open, and what it needs may be missing.
        opens, shuts = (Move.RISE, Move.FALL) if node.op == "and" else (Move.FALL, Move.RISE)
        found |= (Move.LOST if left & opens else STILL) | (Move.FOUND if left & shuts else STILL)
    return found


@movement.of(Not)
def _(node: Not, moving: Moving) -> Move:
    return _turned(movement(node.operand, moving))


@movement.of(Known)
def _(node: Known, moving: Moving) -> Move:
    moves = moving.name(node.fact.name)
    return (Move.FALL if moves & Move.LOST else STILL) | (Move.RISE if moves & Move.FOUND else STILL)


def _turned(moves: Move) -> Move:
    """The movement of a number's negative, or of a condition's opposite."""
    values = moves & EITHER
    return moves if values in (STILL, EITHER) else moves ^ EITHER


def _unsure(moves: Move) -> Move:
    return moves | EITHER if moves & EITHER else moves


def _scaled(moves: Move, by: Node) -> Move:
    """The movement of a number times another, whose sign decides."""
    return _unsure(moves) if sign_of(by) is Sign.ANY else moves

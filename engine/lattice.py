"""Expressions as functions of one adjustable fact on its lattice of steps.

The adjustable fact is a start and k steps, for whole k from 1 to K. A number is then a line (a + b·k) / d on ranges
of k, a condition a truth value on ranges of k: whole ranges, so there are no open ends, and every crossing is found
exactly. All of it is decimal arithmetic in the exact context.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final

from engine.catalog import Value
from engine.interpret import NOTHING, OPERATORS, Nothing, Situation, Unknown
from engine.judge import PASSES, may_be_exempt
from engine.per_node import PerNode
from engine.ruleset import Bound, Gate, Multiple
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
)


class NotLinear(ValueError):
    """The expression is no line in the adjustable fact, even piecewise."""


_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)


# (a + b·k) / d as a, b, d, with d positive.
Line = tuple[Decimal, Decimal, Decimal]
UNKNOWN: Final = Unknown(())
# Needs an invalid fact, which `on_missing: pass` does not let through.
INVALID: Final = Unknown(("invalid",))
Part = Line | bool | str | frozenset[str] | Unknown | Nothing
Pieces = list[tuple[int, int, Part]]
Ranges = list[tuple[int, int]]


@dataclass(slots=True)
class Lattice:
    """The situation in which expressions are followed, and the adjustable fact in it; measures are followed once."""

    situation: Situation
    fact: str
    step: Decimal
    last: int
    start: Decimal = _ZERO
    measures: dict[str, Pieces] = field(default_factory=dict)

    def whole(self, part: Part) -> Pieces:
        """The same part for every k."""
        return [(1, self.last, part)]


def passing(gate: Gate, lattice: Lattice, exempt: Pieces, waived: Lattice | None = None) -> Ranges:
    """The ranges of k in which a gate lets the intent through, by itself or by a waiver.

    Args:
        gate: which.
        lattice: the situation.
        exempt: where the intent is exempt.
        waived: the situation under the waiver that holds for the gate.

    Raises:
        NotLinear: the gate's measure can't be followed.
    """
    condition = _condition(gate, lattice, exempt)
    if waived is not None:
        leave = _condition(gate, waived, exempt)
        # What can't be judged is not waived.
        condition = _merge(condition, leave, lambda own, other: other if own is False else own)
    return joined([(lo, hi) for lo, hi, part in condition if part is True])


def _condition(gate: Gate, lattice: Lattice, exempt: Pieces) -> Pieces:
    condition = _test(gate, lattice)
    if gate.when is not None:
        guard = follow(gate.when, lattice)
        condition = _merge(guard, condition, lambda g, c: True if g is False else c if g is True else g)
    if gate.passes_missing:
        condition = [(lo, hi, True if part is UNKNOWN else part) for lo, hi, part in condition]
    if may_be_exempt(gate):
        condition = _merge(exempt, condition, lambda e, c: True if e is True else c)
    return condition


def _test(gate: Gate, lattice: Lattice) -> Pieces:
    if isinstance(gate.test, Bound):
        limit = follow(gate.test.limit, lattice)
        if limit[0][2] is NOTHING:
            return lattice.whole(True)
        quotient = _quotient_in(gate.test.measure, lattice)
        if quotient is None:
            return _compared(PASSES[gate.test.op], follow(gate.test.measure, lattice), limit)
        # A divisor is positive, so this says the same, and the divisor may vary.
        dividend, divisor = (follow(part, lattice) for part in quotient)
        return _compared(PASSES[gate.test.op], dividend, _merge(divisor, limit, _product))
    if isinstance(gate.test, Multiple):
        return _multiples(follow(gate.test.measure, lattice), follow(gate.test.step, lattice))
    return follow(gate.test.condition, lattice)


def _quotient_in(node: Node, lattice: Lattice) -> tuple[Node, Node] | None:
    """What a measure divides and what by, if it is a quotient."""
    while isinstance(node, MeasureRef):
        node = lattice.situation.ruleset.measures[node.name].node
    return (node.left, node.right) if isinstance(node, Arithmetic) and node.op == "/" else None


def joined(ranges: Ranges) -> Ranges:
    """Ranges in order, those that touch made one."""
    result: Ranges = []
    for lo, hi in sorted(ranges):
        if result and lo <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(hi, result[-1][1]))
        else:
            result.append((lo, hi))
    return result


def intersected(one: Ranges, other: Ranges) -> Ranges:
    """What lies in both."""
    return joined([(max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) <= min(b, d)])


# A node as a function of k.
follow: Final[PerNode[Lattice, Pieces]] = PerNode("lattice")


@follow.of(Constant)
def _(node: Constant, lattice: Lattice) -> Pieces:
    return lattice.whole(_part(node.value))


@follow.of(FactRef)
def _(node: FactRef, lattice: Lattice) -> Pieces:
    if node.name == lattice.fact:
        return lattice.whole((lattice.start, lattice.step, _ONE))
    value = lattice.situation.value(node.name)
    return lattice.whole(_missing(node.name, lattice) if value is None else _part(value))


@follow.of(CapRef)
def _(node: CapRef, lattice: Lattice) -> Pieces:
    known, value = lattice.situation.cap_value(node.name)
    head = lattice.situation.ruleset.head.actor
    if not known and head is not None:
        return lattice.whole(_missing(head.key, lattice))
    return lattice.whole(NOTHING if value is None else _part(value))


@follow.of(MeasureRef)
def _(node: MeasureRef, lattice: Lattice) -> Pieces:
    if node.name not in lattice.measures:
        lattice.measures[node.name] = follow(lattice.situation.ruleset.measures[node.name].node, lattice)
    return lattice.measures[node.name]


@follow.of(OutputRef)
def _(node: OutputRef, lattice: Lattice) -> Pieces:
    table = lattice.situation.ruleset.tables[node.table]
    unanswered = lattice.whole(True)
    answer: Pieces = []
    for row in table.rows:
        applies = lattice.whole(True) if row.when is None else follow(row.when, lattice)
        chosen = _merge(
            unanswered, applies, lambda u, a: u is True and (a if isinstance(a, (bool, Unknown)) else False)
        )
        output = follow(row.outputs[node.output], lattice) if node.output in row.outputs else lattice.whole(UNKNOWN)
        answer += [(lo, hi, v if c is True else c) for lo, hi, c, v in _paired(chosen, output) if c is not False]
        unanswered = _merge(unanswered, applies, lambda u, a: u is True and a is False)
    return sorted(answer, key=lambda piece: piece[0])


@follow.of(Negate)
def _(node: Negate, lattice: Lattice) -> Pieces:
    return [(lo, hi, _negated(part)) for lo, hi, part in follow(node.operand, lattice)]


@follow.of(Absolute)
def _(node: Absolute, lattice: Lattice) -> Pieces:
    pieces = follow(node.operand, lattice)
    return _extreme("max", pieces, [(lo, hi, _negated(part)) for lo, hi, part in pieces])


@follow.of(Extreme)
def _(node: Extreme, lattice: Lattice) -> Pieces:
    pieces = follow(node.arguments[0], lattice)
    for argument in node.arguments[1:]:
        pieces = _extreme(node.op, pieces, follow(argument, lattice))
    return pieces


@follow.of(Arithmetic)
def _(node: Arithmetic, lattice: Lattice) -> Pieces:
    return _merge(follow(node.left, lattice), follow(node.right, lattice), _ARITHMETIC[node.op])


@follow.of(Compare)
def _(node: Compare, lattice: Lattice) -> Pieces:
    return _compared(node.op, follow(node.left, lattice), follow(node.right, lattice))


@follow.of(Member)
def _(node: Member, lattice: Lattice) -> Pieces:
    def inside(item: Part, words: Part) -> Part:
        if isinstance(item, Unknown) or isinstance(words, Unknown):
            return _unknown(item, words)
        return (words is NOTHING or (isinstance(words, frozenset) and item in words)) is not node.negated

    return _merge(follow(node.item, lattice), follow(node.list, lattice), inside)


@follow.of(Logic)
def _(node: Logic, lattice: Lattice) -> Pieces:
    early = node.op == "or"
    left, right = follow(node.left, lattice), follow(node.right, lattice)
    return _merge(left, right, lambda x, y: x if isinstance(x, Unknown) or x is early else y)


@follow.of(Not)
def _(node: Not, lattice: Lattice) -> Pieces:
    return [(lo, hi, p if isinstance(p, Unknown) else not p) for lo, hi, p in follow(node.operand, lattice)]


@follow.of(Known)
def _(node: Known, lattice: Lattice) -> Pieces:
    name = node.fact.name
    if name == lattice.fact or lattice.situation.value(name) is not None:
        return lattice.whole(True)
    missing = _missing(name, lattice)
    return lattice.whole(missing if missing is INVALID else False)


def _missing(name: str, lattice: Lattice) -> Unknown:
    """What stands for a fact that has no value."""
    unknown = lattice.situation.fact(name)
    names = unknown.names if isinstance(unknown, Unknown) else ()
    return INVALID if any(n in lattice.situation.invalid for n in names) else UNKNOWN


def _unknown(*parts: Part) -> Unknown:
    """What is made of parts of which one at least is unknown."""
    return INVALID if any(p is INVALID for p in parts) else UNKNOWN


def _part(value: Value | Fraction) -> Part:
    """A stored value as a part."""
    if isinstance(value, Decimal):
        return value, _ZERO, _ONE
    if isinstance(value, Fraction):
        return Decimal(value.numerator), _ZERO, Decimal(value.denominator)
    return frozenset(value) if isinstance(value, tuple) else value


def _negated(part: Part) -> Part:
    if not isinstance(part, tuple):
        return part
    a, b, d = part
    return -a, -b, d


def _paired(left: Pieces, right: Pieces) -> list[tuple[int, int, Part, Part]]:
    """Both functions side by side, on ranges in which neither changes its part."""
    if len(left) == 1 and len(right) == 1:
        lo, hi, part = left[0]
        return [(lo, hi, part, right[0][2])]
    pairs: list[tuple[int, int, Part, Part]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        lo, hi = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if lo <= hi:
            pairs.append((lo, hi, left[i][2], right[j][2]))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return pairs


def _merge(left: Pieces, right: Pieces, to: Callable[[Part, Part], Part]) -> Pieces:
    """One function made of two."""
    return [(lo, hi, to(x, y)) for lo, hi, x, y in _paired(left, right)]


def _sum(x: Part, y: Part) -> Part:
    if not isinstance(x, tuple) or not isinstance(y, tuple):
        return _unknown(x, y)
    (a, b, d), (p, q, r) = x, y
    return (a + p, b + q, d) if d == r else (a * r + p * d, b * r + q * d, d * r)


def _product(x: Part, y: Part) -> Part:
    if not isinstance(x, tuple) or not isinstance(y, tuple):
        return _unknown(x, y)
    (a, b, d), (p, q, r) = x, y
    if b and q:
        raise NotLinear("a product of two numbers that both vary")
    return a * p, a * q + b * p, d * r


def _quotient(x: Part, y: Part) -> Part:
    if not isinstance(x, tuple) or not isinstance(y, tuple):
        return _unknown(x, y)
    (a, b, d), (p, q, r) = x, y
    if q:
        raise NotLinear("a divisor that varies")
    return a * r, b * r, d * p


def _difference(x: Part, y: Part) -> Part:
    return _sum(x, _negated(y))


_ARITHMETIC: Final = {"+": _sum, "-": _difference, "*": _product, "/": _quotient}


def _signs(line: Line, lo: int, hi: int) -> list[tuple[int, int, int]]:
    """The sign of a line on lo…hi, in ranges in which it stays the same."""
    a, b, _ = line
    if not b:
        return [(lo, hi, (a > 0) - (a < 0))]
    rising = 1 if b > 0 else -1
    whole, rest = divmod(-a, b)
    root = int(whole)
    if not rest:
        parts = [(lo, min(hi, root - 1), -rising), (max(lo, root), min(hi, root), 0), (max(lo, root + 1), hi, rising)]
    else:
        below = root - 1 if (a > 0) is (b > 0) else root  # divmod cuts towards zero
        parts = [(lo, min(hi, below), -rising), (max(lo, below + 1), hi, rising)]
    return [p for p in parts if p[0] <= p[1]]


def _compared(op: str, left: Pieces, right: Pieces) -> Pieces:
    compare = OPERATORS[op]
    pieces: Pieces = []
    for lo, hi, x, y in _paired(left, right):
        difference = _difference(x, y) if isinstance(x, tuple) and isinstance(y, tuple) else None
        if isinstance(difference, tuple):
            pieces += [(start, end, bool(compare(sign, 0))) for start, end, sign in _signs(difference, lo, hi)]
        elif isinstance(x, Unknown) or isinstance(y, Unknown):
            pieces.append((lo, hi, _unknown(x, y)))
        else:
            pieces.append((lo, hi, bool(compare(x, y))))
    return pieces


def _extreme(op: str, left: Pieces, right: Pieces) -> Pieces:
    pieces: Pieces = []
    for lo, hi, x, y in _paired(left, right):
        difference = _difference(x, y)
        if not isinstance(difference, tuple):
            pieces.append((lo, hi, difference))
            continue
        for start, end, sign in _signs(difference, lo, hi):
            larger, smaller = (x, y) if sign >= 0 else (y, x)
            pieces.append((start, end, larger if op == "max" else smaller))
    return pieces


def _multiples(measure: Pieces, step: Pieces) -> Pieces:
    """Where the measure is a whole multiple of the step: everywhere or nowhere, or else not to be followed."""

    def whole(x: Part, y: Part) -> Part:
        if not isinstance(x, tuple) or not isinstance(y, tuple):
            return _unknown(x, y)
        (a, b, d), (p, q, r) = x, y
        if q:
            raise NotLinear("a step that varies")
        if (b * r) % (p * d):
            raise NotLinear("multiples that come and go")
        return not (a * r) % (p * d)

    return _merge(measure, step, whole)

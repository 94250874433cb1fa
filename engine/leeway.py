"""What facts that stand leave to those that are given anew: bounds on products of these, worked out once.

While an account stays as it is, most of what its gates say comes down to bounds: no more than so much of quantity
times price, no further than so much of price. Each gate is followed as polynomials in the facts that are still to
come, with exact coefficients; what then holds for certain passes every gate. A gate that is nothing of the kind
leaves no leeway, and each decision is made in full.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, Inexact
from fractions import Fraction
from typing import Final, Literal

from engine.interpret import Situation, Unknown, evaluate
from engine.judge import PASSES, is_exempt, may_be_exempt
from engine.numbers import EXACT
from engine.per_node import PerNode
from engine.reach import reach
from engine.ruleset import Bound, Gate, Multiple, Require, RuleSet
from engine.tree import (
    Absolute,
    Arithmetic,
    CapRef,
    Compare,
    Constant,
    Extreme,
    FactRef,
    Logic,
    MeasureRef,
    Negate,
    Node,
    OutputRef,
    Sign,
    sign_of,
    walk,
)


class NoLeeway(Exception):
    """A gate stops everything, or is no matter of bounds."""


# Facts that are multiplied, in order; a polynomial is a sum of such products.
Product = tuple[str, ...]
Polynomial = dict[Product, Fraction]
# What a number is: one quotient, or the largest or smallest of several; divisors are positive.
Kind = Literal["one", "max", "min"]
Quotients = tuple[Kind, list[tuple[Polynomial, Polynomial]]]
_UNIT: Final[Polynomial] = {(): Fraction(1)}


@dataclass(slots=True)
class Range:
    """Between which values a product of facts is fine; None is no end, and a strict end is itself outside."""

    low: Fraction | None = None
    low_strict: bool = False
    high: Fraction | None = None
    high_strict: bool = False

    def above(self, low: Fraction, strict: bool) -> None:
        """Nothing below this."""
        if self.low is None or (low, strict) > (self.low, self.low_strict):
            self.low, self.low_strict = low, strict

    def below(self, high: Fraction, strict: bool) -> None:
        """Nothing above this."""
        if self.high is None or (-high, strict) > (-self.high, self.high_strict):
            self.high, self.high_strict = high, strict


@dataclass(slots=True)
class Leeway:
    """What passes every gate for certain.

    `ranges` of products of facts, and `steps`, of which a fact must be a whole multiple.
    """

    situation: Situation
    free: Mapping[str, Sign]
    ranges: dict[Product, Range] = field(default_factory=dict)
    steps: list[tuple[str, Decimal]] = field(default_factory=list)

    def truth(self, node: Node) -> bool | None:
        """The truth of a condition, or None where it depends on what is still to come: it may well hold.

        Raises:
            NoLeeway: it may need what is missing, and nobody will give; or a row of a table, which may lack it.
        """
        answer, situation = evaluate(node, self.situation), self.situation
        if not isinstance(answer, Unknown):
            return answer is True
        if _reads_tables(node, situation.ruleset):
            raise NoLeeway
        for name in reach(situation.ruleset, node) - self.free.keys():
            cap = name.removeprefix("caps.")
            if isinstance(situation.fact(name) if cap == name else situation.cap(cap), Unknown):
                raise NoLeeway
        return None

    def must(self, polynomial: Polynomial, strict: bool) -> None:
        """Leave only what keeps a polynomial from being negative, or strictly so."""
        products = [p for p, c in polynomial.items() if p and c]
        constant = polynomial.get((), Fraction(0))
        if not products:
            if constant < 0 or (strict and not constant):
                raise NoLeeway
            return
        if len(products) > 1:
            raise NoLeeway
        coefficient = polynomial[products[0]]
        found = self.ranges.setdefault(products[0], Range())
        end = -constant / coefficient
        if coefficient > 0:
            found.above(end, strict)
        else:
            found.below(end, strict)


def leeway(gates: Sequence[Gate], situation: Situation, free: Mapping[str, Sign]) -> Leeway:
    """What passes these gates for certain.

    Args:
        gates: all that apply.
        situation: all facts that are known, those that are still to come left out.
        free: the numbers that are still to come, with their signs.

    Raises:
        NoLeeway: nothing does, or it is no matter of bounds.
    """
    found = Leeway(situation, free)
    exempt = is_exempt(situation)
    for gate in gates:
        if exempt and may_be_exempt(gate):
            continue
        if gate.when is not None and found.truth(gate.when) is False:
            continue
        _pass(gate, found)
    return found


def _pass(gate: Gate, to: Leeway) -> None:
    match gate.test:
        case Bound(op=op, measure=measure, limit=limit):
            _hold(PASSES[op], measure, limit, to)
        case Multiple(measure=measure, step=step):
            _multiple(measure, step, to)
        case Require(condition=condition):
            for part in _all_of(condition):
                _require(part, to)


def _reads_tables(top: Node, ruleset: RuleSet) -> bool:
    return any(
        isinstance(node, OutputRef)
        or (isinstance(node, MeasureRef) and _reads_tables(ruleset.measures[node.name].node, ruleset))
        for node in walk(top)
    )


def _all_of(condition: Node) -> Iterator[Node]:
    """The parts of which each must hold."""
    if isinstance(condition, Logic) and condition.op == "and":
        yield from _all_of(condition.left)
        yield from _all_of(condition.right)
    else:
        yield condition


def _require(condition: Node, to: Leeway) -> None:
    holds = to.truth(condition)
    if holds is False:
        raise NoLeeway
    if holds is None:
        if not isinstance(condition, Compare) or condition.op in ("==", "!="):
            raise NoLeeway
        _hold(condition.op, condition.left, condition.right, to)


def _hold(op: str, left: Node, right: Node, to: Leeway) -> None:
    if op in (">", ">="):
        left, right = right, left
    (below, lefts), (above, rights) = follow(left, to), follow(right, to)
    if below == "min" or above == "max":
        raise NoLeeway
    for a, b in lefts:
        for c, d in rights:
            to.must(_sum(_product(c, b), _scaled(_product(a, d), -1)), op in ("<", ">"))


def _multiple(measure: Node, step: Node, to: Leeway) -> None:
    kind, quotients = follow(step, to)
    (numerator, denominator) = quotients[0]
    if kind != "one" or set(numerator) | set(denominator) != {()} or not isinstance(measure, FactRef):
        raise NoLeeway
    size = numerator[()] / denominator[()]
    if measure.name in to.free:
        try:
            to.steps.append((measure.name, EXACT.divide(Decimal(size.numerator), Decimal(size.denominator))))
        except Inexact as error:
            raise NoLeeway from error
    elif (_known(measure.name, to) / size).denominator != 1:
        raise NoLeeway


def _known(name: str, to: Leeway) -> Fraction:
    value = to.situation.fact(name)
    if not isinstance(value, Fraction):
        raise NoLeeway
    return value


def _one(value: Fraction) -> Quotients:
    return "one", [({(): value}, _UNIT)]


# A number as quotients of polynomials in what is still to come.
follow: Final[PerNode[Leeway, Quotients]] = PerNode("leeway")


@follow.of(Constant)
def _(node: Constant, to: Leeway) -> Quotients:
    assert isinstance(node.value, Fraction)
    return _one(node.value)


@follow.of(FactRef)
def _(node: FactRef, to: Leeway) -> Quotients:
    if node.name not in to.free:
        return _one(_known(node.name, to))
    if sign_of(node) is Sign.ANY:
        raise NoLeeway
    return "one", [({(node.name,): Fraction(1)}, _UNIT)]


@follow.of(CapRef)
def _(node: CapRef, to: Leeway) -> Quotients:
    value = to.situation.cap(node.name)
    if not isinstance(value, Fraction):
        raise NoLeeway
    return _one(value)


@follow.of(OutputRef)
def _(node: OutputRef, to: Leeway) -> Quotients:
    value = to.situation.output(node.table, node.output)
    if not isinstance(value, Fraction):
        raise NoLeeway
    return _one(value)


@follow.of(MeasureRef)
def _(node: MeasureRef, to: Leeway) -> Quotients:
    return follow(to.situation.ruleset.measures[node.name].node, to)


@follow.of(Negate)
def _(node: Negate, to: Leeway) -> Quotients:
    return _negated(follow(node.operand, to))


@follow.of(Absolute)
def _(node: Absolute, to: Leeway) -> Quotients:
    inside = follow(node.operand, to)
    return _together("max", [inside, _negated(inside)])


@follow.of(Extreme)
def _(node: Extreme, to: Leeway) -> Quotients:
    return _together("max" if node.op == "max" else "min", [follow(a, to) for a in node.arguments])


@follow.of(Arithmetic)
def _(node: Arithmetic, to: Leeway) -> Quotients:
    left, right = follow(node.left, to), follow(node.right, to)
    if node.op == "-":
        right = _negated(right)
    if node.op in ("+", "-"):
        return _paired(left, right, "+")
    if right[0] != "one" and left[0] == "one" and node.op == "*":
        left, right = right, left
    # The largest of several, times or by what is not negative, is the largest of the products.
    if right[0] != "one" or (left[0] != "one" and any(c < 0 for c in right[1][0][0].values())):
        raise NoLeeway
    return _paired(left, right, node.op)


def _together(kind: Kind, parts: list[Quotients]) -> Quotients:
    if any(k not in ("one", kind) for k, _ in parts):
        raise NoLeeway
    return kind, [quotient for _, quotients in parts for quotient in quotients]


def _paired(left: Quotients, right: Quotients, op: str) -> Quotients:
    """Each of the one with each of the other: their sum, product or quotient."""
    kinds = {left[0], right[0]} - {"one"}
    if len(kinds) > 1:
        raise NoLeeway
    kind: Kind = kinds.pop() if kinds else "one"
    pairs = [(a, b, c, d) for a, b in left[1] for c, d in right[1]]
    if op == "*":
        return kind, [(_product(a, c), _product(b, d)) for a, b, c, d in pairs]
    if op == "/":
        return kind, [(_product(a, d), _product(b, c)) for a, b, c, d in pairs]
    return kind, [(_sum(_product(a, d), _product(c, b)), _product(b, d)) for a, b, c, d in pairs]


def _negated(quotients: Quotients) -> Quotients:
    kind, parts = quotients
    turned: Kind = "min" if kind == "max" else "max" if kind == "min" else "one"
    return turned, [(_scaled(a, -1), b) for a, b in parts]


def _sum(one: Polynomial, other: Polynomial) -> Polynomial:
    return {p: one.get(p, Fraction(0)) + other.get(p, Fraction(0)) for p in {**one, **other}}


def _product(one: Polynomial, other: Polynomial) -> Polynomial:
    if one is _UNIT or other is _UNIT:
        return other if one is _UNIT else one
    made: Polynomial = {}
    for p, c in one.items():
        for q, d in other.items():
            key = tuple(sorted(p + q))
            made[key] = made.get(key, Fraction(0)) + c * d
    return made


def _scaled(one: Polynomial, by: int) -> Polynomial:
    return {p: c * by for p, c in one.items()}

"""Expressions translated to floats, which say only what is certain; numbers and their bounds are those of `near`."""

import ast
from collections.abc import Container, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from engine.backends.near import (
    MAX_FACTORS,
    Near,
    NearQuotient,
    NotBanded,
    below,
    product,
    total,
)
from engine.backends.places import InTwo, NearInTwo
from engine.backends.plan import is_read
from engine.backends.translate import OPERATORS, Translator, assign, call, invert, local, times
from engine.per_node import PerNode
from engine.ruleset import RuleSet
from engine.tree import (
    Absolute,
    Arithmetic,
    CapRef,
    Compare,
    Constant,
    Extreme,
    FactRef,
    MeasureRef,
    Negate,
    Node,
    OutputRef,
    Sign,
    sign_of,
)


class Bands(Translator):
    """Translates expressions to floats; comparisons say yes or no where the bounds allow it, else ask `exactly`.

    `asked` are the conditions that are to be had exactly, in the order in which the program asks for them; `unfloated`
    the facts that are no floats, since they are only compared as they were read.
    """

    def __init__(
        self, ruleset: RuleSet, slots: Mapping[str, int], near: NearInTwo, exactly: InTwo, compared: Container[str]
    ) -> None:
        super().__init__(ruleset, slots)
        self.rules, self.unfloated = ruleset, compared
        self.near, self._exactly = near, exactly
        self.asked: list[Node] = []
        self.measures: dict[str, NearQuotient] = {}

    def measure(self, name: str) -> list[ast.stmt]:
        """A measure worked out once; one without a bound is left to those who read it."""
        node = self.rules.measures[name].node
        statements: list[ast.stmt] = []
        try:
            if not node.type.numeric:
                return super().measure(name)
            numerator, denominator = approximate(node, self)
        except NotBanded:
            return statements
        top = self._kept(numerator, f"m_{name}", statements)
        self.measures[name] = (top, denominator and self._kept(denominator, f"d_{name}", statements))
        return statements

    @staticmethod
    def _kept(part: Near, name: str, statements: list[ast.stmt]) -> Near:
        """The number in variables of its own, if it is not in one already."""
        if isinstance(part.value, (ast.Name, ast.Constant)):
            return part
        value, inside = part.value, None
        if part.inside is not None:
            statements.append(assign(f"z_{name}", part.inside))
            inside = local(f"z_{name}")
            value = call("abs", [inside])
        statements.append(assign(name, value))
        size = None
        if part.size is not None:
            statements.append(assign(f"s_{name}", part.size))
            size = local(f"s_{name}")
        return replace(part, value=local(name), size=size, folded=None, inside=inside)

    def bounded(self, op: str, left: Node, right: Node) -> tuple[ast.expr, ast.expr]:
        """Whether the comparison holds for certain, and whether for certain it doesn't.

        Raises:
            NotBanded: nothing is certain.
        """
        if is_read(left) and is_read(right):
            return (holds := self._read_compared(op, left, right)), invert(holds)
        if (sign := self._sign_compared(op, left, right)) is not None:
            return sign, invert(sign)
        x, y = self._sides(left, right)
        if op in (">", ">="):
            x, y = y, x
        strict = op in ("<", ">")
        return below(x, y, "<" if strict else "<="), below(y, x, "<=" if strict else "<")

    def compared(self, op: str, left: Node, right: Node) -> ast.expr:
        """Whether the comparison holds: by floats where they are certain, else by exact numbers."""
        if is_read(left) and is_read(right):
            return self._read_compared(op, left, right)
        try:
            if (holds := self._sign_compared(op, left, right)) is not None:
                return holds
            x, y = self._sides(left, right)
        except NotBanded:
            return self.ask(Compare(op, left, right))
        less, more = below(x, y, "<"), below(y, x, "<")
        exactly = self.ask(Compare(op, left, right))
        if op in ("==", "!="):
            apart = ast.BoolOp(ast.Or(), [less, more])
            return ast.BoolOp(ast.Or(), [apart, exactly]) if op == "!=" else _and(invert(apart), exactly)
        yes, no = (less, more) if op in ("<", "<=") else (more, less)
        return ast.BoolOp(ast.Or(), [yes, _and(invert(no), exactly)])

    def _read_compared(self, op: str, left: Node, right: Node) -> ast.expr:
        """Rounding keeps the order of two numbers as they were read, and zero is zero: only where floats are equal do
        the exact ones speak, which compare in any context.
        """
        if any(isinstance(node, FactRef) and node.name in self.unfloated for node in (left, right)):
            return ast.Compare(self._as_read(left), [OPERATORS[op]()], [self._as_read(right)])
        x, y = approximate(left, self)[0].value, approximate(right, self)[0].value
        if is_zero(left) or is_zero(right):
            return ast.Compare(x, [OPERATORS[op]()], [y])
        equal = ast.Compare(x, [ast.Eq()], [y])
        exactly = ast.Compare(self._as_read(left), [OPERATORS[op]()], [self._as_read(right)])
        if op == "==":
            return _and(equal, exactly)
        apart = ast.Compare(x, [ast.NotEq() if op == "!=" else OPERATORS[op[0]]()], [y])
        return ast.BoolOp(ast.Or(), [apart, _and(equal, exactly)])

    def _sign_compared(self, op: str, left: Node, right: Node) -> ast.expr | None:
        """A comparison with zero of a number whose sign is sure; None where it is another."""
        sides = self.signs(left, right)
        return None if sides is None else ast.Compare(sides[0], [OPERATORS[op]()], [sides[1]])

    def signs(self, left: Node, right: Node) -> tuple[ast.expr, ast.expr] | None:
        """Zero and a number whose sign is sure, in the order of these; None where they are others.

        Zero is taken times the divisor, which may be missing.

        Raises:
            NotBanded: floats say nothing.
        """
        if not (is_zero(left) or is_zero(right)):
            return None
        number, divisor = approximate(right if is_zero(left) else left, self)
        if not number.signed:
            return None
        if max(number.factors, divisor.factors if divisor else 0) > MAX_FACTORS:
            raise NotBanded
        zero = times(ast.Constant(0), divisor.value if divisor else None)
        return (zero, number.value) if is_zero(left) else (number.value, zero)

    def whole(self, fact: str) -> int | None:
        """What bounds a fact that is exactly a small whole number; None for others."""
        return 1 if self.rules.catalog.facts[fact].indicates else None

    def ask(self, condition: Node) -> ast.expr:
        """The condition by exact numbers."""
        self.asked.append(condition)
        return ast.Call(
            self.parameter("exactly", len(self.asked) - 1), [local(name) for name in self._exactly.parameters], []
        )

    def multiple(self, measure: Node, step: Node) -> ast.expr:
        """Whether the measure is a whole multiple of the step, where both are simply read; floats can't say.

        Raises:
            NotBanded: they are not.
        """
        if not (is_read(measure) and is_read(step)):
            raise NotBanded
        return invert(call("remainder", [self._as_read(measure), self._as_read(step)]))

    def _as_read(self, node: Node) -> ast.expr:
        """The exact number behind a float that was read."""
        match node:
            case FactRef(name=name) if self.is_given(name):
                return self._exactly.load(name)
            case FactRef(name=name):
                return self.parameter("own", name)
            case CapRef(name=name):
                return self.parameter("cap", name)
            case Constant(value=value):
                return self.parameter("constant", value)
        raise NotBanded

    def _variable(self, table: str, output: str) -> str:
        """Tables are exact."""
        raise NotBanded

    def _sides(self, left: Node, right: Node) -> tuple[Near, Near]:
        """a/b and c/d as a·d and c·b, since divisors are positive."""
        (a, b), (c, d) = approximate(left, self), approximate(right, self)
        x, y = product(a, d), product(c, b)
        if max(x.factors, y.factors) > MAX_FACTORS:
            raise NotBanded
        return x, y

    def bound_number(self, kind: str, what: object, sign: Sign) -> Near:
        """A number that is bound to the program: a cap, a constant, or a fact of the subject's own."""

        def folded(k: int) -> ast.expr:
            return self.parameter("near", (kind, what, k))

        size = None if sign is not Sign.ANY else self.parameter("size", (kind, what))
        return Near(folded(0), size, folded=folded, signed=True)


def is_zero(node: Node) -> bool:
    """Whether it is the number zero."""
    return isinstance(node, Constant) and not node.value


# A number in floats, as numerator and denominator.
approximate: Final[PerNode[Bands, NearQuotient]] = PerNode("float backend")


@approximate.of(Constant)
def _(node: Constant, to: Bands) -> NearQuotient:
    assert isinstance(node.value, Fraction)
    if node.value.denominator == 1 and abs(node.value) <= 2:
        whole = int(node.value)
        return Near(
            ast.Constant(whole), None if whole >= 0 else ast.Constant(-whole), 0, 0, abs(whole), signed=True
        ), None
    return to.bound_number("constant", node.value, Sign.NONNEGATIVE if node.value >= 0 else Sign.ANY), None


@approximate.of(FactRef)
def _(node: FactRef, to: Bands) -> NearQuotient:
    if node.name in to.unfloated:
        raise NotBanded
    if not to.is_given(node.name):
        return to.bound_number("own", node.name, sign_of(node)), None
    value, whole = to.fact(node.name), to.whole(node.name)
    if whole is not None:
        return Near(value, ast.Constant(whole) if sign_of(node) is Sign.ANY else None, 0, 0, whole, signed=True), None
    return Near(value, to.near.size(node.name) if sign_of(node) is Sign.ANY else None, signed=True), None


@approximate.of(CapRef)
def _(node: CapRef, to: Bands) -> NearQuotient:
    return to.bound_number("cap", node.name, sign_of(node)), None


@approximate.of(OutputRef)
def _(node: OutputRef, to: Bands) -> NearQuotient:
    raise NotBanded


@approximate.of(MeasureRef)
def _(node: MeasureRef, to: Bands) -> NearQuotient:
    made = to.measures.get(node.name)
    return made if made is not None else approximate(to.rules.measures[node.name].node, to)


@approximate.of(Negate)
def _(node: Negate, to: Bands) -> NearQuotient:
    a, b = approximate(node.operand, to)
    return Near(ast.UnaryOp(ast.USub(), a.value), a.reach, a.roundings, a.factors, a.whole, signed=a.signed), b


@approximate.of(Absolute)
def _(node: Absolute, to: Bands) -> NearQuotient:
    a, b = approximate(node.operand, to)
    if a.size is None:
        return a, b
    return Near(call("abs", [a.value]), a.size, a.roundings, a.factors, a.whole, inside=a.value, signed=a.signed), b


@approximate.of(Extreme)
def _(node: Extreme, to: Bands) -> NearQuotient:
    parts = [approximate(a, to) for a in node.arguments]
    common: Near | None = None
    for _, denominator in parts:
        common = denominator if common is None else product(common, denominator)
    scaled = []
    for i, (numerator, _) in enumerate(parts):
        for j, (_, other) in enumerate(parts):
            numerator = product(numerator, other) if i != j else numerator
        scaled.append(numerator)
    size = None
    if any(part.size is not None for part in scaled):
        size = scaled[0].reach
        for part in scaled[1:]:
            size = ast.BinOp(size, ast.Add(), part.reach)
    value = call(node.op, [part.value for part in scaled])
    roundings, factors = max(p.roundings for p in scaled) + 1, max(p.factors for p in scaled)
    return Near(value, size, roundings, factors, signed=all(p.signed for p in scaled)), common


@approximate.of(Arithmetic)
def _(node: Arithmetic, to: Bands) -> NearQuotient:
    (a, b), (c, d) = approximate(node.left, to), approximate(node.right, to)
    if node.op == "*":
        return product(a, c), b if d is None else d if b is None else product(b, d)
    if node.op == "/":
        return product(a, d), c if b is None else product(b, c)
    return total(product(a, d), product(c, b), node.op), b if d is None else d if b is None else product(b, d)


def _and(one: ast.expr, other: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.And(), [one, other])

"""Expressions in floats, each with a proved bound on how far it may be from what it means.

A float program says only what is certain: that a measure passes its bound by more than floats could err. Whatever
is nearer than that is decided by exact numbers, so floats make a decision faster and never another.

The bound is a running-error analysis of each expression, made once, when the program is (N. Higham, *Accuracy and
Stability of Numerical Algorithms*, 2nd ed., SIAM 2002: the standard model in §2.2, Lemma 3.1, §3.3). With u = 2⁻⁵³,
every number read is off by a factor 1 + δ, |δ| ≤ u, and so is every sum, difference and product; a division is never
carried out. By induction, with e(n) = n·u / (1 − n·u), a float that went through n roundings on its longest way is off
by at most e(n)·s, where s is its *size*: the same expression with every part taken as positive.

- number read: n = 1; `a ± b`: n = max + 1, s = sₐ + s_b; `a · b`: n = sum + 1, s = sₐ · s_b
- `-a`, `abs(a)`: as a; `min`, `max`: n = max, s ≤ the sum of sizes
- where nothing is negative or subtracted, s is the number itself, so the error is relative, also through `min`, `max`

Sizes are worked out in floats themselves, and SLACK roundings on top pay for that, for the comparison's own sums and
for terms in u². Nothing overflows, and underflow is far below u·s: a number that is read is 0 or between 1e-40 and
1e41 in magnitude, and an expression with more than MAX_FACTORS of them in a product is left to exact numbers.
"""

import ast
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from engine.backends.places import InTwo, NearInTwo
from engine.backends.plan import is_read
from engine.backends.translate import Translator, assign, call, invert, local, times
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

SLACK: Final = 4
MAX_FACTORS: Final = 6
# Twice u, so that the bound is written with room to spare.
UNIT: Final = 2**-52


class NotBanded(Exception):
    """The expression has no bound that was proved; it is left to exact numbers."""


def nearest(value: Decimal) -> float:
    """The float nearest to a number."""
    return float(value)


@dataclass(frozen=True, slots=True)
class Near:
    """A number in floats.

    `size` bounds its magnitude (None: it is its own size); `roundings` and `factors` are those of the longest way
    through it; `whole` bounds one that is exactly a small whole number; `folded` is the value times 1 - k·UNIT, where
    that costs nothing; `inside` is z where the value is abs(z).
    """

    value: ast.expr
    size: ast.expr | None
    roundings: int = 1
    factors: int = 1
    whole: int | None = None
    folded: Callable[[int], ast.expr] | None = None
    inside: ast.expr | None = None

    @property
    def reach(self) -> ast.expr:
        """Its size, which may be itself."""
        return self.value if self.size is None else self.size


# Numerator and denominator (None for one).
NearQuotient = tuple[Near, Near | None]


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
        return Near(local(name), size, part.roundings, part.factors, part.whole, inside=inside)

    def bounded(self, op: str, left: Node, right: Node) -> tuple[ast.expr, ast.expr]:
        """Whether the comparison holds for certain, and whether for certain it doesn't.

        Raises:
            NotBanded: nothing is certain.
        """
        if is_read(left) and is_read(right):
            return (holds := self._read_compared(op, left, right)), invert(holds)
        x, y = self._sides(left, right)
        if op in (">", ">="):
            x, y = y, x
        strict = op in ("<", ">")
        return below(x, y, "<" if strict else "<="), below(y, x, "<=" if strict else "<")

    def compared(self, op: str, left: Node, right: Node) -> ast.expr:
        """Whether the comparison holds: by floats where they are certain, else by exact numbers."""
        if is_read(left) and is_read(right):
            return self._read_compared(op, left, right)
        exactly = self.ask(Compare(op, left, right))
        try:
            x, y = self._sides(left, right)
            less, more = below(x, y, "<"), below(y, x, "<")
        except NotBanded:
            return exactly
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
        if (isinstance(left, Constant) and not left.value) or (isinstance(right, Constant) and not right.value):
            return ast.Compare(x, [OPERATORS[op]()], [y])
        equal = ast.Compare(x, [ast.Eq()], [y])
        exactly = ast.Compare(self._as_read(left), [OPERATORS[op]()], [self._as_read(right)])
        if op == "==":
            return _and(equal, exactly)
        apart = ast.Compare(x, [ast.NotEq() if op == "!=" else OPERATORS[op[0]]()], [y])
        return ast.BoolOp(ast.Or(), [apart, _and(equal, exactly)])

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
        x, y = _product(a, d), _product(c, b)
        if max(x.factors, y.factors) > MAX_FACTORS:
            raise NotBanded
        return x, y

    def bound_number(self, kind: str, what: object, sign: Sign) -> Near:
        """A number that is bound to the program: a cap, a constant, or a fact of the subject's own."""

        def folded(k: int) -> ast.expr:
            return self.parameter("near", (kind, what, k))

        size = None if sign is not Sign.ANY else self.parameter("size", (kind, what))
        return Near(folded(0), size, folded=folded)


OPERATORS: Final[Mapping[str, type[ast.cmpop]]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
}

# A number in floats, as numerator and denominator.
approximate: Final[PerNode[Bands, NearQuotient]] = PerNode("float backend")


@approximate.of(Constant)
def _(node: Constant, to: Bands) -> NearQuotient:
    assert isinstance(node.value, Fraction)
    if node.value.denominator == 1 and abs(node.value) <= 2:
        whole = int(node.value)
        return Near(ast.Constant(whole), None if whole >= 0 else ast.Constant(-whole), 0, 0, abs(whole)), None
    return to.bound_number("constant", node.value, Sign.NONNEGATIVE if node.value >= 0 else Sign.ANY), None


@approximate.of(FactRef)
def _(node: FactRef, to: Bands) -> NearQuotient:
    if node.name in to.unfloated:
        raise NotBanded
    if not to.is_given(node.name):
        return to.bound_number("own", node.name, sign_of(node)), None
    value, whole = to.fact(node.name), to.whole(node.name)
    if whole is not None:
        return Near(value, ast.Constant(whole) if sign_of(node) is Sign.ANY else None, 0, 0, whole), None
    return Near(value, to.near.size(node.name) if sign_of(node) is Sign.ANY else None), None


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
    return Near(ast.UnaryOp(ast.USub(), a.value), a.reach, a.roundings, a.factors, a.whole), b


@approximate.of(Absolute)
def _(node: Absolute, to: Bands) -> NearQuotient:
    a, b = approximate(node.operand, to)
    if a.size is None:
        return a, b
    return Near(call("abs", [a.value]), a.size, a.roundings, a.factors, a.whole, inside=a.value), b


@approximate.of(Extreme)
def _(node: Extreme, to: Bands) -> NearQuotient:
    parts = [approximate(a, to) for a in node.arguments]
    common: Near | None = None
    for _, denominator in parts:
        common = denominator if common is None else _product(common, denominator)
    scaled = []
    for i, (numerator, _) in enumerate(parts):
        for j, (_, other) in enumerate(parts):
            numerator = _product(numerator, other) if i != j else numerator
        scaled.append(numerator)
    size = None
    if any(part.size is not None for part in scaled):
        size = scaled[0].reach
        for part in scaled[1:]:
            size = ast.BinOp(size, ast.Add(), part.reach)
    value = call(node.op, [part.value for part in scaled])
    return Near(value, size, max(p.roundings for p in scaled) + 1, max(p.factors for p in scaled)), common


@approximate.of(Arithmetic)
def _(node: Arithmetic, to: Bands) -> NearQuotient:
    (a, b), (c, d) = approximate(node.left, to), approximate(node.right, to)
    if node.op == "*":
        return _product(a, c), b if d is None else d if b is None else _product(b, d)
    if node.op == "/":
        return _product(a, d), c if b is None else _product(b, c)
    return _sum(_product(a, d), _product(c, b), node.op), b if d is None else d if b is None else _product(b, d)


def _product(a: Near, b: Near | None) -> Near:
    if b is None:
        return a
    size = None if a.size is None and b.size is None else times(a.reach, b.reach)
    whole = a.whole * b.whole if a.whole is not None and b.whole is not None and a.whole * b.whole < 1 / UNIT else None
    folded = _folding(a, b) or _folding(b, a)
    roundings = 0 if whole is not None else a.roundings + b.roundings + 1
    return Near(times(a.value, b.value), size, roundings, a.factors + b.factors, whole, folded)


def _folding(a: Near, b: Near) -> Callable[[int], ast.expr] | None:
    """A product folds if a factor does."""
    fold = a.folded
    return None if fold is None else lambda k: times(fold(k), b.value)


def _sum(a: Near, b: Near, op: str) -> Near:
    whole = a.whole + b.whole if a.whole is not None and b.whole is not None and a.whole + b.whole < 1 / UNIT else None
    operator: ast.operator = ast.Add() if op == "+" else ast.Sub()
    value = ast.BinOp(a.value, operator, b.value)
    size: ast.expr | None = None
    if whole is not None and (op == "-" or a.size is not None or b.size is not None):
        size = ast.Constant(whole)
    elif op == "-" or a.size is not None or b.size is not None:
        size = ast.BinOp(a.reach, ast.Add(), b.reach)
    roundings = 0 if whole is not None else max(a.roundings, b.roundings) + 1
    return Near(value, size, roundings, max(a.factors, b.factors), whole)


def below(x: Near, y: Near, op: str) -> ast.expr:
    """True only if x is below y for certain: `<` or `<=`.

    Where neither has another size, x ≤ y·(1 - k·UNIT) says so; else x + e·(sizes) ≤ y, or that of both signs of z
    where x is abs(z).
    """
    operator = OPERATORS[op]()
    if x.size is None and y.size is None:
        k = x.roundings + y.roundings + SLACK
        if y.folded is not None:
            return ast.Compare(x.value, [operator], [y.folded(k)])
        if x.folded is not None:
            return ast.Compare(x.folded(-k), [operator], [y.value])
        return ast.Compare(x.value, [operator], [times(y.value, ast.Constant(1 - k * UNIT))])
    error = ast.Constant((max(x.roundings, y.roundings) + SLACK) * UNIT)
    margin = times(ast.BinOp(x.reach, ast.Add(), y.reach), error)
    if x.inside is None:
        return ast.Compare(ast.BinOp(x.value, ast.Add(), margin), [operator], [y.value])
    room = ast.NamedExpr(ast.Name("room", ast.Store()), ast.BinOp(y.value, ast.Sub(), margin))
    return ast.Compare(ast.UnaryOp(ast.USub(), room), [operator, operator], [x.inside, local("room")])


def _and(one: ast.expr, other: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.And(), [one, other])

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
- a number read has the sign that it means, and so have products of such, small whole numbers, and sums of what is not
  negative: beside zero such a float is as good as exact

Sizes are worked out in floats themselves, and SLACK roundings on top pay for that, for the comparison's own sums and
for terms in u². Nothing overflows, and underflow is far below u·s: a number that is read is 0 or between 1e-40 and
1e41 in magnitude, and an expression with more than MAX_FACTORS of them in a product is left to exact numbers.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from engine.backends.translate import OPERATORS, local, times
from engine.catalog import Value

SLACK: Final = 4
MAX_FACTORS: Final = 6
# Twice u, so that the bound is written with room to spare.
UNIT: Final = 2**-52


class NotBanded(Exception):
    """The expression has no bound that was proved; it is left to exact numbers."""


def nearest(value: Decimal | str) -> float:
    """The float nearest to a number, which may be a text."""
    return float(value)


def as_float(value: Value | None) -> Any:
    """The float nearest to a number; all else as it is."""
    return nearest(value) if isinstance(value, Decimal) else value


@dataclass(frozen=True, slots=True)
class Near:
    """A number in floats.

    `size` bounds its magnitude (None: it is its own size); `roundings` and `factors` are those of the longest way
    through it; `whole` bounds one that is exactly a small whole number; `folded` is the value times 1 - k·UNIT, where
    that costs nothing; `inside` is z where the value is abs(z); `signed` says that its sign is that of what it means.
    """

    value: ast.expr
    size: ast.expr | None
    roundings: int = 1
    factors: int = 1
    whole: int | None = None
    folded: Callable[[int], ast.expr] | None = None
    inside: ast.expr | None = None
    signed: bool = False

    @property
    def reach(self) -> ast.expr:
        """Its size, which may be itself."""
        return self.value if self.size is None else self.size


# Numerator and denominator (None for one).
NearQuotient = tuple[Near, Near | None]


def product(a: Near, b: Near | None) -> Near:
    """A number times another, or times one."""
    if b is None:
        return a
    size = None if a.size is None and b.size is None else times(a.reach, b.reach)
    whole = a.whole * b.whole if a.whole is not None and b.whole is not None and a.whole * b.whole < 1 / UNIT else None
    folded = _folding(a, b) or _folding(b, a)
    roundings = 0 if whole is not None else a.roundings + b.roundings + 1
    signed = a.signed and b.signed
    return Near(times(a.value, b.value), size, roundings, a.factors + b.factors, whole, folded, signed=signed)


def _folding(a: Near, b: Near) -> Callable[[int], ast.expr] | None:
    """A product folds if a factor does."""
    fold = a.folded
    return None if fold is None else lambda k: times(fold(k), b.value)


def total(a: Near, b: Near, op: str) -> Near:
    """A sum or a difference."""
    whole = a.whole + b.whole if a.whole is not None and b.whole is not None and a.whole + b.whole < 1 / UNIT else None
    operator: ast.operator = ast.Add() if op == "+" else ast.Sub()
    value = ast.BinOp(a.value, operator, b.value)
    size: ast.expr | None = None
    if whole is not None and (op == "-" or a.size is not None or b.size is not None):
        size = ast.Constant(whole)
    elif op == "-" or a.size is not None or b.size is not None:
        size = ast.BinOp(a.reach, ast.Add(), b.reach)
    roundings = 0 if whole is not None else max(a.roundings, b.roundings) + 1
    # A sum of what is nowhere negative is zero only where all of it is.
    signed = whole is not None or (size is None and a.signed and b.signed)
    return Near(value, size, roundings, max(a.factors, b.factors), whole, signed=signed)


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

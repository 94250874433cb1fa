"""Truths as expressions without a jump, in which yes and no stand apart: where neither is so, nothing is certain."""

import ast
from functools import reduce
from typing import Final

from engine.backends.translate import OPERATORS

NEVER: Final = ast.Constant(False)
# Whether a condition surely holds, and whether it surely doesn't.
Sure = tuple[ast.expr, ast.expr]


def told(op: str, x: ast.expr, y: ast.expr, equal: list[ast.expr]) -> Sure:
    """A comparison of floats that are sure to be unequal the same way round, and equal as far as it is said."""
    less, same, more = compare(x, "<", y), both(compare(x, "==", y), *equal), compare(x, ">", y)
    holds = {"<": [less], "<=": [less, same], ">": [more], ">=": [more, same], "==": [same], "!=": [less, more]}[op]
    return either(*holds), either(*[one for one in (less, same, more) if one not in holds])


def compare(x: ast.expr, op: str, y: ast.expr) -> ast.expr:
    """`x op y`."""
    return ast.Compare(x, [OPERATORS[op]()], [y])


def both(*parts: ast.expr) -> ast.expr:
    """All of them, without a jump."""
    return reduce(lambda one, other: ast.BinOp(one, ast.BitAnd(), other), parts)


def either(*parts: ast.expr) -> ast.expr:
    """Any of them, without a jump."""
    return reduce(lambda one, other: ast.BinOp(one, ast.BitOr(), other), parts)


def negated(part: ast.expr) -> ast.expr:
    """That it is not so; of what is a truth value."""
    return ast.UnaryOp(ast.Not(), part)

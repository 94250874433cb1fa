"""The value of one fact, every other given, that satisfies a formula and is the nearest to where it began.

Exact where the formula is piecewise linear in the fact, or compares quotients of what is: it changes its mind only
where a comparison is at its bound.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import product
from typing import Final

from generator.change.proof.terms import COMPARISONS, Term, below, compared
from generator.change.proof.vocabulary import Domain

# (a·x + b) / (c·x + d), as a, b, c, d.
Piece = tuple[Fraction, Fraction, Fraction, Fraction]
_ZERO: Final = Fraction(0)
_ONE: Final = Fraction(1)
MOST: Final = 64


class NotPiecewise(Exception):
    """A formula is none of which it can be told where it changes its mind."""


def nearest(formula: Term, name: str, step: Fraction, domain: Domain, begun: Fraction) -> Fraction | None:
    """The multiple of a step, as the value of the fact of this name, for which the formula holds; None if none does.

    Args:
        formula: one in which this fact's number is all that is left open.
        name: the fact's variable.
        step: positive.
        domain: what the fact may be.
        begun: where it began; of two values the nearer is the answer, and zero is none of a size that began there.

    Raises:
        NotPiecewise: the formula is none of which that can be told.
    """
    low = _ZERO if domain.low is None else domain.low
    ends = {begun, low, low + step, *_ends(formula, name)}
    whole = {end // step for end in sorted(ends, key=lambda e: abs(e - begun))[:MOST]}
    candidates = {step * (w + k) for w in whole for k in (-1, 0, 1, 2)} - {begun}
    parts = list(formula.args) if formula.op == "and" else [formula]
    for value in sorted(candidates, key=lambda c: (abs(c - begun), c)):
        if domain.takes(value) and _all_hold(parts, value):
            return value
    return None


def _all_hold(parts: list[Term], value: Fraction) -> bool:
    """Whether all of these hold; the first that does not is moved to the front, since it will often fail again."""
    for index, part in enumerate(parts):
        if not _holds(part, value):
            parts.insert(0, parts.pop(index))
            return False
    return True


def _holds(formula: Term, value: Fraction) -> bool:
    """Whether a formula holds, whose facts all have this value."""
    match formula.op:
        case "and":
            return all(_holds(part, value) for part in formula.args)
        case "or":
            return any(_holds(part, value) for part in formula.args)
        case "not":
            return not _holds(formula.args[0], value)
        case "multiple":
            number, step = (_number(part, value) for part in formula.args)
            return bool(step) and (number / step).denominator == 1
        case "true" | "false":
            return formula.op == "true"
    return compared(formula.op, _number(formula.args[0], value), formula.args[1])


def _number(term: Term, value: Fraction) -> Fraction:
    match term.op:
        case "fact":
            return value
        case "number":
            number: Fraction = term.args[0]
            return number
        case "sum":
            total: Fraction = sum((f * _number(t, value) for t, f in term.args[1]), start=term.args[0])
            return total
        case "product":
            return _number(term.args[0], value) * _number(term.args[1], value)
        case "quotient":
            divisor = _number(term.args[1], value)
            return _number(term.args[0], value) / divisor if divisor else _ZERO
        case "abs":
            return abs(_number(term.args[0], value))
        case "choose":
            return _number(term.args[1 if _holds(term.args[0], value) else 2], value)
    return (max if term.op == "max" else min)(_number(part, value) for part in term.args)


def _ends(formula: Term, name: str) -> Iterator[Fraction]:
    """Where a comparison in the formula changes its mind."""
    seen: set[Term] = set()
    pending = [formula]
    while pending:
        term = pending.pop()
        if term in seen:
            continue
        seen.add(term)
        if term.op in COMPARISONS:
            yield from _roots(_pieces(term.args[0], name), term.args[1])
        elif term.op in ("flag", "word", "same", "has", "missing", "garbage"):
            raise NotPiecewise
        pending.extend(below(term))


def _roots(pieces: Iterable[Piece], bound: Fraction) -> Iterator[Fraction]:
    for a, b, c, d in pieces:
        slope = a - bound * c
        if slope:
            yield (bound * d - b) / slope


def _pieces(term: Term, name: str) -> list[Piece]:
    """The quotients of linear functions that a term is made of."""
    match term.op:
        case "number":
            return [(_ZERO, term.args[0], _ZERO, _ONE)]
        case "fact" if term.args[0] == name:
            return [(_ONE, _ZERO, _ZERO, _ONE)]
        case "sum":
            return _sums(term, name)
        case "max" | "min":
            return _bounded([p for part in term.args for p in _pieces(part, name)])
        case "abs":
            found = _pieces(term.args[0], name)
            return _bounded([*found, *((-a, -b, c, d) for a, b, c, d in found)])
        case "choose":
            return _bounded([p for part in term.args[1:] for p in _pieces(part, name)])
        case "quotient":
            pairs = product(_pieces(term.args[0], name), _pieces(term.args[1], name))
            return _bounded([_quotient(one, other) for one, other in pairs])
    raise NotPiecewise


def _sums(term: Term, name: str) -> list[Piece]:
    constant, pairs = term.args
    found: list[Piece] = [(_ZERO, constant, _ZERO, _ONE)]
    for inner, factor in pairs:
        found = _bounded([_sum(one, other, factor) for one in found for other in _pieces(inner, name)])
    return found


def _sum(one: Piece, other: Piece, factor: Fraction) -> Piece:
    a, b, c, d = one
    e, f, g, h = other
    if (c, d) == (g, h):
        return a + factor * e, b + factor * f, c, d
    if not c and not g:
        return a / d + factor * e / h, b / d + factor * f / h, _ZERO, _ONE
    if not c and not a:
        return factor * e + b / d * g, factor * f + b / d * h, g, h
    if not g and not e:
        return a + factor * f / h * c, b + factor * f / h * d, c, d
    raise NotPiecewise


def _quotient(one: Piece, other: Piece) -> Piece:
    a, b, c, d = one
    e, f, g, h = other
    if c or g or not d:
        raise NotPiecewise
    return a * h, b * h, e * d, f * d


def _bounded(pieces: list[Piece]) -> list[Piece]:
    found = list(dict.fromkeys(pieces))
    if len(found) > MOST:
        raise NotPiecewise
    return found

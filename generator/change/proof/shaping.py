"""Shaping witnesses: facts back where they began, numbers near and round, the smallest size, while it holds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Context, Decimal
from fractions import Fraction
from typing import Final

from engine.numbers import MAX_DIGITS, decimal_near
from generator.change.proof.places import Place
from generator.change.proof.sides import Side
from generator.change.proof.sizes import NotPiecewise, nearest
from generator.change.proof.terms import Term, Terms
from generator.change.proof.valuation import Given, Point, valued
from generator.change.proof.vocabulary import Vocabulary

ROUND: Final = (1, 2, 3)
FINER: Final = (2, 4, 6)
# A number is aimed with so many digits after its first.
AIMED: Final = 2
# How far from its beginning a fact need go, in hundredths of how far it went.
NEARER: Final = (1, 5, 25, 50)
# 0 where the engine does not agree, 1 where it does by a fact that is missing or invalid, 2 by what is measured.
Confirm = Callable[[Point], int]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is looked for: facts for which all formulas hold, the first being what it is about.

    `side` gives the size and its step; `confirm` says whether the engine agrees, on facts that the formulas call such.
    """

    place: Place
    side: Side
    formulas: tuple[Term, ...]
    confirm: Confirm

    @property
    def size(self) -> str | None:
        """The fact whose smallest value is wanted."""
        solve = self.side.ruleset.head.solve
        return None if solve is None or self.place.scope != "order" else solve.fact


@dataclass(frozen=True, slots=True)
class Found:
    """Facts that were found and confirmed, which of them differ from where the search began, and where that was."""

    point: dict[str, Given]
    moved: tuple[str, ...]
    base: Point


class Opened:
    """A goal's formulas with all facts of a point put in, but for the size and a few by name."""

    def __init__(self, terms: Terms, vocabulary: Vocabulary, goal: Goal, point: Point, names: Iterable[str]) -> None:
        self._terms, self._vocabulary, self._point, self._size = terms, vocabulary, point, goal.size
        left = {*names, goal.size}
        put = valued(terms, vocabulary.taken({n: v for n, v in point.items() if n not in left}))
        given = {}
        if goal.size is not None:
            given = dict.fromkeys((terms.missing(goal.size), terms.garbage(goal.size)), terms.false)
        memo: dict[Term, Term] = {}

        def leaf(term: Term) -> Term | None:
            return given.get(term) or put(term)

        solve = goal.side.ruleset.head.solve
        step = terms.zero if solve is None else goal.side.here(goal.place).fact(solve.step).term
        self._step = terms.rewritten(step, leaf, memo)
        self._formula = terms.both(*(terms.rewritten(f, leaf, memo) for f in goal.formulas))

    def closed(self, values: Mapping[str, Given]) -> dict[str, Given] | None:
        """The point with these values and the smallest size for which the formulas hold; None where there is none."""
        terms, put, memo = self._terms, valued(self._terms, self._vocabulary.taken(values)), dict[Term, Term]()
        formula, step = (terms.rewritten(t, put, memo) for t in (self._formula, self._step))
        point = {**self._point, **values}
        if self._size is None or formula is terms.false:
            return point if formula is terms.true else None
        if step.op == "number" and step.args[0] > 0:
            try:
                size = nearest(formula, self._size, step.args[0], self._vocabulary.domains[self._size], Fraction(0))
            except NotPiecewise:
                pass
            else:
                value = None if size is None else as_decimal(size)
                return None if value is None else {**point, self._size: value}
        own = valued(terms, self._vocabulary.taken({self._size: point[self._size]}))
        return point if terms.rewritten(formula, own, {}) is terms.true else None

    def nearest(self, name: str, step: Fraction, begun: Fraction) -> dict[str, Given] | None:
        """The point, in its size, with the multiple of a step for one fact for which the formulas hold."""
        terms, given = self._terms, dict[str, Given]()
        if self._size is not None:
            given[self._size] = self._point[self._size]
        put = valued(terms, self._vocabulary.taken(given))
        known = dict.fromkeys((terms.missing(name), terms.garbage(name)), terms.false)
        formula = terms.rewritten(self._formula, lambda term: known.get(term) or put(term), {})
        try:
            value = nearest(formula, name, step, self._vocabulary.domains[name], begun)
        except NotPiecewise:
            return None
        exact = None if value is None else as_decimal(value)
        return None if exact is None else {**self._point, **given, name: exact}


class Shaper:
    """Makes facts that were found ones that a person would have thought of."""

    def __init__(self, terms: Terms, vocabulary: Vocabulary) -> None:
        self._terms, self._vocabulary = terms, vocabulary

    def like(self, hint: Found, goal: Goal, base: Point) -> Found | None:
        """A witness of another place, tried here: with the same facts moved as far, in the size that is needed here."""
        moved = [n for n in hint.moved if n in base and n != goal.size]
        opened = Opened(self._terms, self._vocabulary, goal, base, moved)
        variants = [{n: _as_far(hint, n, base[n], digits) for n in moved} for digits in FINER]
        variants.append({n: hint.point[n] for n in moved})
        for variant in dict.fromkeys(tuple(v.items()) for v in variants):
            point = opened.closed(dict(variant))
            if point is not None and goal.confirm(point):
                return made(point, base)
        tries = (self._aimed(hint, name, goal, base) for name in moved if isinstance(hint.point[name], Decimal))
        return next((made(point, base) for point in tries if point is not None and goal.confirm(point)), None)

    def _aimed(self, hint: Found, name: str, goal: Goal, base: Point) -> dict[str, Given] | None:
        """The hint with one of its numbers moved just as far as this place needs, in the smallest size that passes."""
        point = {**base, **{n: hint.point[n] for n in hint.moved if n in base and n not in (name, goal.size)}}
        passing = Goal(goal.place, goal.side, goal.formulas[1:], goal.confirm)
        sized = Opened(self._terms, self._vocabulary, passing, point, ()).closed({})
        begun, there = base[name], hint.point[name]
        if sized is None or not isinstance(there, Decimal) or not there:
            return None
        step = Fraction(10) ** (there.adjusted() - AIMED)
        return Opened(self._terms, self._vocabulary, goal, sized, (name,)).nearest(
            name, step, Fraction(begun) if isinstance(begun, Decimal) else Fraction(0)
        )

    def shaped(self, point: dict[str, Given], goal: Goal, base: Point) -> Found:
        """A witness with no fact moved that need not be, nor farther than it need be, in the smallest size."""
        moved = [n for n in point if point[n] != base[n] and n != goal.size]
        for name in reversed(moved):
            point = self._first(point, name, (base[name],), goal)
        for name in moved:
            begun, value = base[name], point[name]
            if isinstance(value, Decimal) and value != begun:
                start = begun if isinstance(begun, Decimal) else Decimal(0)
                point = self._first(point, name, _between(start, value), goal)
                point = self._first(point, name, _rounder(point[name]), goal)
        sized = Opened(self._terms, self._vocabulary, goal, point, ()).closed({})
        if sized is not None and goal.confirm(sized) >= goal.confirm(point):
            point = sized
        return made(point, base)

    def _first(self, point: dict[str, Given], name: str, values: Iterable[Given], goal: Goal) -> dict[str, Given]:
        """The point with the first value of a fact that will do."""
        agreed = goal.confirm(point)
        opened = Opened(self._terms, self._vocabulary, goal, point, (name,))
        for value in values:
            tried = opened.closed({name: value})
            if tried is not None and goal.confirm(tried) >= agreed:
                return tried
        return point


def made(point: dict[str, Given], base: Point) -> Found:
    """A point as what was found."""
    return Found(point, tuple(n for n, v in point.items() if v != base[n]), base)


def _as_far(hint: Found, name: str, begun: Given, digits: int) -> Given:
    """A fact moved as far from its beginning as it was elsewhere, in proportion."""
    there, then = hint.point[name], hint.base[name]
    if not (isinstance(there, Decimal) and isinstance(then, Decimal) and isinstance(begun, Decimal) and then and begun):
        return there
    return decimal_near(Fraction(begun) * Fraction(there) / Fraction(then), digits)


def _between(start: Decimal, value: Decimal) -> Iterator[Decimal]:
    """Numbers on the way to a value, the nearest to its beginning first."""
    for hundredths in NEARER:
        for digits in FINER[:2]:
            yield Context(prec=digits).add(start, (value - start) * hundredths / 100)


def _rounder(value: Given) -> Iterator[Decimal]:
    """Numbers near a value that are easier to read, the roundest first, and each positive before it is negative."""
    assert isinstance(value, Decimal)
    for digits in ROUND:
        for way in (ROUND_HALF_EVEN, ROUND_UP, ROUND_DOWN):
            near = Context(prec=digits, rounding=way).plus(value)
            if near == value:
                return
            yield from dict.fromkeys((abs(near), near))


def as_decimal(value: Fraction) -> Decimal | None:
    """A rational as a decimal that a fact may be; None where none is it exactly."""
    near = decimal_near(value, MAX_DIGITS)
    return near if Fraction(near) == value else None

"""What a leeway lets pass, as functions of floats beside exact numbers."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from engine.backends.bands import MAX_FACTORS, SLACK, UNIT
from engine.backends.places import at
from engine.backends.python import compiled
from engine.backends.translate import call, invert, local, times
from engine.leeway import Leeway, NoLeeway, Product, Range
from engine.numbers import EXACT

# Own facts as floats, and exactly.
Near = Callable[[Any, Any], bool]

# Ends of ranges in floats lie well within what floats hold.
_MAGNITUDE: Final = 10**200


@dataclass(frozen=True, slots=True)
class _Ends:
    """A product of facts, and which ends its range has."""

    product: Product
    low: bool
    high: bool


class Tests:
    """Makes the tests of leeways that facts of certain places have; those of one form share their code."""

    def __init__(self, own: Sequence[str]) -> None:
        self._at = {name: i for i, name in enumerate(own)}
        self._forms: dict[object, Callable[..., Near]] = {}

    def near(self, found: Leeway) -> Near:
        """Whether facts pass for certain, by floats.

        Raises:
            NoLeeway: floats can't say.
        """
        ends: list[_Ends] = []
        values: list[object] = []
        for product, of in sorted(found.ranges.items()):
            if len(product) > MAX_FACTORS:
                raise NoLeeway
            low, high = _near_ends(of, len(product))
            values += [end for end in (low, high) if end is not None]
            ends.append(_Ends(product, low is not None, high is not None))
        form = (tuple(ends), tuple(name for name, _ in found.steps))
        if form not in self._forms:
            self._forms[form] = self._form(ends, [name for name, _ in found.steps])
        return self._forms[form](EXACT.remainder, *values, *[step for _, step in found.steps])

    def _form(self, ends: Sequence[_Ends], stepped: Sequence[str]) -> Callable[..., Near]:
        tests: list[ast.expr] = []
        bound = ["remainder"]
        for i, of in enumerate(ends):
            value: ast.expr = reduce(times, [at("g", self._at[name]) for name in of.product])
            if of.low:
                bound.append(f"low{i}")
            if of.high:
                bound.append(f"high{i}")
            if of.low and of.high:
                tests.append(ast.Compare(local(f"low{i}"), [ast.LtE(), ast.LtE()], [value, local(f"high{i}")]))
            elif of.low or of.high:
                end = ast.Compare(value, [ast.LtE()], [local(f"high{i}")])
                tests.append(end if of.high else ast.Compare(local(f"low{i}"), [ast.LtE()], [value]))
        for i, name in enumerate(stepped):
            bound.append(f"step{i}")
            tests.append(invert(call("remainder", [at("h", self._at[name]), local(f"step{i}")])))
        both = ast.BoolOp(ast.And(), [ast.Constant(True), *tests, ast.Constant(True)])
        return compiled(bound, ["g", "h"], [ast.Return(both)])


def _near_ends(of: Range, factors: int) -> tuple[float | None, float | None]:
    """Ends in floats, moved inwards by more than the product of so many numbers, each as read, may be off.

    Raises:
        NoLeeway: nothing is left, or an end is too large or small.
    """
    margin = (2 * factors + SLACK) * UNIT
    low = high = None
    if of.low is not None and (of.low > 0 or of.low_strict):
        if of.low <= 0:
            raise NoLeeway
        low = _float(of.low) * (1 + margin)
    if of.high is not None:
        if of.high < 0 or (of.high_strict and not of.high):
            raise NoLeeway
        high = _float(of.high) * (1 - margin)
    return low, high


def _float(value: Fraction) -> float:
    if value and not 1 / _MAGNITUDE < value < _MAGNITUDE:
        raise NoLeeway
    return value.numerator / value.denominator

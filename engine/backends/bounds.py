"""What a leeway lets pass, as functions of floats beside exact numbers."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, Inexact
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from engine.backends.assembler import BUILT, Assembled
from engine.backends.near import MAX_FACTORS, SLACK, UNIT
from engine.backends.places import at
from engine.backends.python import compiled
from engine.backends.translate import call, invert, local, times
from engine.catalog import Value
from engine.facts import FactReader
from engine.interpret import Situation
from engine.leeway import Leeway, NoLeeway, Product, Range, leeway
from engine.numbers import EXACT, exact
from engine.reach import asked_known
from engine.ruleset import Gate, Layer, RuleSet, Subject, gate_nodes
from engine.tree import Sign

# Whether facts pass for certain: own ones as floats, and exactly.
Passes = Callable[[Any, Any], bool]

# Ends of ranges in floats lie well within what floats hold.
_MAGNITUDE: Final = 10**200


@dataclass(frozen=True, slots=True)
class _Test:
    """A test of a product of facts: which ends its range has in floats, and which exactly, either of which will do; or
    whether a fact is a whole multiple.
    """

    product: Product
    near: tuple[bool, ...]
    exactly: tuple[bool, ...]
    stepped: bool = False


class Bounds:
    """Makes the tests of what facts that stand leave to others; those of one form share their code.

    Args:
        ruleset: whose gates they are.
        reader: knows the slots of facts.
        own: the facts that each decision gives.
        compared: the numbers among these that are no floats.
    """

    def __init__(self, ruleset: RuleSet, reader: FactReader, own: Sequence[str], compared: frozenset[str]) -> None:
        self._ruleset, self._reader, self._compared = ruleset, reader, compared
        facts = ruleset.catalog.facts
        self._free = {name: facts[name].sign for name in own if facts[name].unit.numeric}
        # What is no number is known before a test is made: each test is for some of them.
        self.words = tuple(name for name in own if name not in self._free)
        self._at = {name: i for i, name in enumerate(own)}
        self._forms: dict[object, Callable[..., Passes]] = {}

    def test(
        self,
        gates: Sequence[Gate],
        whose: tuple[Subject | None, Layer | None],
        standing: Sequence[Value | None],
        words: Sequence[Value],
    ) -> Passes | None:
        """Whether numbers pass these gates for certain; None where bounds can't say.

        Args:
            gates: all that apply.
            whose: subject and actor.
            standing: the facts that stand, in their slots.
            words: the given facts that are no numbers.
        """
        values, slots = list(standing), self._reader.slots
        for name in self._free:
            values[slots[name]] = None
        for name, word in zip(self.words, words, strict=True):
            values[slots[name]] = word
        self._reader.derive(values)
        exempt = self._ruleset.head.exempt
        tops = [n for gate in gates for n in gate_nodes(gate)]
        tops += [self._ruleset.measures[exempt].node] if exempt is not None else []
        # A number that is still to come seems to be missing.
        if not asked_known(self._ruleset, *tops).isdisjoint(self._free):
            return None
        try:
            return self._passes(leeway(gates, Situation(self._ruleset, slots, values, {}, *whose), self._free))
        except NoLeeway:
            return None

    def _passes(self, found: Leeway) -> Passes:
        tests: list[_Test] = []
        bound: list[object] = []
        for product, of in sorted(found.ranges.items()):
            if len(product) > MAX_FACTORS:
                raise NoLeeway
            positive = all(self._free[name] is Sign.POSITIVE for name in product)
            near = () if product[0] in self._compared else _near_ends(of, len(product), positive=positive)
            exactly = _exact_ends(of) if len(product) == 1 else ()
            if not (near or exactly):  # a strict end of what is no float
                raise NoLeeway
            tests.append(_Test(product, tuple(e is not None for e in near), tuple(e is not None for e in exactly)))
            bound += [end for end in (*near, *exactly) if end is not None]
        for name, step in found.steps:
            tests.append(_Test((name,), (), (), stepped=True))
            bound.append(step)
        form = tuple(tests)
        if form not in self._forms:
            self._forms[form] = self._form(form)
        return self._forms[form](EXACT.remainder, *bound)

    def _form(self, tests: Sequence[_Test]) -> Callable[..., Passes]:
        """What takes the ends of ranges, and gives the test."""
        bound = {"remainder": False}

        def ends(there: tuple[bool, ...], value: ast.expr, *, floats: bool) -> list[ast.expr]:
            """Whether a value is between the ends that there are; nothing where neither is bound."""
            if not there:
                return []
            low, high = (_named(bound, is_float=floats) if one else None for one in there)
            if low is None and high is None:
                return [ast.Constant(True)]
            sides = [side for side in (low, value, high) if side is not None]
            return [ast.Compare(sides[0], [ast.LtE()] * (len(sides) - 1), sides[1:])]

        found: list[ast.expr] = [ast.Constant(True)]
        for test in tests:
            places = [self._at[name] for name in test.product]
            if test.stepped:
                found.append(invert(call("remainder", [at("h", places[0]), _named(bound, is_float=False)])))
                continue
            near = ends(test.near, reduce(times, [at("g", place) for place in places]), floats=True)
            either = [*near, *ends(test.exactly, at("h", places[0]), floats=False)]
            found.append(either[0] if len(either) == 1 else ast.BoolOp(ast.Or(), either))
        body: list[ast.stmt] = [ast.Return(ast.BoolOp(ast.And(), [*found, ast.Constant(True)]))]
        in_python, assembled = compiled(list(bound), ["g", "h"], body), Assembled(bound, {}, body, len(self._at))
        if BUILT and assembled.code is None:  # own facts come as the machine takes them
            raise NoLeeway

        def bind(*values: object) -> Passes:
            made = assembled.bind(values)
            passes: Passes = in_python(*values) if made is None else made
            return passes

        return bind


def _named(bound: dict[str, bool], *, is_float: bool) -> ast.expr:
    """One more value that is bound."""
    name = f"p{len(bound)}"
    bound[name] = is_float
    return local(name)


def _exact_ends(of: Range) -> tuple[Decimal | None, ...]:
    """Ends as decimals, which a number is compared with as it was read; none at all where that can't say."""
    if of.low_strict or of.high_strict:
        return ()
    with exact():
        try:
            return tuple(
                None if e is None else Decimal(e.numerator) / Decimal(e.denominator) for e in (of.low, of.high)
            )
        except Inexact:
            return ()


def _near_ends(of: Range, factors: int, *, positive: bool) -> tuple[float | None, float | None]:
    """Ends in floats, moved inwards by more than the product of so many numbers, each as read, may be off.

    Raises:
        NoLeeway: nothing is left, or an end is too large or small.
    """
    margin = (2 * factors + SLACK) * UNIT
    low = high = None
    if of.low is not None and (of.low > 0 or (of.low == 0 and of.low_strict and not positive)):
        if not of.low:
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

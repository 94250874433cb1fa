"""What a condition says of all values of a fact between two, as far as the ends tell.

A comparison of two lines is true up to some place, or from some place on. So where each comparison says the same at
both ends of a range, it says that in between; and so does what is made of such comparisons.
"""

import ast
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from engine.backends.places import InSlots
from engine.backends.python import Program, Values, made_before
from engine.backends.translate import Translator
from engine.curves import is_curve, varies
from engine.reach import reach
from engine.ruleset import RuleSet
from engine.tree import Arithmetic, Compare, FactRef, Known, Logic, MeasureRef, Negate, Node, Not, children

# True up to some place, or from there on, where they compare lines; two lines may be equal at a place between.
_ONE_WAY: Final = frozenset({"<", "<=", ">", ">="})


class NotLines(ValueError):
    """Something in the condition is no line in the fact."""


class Ends:
    """A condition as a function of one fact.

    Args:
        ruleset: whose measures it may name.
        slots: where facts are.
        condition: a checked condition.
        fact: a number.
    """

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int], condition: Node, fact: str) -> None:
        self._slot = slots[fact]
        self._says = None
        if reach(ruleset, condition) <= slots.keys():
            try:
                parts = [condition, *_comparisons(condition, ruleset, fact)]
            except NotLines:
                return
            to = Translator(ruleset, slots)
            tables = made_before(ruleset, parts, to)
            said = ast.Tuple([to.condition(part) for part in parts], ast.Load())
            self._says = Program(ruleset, parts, to, [*tables, ast.Return(said)], InSlots(slots)).bind(None, None)

    def between(self, values: Values, low: Decimal, high: Decimal) -> bool | None:
        """What the condition says of every value from `low` to `high`, both among them; None where that may differ, or
        a fact is missing.

        Args:
            values: the other facts, in their slots.
            low: the least value of the fact.
            high: the largest.
        """
        if self._says is None:
            return None
        values = values.copy()
        try:
            values[self._slot] = low
            at_low = self._says(values)
            values[self._slot] = high
            return at_low[0] if at_low is not None and at_low == self._says(values) else None
        except (TypeError, ArithmeticError):  # what is missing raises
            return None


def _comparisons(node: Node, ruleset: RuleSet, fact: str) -> Iterator[Node]:
    """The comparisons in a condition that read the fact.

    Raises:
        NotLines: one is not of two lines, or something else than a comparison reads the fact.
    """
    if isinstance(node, MeasureRef):
        node = ruleset.measures[node.name].node
    if not varies(node, ruleset, fact) or isinstance(node, Known):
        return
    sides = children(node)
    if isinstance(node, (Logic, Not)):
        for side in sides:
            yield from _comparisons(side, ruleset, fact)
    elif isinstance(node, Compare) and node.op in _ONE_WAY and all(_is_line(side, ruleset, fact) for side in sides):
        yield node
    else:
        raise NotLines


def _is_line(node: Node, ruleset: RuleSet, fact: str) -> bool:
    """Whether a number is a line in the fact, all others standing."""
    if isinstance(node, MeasureRef):
        return _is_line(ruleset.measures[node.name].node, ruleset, fact)
    if not varies(node, ruleset, fact):
        return True
    is_straight = isinstance(node, (FactRef, Arithmetic, Negate)) and not is_curve(node, ruleset, fact)
    return is_straight and all(_is_line(child, ruleset, fact) for child in children(node))

"""What a condition says of all values of a fact between two, as far as the ends tell.

A comparison of two lines is true up to some place, or from some place on. So where each comparison says the same at
both ends of a range, it says that in between; and so does what is made of such comparisons.
"""

import ast
from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.backends.places import InSlots
from engine.backends.python import Program, Values, made_before
from engine.backends.translate import Translator
from engine.reach import reach
from engine.ruleset import RuleSet
from engine.tree import Arithmetic, Compare, FactRef, Known, Logic, MeasureRef, Negate, Node, Not, children


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
    if fact not in reach(ruleset, node) or isinstance(node, Known):
        return
    if isinstance(node, (Logic, Not)):
        for child in children(node):
            yield from _comparisons(child, ruleset, fact)
    elif (
        isinstance(node, Compare)
        and node.op not in ("==", "!=")
        and all(_line(n, ruleset, fact) for n in children(node))
    ):
        yield node
    else:
        raise NotLines


def _line(node: Node, ruleset: RuleSet, fact: str) -> bool:
    """Whether a number is a line in the fact, all others standing."""
    match node:
        case _ if fact not in reach(ruleset, node):
            return True
        case MeasureRef(name=name):
            return _line(ruleset.measures[name].node, ruleset, fact)
        case Arithmetic(op="*", left=left, right=right) if fact in reach(ruleset, left) and fact in reach(
            ruleset, right
        ):
            return False
        case Arithmetic(op="/", right=right) if fact in reach(ruleset, right):
            return False
        case FactRef() | Arithmetic() | Negate():
            return all(_line(child, ruleset, fact) for child in children(node))
        case _:
            return False

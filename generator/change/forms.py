"""Expressions in one form: two that mean the same on the face of it are the same number.

Rewriting keeps both the value and what is unknown: sums and products are sorted, constants folded and denominators
gathered, comparisons turned one way and `not` pushed inwards; `and` and `or` keep their order, since they stop early.
Nothing is cancelled, for what is missing in `x - x` is missing still. Measures and tables are written out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

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
    Known,
    Logic,
    MeasureRef,
    Member,
    Negate,
    Node,
    Not,
    OutputRef,
)

ONE: Final = Fraction(1)
# Factors above and below the line, as sorted numbers of forms.
Term = tuple[tuple[int, ...], tuple[int, ...]]
Sum = dict[Term, Fraction]
_UNIT: Final[Term] = ((), ())
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TURNED: Final = {">": "<", ">=": "<="}


@dataclass(slots=True)
class Forms:
    """Every form that was met, by its number."""

    _numbers: dict[Any, int] = field(default_factory=dict)
    _forms: list[Any] = field(default_factory=list)

    def number(self, form: Any) -> int:
        """The number of a form."""
        found = self._numbers.get(form)
        if found is None:
            found = self._numbers[form] = len(self._forms)
            self._forms.append(form)
        return found

    def form(self, number: int) -> Any:
        """The form that has a number."""
        return self._forms[number]


@dataclass(slots=True)
class Writing:
    """Expressions of one rule set as forms; with `whole` its measures and tables are written out."""

    ruleset: RuleSet
    forms: Forms
    whole: bool = True
    _measures: dict[str, int] = field(default_factory=dict)

    def of(self, node: Node | None) -> int | None:
        """The number of an expression's form; None for none."""
        return None if node is None else form_of(node, self)

    def measure(self, name: str) -> int:
        """The number of a measure's form."""
        if not self.whole:
            return self.forms.number(("measure", name))
        if name not in self._measures:
            self._measures[name] = form_of(self.ruleset.measures[name].node, self)
        return self._measures[name]

    def output(self, table: str, output: str) -> int:
        """The number of an output's form: the rows that it may come from, in order."""
        if not self.whole:
            return self.forms.number(("output", table, output))
        rows = self.ruleset.tables[table].rows
        cases = tuple((self.of(row.when), self.of(row.outputs.get(output))) for row in rows)
        # What a row leaves out is missing under the table's own name.
        named = (table, output) if any(output not in row.outputs for row in rows) else ()
        return self.forms.number(("cases", cases, named))

    def sum(self, node: Node) -> Sum:
        """A number as a sum of products."""
        number = form_of(node, self)
        form = self.forms.form(number)
        if form[0] == "sum":
            return dict(form[1])
        return {_UNIT: form[1]} if form[0] == "number" else {((number,), ()): ONE}

    def sum_number(self, terms: Sum) -> int:
        """The number of a sum; of one that is a single thing, that thing's."""
        if len(terms) > 1 and not terms.get(_UNIT, ONE):
            terms = {term: value for term, value in terms.items() if term != _UNIT}
        if set(terms) <= {_UNIT}:
            return self.forms.number(("number", terms.get(_UNIT, Fraction(0))))
        if len(terms) == 1:
            ((above, below), factor), *_ = terms.items()
            if len(above) == 1 and not below and factor == 1:
                return above[0]
        return self.forms.number(("sum", tuple(sorted(terms.items()))))


form_of: Final[PerNode[Writing, int]] = PerNode("forms")


@form_of.of(Constant)
def _(node: Constant, writing: Writing) -> int:
    if isinstance(node.value, Fraction):
        return writing.forms.number(("number", node.value))
    return writing.forms.number(("word", type(node.value).__name__, node.value))


@form_of.of(FactRef)
def _(node: FactRef, writing: Writing) -> int:
    return writing.forms.number(("fact", node.name))


@form_of.of(CapRef)
def _(node: CapRef, writing: Writing) -> int:
    return writing.forms.number(("cap", node.name))


@form_of.of(MeasureRef)
def _(node: MeasureRef, writing: Writing) -> int:
    return writing.measure(node.name)


@form_of.of(OutputRef)
def _(node: OutputRef, writing: Writing) -> int:
    return writing.output(node.table, node.output)


@form_of.of(Negate)
def _(node: Negate, writing: Writing) -> int:
    return writing.sum_number(_times(writing.sum(node.operand), -ONE))


@form_of.of(Arithmetic)
def _(node: Arithmetic, writing: Writing) -> int:
    left, right = writing.sum(node.left), writing.sum(node.right)
    match node.op:
        case "+":
            return writing.sum_number(_plus(left, right))
        case "-":
            return writing.sum_number(_plus(left, _times(right, -ONE)))
        case "*":
            return writing.sum_number(_product(left, right, writing, over=False))
    return writing.sum_number(_product(left, right, writing, over=True))


def _plus(left: Sum, right: Sum) -> Sum:
    return {term: left.get(term, Fraction(0)) + right.get(term, Fraction(0)) for term in {**left, **right}}


def _times(terms: Sum, factor: Fraction) -> Sum:
    return {term: value * factor for term, value in terms.items()}


def _product(left: Sum, right: Sum, writing: Writing, *, over: bool) -> Sum:
    """A single term goes into each term of a sum; of two sums one becomes a factor of the other's terms."""
    if not over and _is_single(left) and not _is_single(right):
        left, right = right, left
    (more, less), other = _single(right, writing)
    if over:
        more, less, other = less, more, 1 / other
    found: Sum = {}
    for (above, below), factor in left.items():
        term = (tuple(sorted((*above, *more))), tuple(sorted((*below, *less))))
        found[term] = found.get(term, Fraction(0)) + factor * other
    return found


def _is_single(terms: Sum) -> bool:
    return len(terms) == 1 and all(terms.values())


def _single(terms: Sum, writing: Writing) -> tuple[Term, Fraction]:
    """A sum as one term: its own, or the whole of it as a factor."""
    if _is_single(terms):
        (term, factor), *_ = terms.items()
        return term, factor
    return ((writing.forms.number(("sum", tuple(sorted(terms.items())))),), ()), ONE


@form_of.of(Absolute)
def _(node: Absolute, writing: Writing) -> int:
    terms = writing.sum(node.operand)
    sides = (writing.sum_number(terms), writing.sum_number(_times(terms, -ONE)))
    return writing.forms.number(("abs", min(sides)))


@form_of.of(Extreme)
def _(node: Extreme, writing: Writing) -> int:
    found: set[int] = set()
    for argument in node.arguments:
        form = writing.forms.form(number := form_of(argument, writing))
        found |= set(form[1]) if form[0] == node.op else {number}
    return writing.forms.number((node.op, tuple(sorted(found))))


@form_of.of(Compare)
def _(node: Compare, writing: Writing) -> int:
    return _compared(node.op, node, writing)


def _compared(op: str, node: Compare, writing: Writing) -> int:
    if not node.left.type.numeric:
        sides = tuple(sorted((form_of(node.left, writing), form_of(node.right, writing))))
        return writing.forms.number((op, *sides))
    gap = _plus(writing.sum(node.left), _times(writing.sum(node.right), -ONE))
    if op in _TURNED:
        op, gap = _TURNED[op], _times(gap, -ONE)
    first = next((v for t, v in sorted(gap.items()) if v and t != _UNIT), ONE)
    scale = first if op in ("==", "!=") else abs(first)
    return writing.forms.number((op, writing.sum_number(_times(gap, 1 / scale))))


@form_of.of(Member)
def _(node: Member, writing: Writing) -> int:
    return _member(node, writing, negated=node.negated)


def _member(node: Member, writing: Writing, *, negated: bool) -> int:
    return writing.forms.number(("in", form_of(node.item, writing), form_of(node.list, writing), negated))


@form_of.of(Logic)
def _(node: Logic, writing: Writing) -> int:
    return _joined(node.op, (form_of(node.left, writing), form_of(node.right, writing)), writing)


def _joined(op: str, parts: Iterable[int], writing: Writing) -> int:
    found: list[int] = []
    for number in parts:
        form = writing.forms.form(number)
        found += form[1] if form[0] == op else [number]
    return writing.forms.number((op, tuple(found)))


@form_of.of(Not)
def _(node: Not, writing: Writing) -> int:
    return _opposite(node.operand, writing)


def _opposite(node: Node, writing: Writing) -> int:
    match node:
        case Not(operand=inner):
            return form_of(inner, writing)
        case Compare(op=op):
            return _compared(_OPPOSITE[op], node, writing)
        case Member(negated=negated):
            return _member(node, writing, negated=not negated)
        case Logic(op=op, left=left, right=right):
            other = "or" if op == "and" else "and"
            return _joined(other, (_opposite(left, writing), _opposite(right, writing)), writing)
    return writing.forms.number(("not", form_of(node, writing)))


@form_of.of(Known)
def _(node: Known, writing: Writing) -> int:
    return writing.forms.number(("known", node.fact.name))

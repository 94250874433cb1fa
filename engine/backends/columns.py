"""Gates over columns: whether each surely passes in a row, and whether it surely vetoes, by floats alone.

Every condition becomes two expressions without a jump, so that many rows can be worked out at once, by whatever
evaluates such expressions. Where neither holds, floats are not certain, and the row is one for exact numbers. The
bounds on errors are those of `near`. What is missing is a number or code of which no comparison holds, so that it
makes uncertain just what asks for it.

Where two numbers are compared as they were read, equal floats are equal numbers if neither has more digits than floats
tell apart: such numbers are *short*.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from engine.backends.bands import Bands, approximate
from engine.backends.entries import COUNTED, MISSING, WHOLE, Entry, Everybody, Value, is_short
from engine.backends.near import UNIT, Near, NotBanded, below
from engine.backends.places import InTwo, NearInTwo
from engine.backends.plan import is_read
from engine.backends.sure import NEVER, Sure, both, compare, either, negated, told
from engine.backends.translate import assign, call, local, times
from engine.judge import PASSES
from engine.per_node import PerNode
from engine.ruleset import Bound, Gate, Multiple, RuleSet
from engine.tree import (
    CapRef,
    Compare,
    Constant,
    Extreme,
    FactRef,
    Known,
    Logic,
    MeasureRef,
    Member,
    Node,
    Not,
    OutputRef,
    Sign,
    sign_of,
    walk,
)
from engine.units import Kind

# Any float that is not zero, times LONG, is less than it was.
SHORT: Final = 1
LONG: Final = 1 - UNIT


class _Sizes(NearInTwo):
    """Sizes of facts that are in variables already."""

    def size(self, fact: str) -> ast.expr:
        """How large a number is, whatever its sign."""
        return call("abs", [local(f"f{self._slots[fact]}")])


class Columns(Bands):
    """Translates the gates of a rule set.

    `entries` are what its program reads of subjects and actors, `shorts` the facts of which it asks whether their
    numbers are short, SHORT or LONG; both by the name of the variable.

    Args:
        ruleset: the rules.
        slots: of the facts.
        known: what is known of subjects and actors.
    """

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int], known: Everybody) -> None:
        catalog = ruleset.catalog
        super().__init__(ruleset, slots, _Sizes(catalog, slots, ()), InTwo(catalog, slots, ()), compared=())
        self.codes, self._known = known.codes, known
        self._same: dict[Entry, Value | None] = {}
        self.entries: dict[Entry, str] = {}
        self.shorts: dict[str, str] = {}
        self.conditions: set[str] = set()

    def measure(self, name: str) -> list[ast.stmt]:
        """A measure worked out once; one of which floats say nothing is left to those who read it."""
        node = self.rules.measures[name].node
        if node.type.numeric:
            return super().measure(name)
        try:
            yes, no = decided(node, self)
        except NotBanded:
            return []
        self.conditions.add(name)
        return [assign(f"y_{name}", yes), assign(f"n_{name}", no)]

    def gate(self, gate: Gate) -> Sure:
        """Whether the gate surely passes, and whether it surely vetoes; a guard comes first.

        Raises:
            NotBanded: floats say nothing.
        """
        test = gate.test
        if isinstance(test, Bound):
            passes, fails = self.numbers_compared(PASSES[test.op], test.measure, test.limit)
        elif isinstance(test, Multiple):
            passes, fails = self.multiples(test.measure, test.step)
        else:
            passes, fails = decided(test.condition, self)
        if gate.when is None:
            return passes, fails
        meant, not_meant = decided(gate.when, self)
        return either(not_meant, both(meant, passes)), both(meant, fails)

    def numbers_compared(self, op: str, left: Node, right: Node) -> Sure:
        """A comparison of numbers.

        Raises:
            NotBanded: floats say nothing.
        """
        as_read = is_read(left) and is_read(right)
        yes, no = self._as_read_compared(op, left, right) if as_read else self._bounded(op, left, right)
        there = [*self._there(left), *self._there(right)]
        return both(yes, *there), both(no, *there)

    def _bounded(self, op: str, left: Node, right: Node) -> Sure:
        if (ends := self.signs(left, right)) is not None:
            return told(op, *ends, [])
        # `inside` would be compared from both sides, which is a jump.
        x, y = (replace(side, inside=None) for side in self._sides(left, right))
        if x.whole is not None and y.whole is not None:
            return told(op, x.value, y.value, [])
        if op in ("==", "!=") and x.size is y.size is None and 0 in (x.whole, y.whole):
            return told(op, x.value, y.value, [])  # an error that is relative makes nothing of something never
        if op in ("==", "!="):
            apart = either(below(x, y, "<"), below(y, x, "<"))
            return (NEVER, apart) if op == "==" else (apart, NEVER)
        if op in (">", ">="):
            x, y = y, x
        strict = op in ("<", ">")
        return below(x, y, "<" if strict else "<="), below(y, x, "<=" if strict else "<")

    def _as_read_compared(self, op: str, left: Node, right: Node) -> Sure:
        """Rounding keeps the order of two numbers as they were read, and zero is zero."""
        x, y = (approximate(node, self)[0].value for node in (left, right))
        zero = any(isinstance(node, Constant) and not node.value for node in (left, right))
        equal = [] if zero else [*self._short(left), *self._short(right)]
        maybe_long = [*self._maybe_long(left), *self._maybe_long(right)]
        signed = any(sign_of(node) is Sign.ANY for node in (left, right))
        if op in ("==", "!=") or len(equal) > 1 or (equal and (signed or not maybe_long)):
            return told(op, x, y, equal)
        if op in (">", ">="):
            x, y = y, x
        # Times what is 1 of short numbers and a little less of others, it is less than what it may be equal to.
        near = self._nearly(maybe_long[0]) if equal else None
        if op in ("<", ">"):
            return compare(x, "<", y), compare(y, "<=", times(x, near))
        return compare(x, "<=", times(y, near)), compare(y, "<", x)

    def _short(self, node: Node) -> list[ast.expr]:
        """What says that a number is short; nothing where it surely is."""
        match node:
            case FactRef(name=name) if self.is_given(name):
                return [self.is_short(given) for given in self._maybe_long(node)]
            case FactRef(name=name):
                return self._short_entry("own", name)
            case CapRef(name=name):
                return self._short_entry("cap", name)
            case Constant(value=Fraction() as value):
                return [] if is_short(value) else [NEVER]
        return []

    def _maybe_long(self, node: Node) -> list[str]:
        """The fact that it is, if that is given and may have any digits."""
        if isinstance(node, FactRef) and self.is_given(node.name) and not self.rules.catalog.facts[node.name].indicates:
            return [node.name]
        return []

    def _short_entry(self, kind: str, name: str) -> list[ast.expr]:
        short = self.entry("short", kind, name)
        return [] if isinstance(short, ast.Constant) and short.value == 1 else [compare(short, "==", ast.Constant(1))]

    def whole(self, fact: str) -> int | None:
        """Counts are small, or their rows are left to exact numbers."""
        return COUNTED if self.rules.catalog.facts[fact].unit.kind is Kind.COUNT else super().whole(fact)

    def is_short(self, fact: str) -> ast.expr:
        """Whether all numbers of a fact are short."""
        return compare(self._nearly(fact), "==", ast.Constant(SHORT))

    def _nearly(self, fact: str) -> ast.expr:
        """SHORT of a fact all of whose numbers are short, else LONG."""
        return local(self.shorts.setdefault(fact, f"s{self._slots[fact]}"))

    def multiples(self, measure: Node, step: Node) -> Sure:
        """Whether a fact is a whole multiple of a subject's or actor's number.

        With k decimals in the step, a short number times 10^k is less than a quarter from a whole number, if it has no
        more decimals than that; it has none if that whole number over 10^k, rounded correctly, is the number again.

        Raises:
            NotBanded: they are not simply read.
        """
        kind = "cap" if isinstance(step, CapRef) else "own"
        if not (isinstance(measure, FactRef) and self.is_given(measure.name) and isinstance(step, (FactRef, CapRef))):
            raise NotBanded
        if kind == "own" and self.is_given(step.name):
            raise NotBanded
        x, scale, unit = (
            self.fact(measure.name),
            self.entry("scale", kind, step.name),
            self.entry("unit", kind, step.name),
        )
        scaled = times(x, scale)
        number = _rounded(scaled)
        again = compare(ast.BinOp(number, ast.Div(), scale), "==", x)
        counted = compare(times(_rounded(ast.BinOp(number, ast.Div(), unit)), unit), "==", number)
        small = compare(call("abs", [scaled]), "<", ast.Constant(WHOLE))
        told = [small, compare(unit, "==", unit), self.is_short(measure.name)]
        return both(*told, again, counted), both(*told, negated(both(again, counted)))

    def entry(self, what: str, kind: str, name: str) -> ast.expr:
        """What is known of a subject and actor; see `Entry`. What is the same of all of them is no variable."""
        entry = (what, kind, name)
        if entry not in self._same:
            values = self._known.values(entry)
            self._same[entry] = values[0] if len(set(values)) == 1 else None
        same = self._same[entry]
        if same is not None and not isinstance(same, tuple):
            return ast.Constant(same)
        return local(self.entries.setdefault(entry, f"e{len(self.entries)}"))

    def bound_number(self, kind: str, what: object, sign: Sign) -> Near:
        """A number that is a subject's or actor's, or a constant."""
        if isinstance(what, Fraction):
            value: ast.expr = ast.Constant(what.numerator / what.denominator)
        else:
            value = self.entry("number", kind, str(what))
            if all(v is None or (abs(v) <= COUNTED and v == int(v)) for v in self._numbers(kind, str(what))):
                return Near(value, ast.Constant(COUNTED) if sign is Sign.ANY else None, 0, 0, COUNTED, signed=True)

        def folded(k: int) -> ast.expr:
            return times(value, ast.Constant(1 - k * UNIT) if k else None)

        return Near(value, None if sign is not Sign.ANY else call("abs", [value]), folded=folded, signed=True)

    def _numbers(self, kind: str, name: str) -> Iterator[float | None]:
        for value in self._known.values(("number", kind, name)):
            assert not isinstance(value, tuple)
            yield value

    def code(self, node: Node) -> ast.expr:
        """A word by its code.

        Raises:
            NotBanded: it is no word that is some fact's own.
        """
        match node:
            case Constant(value=str() as word):
                return ast.Constant(self.codes[word])
            case FactRef(name=name, type=kind) if kind.kind is Kind.ENUM:
                return self.fact(name) if self.is_given(name) else self.entry("word", "own", name)
        raise NotBanded

    def _there(self, top: Node) -> Iterator[ast.expr]:
        """What says that facts are there which a number does not show to be missing: one that is left out of a `min`
        or `max`, and one that follows from a word.
        """
        for node in self._reached(top):
            if isinstance(node, FactRef) and self.is_given(node.name):
                derived = self.rules.catalog.facts[node.name].indicates
                if derived is not None:
                    yield compare(self.fact(derived[0]), ">", ast.Constant(MISSING))
        for node in self._reached(top):
            if isinstance(node, Extreme):
                for below in self._reached(node):
                    if isinstance(below, (FactRef, CapRef)):
                        value = approximate(below, self)[0].value
                        yield compare(value, "==", value)

    def _reached(self, top: Node) -> Iterator[Node]:
        """The nodes of an expression, and of the measures that it names."""
        for node in walk(top):
            yield node
            if isinstance(node, MeasureRef):
                yield from self._reached(self.rules.measures[node.name].node)


# Whether a condition surely holds, and whether it surely doesn't.
decided: Final[PerNode[Columns, Sure]] = PerNode("column backend")


@decided.of(Constant)
def _(node: Constant, to: Columns) -> Sure:
    return ast.Constant(node.value is True), ast.Constant(node.value is not True)


@decided.of(FactRef)
def _(node: FactRef, to: Columns) -> Sure:
    value = to.fact(node.name) if to.is_given(node.name) else to.entry("holds", "own", node.name)
    return compare(value, "==", ast.Constant(1)), compare(value, "==", ast.Constant(0))


@decided.of(CapRef)
def _(node: CapRef, to: Columns) -> Sure:
    value = to.entry("holds", "cap", node.name)
    return compare(value, "==", ast.Constant(1)), compare(value, "==", ast.Constant(0))


@decided.of(MeasureRef)
def _(node: MeasureRef, to: Columns) -> Sure:
    if node.name in to.conditions:
        return local(f"y_{node.name}"), local(f"n_{node.name}")
    return decided(to.rules.measures[node.name].node, to)


@decided.of(OutputRef)
def _(node: OutputRef, to: Columns) -> Sure:
    raise NotBanded


@decided.of(Compare)
def _(node: Compare, to: Columns) -> Sure:
    if node.left.type.numeric:
        return to.numbers_compared(node.op, node.left, node.right)
    if node.left.type.kind is Kind.BOOL:
        (a, not_a), (b, not_b) = decided(node.left, to), decided(node.right, to)
        same, apart = either(both(a, b), both(not_a, not_b)), either(both(a, not_b), both(not_a, b))
    else:
        x, y = to.code(node.left), to.code(node.right)
        there = [compare(code, ">", ast.Constant(MISSING)) for code in (x, y)]
        same, apart = both(compare(x, "==", y), *there), both(compare(x, "!=", y), *there)
    return (same, apart) if node.op == "==" else (apart, same)


@decided.of(Member)
def _(node: Member, to: Columns) -> Sure:
    if not isinstance(node.list, (CapRef, FactRef)) or (isinstance(node.list, FactRef) and to.is_given(node.list.name)):
        raise NotBanded
    kind = "cap" if isinstance(node.list, CapRef) else "own"
    item = to.code(node.item)
    there = compare(item, ">", ast.Constant(MISSING))
    words = ast.Call(local("has"), [to.entry("words", kind, node.list.name), item], [])
    inside = both(there, compare(words, "==", ast.Constant(1))), both(there, compare(words, "==", ast.Constant(0)))
    return (inside[1], inside[0]) if node.negated else inside


@decided.of(Logic)
def _(node: Logic, to: Columns) -> Sure:
    """Left to right: what is uncertain on the left is so as a whole."""
    (a, not_a), (b, not_b) = decided(node.left, to), decided(node.right, to)
    if node.op == "and":
        return both(a, b), either(not_a, both(a, not_b))
    return either(a, both(not_a, b)), both(not_a, not_b)


@decided.of(Not)
def _(node: Not, to: Columns) -> Sure:
    yes, no = decided(node.operand, to)
    return no, yes


@decided.of(Known)
def _(node: Known, to: Columns) -> Sure:
    """What is invalid is neither known nor missing; a number that is out of range makes its row uncertain anyway."""
    fact = to.rules.catalog.facts[node.fact.name]
    name = fact.indicates[0] if fact.indicates else fact.name
    if not to.is_given(name) or node.fact.type.kind in (Kind.TEXT, Kind.LIST):
        raise NotBanded
    value = to.fact(name)
    if node.fact.type.numeric and not fact.indicates:
        return compare(value, "==", value), negated(compare(value, "==", value))
    return compare(value, ">", ast.Constant(MISSING)), compare(value, "==", ast.Constant(MISSING))


def _rounded(value: ast.expr) -> ast.expr:
    """The nearest whole number, of one that is well below 2^52."""
    return call("floor", [ast.BinOp(value, ast.Add(), ast.BinOp(ast.Constant(1), ast.Div(), ast.Constant(2)))])

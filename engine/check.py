"""Checking: syntax trees become typed trees, or a fault that names the place and the remedy.

Names, types, units and divisors are checked here, and nowhere else are tree nodes made.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Final

from engine import syntax
from engine.catalog import Catalog, did_you_mean
from engine.numbers import NumberFault, parse_number
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
    Sign,
    Type,
    sign_of,
)
from engine.units import Dimensions, Kind

BOOL: Final = Type(Kind.BOOL)
FREE_LITERALS: Final = frozenset({"0", "1", "2"})


class CheckFault(ValueError):
    """An expression that means nothing; `at` is the offset in its text."""

    def __init__(self, at: int, code: str, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.at, self.code, self.help = at, code, help_text


class Checker:
    """Turns expression texts into typed trees, against a catalog and the rule set's own names.

    `measures` and `outputs` map each name to a function that gives its type (checking it first if need be,
    which finds circles). `odd_literals` collects the offsets of numbers that belong in a cap.
    """

    def __init__(
        self,
        catalog: Catalog,
        measures: Mapping[str, Callable[[], tuple[Type, Sign]]],
        outputs: Mapping[str, Callable[[], tuple[Type, Sign]]],
    ) -> None:
        self._catalog = catalog
        self._measures = measures
        self._outputs = outputs
        self.odd_literals: list[tuple[int, str]] = []

    def check(self, text: str, wanted: Type | None = None, what: str = "expression") -> Node:
        """The typed tree of a text, of the wanted type if one is named.

        Raises:
            CheckFault: with a stable code, the offset, and help where there is some.
        """
        self.odd_literals = []
        try:
            tree = syntax.parse(text)
        except syntax.SyntaxFault as fault:
            raise CheckFault(fault.at, "bad-expression", str(fault), fault.help) from None
        node = self._node(tree)
        if wanted is not None and not fits(node.type, wanted):
            raise CheckFault(
                0, "unit-mismatch", f"this {what} is {self.name_of(node.type)}, not {self.name_of(wanted)}"
            )
        return node

    def name_of(self, kind: Type) -> str:
        """A type in the user's words."""
        if kind.kind is Kind.AMOUNT:
            unit = self._catalog.unit_of(kind)
            return unit.name if unit else "·".join(d if n == 1 else f"{d}^{n}" for d, n in kind.dimensions)
        if kind.kind is Kind.ENUM:
            return f"one of {', '.join(sorted(kind.values)[:4])}{', …' if len(kind.values) > 4 else ''}"
        return {None: "a plain number", Kind.BOOL: "a condition", Kind.COUNT: "a count", Kind.RATIO: "a ratio"}.get(
            kind.kind, f"a {kind.kind}"
        )

    def _node(self, tree: syntax.Syntax) -> Node:
        match tree:
            case syntax.Number():
                return self._number(tree)
            case syntax.String(value=word):
                return Constant(word, Type(Kind.TEXT))
            case syntax.Truth(value=truth):
                return Constant(truth, BOOL)
            case syntax.Name():
                return self._name(tree)
            case syntax.Prefix(op="-"):
                operand = self._numeric(tree.operand)
                if isinstance(operand, Constant) and isinstance(operand.value, Fraction):
                    return Constant(-operand.value, operand.type)
                return Negate(operand, operand.type)
            case syntax.Prefix():
                return Not(self._condition(tree.operand))
            case syntax.Infix(op="and" | "or"):
                return Logic(tree.op, self._condition(tree.left), self._condition(tree.right))
            case syntax.Infix(op="in" | "not in"):
                return self._member(tree)
            case syntax.Infix(op="+" | "-" | "*" | "/"):
                return self._arithmetic(tree)
            case syntax.Infix():
                return self._compare(tree)
            case syntax.Call():
                return self._call(tree)

    def _number(self, tree: syntax.Number) -> Constant:
        if tree.text not in FREE_LITERALS:
            self.odd_literals.append((tree.at, tree.text))
        try:
            value = Fraction(parse_number(tree.text))
        except NumberFault as fault:
            raise CheckFault(tree.at, "bad-value", str(fault)) from None
        sign = Sign.POSITIVE if value else Sign.NONNEGATIVE
        whole = value.denominator == 1
        return Constant(value, Type(None if whole else Kind.RATIO, free=not value), sign)

    def _name(self, tree: syntax.Name) -> Node:
        name = tree.name
        if name.startswith("caps."):
            cap = self._catalog.caps.get(name.removeprefix("caps."))
            if cap is None:
                raise self._unknown(tree, "cap", [f"caps.{c}" for c in self._catalog.caps])
            return CapRef(cap.name, cap.type, cap.sign)
        if name.startswith("tables."):
            if name not in self._outputs:
                raise self._unknown(tree, "output of a table", self._outputs)
            kind, sign = self._outputs[name]()
            _, table, output = name.split(".")
            return OutputRef(table, output, kind, sign)
        if name in self._measures:
            kind, sign = self._measures[name]()
            return MeasureRef(name, kind, sign)
        fact = self._catalog.facts.get(name)
        if fact is None:
            known = [*self._catalog.facts, *self._measures, *(f"caps.{c}" for c in self._catalog.caps)]
            raise self._unknown(tree, "fact" if "." in name else "measure", known)
        return FactRef(name, fact.type, fact.sign)

    @staticmethod
    def _unknown(tree: syntax.Name, what: str, known: Iterable[str]) -> CheckFault:
        return CheckFault(
            tree.at, f"unknown-{what.split()[0]}", f"`{tree.name}` is no {what}", did_you_mean(tree.name, known)
        )

    def _condition(self, tree: syntax.Syntax) -> Node:
        node = self._node(tree)
        if node.type.kind is not Kind.BOOL:
            raise CheckFault(tree.at, "type-mismatch", f"a condition is needed here, not {self.name_of(node.type)}")
        return node

    def _numeric(self, tree: syntax.Syntax) -> Node:
        node = self._node(tree)
        if not node.type.numeric:
            raise CheckFault(tree.at, "type-mismatch", f"a number is needed here, not {self.name_of(node.type)}")
        return node

    def _arithmetic(self, tree: syntax.Infix) -> Node:
        left, right = self._numeric(tree.left), self._numeric(tree.right)
        if tree.op in "+-":
            return Arithmetic(
                tree.op, left, right, self._common(tree.at, tree.op, left, right), _sum_sign(tree.op, left, right)
            )
        if tree.op == "/" and sign_of(right) is not Sign.POSITIVE:
            raise CheckFault(
                tree.right.at,
                "divisor-not-positive",
                f"`{syntax.render(tree.right)}` may be zero or negative, so nothing may be divided by it",
                "declare `sign: positive` on the fact or cap, or divide by `max(…)` with something positive",
            )
        exponent = 1 if tree.op == "*" else -1
        dimensions = _combined(left.type.dimensions, right.type.dimensions, exponent)
        kind = Type(_product_kind(tree.op, left.type, right.type, dimensions), dimensions)
        return Arithmetic(tree.op, left, right, kind, _product_sign(left, right))

    def _common(self, at: int, op: str, *nodes: Node) -> Type:
        """The one type of values that are added, compared or chosen among."""
        typed = [n.type for n in nodes if not n.type.free]
        kind = next((t for t in typed if t.kind is not None), typed[0] if typed else nodes[0].type)
        for other in typed:
            if not _same(other, kind):
                raise CheckFault(at, "unit-mismatch", f"`{op}` of {self.name_of(kind)} and {self.name_of(other)}")
        return kind

    def _compare(self, tree: syntax.Infix) -> Node:
        left, right = self._node(tree.left), self._node(tree.right)
        if left.type.numeric and right.type.numeric:
            self._common(tree.at, tree.op, left, right)
            return Compare(tree.op, left, right)
        if tree.op not in ("==", "!="):
            raise CheckFault(tree.at, "type-mismatch", f"`{tree.op}` compares numbers only")
        left, right = self._word(tree.left, left, right.type), self._word(tree.right, right, left.type)
        if (
            left.type.kind is not right.type.kind
            or left.type.values != right.type.values
            or left.type.kind is Kind.LIST
        ):
            message = f"`{tree.op}` of {self.name_of(left.type)} and {self.name_of(right.type)}"
            raise CheckFault(tree.at, "type-mismatch", message)
        return Compare(tree.op, left, right)

    def _word(self, tree: syntax.Syntax, node: Node, other: Type) -> Node:
        """A quoted word beside an enum is one of that enum's own values."""
        if other.kind is Kind.ENUM and isinstance(node, Constant) and isinstance(node.value, str):
            if node.value not in other.values:
                help_text = did_you_mean(node.value, other.values) or f"its values: {', '.join(sorted(other.values))}"
                raise CheckFault(tree.at, "unknown-value", f"`{node.value}` is none of its values", help_text)
            return Constant(node.value, other)
        return node

    def _member(self, tree: syntax.Infix) -> Node:
        right = self._node(tree.right)
        if right.type.kind is not Kind.LIST or right.type.item is None:
            raise CheckFault(
                tree.right.at, "type-mismatch", f"`{tree.op}` needs a list, not {self.name_of(right.type)}"
            )
        item = self._word(tree.left, self._node(tree.left), right.type.item)
        if item.type.kind is not Kind.ENUM or item.type.values != right.type.item.values:
            raise CheckFault(tree.left.at, "type-mismatch", f"the list holds {self.name_of(right.type.item)}")
        return Member(item, right, negated=tree.op == "not in")

    def _call(self, tree: syntax.Call) -> Node:
        if tree.function == "known":
            fact = self._node(tree.arguments[0])
            if not isinstance(fact, FactRef):
                raise CheckFault(tree.arguments[0].at, "type-mismatch", "`known` asks about a fact")
            return Known(fact)
        arguments = tuple(self._numeric(a) for a in tree.arguments)
        if tree.function == "abs":
            sign = Sign.POSITIVE if sign_of(arguments[0]) is Sign.POSITIVE else Sign.NONNEGATIVE
            return Absolute(arguments[0], arguments[0].type, sign)
        kind = self._common(tree.at, tree.function, *arguments)
        return Extreme(tree.function, arguments, kind, _extreme_sign(tree.function, arguments))


def constant(value: Fraction | bool | str, kind: Type) -> Constant:
    """A value of a declared type, as it stands in a value place (a bound, a table's output)."""
    if not isinstance(value, Fraction):
        return Constant(value, kind)
    sign = Sign.POSITIVE if value > 0 else Sign.NONNEGATIVE if value == 0 else Sign.ANY
    return Constant(value, Type(kind.kind, kind.dimensions, free=not value), sign)


def _same(one: Type, other: Type) -> bool:
    """Whether two numeric types are one; a whole literal is a ratio or a count, as needed."""
    if one.dimensions != other.dimensions:
        return False
    return one.kind is other.kind or one.kind is None or other.kind is None


def fits(kind: Type, wanted: Type) -> bool:
    """Whether a value of one type may stand where another is wanted."""
    if kind.numeric and wanted.numeric:
        return kind.free or wanted.free or _same(kind, wanted)
    if wanted.kind is Kind.ENUM and kind.kind is Kind.ENUM:
        return kind.values <= wanted.values
    return kind.kind is wanted.kind


def _combined(left: Dimensions, right: Dimensions, exponent: int) -> Dimensions:
    total = dict(left)
    for name, power in right:
        total[name] = total.get(name, 0) + exponent * power
    return tuple(sorted((n, p) for n, p in total.items() if p))


def _product_kind(op: str, left: Type, right: Type, dimensions: Dimensions) -> Kind | None:
    """A count times a literal stays a count; else a count multiplies as a plain number."""
    if dimensions:
        return Kind.AMOUNT
    if op == "*" and left.kind is None and right.kind is None:
        return None
    if op == "*" and (left.kind is None or right.kind is None) and Kind.COUNT in (left.kind, right.kind):
        return Kind.COUNT
    return Kind.RATIO


def _sum_sign(op: str, left: Node, right: Node) -> Sign:
    signs = {sign_of(left), sign_of(right)}
    if op == "-" or Sign.ANY in signs:
        return Sign.ANY
    return Sign.POSITIVE if Sign.POSITIVE in signs else Sign.NONNEGATIVE


def _product_sign(left: Node, right: Node) -> Sign:
    signs = {sign_of(left), sign_of(right)}
    if Sign.ANY in signs:
        return Sign.ANY
    return Sign.NONNEGATIVE if Sign.NONNEGATIVE in signs else Sign.POSITIVE


def _extreme_sign(op: str, arguments: tuple[Node, ...]) -> Sign:
    signs = [sign_of(a) for a in arguments]
    ranks = [{Sign.ANY: 0, Sign.NONNEGATIVE: 1, Sign.POSITIVE: 2}[s] for s in signs]
    rank = max(ranks) if op == "max" else min(ranks)
    return (Sign.ANY, Sign.NONNEGATIVE, Sign.POSITIVE)[rank]

"""Expressions as Python syntax trees: one small function per node, numbers as exact numerator and denominator."""

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import singledispatchmethod
from typing import Final

from engine.ruleset import Row, RuleSet
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

Quotient = tuple[ast.expr, ast.expr | None]
OPERATORS: Final[Mapping[str, type[ast.cmpop]]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
}


class Translator:
    """Translates the expressions of one shape.

    `bound` collects what must be bound to the function as values, by kind and name, `loads` the facts that it reads.
    """

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int]) -> None:
        self._ruleset = ruleset
        self._slots = slots
        self.bound: dict[tuple[str, object], str] = {}
        self.loads: dict[str, str] = {}
        self._made: set[str] = set()
        self._outputs: dict[tuple[str, str], int] = {}

    def measure(self, name: str) -> list[ast.stmt]:
        """A measure worked out once, in variables of its own."""
        node = self._ruleset.measures[name].node
        if not node.type.numeric:
            statements = [assign(f"m_{name}", self.condition(node))]
        else:
            numerator, denominator = self._number(node)
            statements = [assign(f"m_{name}", numerator)]
            if denominator is not None:
                statements.append(assign(f"d_{name}", denominator))
                self._made.add(f"d_{name}")
        self._made.add(f"m_{name}")
        return statements

    def table(self, name: str) -> ast.stmt:
        """A table that leaves each output in variables of its own; a row without an output asks the interpreter."""
        declared = self._ruleset.tables[name].outputs

        def then(row: Row) -> list[ast.stmt]:
            if declared.keys() - row.outputs.keys():
                return [ast.Return(ast.Constant(None))]
            assigned = [
                self._output(self._variable(name, output), row.outputs[output], numeric=kind.numeric)
                for output, (kind, _) in declared.items()
            ]
            return [*(statement for statements in assigned for statement in statements), ast.Break()]

        # A loop that runs once: the rows stand one after another, however many there are, and not one inside another.
        return ast.While(ast.Constant(True), self._rows(name, then), [])

    def answers(self, name: str) -> list[ast.stmt]:
        """A table that returns what the first row that applies says."""
        declared = self._ruleset.tables[name].outputs

        def then(row: Row) -> list[ast.stmt]:
            values = [
                self._settled(row.outputs[o], numeric=kind.numeric) if o in row.outputs else ast.Constant(None)
                for o, (kind, _) in declared.items()
            ]
            outputs = ast.Dict([ast.Constant(o) for o in declared], values)
            return [ast.Return(call("answer", [ast.Constant(row.id), outputs]))]

        return self._rows(name, then)

    def _rows(self, table: str, then: Callable[[Row], list[ast.stmt]]) -> list[ast.stmt]:
        statements: list[ast.stmt] = []
        for row in self._ruleset.tables[table].rows:
            chosen = then(row)
            statements += chosen if row.when is None else [ast.If(self.condition(row.when), chosen, [])]
        return statements

    def _settled(self, node: Node, *, numeric: bool) -> ast.expr:
        """An output's value as code gets it."""
        if not numeric:
            return self._plain(node)
        numerator, denominator = self._number(node)
        return call("settled", [numerator] if denominator is None else [numerator, denominator])

    def _variable(self, table: str, output: str) -> str:
        """A name of its own for each output: `a_b` of table `c` is not `b` of table `c_a`."""
        number = self._outputs.setdefault((table, output), len(self._outputs))
        return f"{table}_{output}_{number}"

    def _output(self, name: str, node: Node, *, numeric: bool) -> list[ast.stmt]:
        if not numeric:
            return [assign(f"t_{name}", self._plain(node))]
        numerator, denominator = self._number(node)
        return [assign(f"t_{name}", numerator), assign(f"u_{name}", denominator or self._constant(Fraction(1)))]

    def multiple(self, measure: Node, step: Node) -> ast.expr:
        """Whether the measure is a whole multiple of the step."""
        (a, b), (c, d) = self._number(measure), self._number(step)
        return invert(ast.BinOp(times(a, d), ast.Mod(), times(c, b)))

    def numbers(self, *nodes: Node) -> list[ast.expr]:
        """Numerator and denominator (None for one) of each."""
        parts = [part for node in nodes for part in self._number(node)]
        return [ast.Constant(None) if part is None else part for part in parts]

    def is_given(self, name: str) -> bool:
        """Whether a fact is the caller's to give, or follows from one that is."""
        return name in self._slots

    def fact(self, name: str) -> ast.expr:
        """A fact of the caller's, loaded once; or one of the subject's, bound as a value."""
        if name not in self._slots:
            return self.parameter("own", name)
        return local(self.loads.setdefault(name, f"f{self._slots[name]}"))

    def parameter(self, kind: str, what: object) -> ast.expr:
        """What is bound to the program for its subject and actor."""
        return local(self.bound.setdefault((kind, what), f"p{len(self.bound)}"))

    def _constant(self, value: Fraction) -> ast.expr:
        return self.parameter("constant", value)

    def compared(self, op: str, left: Node, right: Node) -> ast.expr:
        """Two quotients compared without dividing: a/b < c/d as a·d < c·b, since divisors are positive."""
        (a, b), (c, d) = self._number(left), self._number(right)
        return ast.Compare(times(a, d), [OPERATORS[op]()], [times(c, b)])

    @singledispatchmethod
    def _number(self, node: Node) -> Quotient:
        """A number as numerator and denominator (None for one)."""
        raise NotImplementedError(f"the Python backend has no number for {type(node).__name__}")

    @_number.register
    def _(self, node: Constant) -> Quotient:
        assert isinstance(node.value, Fraction)
        return self._constant(node.value), None

    @_number.register
    def _(self, node: FactRef) -> Quotient:
        return self.fact(node.name), None

    @_number.register
    def _(self, node: CapRef) -> Quotient:
        return self.parameter("cap", node.name), None

    @_number.register
    def _(self, node: MeasureRef) -> Quotient:
        if f"m_{node.name}" not in self._made:
            return self._number(self._ruleset.measures[node.name].node)
        return local(f"m_{node.name}"), local(f"d_{node.name}") if f"d_{node.name}" in self._made else None

    @_number.register
    def _(self, node: OutputRef) -> Quotient:
        variable = self._variable(node.table, node.output)
        return local(f"t_{variable}"), local(f"u_{variable}")

    @_number.register
    def _(self, node: Negate) -> Quotient:
        numerator, denominator = self._number(node.operand)
        return ast.UnaryOp(ast.USub(), numerator), denominator

    @_number.register
    def _(self, node: Absolute) -> Quotient:
        numerator, denominator = self._number(node.operand)
        return call("abs", [numerator]), denominator

    @_number.register
    def _(self, node: Extreme) -> Quotient:
        parts = [self._number(a) for a in node.arguments]
        common: ast.expr | None = None
        for _, denominator in parts:
            common = denominator if common is None else common if denominator is None else times(common, denominator)
        scaled = []
        for i, (numerator, _) in enumerate(parts):
            others = [d for j, (_, d) in enumerate(parts) if j != i and d is not None]
            for other in others:
                numerator = times(numerator, other)
            scaled.append(numerator)
        return call(node.op, scaled), common

    @_number.register
    def _(self, node: Arithmetic) -> Quotient:
        (a, b), (c, d) = self._number(node.left), self._number(node.right)
        if node.op == "*":
            return times(a, c), b if d is None else d if b is None else times(b, d)
        if node.op == "/":
            return times(a, d), c if b is None else times(b, c)
        operator: ast.operator = ast.Add() if node.op == "+" else ast.Sub()
        return ast.BinOp(times(a, d), operator, times(c, b)), b if d is None else d if b is None else times(b, d)

    @singledispatchmethod
    def condition(self, node: Node) -> ast.expr:
        """A condition."""
        raise NotImplementedError(f"the Python backend has no condition for {type(node).__name__}")

    @condition.register(Constant)
    @condition.register(FactRef)
    @condition.register(OutputRef)
    @condition.register(CapRef)
    def _(self, node: Node) -> ast.expr:
        return self._plain(node)

    @condition.register
    def _(self, node: MeasureRef) -> ast.expr:
        made = f"m_{node.name}" in self._made
        return local(f"m_{node.name}") if made else self.condition(self._ruleset.measures[node.name].node)

    @condition.register
    def _(self, node: Compare) -> ast.expr:
        if node.left.type.numeric:
            return self.compared(node.op, node.left, node.right)
        return ast.Compare(self._plain(node.left), [OPERATORS[node.op]()], [self._plain(node.right)])

    @condition.register
    def _(self, node: Member) -> ast.expr:
        inside: ast.expr = ast.Compare(self._plain(node.item), [ast.In()], [self._plain(node.list)])
        return invert(inside) if node.negated else inside

    @condition.register
    def _(self, node: Logic) -> ast.expr:
        operator: ast.boolop = ast.And() if node.op == "and" else ast.Or()
        return ast.BoolOp(operator, [self.condition(node.left), self.condition(node.right)])

    @condition.register
    def _(self, node: Not) -> ast.expr:
        return invert(self.condition(node.operand))

    @condition.register
    def _(self, node: Known) -> ast.expr:
        return ast.Compare(self.fact(node.fact.name), [ast.IsNot()], [ast.Constant(None)])

    def _plain(self, node: Node) -> ast.expr:
        """A word, a list or a truth value."""
        match node:
            case Constant(value=bool() | str() as value):
                return ast.Constant(value)
            case FactRef(name=name):
                return self.fact(name)
            case CapRef(name=name):
                return self.parameter("cap", name)
            case OutputRef(table=table, output=output):
                return local(f"t_{self._variable(table, output)}")
            case _:
                return self.condition(node)


def local(name: str) -> ast.Name:
    """A variable's value."""
    return ast.Name(name, ast.Load())


def assign(name: str, value: ast.expr) -> ast.stmt:
    """`name = value`."""
    return ast.Assign([ast.Name(name, ast.Store())], value)


def invert(value: ast.expr) -> ast.expr:
    """`not value`."""
    return ast.UnaryOp(ast.Not(), value)


def call(name: str, arguments: list[ast.expr]) -> ast.expr:
    """`name(…)`."""
    return ast.Call(local(name), arguments, [])


def times(value: ast.expr, factor: ast.expr | None) -> ast.expr:
    """`value * factor`, where None is one."""
    return value if factor is None else ast.BinOp(value, ast.Mult(), factor)

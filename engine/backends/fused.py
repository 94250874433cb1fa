"""A screen as one loop over NumPy columns, which a compiler makes machine code of.

The loop leaves bits in each row: one for each gate that vetoes, one more where no gate does and yet nothing is allowed,
and one more where exact numbers must say; see `masks`. It works on a slice of the rows, so that several threads can
share one set of columns.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from engine.backends.columns import LONG, SHORT
from engine.backends.entries import INVALID
from engine.backends.masks import BITS
from engine.backends.python import compiled
from engine.backends.screen import Screen
from engine.backends.sure import both, either, negated
from engine.backends.tables import BEFORE, Array, Tables
from engine.backends.translate import assign, local, times

# Rows between two looks at whether some of them are uncertain; so few stay in the nearest cache.
_BLOCK: Final = 1024
_PARAMETERS: Final = "start stop block numbers flags lists subjects actors".split()
# Around the statements of a row; `found` is where the next uncertain row is noted, LAST the column with that bit.
_LOOP: Final = """
found = 0
for first in range(start, stop, block):
    last = min(first + block, stop)
    uncertain = 0
    for i in range(first, last):
        pass
    if uncertain > 0:
        for i in range(first, last):
            if LAST[i] & unsure:
                rows[found] = i
                found += 1
return found
"""


# Makes a fast function of a loop and of what its arguments are.
Compiler = Callable[[Callable[..., Any], Sequence[str]], Callable[..., Any]]


class Fused:
    """The loop of a rule set, and what it reads beside the columns.

    Args:
        screen: what is worked out in each row.
        compiler: makes a fast function of the loop, which says the same slowly, and of the types that it takes.
    """

    def __init__(self, screen: Screen, compiler: Compiler) -> None:
        self.screen, self.facts = screen, list(screen.names)
        tables = Tables(screen)
        self._arrays = tables.arrays
        self._run = compiler(_Loop(screen, tables).function(), self._types())

    def _types(self) -> list[str]:
        """What the loop takes; see `run`."""
        screen, masks = self.screen, self.screen.masks
        tables = ["float64[][]", "int64[][]", "int8[]", "int64[]", "int64[]", *["int64[]"] * masks.numbers]
        facts = [
            "float64[]" if name in screen.numbers else "int8[]" if name in screen.truths else "int32[]"
            for name in self.facts
        ]
        written = [*[f"out {masks.dtype}[]"] * masks.numbers, "out int64[]"]
        return ["uint64", "uint64", "uint64", *tables, *written, *(["float64"] * len(screen.shorts)), *facts]

    def run(self, columns: Mapping[str, Array], shorts: Mapping[str, bool], start: int, stop: int, out: Array) -> Array:
        """Judge the rows from start to stop.

        Args:
            columns: by fact: floats for numbers, NaN where missing; codes for words; 1 and 0 for truth values.
            shorts: of which facts all numbers are short.
            start: the first row.
            stop: the row after the last.
            out: takes what is said of each row, at its place, in as many columns as its bits need.

        Returns:
            The rows of which exact numbers must say, in order.
        """
        import numpy

        rows = numpy.empty(stop - start, numpy.int64)
        short = [SHORT if shorts[name] else LONG for name in self.screen.shorts]
        read = [columns[name] for name in self.facts]
        return rows[: self._run(start, stop, _BLOCK, *self._arrays, *out, rows, *short, *read)]


class _Loop:
    """Assembles the loop."""

    def __init__(self, screen: Screen, tables: Tables) -> None:
        self._screen, self._tables, self._masks = screen, tables, screen.masks

    def function(self) -> Callable[..., Any]:
        """The loop as a function of Python."""
        import numpy

        numbers = range(self._masks.numbers)
        called = {"floor": numpy.floor, "unsure": self._masks.parts(self._masks.unsure)[-1], "range": range}
        loop = ast.parse(_LOOP.replace("LAST", f"out{numbers[-1]}"))
        each = next(n for n in ast.walk(loop) if isinstance(n, ast.For) and isinstance(n.body[0], ast.Pass))
        each.body = [_LookUp().visit(deepcopy(statement)) for statement in self._row()]
        columns = [variable.replace("f", "c") for variable in self._screen.names.values()]
        by_number = [f"{what}{number}" for what in ("applies", "out") for number in numbers]
        parameters = [*_PARAMETERS, *by_number, "rows", *self._screen.shorts.values(), *columns]
        return compiled(list(called), parameters, loop.body)(*called.values())

    def _row(self) -> list[ast.stmt]:
        screen = self._screen
        body = [assign(v, _at(v.replace("f", "c"), local("i"))) for v in screen.names.values()]
        for variable, (base, word) in screen.derived.items():
            is_it = ast.Compare(local(screen.names[base]), [ast.Eq()], [ast.Constant(screen.known.codes[word])])
            body.append(assign(variable, times(ast.Constant(1), is_it)))
        body += self._whose()
        body += [
            assign(variable, _at(table, local("pair"), ast.Constant(place)))
            for entry, variable in screen.entries.items()
            for table, place in [self._tables.places[entry]]
        ]
        return [*body, *screen.measures, *self._judged(), *self._said()]

    def _whose(self) -> list[ast.stmt]:
        """Which row of the tables holds, and whether there is one."""
        screen = self._screen

        def row(table: str, fact: str | None) -> ast.expr:
            if fact is None:
                return ast.Constant(0)
            return _at(table, ast.BinOp(local(screen.names[fact]), ast.Add(), ast.Constant(BEFORE)))

        first = ast.Call(local("max"), [local("whose"), ast.Constant(0)], [])
        return [
            assign("whose", row("subjects", screen.subject)),
            assign("pair", ast.BinOp(first, ast.Add(), row("actors", screen.actor))),
        ]

    def _judged(self) -> list[ast.stmt]:
        """Which gates veto, as bits, and whether any is in doubt; a gate without a bound says nothing."""
        screen = self._screen
        exempt, not_exempt = screen.exempt
        numbers = range(self._masks.numbers)
        bits: list[list[ast.expr]] = [[ast.Constant(0)] for _ in numbers]
        doubts: list[ast.expr] = [*screen.outside]
        body = [
            assign("exempt", exempt),
            assign("other", not_exempt),
            *(assign(f"applying{number}", _at(f"applies{number}", local("pair"))) for number in numbers),
        ]
        for gate in screen.gates:
            number, place = divmod(gate.place, BITS)
            vetoed, bit = f"v{gate.place}", ast.Constant(1 << place)
            vetoes = both(gate.vetoes, local("other")) if gate.exemptable else gate.vetoes
            passes = either(gate.passes, local("exempt")) if gate.exemptable else gate.passes
            doubt = negated(either(local(vetoed), passes))
            if not self._tables.applies_always(gate.place):
                applies = _some(ast.BinOp(local(f"applying{number}"), ast.BitAnd(), bit))
                vetoes, doubt = both(vetoes, applies), both(doubt, applies)
            body.append(assign(vetoed, vetoes))
            bits[number].append(times(bit, local(vetoed)))
            doubts.append(doubt)
            if screen.waivable >> gate.place & 1:
                doubts.append(local(vetoed))
        body += [assign(f"vetoed{number}", either(*bits[number])) for number in numbers]
        return [*body, assign("doubt", either(*doubts))]

    def _said(self) -> list[ast.stmt]:
        """What is written of the row."""
        masks = self._masks
        said: list[ast.expr] = [local(f"vetoed{number}") for number in range(masks.numbers)]
        statements: list[ast.stmt] = []
        if self._screen.subject is not None:
            listed = ast.Compare(local("whose"), [ast.GtE()], [ast.Constant(0)])
            subject = local(self._screen.names[self._screen.subject])
            unlisted = ast.Compare(subject, [ast.Eq()], [ast.Constant(INVALID)])
            statements.append(assign("listed", listed))
            # Of nobody there is nothing to doubt; a subject that is missing is one for those who say what is missing.
            known = ast.BinOp(local("listed"), ast.BitAnd(), local("doubt"))
            missing = ast.BinOp(negated(local("listed")), ast.BitAnd(), negated(unlisted))
            statements.append(assign("doubt", either(known, missing)))
            said = [
                _with(times(vetoed, local("listed")), nobody, unlisted)
                for vetoed, nobody in zip(said, masks.parts(masks.nobody), strict=True)
            ]
        for number, (told, unsure) in enumerate(zip(said, masks.parts(masks.unsure), strict=True)):
            place = ast.Subscript(local(f"out{number}"), local("i"), ast.Store())
            statements.append(ast.Assign([place], _with(told, unsure, local("doubt"))))
        return [*statements, ast.AugAssign(ast.Name("uncertain", ast.Store()), ast.Add(), local("doubt"))]


class _LookUp(ast.NodeTransformer):
    """Puts a place of the table of words where it is asked whether a list has one."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`has(list, word)`."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "has":
            offset, code = node.args
            start = ast.BinOp(offset, ast.Add(), ast.Constant(BEFORE))
            return _at("lists", ast.BinOp(start, ast.Add(), code))
        return node


def _with(bits: ast.expr, more: int, where: ast.expr) -> ast.expr:
    """Bits, and others where a condition holds."""
    return either(bits, times(ast.Constant(more), where)) if more else bits


def _some(bits: ast.expr) -> ast.expr:
    return ast.Compare(bits, [ast.NotEq()], [ast.Constant(0)])


def _at(table: str, *places: ast.expr) -> ast.expr:
    index = places[0] if len(places) == 1 else ast.Tuple(list(places), ast.Load())
    return ast.Subscript(local(table), index, ast.Load())

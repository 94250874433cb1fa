"""The Python backend: one function per shape of gates, built from the checked tree.

A shape is the set of gates that apply to a subject and actor (a gate whose bound is none does not). Its
function is assembled as a Python syntax tree from the checked tree, never from text; caps and the subject's
facts are bound to it as values; measures that several gates share are worked out once; a division is never
carried out but held as numerator and denominator, both exact decimals.

The function answers with the indexes of the gates that veto, or None when a fact that it needs is missing: the
interpreter then decides, so that what is missing is explained in one place.
"""

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from types import CodeType, FunctionType
from typing import Any, Final

from engine.backends.plan import shared_measures, soft_facts, tables_read
from engine.backends.translate import Translator, assign, invert, local
from engine.catalog import Value
from engine.judge import PASSES, may_be_exempt
from engine.numbers import exact
from engine.reach import caps_read
from engine.ruleset import Bound, Gate, Layer, Multiple, RuleSet, Subject, gate_nodes, limit_of
from engine.tree import CapRef

Run = Callable[[list[Value | None]], list[int] | None]


class _Everything:
    """A list that is none: it holds everything."""

    def __contains__(self, item: object) -> bool:
        return True


EVERYTHING: Final = _Everything()


class Programs:
    """The functions of one rule set, made when a subject and actor are first seen."""

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int]) -> None:
        self._ruleset = ruleset
        self._slots = slots
        self._shapes: dict[tuple[str, tuple[int, ...]], _Shape] = {}
        self._bound: dict[tuple[str, str | None, str | None], Run] = {}

    def run(self, subject: Subject | None, actor: str | None, scope: str) -> Run:
        """The function for a subject and an actor; for `scope: account`, of the account's gates alone."""
        key = (scope, subject.key if subject else None, actor)
        made = self._bound.get(key)
        if made is None:
            layer = self._ruleset.actors.get(actor or "") if scope == "order" else None
            made = self._bound[key] = self._bind(subject, layer, scope)
        return made

    def _bind(self, subject: Subject | None, actor: Layer | None, scope: str) -> Run:
        ruleset = self._ruleset
        gates = [
            g for g in ruleset.gates if (scope == "order" or g.scope == scope) and not _open(g, ruleset, subject, actor)
        ]
        shape_key = (scope, tuple(g.index for g in gates))
        shape = self._shapes.get(shape_key)
        if shape is None:
            shape = self._shapes[shape_key] = _Shape(ruleset, gates, self._slots, exemptable=scope == "order")
        return shape.bind(subject, actor)


def _open(gate: Gate, ruleset: RuleSet, subject: Subject | None, actor: Layer | None) -> bool:
    """Whether the gate's bound is none here; one that depends on an actor who is not known is not."""
    limit = limit_of(gate)
    if not isinstance(limit, CapRef) or (actor is None and limit.name in ruleset.actor_caps):
        return False
    return ruleset.cap(limit.name, subject, actor)[0] is None


class _Shape:
    """One set of gates as a Python function that waits for its values."""

    def __init__(self, ruleset: RuleSet, gates: list[Gate], slots: Mapping[str, int], *, exemptable: bool) -> None:
        self._ruleset = ruleset
        self._slots = slots
        self._to = Translator(ruleset, slots)
        head = ruleset.head.exempt if exemptable else None
        self._needs_actor = self._reads_actor_caps(gates, head)
        body = self._body(gates, head)
        self._function = self._compile(body)

    def bind(self, subject: Subject | None, actor: Layer | None) -> Run:
        """The function with the caps and facts of this subject and actor in it."""
        if self._needs_actor and actor is None:
            return _ask_interpreter
        values: list[Any] = []
        for kind, what in self._to.bound:
            value = self._value(kind, what, subject, actor)
            if value is None:
                return _ask_interpreter
            values.append(value)
        run: Run = self._function(*values)
        return run

    def _value(self, kind: str, what: object, subject: Subject | None, actor: Layer | None) -> Any:
        if kind == "constant":
            assert isinstance(what, Fraction)
            with exact():
                return Decimal(what.numerator) / Decimal(what.denominator)
        if kind == "cap":
            value, _ = self._ruleset.cap(str(what), subject, actor)
            is_list = self._ruleset.catalog.caps[str(what)].type.item is not None
            return EVERYTHING if value is None and is_list else value
        return subject.facts.get(str(what)) if subject else None

    def _reads_actor_caps(self, gates: list[Gate], exempt: str | None) -> bool:
        tops = [n for g in gates for n in gate_nodes(g)]
        tops += [self._ruleset.measures[exempt].node] if exempt else []
        return bool(caps_read(self._ruleset, *tops) & self._ruleset.actor_caps)

    # Statements

    def _body(self, gates: list[Gate], exempt: str | None) -> list[ast.stmt]:
        tops = [n for g in gates for n in gate_nodes(g)]
        exempt_node = self._ruleset.measures[exempt].node if exempt else None
        soft = soft_facts(self._ruleset, [*tops, *([exempt_node] if exempt_node else [])])
        checks = [
            ast.Compare(self._to.fact(n), [ast.Is()], [ast.Constant(None)]) for n in sorted(soft) if n in self._slots
        ]
        body: list[ast.stmt] = []
        if checks:
            body.append(
                ast.If(ast.BoolOp(ast.Or(), [*checks, ast.Constant(False)]), [ast.Return(ast.Constant(None))], [])
            )
        for table in tables_read(self._ruleset, [*tops, *([exempt_node] if exempt_node else [])]):
            body.append(self._to.table(table))
        for name in shared_measures(self._ruleset, gates):
            body += self._to.measure(name)
        if exempt_node is not None:
            body.append(assign("exempt", self._to.condition(exempt_node)))
        body.append(assign("out", ast.List([], ast.Load())))
        for exemptable, group in groupby(gates, key=lambda g: exempt is not None and may_be_exempt(g)):
            statements = [self._gate(g) for g in group]
            body += [ast.If(invert(local("exempt")), statements, [])] if exemptable else statements
        body.append(ast.Return(local("out")))
        return body

    def _gate(self, gate: Gate) -> ast.stmt:
        test = gate.test
        if isinstance(test, Bound):
            passes = self._to.compared(PASSES[test.op], test.measure, test.limit)
        elif isinstance(test, Multiple):
            passes = self._to.multiple(test)
        else:
            passes = self._to.condition(test.condition)
        veto: ast.expr = invert(passes)
        if gate.when is not None:
            veto = ast.BoolOp(ast.And(), [self._to.condition(gate.when), veto])
        append = ast.Call(ast.Attribute(local("out"), "append", ast.Load()), [ast.Constant(gate.index)], [])
        return ast.If(veto, [ast.Expr(append)], [])

    def _compile(self, body: list[ast.stmt]) -> Callable[..., Run]:
        loads = [
            assign(name, ast.Subscript(local("f"), ast.Constant(self._slots[fact]), ast.Load()))
            for fact, name in self._to.loads.items()
        ]
        run = _function("run", ["f"], [*loads, *body])
        outer = _function("bind", list(self._to.bound.values()), [run, ast.Return(local("run"))])
        module = compile(ast.fix_missing_locations(ast.Module([outer], [])), "<gates>", "exec")
        code = next(c for c in module.co_consts if isinstance(c, CodeType))
        return FunctionType(code, {"__builtins__": {"abs": abs, "max": max, "min": min}})


def _ask_interpreter(values: list[Value | None]) -> None:
    """Stands in where a subject or actor lacks something that the shape needs."""
    return


def _function(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, [])
    node = ast.FunctionDef(name, arguments, body, [])
    node.type_params = []  # type: ignore[attr-defined, unused-ignore]  # a field from Python 3.12 on
    return node

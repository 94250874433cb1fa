"""The Python backend: one function per shape of gates, and one per table, built from the checked tree.

A shape is the set of gates that apply to a subject and actor (a gate whose bound is none does not). A function is
assembled as a Python syntax tree from the checked tree, never from text; caps and the subject's facts are bound to
it as values; measures that are named several times are worked out once; a division is never carried out but held as
numerator and denominator, both exact decimals.

A shape's function answers with the gates that veto, a table's with what the table says; or either with None when a
fact that it needs is missing: the interpreter then decides, so that what is missing is explained in one place.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from types import CodeType, FunctionType, MappingProxyType
from typing import Any, Final

from engine.answers import Answer, Output
from engine.backends.places import InSlots, Places
from engine.backends.plan import shared_measures, soft_facts, tables_read
from engine.backends.translate import Translator, assign, invert, local
from engine.catalog import Value
from engine.judge import PASSES, may_be_exempt
from engine.numbers import EXACT, exact, settled
from engine.reach import caps_read
from engine.ruleset import Bound, Gate, Layer, Multiple, RuleSet, Subject, gate_nodes, limit_of, table_nodes
from engine.tree import CapRef, Node

Values = list[Value | None]
# A gate that vetoes: its index and, unless it is a condition, numerator and denominator of measure and bound, where
# None is one.
Veto = tuple[Any, ...]
Run = Callable[[Values], list[Veto] | None]
Ask = Callable[[Values], Answer | None]


class _Everything:
    """A list that is none: it holds everything."""

    def __contains__(self, item: object) -> bool:
        return True


EVERYTHING: Final = _Everything()


def _answer(row: str, outputs: dict[str, Output]) -> Answer:
    return Answer(row, MappingProxyType(outputs))


# All that a function may call.
CALLED: Final = {
    "abs": abs,
    "max": max,
    "min": min,
    "remainder": EXACT.remainder,
    "answer": _answer,
    "settled": settled,
}


class Programs:
    """The functions of one rule set, made when a subject and actor are first seen."""

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int]) -> None:
        self._ruleset = ruleset
        self._slots = slots
        self._shapes: dict[tuple[str, tuple[int, ...]], Program] = {}
        self._tables: dict[str, Program] = {}
        self._runs: dict[tuple[str, str | None, str | None], Run] = {}
        self._asks: dict[tuple[str, str | None, str | None], Ask] = {}

    def run(self, subject: Subject | None, actor: str | None, scope: str) -> Run:
        """The gates' function for a subject and an actor; for `scope: account`, of the account's gates alone."""
        key = (scope, subject.key if subject else None, actor)
        made = self._runs.get(key)
        if made is None:
            layer = self._ruleset.actors.get(actor or "") if scope == "order" else None
            made = self._runs[key] = self._shape(subject, layer, scope).bind(subject, layer)
        return made

    def ask(self, table: str, subject: Subject | None, actor: str | None) -> Ask:
        """A table's function for a subject and an actor."""
        key = (table, subject.key if subject else None, actor)
        made = self._asks.get(key)
        if made is None:
            if table not in self._tables:
                self._tables[table] = _table_program(self._ruleset, table, self._slots)
            made = self._asks[key] = self._tables[table].bind(subject, self._ruleset.actors.get(actor or ""))
        return made

    def alone(self, gates: Sequence[Gate]) -> Callable[[Subject | None, str | None], Run]:
        """Makes the function of some gates, be they the rule set's own or not, for a subject and an actor; nothing is
        exempt.
        """
        programs: dict[tuple[int, ...], Program] = {}
        runs: dict[tuple[str | None, str | None], Run] = {}

        def run(subject: Subject | None, actor: str | None) -> Run:
            key = (subject.key if subject else None, actor)
            if key not in runs:
                layer = self._ruleset.actors.get(actor or "")
                asked = [g for g in gates if not is_open(g, self._ruleset, subject, layer)]
                shape = tuple(g.index for g in asked)
                if shape not in programs:
                    programs[shape] = _gates_program(self._ruleset, asked, self._slots, None)
                runs[key] = programs[shape].bind(subject, layer)
            return runs[key]

        return run

    def _shape(self, subject: Subject | None, actor: Layer | None, scope: str) -> "Program":
        ruleset = self._ruleset
        gates = [
            g
            for g in ruleset.gates
            if (scope == "order" or g.scope == scope) and not is_open(g, ruleset, subject, actor)
        ]
        key = (scope, tuple(g.index for g in gates))
        if key not in self._shapes:
            exempt = ruleset.head.exempt if scope == "order" else None
            self._shapes[key] = _gates_program(ruleset, gates, self._slots, exempt)
        return self._shapes[key]


def is_open(gate: Gate, ruleset: RuleSet, subject: Subject | None, actor: Layer | None) -> bool:
    """Whether the gate's bound is none here; one that depends on an actor who is not known is not."""
    limit = limit_of(gate)
    if not isinstance(limit, CapRef) or (actor is None and limit.name in ruleset.actor_caps):
        return False
    return ruleset.cap(limit.name, subject, actor)[0] is None


def _gates_program(ruleset: RuleSet, gates: list[Gate], slots: Mapping[str, int], exempt: str | None) -> "Program":
    exempt_node = ruleset.measures[exempt].node if exempt else None
    tops = [n for g in gates for n in gate_nodes(g)]
    to = Translator(ruleset, slots)
    body = made_before(ruleset, [*tops, *([exempt_node] if exempt_node else [])], to)
    # A guard that says no leaves its gate unevaluated.
    sure = [n for g in gates for n in (gate_nodes(g)[:1] if g.when is not None else gate_nodes(g))]
    for name in shared_measures(ruleset, tops, sure):
        body += to.measure(name)
    if exempt_node is not None:
        body.append(assign("exempt", to.condition(exempt_node)))
    body.append(assign("out", ast.List([], ast.Load())))
    for exemptable, group in groupby(gates, key=lambda g: exempt is not None and may_be_exempt(g)):
        statements = [_gate(g, to) for g in group]
        body += [ast.If(invert(local("exempt")), statements, [])] if exemptable else statements
    body.append(ast.Return(local("out")))
    return Program(ruleset, [*tops, *([exempt_node] if exempt_node else [])], to, body, InSlots(slots))


def _table_program(ruleset: RuleSet, table: str, slots: Mapping[str, int]) -> "Program":
    tops = table_nodes(ruleset.tables[table])
    to = Translator(ruleset, slots)
    body = made_before(ruleset, tops, to)
    for name in shared_measures(ruleset, tops, tops[:1]):
        body += to.measure(name)
    return Program(ruleset, tops, to, [*body, *to.answers(table)], InSlots(slots))


def made_before(ruleset: RuleSet, tops: Sequence[Node], to: Translator) -> list[ast.stmt]:
    """The tables that expressions read, worked out before anything else."""
    return [to.table(table) for table in tables_read(ruleset, tops)]


def _gate(gate: Gate, to: Translator) -> ast.stmt:
    """Notes the gate where it vetoes."""
    veto, found = gate_veto(gate, to)
    append = ast.Call(ast.Attribute(local("out"), "append", ast.Load()), [found], [])
    return ast.If(veto, [ast.Expr(append)], [])


def gate_veto(gate: Gate, to: Translator) -> tuple[ast.expr, ast.expr]:
    """Whether the gate vetoes, and then its index with the numbers that it compared."""
    test = gate.test
    numbers: list[ast.expr] = []
    if isinstance(test, Bound):
        passes = to.compared(PASSES[test.op], test.measure, test.limit)
        numbers = to.numbers(test.measure, test.limit)
    elif isinstance(test, Multiple):
        passes = to.multiple(test.measure, test.step)
        numbers = to.numbers(test.measure, test.step)
    else:
        passes = to.condition(test.condition)
    veto: ast.expr = invert(passes)
    if gate.when is not None:
        veto = ast.BoolOp(ast.And(), [to.condition(gate.when), veto])
    return veto, ast.Tuple([ast.Constant(gate.index), *numbers], ast.Load())


class Program:
    """A Python function that waits for the values of a subject and actor.

    Args:
        tops: every expression in it.
        to: what translated them, and knows which facts are read and which values are to be bound.
        body: its statements.
        places: where the facts are found.
    """

    def __init__(
        self, ruleset: RuleSet, tops: Sequence[Node], to: Translator, body: list[ast.stmt], places: Places
    ) -> None:
        self._ruleset = ruleset
        self._bound = list(to.bound)
        self._needs_actor = bool(caps_read(ruleset, *tops) & ruleset.actor_caps)
        soft = sorted(n for n in soft_facts(ruleset, tops) if to.is_given(n) and not places.surely_there(n))
        checks: list[ast.expr] = [ast.Compare(to.fact(n), [ast.Is()], [ast.Constant(None)]) for n in soft]
        if checks:
            absent = ast.BoolOp(ast.Or(), [*checks, ast.Constant(False)])
            body = [ast.If(absent, [ast.Return(ast.Constant(None))], []), *body]
        self.body = [*places.loads(to.loads), *body]
        self.function = compiled(list(to.bound.values()), places.parameters, self.body)

    def bind(self, subject: Subject | None, actor: Layer | None) -> Callable[..., Any]:
        """The function with the caps and facts of this subject and actor in it."""
        values = self.values(subject, actor)
        return ask_interpreter if values is None else self.function(*values)

    def values(self, subject: Subject | None, actor: Layer | None) -> list[Any] | None:
        """What is bound for this subject and actor; None where they lack something that the function needs."""
        if self._needs_actor and actor is None:
            return None
        values: list[Any] = []
        for kind, what in self._bound:
            value = self.value(kind, what, subject, actor)
            if value is None:
                return None
            values.append(value)
        return values

    def value(self, kind: str, what: Any, subject: Subject | None, actor: Layer | None) -> Any:
        """What is bound under a name; None where this subject or actor has none."""
        if kind == "constant":
            assert isinstance(what, Fraction)
            with exact():
                return Decimal(what.numerator) / Decimal(what.denominator)
        if kind == "cap":
            value, _ = self._ruleset.cap(str(what), subject, actor)
            is_list = self._ruleset.catalog.caps[str(what)].type.item is not None
            return EVERYTHING if value is None and is_list else value
        return subject.facts.get(str(what)) if subject else None


def expression(ruleset: RuleSet, node: Node, slots: Mapping[str, int]) -> Callable[[list[Any]], Any]:
    """A function of facts in their slots, all of them known, that works out one expression without a division.

    Args:
        ruleset: whose measures and caps it may name; the facts need not be among its own.
        node: the checked expression.
        slots: where the fact of each name stands.
    """
    to = Translator(ruleset, slots)
    value = to.numbers(node)[0] if node.type.numeric else to.condition(node)
    return Program(ruleset, [node], to, [ast.Return(value)], InSlots(slots)).bind(None, None)


def ask_interpreter(*values: object) -> None:
    """Stands in where a subject or actor lacks something that the function needs."""
    return


def compiled(
    bound: Sequence[str], parameters: Sequence[str], body: list[ast.stmt]
) -> Callable[..., Callable[..., Any]]:
    """A function that takes what is bound, and gives the function with this body and these parameters."""
    run = _function("run", parameters, body)
    outer = _function("bind", bound, [run, ast.Return(local("run"))])
    module = compile(ast.fix_missing_locations(ast.Module([outer], [])), "<rules>", "exec")
    code = next(c for c in module.co_consts if isinstance(c, CodeType))
    return FunctionType(code, {"__builtins__": dict(CALLED)})


def _function(name: str, parameters: Sequence[str], body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, [])
    node = ast.FunctionDef(name, arguments, body, [])
    node.type_params = []  # type: ignore[attr-defined, unused-ignore]  # a field from Python 3.12 on
    return node

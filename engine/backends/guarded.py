"""Gates in floats with a guard band: who surely passes, at the price of floats; exact numbers for the rest.

A program answers with the places of the gates that veto, and with ~place of those of which floats can't be certain.
Each gate has an exact program of its own beside it, which finds whether it vetoes, and by which numbers.
"""

import ast
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any, Final

from engine.backends.assembler import BUILT, Assembled, Row, packed
from engine.backends.bands import Bands
from engine.backends.bounds import Bounds, Passes
from engine.backends.near import UNIT, NotBanded, nearest
from engine.backends.places import InTwo, NearInTwo
from engine.backends.plan import merely_compared, shared_measures
from engine.backends.python import CALLED, Program, Veto, ask_interpreter, gate_veto, is_open, made_before
from engine.backends.translate import Translator, assign, invert, local
from engine.catalog import Value
from engine.facts import FactReader
from engine.judge import PASSES, may_be_exempt
from engine.numbers import exact
from engine.ruleset import Bound, Gate, Layer, Multiple, RuleSet, Subject, gate_nodes
from engine.tree import Node
from engine.units import Kind

# Facts that stand, as `floats` and exact `values`; own ones as floats, which `row` makes; own ones exactly.
Run = Callable[[Any, Any, tuple[Any, ...]], tuple[int, ...] | None]
# A veto; nothing where the gate passes; None where the interpreter must say.
Check = Callable[[Any, Any], Veto | tuple[()] | None]
# Whether numbers pass all gates for certain, given the facts that stand, and the words.
Tests = Callable[[Sequence[Value | None], Sequence[Value]], Passes | None]
# What is bound to a program as a float.
_FLOATS: Final = frozenset({"near", "size"})
# So many sets of reasons are kept: what stops orders is mostly the same few gates.
MAX_REASONS: Final = 1024


class Shared:
    """Facts that many decisions share, as programs take them: `values` in their slots; `floats`, the same with floats
    for numbers, and behind them how large each of these is; `numbers`, all of that packed.

    Args:
        values: in their slots.
        floats: each `as_float`.
    """

    __slots__ = ("floats", "numbers", "values")

    def __init__(self, values: Sequence[Value | None], floats: Sequence[Any]) -> None:
        self.values = values
        self.floats = (*floats, *[abs(near) if type(near) is float else None for near in floats])
        self.numbers = packed(self.floats)


class Reasons(dict[tuple[int, ...], tuple[str, ...]]):
    """The reasons of the enforced gates at some places, worked out when they are first asked for."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        super().__init__()
        self._gates = gates

    def __missing__(self, places: tuple[int, ...]) -> tuple[str, ...]:
        if len(self) >= MAX_REASONS:
            self.clear()
        gates = [self._gates[place] for place in places]
        made = self[places] = tuple([gate.reason for gate in gates if gate.enforced])
        return made


class Guarded:
    """The gates of a subject and actor; `shadows` says whether some only watch.

    Args:
        run: the places of gates that veto, and before them ~place of each that is to be checked; None where the
            interpreter must say.
        machine: what runs that in C; None where Python does.
        row: makes what `run` takes for own facts as floats, of facts that stand, as `packed`, and those.
        own: the facts that each decision gives.
        gates: by their places.
        checks: makes the exact program of a gate.
        tests: makes the test of what passes all gates for certain, from facts that stand and the words of others.
        waived: whether a waiver may let pass what a gate vetoes.
    """

    __slots__ = ("_checks", "_made", "gates", "machine", "own", "reasons", "row", "run", "shadows", "tests", "waived")

    def __init__(
        self,
        run: Run,
        machine: Any,
        row: Row,
        own: tuple[str, ...],
        gates: Sequence[Gate],
        checks: Callable[[int], Check],
        tests: Tests,
        *,
        waived: bool,
    ) -> None:
        self.run, self.machine, self.row, self.own, self.gates, self.tests = run, machine, row, own, gates, tests
        self.waived, self.shadows = waived, not all(gate.enforced for gate in gates)
        self.reasons = Reasons(gates)
        if machine is not None and not (self.waived or self.shadows):
            machine.reasons = self.reasons
        self._checks, self._made = checks, dict[int, Check]()

    def check(self, place: int) -> Check:
        """The exact program of the gate at a place."""
        made = self._made.get(place)
        if made is None:
            made = self._made[place] = self._checks(place)
        return made


class GuardedPrograms:
    """The programs of one rule set for decisions of which certain facts are given anew each time.

    `compared` are the numbers among these that no program wants as floats, `size` is how many facts those are.

    Args:
        ruleset: the checked rule set.
        reader: knows the slots of the facts that decisions share.
        own: the facts that each gives.
    """

    def __init__(self, ruleset: RuleSet, reader: FactReader, own: Sequence[str]) -> None:
        slots = reader.slots
        self.ruleset, self.slots, self._own, self.size = ruleset, slots, tuple(own), len(own)
        numbers = [name for name in own if ruleset.catalog.facts[name].unit.numeric]
        # Making a float costs Python more than it gains where a number is only compared.
        self.compared = frozenset() if BUILT else merely_compared(ruleset, numbers)
        self._bounds = Bounds(ruleset, reader, own, self.compared)
        self.exactly = InTwo(ruleset.catalog, slots, own)
        self.near = NearInTwo(ruleset.catalog, slots, own)
        self._shapes: dict[tuple[int, ...], _Shape] = {}

    def floats(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Own facts with the nearest floats in place of numbers, as far as programs want them."""
        return tuple(
            nearest(value) if isinstance(value, Decimal) and name not in self.compared else value
            for name, value in zip(self._own, values, strict=True)
        )

    def of(self, subject: Subject | None, actor: str | None) -> Guarded:
        """The programs for a subject and an actor."""
        ruleset = self.ruleset
        layer = ruleset.actors.get(actor) if actor is not None else None
        gates = [g for g in ruleset.gates if not is_open(g, ruleset, subject, layer)]
        key = tuple(g.index for g in gates)
        if key not in self._shapes:
            self._shapes[key] = _Shape(self, gates)
        shape = self._shapes[key]
        run, machine, checks = shape.bind(subject, layer)
        tests = partial(self._bounds.test, gates, (subject, layer))
        return Guarded(run, machine, shape.row, self._own, gates, checks, tests, waived=bool(ruleset.waivers))


class _Shape:
    """The programs of a set of gates."""

    def __init__(self, of: GuardedPrograms, gates: list[Gate]) -> None:
        ruleset = of.ruleset
        self._ruleset, self._slots, self._exactly = ruleset, of.slots, of.exactly
        to = Bands(ruleset, of.slots, of.near, of.exactly, of.compared)
        exempt = ruleset.measures[ruleset.head.exempt].node if ruleset.head.exempt else None
        tops = [*(n for g in gates for n in gate_nodes(g)), *([exempt] if exempt else [])]
        body = self._body(gates, exempt, to)
        self._gates, self._checks = gates, dict[int, Program]()
        self._program = _NearProgram(ruleset, tops, to, body, of)
        self._program.asked = [self._condition(node) for node in to.asked]
        self.row: Row = self._program.assembled.row

    def bind(self, subject: Subject | None, actor: Layer | None) -> tuple[Run, Any, Callable[[int], Check]]:
        """The program with the values of this subject and actor in it, and what makes the exact ones."""

        def check(place: int) -> Check:
            if place not in self._checks:
                self._checks[place] = self._check(self._gates[place])
            return self._checks[place].bind(subject, actor)

        return *self._program.made(subject, actor), check

    def _body(self, gates: list[Gate], exempt: Node | None, to: Bands) -> list[ast.stmt]:
        body: list[ast.stmt] = []
        tops = [n for g in gates for n in gate_nodes(g)]
        sure = [n for g in gates for n in (gate_nodes(g)[:1] if g.when is not None else gate_nodes(g))]
        for name in shared_measures(self._ruleset, tops, sure):
            body += to.measure(name)
        if exempt is not None:
            body.append(assign("exempt", _condition(exempt, to)))
        body.append(assign("out", ast.Tuple([], ast.Load())))
        numbered = list(enumerate(gates))
        for exemptable, group in groupby(numbered, key=lambda g: exempt is not None and may_be_exempt(g[1])):
            statements = [_judged(gate, place, to) for place, gate in group]
            body += [ast.If(invert(local("exempt")), statements, [])] if exemptable else statements
        return [*body, ast.Return(local("out"))]

    def _check(self, gate: Gate) -> Program:
        nodes = gate_nodes(gate)
        to = Translator(self._ruleset, self._slots)
        veto, found = gate_veto(gate, to)
        body = [
            *made_before(self._ruleset, nodes, to),
            ast.If(veto, [ast.Return(found)], []),
            ast.Return(ast.Tuple([], ast.Load())),
        ]
        return Program(self._ruleset, nodes, to, body, self._exactly)

    def _condition(self, node: Node) -> Program:
        to = Translator(self._ruleset, self._slots)
        body = [*made_before(self._ruleset, [node], to), ast.Return(to.condition(node))]
        return Program(self._ruleset, [node], to, body, self._exactly)


def _condition(node: Node, to: Bands) -> ast.expr:
    try:
        return to.condition(node)
    except NotBanded:
        return to.ask(node)


def _judged(gate: Gate, place: int, to: Bands) -> ast.stmt:
    """Notes the gate unless it passes for certain."""
    test, vetoes, unsure = gate.test, _noted(place, first=False), _noted(~place, first=True)
    noted: ast.stmt = vetoes
    try:
        if isinstance(test, Bound):
            passes, fails = to.bounded(PASSES[test.op], test.measure, test.limit)
            noted = ast.If(fails, [vetoes], [unsure])
        elif isinstance(test, Multiple):
            passes = to.multiple(test.measure, test.step)
        else:
            passes = to.condition(test.condition)
        if gate.when is None:
            return ast.If(invert(passes), [noted], [])
        return ast.If(ast.BoolOp(ast.And(), [to.condition(gate.when), invert(passes)]), [noted], [])
    except NotBanded:
        return unsure


def _noted(place: int, *, first: bool) -> ast.stmt:
    """`out` with a place more."""
    one, out = ast.Tuple([ast.Constant(place)], ast.Load()), local("out")
    return assign("out", ast.BinOp(one, ast.Add(), out) if first else ast.BinOp(out, ast.Add(), one))


class _NearProgram(Program):
    """A program in floats, to which caps, constants and conditions are bound; `asked` are the conditions."""

    asked: Sequence[Program] = ()

    def __init__(
        self, ruleset: RuleSet, tops: Sequence[Node], to: Translator, body: list[ast.stmt], of: GuardedPrograms
    ) -> None:
        super().__init__(ruleset, tops, to, body, of.near)
        self._floats: dict[float, float] = {}
        floats = {name: kind in _FLOATS for (kind, _), name in to.bound.items()}
        facts = ruleset.catalog.facts
        words = {
            v for name, v in to.loads.items() if not facts[name].unit.numeric and facts[name].unit.kind is not Kind.BOOL
        }
        self.assembled = Assembled(floats, CALLED, self.body, of.size, words)

    def made(self, subject: Subject | None, actor: Layer | None) -> tuple[Run, Any]:
        """The program with the values of this subject and actor in it, and the machine that runs it, if one does."""
        values = self.values(subject, actor)
        if values is None:
            return ask_interpreter, None
        machine = self.assembled.bind(values)
        return (self.function(*values) if machine is None else machine.run), machine

    def value(self, kind: str, what: Any, subject: Subject | None, actor: Layer | None) -> Any:
        """As of a program, and floats of it: `near` times 1 - k·UNIT, `size` without its sign."""
        if kind == "exactly":
            return _exactly(self.asked[what].bind(subject, actor))
        if kind not in _FLOATS:
            return super().value(kind, what, subject, actor)
        value = super().value(what[0], what[1], subject, actor)
        if not isinstance(value, Decimal):
            return None
        near = abs(nearest(value)) if kind == "size" else nearest(value) * (1 - what[2] * UNIT)
        return self._floats.setdefault(near, near)  # programs of many share one, so that it is at hand in memory


def _exactly(run: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    """A condition by exact numbers; what is missing for it is the interpreter's to say."""

    def asked(shared: Any, own: Any) -> bool:
        with exact():
            answer = run(shared, own)
        if answer is None:
            raise TypeError("a fact is missing")
        return bool(answer)

    return asked

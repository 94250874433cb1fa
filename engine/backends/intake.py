"""Taking facts in at speed: one function per list of names, which checks plain values and hands on all others; C's
where that was built.

What it lets pass is what `Place.read` reads without a word; whatever else it is given, those who read one by one have
to judge.
"""

import ast
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Clamped, Context, Decimal, InvalidOperation, Overflow, Rounded, Subnormal, Underflow
from typing import Any, Final

from engine.backends.assembler import native
from engine.backends.python import compiled
from engine.backends.translate import assign, call, local
from engine.layout import Place
from engine.numbers import MAX_DIGITS
from engine.tree import Sign
from engine.units import Kind

# Well within what numbers may be; those beyond, and those of too many digits, are read one by one.
_PLAIN: Final = Context(
    prec=MAX_DIGITS, Emax=30, Emin=-30, traps=[Rounded, Clamped, Overflow, Underflow, Subnormal, InvalidOperation]
)
# What the function works with, beside what it is given for its rule set.
_WITH: Final[Mapping[str, object]] = {
    "check": _PLAIN.plus,
    "near": float,
    "number": Decimal,
    "word": str,
    "most": 1e30,
    "least": -1e30,
    "zero": 0.0,
    "exact_most": Decimal(10**30),
    "exact_least": Decimal(-(10**30)),
    "exact_zero": Decimal(0),
    "doubts": (KeyError, TypeError, ValueError, ArithmeticError),
}


@dataclass(frozen=True, slots=True)
class _Value:
    """What is done with one value: statements that read it, tests that it is plain, where it is as a float."""

    read: tuple[ast.stmt, ...] = ()
    tests: tuple[ast.expr, ...] = ()
    near: str = ""
    bound: tuple[tuple[str, object], ...] = ()


def taking(
    places: Sequence[Place],
    who: tuple[str | None, str | None],
    compared: Container[str],
    bound: Mapping[str, object],
) -> Callable[..., Any]:
    """The function that takes a standing and a value for each place.

    Args:
        places: of the facts, in the order in which they are given.
        who: the facts that name subject and actor, where a rule set has them.
        compared: the numbers that need no floats.
        bound: what it works with: `engine`, whose standings it takes; `programs` by subject and actor; `record`, which
            makes one of standing, exact values, floats, program and test of what passes for certain; `otherwise`,
            which makes one of any values.
    """
    names = [place.fact.name for place in places]
    if native is not None:
        subject, actor = (names.index(name) if name in names else -1 for name in who)
        kinds = [_kind(place, place.fact.name in who) for place in places]
        return native.Intake(kinds, subject, actor, {**_WITH, **bound}).take
    values = [
        _value(f"v{i}", place, place.fact.name in who, place.fact.name in compared) for i, place in enumerate(places)
    ]
    exact, near = _tuple(f"v{i}" for i in range(len(places))), _tuple(value.near for value in values)
    keys = [
        local(f"v{names.index(name)}") if name in names else _of_standing(whose)
        for name, whose in zip(who, ("subject", "actor"), strict=True)
    ]
    ready = ast.Compare(_of_standing("ready"), [ast.Is()], [local("engine")])
    plain = ast.BoolOp(ast.And(), [ready, *(test for value in values for test in value.tests), ast.Constant(True)])
    program = ast.Subscript(local("programs"), ast.Tuple(keys, ast.Load()), ast.Load())
    words = [local(f"v{i}") for i, place in enumerate(places) if not place.fact.unit.numeric]
    leeways = _of_standing("leeways")
    left = ast.Subscript(leeways, ast.Tuple([local("program"), *words], ast.Load()), ast.Load())
    none = ast.Constant(None)
    passes = ast.IfExp(ast.Compare(leeways, [ast.Is()], [none]), none, left)
    made = [
        assign("program", program),
        ast.Return(call("record", [local("standing"), exact, near, local("program"), passes])),
    ]
    read = [statement for value in values for statement in value.read]
    doubted = ast.ExceptHandler(local("doubts"), None, [ast.Pass()])
    body: list[ast.stmt] = [
        ast.Try([*read, ast.If(plain, made, [])], [doubted], [], []),
        ast.Return(call("otherwise", [local("standing"), exact])),
    ]
    given = {**_WITH, **bound, **{name: what for value in values for name, what in value.bound}}
    parameters = ["standing", *(f"v{i}" for i in range(len(places)))]
    function: Callable[..., Any] = compiled(list(given), parameters, body)(*given.values())
    return function


def _kind(place: Place, names_somebody: bool) -> tuple[int, bool, bool, bool, Any]:
    """How C takes a value in: see `native.Intake`."""
    kind, sign = place.fact.unit.kind, place.fact.sign
    how: Any = None
    if place.simple:
        what = "number"
    elif names_somebody:  # the programs know whom there are
        what = "name"
    elif kind is Kind.BOOL:
        what = "truth"
    elif kind is Kind.ENUM:
        what, how = "word", place.fact.type.values
    else:
        what, how = "read", place.read
    return native.KINDS[what], sign is Sign.ANY, sign is not Sign.POSITIVE, not place.fact.unit.numeric, how


def _value(name: str, place: Place, names_somebody: bool, compared: bool) -> _Value:
    value, near = local(name), f"n_{name}"
    as_float = assign(near, call("near", [value]))
    if place.simple:
        exactly = _is_a(value, "number")
        checked = ast.Expr(call("check", [value]))
        if compared:
            return _Value((checked,), (exactly, _in_range(name, place.fact.sign, "exact_")), name)
        return _Value((checked, as_float), (exactly, _in_range(near, place.fact.sign)), near)
    kind = place.fact.unit.kind
    is_word = _is_a(value, "word")  # one of a class of its own might say that it is another
    if names_somebody:  # the programs know whom there are
        return _Value((), (is_word,), name)
    if kind is Kind.BOOL:
        either = [ast.Compare(value, [ast.Is()], [ast.Constant(truth)]) for truth in (True, False)]
        return _Value((), (ast.BoolOp(ast.Or(), list(either)),), name)
    if kind is Kind.ENUM:
        words = f"words_{name}"
        known = ast.Compare(value, [ast.In()], [local(words)])
        return _Value((), (is_word, known), name, ((words, place.fact.type.values),))
    reader = f"read_{name}"
    read = assign(name, ast.Subscript(call(reader, [value]), ast.Constant(0), ast.Load()))
    numeric = place.fact.unit.numeric and not compared
    return _Value((read, as_float) if numeric else (read,), (), near if numeric else name, ((reader, place.read),))


def _is_a(value: ast.expr, kind: str) -> ast.expr:
    """Whether a value is of that type, and of none that is made of it."""
    return ast.Compare(ast.Attribute(value, "__class__", ast.Load()), [ast.Is()], [local(kind)])


def _in_range(number: str, sign: Sign, ends: str = "") -> ast.expr:
    """Whether a number is finite and has the sign of its fact; the check before has kept it from rounding to zero.

    Ends are of the number's own type: another would have to be converted each time.
    """
    least = local(f"{ends}least" if sign is Sign.ANY else f"{ends}zero")
    above: ast.cmpop = ast.Lt() if sign is Sign.POSITIVE else ast.LtE()
    return ast.Compare(least, [above, ast.LtE()], [local(number), local(f"{ends}most")])


def _of_standing(part: str) -> ast.expr:
    return ast.Attribute(local("standing"), part, ast.Load())


def _tuple(names: Iterable[str]) -> ast.expr:
    return _listed([local(name) for name in names])


def _listed(parts: list[ast.expr]) -> ast.expr:
    return ast.Tuple(parts, ast.Load())

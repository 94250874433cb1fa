"""Changes of what a gate tests: its measure, its bound's direction, and what it is held against."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from engine.numbers import decimal_near
from engine.ruleset import Bound, Gate, Multiple, Require, RuleSet, limit_of
from engine.tree import CapRef, Constant, Node
from engine.units import Unit, write_value
from generator.change.effective import Pair, moves_of_values, value_of
from generator.change.effects import Effect, held, limit_effect
from generator.change.movement import Move
from generator.change.sides import Sides
from generator.change.verdicts import Verdict
from generator.change.words import Class

# What changed, its key in the gate, the texts before and after, and what that is called.
Part = tuple[str, str, str | None, str | None, Verdict]
_STRICTER: Final = {("at_most", "below"), ("at_least", "above")}
_DIGITS: Final = 40
UNPROVED: Final = Verdict(Class.LOOSEN, "it counts as looser until it is proved", unproved=True)
REWRITTEN: Final = Verdict(Class.EQUIVALENT, "the same, written otherwise")


def text_of(gate: Gate) -> str:
    """What a gate tests, in one line."""
    return f"require {gate.test.text}" if isinstance(gate.test, Require) else f"{gate.measure_text} {_bound_text(gate)}"


def _bound_text(gate: Gate) -> str:
    match gate.test:
        case Bound(op=op, limit=limit, unit=unit):
            return f"{op.replace('_', ' ')} {_limit_text(limit, unit)}"
        case Multiple(step=step, unit=unit):
            return f"multiple of {_limit_text(step, unit)}"
    return ""


def _limit_text(limit: Node, unit: Unit) -> str:
    if isinstance(limit, Constant) and not isinstance(limit.value, (bool, str)):
        return write_value(decimal_near(limit.value, _DIGITS), unit, {})
    return f"caps.{limit.name}" if isinstance(limit, CapRef) else str(getattr(limit, "name", ""))


def changes(sides: Sides, old: Gate, new: Gate) -> Iterator[Part]:
    """What changed in what a gate tests, part by part."""
    if type(old.test) is not type(new.test):
        yield "test", "id", text_of(old), text_of(new), UNPROVED
        return
    if isinstance(old.test, Require) and isinstance(new.test, Require):
        if old.test.text != new.test.text:
            verdict = of_expressions(sides, old.test.condition, new.test.condition)
            yield "requirement", "require", old.test.text, new.test.text, verdict
        return
    if old.measure_text != new.measure_text:
        assert not isinstance(old.test, Require) and not isinstance(new.test, Require)
        verdict = of_expressions(sides, old.test.measure, new.test.measure)
        yield "measure", "measure", old.measure_text, new.measure_text, verdict
    yield from _bounds(sides, old, new)


def of_expressions(sides: Sides, old: Node, new: Node) -> Verdict:
    """What another expression is called: only where it is the same, written otherwise, is that known here."""
    before, after = sides.form(old, new)
    return REWRITTEN if before == after else UNPROVED


def _bounds(sides: Sides, old: Gate, new: Gate) -> Iterator[Part]:
    before, after = _bound_text(old), _bound_text(new)
    if before == after:
        return
    ops = tuple(gate.test.op if isinstance(gate.test, Bound) else "multiple_of" for gate in (old, new))
    verdicts = [_of_ops(sides, new, *ops), _of_limits(sides, old, new, ops[1])]
    verdict = min((v for v in verdicts if v), key=lambda v: list(Class).index(v.word), default=REWRITTEN)
    yield "bound", ops[1], before, after, verdict


def _of_ops(sides: Sides, gate: Gate, old: str, new: str) -> Verdict | None:
    if old == new:
        return None
    if (old, new) in _STRICTER:
        return _called(held(gate, sides.new.ruleset, Effect.MORE), gate, "exactly at its bound it stops now")
    if (new, old) in _STRICTER:
        return Verdict(Class.LOOSEN, "exactly at its bound it lets pass now")
    return UNPROVED


def _of_limits(sides: Sides, old: Gate, new: Gate, op: str) -> Verdict | None:
    before, after = limit_of(old), limit_of(new)
    assert before is not None and after is not None
    forms = sides.form(before, after)
    if forms[0] == forms[1]:
        return None
    values = _values(sides, new, before, after)
    if values is None or op == "multiple_of":
        return UNPROVED
    moves = moves_of_values(values)
    if moves & (Move.LOST | Move.FOUND) and new.passes_missing:
        return UNPROVED
    missing = (Effect.MORE if moves & Move.LOST else Effect.NONE) | (
        Effect.FEWER if moves & Move.FOUND else Effect.NONE
    )
    effect = held(new, sides.new.ruleset, limit_effect(op, moves) | missing)
    return _called(effect, new, "for everybody the new bound is as tight or tighter")


def _called(effect: Effect, gate: Gate, tighter: str) -> Verdict:
    if effect & Effect.HELD:
        return Verdict(Class.LOOSEN, f"an exit may newly be held: it says `exits: {gate.exits}`")
    if effect & Effect.FEWER:
        word = Class.MIXED if effect & Effect.MORE else Class.LOOSEN
        return Verdict(word, "for somebody the new bound is looser")
    return Verdict(Class.TIGHTEN if effect else Class.EQUIVALENT, tighter)


def _values(sides: Sides, gate: Gate, old: Node, new: Node) -> list[Pair] | None:
    """The values of two bounds for everybody; None where one of them is neither a cap nor a value."""
    reads = [_reader(side.ruleset, limit) for side, limit in ((sides.old, old), (sides.new, new))]
    if None in reads:
        return None
    subjects: list[str | None] = list(sides.effective.subjects)
    if sides.new.ruleset.head.subject is None or gate.scope == "account":
        subjects.append(None)
    askers = [None, *sides.effective.actors]
    before, after = reads
    assert before is not None and after is not None
    return [Pair(before(s, a), after(s, a)) for s in subjects for a in askers]


def _reader(ruleset: RuleSet, limit: Node) -> Callable[[str | None, str | None], Any] | None:
    """What a bound is for a subject and an actor, as an exact number."""
    if isinstance(limit, Constant):
        value = limit.value
        return lambda subject, actor: value
    if not isinstance(limit, CapRef):
        return None

    def read(subject: str | None, actor: str | None) -> Any:
        held = value_of(ruleset, limit.name, subject, actor)
        return Fraction(*held.as_integer_ratio()) if isinstance(held, Decimal) else held

    return read

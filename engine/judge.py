"""Judging: what each gate says of a situation, and why."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, NamedTuple

from engine.interpret import NOTHING, OPERATORS, Answer, Nothing, Situation, Unknown, evaluate
from engine.ruleset import Bound, Gate, Multiple, Require, Waiver, limit_of

PASSES: Final = {"at_most": "<=", "at_least": ">=", "below": "<", "above": ">"}


class Outcome(StrEnum):
    """What a gate says."""

    PASS = "pass"
    VETO = "veto"
    EXEMPT = "exempt"
    NOT_MEANT = "not meant"
    NO_BOUND = "no bound"
    UNKNOWN = "facts missing"
    WAIVED = "waived"


class Judgement(NamedTuple):
    """A gate's answer, with the exact numbers behind it where there are some.

    `waiver` is the one that was asked after a veto: it let the gate pass, or the numbers are those of the veto that
    holds in spite of it.
    """

    gate: Gate
    outcome: Outcome
    observed: Fraction | None = None
    limit: Fraction | None = None
    unknown: tuple[str, ...] = ()
    waiver: Waiver | None = None

    @property
    def stops(self) -> bool:
        """Whether the gate lets the intent not through."""
        return self.outcome in (Outcome.VETO, Outcome.UNKNOWN)

    @property
    def headroom(self) -> Fraction | None:
        """How far the measure is from its bound: positive inside, negative beyond; none for multiples and
        conditions.
        """
        if self.observed is None or self.limit is None or not isinstance(self.gate.test, Bound):
            return None
        room = self.limit - self.observed
        return room if self.gate.test.op in ("at_most", "below") else -room


def is_exempt(situation: Situation) -> bool:
    """Whether the rule set's exemption holds; where it can't be computed it does not."""
    name = situation.ruleset.head.exempt
    return name is not None and situation.measure(name) is True


def may_be_exempt(gate: Gate) -> bool:
    """Whether an exempt intent passes this gate unseen."""
    return not gate.exits


def judge(gate: Gate, situation: Situation, *, exempt: bool) -> Judgement:
    """What the gate says: no bound, then exemption, then the guard, then the test."""
    bound = limit_of(gate)
    limit = True if bound is None else evaluate(bound, situation)
    if limit is NOTHING:
        return Judgement(gate, Outcome.NO_BOUND)
    if exempt and may_be_exempt(gate):
        return Judgement(gate, Outcome.EXEMPT)
    if gate.when is not None:
        meant = evaluate(gate.when, situation)
        if isinstance(meant, Unknown):
            return _unknown(gate, situation, meant)
        if meant is False:
            return Judgement(gate, Outcome.NOT_MEANT)
    return _tested(gate, limit, situation)


def found(gate: Gate, numbers: Sequence[Any]) -> Judgement:
    """The veto of a gate by the decimals that a backend compared: numerator and denominator of measure and bound,
    where a denominator of None is one; nothing for a condition.
    """
    if not numbers:
        return Judgement(gate, Outcome.VETO)
    a, b, c, d = numbers
    return Judgement(gate, Outcome.VETO, _quotient(a, b), _quotient(c, d))


def _quotient(numerator: Decimal, denominator: Decimal | None) -> Fraction:
    a, b = numerator.as_integer_ratio()
    if denominator is None:
        return Fraction(a, b)
    c, d = denominator.as_integer_ratio()
    return Fraction(a * d, b * c)


def _tested(gate: Gate, limit: Answer, situation: Situation) -> Judgement:
    if isinstance(gate.test, Require):
        holds = evaluate(gate.test.condition, situation)
        if isinstance(holds, Unknown):
            return _unknown(gate, situation, holds)
        return Judgement(gate, Outcome.PASS if holds is True else Outcome.VETO)
    observed = evaluate(gate.test.measure, situation)
    names = dict.fromkeys(n for a in (observed, limit) if isinstance(a, Unknown) for n in a.names)
    if names:
        return _unknown(gate, situation, Unknown(tuple(names)))
    if not isinstance(observed, Fraction) or not isinstance(limit, Fraction):
        raise TypeError(f"gate {gate.id} compares {observed!r} with {limit!r}")
    passes = _passes(gate.test, observed, limit)
    return Judgement(gate, Outcome.PASS if passes else Outcome.VETO, observed, limit)


def _passes(test: Bound | Multiple, observed: Fraction, limit: Fraction) -> bool:
    if isinstance(test, Multiple):
        return (observed / limit).denominator == 1
    return bool(OPERATORS[PASSES[test.op]](observed, limit))


def _unknown(gate: Gate, situation: Situation, unknown: Unknown) -> Judgement:
    """What is missing vetoes, unless the gate says otherwise; what is invalid always vetoes."""
    if gate.passes_missing and not any(n in situation.invalid for n in unknown.names):
        return Judgement(gate, Outcome.PASS)
    return Judgement(gate, Outcome.UNKNOWN, unknown=unknown.names)


__all__ = ["Judgement", "Nothing", "Outcome", "is_exempt", "judge", "may_be_exempt"]

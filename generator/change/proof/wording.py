"""One sentence for a witness: what the order is, what stopped it, and what happens to it now."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from engine import Decision, Reason, RuleSet
from engine.explain import WRITTEN_DIGITS, Refusal
from engine.numbers import apart
from engine.units import Unit, write_value
from generator.change.proof.places import Place
from generator.change.proof.valuation import Point

_TROUBLES: Final[Mapping[str, str]] = {Refusal.FACTS_MISSING: "missing", Refusal.FACT_INVALID: "invalid"}
_OVER: Final = {"at_most": ">", "below": "≥", "at_least": "<", "above": "≤", "multiple": "is no multiple of"}


def flipped(
    point: Point, place: Place, rules: Sequence[RuleSet], decisions: Sequence[Decision], gate: str | None
) -> str:
    """What became of an order: `this 0.011 BTC buy was vetoed by symbol_cap at 30.5% > 30% and would now pass`."""
    (old, new), (before, after) = rules, decisions
    if after.allowed:
        return f"{order(point, place, new)} was vetoed by {stopped(before, gate, old, place)} and would now pass"
    what = order(point, place, old)
    return f"{what}, which reduces, was let through and would now be vetoed by {stopped(after, gate, new, place)}"


def order(point: Point, place: Place, ruleset: RuleSet) -> str:
    """An order in a few words."""
    if place.scope != "order":
        return "this state of the account"
    solve = ruleset.head.solve
    size = point.get(solve.fact) if solve is not None else None
    side = next((v for n, v in point.items() if n.endswith(".side") and isinstance(v, str)), None)
    noun = side.lower() if side else "order"
    of = f" of {place.subject}" if place.subject else ""
    if solve is None or not isinstance(size, Decimal):
        return f"this {noun}{of}"
    written = _written(size, ruleset.catalog.facts[solve.fact].unit, place, ruleset)
    return f"this {written} {noun}{'' if written[-1].isalpha() and side else of}"


def stopped(decision: Decision, gate: str | None, ruleset: RuleSet, place: Place) -> str:
    """What stopped an order: the gate that it is about, if it is among the reasons, and how many others did."""
    reason = next((r for r in decision.vetoes if gate in (r.gate, *r.gates)), decision.vetoes[0])
    others = len({r.gate for r in decision.vetoes} - {reason.gate})
    more = f" (and {others} other{'s' if others > 1 else ''})" if others else ""
    return f"{_reason(reason, ruleset, place)}{more}"


def _reason(reason: Reason, ruleset: RuleSet, place: Place) -> str:
    if reason.observed is None or reason.limit is None:
        trouble = _TROUBLES.get(reason.reason)
        return f"{reason.gate}, as {reason.fact} is {trouble}" if trouble else str(reason.reason)
    gate = next((g for g in ruleset.gates if g.id == reason.gate), None)
    unit = ruleset.catalog.units.get(reason.unit or "")
    numbers = apart(Fraction(reason.observed), Fraction(reason.limit), WRITTEN_DIGITS)
    observed, limit = (str(n) if unit is None else _written(n, unit, place, ruleset) for n in numbers)
    sign = _OVER[getattr(gate.test, "op", "multiple")] if gate is not None else "against"
    return f"{reason.reason} at {observed} {sign} {limit}"


def _written(value: Decimal, unit: Unit, place: Place, ruleset: RuleSet) -> str:
    """A value in its unit, by the subject's own names."""
    subject, head = ruleset.subjects.get(place.subject or ""), ruleset.head.subject
    names = {}
    if subject is not None and head is not None:
        found = {n: subject.facts.get(f"{head.prefix}.{n}") for n in unit.names}
        names = {n: v for n, v in found.items() if isinstance(v, str)}
    return write_value(value, unit, names)

"""Reasons: what a person reads when a gate stops something. All wordings of decisions are here."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from engine.catalog import Value
from engine.interpret import Situation
from engine.judge import Judgement, Outcome
from engine.numbers import MAX_DIGITS, apart, canonical, decimal_near, rounded
from engine.reason import Reason
from engine.ruleset import Bound, Gate, Multiple, Require, SubjectHead, limit_of
from engine.tree import CapRef, FactRef, MeasureRef, Node, OutputRef, walk
from engine.units import Unit, write_value
from engine.values import SHOWN


class Refusal(StrEnum):
    """The closed list of reasons that are the engine's own; every other reason is declared by a gate."""

    FACTS_MISSING = "facts_missing"
    FACT_INVALID = "fact_invalid"
    INPUT_INVALID = "input_invalid"
    ENGINE_ERROR = "engine_error"


REFUSALS: Final[Mapping[Refusal, str]] = {
    Refusal.FACTS_MISSING: "a fact that a gate needs was not given",
    Refusal.FACT_INVALID: "a fact is not finite, out of its range, or none of its declared values",
    Refusal.INPUT_INVALID: "the intent can't be read: no JSON, no object, or an undeclared name",
    Refusal.ENGINE_ERROR: "deciding failed; whatever went wrong, nothing passes",
}

WRITTEN_DIGITS: Final = 6
_OVER: Final = {
    "at_most": "is over the cap of",
    "below": "is not below the cap of",
    "at_least": "is under the minimum of",
    "above": "is not above the minimum of",
}


def veto_reason(judgement: Judgement, situation: Situation) -> Reason:
    """The reason that a gate's veto gives."""
    gate, situation = judgement.gate, seen_in(judgement, situation)
    if isinstance(gate.test, Require) or judgement.observed is None or judgement.limit is None:
        return Reason(gate.id, gate.reason, text=_requirement(gate, situation), source=gate.source)
    source, layer = limit_source(gate, situation)
    headroom = judgement.headroom
    observed, limit = apart(judgement.observed, judgement.limit)
    return Reason(
        gate.id,
        gate.reason,
        observed=canonical(observed),
        limit=canonical(limit),
        unit=gate.test.unit.name,
        headroom=None if headroom is None else rounded(headroom),
        source=source,
        text=_comparison(judgement, gate.test, situation, layer),
    )


def seen_in(judgement: Judgement, situation: Situation) -> Situation:
    """The situation in which a judgement has its numbers: under its waiver, where it vetoes in spite of it."""
    return situation.under(judgement.waiver.layer) if judgement.waiver and judgement.stops else situation


def waived_reason(judgement: Judgement, situation: Situation) -> Reason:
    """What the veto of a gate that was waived would have said, and by whose leave it is none."""
    waiver = judgement.waiver
    assert waiver is not None
    reason = veto_reason(judgement, situation)
    text = f"{reason.text}; waived by {waiver.by} until {waiver.written}"
    return reason._replace(text=text, waiver=waiver.id, by=waiver.by, until=waiver.written)


def nobody(head: SubjectHead, given: str | None) -> Reason:
    """The reason of an intent about a subject that is not in the universe, or that is not named (None)."""
    if given is None:
        text = f"{head.key} is missing: nothing can be decided about nobody"
        return Reason(None, Refusal.FACTS_MISSING, fact=head.key, text=text)
    return Reason(None, head.unknown, observed=given, fact=head.key, text=f"{given[:SHOWN]} is not in the universe")


def limit_source(gate: Gate, situation: Situation) -> tuple[str, str]:
    """Where the bound of a gate comes from: its source line, and its layer in words; nobody's where no actor is known
    on whom it depends.
    """
    limit = limit_of(gate)
    if isinstance(limit, CapRef) and situation.knows_cap(limit.name):
        _, (source, layer) = situation.cap_found(limit.name)
        return source or gate.source, layer
    return gate.source, ""


def _comparison(judgement: Judgement, test: Bound | Multiple, situation: Situation, layer: str) -> str:
    assert judgement.observed is not None and judgement.limit is not None
    whole = isinstance(test, Multiple)
    numbers = apart(judgement.observed, judgement.limit, MAX_DIGITS if whole else WRITTEN_DIGITS)
    observed, limit = (written(n, test.unit, situation) for n in numbers)
    words = "is no multiple of" if isinstance(test, Multiple) else _OVER[test.op]
    return f"{_label(judgement.gate)} {observed} {words} {limit}" + (f" ({layer})" if layer else "")


def _label(gate: Gate) -> str:
    """What the measure is called: its own name, else the fact's, else the gate's."""
    test = gate.test
    if isinstance(test, (Bound, Multiple)) and isinstance(test.measure, (MeasureRef, FactRef)):
        return test.measure.name.replace("_", " ").replace(".", " ")
    return gate.id.replace("_", " ")


def display(value: Fraction, unit: Unit, situation: Situation) -> str:
    """A number as a person reads it: `31.24%`, `1h30m`."""
    return written(decimal_near(value, WRITTEN_DIGITS), unit, situation)


def written(value: Value, unit: Unit, situation: Situation) -> str:
    """A fact's or cap's value, whole, as a person writes it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(value) + "]"
    return write_value(value, unit, _own_names(unit, situation))


def _own_names(unit: Unit, situation: Situation) -> dict[str, str]:
    """What the subject calls the things that the unit counts."""
    subject, head = situation.subject, situation.ruleset.head.subject
    if subject is None or head is None or not unit.names:
        return {}
    found = {n: subject.facts.get(f"{head.prefix}.{n}") for n in unit.names}
    return {n: v for n, v in found.items() if isinstance(v, str)}


def _requirement(gate: Gate, situation: Situation) -> str:
    assert isinstance(gate.test, Require)
    seen = [f"{name} is {_fact_text(value)}" for name, value in facts_of(gate.test.condition, situation).items()]
    return f"`{gate.test.text}` does not hold" + (f": {', '.join(seen)}" if seen else "")


def _fact_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(value) + "]"
    return canonical(value) if isinstance(value, Decimal) else str(value)


def facts_of(node: Node, situation: Situation) -> dict[str, object]:
    """The facts, caps and measures that an expression names, with their values where they are known."""
    found: dict[str, object] = {}
    for part in walk(node):
        match part:
            case FactRef(name=name):
                value = situation.value(name)
            case CapRef(name=cap):
                name = f"caps.{cap}"
                value, _ = situation.cap_found(cap)
            case MeasureRef(name=name):
                answer = situation.measure(name)
                value = (
                    Decimal(rounded(answer))
                    if isinstance(answer, Fraction)
                    else answer
                    if isinstance(answer, bool)
                    else None
                )
            case OutputRef(table=table, output=output):
                name = f"tables.{table}.{output}"
                answer = situation.output(table, output)
                value = (
                    Decimal(rounded(answer))
                    if isinstance(answer, Fraction)
                    else answer
                    if isinstance(answer, (bool, str))
                    else None
                )
            case _:
                continue
        if value is not None:
            found[name] = value
    return found


def unknown_reasons(judgements: list[Judgement], situation: Situation) -> dict[int, list[Reason]]:
    """For each gate's index the reasons that stand in its place: each unknown fact once, at the first gate that
    needs it.
    """
    gates: dict[str, list[Gate]] = {}
    for judgement in judgements:
        if judgement.outcome is Outcome.UNKNOWN:
            for name in judgement.unknown:
                gates.setdefault(name, []).append(judgement.gate)
    placed: dict[int, list[Reason]] = {}
    for name, needing in gates.items():
        placed.setdefault(needing[0].index, []).append(_unknown_reason(name, needing, situation))
    return placed


def _unknown_reason(name: str, needed_by: list[Gate], situation: Situation) -> Reason:
    fault = situation.invalid.get(name)
    gates, source = [g.id for g in needed_by], needed_by[0].source
    needing = ", ".join(gates[:4]) + (f" and {len(gates) - 4} more" if len(gates) > 4 else "")
    text = f"{name} is missing, and {needing} can't be judged without it" if fault is None else f"{name}: {fault}"
    reason = Refusal.FACTS_MISSING if fault is None else Refusal.FACT_INVALID
    return Reason(gates[0], reason, source=source, fact=name, gates=tuple(gates), text=text)

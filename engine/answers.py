"""What code asks of a rule set beside decisions: the row of a table that applies, and what it gives.

Numbers are exact as long as a decimal of `MAX_DIGITS` (40) significant digits holds them, and else rounded half-even
to as many, which is also the most that a fact may have: what a table gives can be asked about again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, NamedTuple

from engine import interpret
from engine.explain import limit_source
from engine.interpret import Nothing, Situation, Unknown, evaluate
from engine.judge import Judgement, Outcome
from engine.numbers import settled
from engine.ruleset import Bound, Table

Output = Decimal | bool | str | None


class Answer(NamedTuple):
    """What a table says: the id of the row that applies, and its outputs by name, None where the row leaves one out.

    Where a fact that is needed is missing or invalid there is no row, and `unknown` names what was needed. Numbers are
    exact, or rounded half-even to 40 significant digits.
    """

    row: str | None
    outputs: Mapping[str, Output]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headroom:
    """How far one gate is from its bound: positive inside, negative beyond.

    The numbers are None where the gate was not held against anything: an exempt intent, a guard that says no, no
    bound, or facts missing. `source` is where the bound comes from.
    """

    gate: str
    outcome: Outcome
    observed: Decimal | None
    limit: Decimal | None
    headroom: Decimal | None
    unit: str
    source: str


NO_OUTPUTS: Final[Mapping[str, Output]] = MappingProxyType({})


def unanswered(names: tuple[str, ...]) -> Answer:
    """The answer where these are unknown."""
    return Answer(None, NO_OUTPUTS, names)


def answered(table: Table, situation: Situation) -> Answer:
    """What a table says of a situation, by the reference interpreter."""
    row = situation.applying(table.name)
    if isinstance(row, Unknown):
        return unanswered(row.names)
    answers = {name: evaluate(row.outputs[name], situation) for name in table.outputs if name in row.outputs}
    names = dict.fromkeys(n for a in answers.values() if isinstance(a, Unknown) for n in a.names)
    if names:
        return unanswered(tuple(names))
    outputs = {name: output(answers[name]) if name in answers else None for name in table.outputs}
    return Answer(row.id, MappingProxyType(outputs))


def output(answer: interpret.Answer) -> Output:
    """What the interpreter worked out, as a plain value; None where it is unknown."""
    if isinstance(answer, Fraction):
        return settled(Decimal(answer.numerator), Decimal(answer.denominator))
    if isinstance(answer, (Unknown, Nothing, tuple)):
        return None
    return answer


def headroom(judgement: Judgement, situation: Situation) -> Headroom:
    """How far a gate with a bound is from it."""
    gate = judgement.gate
    assert isinstance(gate.test, Bound)
    observed, limit, room = (
        None if n is None else settled(Decimal(n.numerator), Decimal(n.denominator))
        for n in (judgement.observed, judgement.limit, judgement.headroom)
    )
    source, _ = limit_source(gate, situation)
    return Headroom(gate.id, judgement.outcome, observed, limit, room, gate.test.unit.name, source)

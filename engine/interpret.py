"""The reference interpreter: one small function per node, exact rationals, nothing clever.

Every other backend must agree with it to the last digit.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from engine.catalog import Value
from engine.per_node import PerNode
from engine.ruleset import Layer, Row, RuleSet, Subject
from engine.tree import (
    Absolute,
    Arithmetic,
    CapRef,
    Compare,
    Constant,
    Extreme,
    FactRef,
    Known,
    Logic,
    MeasureRef,
    Member,
    Negate,
    Node,
    Not,
    OutputRef,
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer can't be had: these facts are missing or invalid, in the order in which they were needed."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The value of a cap that is `none`: no bound; as a list, any."""


NOTHING: Final = Nothing()
Answer = Fraction | bool | str | tuple[str, ...] | Unknown | Nothing

OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(slots=True)
class Situation:
    """Everything that one decision may read: facts in their slots, the invalid ones, and the caps that hold.

    `over` holds in the place of what subject, actor and account have.
    """

    ruleset: RuleSet
    slots: Mapping[str, int]
    values: Sequence[Value | None]
    invalid: Mapping[str, str]
    subject: Subject | None = None
    actor: Layer | None = None
    over: Layer | None = None
    _memo: dict[str, Answer] = field(default_factory=dict)
    _facts: dict[str, Answer] = field(default_factory=dict)

    def value(self, name: str) -> Value | None:
        """A fact as it was given, or one of the subject's own; None where it is missing or invalid."""
        slot = self.slots.get(name)
        if slot is not None:
            return self.values[slot]
        return self.subject.facts.get(name) if self.subject is not None else None

    @property
    def facts(self) -> dict[str, Value]:
        """The facts that were given and are known, by name."""
        return {name: value for name, slot in self.slots.items() if (value := self.values[slot]) is not None}

    def fact(self, name: str) -> Answer:
        """A fact's value, or that it is unknown."""
        if name not in self._facts:
            value = self.value(name)
            self._facts[name] = self._unknown(name) if value is None else as_answer(value)
        return self._facts[name]

    def _unknown(self, name: str) -> Unknown:
        """That a fact is missing; for one that follows from another, that the other is."""
        derived = self.ruleset.catalog.facts[name].indicates
        return Unknown((derived[0] if derived else name,))

    def under(self, layer: Layer) -> "Situation":
        """The same facts where a layer holds in the place of all others, as far as it goes."""
        return Situation(self.ruleset, self.slots, self.values, self.invalid, self.subject, self.actor, layer)

    def knows_cap(self, name: str) -> bool:
        """Whether it is known which cap holds here: some depend on the actor."""
        return self.actor is not None or name not in self.ruleset.actor_caps or self._over(name)

    def cap_value(self, name: str) -> tuple[bool, Value | None]:
        """Whether the cap that holds here is known, and its value (None for none)."""
        return (True, self.cap_found(name)[0]) if self.knows_cap(name) else (False, None)

    def cap_found(self, name: str) -> tuple[Value | None, tuple[str, str]]:
        """The value of a cap that holds here, and where it comes from, as `RuleSet.cap` says it."""
        if self.over is not None and self._over(name):
            return self.over.caps[name], self.over.sources.get(name, ("", ""))
        return self.ruleset.cap(name, self.subject, self.actor)

    def _over(self, name: str) -> bool:
        return self.over is not None and name in self.over.caps

    def cap(self, name: str) -> Answer:
        """The cap that holds here; unknown where it depends on an actor that is not known."""
        known, value = self.cap_value(name)
        head = self.ruleset.head.actor
        if not known and head is not None:
            return Unknown((head.key,))
        return NOTHING if value is None else as_answer(value)

    def measure(self, name: str) -> Answer:
        """A named measure, worked out once."""
        if name not in self._memo:
            self._memo[name] = evaluate(self.ruleset.measures[name].node, self)
        return self._memo[name]

    def applying(self, table: str) -> Row | Unknown:
        """The first row of a table that applies."""
        for row in self.ruleset.tables[table].rows:
            applies = True if row.when is None else evaluate(row.when, self)
            if isinstance(applies, Unknown):
                return applies
            if applies is True:
                return row
        raise LookupError(f"table {table} has no last row")

    def row(self, table: str) -> str | Unknown:
        """The id of the first row of a table that applies."""
        row = self.applying(table)
        return row if isinstance(row, Unknown) else row.id

    def output(self, table: str, output: str) -> Answer:
        """One output of a table; unknown where the row that applies leaves it out."""
        row = self.applying(table)
        if isinstance(row, Unknown):
            return row
        if output not in row.outputs:
            return Unknown((f"tables.{table}.{output}",))
        return evaluate(row.outputs[output], self)


def as_answer(value: Value) -> Answer:
    """A stored value as the interpreter computes with it."""
    return Fraction(*value.as_integer_ratio()) if isinstance(value, Decimal) else value


# The exact value of a node, or what is missing for it.
evaluate: Final[PerNode[Situation, Answer]] = PerNode("interpreter")


@evaluate.of(Constant)
def _(node: Constant, situation: Situation) -> Answer:
    return node.value


@evaluate.of(FactRef)
def _(node: FactRef, situation: Situation) -> Answer:
    return situation.fact(node.name)


@evaluate.of(CapRef)
def _(node: CapRef, situation: Situation) -> Answer:
    return situation.cap(node.name)


@evaluate.of(MeasureRef)
def _(node: MeasureRef, situation: Situation) -> Answer:
    return situation.measure(node.name)


@evaluate.of(OutputRef)
def _(node: OutputRef, situation: Situation) -> Answer:
    return situation.output(node.table, node.output)


@evaluate.of(Negate)
def _(node: Negate, situation: Situation) -> Answer:
    return _numbers(situation, node.operand, to=lambda x: -x[0])


@evaluate.of(Absolute)
def _(node: Absolute, situation: Situation) -> Answer:
    return _numbers(situation, node.operand, to=lambda x: abs(x[0]))


@evaluate.of(Extreme)
def _(node: Extreme, situation: Situation) -> Answer:
    return _numbers(situation, *node.arguments, to=max if node.op == "max" else min)


_ARITHMETIC: Final = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


@evaluate.of(Arithmetic)
def _(node: Arithmetic, situation: Situation) -> Answer:
    apply = _ARITHMETIC[node.op]
    return _numbers(situation, node.left, node.right, to=lambda x: apply(x[0], x[1]))


@evaluate.of(Compare)
def _(node: Compare, situation: Situation) -> Answer:
    left, right = evaluate(node.left, situation), evaluate(node.right, situation)
    unknown = _unknown(left, right)
    return unknown or bool(OPERATORS[node.op](left, right))


@evaluate.of(Member)
def _(node: Member, situation: Situation) -> Answer:
    item, words = evaluate(node.item, situation), evaluate(node.list, situation)
    if unknown := _unknown(item, words):
        return unknown
    inside = words is NOTHING or (isinstance(words, tuple) and item in words)
    return inside is not node.negated


@evaluate.of(Logic)
def _(node: Logic, situation: Situation) -> Answer:
    left = evaluate(node.left, situation)
    if isinstance(left, Unknown) or left is (node.op == "or"):
        return left
    return evaluate(node.right, situation)


@evaluate.of(Not)
def _(node: Not, situation: Situation) -> Answer:
    inner = evaluate(node.operand, situation)
    return inner if isinstance(inner, Unknown) else not inner


@evaluate.of(Known)
def _(node: Known, situation: Situation) -> Answer:
    answer = situation.fact(node.fact.name)
    if isinstance(answer, Unknown):
        return answer if answer.names[0] in situation.invalid else False
    return True


def _unknown(*answers: Answer) -> Unknown | None:
    """All that is missing for these answers, each name once."""
    names = dict.fromkeys(n for a in answers if isinstance(a, Unknown) for n in a.names)
    return Unknown(tuple(names)) if names else None


def _numbers(situation: Situation, *nodes: Node, to: Callable[[list[Fraction]], Fraction]) -> Answer:
    answers = [evaluate(n, situation) for n in nodes]
    if unknown := _unknown(*answers):
        return unknown
    numbers = [a for a in answers if isinstance(a, Fraction)]
    if len(numbers) != len(answers):
        raise TypeError(f"numbers are needed, not {answers}")
    return to(numbers)

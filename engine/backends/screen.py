"""What a program over columns works out in each row: the gates of a rule set, in an order that needs no jump.

A screen says it once, for every backend that works on columns: which facts it reads, what must hold of them, the
measures that are made first, the gates, and what is known of each subject and actor.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from engine.backends.columns import Columns, decided
from engine.backends.entries import COUNTED, Everybody, is_short
from engine.backends.masks import Masks
from engine.backends.near import NotBanded, nearest
from engine.backends.plan import shared_measures
from engine.backends.sure import NEVER, Sure, both, compare, negated
from engine.backends.translate import call
from engine.catalog import Fact
from engine.judge import may_be_exempt
from engine.ruleset import Gate, RuleSet, gate_nodes
from engine.tree import Sign
from engine.units import Kind

# Well within what numbers may be, and what the bounds on errors are proved for.
_MOST: Final = 10**30


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate: its place, whether it surely passes and surely vetoes, and whether the exempt pass it unseen."""

    place: int
    passes: ast.expr
    vetoes: ast.expr
    exemptable: bool


class Screen:
    """The program of a rule set.

    Args:
        ruleset: the rules.
        slots: of the facts.

    `numbers`, `words` and `truths` are the facts that it reads, each in the variable `f` with its slot; `derived` are
    numbers that follow from a word, with its code; `outside` holds where a number is none that floats may judge;
    `masks` are the bits that say what stops a row.
    """

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int]) -> None:
        self.ruleset = ruleset
        self.known, self.masks = Everybody(ruleset), Masks(len(ruleset.gates))
        to = Columns(ruleset, slots, self.known)
        exempt = ruleset.measures[ruleset.head.exempt].node if ruleset.head.exempt else None
        tops = [*(n for g in ruleset.gates for n in gate_nodes(g)), *([exempt] if exempt else [])]
        self.measures = [s for name in shared_measures(ruleset, tops, tops) for s in to.measure(name)]
        self.exempt: Sure = (NEVER, ast.Constant(True)) if exempt is None else _or_unsure(lambda: decided(exempt, to))
        self.gates = [self._judged(gate, to, exemptable=exempt is not None) for gate in ruleset.gates]
        self.shorts, self.entries = to.shorts, to.entries
        self._read(to)

    @staticmethod
    def _judged(gate: Gate, to: Columns, *, exemptable: bool) -> Judged:
        passes, vetoes = _or_unsure(lambda: to.gate(gate))
        return Judged(gate.index, passes, vetoes, exemptable and may_be_exempt(gate))

    def _read(self, to: Columns) -> None:
        catalog, head = self.ruleset.catalog, self.ruleset.head
        self.subject, self.actor = (part.key if part else None for part in (head.subject, head.actor))
        self.derived = {v: f.indicates for n, v in to.loads.items() if (f := catalog.facts[n]).indicates}
        bases = [*(base for base, _ in self.derived.values()), *(n for n in (self.subject, self.actor) if n)]
        for name in bases:
            to.fact(name)
        read = {n: catalog.facts[n] for n in to.loads if not catalog.facts[n].indicates}
        self.names = {n: to.loads[n] for n in read}
        self.numbers = [n for n, f in read.items() if f.unit.numeric]
        self.truths = [n for n, f in read.items() if f.unit.kind is Kind.BOOL]
        self.words = [n for n in read if n not in self.numbers and n not in self.truths]
        self.outside = _outside({n: read[n] for n in self.numbers}, to)

    def own_words(self, fact: str) -> frozenset[str]:
        """The words that are a fact's own."""
        declared, head = self.ruleset.catalog.facts[fact].type.values, self.ruleset.head.subject
        return declared or frozenset(self.ruleset.subjects if head and head.key == fact else self.ruleset.actors)

    @property
    def waivable(self) -> int:
        """The gates that somebody may have leave to pass, as bits."""
        waived = {waiver.gate for waiver in self.ruleset.waivers}
        return sum(1 << g.index for g in self.ruleset.gates if g.id in waived)


def _or_unsure(make: Callable[[], Sure]) -> Sure:
    try:
        return make()
    except NotBanded:
        return NEVER, NEVER


def _outside(facts: Mapping[str, Fact], to: Columns) -> list[ast.expr]:
    """Where a number is not of its fact, or too large or small for floats to judge; a missing one is not.

    One comparison does for the largest of all: a machine takes an extreme in one step, and leaves out what is missing.
    """
    counts = {n: f for n, f in facts.items() if f.unit.kind is Kind.COUNT}
    others = {n: f for n, f in facts.items() if n not in counts}
    tests: list[ast.expr] = []
    if others:
        largest = [ast.Constant(0), *(_size(f, to) for f in others.values())]
        tests.append(compare(call("max", largest), ">", ast.Constant(_MOST / 1)))
    if positive := [to.fact(n) for n, f in facts.items() if f.sign is Sign.POSITIVE]:
        least = [ast.Constant(1), *positive]
        tests.append(compare(call("min", least), "<", ast.Constant(1 / _MOST)))
    for name, fact in others.items():
        if fact.sign is not Sign.POSITIVE:
            tiny = compare(_size(fact, to), "<", ast.Constant(1 / _MOST))
            tests.append(both(tiny, compare(to.fact(name), "!=", ast.Constant(0))))
    for name, fact in counts.items():
        x = to.fact(name)
        tests += [compare(call("floor", [x]), "<", x), compare(_size(fact, to), ">", ast.Constant(COUNTED))]
        tests += [compare(x, "<", ast.Constant(0))] if fact.sign is Sign.NONNEGATIVE else []
    return tests + [test for fact in facts.values() for test in _beyond(fact, to)]


def _size(fact: Fact, to: Columns) -> ast.expr:
    x = to.fact(fact.name)
    return call("abs", [x]) if fact.sign is Sign.ANY else x


def _beyond(fact: Fact, to: Columns) -> Iterator[ast.expr]:
    """Where a number is beyond what its fact may be."""
    x = to.fact(fact.name)
    for end, beyond in ((fact.low, "<"), (fact.high, ">")):
        if end is not None:
            at = ast.Constant(nearest(end))
            yield compare(x, beyond, at)
            if end:
                same = compare(x, "==", at)
                yield both(same, negated(to.is_short(fact.name))) if is_short(Fraction(end)) else same

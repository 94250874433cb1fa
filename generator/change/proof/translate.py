"""The engine's checked tree in formulas: one small function per node, three-valued as the interpreter is.

Each node means a value, whether it is unknown, and whether something invalid is why: what the interpreter finds out
for the facts at hand, said for all facts at once. What a place fixes (caps, the subject's own facts, who asks) is
folded in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Protocol

from engine.catalog import Value
from engine.per_node import PerNode
from engine.ruleset import RuleSet
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
from generator.change.proof.terms import NUMERIC, Term, Terms


@dataclass(frozen=True, slots=True)
class Named:
    """A word that a fact is; `words` are all that it may be, or none where it is any text."""

    fact: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A word: which, on which condition; the conditions exclude each other."""

    cases: tuple[tuple[Term, str | Named], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: whether each word is in it; None where every word is (a cap that is none)."""

    holds: Callable[[str], Term] | None


@dataclass(frozen=True, slots=True)
class Nothing:
    """A cap that is none: no bound."""


Worth = Term | Words | Listed | Nothing


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a node is worth, where it is not unknown; `invalid` holds only where `unknown` does."""

    value: Worth
    unknown: Term
    invalid: Term

    @property
    def term(self) -> Term:
        """The value of a number or condition."""
        assert isinstance(self.value, Term)
        return self.value


class Context(Protocol):
    """What translation asks of the place that it is for."""

    terms: Terms
    ruleset: RuleSet

    def fact(self, name: str) -> Meaning:
        """A fact's value, and when it is unknown."""

    def known(self, name: str) -> Meaning:
        """Whether a fact was given."""

    def cap(self, name: str) -> Meaning:
        """A cap's value here."""

    def measure(self, name: str) -> Meaning:
        """A measure."""

    def output(self, table: str, output: str) -> Meaning:
        """An output of a table."""


def constant(value: Value | Fraction, terms: Terms) -> Worth:
    """A value that is fixed."""
    if isinstance(value, bool):
        return terms.truth(value)
    if isinstance(value, (Decimal, Fraction)):
        return terms.number(Fraction(value))
    if isinstance(value, tuple):
        return Listed(lambda word: terms.truth(word in value))
    return Words(((terms.true, value),))


# What a node means.
translate: Final[PerNode[Context, Meaning]] = PerNode("solver's translation")


@translate.of(Constant)
def _(node: Constant, context: Context) -> Meaning:
    return sure(constant(node.value, context.terms), context.terms)


@translate.of(FactRef)
def _(node: FactRef, context: Context) -> Meaning:
    return context.fact(node.name)


@translate.of(CapRef)
def _(node: CapRef, context: Context) -> Meaning:
    return context.cap(node.name)


@translate.of(MeasureRef)
def _(node: MeasureRef, context: Context) -> Meaning:
    return context.measure(node.name)


@translate.of(OutputRef)
def _(node: OutputRef, context: Context) -> Meaning:
    return context.output(node.table, node.output)


@translate.of(Negate)
def _(node: Negate, context: Context) -> Meaning:
    return _numbers(context, (node.operand,), lambda t: context.terms.scale(t[0], Fraction(-1)))


@translate.of(Absolute)
def _(node: Absolute, context: Context) -> Meaning:
    return _numbers(context, (node.operand,), lambda t: context.terms.absolute(t[0]))


@translate.of(Extreme)
def _(node: Extreme, context: Context) -> Meaning:
    return _numbers(context, node.arguments, lambda t: context.terms.extreme(node.op, t))


@translate.of(Arithmetic)
def _(node: Arithmetic, context: Context) -> Meaning:
    terms = context.terms
    apply = {"+": terms.add, "-": terms.subtract, "*": terms.multiply, "/": terms.divide}[node.op]
    return _numbers(context, (node.left, node.right), lambda t: apply(t[0], t[1]))


@translate.of(Compare)
def _(node: Compare, context: Context) -> Meaning:
    left, right = translate(node.left, context), translate(node.right, context)
    terms = context.terms
    if isinstance(left.value, Words) and isinstance(right.value, Words):
        equal = same_word(left.value, right.value, terms)
        value = equal if node.op == "==" else terms.negate(equal)
    elif node.left.type.numeric:
        value = terms.compare(node.op, left.term, right.term)
    else:
        differ = terms.where(left.term, terms.negate(right.term), right.term)
        value = terms.negate(differ) if node.op == "==" else differ
    return _of(value, (left, right), terms)


@translate.of(Member)
def _(node: Member, context: Context) -> Meaning:
    item, words = translate(node.item, context), translate(node.list, context)
    terms = context.terms
    inside = terms.true
    if isinstance(words.value, Listed) and words.value.holds is not None:
        assert isinstance(item.value, Words)
        holds = words.value.holds
        inside = terms.either(*(terms.both(c, _among(leaf, holds, terms)) for c, leaf in item.value.cases))
    return _of(terms.negate(inside) if node.negated else inside, (item, words), terms)


@translate.of(Logic)
def _(node: Logic, context: Context) -> Meaning:
    left, right = translate(node.left, context), translate(node.right, context)
    terms = context.terms
    goes_on = left.term if node.op == "and" else terms.negate(left.term)
    value = terms.both(left.term, right.term) if node.op == "and" else terms.either(left.term, right.term)
    reached = terms.both(terms.negate(left.unknown), goes_on)
    return Meaning(
        value,
        terms.either(left.unknown, terms.both(goes_on, right.unknown)),
        terms.either(left.invalid, terms.both(reached, right.invalid)),
    )


@translate.of(Not)
def _(node: Not, context: Context) -> Meaning:
    inner = translate(node.operand, context)
    return Meaning(context.terms.negate(inner.term), inner.unknown, inner.invalid)


@translate.of(Known)
def _(node: Known, context: Context) -> Meaning:
    return context.known(node.fact.name)


def sure(value: Worth, terms: Terms) -> Meaning:
    """A meaning that is never unknown."""
    return Meaning(value, terms.false, terms.false)


def first(applies: Meaning, one: Meaning, other: Meaning, terms: Terms) -> Meaning:
    """`one` where a condition applies, else `other`; unknown where the condition is."""
    value: Worth
    if isinstance(one.value, Term) and isinstance(other.value, Term):
        is_number = one.value.op in NUMERIC or other.value.op in NUMERIC
        value = (terms.choose if is_number else terms.where)(applies.term, one.value, other.value)
    else:
        assert isinstance(one.value, Words) and isinstance(other.value, Words)
        value = Words(
            (
                *((terms.both(applies.term, c), leaf) for c, leaf in one.value.cases),
                *((terms.both(terms.negate(applies.term), c), leaf) for c, leaf in other.value.cases),
            )
        )
    certain = terms.negate(applies.unknown)
    return Meaning(
        value,
        terms.either(applies.unknown, terms.where(applies.term, one.unknown, other.unknown)),
        terms.either(applies.invalid, terms.both(certain, terms.where(applies.term, one.invalid, other.invalid))),
    )


def same_word(one: Words, other: Words, terms: Terms) -> Term:
    """Whether two words are the same."""
    return terms.either(
        *(terms.both(a, b, _alike(x, y, terms)) for a, x in one.cases for b, y in other.cases),
    )


def _alike(one: str | Named, other: str | Named, terms: Terms) -> Term:
    if isinstance(one, Named) and isinstance(other, Named):
        shared = [w for w in one.words if w in other.words]
        if not one.words or one.fact == other.fact:
            return terms.same(one.fact, other.fact)
        return terms.either(*(terms.both(terms.word(one.fact, w), terms.word(other.fact, w)) for w in shared))
    if isinstance(one, Named):
        one, other = other, one
    if isinstance(other, Named):
        assert isinstance(one, str)
        return terms.word(other.fact, one)
    return terms.truth(one == other)


def _among(leaf: str | Named, holds: Callable[[str], Term], terms: Terms) -> Term:
    if isinstance(leaf, str):
        return holds(leaf)
    return terms.either(*(terms.both(terms.word(leaf.fact, w), holds(w)) for w in leaf.words))


def _numbers(context: Context, nodes: Iterable[Node], to: Callable[[list[Term]], Term]) -> Meaning:
    parts = [translate(n, context) for n in nodes]
    return _of(to([p.term for p in parts]), parts, context.terms)


def _of(value: Worth, parts: Iterable[Meaning], terms: Terms) -> Meaning:
    """A value that is known where all its parts are."""
    parts = tuple(parts)
    return Meaning(value, terms.either(*(p.unknown for p in parts)), terms.either(*(p.invalid for p in parts)))

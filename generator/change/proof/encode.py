"""Formulas as the solver's own, at four levels; each says less than the one before about fewer things.

What a level does not spell out is a fresh number or truth value, so that whatever is refuted with it is refuted.
"""

from collections.abc import Iterable
from enum import IntEnum
from fractions import Fraction
from typing import Any, Final

import z3

from generator.change.proof.spans import Span, Spans, of_domain
from generator.change.proof.terms import COMPARISONS, Term, below
from generator.change.proof.vocabulary import Vocabulary


class Level(IntEnum):
    """How much is spelled out: measures as reals, products as reals, all but whole numbers, everything."""

    MEASURES = 0
    PRODUCTS = 1
    REALS = 2
    WHOLE = 3


_LINEAR: Final = frozenset({"number", "fact", "sum", "choose", "max", "min", "abs"})
Quotient = tuple[Any, Any]


class Encoder:
    """Turns terms into the solver's expressions."""

    def __init__(self, vocabulary: Vocabulary, level: Level, context: Any) -> None:
        self._vocabulary, self._level, self._context = vocabulary, level, context
        self._spans = Spans(vocabulary.domains)
        self._numbers: dict[Term, Quotient] = {}
        self._conditions: dict[Term, Any] = {}
        # What holds of a leaf's fact, or of what stands for a term that is not spelled out.
        self._axioms: dict[str | Term, list[Any]] = {}

    def condition(self, term: Term) -> Any:
        """A condition."""
        found = self._conditions.get(term)
        if found is None:
            found = self._conditions[term] = self._condition(term)
        return found

    def number(self, name: str) -> Any:
        """The variable of a fact that is a number."""
        return self._fact(name)

    def _condition(self, term: Term) -> Any:
        op, args = term.op, term.args
        if op in ("and", "or"):
            parts = [self.condition(a) for a in args]
            return z3.And(parts) if op == "and" else z3.Or(parts)
        if op == "not":
            return z3.Not(self.condition(args[0]))
        if op in ("true", "false"):
            return z3.BoolVal(op == "true", self._context)
        if op in COMPARISONS:
            return self._compared(op, args[0], args[1])
        if op == "multiple":
            return self._multiple(term)
        return self._atom(term)

    def axioms_of(self, tops: Iterable[Term]) -> list[Any]:
        """What holds of everything that occurs in terms that were encoded."""
        seen: set[Term] = set()
        found: dict[str | Term, list[Any]] = {}
        pending = list(tops)
        while pending:
            term = pending.pop()
            if term in seen:
                continue
            seen.add(term)
            for key in (term, term.args[0] if term.args else ""):
                if isinstance(key, (str, Term)) and key in self._axioms:
                    found[key] = self._axioms[key]
            pending.extend(below(term))
        return [axiom for axioms in found.values() for axiom in axioms]

    def _atom(self, term: Term) -> Any:
        """A truth value of a fact."""
        if term.op != "same":
            self._state(term.args[0])
        return self._bool(term.op, *term.args)

    def _bool(self, *words: str) -> Any:
        return z3.Bool(":".join(words), self._context)

    def _state(self, name: str) -> None:
        """What holds of a fact: its range, that it is one of its words, that it is not missing and garbage at once."""
        if name in self._axioms:
            return
        axioms = self._axioms[name] = [z3.Not(z3.And(self._bool("missing", name), self._bool("garbage", name)))]
        domain = self._vocabulary.domains[name]
        if domain.empty:
            return
        if domain.family == "number":
            axioms += self._inside(self._fact(name), of_domain(domain))
        elif domain.family == "enum":
            words = [self._bool("word", name, word) for word in domain.words]
            axioms += [z3.Or(words), *([z3.AtMost(*words, 1)] if len(words) > 1 else [])]

    def _multiple(self, term: Term) -> Any:
        if self._level is not Level.WHOLE:
            return self._opaque_truth(term)
        (a, b), (c, d) = self._quotient(term.args[0]), self._quotient(term.args[1])
        if all(z3.is_rational_value(x) for x in (b, c, d)):
            return z3.IsInt(z3.simplify(d / (b * c)) * a)
        return z3.IsInt(_times(a, d) / _times(b, c))

    def _opaque_truth(self, term: Term) -> Any:
        return z3.Bool(f"opaque:{term.number}", self._context)

    def _compared(self, op: str, term: Term, bound: Fraction) -> Any:
        """A term against a constant: no division is left, and no extreme at the top."""
        if term.op in ("max", "min") and self._level > Level.MEASURES:
            every = (term.op == "max") == (op in ("le", "lt"))
            if op != "eq":
                parts = [self._compared(op, part, bound) for part in term.args]
                return z3.And(parts) if every else z3.Or(parts)
        if term.op == "abs" and self._level > Level.MEASURES and op != "eq":
            up, down = self._quotient(term.args[0])
            limit = self._value(bound) * down
            if op in ("le", "lt"):
                return z3.And(_related(op, up, limit), _related(op, -up, limit))
            return z3.Or(_related(op, up, limit), _related(op, -up, limit))
        numerator, denominator = self._quotient(term)
        return _related(op, numerator, self._value(bound) * denominator)

    def _value(self, value: Fraction) -> Any:
        return z3.Q(value.numerator, value.denominator, self._context)

    def _quotient(self, term: Term) -> Quotient:
        """A number as numerator and denominator, which is positive."""
        found = self._numbers.get(term)
        if found is None:
            found = self._numbers[term] = self._spelled(term)
        return found

    def _spelled(self, term: Term) -> Quotient:
        one = self._value(Fraction(1))
        op, args = term.op, term.args
        if op == "number":
            return self._value(args[0]), one
        if op == "fact":
            self._state(args[0])
            return self._fact(args[0]), one
        if self._level is Level.MEASURES or (self._level is Level.PRODUCTS and op not in _LINEAR):
            return self._opaque(term), one
        if op == "sum":
            return self._sum(term)
        if op == "choose":
            return self._chosen(term)
        if op in ("max", "min"):
            return self._extreme(term)
        a, b = self._quotient(args[0])
        if op == "abs":
            return z3.If(a >= 0, a, -a), b
        c, d = self._quotient(args[1])
        return (a * c, _times(b, d)) if op == "product" else (_times(a, d), _times(b, c))

    def _sum(self, term: Term) -> Quotient:
        constant, pairs = term.args
        total, below = self._value(constant), self._value(Fraction(1))
        for inner, factor in pairs:
            a, b = self._quotient(inner)
            if b.eq(below):
                total = total + self._value(factor) * a
            else:
                total, below = _times(total, b) + self._value(factor) * _times(a, below), _times(below, b)
        return total, below

    def _chosen(self, term: Term) -> Quotient:
        condition = self.condition(term.args[0])
        (a, b), (c, d) = (self._quotient(x) for x in term.args[1:])
        if b.eq(d):
            return z3.If(condition, a, c), b
        return z3.If(condition, a, c), z3.If(condition, b, d)

    def _extreme(self, term: Term) -> Quotient:
        best = self._quotient(term.args[0])
        for part in term.args[1:]:
            other = self._quotient(part)
            left, right = _times(best[0], other[1]), _times(other[0], best[1])
            first = left >= right if term.op == "max" else left <= right
            above = z3.If(first, best[0], other[0])
            best = (above, best[1] if best[1].eq(other[1]) else z3.If(first, best[1], other[1]))
        return best

    def _opaque(self, term: Term) -> Any:
        """A fresh number that lies where the term does."""
        variable = z3.Real(f"opaque:{term.number}", self._context)
        self._axioms[term] = self._inside(variable, self._spans.of(term))
        return variable

    def _fact(self, name: str) -> Any:
        """A fact's variable; counts are whole only where everything is spelled out."""
        if self._vocabulary.domains[name].whole and self._level is Level.WHOLE:
            return z3.ToReal(z3.Int(f"fact:{name}", self._context))
        return z3.Real(f"fact:{name}", self._context)

    def _inside(self, variable: Any, span: Span) -> list[Any]:
        found = []
        if span.low[0] == 0:
            low = self._value(span.low[1])
            found.append(variable > low if span.low_open else variable >= low)
        if span.high[0] == 0:
            high = self._value(span.high[1])
            found.append(variable < high if span.high_open else variable <= high)
        return found


def _times(one: Any, other: Any) -> Any:
    """A product without factors of one."""
    if z3.is_rational_value(other) and other.as_fraction() == 1:
        return one
    if z3.is_rational_value(one) and one.as_fraction() == 1:
        return other
    return one * other


def _related(op: str, one: Any, other: Any) -> Any:
    match op:
        case "le":
            return one <= other
        case "lt":
            return one < other
        case "ge":
            return one >= other
        case "gt":
            return one > other
    return one == other

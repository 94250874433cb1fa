"""Terms: formulas over facts, two-valued, each written once.

Equal terms are one object, and constants are folded as terms are made, so that rules that mean the same on the face of
it are the same object. Every comparison of numbers stands as a combination of terms against a constant, the first of
them with the factor 1: an interval for that combination. Negation stands at the leaves.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final

NUMERIC: Final = frozenset({"number", "fact", "sum", "product", "quotient", "max", "min", "abs", "choose"})
COMPARISONS: Final = frozenset({"le", "lt", "ge", "gt", "eq"})
_FLIPPED: Final = {"le": "ge", "ge": "le", "lt": "gt", "gt": "lt", "eq": "eq"}
_OPPOSITE: Final = {"le": "gt", "gt": "le", "lt": "ge", "ge": "lt"}
_OPS: Final = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq"}
_WORDS: Final = {v: k for k, v in _OPS.items()}
_ZERO: Final = Fraction(0)
_ONE: Final = Fraction(1)


class Term:
    """One formula. `number` is its place among all that were made; made by `Terms` alone, compared by identity.

    `args` by `op`: terms, except the name of a fact (and a word), a constant, or for a sum its constant and its
    (term, factor) pairs.
    """

    __slots__ = ("args", "number", "op")

    def __init__(self, op: str, args: tuple[Any, ...], number: int) -> None:
        self.op, self.args, self.number = op, args, number

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.args))})"


Leaf = Callable[[Term], Term | None]


class Terms:
    """Makes terms, and keeps each but once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, tuple[Any, ...]], Term] = {}
        self._negated: dict[Term, Term] = {}
        self.true = self._make("true")
        self.false = self._make("false")
        self._negated |= {self.true: self.false, self.false: self.true}
        self.zero, self.one = self.number(_ZERO), self.number(_ONE)

    def _make(self, op: str, *args: Any) -> Term:
        key = (op, args)
        term = self._made.get(key)
        if term is None:
            term = self._made[key] = Term(op, args, len(self._made))
        return term

    # Leaves

    def number(self, value: Fraction) -> Term:
        """A constant."""
        return self._make("number", value)

    def truth(self, value: bool) -> Term:
        """True or false."""
        return self.true if value else self.false

    def fact(self, name: str) -> Term:
        """The value of a fact that is a number."""
        return self._make("fact", name)

    def flag(self, name: str) -> Term:
        """The value of a fact that is a truth value."""
        return self._make("flag", name)

    def word(self, name: str, word: str) -> Term:
        """Whether a fact is this word."""
        return self._make("word", name, word)

    def same(self, one: str, other: str) -> Term:
        """Whether two facts are the same text."""
        return self.true if one == other else self._make("same", *sorted((one, other)))

    def has(self, name: str, word: str) -> Term:
        """Whether a fact that is a list holds this word."""
        return self._make("has", name, word)

    def missing(self, name: str) -> Term:
        """Whether a fact is not given."""
        return self._make("missing", name)

    def garbage(self, name: str) -> Term:
        """Whether a fact is given as what no rule set takes."""
        return self._make("garbage", name)

    # Numbers

    def sum(self, parts: Iterable[tuple[Term, Fraction]], constant: Fraction = _ZERO) -> Term:
        """A combination of terms with factors, and a constant."""
        factors: dict[Term, Fraction] = {}
        for term, factor in parts:
            if term.op == "number":
                constant += factor * term.args[0]
            elif term.op == "sum":
                constant += factor * term.args[0]
                for inner, inner_factor in term.args[1]:
                    factors[inner] = factors.get(inner, _ZERO) + factor * inner_factor
            else:
                factors[term] = factors.get(term, _ZERO) + factor
        kept = sorted(((t, f) for t, f in factors.items() if f), key=lambda p: p[0].number)
        if not kept:
            return self.number(constant)
        if not constant and len(kept) == 1 and kept[0][1] == 1:
            return kept[0][0]
        return self._make("sum", constant, tuple(kept))

    def add(self, one: Term, other: Term) -> Term:
        """`one + other`."""
        return self.sum(((one, _ONE), (other, _ONE)))

    def subtract(self, one: Term, other: Term) -> Term:
        """`one - other`."""
        return self.sum(((one, _ONE), (other, -_ONE)))

    def scale(self, term: Term, factor: Fraction) -> Term:
        """`factor * term`."""
        return self.sum(((term, factor),))

    def multiply(self, one: Term, other: Term) -> Term:
        """`one * other`."""
        a, left = _factored(one)
        b, right = _factored(other)
        if left is None or right is None:
            rest = left or right
            return self.number(a * b) if rest is None else self.scale(rest, a * b)
        for quotient, factor in ((left, right), (right, left)):
            if quotient.op == "quotient":
                return self.scale(self.divide(self.multiply(quotient.args[0], factor), quotient.args[1]), a * b)
        for steps, factor in ((left, right), (right, left)):
            if _is_steps(steps):
                return self.scale(self._by_steps(steps, factor), a * b)
        first, second = sorted((left, right), key=lambda t: t.number)
        return self.scale(self._make("product", first, second), a * b)

    def _by_steps(self, steps: Term, factor: Term) -> Term:
        """A product with what is one of a few constants: chosen rather than multiplied."""
        if steps.op == "number":
            return self.scale(factor, steps.args[0])
        if steps.op == "choose":
            condition, one, other = steps.args
            return self.choose(condition, self._by_steps(one, factor), self._by_steps(other, factor))
        constant, parts = steps.args
        return self.sum(((self._by_steps(t, factor), f) for t, f in (*parts, (self.one, constant))))

    def divide(self, one: Term, other: Term) -> Term:
        """`one / other`, where `other` is positive whenever the quotient counts."""
        a, above = _factored(one)
        b, under = _factored(other)
        if not a or not b:
            return self.zero
        if under is None:
            return self.scale(one, 1 / b)
        if above is under:
            return self.number(a / b)
        above = above or self.one
        if above.op == "quotient":
            return self.scale(self.divide(above.args[0], self.multiply(above.args[1], under)), a / b)
        if under.op == "quotient":
            return self.scale(self.divide(self.multiply(above, under.args[1]), under.args[0]), a / b)
        return self.scale(self._make("quotient", above, under), a / b)

    def extreme(self, op: str, parts: Iterable[Term]) -> Term:
        """The `max` or `min` of terms."""
        choose = max if op == "max" else min
        kept: dict[Term, None] = {}
        constant: Fraction | None = None
        for part in parts:
            if part.op == "number":
                constant = part.args[0] if constant is None else choose(constant, part.args[0])
            else:
                kept[part] = None
        if constant is not None:
            kept[self.number(constant)] = None
        if len(kept) == 1:
            return next(iter(kept))
        return self._make(op, *sorted(kept, key=lambda t: t.number))

    def absolute(self, term: Term) -> Term:
        """`abs(term)`."""
        factor, rest = _factored(term)
        if rest is None:
            return self.number(abs(factor))
        return self.scale(rest if rest.op == "abs" else self._make("abs", rest), abs(factor))

    def choose(self, condition: Term, one: Term, other: Term) -> Term:
        """`one` where the condition holds, else `other`."""
        if condition is self.true or one is other:
            return one
        if condition is self.false:
            return other
        return self._make("choose", condition, one, other)

    # Conditions

    def compare(self, op: str, one: Term, other: Term) -> Term:
        """`one < other` and its like, for numbers."""
        if op == "!=":
            return self.negate(self.compare("==", one, other))
        op = _OPS[op]
        difference = self.subtract(one, other)
        if difference.op == "number":
            return self.truth(compared(op, difference.args[0], _ZERO))
        constant, parts = difference.args if difference.op == "sum" else (_ZERO, ((difference, _ONE),))
        lead = parts[0][1]
        if lead < 0:
            op = _FLIPPED[op]
        combined = self.sum((t, f / lead) for t, f in parts)
        return self.bounded(op, combined, -constant / lead)

    def bounded(self, op: str, term: Term, bound: Fraction) -> Term:
        """`term` against a constant; `op` is one of le, lt, ge, gt, eq."""
        if term.op == "number":
            return self.truth(compared(op, term.args[0], bound))
        if term.op == "quotient" and not bound:
            return self.compare(_WORDS[op], term.args[0], self.zero)
        return self._make(op, term, bound)

    def multiple(self, term: Term, step: Term) -> Term:
        """Whether a term is a whole multiple of a step, which is positive whenever it counts."""
        a, one = _factored(term)
        b, other = _factored(step)
        if one is None and not a:
            return self.true
        if one is other and b:
            return self.truth((a / b).denominator == 1)
        if a < 0:
            term = self.scale(term, Fraction(-1))
        if term.op == "number" and step.op == "number" and step.args[0]:
            return self.truth((term.args[0] / step.args[0]).denominator == 1)
        return self._make("multiple", term, step)

    def both(self, *terms: Term) -> Term:
        """All of these."""
        return self._joined("and", self.true, self.false, terms)

    def either(self, *terms: Term) -> Term:
        """One of these at least."""
        return self._joined("or", self.false, self.true, terms)

    def _joined(self, op: str, neutral: Term, final: Term, terms: Iterable[Term]) -> Term:
        kept: dict[Term, None] = {}
        for term in terms:
            if term is final:
                return final
            if term.op == op:
                kept.update(dict.fromkeys(term.args))
            elif term is not neutral:
                kept[term] = None
        if not kept:
            return neutral
        if len(kept) == 1:
            return next(iter(kept))
        for term in kept:
            # Terms are complementary only where the negation exists already.
            opposite = self._negated.get(term)
            if opposite is not None and opposite in kept:
                return final
        return self._make(op, *sorted(kept, key=lambda t: t.number))

    def negate(self, term: Term) -> Term:
        """Not this."""
        known = self._negated.get(term)
        if known is not None:
            return known
        if term.op == "and":
            made = self.either(*map(self.negate, term.args))
        elif term.op == "or":
            made = self.both(*map(self.negate, term.args))
        elif term.op in _OPPOSITE:
            made = self._make(_OPPOSITE[term.op], *term.args)
        else:
            made = self._make("not", term)
        self._negated[term] = made
        self._negated[made] = term
        return made

    def where(self, condition: Term, one: Term, other: Term) -> Term:
        """The condition `one` where a condition holds, else `other`."""
        if one is other:
            return one
        return self.either(self.both(condition, one), self.both(self.negate(condition), other))

    # Rewriting

    def rewritten(self, term: Term, leaf: Leaf, memo: dict[Term, Term]) -> Term:
        """The term with its leaves replaced (None keeps one); `memo` may be shared by calls with the same leaves."""
        found = memo.get(term)
        if found is None:
            found = memo[term] = self._rewritten(term, leaf, memo)
        return found

    def _rewritten(self, term: Term, leaf: Leaf, memo: dict[Term, Term]) -> Term:
        op, args = term.op, term.args
        if op in _LEAVES:
            return leaf(term) or term
        if op in ("and", "or"):
            parts = (self.rewritten(a, leaf, memo) for a in args)
            return self.both(*parts) if op == "and" else self.either(*parts)
        if op == "not":
            return self.negate(self.rewritten(args[0], leaf, memo))
        if op in COMPARISONS:
            inner = self.rewritten(args[0], leaf, memo)
            if inner is args[0]:
                return term
            if inner.op == "number":
                return self.truth(compared(op, inner.args[0], args[1]))
            return self.compare(_WORDS[op], inner, self.number(args[1]))
        if op == "sum":
            return self.sum([(self.rewritten(t, leaf, memo), f) for t, f in args[1]], args[0])
        return self._remade(op, [self.rewritten(a, leaf, memo) for a in args])

    def _remade(self, op: str, parts: list[Term]) -> Term:
        match op:
            case "product":
                return self.multiply(*parts)
            case "quotient":
                return self.divide(*parts)
            case "abs":
                return self.absolute(*parts)
            case "choose":
                return self.choose(*parts)
            case "multiple":
                return self.multiple(*parts)
            case "max" | "min":
                return self.extreme(op, parts)
        raise NotImplementedError(f"no way to make a {op} again")


_LEAVES: Final = frozenset({"number", "true", "false", "fact", "flag", "word", "same", "has", "missing", "garbage"})


def below(term: Term) -> tuple[Term, ...]:
    """The terms directly below."""
    if term.op in _LEAVES:
        return ()
    if term.op == "sum":
        return tuple(t for t, _ in term.args[1])
    return (term.args[0],) if term.op in COMPARISONS else term.args


def leaves(*tops: Term) -> dict[Term, None]:
    """Every leaf that is no constant, in the order in which it is met."""
    seen: set[Term] = set()
    found: dict[Term, None] = {}
    pending = list(reversed(tops))
    while pending:
        term = pending.pop()
        if term in seen:
            continue
        seen.add(term)
        if term.op in _LEAVES:
            if term.op not in ("number", "true", "false"):
                found[term] = None
        else:
            pending.extend(reversed(below(term)))
    return found


def _factored(term: Term) -> tuple[Fraction, Term | None]:
    """A constant factor and the rest, None where there is no rest."""
    if term.op == "number":
        return term.args[0], None
    if term.op == "sum" and not term.args[0] and len(term.args[1]) == 1:
        inner, factor = term.args[1][0]
        return factor, inner
    return _ONE, term


def _is_steps(term: Term) -> bool:
    """Whether a term is one of a few constants, by what holds."""
    if term.op == "choose":
        return all(map(_is_steps, term.args[1:]))
    return term.op == "number" or (term.op == "sum" and all(_is_steps(t) for t, _ in term.args[1]))


def compared(op: str, value: Fraction, bound: Fraction) -> bool:
    """Whether a number is inside a bound; `op` is one of le, lt, ge, gt, eq."""
    match op:
        case "le":
            return value <= bound
        case "lt":
            return value < bound
        case "ge":
            return value >= bound
        case "gt":
            return value > bound
    return value == bound

"""Spans: between which numbers a term lies, by the ranges that facts are declared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from generator.change.proof.terms import Term
from generator.change.proof.vocabulary import Domain

# A number, or what lies below (-1) or above (1) every number; these compare as tuples do.
End = tuple[int, Fraction]
_NONE: Final = Fraction(0)
BELOW: Final[End] = (-1, _NONE)
ABOVE: Final[End] = (1, _NONE)


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`; an open end is not itself inside."""

    low: End = BELOW
    low_open: bool = True
    high: End = ABOVE
    high_open: bool = True

    @property
    def empty(self) -> bool:
        """Whether no number lies inside."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def within(self, other: "Span") -> bool:
        """Whether every number of this one lies in the other."""
        low = self.low > other.low or (self.low == other.low and (self.low_open or not other.low_open))
        high = self.high < other.high or (self.high == other.high and (self.high_open or not other.high_open))
        return low and high

    def meet(self, other: "Span") -> "Span":
        """What lies in both."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Span(low, low_open, high, not closed)

    def hull(self, other: "Span") -> "Span":
        """The span that holds both."""
        low, low_open = min((self.low, self.low_open), (other.low, other.low_open))
        high, closed = max((self.high, not self.high_open), (other.high, not other.high_open))
        return Span(low, low_open, high, not closed)


ANY: Final = Span()


def point(value: Fraction) -> Span:
    """One number."""
    return Span((0, value), False, (0, value), False)


def bounded(op: str, bound: Fraction) -> Span:
    """The numbers that a comparison with a constant lets through."""
    end: End = (0, bound)
    match op:
        case "le":
            return Span(high=end, high_open=False)
        case "lt":
            return Span(high=end)
        case "ge":
            return Span(low=end, low_open=False)
        case "gt":
            return Span(low=end)
    return point(bound)


def of_domain(domain: Domain) -> Span:
    """The range that a fact is declared with; any number where it may be none, since it is then never asked for."""
    if domain.empty:
        return ANY
    low = BELOW if domain.low is None else (0, domain.low)
    high = ABOVE if domain.high is None else (0, domain.high)
    return Span(low, domain.above or domain.low is None, high, domain.high is None)


class Spans:
    """The spans of terms, given those of some of them; what is narrowed later is taken into account."""

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self._domains = domains
        self._narrowed: dict[Term, Span] = {}
        self._known: dict[Term, Span] = {}

    def copy(self) -> "Spans":
        """The same, to be narrowed further apart from this one."""
        other = Spans(self._domains)
        other._narrowed, other._known = dict(self._narrowed), dict(self._known)
        return other

    def narrow(self, term: Term, span: Span) -> bool:
        """A term lies in a span too; whether that says anything new."""
        now = self.of(term)
        met = now.meet(span)
        if met == now:
            return False
        self._narrowed[term] = met
        self._known = {}
        return True

    def of(self, term: Term) -> Span:
        """The span of a term."""
        found = self._known.get(term)
        if found is None:
            found = self._made(term)
            narrowed = self._narrowed.get(term)
            if narrowed is not None:
                found = found.meet(narrowed)
            self._known[term] = found
        return found

    def _made(self, term: Term) -> Span:
        match term.op:
            case "number":
                return point(term.args[0])
            case "fact":
                return of_domain(self._domains[term.args[0]])
            case "sum":
                total = point(term.args[0])
                for inner, factor in term.args[1]:
                    total = _plus(total, _times(self.of(inner), factor))
                return total
            case "product":
                return _product(self.of(term.args[0]), self.of(term.args[1]))
            case "quotient":
                return _product(self.of(term.args[0]), _reciprocal(self.of(term.args[1])))
            case "abs":
                inner = self.of(term.args[0])
                mirrored = _times(inner, Fraction(-1))
                zero: End = (0, _NONE)
                if inner.low >= zero:
                    return inner
                return mirrored if inner.high <= zero else inner.hull(mirrored).meet(bounded("ge", _NONE))
            case "choose":
                return self.of(term.args[1]).hull(self.of(term.args[2]))
            case "max" | "min":
                return self._extreme(term)
        return ANY

    def _extreme(self, term: Term) -> Span:
        spans = [self.of(part) for part in term.args]
        choose = max if term.op == "max" else min
        low, low_open = choose((s.low, s.low_open) for s in spans)
        high, closed = choose((s.high, not s.high_open) for s in spans)
        return Span(low, low_open, high, not closed)


def _plus(one: Span, other: Span) -> Span:
    low = BELOW if -1 in (one.low[0], other.low[0]) else (0, one.low[1] + other.low[1])
    high = ABOVE if 1 in (one.high[0], other.high[0]) else (0, one.high[1] + other.high[1])
    return Span(low, one.low_open or other.low_open, high, one.high_open or other.high_open)


def _times(span: Span, factor: Fraction) -> Span:
    if not factor:
        return point(_NONE)
    low, high = _scaled(span.low, factor), _scaled(span.high, factor)
    if factor > 0:
        return Span(low, span.low_open, high, span.high_open)
    return Span(high, span.high_open, low, span.low_open)


def _scaled(end: End, factor: Fraction) -> End:
    return (end[0] if factor > 0 else -end[0], end[1] * factor) if end[0] else (0, end[1] * factor)


def _product(one: Span, other: Span) -> Span:
    """All products; ends count as inside, but for a zero that neither reaches."""
    corners = [_ends(a, b) for a in (one.low, one.high) for b in (other.low, other.high)]
    low, high = min(corners), max(corners)
    zero: End = (0, _NONE)
    positive = all(s.low > zero or (s.low == zero and s.low_open) for s in (one, other))
    return Span(low, low[0] != 0 or (positive and low == zero), high, high[0] != 0)


def _ends(a: End, b: End) -> End:
    signs = [e[0] or (e[1] > 0) - (e[1] < 0) for e in (a, b)]
    if not all(signs):
        return (0, _NONE)
    if a[0] or b[0]:
        return (signs[0] * signs[1], _NONE)
    return (0, a[1] * b[1])


def _reciprocal(span: Span) -> Span:
    """One over a number that is positive whenever it counts."""
    low = (0, 1 / span.high[1]) if span.high[0] == 0 and span.high[1] > 0 else (0, _NONE)
    high = (0, 1 / span.low[1]) if span.low[0] == 0 and span.low[1] > 0 else ABOVE
    return Span(low, low == (0, _NONE) or span.high_open, high, high == ABOVE or span.low_open)

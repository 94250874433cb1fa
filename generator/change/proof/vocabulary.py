"""What facts may be: one variable for each fact that is supplied, shared by the rule sets that are compared.

Where the two declare a fact differently, its variable takes what either takes, and `outside` says what one of them
finds invalid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Final

from engine.catalog import Catalog, Fact
from engine.tree import Sign
from engine.units import NUMERIC, Kind
from generator.change.proof.terms import Term, Terms
from generator.change.proof.valuation import INVALID, Given, Point

ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Domain:
    """The values of one variable: a family of kinds, and the range or the words.

    `low` counts itself unless `above` says that the value lies above it; `whole` numbers are counts.
    """

    family: str
    low: Fraction | None = None
    above: bool = False
    high: Fraction | None = None
    whole: bool = False
    words: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing lies in it: the fact is missing or invalid whenever it is asked for."""
        if self.family == Kind.ENUM:
            return not self.words
        if self.low is None or self.high is None:
            return False
        if self.whole:
            least = floor(self.low) + 1 if self.above else ceil(self.low)
            return least > self.high
        return self.low > self.high or (self.low == self.high and self.above)

    def takes(self, value: Decimal | Fraction) -> bool:
        """Whether a number is in the range."""
        low = self.low is None or value > self.low or (value == self.low and not self.above)
        whole = not self.whole or value == int(value)
        return low and whole and (self.high is None or value <= self.high)


def domain_of(fact: Fact) -> Domain:
    """What a catalog lets a fact be."""
    if fact.unit.kind not in NUMERIC:
        item = fact.type.item
        return Domain(fact.unit.kind.value, words=tuple(sorted(item.values if item else fact.type.values)))
    low, above = _fraction(fact.low), False
    if fact.sign is not Sign.ANY and (low is None or low <= 0):
        low, above = ZERO, fact.sign is Sign.POSITIVE
    return Domain("number", low, above, _fraction(fact.high), fact.unit.kind is Kind.COUNT)


def _fraction(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _joined(one: Domain, other: Domain) -> Domain:
    """What either takes, for two of one family."""
    words = tuple(sorted({*one.words, *other.words}))
    if one.low is None or other.low is None:
        low, above = None, False
    else:
        low = min(one.low, other.low)
        above = all(d.above for d in (one, other) if d.low == low)
    high = None if one.high is None or other.high is None else max(one.high, other.high)
    return Domain(one.family, low, above, high, one.whole and other.whole, words)


class Vocabulary:
    """The variables of the facts that any of these catalogs has supplied by who asks."""

    def __init__(self, terms: Terms, catalogs: Sequence[Catalog]) -> None:
        self._terms = terms
        self.domains: dict[str, Domain] = {}
        self._own = [{n: domain_of(f) for n, f in c.facts.items() if f.supplied} for c in catalogs]
        self._names: list[dict[str, str]] = []
        self._outside: dict[tuple[int, str], Term] = {}
        for side, own in enumerate(self._own):
            self._names.append({name: self._place(side, name, domain) for name, domain in own.items()})

    def _place(self, side: int, name: str, domain: Domain) -> str:
        """The variable of a fact: its name, or one of its own where another catalog means something else by it."""
        known = self.domains.get(name)
        if known is not None and known.family != domain.family:
            name = f"{name}@{side}"
            known = None
        self.domains[name] = domain if known is None else _joined(known, domain)
        return name

    def variable(self, side: int, fact: str) -> str:
        """The variable that a catalog's fact is."""
        return self._names[side][fact]

    @property
    def shared(self) -> bool:
        """Whether each fact is one variable for all catalogs."""
        return not any("@" in name for name in self.domains)

    def outside(self, side: int, fact: str) -> Term:
        """Whether a given value, of a variable that takes it, is invalid by one catalog."""
        key = (side, fact)
        if key not in self._outside:
            variable = self.variable(side, fact)
            self._outside[key] = self._beyond(variable, self._own[side][fact], self.domains[variable])
        return self._outside[key]

    def _beyond(self, variable: str, own: Domain, whole: Domain) -> Term:
        terms = self._terms
        if own == whole:
            return terms.false
        if own.family != "number":
            atom = terms.has if own.family == Kind.LIST else terms.word
            return terms.either(*(atom(variable, word) for word in whole.words if word not in own.words))
        value, found = terms.fact(variable), []
        if own.low is not None:
            found.append(terms.bounded("le" if own.above else "lt", value, own.low))
        if own.high is not None:
            found.append(terms.bounded("gt", value, own.high))
        if own.whole and not whole.whole:
            found.append(terms.negate(terms.multiple(value, terms.number(Fraction(1)))))
        return terms.either(*found)

    def taken(self, point: Point) -> dict[str, Given]:
        """A point, with what is out of a variable's range called invalid, as whoever decides calls it."""
        return {n: INVALID if isinstance(v, Decimal) and not self.domains[n].takes(v) else v for n, v in point.items()}

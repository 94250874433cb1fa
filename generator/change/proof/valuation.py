"""Points: facts that are given, and what formulas say of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from engine.catalog import Value
from generator.change.proof.terms import Leaf, Term, Terms


@dataclass(frozen=True, slots=True)
class Invalid:
    """A fact that is given as something that no rule set takes."""


INVALID: Final = Invalid()
# A fact's value; None where it is missing.
Given = Value | Invalid | None
# The facts of one order, by the names of their variables.
Point = Mapping[str, Given]


def holds(terms: Terms, formulas: Iterable[Term], point: Point) -> bool:
    """Whether all formulas hold at a point that gives each of their facts."""
    leaf, memo = valued(terms, point), dict[Term, Term]()
    return all(terms.rewritten(f, leaf, memo) is terms.true for f in formulas)


def valued(terms: Terms, point: Point) -> Leaf:
    """The leaves of a point's facts; those of others are kept as they are."""

    def leaf(term: Term) -> Term | None:
        name = term.args[0] if term.args else None
        if not isinstance(name, str) or name not in point:
            return None
        value = point[name]
        match term.op:
            case "missing":
                return terms.truth(value is None)
            case "garbage":
                return terms.truth(value is INVALID)
            case "fact":
                return terms.number(Fraction(value) if isinstance(value, Decimal) else Fraction(0))
            case "flag":
                return terms.truth(value is True)
            case "word":
                return terms.truth(value == term.args[1])
            case "has":
                return terms.truth(isinstance(value, tuple) and term.args[1] in value)
            case "same" if term.args[1] in point:
                return terms.truth(value is not None and value == point[term.args[1]])
        return None

    return leaf

"""Formulas made simpler, or stricter, without a solver."""

from collections.abc import Iterable
from typing import Final

from generator.change.proof.terms import Term, Terms

_ATOMS: Final = frozenset({"flag", "word", "has", "missing", "garbage"})


def settled(terms: Terms, formulas: Iterable[Term]) -> list[Term]:
    """Formulas that all hold, with what each alone decides put into the others; shorter, and true of the same facts."""
    decided: dict[Term, Term] = {}
    left = list(dict.fromkeys(formulas))
    while True:
        fresh = False
        rest: dict[Term, None] = {}
        for formula in left:
            for part in formula.args if formula.op == "and" else (formula,):
                atom = part.args[0] if part.op == "not" else part
                if part is terms.false:
                    return [part]
                if part is terms.true:
                    continue
                if atom.op in _ATOMS:
                    known = decided.get(atom)
                    if known is not None and (known is terms.true) is (part.op == "not"):
                        return [terms.false]
                    fresh = fresh or known is None
                    decided[atom] = terms.truth(part.op != "not")
                else:
                    rest[part] = None
        if not fresh:
            facts = [a if v is terms.true else terms.negate(a) for a, v in decided.items()]
            return [*facts, *rest]
        memo: dict[Term, Term] = {}
        left = [terms.rewritten(t, decided.get, memo) for t in rest]


def inside(terms: Terms, formula: Term) -> Term:
    """The formula without the ends of its intervals: what satisfies it satisfies the formula, with room to spare."""
    match formula.op:
        case "and":
            return terms.both(*(inside(terms, part) for part in formula.args))
        case "or":
            return terms.either(*(inside(terms, part) for part in formula.args))
        case "le" | "ge":
            return terms.bounded("lt" if formula.op == "le" else "gt", *formula.args)
    return formula

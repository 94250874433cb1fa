"""Witnesses: facts that satisfy a formula, on the lattice, near a real order, and no other than they need to be.

The search begins with an order that somebody recorded or with a quiet account, and lets go of as few of its facts as
will do. What is found is made shorter and rounder for as long as the engine still confirms it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import product
from typing import Any, Final

from generator.change.proof.places import Place
from generator.change.proof.settled import inside
from generator.change.proof.shaping import Found, Goal, Shaper, as_decimal
from generator.change.proof.solver import Model, Search, Solver, Stage
from generator.change.proof.terms import Term, Terms, leaves
from generator.change.proof.valuation import INVALID, Given, Invalid, valued
from generator.change.proof.vocabulary import Domain, Vocabulary

# So many facts are tried one by one before the first in line is let go of.
TRIED: Final = 10
FINE_DIGITS: Final = (6, 12, 20, 30)
# Of so many numbers each way of rounding is tried.
ROUNDED: Final = 3
# Facts are let go of before it is that they are given at all.
GIVEN: Final = "given "
# A pin that is let go of from the first: that the facts satisfy the formulas with room to spare.
INSIDE: Final = "inside"
# The facts of a real or quiet order at a place, by the names of their variables; None where there is none.
Near = Callable[[Place], Mapping[str, Given] | None]


class Seeker:
    """Looks for witnesses."""

    def __init__(self, terms: Terms, vocabulary: Vocabulary, solver: Solver, near: Near) -> None:
        self._terms, self._vocabulary, self._solver, self._near = terms, vocabulary, solver, near
        self._shaper = Shaper(terms, vocabulary)
        self._bases: dict[Place, dict[str, Given]] = {}

    def base(self, place: Place) -> dict[str, Given]:
        """The facts with which a search begins: those of the near order, else plain ones."""
        if place not in self._bases:
            near, domains = self._near(place), self._vocabulary.domains
            self._bases[place] = (
                {n: plain_value(d) for n, d in domains.items()} if near is None else {n: near.get(n) for n in domains}
            )
        return self._bases[place]

    def seek(self, goal: Goal, hints: Sequence[Found] = ()) -> Found | Stage | None:
        """A witness; the stage by which there is none; or None where neither could be had."""
        for hint in hints:
            found = self._shaper.like(hint, goal, self.base(goal.place))
            if found is not None:
                return found
        stage = self._solver.refuted(goal.formulas)
        if stage is not None or not self._vocabulary.shared:
            return stage
        return self._searched(goal)

    def _searched(self, goal: Goal) -> Found | Stage | None:
        """A witness by the solver: the pins that are in its way are let go of one by one."""
        base = self.base(goal.place)
        names = list(dict.fromkeys(leaf.args[0] for leaf in leaves(*goal.formulas)))
        if goal.size in names:
            names = [goal.size, *(n for n in names if n != goal.size)]
        pins = {n: self._pinned(n, base[n]) for n in names} | {f"{GIVEN}{n}": self._given(n) for n in names}
        pins[INSIDE] = self._terms.both(*(inside(self._terms, f) for f in goal.formulas))
        search = self._solver.search(goal.formulas, pins)
        freed = [INSIDE]
        while True:
            answer = search.near(freed)
            if isinstance(answer, Model):
                return self._shown(answer, search, freed, goal)
            if answer is None:
                return self._fixed(freed, goal)
            if not answer:
                return Stage.CONCRETE
            core = [n for n in names if n in answer] or sorted(answer)
            freed = self._let_go(search.near, core, freed)

    def _shown(self, model: Model, search: Search, freed: Sequence[str], goal: Goal) -> Found | None:
        """The model's facts as a witness; where no decimals come near enough, those of one that is no such corner."""
        loose = [n for n in freed if n in self.base(goal.place)]
        found = self._confirmed(model, loose, goal)
        if found is None:
            inner = search.near([n for n in freed if n != INSIDE])
            if isinstance(inner, Model):
                found = self._confirmed(inner, loose, goal)
        return found

    def _given(self, name: str) -> Term:
        terms = self._terms
        return terms.both(terms.negate(terms.missing(name)), terms.negate(terms.garbage(name)))

    def _pinned(self, name: str, value: Given) -> Term:
        """That a fact has this value."""
        terms = self._terms
        if value is None or isinstance(value, Invalid):
            return terms.missing(name) if value is None else terms.garbage(name)
        if isinstance(value, bool):
            held = terms.flag(name) if value else terms.negate(terms.flag(name))
        elif isinstance(value, Decimal):
            held = terms.bounded("eq", terms.fact(name), Fraction(value))
        elif isinstance(value, str):
            held = terms.word(name, value)
        else:
            words = {w: terms.has(name, w) for w in self._vocabulary.domains[name].words}
            held = terms.both(*(h if w in value else terms.negate(h) for w, h in words.items()))
        return terms.both(self._given(name), held)

    def _fixed(self, freed: Sequence[str], goal: Goal) -> Found | None:
        """A last try, where the solver could not tell: with what was not let go of put in, less is left to solve."""
        base = self.base(goal.place)
        put = valued(self._terms, {n: v for n, v in base.items() if n not in freed})
        memo: dict[Term, Term] = {}
        formulas = [self._terms.rewritten(f, put, memo) for f in goal.formulas]
        answer = self._solver.search(formulas, {}).near(())
        if not isinstance(answer, Model):
            return None
        return self._confirmed(answer, [n for n in freed if n in base], goal)

    @staticmethod
    def _let_go(near: Callable[[list[str]], Any], core: list[str], freed: list[str]) -> list[str]:
        """One more fact to let go of: one that suffices, if there is one, else the one that is nearest to the goal."""
        for name in core[:TRIED] if len(core) > 1 and len(freed) > 1 else ():
            if isinstance(near([*freed, name]), Model):
                return [*freed, name]
        return [*freed, core[0]]

    def _confirmed(self, model: Model, freed: Sequence[str], goal: Goal) -> Found | None:
        for point in self._points(model, freed, goal.place):
            if goal.confirm(point):
                return self._shaper.shaped(point, goal, self.base(goal.place))
        return None

    def _points(self, model: Model, freed: Sequence[str], place: Place) -> Iterator[dict[str, Given]]:
        """The model's facts, with numbers that no decimal holds rounded up and down, ever more finely."""
        point = dict(self.base(place))
        odd: dict[str, Fraction] = {}
        for name in freed:
            value = self._value(model, name)
            if isinstance(value, Fraction):
                exact = as_decimal(value)
                if exact is None:
                    odd[name] = value
                value = exact
            point[name] = value
        ways = list(product((ROUND_FLOOR, ROUND_CEILING), repeat=min(len(odd), ROUNDED)))
        for digits, way in product(FINE_DIGITS if odd else FINE_DIGITS[:1], ways):
            roundings = (*way, *([ROUND_HALF_EVEN] * (len(odd) - len(way))))
            yield point | {
                n: Context(prec=digits, rounding=r).divide(*map(Decimal, v.as_integer_ratio()))
                for (n, v), r in zip(odd.items(), roundings, strict=True)
            }

    def _value(self, model: Model, name: str) -> Fraction | Given:
        terms, domain = self._terms, self._vocabulary.domains[name]
        if model.holds(terms.garbage(name)):
            return INVALID
        if model.holds(terms.missing(name)):
            return None
        match domain.family:
            case "number":
                return model.number(name)
            case "bool":
                return model.holds(terms.flag(name))
            case "list":
                return tuple(w for w in domain.words if model.holds(terms.has(name, w)))
        return next((w for w in domain.words if model.holds(terms.word(name, w))), "")


def plain_value(domain: Domain) -> Given:
    """The plainest value that a fact may have."""
    match domain.family:
        case "number":
            value = domain.low if domain.low is not None else Fraction(0)
            if domain.above:
                value += 1
            if domain.high is not None and value > domain.high:
                value = domain.high
            return as_decimal(value)
        case "bool":
            return False
        case "list":
            return ()
    return domain.words[0] if domain.words else ""

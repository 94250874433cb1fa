"""What intervals suffice to refute: formulas that no facts can satisfy, found without a solver.

What must hold is followed: a comparison narrows the span of its term, and a choice of which one part is left makes
that part hold. Nothing is ever refuted that facts can satisfy; what is not refuted is for the solver.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from generator.change.proof.spans import Spans, bounded
from generator.change.proof.terms import COMPARISONS, Term, Terms
from generator.change.proof.vocabulary import Domain

# How many choices inside choices are tried, and of how many parts each.
SPLITS: Final = 2
WIDTH: Final = 6


class Contradiction(Exception):
    """What was said can't hold together."""


def refuted(terms: Terms, domains: Mapping[str, Domain], formulas: Iterable[Term]) -> bool:
    """Whether no facts can satisfy all of these, by intervals alone."""
    state = _State(terms, Spans(domains), {})
    try:
        for formula in formulas:
            state.hold(formula)
        state.settle()
    except Contradiction:
        return True
    return _split(state, SPLITS)


def _split(state: "_State", depth: int) -> bool:
    """Whether each part of some open choice leads to a contradiction."""
    choice = state.narrowest() if depth else None
    if choice is None:
        return False
    for part in choice:
        tried = state.copy()
        try:
            tried.hold(part)
            tried.settle()
        except Contradiction:
            continue
        if not _split(tried, depth - 1):
            return False
    return True


class _State:
    """What is known to hold."""

    def __init__(self, terms: Terms, spans: Spans, truths: dict[Term, bool]) -> None:
        self._terms, self._spans, self._truths = terms, spans, truths
        self._words: dict[str, str] = {}
        self._choices: list[Term] = []

    def copy(self) -> "_State":
        """The same, to go on apart from this one."""
        other = _State(self._terms, self._spans.copy(), dict(self._truths))
        other._words, other._choices = dict(self._words), list(self._choices)
        return other

    def hold(self, term: Term) -> None:
        """A formula holds."""
        if term.op == "and":
            for part in term.args:
                self.hold(part)
        elif term.op == "or":
            self._choices.append(term)
        elif term is self._terms.false or self.truth(term) is False:
            raise Contradiction
        elif term.op in COMPARISONS:
            self._spans.narrow(term.args[0], bounded(term.op, term.args[1]))
            if self._spans.of(term.args[0]).empty:
                raise Contradiction
        elif term is not self._terms.true:
            holds = term.op != "not"
            atom = term if holds else term.args[0]
            self._truths[atom] = holds
            if holds and atom.op == "word":
                self._words[atom.args[0]] = atom.args[1]
            if holds and atom.op in ("missing", "garbage"):
                other = self._terms.garbage if atom.op == "missing" else self._terms.missing
                self._truths[other(atom.args[0])] = False

    def settle(self) -> None:
        """Follow every choice that is none any more, until nothing changes."""
        moved = True
        while moved:
            moved = False
            choices, self._choices = self._choices, []
            for choice in choices:
                left = self._open(choice)
                if left is None:
                    moved = True
                elif len(left) == 1:
                    self.hold(left[0])
                    moved = True
                else:
                    self._choices.append(choice)

    def _open(self, choice: Term) -> list[Term] | None:
        """The parts that may hold; None where one does."""
        left = []
        for part in choice.args:
            truth = self.truth(part)
            if truth:
                return None
            if truth is None:
                left.append(part)
        if not left:
            raise Contradiction
        return left

    def narrowest(self) -> list[Term] | None:
        """The parts of the choice that has the fewest, if these are few."""
        found = [left for c in self._choices if (left := self._open(c)) is not None and len(left) <= WIDTH]
        return min(found, key=len, default=None)

    def truth(self, term: Term) -> bool | None:
        """What is known of a formula."""
        if term.op in ("and", "or"):
            return self._of_parts(term)
        if term.op in COMPARISONS:
            span, wanted = self._spans.of(term.args[0]), bounded(term.op, term.args[1])
            if span.within(wanted):
                return True
            return False if span.meet(wanted).empty else None
        if term.op == "not":
            inner = self.truth(term.args[0])
            return None if inner is None else not inner
        if term.op == "word" and term.args[0] in self._words:
            return bool(self._words[term.args[0]] == term.args[1])
        if term.op in ("true", "false"):
            return term.op == "true"
        return self._truths.get(term)

    def _of_parts(self, term: Term) -> bool | None:
        final = term.op == "or"
        open_part = False
        for part in term.args:
            truth = self.truth(part)
            if truth is final:
                return final
            open_part = open_part or truth is None
        return None if open_part else not final

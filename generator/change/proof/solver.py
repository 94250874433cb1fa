"""Asking whether any facts satisfy formulas: first by intervals, then by the solver, ever more spelled out.

Only what is refuted is a proof. The solver is z3, of one version and with one seed, and its effort is counted in its
own units as well as in time, so that asking again gives the same answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from generator.change.proof.intervals import refuted
from generator.change.proof.settled import settled
from generator.change.proof.terms import Term, Terms
from generator.change.proof.vocabulary import Vocabulary

if TYPE_CHECKING:
    from generator.change.proof.encode import Encoder, Level

SEED: Final = 7
# About what the solver does in a second on the machine that this was measured on.
UNITS_A_SECOND: Final = 4_000_000
DIGITS: Final = 30


class Stage(StrEnum):
    """How an answer was found; the later, the dearer."""

    HASH = "hash"
    INTERVALS = "intervals"
    MEASURES = "measures"
    PRODUCTS = "products"
    CONCRETE = "concrete"
    REPLAY = "replay"


class NoSolver(Exception):
    """The solver is needed and not installed."""

    def __init__(self) -> None:
        super().__init__("the solver is not installed: it is the extra `proof`")


class Solver:
    """Answers for formulas over one vocabulary.

    Args:
        limit_seconds: how long the solver may take for one answer.
    """

    def __init__(self, terms: Terms, vocabulary: Vocabulary, limit_seconds: float) -> None:
        self._terms, self._vocabulary = terms, vocabulary
        self._seconds = limit_seconds
        self.context: Any = None
        self._encoders: dict[Level, Encoder] = {}
        self._answers: dict[tuple[Term, ...], Stage | None] = {}

    def refuted(self, formulas: Sequence[Term]) -> Stage | None:
        """The first stage by which no facts satisfy all of these; None where they may."""
        parts = tuple(sorted(settled(self._terms, formulas), key=lambda t: t.number))
        if parts not in self._answers:
            self._answers[parts] = self._refuted(parts)
        return self._answers[parts]

    def by_intervals(self, formulas: Iterable[Term]) -> bool:
        """Whether intervals suffice to refute these."""
        parts = settled(self._terms, formulas)
        return parts == [self._terms.false] or refuted(self._terms, self._vocabulary.domains, parts)

    def _refuted(self, parts: tuple[Term, ...]) -> Stage | None:
        if parts == (self._terms.false,) or refuted(self._terms, self._vocabulary.domains, parts):
            return Stage.INTERVALS
        from generator.change.proof.encode import Level

        stages = {Level.MEASURES: Stage.MEASURES, Level.PRODUCTS: Stage.PRODUCTS, Level.REALS: Stage.CONCRETE}
        for level, stage in stages.items():
            if self._check(level, parts) == "unsat":
                return stage
        return None

    def _check(self, level: "Level", parts: Iterable[Term]) -> str:
        import z3

        encoder = self._encoder(level)
        solver = z3.Solver(ctx=self.context)
        self.limit(solver)
        conditions = [encoder.condition(p) for p in parts]
        solver.add(*conditions, *encoder.axioms_of(parts))
        answer = str(solver.check())
        if answer == "unknown":
            self.forget()
        return answer

    def search(self, formulas: Sequence[Term], pins: Mapping[str, Term]) -> "Search":
        """A search for facts that satisfy all of these, near the facts that are pinned by name."""
        from generator.change.proof.encode import Level

        parts = settled(self._terms, formulas)
        return Search(self, self._encoder(Level.WHOLE), parts, pins)

    def _encoder(self, level: "Level") -> "Encoder":
        try:
            import z3
        except ImportError:
            raise NoSolver from None
        from generator.change.proof.encode import Encoder

        if self.context is None:
            self.context = z3.Context()
        if level not in self._encoders:
            self._encoders[level] = Encoder(self._vocabulary, level, self.context)
        return self._encoders[level]

    def limit(self, solver: Any) -> None:
        """Seed and limits of one asking; of a limit of 0 the solver would make none."""
        solver.set("random_seed", SEED)
        solver.set("timeout", max(1, int(2000 * self._seconds)))
        solver.set("rlimit", max(1, int(UNITS_A_SECOND * self._seconds)))

    def forget(self) -> None:
        """Start afresh after an answer that could not be given: it would slow down what follows."""
        self.context, self._encoders = None, {}


class Search:
    """Facts that satisfy formulas, as near as can be to those that are pinned."""

    def __init__(self, solver: Solver, encoder: "Encoder", parts: Sequence[Term], pins: Mapping[str, Term]) -> None:
        import z3

        self._encoder = encoder
        self._parts = parts
        self._of = solver
        self._solver = z3.SimpleSolver(ctx=solver.context)
        solver.limit(self._solver)
        self.pinned = {n: z3.Bool(f"pin:{n}", solver.context) for n in pins}
        conditions = [encoder.condition(p) for p in parts]
        tied = [z3.Implies(b, encoder.condition(pins[n])) for n, b in self.pinned.items()]
        self._solver.add(*conditions, *tied, *encoder.axioms_of([*parts, *(pins[n] for n in self.pinned)]))

    def near(self, freed: Iterable[str]) -> "Model | frozenset[str] | None":
        """Facts with all but some of the pins kept; else the pins that are in the way (none: there are no such facts),
        or None where that can't be said.
        """
        free = set(freed)
        kept = {n: b for n, b in self.pinned.items() if n not in free}
        answer = str(self._solver.check(*kept.values()))
        if answer == "sat":
            return Model(self._solver.model(), self._encoder)
        if answer == "unsat":
            core = {b.get_id() for b in self._solver.unsat_core()}
            named = frozenset(n for n, b in kept.items() if b.get_id() in core)
            # That no pin is in the way is a proof: it is asked for by itself.
            if named or str(self._solver.check()) == "unsat":
                return named
        self._of.forget()
        return None


class Model:
    """Values of facts that satisfy formulas."""

    def __init__(self, model: Any, encoder: "Encoder") -> None:
        self._model, self._encoder = model, encoder

    def holds(self, term: Term) -> bool:
        """Whether an atom of a fact holds; one that doesn't matter does not."""
        import z3

        return bool(z3.is_true(self._model.eval(self._encoder.condition(term), model_completion=True)))

    def number(self, name: str) -> Fraction:
        """A fact's number; one that is irrational is given to `DIGITS` digits."""
        import z3

        value = self._model.eval(self._encoder.number(name), model_completion=True)
        if z3.is_algebraic_value(value):
            value = value.approx(DIGITS)
        found: Fraction = value.as_fraction()
        return found

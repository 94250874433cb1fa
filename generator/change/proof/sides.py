"""One rule set in formulas: which orders each of its gates stops."""

from engine.judge import PASSES
from engine.reach import reach
from engine.ruleset import Gate, Multiple, Require, RuleSet, gate_nodes, limit_of
from generator.change.proof.places import Here, Place, Rules
from generator.change.proof.terms import Term, Terms
from generator.change.proof.translate import Meaning, Nothing, translate
from generator.change.proof.vocabulary import Vocabulary


class Side:
    """A rule set in formulas; `index` says which of the vocabulary's catalogs is its own."""

    def __init__(self, ruleset: RuleSet, terms: Terms, vocabulary: Vocabulary, index: int) -> None:
        self.ruleset, self.terms, self.index = ruleset, terms, index
        self.rules = Rules(ruleset, terms, vocabulary, index)
        self.enforced = tuple(g for g in ruleset.gates if g.enforced)
        self._reads = [self.rules.read(reach(ruleset, *gate_nodes(g))) for g in ruleset.gates]
        self._stops: dict[tuple[object, ...], Term] = {}
        self._here: dict[Place, Here] = {}

    def here(self, place: Place) -> Here:
        """A place in this rule set."""
        if place not in self._here:
            self._here[place] = Here(self.rules, place)
        return self._here[place]

    def knows(self, place: Place) -> bool:
        """Whether the rule set decides on such orders, rather than refusing each."""
        return place.scope != "order" or self.ruleset.head.subject is None or place.subject in self.ruleset.subjects

    def gates(self, place: Place) -> tuple[Gate, ...]:
        """The gates that can veto there."""
        return self.enforced if place.scope == "order" else tuple(g for g in self.enforced if g.scope == place.scope)

    def exempt(self, place: Place) -> Term:
        """Whether an order is exempt: not where that can't be computed."""
        name = self.ruleset.head.exempt
        if name is None or place.scope != "order":
            return self.terms.false
        meaning = self.here(place).measure(name)
        return self.terms.both(meaning.term, self.terms.negate(meaning.unknown))

    def read_by(self, gate: Gate, place: Place) -> tuple[object, ...]:
        """The values fixed by the place that a gate may read."""
        return self.here(place).seen(self._reads[gate.index])

    def stops(self, gate: Gate, place: Place) -> Term:
        """Whether a gate stops an order, exemption aside."""
        here = self.here(place)
        key = (gate.index, *here.seen(self._reads[gate.index]))
        found = self._stops.get(key)
        if found is None:
            found = self._stops[key] = self._stopping(gate, here)
        return found

    def held(self, gate: Gate, place: Place) -> Term:
        """Whether a gate stops an order."""
        stops = self.stops(gate, place)
        return stops if gate.exits else self.terms.both(stops, self.terms.negate(self.exempt(place)))

    def allows(self, place: Place) -> Term:
        """Whether an order passes every gate."""
        if not self.knows(place):
            return self.terms.false
        return self.terms.both(*(self.terms.negate(self.held(g, place)) for g in self.gates(place)))

    def _stopping(self, gate: Gate, here: Here) -> Term:
        """As the judge says it: no bound, then the guard, then the test."""
        terms, bound = self.terms, limit_of(gate)
        limit = None if bound is None else translate(bound, here)
        if limit is not None and isinstance(limit.value, Nothing):
            return terms.false
        found = self._tested(gate, limit, here)
        stops = self._unless_known(gate, found, terms.negate(found.term))
        if gate.when is None:
            return stops
        guard = translate(gate.when, here)
        return self._unless_known(gate, guard, terms.both(guard.term, stops))

    def _tested(self, gate: Gate, limit: Meaning | None, here: Here) -> Meaning:
        """Whether the measure is inside its bound, or the condition holds."""
        terms, test = self.terms, gate.test
        if isinstance(test, Require):
            return translate(test.condition, here)
        assert limit is not None
        measure = translate(test.measure, here)
        if isinstance(test, Multiple):
            passes = terms.multiple(measure.term, limit.term)
        else:
            passes = terms.compare(PASSES[test.op], measure.term, limit.term)
        unknown = terms.either(measure.unknown, limit.unknown)
        return Meaning(passes, unknown, terms.either(measure.invalid, limit.invalid))

    def _unless_known(self, gate: Gate, needed: Meaning, stops: Term) -> Term:
        """Stops by what is known; what is unknown stops too, or only what is invalid where missing facts pass."""
        if gate.passes_missing:
            return self.terms.either(needed.invalid, self.terms.both(self.terms.negate(needed.unknown), stops))
        return self.terms.either(needed.unknown, stops)

"""Places: a subject and who asks, as one rule set sees them.

What a place fixes (caps, the subject's own facts, who asks) is folded into formulas, and what is made for one place is
kept for every other that reads the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from engine.catalog import Fact, Value
from engine.ruleset import Layer, RuleSet, Subject
from engine.tree import Type
from engine.units import Kind
from generator.change.proof.terms import Term, Terms
from generator.change.proof.translate import (
    Listed,
    Meaning,
    Named,
    Nothing,
    Words,
    Worth,
    constant,
    first,
    sure,
    translate,
)
from generator.change.proof.vocabulary import Vocabulary

# An actor's name that no rule set has: the order doesn't say who asks.
UNNAMED: Final = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose order it is: a subject's, and an actor's (None where the rule sets know none); or the account's own."""

    subject: str | None
    actor: str | None = None
    scope: str = "order"


ACCOUNT: Final = Place(None, None, "account")


@dataclass(slots=True)
class Rules:
    """A rule set, and what was made of it already. `index` says which of the vocabulary's catalogs is its own."""

    ruleset: RuleSet
    terms: Terms
    vocabulary: Vocabulary
    index: int
    local: frozenset[str] = field(init=False)
    reads: dict[str, tuple[str, ...]] = field(init=False)
    kept: dict[tuple[object, ...], Meaning] = field(default_factory=dict)

    def __post_init__(self) -> None:
        head, facts = self.ruleset.head, self.ruleset.catalog.facts
        keys = {h.key for h in (head.subject, head.actor) if h is not None}
        derived = {n for n, f in facts.items() if f.attribute or (f.indicates and f.indicates[0] in keys)}
        self.local = frozenset(keys | derived)
        self.reads = {n: self.read(r) for n, r in self.ruleset.reaches.items()}

    def read(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of some names that may differ from place to place."""
        return tuple(sorted(n for n in names if n.startswith("caps.") or n in self.local))

    def supplied(self, fact: Fact) -> Meaning:
        """A fact that whoever asks gives: anything that its variable may be."""
        terms, variable = self.terms, self.vocabulary.variable(self.index, fact.name)
        outside = self.vocabulary.outside(self.index, fact.name)
        missing, garbage = terms.missing(variable), terms.garbage(variable)
        value: Worth
        match fact.unit.kind:
            case Kind.BOOL:
                value = terms.flag(variable)
            case Kind.LIST:
                value = Listed(lambda word: terms.has(variable, word))
            case Kind.ENUM | Kind.TEXT:
                value = Words(((terms.true, Named(variable, tuple(sorted(fact.type.values)))),))
            case _:
                value = terms.fact(variable)
        invalid = terms.either(garbage, terms.both(outside, terms.negate(missing)))
        return Meaning(value, terms.either(missing, garbage, outside), invalid)

    def absent(self, kind: Type, invalid: Term) -> Meaning:
        """What is unknown whatever else holds."""
        value: Worth
        match kind.kind:
            case Kind.BOOL:
                value = self.terms.false
            case Kind.LIST:
                value = Listed(None)
            case Kind.ENUM | Kind.TEXT:
                value = Words(())
            case _:
                value = self.terms.zero
        return Meaning(value, self.terms.true, invalid)


class Here:
    """One place in one rule set: what translation asks."""

    def __init__(self, rules: Rules, place: Place) -> None:
        self.rules, self.place = rules, place
        self.ruleset, self.terms = rules.ruleset, rules.terms
        self._order = place.scope == "order"
        of = self.ruleset
        self._subject: Subject | None = of.subjects.get(place.subject or "") if self._order else None
        self._actor: Layer | None = of.actors.get(place.actor or "") if self._order else None
        self._seen: dict[str, object] = {}

    def seen(self, names: Iterable[str]) -> tuple[object, ...]:
        """What formulas that read these names depend on here."""
        return (self.place.scope, *(self._seen[n] if n in self._seen else self._look(n) for n in names))

    def values(self) -> tuple[object, ...]:
        """All that subject and actor fix: with the rule set's own values, equal where every name is."""
        subject, actor = self._subject, self._actor
        return (
            None if subject is None else (subject.facts, subject.layer.caps),
            None if actor is None else actor.caps,
        )

    def _look(self, name: str) -> object:
        self._seen[name] = found = self._looked(name)
        return found

    def _looked(self, name: str) -> object:
        if name.startswith("caps."):
            known, value = self._cap(name.removeprefix("caps."))
            return value if known else (None, self.place.actor == UNNAMED)
        head, fact = self.ruleset.head, self.ruleset.catalog.facts[name]
        if fact.indicates:
            return self._looked(fact.indicates[0])
        if head.actor is not None and name == head.actor.key:
            return self.place.actor, self._actor is None
        if head.subject is not None and name == head.subject.key:
            return self.place.subject
        return self._own(name)

    def _cap(self, name: str) -> tuple[bool, Value | None]:
        """Whether the cap that holds here is known, and its value."""
        if self._actor is None and name in self.ruleset.actor_caps:
            return False, None
        return True, self.ruleset.cap(name, self._subject, self._actor)[0]

    def _own(self, name: str) -> Value | None:
        return self._subject.facts.get(name) if self._subject is not None else None

    def fact(self, name: str) -> Meaning:
        """A fact's value, and when it is unknown."""
        fact, terms, head = self.ruleset.catalog.facts[name], self.terms, self.ruleset.head
        if fact.attribute is not None:
            value = self._own(name)
            return self.rules.absent(fact.type, terms.false) if value is None else sure(constant(value, terms), terms)
        if fact.indicates is not None:
            return self._indicated(self.fact(fact.indicates[0]), fact.indicates[1])
        if self._order and head.subject is not None and name == head.subject.key:
            return sure(constant(self.place.subject or "", terms), terms)
        if self._order and head.actor is not None and name == head.actor.key:
            return self._who(fact)
        return self.rules.supplied(fact)

    def _who(self, fact: Fact) -> Meaning:
        """Who asks: an actor, one that this rule set doesn't know, or nobody."""
        if self._actor is not None:
            return sure(constant(self.place.actor or "", self.terms), self.terms)
        if self.place.actor != UNNAMED:
            return self.rules.absent(fact.type, self.terms.true)
        variable = self.rules.vocabulary.variable(self.rules.index, fact.name)
        return self.rules.absent(fact.type, self.terms.garbage(variable))

    def _indicated(self, of: Meaning, word: str) -> Meaning:
        """1 where a fact is a word, else 0."""
        terms = self.terms
        assert isinstance(of.value, Words)
        cases = (
            terms.both(c, terms.word(leaf.fact, word) if isinstance(leaf, Named) else terms.truth(leaf == word))
            for c, leaf in of.value.cases
        )
        return Meaning(terms.choose(terms.either(*cases), terms.one, terms.zero), of.unknown, of.invalid)

    def known(self, name: str) -> Meaning:
        """Whether a fact was given; of what is invalid it is unknown."""
        given = self.fact(name)
        return Meaning(self.terms.negate(given.unknown), given.invalid, given.invalid)

    def cap(self, name: str) -> Meaning:
        """A cap's value; unknown where it depends on who asks, and nobody says."""
        known, value = self._cap(name)
        kind, head = self.ruleset.catalog.caps[name].type, self.ruleset.head.actor
        if not known and head is not None:
            return self.rules.absent(kind, self.fact(head.key).invalid)
        if value is None:
            return sure(Listed(None) if kind.kind is Kind.LIST else Nothing(), self.terms)
        return sure(constant(value, self.terms), self.terms)

    def measure(self, name: str) -> Meaning:
        """A measure."""
        key = ("measure", name, *self.seen(self.rules.reads[name]))
        found = self.rules.kept.get(key)
        if found is None:
            found = self.rules.kept[key] = translate(self.ruleset.measures[name].node, self)
        return found

    def output(self, table: str, output: str) -> Meaning:
        """An output of a table."""
        key = ("table", table, output, *self.seen(self.rules.reads[f"tables.{table}"]))
        found = self.rules.kept.get(key)
        if found is None:
            found = self.rules.kept[key] = self._by_rows(table, output)
        return found

    def _by_rows(self, table: str, output: str) -> Meaning:
        """An output by the first row that applies; a row that leaves it out makes it unknown."""
        declared = self.ruleset.tables[table]
        result = self.rules.absent(declared.outputs[output][0], self.terms.false)
        for row in reversed(declared.rows):
            node = row.outputs.get(output)
            own = result if node is None else translate(node, self)
            if node is None:
                own = Meaning(own.value, self.terms.true, self.terms.false)
            result = own if row.when is None else first(translate(row.when, self), own, result, self.terms)
        return result

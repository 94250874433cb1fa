"""Which gate of the new rules a gate of the old ones became; whether only values can tell the two apart."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.ruleset import Gate, RuleSet, gate_nodes, table_nodes
from engine.tree import FactRef, MeasureRef, Node, OutputRef, walk
from generator.change.proof.terms import Term


@dataclass(frozen=True, slots=True)
class Pair:
    """A gate before and after; None where it is new, gone, or enforced on one side only.

    `alike` says that both are written alike, down to the measures and facts that they name.
    """

    old: Gate | None
    new: Gate | None
    alike: bool = False

    @property
    def id(self) -> str:
        """What the gate is called: by the new rules, if they have it."""
        gate = self.new or self.old
        assert gate is not None
        return gate.id

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Those of the two that there are."""
        return tuple(g for g in (self.old, self.new) if g is not None)


def pairs(old: RuleSet, new: RuleSet) -> list[Pair]:
    """Every enforced gate of either, in the order of the new rules; by id, and a renamed gate by what it says."""
    alike = Alike(old, new)
    before = {g.id: g for g in old.gates if g.enforced}
    after = {g.id: g for g in new.gates if g.enforced}
    gone = [g for n, g in before.items() if n not in after]
    found = []
    for name, gate in after.items():
        partner = before.get(name)
        if partner is None:
            partner = next((g for g in gone if alike.gates(g, gate)), None)
            gone = [g for g in gone if g is not partner]
        found.append(Pair(partner, gate, partner is not None and alike.gates(partner, gate)))
    return [*found, *(Pair(gate, None) for gate in gone)]


class Alike:
    """Whether names mean the same in two rule sets, values of caps and subjects aside."""

    def __init__(self, old: RuleSet, new: RuleSet) -> None:
        self._old, self._new = old, new
        self._known: dict[str, bool] = {}
        self._catalogs = old.catalog.facts, new.catalog.facts

    def gates(self, one: Gate, other: Gate) -> bool:
        """Whether two gates say the same of the same names."""
        parts = ((g.test, g.when, g.scope, g.exits, g.passes_missing) for g in (one, other))
        return len(set(parts)) == 1 and all(self._names(gate_nodes(one)))

    def measure(self, name: str | None) -> bool:
        """Whether a measure is the same; None is no measure."""
        return name is None or self._named(f"measures.{name}")

    def _names(self, nodes: tuple[Node, ...]) -> Iterator[bool]:
        for node in (n for top in nodes for n in walk(top)):
            match node:
                case FactRef(name=name):
                    yield self._named(f"facts.{name}")
                case MeasureRef(name=name):
                    yield self._named(f"measures.{name}")
                case OutputRef(table=table):
                    yield self._named(f"tables.{table}")

    def _named(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = self._same(*name.split(".", 1))
        return self._known[name]

    def _same(self, part: str, name: str) -> bool:
        if part == "facts":
            one, other = (c.get(name) for c in self._catalogs)
            if one is None or other is None or _declared(one) != _declared(other):
                return False
            return one.indicates is None or self._named(f"facts.{one.indicates[0]}")
        if part == "measures":
            before, after = self._old.measures.get(name), self._new.measures.get(name)
            if before is None or after is None or before.node != after.node:
                return False
            return all(self._names((before.node,)))
        one_table, other_table = self._old.tables.get(name), self._new.tables.get(name)
        if one_table is None or other_table is None:
            return False
        rows = [[(r.when, dict(r.outputs)) for r in t.rows] for t in (one_table, other_table)]
        return rows[0] == rows[1] and all(self._names(table_nodes(one_table)))


def _declared(fact: object) -> tuple[object, ...]:
    return tuple(getattr(fact, part) for part in ("unit", "type", "sign", "low", "high", "attribute", "indicates"))


def implies(one: Term, other: Term) -> bool:
    """Whether one formula implies another on the face of it; cheap, and no says nothing."""
    if one is other or one.op == "false" or other.op == "true":
        return True
    if one.op == "or":
        return all(implies(part, other) for part in one.args)
    if other.op == "and":
        return all(implies(one, part) for part in other.args)
    if one.op in _UPWARD | _DOWNWARD and other.op in _UPWARD | _DOWNWARD:
        return _inside(one, other)
    if other.op == "or" and one in other.args:
        return True
    if other.op == "or":
        return any(implies(one, part) for part in other.args if part.op in _FORMED or part is one)
    return one.op == "and" and any(implies(part, other) for part in one.args)


_UPWARD = frozenset({"ge", "gt", "eq"})
_DOWNWARD = frozenset({"le", "lt", "eq"})
_FORMED = _UPWARD | _DOWNWARD | {"and"}


def _inside(one: Term, other: Term) -> bool:
    """Whether one interval of the same term lies inside another."""
    from generator.change.proof.spans import bounded

    return one.args[0] is other.args[0] and bounded(one.op, one.args[1]).within(bounded(other.op, other.args[1]))

"""What expressions may read: the facts and caps that they name, through measures and tables."""

from collections.abc import Mapping

from engine.ruleset import Gate, Measure, RuleSet, Table, gate_nodes, limit_of, table_nodes
from engine.tree import CapRef, FactRef, Known, MeasureRef, Node, OutputRef, children, walk


def reaches(measures: Mapping[str, Measure], tables: Mapping[str, Table]) -> dict[str, frozenset[str]]:
    """For each measure and table (`tables.name`), the facts and caps that it may read, through whatever it names."""
    found: dict[str, frozenset[str]] = {}

    def of_node(top: Node) -> set[str]:
        names: set[str] = set()
        for node in walk(top):
            match node:
                case FactRef(name=name):
                    names.add(name)
                case CapRef(name=name):
                    names.add(f"caps.{name}")
                case MeasureRef(name=name):
                    names |= of_measure(name)
                case OutputRef(table=table):
                    names |= of_table(table)
        return names

    def of_measure(name: str) -> frozenset[str]:
        if name not in found:
            found[name] = frozenset(of_node(measures[name].node))
        return found[name]

    def of_table(name: str) -> frozenset[str]:
        key = f"tables.{name}"
        if key not in found:
            found[key] = frozenset(n for top in table_nodes(tables[name]) for n in of_node(top))
        return found[key]

    for measure in measures:
        of_measure(measure)
    for table in tables:
        of_table(table)
    return found


def reach(ruleset: RuleSet, *tops: Node) -> frozenset[str]:
    """The facts and caps (`caps.name`) that expressions may read, through measures and tables."""
    names: set[str] = set()
    for node in (n for top in tops for n in walk(top)):
        match node:
            case FactRef(name=name):
                names.add(name)
            case CapRef(name=name):
                names.add(f"caps.{name}")
            case MeasureRef(name=name):
                names |= ruleset.reaches[name]
            case OutputRef(table=table):
                names |= ruleset.reaches[f"tables.{table}"]
    return frozenset(names)


def caps_read(ruleset: RuleSet, *tops: Node) -> frozenset[str]:
    """The caps that expressions may read, by their own names."""
    return frozenset(n.removeprefix("caps.") for n in reach(ruleset, *tops) if n.startswith("caps."))


def caps_inside(gate: Gate, ruleset: RuleSet) -> frozenset[str]:
    """The caps that a gate reads inside expressions, rather than as its bound."""
    limit = limit_of(gate)
    inside = caps_read(ruleset, *(n for n in gate_nodes(gate) if n is not limit))
    return inside if limit is None or isinstance(limit, CapRef) else inside | caps_read(ruleset, limit)


def asked_known(ruleset: RuleSet, *tops: Node) -> frozenset[str]:
    """The facts of which expressions may ask whether they are known."""
    names: set[str] = set()
    for node in (n for top in tops for n in walk(top)):
        match node:
            case Known(fact=fact):
                names.add(fact.name)
            case MeasureRef(name=name):
                names |= asked_known(ruleset, ruleset.measures[name].node)
            case OutputRef(table=table):
                names |= asked_known(ruleset, *table_nodes(ruleset.tables[table]))
    return frozenset(names)


class Extents:
    """How large and how deep expressions are with every measure and table written out where it is named."""

    def __init__(self, measures: Mapping[str, Measure], tables: Mapping[str, Table]) -> None:
        self._measures = measures
        self._tables = tables
        self._known: dict[str, tuple[int, int]] = {}

    def of(self, *tops: Node) -> tuple[int, int]:
        """Nodes in all, and nodes one inside another."""
        found = [self._node(top) for top in tops]
        return sum(size for size, _ in found), max((deep for _, deep in found), default=0)

    def _node(self, node: Node) -> tuple[int, int]:
        match node:
            case MeasureRef(name=name):
                size, deep = self._named(name, (self._measures[name].node,))
            case OutputRef(table=table):
                size, deep = self._named(f"tables.{table}", table_nodes(self._tables[table]))
            case _:
                size, deep = self.of(*children(node))
        return 1 + size, 1 + deep

    def _named(self, name: str, tops: tuple[Node, ...]) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = self.of(*tops)
        return self._known[name]

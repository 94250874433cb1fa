"""What expressions may read: the facts and caps that they name, through measures and tables."""

from collections.abc import Mapping

from engine.ruleset import Gate, Measure, RuleSet, Table, gate_nodes, limit_of
from engine.tree import CapRef, FactRef, MeasureRef, Node, OutputRef, walk


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
            names: set[str] = set()
            for row in tables[name].rows:
                for top in (*(() if row.when is None else (row.when,)), *row.outputs.values()):
                    names |= of_node(top)
            found[key] = frozenset(names)
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

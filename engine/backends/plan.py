"""Planning a program: which measures are worth working out once, and which facts must be present before it starts."""

from collections import Counter
from collections.abc import Iterable, Iterator

from engine.ruleset import Require, RuleSet, gate_nodes, table_nodes
from engine.tree import (
    Arithmetic,
    CapRef,
    Compare,
    Constant,
    FactRef,
    Logic,
    MeasureRef,
    Member,
    Node,
    Not,
    OutputRef,
    children,
    walk,
)
from engine.units import Kind


def shared_measures(ruleset: RuleSet, tops: Iterable[Node], sure: Iterable[Node]) -> list[str]:
    """Measures that expressions name twice or more, and at least once where they are needed for certain, in an order
    in which each can be made. `sure` are the expressions that are evaluated whatever the others are worth.
    """
    counts: Counter[str] = Counter()
    pending = list(tops)
    seen: set[str] = set()
    while pending:
        for node in walk(pending.pop()):
            if isinstance(node, MeasureRef):
                counts[node.name] += 1
                if node.name not in seen:
                    seen.add(node.name)
                    pending.append(ruleset.measures[node.name].node)
    certain = {name for node in sure for name in _certain(node, ruleset)}
    order: list[str] = []

    def place(name: str) -> None:
        for node in walk(ruleset.measures[name].node):
            if isinstance(node, MeasureRef):
                place(node.name)
        if counts[name] > 1 and name in certain and name not in order:
            order.append(name)

    for name in sorted(seen):
        place(name)
    return order


def _certain(node: Node, ruleset: RuleSet) -> Iterator[str]:
    """Measures that are evaluated whenever the node is: not those behind an `and` or `or`."""
    if isinstance(node, MeasureRef):
        yield node.name
        yield from _certain(ruleset.measures[node.name].node, ruleset)
    below = children(node)[:1] if isinstance(node, Logic) else children(node)
    for child in below:
        yield from _certain(child, ruleset)


def soft_facts(ruleset: RuleSet, tops: Iterable[Node]) -> frozenset[str]:
    """Facts whose absence Python would not notice: compared for equality, looked up in a list, or taken as a condition.

    Arithmetic on an absent fact raises (but a division is not carried out); these must be looked at before.
    """
    found: set[str] = set()

    def look(node: Node, soft: bool) -> None:
        match node:
            case FactRef(name=name):
                if soft or node.type.kind in (Kind.BOOL, Kind.ENUM, Kind.TEXT, Kind.LIST):
                    found.add(name)
            case MeasureRef(name=name):
                look(ruleset.measures[name].node, soft)
            case OutputRef(table=table):
                for top in table_nodes(ruleset.tables[table]):
                    look(top, True)
            case Compare(op=op):
                for child in children(node):
                    look(child, op in ("==", "!="))
            case Arithmetic(op="/", left=left, right=right):
                look(left, soft)
                look(right, False)
            case Member() | Logic() | Not():
                for child in children(node):
                    look(child, True)
            case _:
                for child in children(node):
                    look(child, False)

    for top in tops:
        look(top, not top.type.numeric)  # a number is held against another, which raises
    return frozenset(found)


def tables_read(ruleset: RuleSet, tops: Iterable[Node]) -> list[str]:
    """The tables that expressions read, through measures and other tables, in an order in which each can be made."""
    order: list[str] = []

    def look(top: Node) -> None:
        for node in walk(top):
            if isinstance(node, MeasureRef):
                look(ruleset.measures[node.name].node)
            elif isinstance(node, OutputRef) and node.table not in order:
                for below in table_nodes(ruleset.tables[node.table]):
                    look(below)
                order.append(node.table)

    for top in tops:
        look(top)
    return order


def merely_compared(ruleset: RuleSet, names: Iterable[str]) -> frozenset[str]:
    """Those of these numbers with which no gate computes: each is compared as it was read, and needs no float."""
    exempt = ruleset.head.exempt
    tops = [ruleset.measures[exempt].node] if exempt is not None else []
    for gate in ruleset.gates:
        test, nodes = gate.test, gate_nodes(gate)
        plain = not isinstance(test, Require) and all(map(is_read, nodes[-2:]))
        tops += nodes[:-2] if plain else nodes
    computed: set[str] = set()
    while tops:
        node = tops.pop()
        if isinstance(node, FactRef):
            computed.add(node.name)
        elif isinstance(node, MeasureRef):
            tops.append(ruleset.measures[node.name].node)
        elif not (isinstance(node, Compare) and is_read(node.left) and is_read(node.right)):
            tops += children(node)
    return frozenset(names) - computed


def is_read(node: Node) -> bool:
    """Whether the number is one that was read, and nothing computed."""
    return isinstance(node, (FactRef, CapRef, Constant))

"""Which gates the largest size can't be found for: those that are no lines in the adjustable fact, even piecewise."""

from engine.reach import reach
from engine.ruleset import Bound, Gate, Multiple, RuleSet, gate_nodes, table_nodes
from engine.tree import Arithmetic, MeasureRef, Node, OutputRef, children


def curved(gate: Gate, ruleset: RuleSet) -> bool:
    """Whether `lattice` can't follow a gate, so that a veto by it names no largest size.

    A gate over facts that must be given anew for another size is left out of the search, and is none of these.
    """
    solve, facts = ruleset.head.solve, ruleset.catalog.facts
    nodes = gate_nodes(gate)
    if solve is None or any(facts[n].varies_with == solve.fact for n in reach(ruleset, *nodes) if n in facts):
        return False
    if isinstance(gate.test, Multiple) and varies(gate.test.step, ruleset, solve.fact):
        return True
    quotient = _quotient(gate.test.measure, ruleset) if isinstance(gate.test, Bound) else None
    if quotient is None or not isinstance(gate.test, Bound):
        return any(is_curve(node, ruleset, solve.fact) for node in nodes)
    # Held against its bound as a product, so that what it divides by may vary.
    limit, divisor = gate.test.limit, quotient.right
    both = varies(limit, ruleset, solve.fact) and varies(divisor, ruleset, solve.fact)
    return both or any(
        is_curve(node, ruleset, solve.fact) for node in (*nodes[:-2], limit, quotient.left, quotient.right)
    )


def _quotient(node: Node, ruleset: RuleSet) -> Arithmetic | None:
    while isinstance(node, MeasureRef):
        node = ruleset.measures[node.name].node
    return node if isinstance(node, Arithmetic) and node.op == "/" else None


def varies(node: Node, ruleset: RuleSet, fact: str) -> bool:
    """Whether what a node says may depend on a fact."""
    return fact in reach(ruleset, node)


def is_curve(node: Node, ruleset: RuleSet, fact: str) -> bool:
    """Whether a fact is multiplied by itself somewhere in a node, or divided by."""
    match node:
        case Arithmetic(op="*", left=left, right=right):
            if varies(left, ruleset, fact) and varies(right, ruleset, fact):
                return True
        case Arithmetic(op="/", right=right):
            if varies(right, ruleset, fact):
                return True
        case MeasureRef(name=name):
            return is_curve(ruleset.measures[name].node, ruleset, fact)
        case OutputRef(table=table):
            return any(is_curve(below, ruleset, fact) for below in table_nodes(ruleset.tables[table]))
    return any(is_curve(child, ruleset, fact) for child in children(node))

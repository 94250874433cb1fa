"""What an expression must know: the facts without which it has no answer, and those without which it may have none."""

from collections.abc import Iterable

from engine.reach import reach
from engine.ruleset import Gate, RuleSet, gate_nodes
from engine.tree import CapRef, FactRef, Known, Logic, MeasureRef, Node, OutputRef, children


def may_lack(node: Node, ruleset: RuleSet) -> frozenset[str]:
    """The facts that may leave an expression without an answer."""
    names = reach(ruleset, node)
    facts = {_given(n, ruleset) for n in names if not n.startswith("caps.")}
    return frozenset(facts | _actor(ruleset, (n.removeprefix("caps.") for n in names if n.startswith("caps."))))


def must_know(gate: Gate, ruleset: RuleSet) -> frozenset[str]:
    """The facts without which what a gate tests has no answer, whatever the others are; its guard apart."""
    nodes = [node for node in gate_nodes(gate) if node is not gate.when]
    return frozenset(name for node in nodes for name in _surely(node, ruleset))


def _surely(node: Node, ruleset: RuleSet) -> frozenset[str]:
    match node:
        case FactRef(name=name):
            return frozenset({_given(name, ruleset)})
        case CapRef(name=name):
            return frozenset(_actor(ruleset, (name,)))
        case MeasureRef(name=name):
            return _surely(ruleset.measures[name].node, ruleset)
        case Logic(left=left):
            return _surely(left, ruleset)
        case Known() | OutputRef():
            return frozenset()
    return frozenset(name for part in children(node) for name in _surely(part, ruleset))


def _given(fact: str, ruleset: RuleSet) -> str:
    """The fact that is given, where one follows from another."""
    follows = ruleset.catalog.facts[fact].indicates
    return follows[0] if follows else fact


def _actor(ruleset: RuleSet, caps: Iterable[str]) -> set[str]:
    """The fact that names the actor, where one of these caps depends on it."""
    head = ruleset.head.actor
    return {head.key} if head and any(cap in ruleset.actor_caps for cap in caps) else set()

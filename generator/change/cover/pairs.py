"""Pairs: for each numeric gate and symbol the last case that passes and its neighbour on the grid, which is stopped.

What moves is the order's quantity, on the symbol's step, where the gate depends on it, and then also its price, on the
tick; else the fact that moves the measure, best one that meets the bound exactly. They are judged by their gate alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from engine import Engine
from engine.interpret import NOTHING, evaluate
from engine.lattice import NotLinear
from engine.numbers import canonical
from engine.reach import reach
from engine.ruleset import Bound, Gate, Require, gate_nodes, limit_of
from engine.tree import CapRef
from generator.change.cover.edges import Edge, edges, facts_read, moved, situation_of
from generator.change.cover.grid import movable
from universe.quiet import quiet_facts
from universe.reader import Universe

NAV: Final = Decimal(1_000_000)
HELD_STEPS: Final = 100
PRICE: Final = "order.price"
BLIND: Final = "no fact moves its measure over the bound on a quiet account"


@dataclass(frozen=True, slots=True)
class Pair:
    """A gate, whose order it is, the account's facts, and the edge that one of them is moved over."""

    gate: Gate
    symbol: str
    strategy: str
    facts: Mapping[str, Any]
    edge: Edge

    def at(self, value: Decimal) -> dict[str, Any]:
        """The facts with the moving one at a value."""
        return moved(self.facts, self.edge.fact, value)


@dataclass(frozen=True, slots=True)
class NoPair:
    """Why a gate has no pair for a symbol."""

    gate: Gate
    symbol: str
    why: str


def pairs(universe: Universe) -> Iterator[Pair | NoPair]:
    """Pairs, or the reason why there is none, for each gate and symbol, and for each strategy's own caps."""
    engine = Engine(universe.ruleset, "interpreter")
    strategies = [*universe.running, *(s for s in universe.ruleset.actors if s not in universe.running)]
    for gate in universe.ruleset.gates:
        for symbol in universe.ruleset.subjects:
            yield from _pairs(gate, symbol, strategies[0], universe, engine)
        for strategy in strategies[1:]:
            if _own_cap(gate, strategy, universe):
                first = next(iter(universe.ruleset.subjects))
                yield from (p for p in _pairs(gate, first, strategy, universe, engine) if isinstance(p, Pair))


def _own_cap(gate: Gate, strategy: str, universe: Universe) -> bool:
    """Whether a strategy has a bound of its own for a gate."""
    limit = limit_of(gate)
    return isinstance(limit, CapRef) and limit.name in universe.ruleset.actors[strategy].caps


def _pairs(gate: Gate, symbol: str, strategy: str, universe: Universe, engine: Engine) -> Iterator[Pair | NoPair]:
    why = _hopeless(gate, symbol, strategy, universe, engine)
    pair = None if why else _best(gate, symbol, strategy, universe, engine)
    if pair is None:
        yield NoPair(gate, symbol, why or BLIND)
        return
    yield pair
    solve = universe.ruleset.head.solve
    if solve is not None and pair.edge.fact == solve.fact and PRICE in facts_read(gate, universe.ruleset):
        at = pair.at(pair.edge.passes)
        edge = _first(gate, at, PRICE, engine)
        if edge is not None:
            yield replace(pair, facts=at, edge=edge)


def _hopeless(gate: Gate, symbol: str, strategy: str, universe: Universe, engine: Engine) -> str | None:
    if isinstance(gate.test, Require):
        return "it is a condition, without a number"
    limit = gate.test.limit if isinstance(gate.test, Bound) else None
    if isinstance(limit, CapRef):
        situation = situation_of(quiet_facts(universe, symbol, NAV, strategy=strategy), engine)
        if situation.cap(limit.name) is NOTHING:
            return f"`caps.{limit.name}` is none here: no bound"
    return None


def _best(gate: Gate, symbol: str, strategy: str, universe: Universe, engine: Engine) -> Pair | None:
    """The pair along the adjustable fact; else the first that meets the bound exactly; else the first."""
    quiet = list(accounts(universe, symbol, strategy))
    for account in chain(quiet, _where_it_applies(gate, quiet, universe, engine)):
        found = []
        for name in _movers(gate, universe):
            edge = _first(gate, account, name, engine)
            if edge is not None:
                found.append(Pair(gate, symbol, strategy, account, edge))
                if edge.on_bound or _adjustable(name, universe):
                    return found[-1]
        if found:
            return found[0]
    return None


def _where_it_applies(
    gate: Gate, quiet: list[dict[str, Any]], universe: Universe, engine: Engine
) -> Iterator[dict[str, Any]]:
    """The quiet accounts of which a gate asks nothing, with one fact moved just so far that it does."""
    if gate.when is None:
        return
    guard = replace(gate, when=None, test=Require(gate.when, gate.when_text))
    for account in quiet:
        if evaluate(gate.when, situation_of(account, engine)) is False:
            for name in _movers(guard, universe):
                edge = _first(guard, account, name, engine)
                if edge is not None:
                    yield moved(account, name, edge.passes)


def _first(gate: Gate, facts: Mapping[str, Any], name: str, engine: Engine) -> Edge | None:
    try:
        return next(edges(gate, facts, name, engine), None)
    except NotLinear:
        return None


def accounts(universe: Universe, symbol: str, strategy: str) -> Iterator[dict[str, Any]]:
    """The accounts that pairs are looked for in: one that holds nothing, and one whose strategy holds what it buys."""
    flat = quiet_facts(universe, symbol, NAV, strategy=strategy)
    yield flat
    quantity = Decimal(universe.symbol(symbol)["filters"]["step"]) * HELD_STEPS
    held = {"quantity": canonical(quantity), "notional": canonical(quantity * Decimal(flat["order"]["price"]))}
    yield {
        **flat,
        "position": {**flat["position"], **held},
        "own": {**flat["own"], **held, "cost": held["notional"], "positions": "1"},
        "positions": {"open": "1"},
    }


def _movers(gate: Gate, universe: Universe) -> list[str]:
    """The facts that move a gate's measure or its bound, the adjustable one first, then as they are read."""
    names = [n for n in facts_read(gate, universe.ruleset) if movable(universe.ruleset, n)]
    facts = universe.ruleset.catalog.facts
    varying = any(facts[n].varies_with for n in reach(universe.ruleset, *gate_nodes(gate)) if n in facts)
    found = [n for n in names if not (varying and _adjustable(n, universe))]
    return sorted(found, key=lambda n: not _adjustable(n, universe))


def _adjustable(name: str, universe: Universe) -> bool:
    solve = universe.ruleset.head.solve
    return solve is not None and name == solve.fact

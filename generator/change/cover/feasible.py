"""Feasibility: which order sizes every gate lets through, at a NAV, on an account that holds nothing.

Exact, on the lattice of the symbol's step. Leverage is what the sizing table gives; the venue's brackets are followed
through every size; statistics (`varies_with` facts that the universe does not know) are those of the quiet account.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from engine import Engine, lattice
from engine.judge import Judgement, Outcome
from engine.numbers import canonical, exact
from engine.reach import reach
from engine.ruleset import Gate, gate_nodes
from generator.change.cover.edges import judged, moved, passing, situation_of
from generator.change.cover.grid import MOST_STEPS, Grid
from universe.quiet import quiet_facts
from universe.reader import Universe

SIDES: Final = ("BUY", "SELL")
SIZING: Final = "size"
BRACKET: Final = "bracket.leverage"
Ranges = lattice.Ranges


@dataclass(frozen=True, slots=True)
class Leaves:
    """A gate, the ranges of steps that it leaves, from none on, and what it says at the size that it is named for."""

    gate: Gate
    ranges: Ranges
    said: Judgement

    def lets(self, steps: int) -> bool:
        """Whether so many steps pass."""
        return any(lo <= steps <= hi for lo, hi in self.ranges)

    @property
    def is_ceiling(self) -> bool:
        """Whether it leaves small sizes, if only none at all, and no large ones."""
        return bool(self.ranges) and self.ranges[-1][1] < MOST_STEPS


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes that pass, in steps of the symbol, and the gates that close the rest.

    `below` close just under the smallest, `above` just over the largest. Where nothing passes, `ceilings` and `floors`
    are the gates that leave nothing together, or `blocked` those that let no size through at all; `needed` is the
    smallest size that all but the ceilings would pass. `proposed` is what the sizing table asks for at most, None
    where there is none. Gates that can't be followed are in `left_out`.
    """

    symbol: str
    strategy: str
    side: str
    price: Decimal
    step: Decimal
    facts: Mapping[str, Any]
    ranges: Ranges
    below: tuple[Leaves, ...] = ()
    above: tuple[Leaves, ...] = ()
    ceilings: tuple[Leaves, ...] = ()
    floors: tuple[Leaves, ...] = ()
    blocked: tuple[Leaves, ...] = ()
    needed: int | None = None
    proposed: int | None = None
    left_out: tuple[str, ...] = ()

    @property
    def out_of_proposal(self) -> bool:
        """Whether sizes pass, but none as small as what the sizing table proposes."""
        return bool(self.ranges) and self.proposed is not None and self.proposed < self.ranges[0][0]


def sizes(universe: Universe, nav: Decimal, prices: Mapping[str, Decimal] | None = None) -> Iterator[Sizes]:
    """The sizes of each strategy that runs, each of its symbols that is enabled, and each side.

    Args:
        universe: whose rules decide.
        nav: in USDT.
        prices: of symbols, instead of the quiet account's.
    """
    engine = Engine(universe.ruleset, "interpreter")
    for strategy, running in universe.running.items():
        for symbol in running.symbols:
            if universe.symbol(symbol)["enabled"]:
                for side in SIDES:
                    yield sizes_of(universe, engine, nav, (symbol, strategy, side), (prices or {}).get(symbol))


def sizes_of(
    universe: Universe, engine: Engine, nav: Decimal, whose: tuple[str, str, str], price: Decimal | None = None
) -> Sizes:
    """The sizes of a symbol, strategy and side."""
    symbol, strategy, side = whose
    facts = quiet_facts(universe, symbol, nav, strategy=strategy)
    facts["order"]["side"] = side
    if price is not None:
        facts["order"]["price"] = facts["mark"]["price"] = facts["book"]["bid"] = canonical(price)
        facts["book"]["ask"] = canonical(price + Decimal(universe.symbol(symbol)["filters"]["tick"]))
    notional, leverage = _sized(facts, engine)
    if leverage is not None:
        facts["order"]["leverage"] = canonical(leverage)
    step, at = Decimal(universe.symbol(symbol)["filters"]["step"]), Decimal(facts["order"]["price"])
    left, left_out = _left(facts, universe, engine, step)
    proposed = None if notional is None else int(notional / at // step)
    made = Sizes(symbol, strategy, side, at, step, facts, [], proposed=proposed, left_out=left_out)
    return _Closing(made, left, universe, engine).sizes()


def _sized(facts: Mapping[str, Any], engine: Engine) -> tuple[Decimal | None, Decimal | None]:
    """The notional and leverage that the sizing table proposes."""
    if SIZING not in engine.ruleset.tables:
        return None, None
    found = engine.answer(SIZING, engine.reader.read(facts)).outputs
    notional, leverage = found.get("notional"), found.get("leverage")
    return (
        notional if isinstance(notional, Decimal) else None,
        leverage if isinstance(leverage, Decimal) else None,
    )


def _left(
    facts: dict[str, Any], universe: Universe, engine: Engine, step: Decimal
) -> tuple[list[tuple[Gate, Ranges]], tuple[str, ...]]:
    """What each gate leaves; and the gates that can't be followed."""
    found, left_out = [], []
    brackets = list(_brackets(facts, universe, step))
    for gate in universe.ruleset.gates:
        if not gate.enforced:
            continue
        varies = BRACKET in reach(universe.ruleset, *gate_nodes(gate))
        parts = brackets if varies else [(0, MOST_STEPS, facts)]
        try:
            ranges = [r for lo, hi, about in parts for r in _passing(gate, about, step, (lo, hi), engine)]
        except lattice.NotLinear:
            left_out.append(gate.id)
            continue
        found.append((gate, lattice.joined(ranges)))
    return found, tuple(left_out)


def _passing(gate: Gate, facts: Mapping[str, Any], step: Decimal, within: tuple[int, int], engine: Engine) -> Ranges:
    solve = engine.ruleset.head.solve
    assert solve is not None
    lo, hi = within
    grid = Grid(step * (lo - 1), step, hi - lo + 1)
    with exact():
        found = passing(gate, situation_of(facts, engine), solve.fact, grid)
    return [(first + lo - 1, last + lo - 1) for first, last in found]


def _brackets(facts: dict[str, Any], universe: Universe, step: Decimal) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The steps of each of the venue's brackets, with the leverage that it allows; none is known beyond the last."""
    price, first = Decimal(facts["order"]["price"]), 0
    for bracket in universe.symbol(facts["order"]["symbol"])["brackets"]:
        last = min(int(Decimal(bracket["notional_cap"]) / price // step), MOST_STEPS)
        if last >= first:
            yield first, last, {**facts, "bracket": {"leverage": bracket["leverage"]}}
            first = last + 1
    if first <= MOST_STEPS:
        yield first, MOST_STEPS, {**facts, "bracket": {"leverage": None}}


class _Closing:
    """Which gates close what the others leave."""

    def __init__(self, made: Sizes, left: list[tuple[Gate, Ranges]], universe: Universe, engine: Engine) -> None:
        self._made, self._universe, self._engine = made, universe, engine
        self._left = [Leaves(gate, ranges, Judgement(gate, Outcome.PASS)) for gate, ranges in left]

    def sizes(self) -> Sizes:
        """The sizes that pass, with the gates that close the rest."""
        ranges = _common(self._left)
        if not ranges:
            return self._nothing()
        (smallest, _), (_, largest) = ranges[0], ranges[-1]
        below = self._stopping(self._left, smallest - 1) if smallest > 1 else ()
        above = self._stopping(self._left, largest + 1) if largest < MOST_STEPS else ()
        return replace(self._made, ranges=ranges, below=below, above=above)

    def _nothing(self) -> Sizes:
        others = [g for g in self._left if not g.is_ceiling]
        rest = _common(others)
        if not rest:
            blocking = [g for g in others if not _common([g])] or _fewest(others)
            return replace(self._made, blocked=tuple(self._at(g, 1) for g in blocking))
        needed = rest[0][0]
        ceilings = self._stopping([g for g in self._left if g.is_ceiling], needed)
        floors = self._stopping(others, needed - 1) if needed > 1 else ()
        if not ceilings:
            return replace(self._made, blocked=tuple(self._at(g, needed) for g in _fewest(self._left)))
        return replace(self._made, ceilings=ceilings, floors=floors, needed=needed)

    def _stopping(self, among: list[Leaves], steps: int) -> tuple[Leaves, ...]:
        return tuple(self._at(g, steps) for g in among if not g.lets(steps))

    def _at(self, leaves: Leaves, steps: int) -> Leaves:
        """A gate with what it says of so many steps, in the bracket that they would be in."""
        solve = self._engine.ruleset.head.solve
        assert solve is not None
        facts, quantity = self._made.facts, self._made.step * steps
        leverage = self._universe.bracket_leverage(self._made.symbol, quantity * self._made.price)
        bracket = {"leverage": None if leverage is None else canonical(leverage)}
        about = moved({**facts, "bracket": bracket}, solve.fact, quantity)
        return replace(leaves, said=judged(leaves.gate, about, self._engine))


def _common(left: list[Leaves]) -> Ranges:
    """The steps, one at least, that all of them leave."""
    ranges: Ranges = [(1, MOST_STEPS)]
    for leaves in left:
        ranges = lattice.intersected(ranges, leaves.ranges)
    return ranges


def _fewest(left: list[Leaves]) -> list[Leaves]:
    """A smallest set of gates that leave nothing together: without any of them something passes."""
    kept = list(left)
    for leaves in left:
        without = [g for g in kept if g is not leaves]
        if not _common(without):
            kept = without
    return kept

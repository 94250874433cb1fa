"""Grids: the least by which a fact, a cap or a price moves, and where a fact may be at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from engine.catalog import Fact
from engine.ruleset import RuleSet, Subject
from engine.tree import Sign
from engine.units import Unit

# The finest that facts come in: a basis point, a millisecond, a cent, one.
FACT_GRID: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"ratio": Decimal("0.0001"), "duration": Decimal("0.001"), "USDT": Decimal("0.01"), "count": Decimal(1)}
)
# The finest that people write: a basis point, a second, a dollar, one.
CAP_GRID: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"ratio": Decimal("0.0001"), "duration": Decimal(1), "USDT": Decimal(1), "count": Decimal(1)}
)
# What is counted in a symbol's own coin moves as the venue lets it.
OF_SYMBOL: Final[Mapping[str, str]] = MappingProxyType({"base": "symbol.step", "USDT/base": "symbol.tick"})
MOST_STEPS: Final = 10**15


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a fact may be: `start` and k steps, for k from 1 to `last`."""

    start: Decimal
    step: Decimal
    last: int

    def value(self, k: int) -> Decimal:
        """The fact's value after k steps."""
        return self.start + self.step * k

    def nearest(self, value: Decimal) -> int:
        """The k whose value is nearest to a value, from below where none is."""
        return min(max(int((value - self.start) // self.step), 1), self.last)


def step_of(unit: Unit, subject: Subject | None, table: Mapping[str, Decimal] = FACT_GRID) -> Decimal | None:
    """The least by which numbers of a unit move; None where a unit has no grid, or there is no subject to ask."""
    if unit.name in table:
        return table[unit.name]
    name = OF_SYMBOL.get(unit.name)
    step = subject.facts.get(name) if subject is not None and name is not None else None
    return step if isinstance(step, Decimal) else None


def grid_of(fact: Fact, subject: Subject | None) -> Grid | None:
    """Every value on its grid that a fact may have; None for what is no number or has no grid."""
    step = step_of(fact.unit, subject) if fact.unit.numeric else None
    if step is None:
        return None
    lowest = fact.low
    if lowest is None:
        lowest = {Sign.POSITIVE: step, Sign.NONNEGATIVE: Decimal(0)}.get(fact.sign, -step * MOST_STEPS)
    last = 2 * MOST_STEPS if fact.high is None else int((fact.high - lowest) // step) + 1
    return Grid(lowest - step, step, last)


def movable(ruleset: RuleSet, name: str) -> bool:
    """Whether a name is a number that whoever asks supplies."""
    fact = ruleset.catalog.facts.get(name)
    return fact is not None and fact.supplied and fact.unit.numeric

"""Which code is which strategy of the rules."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from strategies.momentum import Momentum
from strategies.protocol import Strategy
from strategies.vol_target import VolTarget
from universe.reader import Universe

STRATEGIES: Final[Mapping[str, Callable[..., Strategy]]] = MappingProxyType(
    {"momentum": Momentum, "vol_target": VolTarget}
)


class NoSuchStrategy(LookupError):
    """The universe lets a strategy run for which there is no code."""


def make(universe: Universe) -> tuple[Strategy, ...]:
    """The strategies that a universe lets run, set as it says, in its order.

    Raises:
        NoSuchStrategy: one of them has no code here.
    """
    made = []
    for name, set_as in universe.running.items():
        if name not in STRATEGIES:
            raise NoSuchStrategy(f"`{name}` is to run, and no code is called so; there are {', '.join(STRATEGIES)}")
        made.append(STRATEGIES[name](name=name, every=set_as.every, symbols=set_as.symbols, **set_as.params))
    return tuple(made)

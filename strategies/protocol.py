"""The protocol of `universe.protocol`, and what every strategy asks of a view before anything else."""

from collections.abc import Sequence

from universe.protocol import JSON, Answer, Strategy, View
from universe.trading import Bar

__all__ = ["JSON", "Answer", "Strategy", "View", "latest"]


def latest(view: View, symbol: str, strategy: Strategy) -> Sequence[Bar] | None:
    """The last `warm_up` bars of a symbol, if there are so many and the last of them is the one that closed now.

    After a stretch without trades nothing is known of now, so nothing is wanted.
    """
    bars = view.bars.get(symbol, ())
    if len(bars) < strategy.warm_up or bars[-1].closed <= view.time - strategy.every:
        return None
    return bars[-strategy.warm_up :]

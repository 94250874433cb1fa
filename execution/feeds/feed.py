"""What every feed says of itself, whether its prices were recorded or made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from universe.trading import Remark, Tick


@dataclass(frozen=True, slots=True)
class Feed:
    """Ticks in the order of time; iterating again starts again, and gives the same.

    Args:
        symbols: the contracts that it has bars of, sorted.
        interval: seconds of a bar.
        label: what people read: "candles 1m", "synthetic 5m".
        synthetic: no real prices.
        fingerprint: SHA-256 of all that the ticks follow from: the files read, or the parameters.
        first: when the first bar closes, Unix seconds; the time of the first tick.
        last: when the last bar closes; the time of the last tick.
        ticks: how many ticks to expect. Fewer come where all symbols have a gap at once.
        remarks: what is known before the first tick; the ticks carry the rest.
        start: begins an iteration.
        ends: when the last bar of a symbol closes, for those that end a day or more before the feed does.
    """

    symbols: tuple[str, ...]
    interval: int
    label: str
    synthetic: bool
    fingerprint: str
    first: int
    last: int
    ticks: int
    remarks: tuple[Remark, ...]
    start: Callable[[], Iterator[Tick]] = field(repr=False, compare=False)
    ends: Mapping[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Tick]:
        """The ticks from the beginning.

        Raises:
            FeedFault: while iterating, before the tick of the first row that can't be trusted, or one or two earlier.
        """
        return self.start()


def interval_name(seconds: int) -> str:
    """An interval as venues write it: `1m`, `4h`, `1d`."""
    for letter, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"

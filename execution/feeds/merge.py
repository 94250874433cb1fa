"""Several symbols as one stream of ticks, in the order of time: nothing is lost, nothing stands before its time."""

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain
from typing import Generic, TypeVar

from execution.feeds import remarks
from execution.feeds.plausible import Plausibility
from execution.feeds.sequence import Found
from universe.trading import Bar, Funding, Mark, Remark, Tick

E = TypeVar("E", Funding, Mark)


def ticks(
    bars: Mapping[str, Iterable[Found[Bar]]],
    fundings: Iterable[Iterable[Found[Funding]]] = (),
    marks: Iterable[Iterable[Found[Mark]]] = (),
) -> Iterator[Tick]:
    """A tick for each second at which a bar closes, with the fundings and marks since the tick before.

    What happened until the first candle opened is left out, and counted in a remark of the first tick: before it
    there is no price. Each stream is in the order of time; of each, one row is held.

    Raises:
        FeedFault: what a stream raises, and what no market does.
    """
    streams = {symbol: iter(bars[symbol]) for symbol in sorted(bars)}
    heads = {symbol: row for symbol, stream in streams.items() if (row := next(stream, None))}
    if not heads:
        return
    settled, marked, plausibility = _Waiting(fundings), _Waiting(marks), Plausibility()
    opening = min(row[0].opened for row in heads.values())
    left_out = len(settled.until(opening)) + len(marked.until(opening))
    more = [remarks.earlier(opening, left_out)] if left_out else []
    while heads:
        time = min(row[0].closed for row in heads.values())
        found = _take(heads, streams, time)
        paid, seen = settled.until(time), marked.until(time)
        more += plausibility.judge(found, [(row[0], f"{row[2]}:{row[3]}") for row in seen])
        yield Tick(
            time,
            tuple([row[0] for row in found]),
            tuple([row[0] for row in paid]),
            tuple([row[0] for row in seen]),
            (*_remarks(found), *_remarks(paid), *_remarks(seen), *more),
        )
        more = []


def _take(heads: dict[str, Found[Bar]], streams: Mapping[str, Iterator[Found[Bar]]], time: int) -> list[Found[Bar]]:
    found = []
    for symbol, row in list(heads.items()):
        if row[0].closed == time:
            found.append(row)
            following = next(streams[symbol], None)
            if following is None:
                del heads[symbol]
            else:
                heads[symbol] = following
    return found


def _remarks(found: Iterable[Found[Bar]] | Iterable[Found[E]]) -> Iterator[Remark]:
    return chain.from_iterable(row[1] for row in found)


class _Waiting(Generic[E]):
    """What happens beside the candles, in the order of time and symbol, until it is asked for."""

    def __init__(self, streams: Iterable[Iterable[Found[E]]]) -> None:
        self._rows: Iterator[Found[E]] = iter(merge(*streams, key=_time_and_symbol))
        self._next: Found[E] | None = next(self._rows, None)

    def until(self, time: int) -> list[Found[E]]:
        """What happens up to this second and was not asked for before."""
        found = []
        while self._next is not None and self._next[0].time <= time:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found


def _time_and_symbol(row: Found[E]) -> tuple[int, str]:
    return row[0].time, row[0].symbol

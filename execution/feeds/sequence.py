"""Rows of one symbol in the order of time: repetitions are dropped and counted, gaps named, disorder refused."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Generic, Protocol, TypeVar

from execution.feeds import remarks
from execution.feeds.faults import FeedFault, Flaw
from execution.feeds.remarks import RemarkCode, when
from universe.trading import Bar, Funding, Remark

# The venue settles every 1, 2, 4 or 8 hours, and may change the interval while a contract is listed; a settlement is
# recorded up to seconds late.
LONGEST_FUNDING_INTERVAL: Final = 8 * 3_600
LATE: Final = 60


class OfSymbol(Protocol):
    """Whatever belongs to one symbol."""

    @property
    def symbol(self) -> str:
        """The contract's name."""


T = TypeVar("T", bound=OfSymbol)

Found = tuple[T, tuple[Remark, ...], str, int]


@dataclass(frozen=True, slots=True)
class Spacing(Generic[T]):
    """How the rows of a kind follow each other: when one starts, until when the next is due, and the remark on a row
    that starts later.
    """

    start: Callable[[T], int]
    due: Callable[[T], int]
    gap: Callable[[T, T], Remark]


def candle_spacing(code: RemarkCode = RemarkCode.GAP) -> Spacing[Bar]:
    """A candle opens when the one before closes; `code` names the gap, of candles or of bars of the mark."""
    return Spacing(
        attrgetter("opened"),
        attrgetter("closed"),
        lambda one, two: remarks.gap(one.symbol, one.closed, two.opened, one.closed - one.opened, code),
    )


def funding_spacing() -> Spacing[Funding]:
    """A settlement comes eight hours after the one before at the latest."""
    return Spacing(
        attrgetter("time"),
        lambda one: one.time + LONGEST_FUNDING_INTERVAL + LATE,
        lambda one, two: remarks.funding_gap(one.symbol, one.time, two.time),
    )


def in_order(rows: Iterable[tuple[T, str, int]], spacing: Spacing[T]) -> Iterator[Found[T]]:
    """Each row once, with what there is to remark on it, its path and line.

    A row waits for the next one, so that its repetitions are counted with it.

    Raises:
        FeedFault: a time comes again with other values, or after a later one.
    """
    start_of, due_of = spacing.start, spacing.due
    waiting = iter(rows)
    held = next(waiting, None)
    if held is None:
        return
    found: tuple[Remark, ...] = ()
    repeats, start, due = 0, start_of(held[0]), due_of(held[0])
    for row in waiting:
        next_start = start_of(row[0])
        if next_start > start:
            yield (held[0], _counted(found, held[0].symbol, start, repeats), held[1], held[2])
            found = (spacing.gap(held[0], row[0]),) if next_start > due else ()
            held, repeats, start, due = row, 0, next_start, due_of(row[0])
        elif next_start < start:
            place = f"{row[1]}:{row[2]}"
            raise FeedFault(Flaw.OUT_OF_ORDER.at(place, time=when(next_start), before=when(start)))
        elif row[0] == held[0]:
            repeats += 1
        else:
            raise FeedFault(Flaw.DIFFERENT.at(f"{row[1]}:{row[2]}", time=when(start)))
    yield (held[0], _counted(found, held[0].symbol, start, repeats), held[1], held[2])


def _counted(found: tuple[Remark, ...], symbol: str, time: int, repeats: int) -> tuple[Remark, ...]:
    return (*found, remarks.duplicate(symbol, time, repeats)) if repeats else found

"""Prices that no market makes: jumps, and rows of one symbol in the file of another.

A contract trades on from where it was: a candle opens where the one before closed, also in a crash. Each candle's
open is therefore held against the close before it, the two no more than an hour apart:

- two symbols, both more than 5 % away, that land within 1 % of where the other stood: exchanged, refused;
- more than a factor of 3 away, within 10 % of where another symbol stood: exchanged, refused;
- more than a factor of 5: refused, as another contract, currency or denomination;
- more than a factor of 3: a remark, and so is any such move over a longer gap.

A candle whose high is more than three times its low is a remark: wicks of that size have been traded. A mark more
than a factor of 3 from the close of its candle is refused; so are two that fit each other's candles within 1 %.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from execution.feeds import remarks
from execution.feeds.faults import Fault, FeedFault, Flaw
from execution.feeds.remarks import when
from execution.feeds.sequence import Found
from universe.trading import Bar, Mark, Remark

MOVED: Final = Decimal("1.05")
SAME: Final = Decimal("1.01")
ALIKE: Final = Decimal("1.1")
LARGE: Final = Decimal(3)
IMPOSSIBLE: Final = Decimal(5)
NEIGHBOURS: Final = 3_600

Prices = Mapping[str, Decimal]
Move = tuple[Bar, Bar, str]


class Plausibility:
    """Watches the bars and marks of all symbols as they pass, and remembers the last bar of each."""

    def __init__(self) -> None:
        self._last: dict[str, Bar] = {}

    def judge(self, found: Sequence[Found[Bar]], marks: Sequence[tuple[Mark, str]]) -> list[Remark]:
        """What is remarkable about the bars that close at one time, and the marks since the time before.

        Raises:
            FeedFault: they can't be true.
        """
        last, remarkable, moves = self._last, list[Remark](), list[Move]()
        for bar, _, path, line in found:
            is_wide = bar.low * MOVED < bar.high
            if is_wide and bar.low * LARGE < bar.high:
                remarkable.append(remarks.spike(bar.symbol, bar.opened, bar.high, bar.low))
            before = last.get(bar.symbol)
            # Most candles are narrow and reach the close before them: that needs no more arithmetic.
            if before is None or (not is_wide and bar.low <= before.close <= bar.high):
                continue
            if apart(before.close, bar.open, MOVED):
                moves.append((before, bar, f"{path}:{line}"))
        if moves:
            remarkable += self._judge_moves(moves)
        for row in found:
            last[row[0].symbol] = row[0]
        if marks:
            self._judge_marks(marks)
        return remarkable

    def _judge_moves(self, moves: Sequence[Move]) -> list[Remark]:
        stood = {symbol: bar.close for symbol, bar in self._last.items()}
        moved = {bar.symbol: bar.open for _, bar, _ in moves}
        remarkable = []
        for before, bar, place in moves:
            is_near = bar.opened - before.closed <= NEIGHBOURS
            if other := _exchanged(bar.symbol, stood, moved) or (is_near and _landed_on(bar.symbol, stood, moved)):
                raise FeedFault(_swapped(place, before, bar, other, stood[other]))
            if is_near and apart(before.close, bar.open, IMPOSSIBLE):
                words = {"symbol": bar.symbol, "before": before.close, "after": bar.open, "limit": IMPOSSIBLE}
                raise FeedFault(Flaw.JUMP.at(place, **words))
            if apart(before.close, bar.open, LARGE):
                remarkable.append(remarks.jump(bar.symbol, bar.opened, before.close, bar.open))
        return remarkable

    def _judge_marks(self, marks: Sequence[tuple[Mark, str]]) -> None:
        held = [(mark, place, self._last[mark.symbol]) for mark, place in marks if mark.symbol in self._last]
        held = [(mark, place, bar) for mark, place, bar in held if bar.opened < mark.time <= bar.closed]
        stood = {bar.symbol: bar.close for _, _, bar in held}
        moved = {bar.symbol: mark.price for mark, _, bar in held if apart(bar.close, mark.price, MOVED)}
        for mark, place, bar in held:
            words = {"symbol": bar.symbol, "mark": mark.price, "time": when(mark.time), "close": bar.close}
            if bar.symbol in moved and (other := _exchanged(bar.symbol, stood, moved)):
                raise FeedFault(Flaw.MARK_OF_OTHER.at(place, other=other, level=stood[other], **words))
            if apart(bar.close, mark.price, LARGE):
                raise FeedFault(Flaw.MARK_APART.at(place, limit=LARGE, **words))


def apart(one: Decimal, other: Decimal, factor: Decimal) -> bool:
    """Whether one price is more than so many times the other."""
    return one * factor < other or other * factor < one


def _exchanged(symbol: str, stood: Prices, moved: Prices) -> str | None:
    """The symbol that went where this one stood, when this one went where that one stood."""
    for other in moved:
        if other == symbol or apart(moved[symbol], stood[other], SAME):
            continue
        if not apart(moved[other], stood[symbol], SAME):
            return other
    return None


def _landed_on(symbol: str, stood: Prices, moved: Prices) -> str | None:
    """The symbol nearest to where this one has leapt to, if it is near."""
    if not apart(stood[symbol], moved[symbol], LARGE):
        return None
    others = [other for other in stood if other != symbol and not apart(stood[other], moved[symbol], ALIKE)]
    return min(others, key=lambda other: abs(stood[other] - moved[symbol]), default=None)


def _swapped(place: str, before: Bar, bar: Bar, other: str, level: Decimal) -> Fault:
    return Flaw.SWAPPED.at(
        place,
        symbol=bar.symbol,
        before=before.close,
        after=bar.open,
        time=when(bar.opened),
        other=other,
        level=level,
    )

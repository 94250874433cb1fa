"""Rows of a file as bars and fundings, each checked by itself."""

from collections.abc import Callable, Iterator
from decimal import Decimal, DecimalException
from typing import Final

from engine.numbers import MAX_DIGITS, MAX_MAGNITUDE, NumberFault
from execution.feeds.faults import Fault, FeedFault, Flaw
from execution.feeds.feed import interval_name
from execution.feeds.lines import TIME_HELP, blocks
from execution.feeds.remarks import when
from execution.feeds.sources import Layout, Source
from execution.feeds.times import EpochTimes, ReadTime, TimeFault
from universe.trading import Bar, Funding

COLUMNS: Final = ("open", "high", "low", "close", "volume")
# The venue bounds rates to a few percent, 3% for most contracts; beyond this it is a percentage or another column.
HIGHEST_RATE: Final = Decimal("0.1")

Row = tuple[Bar, str, int]
FundingRow = tuple[Funding, str, int]


def bars(source: Source, interval: int) -> Iterator[Row]:
    """The bars of a file, with path and line.

    Raises:
        FeedFault: at the first row that is no candle.
    """
    symbol, path, columns, clock = source.symbol, str(source.path), source.layout.columns, source.clock()
    closes = clock.closes if isinstance(clock, EpochTimes) else None
    for number, lines, plain, _ in blocks(source.path, source.has_header):
        parse: Callable[[str], Decimal] = Decimal if plain else _bounded
        for line in lines:
            cells = line.split(",")
            try:
                opened = clock(cells[0])
                open_, high, low, close, volume = map(parse, cells[1:6])
            except (ValueError, DecimalException):
                raise FeedFault(_flaw(source, clock, interval, line, number)) from None
            if (
                len(cells) != columns
                or opened % interval
                or not (0 < low <= open_ <= high >= close >= low)
                or volume < 0
                or (closes and not closes(cells[6], opened + interval))
            ):
                raise FeedFault(_flaw(source, clock, interval, line, number))
            yield Bar(symbol, opened, opened + interval, open_, high, low, close, volume), path, number
            number += 1


def fundings(source: Source) -> Iterator[FundingRow]:
    """The settlements of a file, with path and line; times are cut to the second.

    Raises:
        FeedFault: at the first row that is no settlement.
    """
    symbol, path, clock = source.symbol, str(source.path), source.clock()
    columns, column = source.layout.columns, 1 if source.layout is Layout.PLAIN else 2
    for number, lines, _, _ in blocks(source.path, source.has_header):
        for line in lines:
            place, cells = f"{path}:{number}", line.split(",")
            if len(cells) != columns:
                raise FeedFault(Flaw.BAD_COLUMNS.at(place, count=len(cells), expected=columns))
            try:
                time, rate = clock(cells[0]), _bounded(cells[column])
            except TimeFault as why:
                raise FeedFault(Flaw.BAD_TIME.at(place, text=cells[0], why=why, expected=TIME_HELP)) from None
            except (NumberFault, DecimalException):
                raise FeedFault(Flaw.BAD_NUMBER.at(place, column="rate", text=cells[column])) from None
            if abs(rate) > HIGHEST_RATE:
                raise FeedFault(Flaw.BAD_RATE.at(place, value=rate, limit=HIGHEST_RATE))
            yield Funding(symbol, time, rate), path, number
            number += 1


def _bounded(text: str) -> Decimal:
    """A number that has an exponent or is long: what `Decimal` says, within the engine's bounds."""
    value = Decimal(text)
    if len(value.as_tuple().digits) > MAX_DIGITS or (value and abs(value.adjusted()) > MAX_MAGNITUDE):
        raise NumberFault(text)
    return value


def _flaw(source: Source, clock: ReadTime, interval: int, line: str, number: int) -> Fault:
    """What is wrong with a row that `bars` didn't take; the first thing, in the order of the columns."""
    place, cells = f"{source.path}:{number}", line.split(",")
    if len(cells) != source.layout.columns:
        return Flaw.BAD_COLUMNS.at(place, count=len(cells), expected=source.layout.columns)
    try:
        opened = clock(cells[0])
    except TimeFault as why:
        return Flaw.BAD_TIME.at(place, text=cells[0], why=why, expected=TIME_HELP)
    if opened % interval:
        return Flaw.MISALIGNED.at(place, time=when(opened), interval=interval_name(interval))
    words = {"time": when(opened), "interval": interval_name(interval)}
    return _flaw_of_numbers(place, cells) or Flaw.BAD_CLOSE_TIME.at(place, text=cells[-6], **words)


def _flaw_of_numbers(place: str, cells: list[str]) -> Fault | None:
    values: dict[str, Decimal] = {}
    for column, text in zip(COLUMNS, cells[1:6], strict=True):
        try:
            values[column] = _bounded(text)
        except (ValueError, DecimalException):
            return Flaw.BAD_NUMBER.at(place, column=column, text=text)
    for column, value in values.items():
        if value < 0 or (value == 0 and column != "volume"):
            return Flaw.NOT_POSITIVE.at(place, column=column, value=value, sign="negative" if value else "not positive")
    *prices, _ = values.values()
    if values["high"] == max(prices) and values["low"] == min(prices):
        return None
    return Flaw.BAD_RANGE.at(place, **values)

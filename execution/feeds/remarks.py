"""What a reader must know of the data: each remark with its meaning and wording."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from universe.trading import Remark

NAMED: Final = 10


class RemarkCode(StrEnum):
    """Every kind of remark of a feed, with what it means."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> "RemarkCode":
        """A code with its meaning."""
        remark = str.__new__(cls, code)
        remark._value_ = code
        remark.meaning = meaning
        return remark

    DUPLICATE = "duplicate", "A row that repeats the one before it in every value; dropped. `count` says how many."
    GAP = "gap", "Candles that are missing; none is invented, and the symbol has no bar then. `count` says how many."
    MARK_GAP = "mark-gap", "Bars of the mark price that are missing. `count` says how many."
    FUNDING_GAP = (
        "funding-gap",
        "More than eight hours without a funding settlement, the longest interval that there is.",
    )
    JUMP = "jump", "A price that moved by more than a factor of three from one candle to the next, and may be real."
    SPIKE = "spike", "A candle whose high is more than three times its low; may be real, as wicks have been."
    EXPONENT = "exponent", "Numbers written with an exponent, as programs write floats; read exactly as they stand."
    LAST_ROW = (
        "last-row",
        "The last candle of a symbol may have been fetched before it closed; kept. `count` in symbols.",
    )
    CUT = "cut", "A file that ends within a line: it may be cut short, and its last number with it. `count` in files."
    PARTIAL = "partial", "A symbol that starts later or ends earlier than the feed. `count` in candles."
    UNKNOWN_SYMBOL = "unknown-symbol", "Files of a symbol that was not asked for; not read. `count` in files."
    NO_CANDLES = "no-candles", "Symbols that were asked for and have no file. `count` in symbols."
    NO_FUNDING = (
        "no-funding",
        "Symbols without recorded funding: holding them costs and earns none. `count` in symbols.",
    )
    NO_MARKS = "no-marks", "Symbols without a recorded mark price. `count` in symbols."
    EARLIER = "earlier", "Fundings and marks from before the first candle opens; left out. `count` says how many."
    SYNTHETIC = "synthetic", "No real prices: a market made from a seed."


def when(seconds: int) -> str:
    """A time for people: `2025-05-04 15:33Z`, with seconds only where there are some."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%d %H:%MZ" if seconds % 60 == 0 else "%Y-%m-%d %H:%M:%SZ")


def duplicate(symbol: str, time: int, count: int) -> Remark:
    """Rows that repeat the one at `time`."""
    text = f"{count} more {'row repeats' if count == 1 else 'rows repeat'} {when(time)} exactly; dropped"
    return Remark(RemarkCode.DUPLICATE, symbol, time, text, count)


def gap(symbol: str, since: int, until: int, interval: int, code: RemarkCode = RemarkCode.GAP) -> Remark:
    """No bar from `since`, when the one before closed, until `until`, when the next opens."""
    missing = (until - since) // interval
    what = _candles(missing) + (" of the mark price" if code is RemarkCode.MARK_GAP else "")
    return Remark(code, symbol, since, f"{missing} {what} missing from {when(since)} to {when(until)}", missing)


def funding_gap(symbol: str, since: int, until: int) -> Remark:
    """No settlement between two that are too far apart."""
    text = f"no funding settled after {when(since)} until {when(until)}"
    return Remark(RemarkCode.FUNDING_GAP, symbol, since, text)


def jump(symbol: str, time: int, before: Decimal, after: Decimal) -> Remark:
    """A move from one candle to the next that is large and may be real."""
    return Remark(RemarkCode.JUMP, symbol, time, f"from {before} to {after} at {when(time)}")


def spike(symbol: str, time: int, high: Decimal, low: Decimal) -> Remark:
    """A candle with a range that is large and may be real."""
    return Remark(RemarkCode.SPIKE, symbol, time, f"high {high}, low {low} in one candle at {when(time)}")


def exponents(symbol: str, count: int) -> Remark:
    """Numbers of a symbol's candles that have an exponent."""
    return Remark(
        RemarkCode.EXPONENT, symbol, None, f"{count} numbers are written with an exponent; read exactly", count
    )


def last_rows(symbols: Sequence[str]) -> Remark:
    """The candles that may not have been closed."""
    text = "the last candle of a file may have been fetched before it closed; it is kept"
    return Remark(RemarkCode.LAST_ROW, None, None, f"{text}: {listed(symbols)}", len(symbols))


def cut(names: Sequence[str]) -> Remark:
    """Files without an end of the last line."""
    text = f"the last line has no end, so the file may be cut short: {listed(names)}"
    return Remark(RemarkCode.CUT, None, None, text, len(names))


def partial(symbol: str, late: int, early: int) -> Remark:
    """A symbol that has so many candles fewer at the feed's begin and end."""
    parts = [f"starts {late} {_candles(late)} after the first"] * (late > 0) + [
        f"ends {early} {_candles(early)} before the last"
    ] * (early > 0)
    return Remark(RemarkCode.PARTIAL, symbol, None, " and ".join(parts), late + early)


def unknown_symbol(symbol: str, files: int) -> Remark:
    """Files that nobody asked for."""
    return Remark(RemarkCode.UNKNOWN_SYMBOL, symbol, None, f"{symbol} is not in the universe; not read", files)


def lacking(code: RemarkCode, symbols: Sequence[str]) -> Remark:
    """Symbols that lack candles, fundings or marks."""
    what = {RemarkCode.NO_CANDLES: "candles", RemarkCode.NO_FUNDING: "funding", RemarkCode.NO_MARKS: "mark price"}[code]
    return Remark(code, None, None, f"no recorded {what}: {listed(symbols)}", len(symbols))


def earlier(time: int, count: int) -> Remark:
    """Fundings and marks that lie before the first candle."""
    return Remark(RemarkCode.EARLIER, None, time, f"{count} fundings and marks before {when(time)} left out", count)


def synthetic(seed: int) -> Remark:
    """The label of a synthetic market."""
    return Remark(RemarkCode.SYNTHETIC, None, None, f"synthetic market, seed {seed}: no real prices")


def _candles(count: int) -> str:
    return "candle" if count == 1 else "candles"


def listed(names: Sequence[str]) -> str:
    """The first few of them by name."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")

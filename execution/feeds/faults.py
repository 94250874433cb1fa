"""What makes a feed unusable: each fault with its wording and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can't be trusted: where (`file:line`, or a file or folder), what is wrong, what to do."""

    code: "Flaw"
    place: str
    message: str
    help: str

    def __str__(self) -> str:
        return f"{self.place}: {self.code} {self.message}\nhelp: {self.help}"


class FeedFault(Exception):
    """A feed that must not be traded on. When a folder is opened, every file at fault is named at once; later there
    is one fault, at the row where reading stopped.
    """

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults

    @property
    def place(self) -> str:
        """Where the first fault is."""
        return self.faults[0].place

    @property
    def message(self) -> str:
        """What is wrong there."""
        return self.faults[0].message

    @property
    def help(self) -> str:
        """What to do about it."""
        return self.faults[0].help


class Flaw(StrEnum):
    """Every kind of fault: its code, its wording, and the help."""

    message: str
    help: str

    def __new__(cls, code: str, message: str, help_text: str) -> "Flaw":
        """A code with its wordings."""
        flaw = str.__new__(cls, code)
        flaw._value_ = code
        flaw.message = message
        flaw.help = help_text
        return flaw

    NO_FOLDER = (
        "no-folder",
        "there is no such folder",
        "name the folder that holds `<SYMBOL>*.csv`, `.csv.gz` or `.zip`",
    )
    NO_CANDLES = (
        "no-candles",
        "the folder holds candles of none of the symbols asked for{found}",
        "files are named by their symbol: `BTCUSDT.csv.gz`, `BTCUSDT-1m-2025-05-04.zip`",
    )
    UNREADABLE = "unreadable", "the file can't be read: {why}", "see that it is there and may be read"
    DAMAGED = "damaged", "the compressed file is cut short or damaged: {why}", "fetch it again"
    CHECKSUM = "checksum", "the file is not the one that its `.CHECKSUM` names", "fetch both again"
    NOT_ONE_CSV = (
        "not-one-csv",
        "the archive holds {names}, where one `.csv` is expected",
        "keep the archive as the venue published it, or unpack it",
    )
    CHANGED = "changed", "the file has changed since the folder was opened", "start again, and leave it alone meanwhile"
    EMPTY = "empty", "the file holds no row", "remove it, or fetch it again"
    NOT_UTF8 = "not-utf8", "the file is not UTF-8 text", "unpack it, or save it as UTF-8"
    LONG_LINE = (
        "long-line",
        "a line is longer than {limit} bytes",
        "see whether the file is CSV, with a row on each line",
    )
    BAD_HEADER = "bad-header", "the header is `{header}`", "{expected}"
    BAD_COLUMNS = (
        "bad-columns",
        "a row of {expected} columns has {count}",
        "each row has as many columns as the header; numbers have no separators of thousands",
    )
    BAD_TIME = "bad-time", "`{text}` is no time: {why}", "{expected}"
    MISALIGNED = (
        "misaligned",
        "the candle opens at {time}, which is not a multiple of {interval}",
        "see whether the file holds another interval, or trades instead of candles",
    )
    BAD_NUMBER = (
        "bad-number",
        "the {column} `{text}` is no finite decimal number",
        "write digits and a point; leave out the row if there was no trade",
    )
    NOT_POSITIVE = "not-positive", "the {column} {value} is {sign}", "fetch the file again, or leave out the row"
    BAD_RANGE = (
        "bad-range",
        "open {open}, high {high}, low {low}, close {close}: the high is not the highest, or the low not the lowest",
        "see whether the columns are in the order of the header; fetch the file again",
    )
    BAD_CLOSE_TIME = (
        "bad-close-time",
        "the candle of {time} says that it closes at `{text}`, and its interval is {interval}",
        "see whether the columns are in the order of the header, and the folder holds one interval",
    )
    BAD_RATE = (
        "bad-rate",
        "a funding rate of {value} is beyond ±{limit}",
        "rates are fractions: 0.01% is 0.0001",
    )
    DIFFERENT = (
        "different-twice",
        "{time} stands twice, with different values",
        "remove the wrong row, or fetch the file again",
    )
    OUT_OF_ORDER = (
        "out-of-order",
        "{time} comes after {before}",
        "sort the file by its first column, or fetch it again",
    )
    OVERLAP = (
        "overlap",
        "begins at {time}, before `{other}` of the same symbol ends",
        "keep either the month or its days, and each of them once",
    )
    NO_INTERVAL = (
        "no-interval",
        "one row doesn't tell how long its candle is",
        "add a second row, or use the venue's layout, which has the time of the close",
    )
    BAD_INTERVAL = (
        "bad-interval",
        "the candles are {interval} apart, which does not divide a day",
        "use candles of a day or less: 1m, 5m, 15m, 1h, 4h, 1d",
    )
    MIXED = (
        "mixed-intervals",
        "holds candles of {interval}, and `{other}` of {before}",
        "one folder holds one interval",
    )
    SWAPPED = (
        "swapped-symbols",
        "{symbol} goes from {before} to {after} at {time}, and {other} stood at {level}: "
        "rows of two symbols look exchanged",
        "fetch the files of {symbol} and {other} again",
    )
    JUMP = (
        "jump",
        "{symbol} goes from {before} to {after} between two neighbouring candles, more than a factor of {limit}",
        "see whether the rows are of one contract and in one currency; if it did happen, leave out what came before",
    )
    MARK_APART = (
        "mark-apart",
        "the mark of {symbol} is {mark} at {time}, and its candle closes at {close}: more than a factor of {limit}",
        "see whether candles and marks are of the same symbol",
    )
    MARK_OF_OTHER = (
        "mark-of-other",
        "the mark of {symbol} is {mark} at {time}, where {other} closes at {level} and {symbol} at {close}: "
        "files of two symbols look exchanged",
        "see which of the files of {symbol} and {other} are exchanged, candles or marks, and fetch them again",
    )

    def at(self, place: str, **words: object) -> Fault:
        """The fault at a place; long texts from the file are cut."""
        shown = {name: str(word)[:SHOWN] if name in ("text", "header") else word for name, word in words.items()}
        return Fault(self, place, self.message.format(**shown), self.help.format(**shown))


def refuse(faults: Iterable[Fault]) -> None:
    """Raises all faults at once, sorted by place; returns where there are none.

    Raises:
        FeedFault: there is at least one.
    """
    found = sorted(faults, key=lambda fault: fault.place)
    if found:
        raise FeedFault(*found)

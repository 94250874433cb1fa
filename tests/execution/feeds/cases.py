"""Folders that can't be trusted, one for each kind of fault: the files, and where the fault is found."""

import gzip
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from execution.feeds import Flaw
from tests.execution.feeds.files import (
    PLAIN,
    START,
    archive,
    archive_row,
    bar,
    lines,
    plain,
    plain_row,
    rates,
)
from universe.trading import Bar

Files = Mapping[str, str | bytes]

BTC: Final = [bar("BTCUSDT", n, "95000") for n in range(6)]
ETH: Final = [bar("ETHUSDT", n, "1800") for n in range(6)]
LINK: Final = [bar("LINKUSDT", n, "14.2") for n in range(6)]
ETC: Final = [bar("ETCUSDT", n, "17.1") for n in range(6)]
H8: Final = 28_800


@dataclass(frozen=True)
class Case:
    """Files by name, the fault that they make and its place below the folder; `early`: found before any tick."""

    flaw: Flaw
    place: str
    files: Files
    early: bool = True


def edited(row: int, *change: str, name: str = "BTCUSDT.csv", early: bool = False, flaw: Flaw) -> Case:
    """BTC's candles, with a text of one row (from 0) replaced by another."""
    rows = [plain_row(candle) for candle in BTC]
    assert change[0] in rows[row]
    rows[row] = rows[row].replace(*change, 1)
    return Case(flaw, f"{name}:{row + 2}", {name: lines(PLAIN, *rows)}, early)


def unpacked(*names: str) -> bytes:
    """A zip with these files."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as packed:
        for name in names:
            packed.writestr(name, plain(BTC))
    return raw.getvalue()


def spliced(one: list[Bar], other: list[Bar], at: int = 3) -> list[Bar]:
    """The first candles of one symbol, then the rows of another under its name."""
    return one[:at] + [replace(candle, symbol=one[0].symbol) for candle in other[at:]]


def marked(symbol: str, price: str) -> str:
    """A file with one settled mark, at START's next eighth hour, and the bar after."""
    first = START // H8 * H8 + H8
    bars = [Bar(symbol, first + n * H8, first + n * H8 + H8, *[Decimal(price)] * 4, Decimal(0)) for n in (-1, 0)]
    return plain(bars)


def until_mark(symbol: str, price: str) -> str:
    """Candles up to that mark."""
    first = (START // H8 * H8 + H8 - START) // 60
    return plain(bar(symbol, n, price) for n in range(first - 3, first + 2))


ZIPPED: Final = gzip.compress(plain(bar("BTCUSDT", n, str(9_000 + n * 7 % 1_000)) for n in range(500)).encode())
LATER: Final = [bar("BTCUSDT", n, "95000") for n in range(4, 9)]
FIVE: Final = [bar("BTCUSDT", n, "95000", 300) for n in range(10)]
SEVEN: Final = [bar("BTCUSDT", n, "95000", 420) for n in range(6)]

CASES: Final[Mapping[str, Case]] = {
    "no candle of these symbols": Case(Flaw.NO_CANDLES, "", {"DOGEUSDT.csv": plain(BTC)}),
    "an empty folder": Case(Flaw.NO_CANDLES, "", {"README": ""}),
    "an empty file": Case(Flaw.EMPTY, "BTCUSDT.csv", {"BTCUSDT.csv": ""}),
    "an empty gzip": Case(Flaw.EMPTY, "BTCUSDT.csv.gz", {"BTCUSDT.csv.gz": ""}),
    "a header alone": Case(Flaw.EMPTY, "BTCUSDT.csv", {"BTCUSDT.csv": PLAIN}),
    "a blank first line": Case(Flaw.BAD_HEADER, "BTCUSDT.csv:1", {"BTCUSDT.csv": "\n" + plain(BTC)}),
    "another header": Case(Flaw.BAD_HEADER, "BTCUSDT.csv:1", {"BTCUSDT.csv": "Datetime,Open,High,Low,Close,Volume\n"}),
    "columns exchanged": Case(
        Flaw.BAD_HEADER, "BTCUSDT.csv:1", {"BTCUSDT.csv": plain(BTC).replace("open,high", "high,open")}
    ),
    "a header in the middle": edited(3, "2025-05-04", "date", early=True, flaw=Flaw.BAD_TIME),
    "a cut gzip": Case(Flaw.DAMAGED, "BTCUSDT.csv.gz", {"BTCUSDT.csv.gz.raw": ZIPPED[: len(ZIPPED) // 2]}),
    "a gzip without its end": Case(Flaw.DAMAGED, "BTCUSDT.csv.gz", {"BTCUSDT.csv.gz.raw": ZIPPED[:-4]}),
    "a flipped byte in a gzip": Case(
        Flaw.DAMAGED, "BTCUSDT.csv.gz", {"BTCUSDT.csv.gz.raw": ZIPPED[:900] + bytes([ZIPPED[900] ^ 255]) + ZIPPED[901:]}
    ),
    "text named gzip": Case(Flaw.DAMAGED, "BTCUSDT.csv.gz", {"BTCUSDT.csv.gz.raw": plain(BTC).encode()}),
    "a cut zip": Case(Flaw.DAMAGED, "BTCUSDT.zip", {"BTCUSDT.zip.raw": unpacked("BTCUSDT.csv")[:-30]}),
    "a zip of two": Case(Flaw.NOT_ONE_CSV, "BTCUSDT.zip", {"BTCUSDT.zip.raw": unpacked("a.csv", "b.csv")}),
    "a zip of something": Case(Flaw.NOT_ONE_CSV, "BTCUSDT.zip", {"BTCUSDT.zip.raw": unpacked("a.parquet")}),
    "a wrong checksum": Case(
        Flaw.CHECKSUM, "BTCUSDT.zip", {"BTCUSDT.zip": plain(BTC), "BTCUSDT.zip.CHECKSUM": "00  BTCUSDT.zip"}
    ),
    "Latin-1 in the header": Case(Flaw.NOT_UTF8, "BTCUSDT.csv:1", {"BTCUSDT.csv": "daté\n".encode("latin-1")}),
    "UTF-16": Case(Flaw.NOT_UTF8, "BTCUSDT.csv:1", {"BTCUSDT.csv": plain(BTC).encode("utf-16")}),
    "Latin-1 in a row": Case(
        Flaw.NOT_UTF8, "BTCUSDT.csv:8", {"BTCUSDT.csv": plain(BTC).encode() + "é,1,1,1,1,1\n".encode("latin-1")}
    ),
    "a long first line": Case(Flaw.LONG_LINE, "BTCUSDT.csv:1", {"BTCUSDT.csv": "1" * 200_000}),
    "a long row": Case(Flaw.LONG_LINE, "BTCUSDT.csv:8", {"BTCUSDT.csv": plain(BTC) + "1" * 1_001 + "\n"}),
    "a column less": edited(2, ",2.5", "", early=True, flaw=Flaw.BAD_COLUMNS),
    "a column more": edited(2, ",2.5", ",2.5,7", early=True, flaw=Flaw.BAD_COLUMNS),
    "thousands": edited(2, "95000,", "95,000,", early=True, flaw=Flaw.BAD_COLUMNS),
    "a blank line": Case(Flaw.BAD_COLUMNS, "BTCUSDT.csv:4", {"BTCUSDT.csv": plain(BTC[:2]) + "\n" + plain_row(BTC[2])}),
    "a day that is none": edited(1, "2025-05-04", "2025-05-34", early=True, flaw=Flaw.BAD_TIME),
    "a year before there were contracts": edited(1, "2025", "1999", early=True, flaw=Flaw.BAD_TIME),
    "a time without zone": edited(1, "+00:00", "", early=True, flaw=Flaw.BAD_TIME),
    "a time of another layout": edited(
        1, "2025-05-04 15:34:00+00:00", "20250504T153400+00:00", early=True, flaw=Flaw.BAD_TIME
    ),
    "half a second": edited(1, "15:34:00", "15:34:00.500", early=True, flaw=Flaw.BAD_TIME),
    "an epoch in seconds": Case(Flaw.BAD_TIME, "BTCUSDT.csv:2", {"BTCUSDT.csv": archive(BTC, 1)}),
    "an epoch of long ago": Case(
        Flaw.BAD_TIME, "BTCUSDT.csv:2", {"BTCUSDT.csv": archive(BTC).replace("17463727", "00463727")}
    ),
    "two units in a file": Case(
        Flaw.BAD_TIME,
        "BTCUSDT.csv:5",
        {"BTCUSDT.csv": archive(BTC[:3]) + lines(*(archive_row(candle, 1_000_000) for candle in BTC[3:]))},
    ),
    "half a minute": edited(3, "15:36:00", "15:36:30", flaw=Flaw.MISALIGNED),
    "NaN": edited(2, "95000", "NaN", early=True, flaw=Flaw.BAD_NUMBER),
    "infinity": edited(2, "95001", "inf", early=True, flaw=Flaw.BAD_NUMBER),
    "an empty cell": edited(2, "95001", "", flaw=Flaw.BAD_NUMBER),
    "an underscore": edited(2, "95001", "95_001", early=True, flaw=Flaw.BAD_NUMBER),
    "digits of another script": edited(2, "95001", "٩٥٠٠١", early=True, flaw=Flaw.BAD_NUMBER),
    "two points": edited(2, "95001", "95.001.0", flaw=Flaw.BAD_NUMBER),
    "an exponent that explodes": edited(2, "95001", "1e999999", flaw=Flaw.BAD_NUMBER),
    "a number without end": edited(2, "95001", "95001." + "3" * 60, flaw=Flaw.BAD_NUMBER),
    "a negative price": edited(2, "94999", "-94999", flaw=Flaw.NOT_POSITIVE),
    "a price of zero": edited(2, "94999", "0", flaw=Flaw.NOT_POSITIVE),
    "a negative volume": edited(2, "2.5", "-2.5", flaw=Flaw.NOT_POSITIVE),
    "high below low": edited(2, "95001,94999", "94999,95001", flaw=Flaw.BAD_RANGE),
    "open above high": edited(2, "95000,95001", "95002,95001", flaw=Flaw.BAD_RANGE),
    "close below low": edited(2, "95000,2.5", "94998,2.5", flaw=Flaw.BAD_RANGE),
    "a candle that closes late": Case(
        Flaw.BAD_CLOSE_TIME,
        "BTCUSDT.csv:4",
        {"BTCUSDT.csv": archive(BTC[:2]) + archive_row(BTC[2]).replace("59999,", "59998,")},
        False,
    ),
    "one time, two rows": Case(
        Flaw.DIFFERENT,
        "BTCUSDT.csv:4",
        {"BTCUSDT.csv": plain([*BTC[:2], replace(BTC[1], close=Decimal("95000.5")), *BTC[2:]])},
        early=False,
    ),
    "rows out of order": Case(
        Flaw.OUT_OF_ORDER, "BTCUSDT.csv:4", {"BTCUSDT.csv": plain([BTC[0], BTC[2], BTC[1], BTC[3]])}, early=False
    ),
    "files that overlap": Case(
        Flaw.OVERLAP, "BTCUSDT-b.csv", {"BTCUSDT-a.csv": plain(BTC), "BTCUSDT-b.csv": plain(LATER)}
    ),
    "one row": Case(Flaw.NO_INTERVAL, "BTCUSDT.csv", {"BTCUSDT.csv": plain(BTC[:1])}),
    "seven minutes": Case(Flaw.BAD_INTERVAL, "BTCUSDT.csv", {"BTCUSDT.csv": plain(SEVEN)}),
    "two intervals": Case(
        Flaw.MIXED, "ETHUSDT.csv", {"BTCUSDT.csv": plain(BTC), "ETHUSDT.csv": plain(FIVE), "LINKUSDT.csv": plain(BTC)}
    ),
    "two symbols exchanged midway": Case(
        Flaw.SWAPPED,
        "BTCUSDT.csv:5",
        {"BTCUSDT.csv": plain(spliced(BTC, ETH)), "ETHUSDT.csv": plain(spliced(ETH, BTC))},
        early=False,
    ),
    "two symbols of near prices exchanged midway": Case(
        Flaw.SWAPPED,
        "ETCUSDT.csv:5",
        {"LINKUSDT.csv": plain(spliced(LINK, ETC)), "ETCUSDT.csv": plain(spliced(ETC, LINK))},
        early=False,
    ),
    "rows of another symbol": Case(
        Flaw.SWAPPED,
        "BTCUSDT.csv:5",
        {"BTCUSDT.csv": plain(spliced(BTC, ETH)), "ETHUSDT.csv": plain(ETH)},
        early=False,
    ),
    "a leap to nowhere": Case(Flaw.JUMP, "BTCUSDT.csv:5", {"BTCUSDT.csv": plain(spliced(BTC, ETH))}, early=False),
    "a mark far from the price": Case(
        Flaw.MARK_APART,
        "mark/BTCUSDT.csv:2",
        {"BTCUSDT.csv": until_mark("BTCUSDT", "95000"), "mark/BTCUSDT.csv": marked("BTCUSDT", "950")},
        early=False,
    ),
    "two whole files exchanged": Case(
        Flaw.MARK_OF_OTHER,
        "mark/ETCUSDT.csv:2",
        {
            "ETCUSDT.csv": until_mark("ETCUSDT", "14.2"),
            "LINKUSDT.csv": until_mark("LINKUSDT", "17.1"),
            "mark/ETCUSDT.csv": marked("ETCUSDT", "17.1"),
            "mark/LINKUSDT.csv": marked("LINKUSDT", "14.2"),
        },
        early=False,
    ),
    "a rate in percent": Case(
        Flaw.BAD_RATE,
        "funding/BTCUSDT.csv:2",
        {"BTCUSDT.csv": plain(BTC), "funding/BTCUSDT.csv": rates((START * 1_000, "1.0"))},
        early=False,
    ),
    "a rate that is none": Case(
        Flaw.BAD_NUMBER,
        "funding/BTCUSDT.csv:2",
        {"BTCUSDT.csv": plain(BTC), "funding/BTCUSDT.csv": rates((START * 1_000, "--1"))},
        early=False,
    ),
    "a settlement without zone": Case(
        Flaw.BAD_TIME,
        "funding/BTCUSDT.csv:2",
        {"BTCUSDT.csv": plain(BTC), "funding/BTCUSDT.csv": rates((START * 1_000, "0")).replace("+00:00", "")},
    ),
    "a settlement with a column less": Case(
        Flaw.BAD_COLUMNS,
        "funding/BTCUSDT.csv:2",
        {"BTCUSDT.csv": plain(BTC), "funding/BTCUSDT.csv": rates((START * 1_000, "0")).replace(",0.0\n", "\n")},
    ),
    "two rates at one time": Case(
        Flaw.DIFFERENT,
        "funding/BTCUSDT.csv:3",
        {"BTCUSDT.csv": plain(BTC), "funding/BTCUSDT.csv": rates((START * 1_000, "0"), (START * 1_000, "0.1"))},
        early=False,
    ),
}

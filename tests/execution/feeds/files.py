"""Candle files as the tests write them: real text, really compressed."""

import gzip
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from universe.trading import Bar, Remark, Tick

START: Final = 1_746_372_780
PLAIN: Final = "date,open,high,low,close,volume"
ARCHIVE: Final = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def bar(symbol: str, index: int, price: str = "100", interval: int = 60) -> Bar:
    """The candle that opens so many intervals after START, around a price."""
    opened, value = START - START % interval + index * interval, Decimal(price)
    return Bar(symbol, opened, opened + interval, value, value + 1, value - 1, value, Decimal("2.5"))


def date(seconds: int) -> str:
    """A time as the first column of the plain layout."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")


def plain_row(candle: Bar) -> str:
    """A row of the plain layout."""
    return f"{date(candle.opened)},{candle.open},{candle.high},{candle.low},{candle.close},{candle.volume}"


def archive_row(candle: Bar, unit: int = 1_000) -> str:
    """A row of the venue's layout; `unit` is the parts of a second of its times."""
    first, last = candle.opened * unit, candle.closed * unit - 1
    prices = f"{candle.open},{candle.high},{candle.low},{candle.close},{candle.volume}"
    return f"{first},{prices},{last},250.00,17,1.2,120.00,0"


def plain(candles: Iterable[Bar]) -> str:
    """A file of the plain layout."""
    return lines(PLAIN, *map(plain_row, candles))


def archive(candles: Iterable[Bar], unit: int = 1_000, header: bool = True) -> str:
    """A file of the venue's layout."""
    return lines(*([ARCHIVE] if header else []), *(archive_row(candle, unit) for candle in candles))


def rates(*settlements: tuple[int, str]) -> str:
    """A file of settlements in the plain layout; times in milliseconds."""
    rows = (f"{date(time // 1_000)[:19]}.{time % 1_000:03}+00:00,{rate},0.0,0.0,0.0,0.0" for time, rate in settlements)
    return lines(PLAIN, *rows)


def lines(*rows: str) -> str:
    """Rows with their ends."""
    return "".join(f"{row}\n" for row in rows)


def write(path: Path, text: str | bytes) -> Path:
    """Writes a file, compressed as its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = text.encode() if isinstance(text, str) else text
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(raw))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(f"{path.stem}.csv", raw)
    else:
        path.write_bytes(raw)
    return path


def bars_of(ticks: Iterable[Tick], symbol: str) -> list[Bar]:
    """One symbol's bars."""
    return [found for tick in ticks for found in tick.bars if found.symbol == symbol]


def remarks_of(ticks: Iterable[Tick], code: str) -> list[Remark]:
    """The remarks of a kind that the ticks carry."""
    return [remark for tick in ticks for remark in tick.remarks if remark.code == code]

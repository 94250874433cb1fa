"""The recorded candles that developers share: read whole, as their README says."""

import re
import tracemalloc
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from execution.feeds import Feed, FeedFault, Flaw, RemarkCode, open_folder

DATA: Final = Path(__file__).resolve().parents[4] / "shared" / "data"
FUTURES: Final = DATA / "binance_usdm"
SYMBOLS: Final = tuple(f"{coin}USDT" for coin in "ADA BCH BNB BTC ETC ETH LINK LTC SOL XRP".split())
TABLE_ROW = re.compile(r"\| binance_usdm/klines/(\w+)/(\w+)\.csv\S* \|[^|]+\|[^|]+\|[^|]+\| (\d+) \|")

pytestmark = pytest.mark.skipif(not FUTURES.is_dir(), reason="the shared recordings are not beside this checkout")


def readme_rows(interval: str) -> dict[str, int]:
    """The number of rows of each symbol, as the recordings' README says."""
    text = (DATA / "README.md").read_text(encoding="utf-8")
    return {symbol: int(rows) for folder, symbol, rows in TABLE_ROW.findall(text) if folder == interval}


def opened(interval: str) -> Feed:
    """The recorded candles of an interval."""
    return open_folder(FUTURES / "klines" / interval, SYMBOLS)


@pytest.mark.parametrize("interval", ["1m", "5m", "15m", "1h", "1d"])
def test_when_recorded_candles_are_read_then_each_symbol_has_the_rows_that_its_readme_says(interval: str) -> None:
    """Whole, without gap, duplicate or jump; the spring of 2025 with its fall is no fault."""
    feed = opened(interval)
    rows, said, times, last = Counter[str](), Counter[str](), 0, 0
    for tick in feed:
        rows.update(found.symbol for found in tick.bars)
        said.update(remark.code for remark in tick.remarks)
        assert tick.time > last
        times, last = times + 1, tick.time

    assert rows == readme_rows(interval)
    assert feed.label == f"candles {interval}"
    assert (times, last) == (feed.ticks, feed.last)
    assert set(said) <= {RemarkCode.EARLIER}
    assert {remark.code for remark in feed.remarks} <= {
        RemarkCode.PARTIAL,
        RemarkCode.LAST_ROW,
        RemarkCode.NO_CANDLES,
    }


def test_when_recorded_candles_are_read_then_funding_and_marks_come_with_them_in_their_seconds() -> None:
    """Found beside the klines; each settlement of the period once for each symbol, and each mark when it is known."""
    ticks = [tick for tick in opened("15m") if tick.funding or tick.marks]
    settled = [event for tick in ticks for event in tick.funding]
    marks = {(event.symbol, event.time): event.price for tick in ticks for event in tick.marks}

    assert {event.time % 28_800 for event in settled} == {0}
    assert all(tick.time == event.time for tick in ticks for event in (*tick.funding, *tick.marks))
    assert Counter(event.symbol for event in settled)["BTCUSDT"] == 113
    # 2025-03-06 16:00 opens with 90776.9 and closes with 89887.9: known at midnight.
    assert marks["BTCUSDT", 1741305600] == Decimal("89887.9")
    assert ("BTCUSDT", 1741276800) not in marks


def test_when_recorded_candles_are_read_then_memory_stays_small() -> None:
    """Files are streamed: 35,000 bars would be tens of megabytes."""
    feed = opened("15m")
    tracemalloc.start()
    count = sum(len(tick.bars) for tick in feed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 34_510
    assert peak < 8_000_000


def test_when_a_folder_holds_two_intervals_then_it_is_refused(tmp_path: Path) -> None:
    """XRP of November 2021 lies as 1h, 5m, mark and funding in one folder."""
    with pytest.raises(FeedFault) as fault:
        open_folder(FUTURES / "xrp_2021-11", {"XRPUSDT"})
    assert fault.value.faults[0].code is Flaw.BAD_TIME

    for name in ("XRPUSDT-1h-futures.csv", "XRPUSDT-5m-futures.csv"):
        (tmp_path / name).write_bytes((FUTURES / "xrp_2021-11" / name).read_bytes())
    with pytest.raises(FeedFault) as fault:
        open_folder(tmp_path, {"XRPUSDT"})
    assert fault.value.faults[0].code is Flaw.MIXED


def test_when_two_recorded_files_exchange_their_names_then_their_marks_tell(tmp_path: Path) -> None:
    """Nothing in the candles shows it; that the marks of each fit the other does."""
    source = FUTURES / "klines" / "1h"
    for name, other in (("BNBUSDT", "SOLUSDT"), ("SOLUSDT", "BNBUSDT")):
        (tmp_path / f"{name}.csv.gz").write_bytes((source / f"{other}.csv.gz").read_bytes())
    with pytest.raises(FeedFault) as fault:
        list(open_folder(tmp_path, SYMBOLS, marks=FUTURES / "mark_8h"))

    assert fault.value.faults[0].code is Flaw.MARK_OF_OTHER

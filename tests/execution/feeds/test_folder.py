"""A folder of candles: its layouts, its files, and what lies beside it."""

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from execution.feeds import FeedFault, Flaw, RemarkCode, open_folder
from tests.execution.feeds.files import (
    START,
    archive,
    archive_row,
    bar,
    bars_of,
    lines,
    plain,
    plain_row,
    rates,
    remarks_of,
    write,
)
from universe.trading import Bar, Funding, Mark

BTC = [bar("BTCUSDT", n, str(95_000 + n)) for n in range(5)]
ETH = [bar("ETHUSDT", n, str(1_800 + n)) for n in range(1, 4)]
H8 = 28_800


@pytest.mark.parametrize("name", ["BTCUSDT.csv", "BTCUSDT.csv.gz", "BTCUSDT-1m-2025-05-04.zip", "BTCUSDT-1m.csv"])
def test_when_a_file_is_plain_or_compressed_then_its_bars_are_the_same(tmp_path: Path, name: str) -> None:
    """The container changes nothing."""
    write(tmp_path / name, plain(BTC))

    assert bars_of(open_folder(tmp_path, {"BTCUSDT"}), "BTCUSDT") == BTC


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("unit", [1_000, 1_000_000])
def test_when_a_file_is_of_the_venue_then_header_and_unit_are_found(tmp_path: Path, unit: int, header: bool) -> None:
    """With and without header, in milliseconds and in microseconds."""
    write(tmp_path / "BTCUSDT-1m-2025-05-04.zip", archive(BTC, unit, header))
    feed = open_folder(tmp_path, {"BTCUSDT"})

    assert bars_of(feed, "BTCUSDT") == BTC
    assert (feed.interval, feed.label, feed.synthetic) == (60, "candles 1m", False)


@pytest.mark.parametrize("text", ["2025-05-04T15:33:00Z", "2025-05-04 17:33:00+02:00", "2025-05-04 15:33:00.000+00:00"])
def test_when_a_date_is_written_otherwise_then_it_is_the_same_second(tmp_path: Path, text: str) -> None:
    """`T`, `Z`, another offset and a fraction of nothing are ISO too."""
    row = plain_row(BTC[0]).replace("2025-05-04 15:33:00+00:00", text)
    write(tmp_path / "BTCUSDT.csv", plain([]) + lines(row, plain_row(BTC[1])))

    assert bars_of(open_folder(tmp_path, {"BTCUSDT"}), "BTCUSDT") == BTC[:2]


def test_when_lines_end_as_on_windows_and_a_mark_precedes_then_the_rows_are_read(tmp_path: Path) -> None:
    """A byte-order mark and carriage returns are of the text's encoding, not of the candles."""
    write(tmp_path / "BTCUSDT.csv", ("\ufeff" + plain(BTC)).replace("\n", "\r\n"))

    assert bars_of(open_folder(tmp_path, {"BTCUSDT"}), "BTCUSDT") == BTC


def test_when_prices_are_read_then_they_are_the_decimals_that_are_written(tmp_path: Path) -> None:
    """No float stands between: 0.1 is 0.1, and 16.50 keeps its zero."""
    write(tmp_path / "BTCUSDT.csv", plain([]) + lines("2025-05-04 15:33:00+00:00,0.1,0.3,0.1,0.2,16.50"))
    write(tmp_path / "ETHUSDT.csv", plain(ETH))
    (found,) = bars_of(open_folder(tmp_path, {"BTCUSDT", "ETHUSDT"}), "BTCUSDT")

    assert (found.open, found.high, found.close, str(found.volume)) == (*map(Decimal, ("0.1", "0.3", "0.2")), "16.50")


def test_when_symbols_start_and_end_apart_then_ticks_cover_all_and_say_so(tmp_path: Path) -> None:
    """Each tick has the bars that close then, in the order of their symbols; who is short is remarked."""
    write(tmp_path / "ETHUSDT.csv.gz", plain(ETH))
    write(tmp_path / "BTCUSDT.csv", plain(BTC))
    feed = open_folder(tmp_path, {"BTCUSDT", "ETHUSDT"})
    ticks = list(feed)

    assert [[found.symbol for found in tick.bars] for tick in ticks] == [
        ["BTCUSDT"],
        *[["BTCUSDT", "ETHUSDT"]] * 3,
        ["BTCUSDT"],
    ]
    assert (feed.first, feed.last, feed.ticks) == (ticks[0].time, ticks[-1].time, len(ticks))
    assert [(r.symbol, r.count, r.text) for r in feed.remarks if r.code == RemarkCode.PARTIAL] == [
        ("ETHUSDT", 2, "starts 1 candle after the first and ends 1 candle before the last")
    ]


def test_when_a_symbol_has_several_files_then_they_are_joined_in_the_order_of_time(tmp_path: Path) -> None:
    """By their rows, not by their names; containers and layouts may differ."""
    write(tmp_path / "BTCUSDT-a.zip", archive(BTC[3:]))
    write(tmp_path / "BTCUSDT-b.csv", plain(BTC[1:3]))
    write(tmp_path / "BTCUSDT-c.csv.gz", archive(BTC[:1], header=False))

    assert bars_of(open_folder(tmp_path, {"BTCUSDT"}), "BTCUSDT") == BTC


def test_when_a_single_row_is_of_the_venue_then_it_says_its_own_interval(tmp_path: Path) -> None:
    """The archive writes when a candle closes."""
    hour = bar("BTCUSDT", 0, interval=3_600)
    write(tmp_path / "BTCUSDT.csv", archive([hour]))

    assert next(iter(open_folder(tmp_path, {"BTCUSDT"}))).bars == (hour,)


def test_when_iterated_twice_then_the_ticks_are_the_same(tmp_path: Path) -> None:
    """Each iteration starts anew, also while another runs."""
    write(tmp_path / "BTCUSDT.csv", plain(BTC))
    feed = open_folder(tmp_path, {"BTCUSDT"})
    begun = iter(feed)
    next(begun)

    assert list(feed) == list(feed)
    assert len(list(begun)) == 4


def test_when_content_differs_then_the_fingerprint_does_and_a_move_of_the_folder_changes_nothing(
    tmp_path: Path,
) -> None:
    """It stands for the bytes that were read: not for where they lie, nor for files that were not asked for."""
    for folder, candles in (("one", BTC), ("two", BTC), ("three", BTC[:4])):
        write(tmp_path / folder / "BTCUSDT.csv", plain(candles))
    write(tmp_path / "two" / "ETHUSDT.csv", plain(ETH))
    one, two, three = (open_folder(tmp_path / name, {"BTCUSDT"}).fingerprint for name in ("one", "two", "three"))

    assert one == two != three
    assert open_folder(tmp_path / "two", {"BTCUSDT", "ETHUSDT"}).fingerprint != two


def test_when_a_symbol_is_not_asked_for_or_has_no_file_then_both_are_remarked(tmp_path: Path) -> None:
    """Nothing is skipped or absent without a word; other files of the folder are none of its business."""
    for name in ("BTCUSDT.csv", "DOGEUSDT-1m.csv", "DOGEUSDT-2m.csv"):
        write(tmp_path / name, plain(BTC))
    write(tmp_path / "README.md", "x")
    feed = open_folder(tmp_path, ["ETHUSDT", "BTCUSDT"])
    said = {(remark.code, remark.symbol): (remark.count, remark.text) for remark in feed.remarks}

    assert feed.symbols == ("BTCUSDT",)
    assert said[RemarkCode.UNKNOWN_SYMBOL, "DOGEUSDT"] == (2, "DOGEUSDT is not in the universe; not read")
    assert said[RemarkCode.NO_CANDLES, None] == (1, "no recorded candles: ETHUSDT")
    assert said[RemarkCode.NO_FUNDING, None] == (1, "no recorded funding: BTCUSDT")
    assert said[RemarkCode.NO_MARKS, None] == (1, "no recorded mark price: BTCUSDT")
    assert said[RemarkCode.LAST_ROW, None][0] == 1


def test_when_candles_are_of_the_archive_then_nothing_is_said_of_their_last_row(tmp_path: Path) -> None:
    """The archive is published when the day or month is over."""
    write(tmp_path / "BTCUSDT.csv", archive(BTC))

    assert RemarkCode.LAST_ROW not in [remark.code for remark in open_folder(tmp_path, {"BTCUSDT"}).remarks]


def beside_candles(root: Path, candles: str, funding: str, marks: str) -> Path:
    """Nine hours of candles, two settlements and two bars of the mark, in folders of these names."""
    first = START // H8 * H8 + H8
    minutes = [bar("BTCUSDT", (first - START // 60 * 60) // 60 - 60 + n) for n in range(600)]
    write(root / candles / "BTCUSDT.csv.gz", plain(minutes))
    write(root / funding / "BTCUSDT.csv", rates((first * 1_000 + 16, "6.8e-05"), ((first + H8) * 1_000, "-0.0001")))
    bars = [
        Bar("BTCUSDT", first - H8 * n, first - H8 * n + H8, *map(Decimal, ("98", "101", "97", "99", "0")))
        for n in (1, 0)
    ]
    write(root / marks / "BTCUSDT.csv", plain(bars))
    return root / candles


@pytest.mark.parametrize("names", [("c", "c/funding", "c/mark"), ("k/1m", "funding", "mark_8h")])
def test_when_funding_and_marks_lie_in_the_folder_or_above_then_they_are_found(
    tmp_path: Path, names: tuple[str, str, str]
) -> None:
    """A settlement stands in its second, whatever it was late by; a mark is known when its bar closes, not before."""
    feed = open_folder(beside_candles(tmp_path, *names), {"BTCUSDT"})
    ticks = [tick for tick in feed if tick.funding or tick.marks]
    first = START // H8 * H8 + H8

    assert [tick.time for tick in ticks] == [first, first + H8]
    assert ticks[0].funding == (Funding("BTCUSDT", first, Decimal("0.000068")),)
    assert ticks[0].marks == (Mark("BTCUSDT", first, Decimal(99)),)
    assert ticks[1].marks == (Mark("BTCUSDT", first + H8, Decimal(99)),)
    assert not {RemarkCode.NO_FUNDING, RemarkCode.NO_MARKS} & {remark.code for remark in feed.remarks}


def test_when_folders_are_named_then_they_are_read_and_count_in_the_fingerprint(tmp_path: Path) -> None:
    """The options say where funding and marks are, wherever that is."""
    candles = beside_candles(tmp_path, "x/y/z/c", "rates", "prices")
    bare = open_folder(candles, {"BTCUSDT"})
    full = open_folder(candles, {"BTCUSDT"}, funding=tmp_path / "rates", marks=tmp_path / "prices")

    assert sum(len(tick.funding) + len(tick.marks) for tick in bare) == 0
    assert sum(len(tick.funding) + len(tick.marks) for tick in full) == 4
    assert bare.fingerprint != full.fingerprint


def test_when_funding_is_in_the_archive_layout_then_rate_and_time_are_found(tmp_path: Path) -> None:
    """`calc_time,funding_interval_hours,last_funding_rate`, zipped."""
    write(tmp_path / "BTCUSDT.csv", plain(BTC))
    text = lines("calc_time,funding_interval_hours,last_funding_rate", f"{START * 1_000 + 60_005},8,0.00010000")
    write(tmp_path / "funding" / "BTCUSDT-fundingRate-2025-05.zip", text)

    assert next(tick.funding for tick in open_folder(tmp_path, {"BTCUSDT"})) == (
        Funding("BTCUSDT", START + 60, Decimal("0.0001")),
    )


def test_when_events_lie_before_the_first_candle_then_they_are_left_out_and_counted(tmp_path: Path) -> None:
    """Before the first candle opens there is no price and no position; the count is in the first tick."""
    write(tmp_path / "BTCUSDT.csv", plain(BTC))
    settlements = [((START + shift) * 1_000, "0.0001") for shift in (-3_600, 0, 30, 60, 61, 9_999)]
    write(tmp_path / "funding" / "BTCUSDT.csv", rates(*settlements))
    ticks = list(open_folder(tmp_path, {"BTCUSDT"}))

    assert [[event.time - START for event in tick.funding] for tick in ticks] == [[30, 60], [61], [], [], []]
    assert [(remark.code, remark.count) for remark in ticks[0].remarks] == [(RemarkCode.EARLIER, 2)]


def test_when_a_published_checksum_fits_then_the_file_is_read_and_else_refused(tmp_path: Path) -> None:
    """The archive publishes `<name>.zip.CHECKSUM`; where it lies beside, it holds."""
    path = write(tmp_path / "BTCUSDT-1m.zip", archive(BTC))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    write(tmp_path / "BTCUSDT-1m.zip.CHECKSUM", f"{digest}  BTCUSDT-1m.zip\n")
    assert bars_of(open_folder(tmp_path, {"BTCUSDT"}), "BTCUSDT") == BTC

    write(tmp_path / "BTCUSDT-1m.zip.CHECKSUM", f"{digest[::-1]}  BTCUSDT-1m.zip\n")
    with pytest.raises(FeedFault) as fault:
        open_folder(tmp_path, {"BTCUSDT"})
    assert fault.value.faults[0].code is Flaw.CHECKSUM


def test_when_a_file_changes_after_opening_then_iterating_is_refused(tmp_path: Path) -> None:
    """The fingerprint that a run is filed under must be that of what it read."""
    path = write(tmp_path / "BTCUSDT.csv", plain(BTC))
    feed = open_folder(tmp_path, {"BTCUSDT"})
    write(path, plain(BTC[:4]))

    with pytest.raises(FeedFault) as fault:
        list(feed)
    assert fault.value.faults[0].code is Flaw.CHANGED


def test_when_several_files_are_at_fault_then_all_are_named_at_once(tmp_path: Path) -> None:
    """Mistakes are collected and sorted by place."""
    write(tmp_path / "ETHUSDT.csv", lines("time,price"))
    write(tmp_path / "BTCUSDT.csv", "")
    with pytest.raises(FeedFault) as fault:
        open_folder(tmp_path, {"BTCUSDT", "ETHUSDT"})

    assert [found.code for found in fault.value.faults] == [Flaw.EMPTY, Flaw.BAD_HEADER]
    assert str(fault.value).splitlines() == [
        f"{tmp_path}/BTCUSDT.csv: empty the file holds no row",
        "help: remove it, or fetch it again",
        f"{tmp_path}/ETHUSDT.csv:1: bad-header the header is `time,price`",
        f"help: write one of `date,open,high,low,close,volume` or `{archive([])[:-1]}`",
    ]


def test_when_a_swap_of_units_comes_with_a_new_file_then_each_file_has_its_own(tmp_path: Path) -> None:
    """Spot archives write microseconds from 2025 on; a join over that day holds both."""
    write(tmp_path / "BTCUSDT-2024.csv", lines(*(archive_row(candle) for candle in BTC[:2])))
    write(tmp_path / "BTCUSDT-2025.csv", lines(*(archive_row(candle, 1_000_000) for candle in BTC[2:])))
    ticks = list(open_folder(tmp_path, {"BTCUSDT"}))

    assert bars_of(ticks, "BTCUSDT") == BTC
    assert remarks_of(ticks, RemarkCode.GAP) == []

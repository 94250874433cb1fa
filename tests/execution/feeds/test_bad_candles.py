"""Data that can't be trusted: refused with place and help, or repaired under a name and counted; never silently."""

import gzip
import re
import tracemalloc
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from execution.feeds import FeedFault, Flaw, RemarkCode, open_folder
from tests.execution.feeds.cases import BTC, CASES, ETH, spliced
from tests.execution.feeds.files import (
    PLAIN,
    START,
    archive,
    bar,
    bars_of,
    lines,
    plain,
    plain_row,
    rates,
    remarks_of,
    write,
)
from universe.trading import Bar, Tick

SYMBOLS = frozenset({"BTCUSDT", "ETHUSDT", "LINKUSDT", "ETCUSDT"})
TOLD = frozenset({Flaw.NO_FOLDER, Flaw.UNREADABLE, Flaw.CHANGED})
SCRATCH = settings(max_examples=150, deadline=None)


def written(folder: Path, name: str) -> Path:
    """The folder with the files of a case."""
    folder.mkdir(exist_ok=True)
    for file, content in CASES[name].files.items():
        if file.endswith(".raw") and isinstance(content, bytes):
            (folder / file.removesuffix(".raw")).write_bytes(content)
        else:
            write(folder / file, content)
    return folder


def fault_of(folder: Path) -> tuple[FeedFault, bool]:
    """What a folder is refused for, and whether that was when it was opened."""
    try:
        feed = open_folder(folder, SYMBOLS)
    except FeedFault as fault:
        return fault, True
    with pytest.raises(FeedFault) as later:
        list(feed)
    return later.value, False


@pytest.mark.parametrize("name", CASES)
def test_when_data_cannot_be_trusted_then_the_fault_says_where(tmp_path: Path, name: str) -> None:
    """Its kind and its line; what is wrong with a whole file is said when the folder is opened."""
    case = CASES[name]
    fault, early = fault_of(written(tmp_path, name))

    assert (fault.faults[0].code, fault.place, early) == (case.flaw, str(tmp_path / case.place), case.early)


def test_when_a_fault_is_shown_then_it_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    """Every wording, as it is read on a terminal; but for why a file can't be unpacked, which Python words."""
    said = []
    for number, name in enumerate(CASES):
        folder = tmp_path / str(number)
        fault, _ = fault_of(written(folder, name))
        text = re.sub(r"(?<=or damaged: ).*", "…", str(fault))
        said.append(f"- {name}\n{text}".replace(f"{folder}/", "").replace(str(folder), "FOLDER"))

    assert "\n".join(said) == snapshot


def test_when_there_is_a_kind_of_fault_then_there_is_a_case_of_it() -> None:
    """The list of faults is closed: none without a folder that makes it, here or in a test of its own."""
    assert {case.flaw for case in CASES.values()} | TOLD == set(Flaw)


def test_when_there_is_no_folder_or_it_cannot_be_read_then_it_is_said(tmp_path: Path) -> None:
    """Also of the folders that the options name."""
    write(tmp_path / "BTCUSDT.csv", plain(BTC))
    for arguments in ({"folder": tmp_path / "x"}, {"folder": tmp_path, "funding": tmp_path / "x"}):
        with pytest.raises(FeedFault, match="no such folder"):
            open_folder(**arguments, symbols=SYMBOLS)

    feed = open_folder(tmp_path, SYMBOLS)
    (tmp_path / "BTCUSDT.csv").unlink()
    with pytest.raises(FeedFault) as fault:
        list(feed)
    assert fault.value.faults[0].code is Flaw.UNREADABLE


def read(folder: Path, **files: str) -> list[Tick]:
    """The ticks of a folder with these files, named by their symbols."""
    for symbol, text in files.items():
        write(folder / f"{symbol}.csv", text)
    return list(open_folder(folder, SYMBOLS))


def test_when_rows_repeat_exactly_then_they_are_dropped_and_counted(tmp_path: Path) -> None:
    """Also the last row, and where one file ends with the row with which the next begins."""
    text = plain([BTC[0], BTC[1], BTC[1], BTC[1], BTC[2], BTC[3], BTC[3]])
    ticks = read(tmp_path, **{"BTCUSDT-a": text, "BTCUSDT-b": plain(BTC[3:])})

    assert bars_of(ticks, "BTCUSDT") == BTC
    assert [(tick.time - START) // 60 for tick in ticks if tick.remarks] == [2, 4]
    assert [(remark.symbol, remark.time, remark.count) for remark in remarks_of(ticks, RemarkCode.DUPLICATE)] == [
        ("BTCUSDT", BTC[1].opened, 2),
        ("BTCUSDT", BTC[3].opened, 2),
    ]


def test_when_candles_are_missing_then_the_gap_is_named_and_none_is_invented(tmp_path: Path) -> None:
    """The remark stands in the tick of the candle after the gap, and says from when to when."""
    ticks = read(tmp_path, BTCUSDT=plain([*BTC[:2], *BTC[4:]]), ETHUSDT=plain(ETH))
    (found,) = remarks_of(ticks, RemarkCode.GAP)

    assert bars_of(ticks, "BTCUSDT") == [*BTC[:2], *BTC[4:]]
    assert found in ticks[4].remarks
    assert (found.symbol, found.time, found.count) == ("BTCUSDT", BTC[2].opened, 2)
    assert found.text == "2 candles missing from 2025-05-04 15:35Z to 2025-05-04 15:37Z"


def test_when_prices_have_exponents_then_they_are_read_exactly_and_counted(tmp_path: Path) -> None:
    """`1.5e-05` is how a program writes a float: the number is as written, and the remark says how often."""
    row = "2025-05-04 15:33:00+00:00,1.5e-05,2E-05,1e-5,1.5e-05,100.0"
    write(tmp_path / "BTCUSDT.csv", lines(PLAIN, row, row.replace("15:33", "15:34").replace("100.0", "1e2")))
    feed = open_folder(tmp_path, SYMBOLS)
    found = bars_of(feed, "BTCUSDT")

    assert (found[0].open, found[0].low, found[1].volume) == (Decimal("0.000015"), Decimal("0.00001"), Decimal(100))
    assert [(r.symbol, r.count) for r in feed.remarks if r.code == RemarkCode.EXPONENT] == [("BTCUSDT", 9)]


def test_when_the_last_line_has_no_end_then_the_file_may_be_cut_and_that_is_said(tmp_path: Path) -> None:
    """A cut within the last number can't be seen; that the line doesn't end can."""
    write(tmp_path / "BTCUSDT.csv", plain(BTC)[:-2])
    feed = open_folder(tmp_path, SYMBOLS)

    assert bars_of(feed, "BTCUSDT")[-1].volume == Decimal("2.")
    assert [(r.count, r.text) for r in feed.remarks if r.code == RemarkCode.CUT] == [
        (1, "the last line has no end, so the file may be cut short: BTCUSDT.csv")
    ]


@pytest.mark.parametrize(("factor", "remarked"), [("0.6", 0), ("2.9", 0), ("3.1", 1), ("0.3", 1), ("4.9", 1)])
def test_when_a_price_leaps_by_itself_then_up_to_a_factor_of_five_it_is_let_through(
    tmp_path: Path, factor: str, remarked: int
) -> None:
    """Real crashes go far; beyond a factor of three it is remarked, beyond five refused (see the cases)."""
    moved = [bar("BTCUSDT", n, str(95_000 * Decimal(factor))) for n in range(6)]

    assert len(remarks_of(read(tmp_path, BTCUSDT=plain(spliced(BTC, moved))), RemarkCode.JUMP)) == remarked


def test_when_a_price_is_elsewhere_after_a_long_gap_then_it_is_remarked(tmp_path: Path) -> None:
    """Over days a contract can go anywhere, also to where another stands."""
    days = [replace(bar("BTCUSDT", 10_000 + n, "1800"), symbol="BTCUSDT") for n in range(2)]
    ticks = read(tmp_path, BTCUSDT=plain([*BTC, *days]), ETHUSDT=plain(ETH))

    assert [r.text for r in remarks_of(ticks, RemarkCode.JUMP)] == ["from 95000 to 1800 at 2025-05-11 14:13Z"]


def test_when_wide_candles_are_exchanged_then_their_opens_tell(tmp_path: Path) -> None:
    """A candle that reaches back to the close before it can still be another symbol's."""
    wide = {
        symbol: [replace(bar(symbol, n, price), low=Decimal(12), high=Decimal(19)) for n in range(6)]
        for symbol, price in (("LINKUSDT", "14.2"), ("ETCUSDT", "17.1"))
    }
    link, etc = wide.values()

    with pytest.raises(FeedFault) as fault:
        read(tmp_path, LINKUSDT=plain(spliced(link, etc)), ETCUSDT=plain(spliced(etc, link)))
    assert fault.value.faults[0].code is Flaw.SWAPPED


@pytest.mark.parametrize(("link_to", "etc_to"), [("16.7", "14.5"), ("17.05", "16.0")])
def test_when_two_symbols_leap_but_not_both_to_the_other_then_they_are_not_exchanged(
    tmp_path: Path, link_to: str, etc_to: str
) -> None:
    """Only where each lands within 1 % of where the other stood."""
    before = ([bar(s, n, p) for n in range(6)] for s, p in (("LINKUSDT", "14.2"), ("ETCUSDT", "17.1")))
    after = ([bar("", n, p) for n in range(6)] for p in (link_to, etc_to))
    link, etc = (plain(spliced(*pair)) for pair in zip(before, after, strict=True))

    assert len(read(tmp_path, LINKUSDT=link, ETCUSDT=etc)) == 6


def test_when_a_mark_falls_into_a_gap_then_it_is_not_held_against_a_later_candle(tmp_path: Path) -> None:
    """Within a day a price may have moved by more than a factor of three."""
    hours = 3_600
    candles = [bar("BTCUSDT", n, "95000" if n < 3 else "20000", hours) for n in (0, 1, 2, 40, 41)]
    write(tmp_path / "mark/BTCUSDT.csv", plain(bar("BTCUSDT", n, "95000", hours) for n in range(6)))

    assert sum(len(tick.marks) for tick in read(tmp_path, BTCUSDT=plain(candles))) == 6


def test_when_a_candle_has_a_huge_wick_then_it_is_kept_and_remarked(tmp_path: Path) -> None:
    """Such wicks have been traded, and stops would fill there: a reader must know."""
    wick = replace(BTC[2], low=Decimal(500))

    assert len(remarks_of(read(tmp_path, BTCUSDT=plain([*BTC[:2], wick, *BTC[3:]])), RemarkCode.SPIKE)) == 1


def test_when_settlements_or_marks_are_missing_then_each_gap_is_remarked(tmp_path: Path) -> None:
    """Eight hours is the longest interval; shorter ones, and a change between them, are ordinary."""
    hours = 3_600
    write(tmp_path / "BTCUSDT.csv", plain(bar("BTCUSDT", n, interval=hours) for n in range(60)))
    opened = bar("BTCUSDT", 0, interval=hours).opened
    at = [opened + n * hours for n in (1, 9, 13, 14, 30, 30, 38)]
    write(tmp_path / "funding/BTCUSDT.csv", rates(*[(time * 1_000, "0.0001") for time in at]))
    marks = [Bar("BTCUSDT", opened + n * hours, 0, *[Decimal(100)] * 4, Decimal(0)) for n in (0, 1, 2, 5)]
    write(tmp_path / "mark/BTCUSDT.csv", plain(marks))
    ticks = list(open_folder(tmp_path, SYMBOLS))
    said = [(r.code, r.count, (tick.time - opened) // hours) for tick in ticks for r in tick.remarks]

    assert said == [
        (RemarkCode.MARK_GAP, 2, 6),
        (RemarkCode.FUNDING_GAP, 1, 30),
        (RemarkCode.DUPLICATE, 1, 30),
    ]


@pytest.mark.parametrize("suffix", [".csv.gz", ".zip"])
def test_when_a_compressed_file_is_cut_anywhere_then_it_is_refused_before_the_first_tick(
    tmp_path: Path, suffix: str
) -> None:
    """At no byte does a cut file pass for a shorter one."""
    path = write(tmp_path / f"BTCUSDT{suffix}", plain(BTC))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FeedFault):
            open_folder(tmp_path, SYMBOLS)


@SCRATCH
@given(data=st.data())
def test_when_bytes_are_changed_at_random_then_there_is_a_fault_or_ticks_of_sound_bars(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever a file holds, reading it ends in one of two ways."""
    raw = bytearray(data.draw(st.sampled_from([plain(BTC), archive(BTC), archive(BTC, header=False)])).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.sampled_from([b"", b",", b"\n", b"e9", b"-", b".", b"nan", b"\xff", b"\x00", b"7", b'"']))
        raw[place : place + data.draw(st.integers(0, 3))] = piece
    folder = tmp_path_factory.mktemp("fuzz")
    write(folder / "BTCUSDT.csv", bytes(raw))
    try:
        ticks = list(open_folder(folder, SYMBOLS))
    except FeedFault:
        return
    for found in bars_of(ticks, "BTCUSDT"):
        assert 0 < found.low <= min(found.open, found.close) <= max(found.open, found.close) <= found.high
        assert found.volume >= 0


@SCRATCH
@given(raw=st.binary(max_size=400), suffix=st.sampled_from([".csv", ".csv.gz", ".zip"]), packed=st.booleans())
def test_when_a_file_is_noise_then_there_is_a_fault(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, suffix: str, packed: bool
) -> None:
    """No bytes make anything but a `FeedFault`."""
    folder = tmp_path_factory.mktemp("noise")
    path = folder / f"BTCUSDT{suffix}"
    if packed:
        write(path, raw)
    else:
        path.write_bytes(raw)

    with pytest.raises(FeedFault):
        list(open_folder(folder, SYMBOLS))


def test_when_an_archive_is_encrypted_or_oddly_packed_then_it_is_a_fault(tmp_path: Path) -> None:
    """What Python's own readers refuse in other ways is a damaged file too."""
    path = tmp_path / "BTCUSDT.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("BTCUSDT.csv", plain(BTC))
    raw = bytearray(path.read_bytes())
    for flag, value in ((6, 1), (8, 99)):
        changed = bytearray(raw)
        for start in (changed.find(b"PK\x03\x04"), changed.find(b"PK\x01\x02") + 2):
            changed[start + flag] = value
        path.write_bytes(changed)
        with pytest.raises(FeedFault) as fault:
            open_folder(tmp_path, SYMBOLS)
        assert fault.value.faults[0].code is Flaw.DAMAGED


def test_when_a_file_unpacks_to_much_more_than_it_is_then_it_is_read_in_blocks(tmp_path: Path) -> None:
    """A line without end is refused after its first block, however much would follow."""
    packed = gzip.compress(f"{PLAIN}\n{plain_row(BTC[0])}\n".encode() + b"1" * 10**7)
    (tmp_path / "BTCUSDT.csv.gz").write_bytes(packed)
    tracemalloc.start()
    with pytest.raises(FeedFault) as fault:
        open_folder(tmp_path, SYMBOLS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert fault.value.place.endswith(":3")
    assert peak < 2_000_000

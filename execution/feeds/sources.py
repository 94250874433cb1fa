"""Which files a folder holds, and a first pass over each: everything that can be said before a row is traded on."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Final

from execution.feeds.faults import Fault, FeedFault, Flaw, refuse
from execution.feeds.feed import interval_name
from execution.feeds.lines import SUFFIXES, TIME_HELP, blocks, first_line, sha256
from execution.feeds.remarks import when
from execution.feeds.times import EpochTimes, IsoTimes, ReadTime, TimeFault

SAMPLE: Final = 200
FEW: Final = 10
DAY: Final = 86_400
ARCHIVE_NAMES: Final = "quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"


class Layout(StrEnum):
    """The layouts that are read, by their headers. The venue's archive often has candles without the header."""

    PLAIN = "date,open,high,low,close,volume"
    ARCHIVE = f"open_time,open,high,low,close,volume,close_time,{ARCHIVE_NAMES}"
    RATES = "calc_time,funding_interval_hours,last_funding_rate"

    @property
    def columns(self) -> int:
        """How many columns a row has."""
        return self.count(",") + 1


class Kind(StrEnum):
    """What the rows of a folder are."""

    CANDLES = "candles"
    MARKS = "marks"
    FUNDING = "funding"

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """The layouts that such rows come in."""
        return Layout.PLAIN, Layout.RATES if self is Kind.FUNDING else Layout.ARCHIVE


@dataclass(frozen=True, slots=True)
class Source:
    """One file, as the first pass found it.

    `first` and `last` are the times of its first and last of so many `rows`, `step` the usual seconds between two (0:
    one row, which doesn't tell), `exponents` how many numbers have one. `is_ended` is false where the last line has
    no end.
    """

    kind: Kind
    symbol: str
    path: Path
    layout: Layout
    has_header: bool
    sha256: str
    first: int
    last: int
    rows: int
    step: int
    exponents: int
    is_ended: bool

    def clock(self) -> ReadTime:
        """A fresh reader of this file's times."""
        return _clock(self.kind, self.layout)


def files_in(folder: Path) -> dict[str, list[Path]]:
    """The files of a folder by symbol, which is the name up to the first `-` or `.`; all sorted.

    Raises:
        FeedFault: there is no such folder.
    """
    if not folder.is_dir():
        raise FeedFault(Flaw.NO_FOLDER.at(str(folder)))
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise FeedFault(Flaw.UNREADABLE.at(str(folder), why=error.strerror)) from None
    found: dict[str, list[Path]] = {}
    for path in paths:
        symbol = path.name.partition(".")[0].partition("-")[0]
        if symbol and path.name.endswith(SUFFIXES) and path.is_file():
            found.setdefault(symbol, []).append(path)
    return found


def survey_all(kind: Kind, files: Mapping[str, list[Path]], symbols: Collection[str]) -> dict[str, list[Source]]:
    """The sources of these symbols, each symbol's in the order of time.

    Raises:
        FeedFault: with every file that can't be used.
    """
    faults: list[Fault] = []
    found: dict[str, list[Source]] = {}
    for symbol in sorted(set(symbols) & set(files)):
        for path in files[symbol]:
            try:
                found.setdefault(symbol, []).append(survey(kind, symbol, path))
            except FeedFault as fault:
                faults += fault.faults
    refuse(faults)
    for sources in found.values():
        sources.sort(key=lambda source: source.first)
    return found


def survey(kind: Kind, symbol: str, path: Path) -> Source:
    """Reads a file to its end once, and the times of its first rows and the last.

    Raises:
        FeedFault: the file is damaged, in no known layout, or one of these times is none.
    """
    digest = sha256(path)
    _check_against_published(path, digest)
    layout, has_header = _layout(kind, path, first_line(path))
    sample, last, count, exponents, is_ended = list[str](), "", 0, 0, True
    for block in blocks(path, has_header):
        sample = sample or block.lines[:SAMPLE]
        last, is_ended = block.lines[-1], block.ended
        count += len(block.lines)
        if not block.plain:
            exponents += sum(line.count("e") + line.count("E") for line in block.lines)
    if not sample:
        raise FeedFault(Flaw.EMPTY.at(str(path)))
    clock = _clock(kind, layout)
    times = [_time(clock, layout, f"{path}:{n}", line) for n, line in enumerate(sample, 1 + has_header)]
    end = _time(clock, layout, f"{path}:{count + has_header}", last)
    step = _written_step(kind, layout, sample[0]) or _step(times)
    return Source(kind, symbol, path, layout, has_header, digest, times[0], end, count, step, exponents, is_ended)


def one_interval(sources: Mapping[str, list[Source]]) -> int:
    """The seconds of a bar, the same in all files.

    Raises:
        FeedFault: files of different intervals, one that doesn't divide a day, or none that can be told.
    """
    every = [source for group in sources.values() for source in group]
    known = [source for source in every if source.step]
    if not known:
        raise FeedFault(Flaw.NO_INTERVAL.at(str(every[0].path)))
    pattern = min(known, key=lambda source: source.step)
    words = {"other": pattern.path.name, "before": interval_name(pattern.step)}
    refuse(
        Flaw.MIXED.at(str(source.path), interval=interval_name(source.step), **words)
        for source in known
        if source.step != pattern.step and not _may_have_gaps(source, pattern.step)
    )
    if DAY % pattern.step:
        raise FeedFault(Flaw.BAD_INTERVAL.at(str(pattern.path), interval=interval_name(pattern.step)))
    return pattern.step


def refuse_overlaps(sources: Mapping[str, list[Source]]) -> None:
    """Refuses files of one symbol that cover the same time; the last row of one may be the first of the next.

    Raises:
        FeedFault: with every file that begins before the one before it ends.
    """
    refuse(
        Flaw.OVERLAP.at(str(after.path), time=when(after.first), other=before.path.name)
        for group in sources.values()
        for before, after in pairwise(group)
        if after.first < before.last
    )


def refuse_changed(sources: Iterable[Source]) -> None:
    """Refuses to read files again that are no longer what the first pass saw.

    Raises:
        FeedFault: with every file that has changed.
    """
    refuse(Flaw.CHANGED.at(str(source.path)) for source in sources if sha256(source.path) != source.sha256)


def _may_have_gaps(source: Source, step: int) -> bool:
    """Whether a few rows may as well be of shorter candles, some of which are missing."""
    return source.rows < FEW and source.layout is Layout.PLAIN and source.step % step == 0


def _check_against_published(path: Path, digest: str) -> None:
    published = path.with_name(f"{path.name}.CHECKSUM")
    if published.is_file() and first_line(published).partition(" ")[0].lower() != digest:
        raise FeedFault(Flaw.CHECKSUM.at(str(path)))


def _layout(kind: Kind, path: Path, line: str) -> tuple[Layout, bool]:
    for layout in kind.layouts:
        if line == layout:
            return layout, True
    if kind is not Kind.FUNDING and line[:1].isdigit() and line.count(",") + 1 == Layout.ARCHIVE.columns:
        return Layout.ARCHIVE, False
    expected = "write one of " + " or ".join(f"`{layout}`" for layout in kind.layouts)
    raise FeedFault(Flaw.BAD_HEADER.at(f"{path}:1", header=line, expected=expected))


def _clock(kind: Kind, layout: Layout) -> ReadTime:
    # Settlements are recorded some milliseconds late; a candle opens on the second or is none.
    whole = kind is not Kind.FUNDING
    return IsoTimes(whole) if layout is Layout.PLAIN else EpochTimes(whole)


def _time(clock: ReadTime, layout: Layout, place: str, line: str) -> int:
    cells = line.split(",")
    if len(cells) != layout.columns:
        raise FeedFault(Flaw.BAD_COLUMNS.at(place, count=len(cells), expected=layout.columns))
    try:
        return clock(cells[0])
    except TimeFault as why:
        raise FeedFault(Flaw.BAD_TIME.at(place, text=cells[0], why=why, expected=TIME_HELP)) from None


def _step(times: list[int]) -> int:
    """The usual distance of two times. A few that are missing, doubled or out of order don't change it."""
    counts = Counter(after - before for before, after in pairwise(sorted(set(times))))
    return max(counts, key=lambda step: (counts[step], -step), default=0)


def _written_step(kind: Kind, layout: Layout, line: str) -> int:
    """What one row of the archive says of its own length, in whole seconds; 0 if nothing sensible."""
    cells = line.split(",")
    if layout is not Layout.ARCHIVE or not cells[6].isdigit():
        return 0
    clock = _clock(kind, layout)
    try:
        return clock(str(int(cells[6]) + 1)) - clock(cells[0])
    except TimeFault:
        return 0

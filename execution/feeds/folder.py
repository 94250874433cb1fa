"""A folder of recorded candles as a feed, with the fundings and marks that lie beside it."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from execution.feeds import remarks
from execution.feeds.faults import FeedFault, Flaw
from execution.feeds.feed import Feed, interval_name
from execution.feeds.merge import ticks
from execution.feeds.remarks import RemarkCode
from execution.feeds.rows import bars, fundings
from execution.feeds.sequence import Found, candle_spacing, funding_spacing, in_order
from execution.feeds.sources import (
    Kind,
    Layout,
    Source,
    files_in,
    one_interval,
    refuse_changed,
    refuse_overlaps,
    survey_all,
)
from universe.trading import Bar, Funding, Mark, Remark, Tick

FINGERPRINT: Final = "candles 1"
ABOVE: Final = 3
# Recordings of several symbols end minutes apart, as they were fetched; one that ends a day before has ended.
EARLY: Final = 86_400

Sources = Mapping[str, list[Source]]


@dataclass(frozen=True, slots=True)
class Recording:
    """The files of a feed: candles with their interval in seconds, marks with theirs (0: there are none), fundings."""

    candles: Sources
    interval: int
    marks: Sources
    mark_interval: int
    funding: Sources

    @property
    def sources(self) -> Iterator[Source]:
        """Every file."""
        for group in (self.candles, self.marks, self.funding):
            yield from chain.from_iterable(group.values())

    @property
    def first(self) -> int:
        """When the first candle opens."""
        return min(sources[0].first for sources in self.candles.values())

    @property
    def last(self) -> int:
        """When the last candle opens."""
        return max(sources[-1].last for sources in self.candles.values())

    def ticks(self) -> Iterator[Tick]:
        """The ticks, read anew.

        Raises:
            FeedFault: a file has changed since the folder was opened, or a row can't be trusted.
        """
        refuse_changed(self.sources)
        return ticks(
            {symbol: _candles(sources, self.interval) for symbol, sources in self.candles.items()},
            [_settlements(sources) for sources in self.funding.values()],
            [_marks(sources, self.mark_interval) for sources in self.marks.values()],
        )

    def fingerprint(self) -> str:
        """SHA-256 over kind, symbol and hash of each file, in the order in which they are read."""
        named = (f"{source.kind} {source.symbol} {source.sha256}" for source in self.sources)
        return hashlib.sha256("\n".join([FINGERPRINT, *named]).encode()).hexdigest()


def open_folder(
    folder: Path, symbols: Collection[str], *, funding: Path | None = None, marks: Path | None = None
) -> Feed:
    """The candles of these symbols in a folder, as a feed. Every file is read once to see whether it is whole.

    Files are `<SYMBOL>*.csv`, `.csv.gz` or `.zip`: `date,open,high,low,close,volume` with ISO dates that have an
    offset, or the candles of Binance's public archive, with or without header. Several files of a symbol are joined
    in the order of time. The last row of a file is kept, although it may have been fetched before its candle closed.

    Args:
        folder: the candles, all of one interval.
        symbols: what may be traded; other symbols' files are skipped, with a remark.
        funding: the folder of settlements: `date` with the rate as `open`, or the archive's `fundingRate` files.
            None: `funding` in the folder, else in the nearest of three folders above that has `mark_8h` too.
        marks: the folder of mark prices, in the layouts of candles, of any one interval; a bar's close is the mark at
            its close. None: `mark` in the folder, else `mark_8h` above, beside `funding`.

    Raises:
        FeedFault: no candles, or files that can't be used; with every such file.
    """
    files = files_in(folder)
    candles = survey_all(Kind.CANDLES, files, symbols)
    if not candles:
        raise FeedFault(Flaw.NO_CANDLES.at(str(folder), found=f": it has {remarks.listed(list(files))}" * bool(files)))
    funding_found, marks_found = beside(folder)
    rates = _read_beside(Kind.FUNDING, funding or funding_found, candles)
    prices = _read_beside(Kind.MARKS, marks or marks_found, candles)
    recording = Recording(candles, one_interval(candles), prices, one_interval(prices) if prices else 0, rates)
    for group in (candles, prices, rates):
        refuse_overlaps(group)
    return Feed(
        symbols=tuple(sorted(candles)),
        interval=recording.interval,
        label=f"candles {interval_name(recording.interval)}",
        synthetic=False,
        fingerprint=recording.fingerprint(),
        first=recording.first + recording.interval,
        last=recording.last + recording.interval,
        ticks=(recording.last - recording.first) // recording.interval + 1,
        remarks=tuple(_known(recording, files, symbols)),
        start=recording.ticks,
        ends={s: f[-1].last + recording.interval for s, f in candles.items() if f[-1].last < recording.last - EARLY},
    )


def beside(folder: Path) -> tuple[Path | None, Path | None]:
    """Where fundings and marks of a folder's candles lie, if they do."""
    above = [level for level in folder.resolve().parents[:ABOVE] if _has_both(level)]
    funding = [folder / "funding", *(level / "funding" for level in above)]
    marks = [folder / "mark", *(level / "mark_8h" for level in above)]
    return next(filter(Path.is_dir, funding), None), next(filter(Path.is_dir, marks), None)


def _has_both(folder: Path) -> bool:
    return (folder / "funding").is_dir() and (folder / "mark_8h").is_dir()


def _read_beside(kind: Kind, folder: Path | None, symbols: Collection[str]) -> Sources:
    return survey_all(kind, files_in(folder), symbols) if folder else {}


def _candles(sources: Iterable[Source], interval: int, code: RemarkCode = RemarkCode.GAP) -> Iterator[Found[Bar]]:
    rows = chain.from_iterable(bars(source, interval) for source in sources)
    return in_order(rows, candle_spacing(code))


def _settlements(sources: Iterable[Source]) -> Iterator[Found[Funding]]:
    return in_order(chain.from_iterable(map(fundings, sources)), funding_spacing())


def _marks(sources: Iterable[Source], interval: int) -> Iterator[Found[Mark]]:
    # Only at its close is a bar's mark known: its open would be the mark of eight hours before.
    for bar, found, path, line in _candles(sources, interval, RemarkCode.MARK_GAP):
        yield Mark(bar.symbol, bar.closed, bar.close), found, path, line


def _known(recording: Recording, files: Mapping[str, list[Path]], symbols: Collection[str]) -> Iterator[Remark]:
    """What there is to remark before the first tick."""
    candles, interval = recording.candles, recording.interval
    yield from (remarks.unknown_symbol(s, len(files[s])) for s in files if s not in symbols)
    lacks = {
        RemarkCode.NO_CANDLES: sorted(set(symbols) - set(candles)),
        RemarkCode.NO_FUNDING: sorted(set(candles) - set(recording.funding)),
        RemarkCode.NO_MARKS: sorted(set(candles) - set(recording.marks)),
    }
    yield from (remarks.lacking(code, names) for code, names in lacks.items() if names)
    for symbol, sources in candles.items():
        late = (sources[0].first - recording.first) // interval
        early = (recording.last - sources[-1].last) // interval
        if late or early:
            yield remarks.partial(symbol, late, early)
        if exponents := sum(source.exponents for source in sources):
            yield remarks.exponents(symbol, exponents)
    if cut := [source.path.name for source in recording.sources if not source.is_ended]:
        yield remarks.cut(cut)
    # The venue's archive holds finished days; what was fetched by hand may end with the candle of that minute.
    if fetched := [symbol for symbol, sources in candles.items() if sources[-1].layout is Layout.PLAIN]:
        yield remarks.last_rows(fetched)

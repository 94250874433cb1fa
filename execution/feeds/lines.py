"""A CSV file, plain or compressed, as lines of numbers: read in blocks, so that memory stays small."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

from execution.feeds.faults import Fault, FeedFault, Flaw
from execution.feeds.remarks import listed

SUFFIXES: Final = (".csv", ".csv.gz", ".zip")
BLOCK: Final = 1 << 16
LONGEST_LINE: Final = 1000
# What a row of times and decimals can be made of. It keeps out all that Decimal would also take: `NaN`, `Infinity`,
# `1_000`, digits of other scripts. `T`, `Z` are of times, `e` of numbers.
ROW_BYTES: Final = b"0123456789.,:+- TZeE\r\n"
# Longer than any price of a market, and than most contexts of Decimal keep.
LONG_NUMBER: Final = b"0" * 25
_AS_ZEROS: Final = bytes.maketrans(b"123456789.", b"0000000000")
TIME_HELP: Final = "write `2025-05-04 15:33:00+00:00`, or milliseconds since 1970 in the venue's layout"


class Block(NamedTuple):
    """Lines of a file and the number of the first, from 1.

    In a `plain` block no number has an exponent or is long. Where the file ends within a line, the last block is not
    `ended`.
    """

    first: int
    lines: list[str]
    plain: bool
    ended: bool


def first_line(path: Path) -> str:
    """The first line, without its end and without the mark of UTF-8.

    Raises:
        FeedFault: the file can't be read, holds nothing, or starts with no line of UTF-8 text.
    """
    start = next(_cut(path), None)
    if start is None:
        raise FeedFault(Flaw.EMPTY.at(str(path)))
    raw = start[1].partition(b"\n")[0]
    if len(raw) > LONGEST_LINE:
        raise FeedFault(Flaw.LONG_LINE.at(f"{path}:1", limit=LONGEST_LINE))
    try:
        return raw.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        raise FeedFault(Flaw.NOT_UTF8.at(f"{path}:1")) from None


def blocks(path: Path, header: bool) -> Iterator[Block]:
    """All rows of a file, in order; without the first line, where that is a header.

    Raises:
        FeedFault: the file can't be read to its end, or a line holds what can't be a row of times and numbers.
    """
    for number, cut in _cut(path):
        first, raw = (2, cut.partition(b"\n")[2]) if header and number == 1 else (number, cut)
        if raw.translate(None, ROW_BYTES):
            raise FeedFault(_foreign(path, first, raw))
        lines = raw.decode("ascii").splitlines()
        if lines:
            # As a regular expression this takes longer than all else that is done to a line here.
            unusual = b"e" in raw or b"E" in raw or LONG_NUMBER in raw.translate(_AS_ZEROS)
            yield Block(first, lines, not unusual, raw.endswith(b"\n"))


def sha256(path: Path) -> str:
    """The hash of a file's bytes, as it lies on the disk.

    Raises:
        FeedFault: the file can't be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FeedFault(Flaw.UNREADABLE.at(str(path), why=error.strerror)) from None


def _cut(path: Path) -> Iterator[tuple[int, bytes]]:
    """The file's bytes, cut behind ends of lines, with the number of the first line."""
    number, rest = 1, b""
    try:
        with _opened(path) as stream:
            while chunk := stream.read(BLOCK):
                whole, end, rest = (rest + chunk).rpartition(b"\n")
                if end:
                    _bound(path, number, whole)
                    yield number, whole + end
                    number += whole.count(b"\n") + 1
                _bound(path, number, rest)
        if rest:
            yield number, rest
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FeedFault(Flaw.DAMAGED.at(str(path), why=str(error))) from None
    except OSError as error:
        raise FeedFault(Flaw.UNREADABLE.at(str(path), why=error.strerror or str(error))) from None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.GzipFile(path) as unzipped:
            yield cast(IO[bytes], unzipped)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1 or not names[0].endswith(".csv"):
                raise FeedFault(Flaw.NOT_ONE_CSV.at(str(path), names=listed(names) or "nothing"))
            with archive.open(names[0]) as stream:
                yield stream
    else:
        with path.open("rb") as stream:
            yield stream


def _bound(path: Path, first: int, raw: bytes) -> None:
    if len(raw) <= LONGEST_LINE:
        return
    lengths = [len(line) for line in raw.split(b"\n")]
    if max(lengths) > LONGEST_LINE:
        number = next(n for n, length in enumerate(lengths, first) if length > LONGEST_LINE)
        raise FeedFault(Flaw.LONG_LINE.at(f"{path}:{number}", limit=LONGEST_LINE))


def _foreign(path: Path, first: int, raw: bytes) -> Fault:
    number, line = next((n, li) for n, li in enumerate(raw.split(b"\n"), first) if li.translate(None, ROW_BYTES))
    place = f"{path}:{number}"
    try:
        cells = line.decode().split(",")
    except UnicodeDecodeError:
        return Flaw.NOT_UTF8.at(place)
    column = next(n for n, cell in enumerate(cells) if cell.encode().translate(None, ROW_BYTES))
    if column == 0:
        return Flaw.BAD_TIME.at(place, text=cells[0], why="no time is written so", expected=TIME_HELP)
    return Flaw.BAD_NUMBER.at(place, column=f"value in column {column + 1}", text=cells[column])

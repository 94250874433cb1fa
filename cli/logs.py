"""Logs of decisions as commands read them: whole records, however they are kept."""

from collections.abc import Iterable, Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import Final

import click

from cli.project import BAD_ENVIRONMENT, fail

HELP: Final = "the log holds decisions as `hedgerow decide` writes them"
ARCHIVE: Final = ".parquet"


def files_of(log: Path) -> list[Path]:
    """The files of a log, in order; of a run or a service all of its decisions, none where it has made none yet."""
    from execution.journal_file import FILE as JOURNAL
    from execution.state import EXECUTION
    from execution.state.log import existing

    if log.is_file():
        return [log]
    found = existing(log / EXECUTION, "decisions")
    if not found and not (log / JOURNAL).is_file():
        fail(f"{log} holds no log of decisions", "name the folder of a run, or a log of `hedgerow decide`")
    return found


def files_named(log: str) -> list[Path]:
    """The files of a log, or those that a pattern names; none ends the command."""
    path = Path(log)
    if path.exists():
        return files_of(path)
    found = [Path(name) for name in sorted(glob(log, recursive=True))]
    if not found:
        fail(f"{log} is no file, no folder, and no pattern that a file has", "name a log, or a pattern in quotes")
    return [file for path in found for file in files_of(path)]


def records(files: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """The whole records of these files, each with its place; a file that can't be read ends the command."""
    from universe.decision_log import lines_of

    for path in files:
        try:
            yield from _archived(path) if path.suffix == ARCHIVE else expanded(lines_of(path))
        except OSError as error:
            fail(f"{path} can't be read: {error.strerror or error}", HELP)


def expanded(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The whole records that the lines of a file stand for; a line that stands for none ends the command."""
    from universe.decision_log import LogFault, whole

    def torn(place: str) -> None:
        click.echo(f"{place}: the last line was cut off when its writer ended; it is passed over", err=True)

    try:
        yield from whole(lines, torn)
    except LogFault as fault:
        fail(f"{fault.place}: {fault}", HELP)


def _archived(path: Path) -> Iterator[tuple[str, str]]:
    need_columns()
    from execution.archive import ArchiveFault, read

    try:
        for number, line in enumerate(read(path), 1):
            yield f"{path}:{number}", line
    except ArchiveFault as fault:
        fail(str(fault), "name a file that `hedgerow archive` wrote")


def need_columns() -> None:
    """End the command where the library for Parquet is not installed."""
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        fail("Parquet needs `pyarrow`, which is not installed", "pip install -e '.[columns]'", BAD_ENVIRONMENT)

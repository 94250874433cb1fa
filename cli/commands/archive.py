"""`hedgerow archive`."""

from collections.abc import Iterator
from pathlib import Path

import click

from cli.logs import ARCHIVE, files_of, need_columns, records
from cli.project import BAD_ENVIRONMENT, fail, near


@click.command(name="archive")
@click.argument("log", type=click.Path(exists=True, path_type=Path), metavar="FILE|DIR")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The Parquet file to write."
)
def command(log: Path, out: Path) -> None:
    """Write a log of decisions as one Parquet file: a column for each fact, compressed.

    FILE is a log as `decide`, `rehearse`, a run or a service writes it; DIR the folder of a run or a service. Numbers
    stay exact, as text. The file is read back before it takes its place, and holds each record to the byte: `replay`
    reads it like the log, which stays as it is.
    """
    need_columns()
    from execution.archive import ArchiveFault, write

    if out.suffix != ARCHIVE:
        fail(f"{out} would not be known again", f"name a file that ends in {ARCHIVE}")
    files = files_of(log)

    def lines() -> Iterator[str]:
        return (line for _, line in records(files))

    try:
        count = write(lines, out)
    except ArchiveFault as fault:
        fail(f"{log}: {fault}", "the log holds decisions as `hedgerow decide` writes them")
    except OSError as error:
        fail(f"{out} can't be written: {error.strerror or error}", None, BAD_ENVIRONMENT)
    before, after = sum(path.stat().st_size for path in files), out.stat().st_size
    click.echo(f"{near(out)}: {count:,} records, {after:,} bytes for {before:,}")

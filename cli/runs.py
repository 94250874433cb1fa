"""What the commands that look at a run share: where it is, how it is read, and how it is shown."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import click

from cli.project import BAD_ENVIRONMENT, fail, root, wide_console

if TYPE_CHECKING:
    from execution.state.view import Moment

FOLDER: Final = Path("logs")
P = ParamSpec("P")
R = TypeVar("R")

run_option = click.option(
    "--run", "run", type=click.Path(file_okay=False, path_type=Path), help=f"The run's folder; default: {FOLDER}."
)
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")


def folder_of(given_root: Path | None, run: Path | None) -> Path:
    """The folder of a run: as given, else the project's own."""
    return run if run is not None else root(given_root) / FOLDER


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """Whatever is wrong with a run's folder is said in two lines, and ends the command."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from execution.journal_file import JournalFault, NoJournal
        from execution.lock import LockFault, LockHeld
        from execution.state import PublishFault
        from universe.reader import UniverseFault

        try:
            return function(*args, **kwargs)
        except (NoJournal, UniverseFault) as fault:
            fail(str(fault), fault.help)
        except (JournalFault, LockHeld, LockFault, PublishFault) as fault:
            fail(str(fault), fault.help, BAD_ENVIRONMENT)

    return run


def folded(folder: Path, kinds: Collection[str]) -> "Moment":
    """The books of a run as they stand, as far as events of these kinds make them."""
    from execution.books import Books, Pulse
    from execution.journal import Journal
    from execution.state.view import Moment

    books = Books()
    with Journal.read(folder) as journal:
        for entry in journal.entries(kinds=kinds):
            books.apply(entry.event, entry.time)
        cursor = journal.cursor()
    pulse = Pulse.from_record(cursor.pulse) if cursor else Pulse()
    return Moment(books, pulse, cursor.seq if cursor else 0, None)


def heading(folder: Path, moment: "Moment") -> str:
    """Which run this is, as of when, and whether anybody runs it."""
    from execution.lock import holder

    run = moment.books.run
    if run is None:
        return f"{folder}: nothing has run yet"
    market = " (synthetic market)" if run.synthetic else ""
    who = holder(folder)
    running = "no executor runs" if who is None else f"process {who.pid or 'unknown'} runs"
    return f"{run.mode} run {run.run}{market}, {at(moment.pulse.time)}, event {moment.seq}; {running}"


def at(seconds: int) -> str:
    """A moment, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: int) -> str:
    """A stretch of time in its two largest units."""
    rest, shown = seconds, list[str]()
    for size, name in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, rest = divmod(rest, size)
        if count and len(shown) < 2:
            shown.append(f"{count}{name}")
    return "".join(shown) or "0s"


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows below the names of their columns; a name that ends in `>` is of figures, which stand to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            name.rstrip(">").replace("_", " "), justify="right" if name.endswith(">") else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row))
    wide_console().print(table)

"""`hedgerow report`."""

from pathlib import Path

import click

from cli.project import BAD_ENVIRONMENT, fail, near
from cli.runs import explained, folder_of, run_option


@click.command(name="report")
@run_option
@click.pass_obj
@explained
def command(given_root: Path | None, run: Path | None) -> None:
    """Write a run's report.html, from its journal alone: also while it runs, and after it was killed.

    The page opens offline. `hedgerow run` writes it at its end.
    """
    from execution.events import UniverseActivated
    from execution.journal import Journal
    from execution.universes import load_kept
    from research.report import NothingToReport, write_report

    folder = folder_of(given_root, run)
    try:
        with Journal.read(folder) as journal:
            events = (entry.event for entry in journal.entries(kinds={UniverseActivated.kind}))
            decided = [event.universe for event in events if isinstance(event, UniverseActivated)]
            if not decided:
                fail(f"{folder} holds a run that has not begun", "start it again: the same command")
            path = write_report(folder, journal, load_kept(folder, decided[-1]))
    except NothingToReport as fault:
        fail(f"{folder}: {fault}", fault.help)
    except OSError as error:
        fail(f"the report can't be written into {folder}: {error.strerror}", None, BAD_ENVIRONMENT)
    click.echo(f"report     {near(path)}")

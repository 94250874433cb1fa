"""What a person asks of a run from another process: who they are, why, and whether anybody listens."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.project import fail
from cli.runs import folder_of

if TYPE_CHECKING:
    from execution.journal import Command

LONGEST: Final = 500


def _said(_: click.Context, option: click.Parameter, text: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > LONGEST:
        name = option.opts[0]
        fail(f"{name} says nothing" if not said else f"{name} is longer than {LONGEST} characters")
    return said


by_option = click.option("--by", required=True, callback=_said, help="Who you are.")
why_option = click.option("--why", required=True, callback=_said, help="Why, for whoever reads it later.")


def ask(
    given_root: Path | None, run: Path | None, kind: str, body: Mapping[str, Any], done: str, *, as_json: bool
) -> None:
    """Leave a command for a run, and say who will see it."""
    from execution.journal import give
    from execution.lock import holder

    folder = folder_of(given_root, run)
    refuse_where_over(folder)
    command, runs = give(folder, kind, body, time.time()), holder(folder) is not None
    if as_json:
        click.echo(json.dumps({"running": runs, "command": {"id": command.id, "kind": kind, **command.body}}))
    else:
        click.echo(f"{done} in {folder}; {who_sees(runs=runs)}")


def who_sees(*, runs: bool) -> str:
    """When a command takes effect."""
    return (
        "the executor sees it at its next step" if runs else "no executor runs: the next one sees it at its first step"
    )


def unheard(folder: Path) -> "list[Command]":
    """What people asked of a run that it has not heard yet."""
    from execution.journal import Journal

    with Journal.read(folder) as journal:
        cursor = journal.cursor()
        return journal.commands(0 if cursor is None else cursor.command)


def refuse_where_over(folder: Path) -> None:
    """End the command where the run is over."""
    from execution.events import RunEnded
    from execution.journal import Journal

    with Journal.read(folder) as journal:
        over = any(True for _ in journal.entries(kinds=(RunEnded.kind,)))
    if over:
        fail(f"the run in {folder} is over: it opens no position any more", "switch it where a run goes on")

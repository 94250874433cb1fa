"""`hedgerow kill`."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.project import fail
from cli.runs import explained, folder_of, json_option, run_option

if TYPE_CHECKING:
    from execution.journal import Command

LONGEST: Final = 500


@click.command(name="kill")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.option("--by", required=True, help="Who you are.")
@click.option("--why", required=True, help="Why, for whoever reads it later.")
@run_option
@json_option
@click.pass_obj
@explained
def command(given_root: Path | None, switch: str, by: str, why: str, run: Path | None, as_json: bool) -> None:
    """Stop new positions (`on`), or let them through again (`off`). Exits pass either way.

    A running executor sees it at its next step, one that starts later at its first. Asking for what holds already
    changes nothing.
    """
    from execution.journal import give
    from execution.lock import holder

    on, folder = switch == "on", folder_of(given_root, run)
    by, why = _said("--by", by), _said("--why", why)
    last = _last(folder)
    if _is_over(folder):
        fail(f"the run in {folder} is over: it opens no position any more", "switch it where a run goes on")
    changes = (last is not None and last.body["on"]) != on
    if changes:
        last = give(folder, _kind(), {"on": on, "by": by, "why": why}, time.time())
    runs = holder(folder) is not None
    if as_json:
        command = None if last is None else {"id": last.id, **last.body}
        click.echo(json.dumps({"on": on, "changed": changes, "running": runs, "command": command}))
        return
    if not changes:
        click.echo(
            f"the kill switch is {switch} already" + (f": {last.body['by']}, {last.body['why']}" if last else "")
        )
        return
    seen = (
        "the executor sees it at its next step" if runs else "no executor runs: the next one sees it at its first step"
    )
    click.echo(f"kill switch {switch} in {folder}; {seen}")


def _said(option: str, text: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > LONGEST:
        fail(f"{option} says nothing" if not said else f"{option} is longer than {LONGEST} characters")
    return said


def _last(folder: Path) -> "Command | None":
    """What was asked for last."""
    from execution.journal import Journal

    with Journal.read(folder) as journal:
        switches = [command for command in journal.commands() if command.kind == _kind()]
    return switches[-1] if switches else None


def _is_over(folder: Path) -> bool:
    from execution.events import RunEnded
    from execution.journal import Journal

    with Journal.read(folder) as journal:
        return any(True for _ in journal.entries(kinds=(RunEnded.kind,)))


def _kind() -> str:
    from execution.events import KillSwitched

    return KillSwitched.kind

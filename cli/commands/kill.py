"""`hedgerow kill`."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.orders_of_people import by_option, refuse_where_over, who_sees, why_option
from cli.runs import explained, folder_of, json_option, run_option

if TYPE_CHECKING:
    from execution.journal import Command


@click.command(name="kill")
@click.argument("switch", type=click.Choice(["on", "off"]))
@by_option
@why_option
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
    last = _last(folder)
    refuse_where_over(folder)
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
    click.echo(f"kill switch {switch} in {folder}; {who_sees(runs=runs)}")


def _last(folder: Path) -> "Command | None":
    """What was asked for last."""
    from execution.journal import Journal

    with Journal.read(folder) as journal:
        switches = [command for command in journal.commands() if command.kind == _kind()]
    return switches[-1] if switches else None


def _kind() -> str:
    from execution.events import KillSwitched

    return KillSwitched.kind

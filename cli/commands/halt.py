"""`hedgerow halt`."""

from pathlib import Path

import click

from cli.orders_of_people import ask, by_option, why_option
from cli.runs import explained, json_option, run_option


@click.command(name="halt")
@by_option
@why_option
@run_option
@json_option
@click.pass_obj
@explained
def command(given_root: Path | None, by: str, why: str, run: Path | None, as_json: bool) -> None:
    """Stop everything: new positions, and exits too. `hedgerow kill on` stops new positions alone.

    It holds until a person opens it again: `hedgerow rearm halt --by NAME --why TEXT`. A running executor sees it at
    its next step, one that starts later at its first.
    """
    from execution.events import Halted

    ask(given_root, run, Halted.kind, {"by": by, "why": why}, "halted", as_json=as_json)

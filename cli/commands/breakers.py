"""`hedgerow breakers`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.orders_of_people import unheard
from cli.project import quiet_pipe
from cli.runs import at, explained, folded, folder_of, heading, json_option, run_option, show_table

if TYPE_CHECKING:
    from engine.keeper import Shut
    from execution.journal import Command

KINDS: Final = ("run_started", "universe_activated", "halted", "breaker_tripped", "breaker_rearmed")
# What a person may ask that is about breakers, as the command that asks it.
_ASKED: Final = {"halted": "halt", "breaker_rearmed": "rearm"}
COLUMNS: Final = "breaker for state since until what".split()


@click.command(name="breakers")
@run_option
@json_option
@click.pass_obj
@quiet_pipe
@explained
def command(given_root: Path | None, run: Path | None, as_json: bool) -> None:
    """Show the breakers of a run: which are shut, for whom, since when, until when, and by what.

    Those that a person must open say `manual`: `hedgerow rearm BREAKER --by NAME --why TEXT`. A halt or a rearm that
    the run has not heard yet is said below.
    """
    from execution.universes import load_kept

    folder = folder_of(given_root, run)
    moment = folded(folder, KINDS)
    universe = moment.books.universe
    known = load_kept(folder, universe).ruleset.breakers if universe is not None else ()
    shut = [s for s in moment.books.shut.values() if s.holds(moment.pulse.time)]
    waiting = [c for c in unheard(folder) if c.kind in _ASKED]
    if as_json:
        told = [{"id": c.id, "kind": c.kind, **c.body} for c in waiting]
        said = {"breakers": [b.id for b in known], "shut": [s.record() for s in shut], "waiting": told}
        click.echo(json.dumps({**moment.header(), **said}))
        return
    click.echo(heading(folder, moment))
    click.echo()
    rows = [_row(s) for b in known for s in shut if s.breaker == b.id]
    rows += [(b.id, "", "open", "", "", b.gate.why) for b in known if all(s.breaker != b.id for s in shut)]
    show_table(COLUMNS, rows)
    for command in waiting:
        click.echo(f"waiting to be heard: {_asked(command)}, by {command.body['by']}: {command.body['why']}")


def _asked(command: "Command") -> str:
    body = command.body
    return " ".join((_ASKED[command.kind], *((body["breaker"], *body["keys"].values()) if "breaker" in body else ())))


def _row(shut: "Shut") -> tuple[str, ...]:
    until = "manual" if shut.until is None else at(shut.until)
    return (shut.breaker, " ".join(shut.keys.values()), "SHUT", at(shut.since), until, shut.text)

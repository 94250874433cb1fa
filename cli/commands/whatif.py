"""`hedgerow whatif`."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from cli.changes import (
    compared,
    env_option,
    explained,
    flipped,
    flips_option,
    format_option,
    json_option,
    log_option,
    proof_option,
    show,
)
from cli.project import fail, quiet_pipe, root, today

if TYPE_CHECKING:
    from generator.change.whatif import Edits
    from generator.compile.problems import Refused


@click.command(name="whatif")
@click.option(
    "--set", "sets", multiple=True, required=True, metavar="PATH=VALUE", help="A value to try; may be repeated."
)
@format_option
@env_option
@log_option
@flips_option
@proof_option
@json_option
@click.pass_obj
@quiet_pipe
def command(
    given_root: Path | None,
    sets: tuple[str, ...],
    shape: str,
    environment: str | None,
    log: Path | None,
    no_flips: bool,
    no_proof: bool,
    as_json: bool,
) -> None:
    """Say what other values would mean, and which recorded decisions they would flip; no file is touched.

    \b
    hedgerow whatif --set symbols.BTCUSDT.leverage=2x
    hedgerow whatif --set tiers.CORE.symbol_exposure=20% --set global.trade_nav=4%
    hedgerow whatif --set symbols.SOLUSDT.enabled=false --set gates.spread.mode=shadow
    hedgerow whatif --set strategies.momentum.trade_nav=2% --log logs/execution/decisions.jsonl
    """
    from generator.change.show.report import Report
    from generator.change.sources import of_folder
    from generator.change.whatif import Edits, setting
    from generator.compile.problems import Refused

    folder, day = root(given_root), today()
    with explained():
        edits = Edits(tuple(setting(s) for s in sets))
        old = of_folder(folder, day, "working tree")
        old.rules("prod")
        new = of_folder(folder, day, "what if", edits)
        try:
            found = compared(old, new, environment, prove=not no_proof)
        except Refused as refused:
            _refuse(refused, edits)
        flips = flipped(old, new, found, folder, log) if found.changes and not no_flips else None
    show(Report(found, flips), "json" if as_json else shape)


def _refuse(refused: "Refused", edits: "Edits") -> NoReturn:
    """Say what is wrong with the settings, each by its own text rather than by the line that it would stand in."""
    problems = [p for p in refused.problems if not p.warning]
    for problem in problems[:-1]:
        said = edits.places.get((problem.file, problem.line, problem.column))
        click.echo(f"error: {said.text if said else problem.file}: {problem.code} {problem.message}", err=True)
        if problem.help:
            click.echo(f"help: {problem.help}", err=True)
    last = problems[-1]
    said = edits.places.get((last.file, last.line, last.column))
    fail(f"{said.text if said else last.file}: {last.code} {last.message}", last.help)

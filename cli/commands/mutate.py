"""`hedgerow mutate`."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.project import BAD_INPUT, NO, compiled, fail, quiet_pipe, root

if TYPE_CHECKING:
    from generator.change.cover.accepted import Accepted
    from generator.change.cover.mutants import Mutant
    from generator.change.cover.survivors import Scenarios, Verdict
    from generator.compile.stages import Compiled
    from universe.reader import Universe


@click.command(name="mutate")
@click.option(
    "-k", "pattern", default="", help="Only mutants whose name holds this text: `gate drawdown`, `cap leverage`."
)
@click.option("--every", type=click.IntRange(min=1), default=1, metavar="N", help="A sample: every Nth mutant.")
@click.option("--list", "list_only", is_flag=True, help="List the mutants; try none.")
@click.option("--json", "as_json", is_flag=True, help="Every mutant with the scenario that notices it, one a line.")
@click.pass_obj
@quiet_pipe
def command(given_root: Path | None, pattern: str, every: int, list_only: bool, as_json: bool) -> None:
    """Change the rules in small ways, and name the changes that no scenario notices.

    Operators, guards, modes, exits, missing facts, rows and outputs; what windows count, whose and how far back; when
    breakers close, for whom and for how long; each cap and venue bound one step looser and one step tighter. Changes
    are made in memory, to the compiled rules. A mutant that survives stands for a mistake that could be made unseen:
    write the scenario that notices it, or list it in rules/uncovered.yaml with the reason.
    Exits 1 where one survives that is not listed, and where one is listed that does not survive.
    """
    from generator.change.cover.survivors import mutants
    from generator.compile.finish import file_text
    from universe.reader import parse

    folder = root(given_root)
    made = compiled(folder, "prod")
    universe = parse(file_text(made.document))
    everything = mutants(universe)
    chosen = [m for m in everything if pattern in m.name][::every]
    if not chosen:
        fail(f"no mutant's name holds `{pattern}`", "`hedgerow mutate --list` lists them", NO)
    if list_only:
        for mutant in chosen:
            click.echo(f"{mutant.source}: {mutant.name}")
        click.echo(f"{len(chosen)} mutants", err=True)
        return
    accepted, scenarios = _read(folder, universe, made)
    verdicts = list(_tried(scenarios, chosen))
    names = {m.name for m in everything}
    survivors = {v.mutant.name for v in verdicts if v.survives}
    unlisted = [v for v in verdicts if v.survives and v.mutant.name not in accepted.mutants]
    needless = {
        name: source
        for name, source in accepted.mutants.items()
        if name not in names or (name not in survivors and any(name == m.name for m in chosen))
    }
    if as_json:
        _show_json(verdicts, accepted)
    else:
        _show(verdicts, unlisted, accepted)
    for name, source in needless.items():
        why = "is noticed now" if name in names else "is no change of these rules"
        click.echo(f"{source}: `{name}` {why}\n  help: remove the entry", err=as_json)
    if unlisted or needless:
        raise SystemExit(NO)


def _read(folder: Path, universe: "Universe", made: "Compiled") -> "tuple[Accepted, Scenarios]":
    from generator.change.cover.accepted import read_accepted
    from generator.change.cover.survivors import Scenarios
    from generator.compile.problems import Refused, report
    from generator.scenarios import read_folder

    try:
        accepted = read_accepted(folder, universe.ruleset, made.schemas["uncovered"])
        return accepted, Scenarios(universe, read_folder(folder, universe.ruleset, made.schemas["scenarios"]))
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        raise SystemExit(BAD_INPUT) from None
    except ValueError as error:
        fail(str(error), "run `hedgerow test` first", NO)


def _tried(scenarios: "Scenarios", chosen: "list[Mutant]") -> "Iterator[Verdict]":
    """The verdicts, with progress where a person watches."""
    from rich.console import Console
    from rich.progress import track

    yield from track(scenarios.verdicts(chosen), "mutants", len(chosen), console=Console(stderr=True), transient=True)


def _show(verdicts: "Iterable[Verdict]", unlisted: "list[Verdict]", accepted: "Accepted") -> None:
    for verdict in unlisted:
        click.echo(f"{verdict.mutant.source}: {verdict.mutant.name}")
        click.echo("  help: no scenario notices; write one that holds before and not after, or list it with the reason")
    found = list(verdicts)
    refused, survive = sum(v.refused for v in found), sum(v.survives for v in found)
    noticed = len(found) - refused - survive
    listed = survive - len(unlisted)
    click.echo(
        f"{len(found)} mutants: {noticed} noticed, {refused} refused by the compile, {survive} survive"
        f" ({listed} of them listed in rules/uncovered.yaml)"
    )


def _show_json(verdicts: "Iterable[Verdict]", accepted: "Accepted") -> None:
    for verdict in verdicts:
        by = verdict.noticed_by
        record = {
            "mutant": verdict.mutant.name,
            "source": verdict.mutant.source,
            "outcome": "refused" if verdict.refused else "survives" if verdict.survives else "noticed",
            "noticed_by": by.name if by else None,
            "scenario": by.source if by else None,
            "listed": accepted.mutants.get(verdict.mutant.name),
        }
        click.echo(json.dumps(record, ensure_ascii=False))

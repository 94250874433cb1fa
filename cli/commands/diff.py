"""`hedgerow diff`."""

from pathlib import Path

import click

from cli.changes import (
    FAILS,
    compared,
    end,
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
from cli.project import quiet_pipe, root, today
from cli.proposals import repository_at


@click.command(name="diff")
@click.argument("base")
@click.argument("head", required=False)
@format_option
@click.option(
    "--fail-on",
    type=click.Choice(FAILS),
    help="Exit 1 if the whole is so: `loosen` also what is not proved, latent or mixed; `not-proved` also what no "
    "solver looked at; `contract` also names that are gone; `any` any change.",
)
@env_option
@log_option
@flips_option
@proof_option
@json_option
@click.pass_obj
@quiet_pipe
def command(
    given_root: Path | None,
    base: str,
    head: str | None,
    shape: str,
    fail_on: str | None,
    environment: str | None,
    log: Path | None,
    no_flips: bool,
    no_proof: bool,
    as_json: bool,
) -> None:
    """Say what changed between two rule sets, by meaning: each change with its class, its lines and whom it moves.

    BASE and HEAD are git refs, folders of projects, or compiled universes; HEAD is the working tree by default. A
    folder of the same name as a ref is written ./NAME. Of a ref nothing is checked out or run.

    \b
    hedgerow diff main                    what this working tree changes
    hedgerow diff HEAD~1 HEAD             what the last commit changed
    hedgerow diff main --fail-on loosen   exit 1 if a person has to approve it
    """
    from generator.change.show.report import Report
    from generator.change.sources import of_folder, source_of

    folder, day = root(given_root), today()
    repository = repository_at(folder)
    with explained():
        old = source_of(base, repository, day)
        new = source_of(head, repository, day) if head is not None else of_folder(folder, day, "working tree")
        found = compared(old, new, environment, prove=not no_proof)
        flips = flipped(old, new, found, folder, log) if found.changes and not no_flips else None
    report = Report(found, flips)
    show(report, "json" if as_json else shape)
    end(report, fail_on)

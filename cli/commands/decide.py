"""`hedgerow decide`."""

import sys
from pathlib import Path
from typing import IO

import click

from cli.commands.universe import file_of
from cli.project import BAD_INPUT, NO, fail, quiet_pipe, root, verified
from cli.stream import Asked, answers


@click.command(name="decide")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--scope", type=click.Choice(["order", "account"]), default="order", show_default=True, help="What is asked about."
)
@click.option("--backend", type=click.Choice(["python", "interpreter"]), default="python", show_default=True)
@click.option("--strict", is_flag=True, help="Exit 1 if any decision is a veto.")
@click.option(
    "--env", "environment", default="prod", show_default=True, help="The environment whose universe is trusted."
)
@click.option(
    "--universe", "universe_file", type=click.Path(path_type=Path), help="Another universe file than the project's."
)
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes; default: one, and all cores for a long input.")
@click.pass_obj
@quiet_pipe
def command(
    given_root: Path | None,
    file: IO[bytes],
    scope: str,
    backend: str,
    strict: bool,
    environment: str,
    universe_file: Path | None,
    jobs: int | None,
) -> None:
    """Decide on facts from FILE (default: stdin): one JSON object, an array, or one object a line.

    Writes one decision a line, in the same order. A line that can't be read is a veto with the reason
    `input_invalid`, is named on stderr, and makes the exit code 2; the other lines are decided.
    """
    path = universe_file if universe_file is not None else root(given_root) / file_of(environment)
    asked = Asked(verified(path, environment), backend, scope)
    allowed = denied = unread = 0
    for answer in answers(asked, file, jobs):
        sys.stdout.buffer.write(answer.text)
        sys.stdout.buffer.flush()
        allowed, denied = allowed + answer.allowed, denied + answer.denied
        unread += len(answer.complaints)
        for complaint in answer.complaints:
            click.echo(f"{file.name}:{complaint}", err=True)
    if not allowed and not denied:
        fail(f"{file.name} holds no intent", 'give facts as JSON: {"order": {"symbol": "BTCUSDT", …}, …}')
    if unread:
        sys.exit(BAD_INPUT)
    if strict and denied:
        sys.exit(NO)

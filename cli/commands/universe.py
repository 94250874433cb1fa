"""`hedgerow universe`."""

from pathlib import Path

import click

from cli.project import NO, compiled, root, write
from cli.signing import is_signed, sign


def file_of(environment: str) -> str:
    """Where an environment's universe is written: the committed one is prod's."""
    return "universe/universe.json" if environment == "prod" else f"universe/universe.{environment}.json"


@click.command(name="universe")
@click.option(
    "--check", "check_only", is_flag=True, help="Write nothing; exit 1 if the file is not what would be written."
)
@click.option("--env", "environment", default="prod", show_default=True, help="The environment to compile for.")
@click.option("--sign", "key", metavar="KEYFILE", type=click.Path(path_type=Path), help="Sign it with a private key.")
@click.pass_obj
def command(given_root: Path | None, check_only: bool, environment: str, key: Path | None) -> None:
    """Compile the rules into universe/universe.json (prod) or universe/universe.ENV.json.

    The file is replaced only when every check passes, and then at once: an executor never reads half of it. Signatures
    stand beside it, in a file of its name with .sig; the universe itself is the same whoever signs it.
    """
    from generator.compile.finish import file_text
    from generator.compile.problems import report

    folder = root(given_root)
    made = compiled(folder, environment)
    if made.warnings:
        click.echo(report(made.warnings, made.sources.texts), err=True)
    name, text = file_of(environment), file_text(made.document)
    path = folder / name
    if check_only:
        if path.is_file() and path.read_bytes() == text.encode():
            click.echo(f"{name} is fresh")
            return
        click.echo(f"{name} is stale\nhelp: run `hedgerow universe`", err=True)
        raise SystemExit(NO)
    signer = sign(path, made.document["universe"], key) if key is not None else None
    changed = write(path, text)
    click.echo(
        f"{name} {'written' if changed else 'unchanged'}: "
        f"{len(made.ruleset.subjects)} symbols, {len(made.ruleset.gates)} gates"
    )
    click.echo(f"ruleset  {made.document['ruleset']}\nuniverse {made.document['universe']}")
    if signer is not None:
        click.echo(f"signed   {signer}")
    elif not is_signed(path, made.document["universe"]):
        click.echo("warning: a signature is asked for here, and this universe has none: it decides nothing", err=True)
        click.echo("help: run `hedgerow universe --sign KEYFILE`", err=True)

"""`hedgerow docs`."""

from pathlib import Path

import click

from cli.project import NO, compiled, root, write


@click.command(name="docs")
@click.option("--check", "check_only", is_flag=True, help="Write nothing; exit 1 if a generated file is stale.")
@click.pass_obj
def command(given_root: Path | None, check_only: bool) -> None:
    """Write everything generated but the universe: JSON Schemas, the reference, the pairs at the cap."""
    from generator.generated import files, stale

    folder = root(given_root)
    made = files(compiled(folder, "prod"))
    old = stale(folder, made)
    if check_only:
        for name in old:
            click.echo(f"{name} is stale", err=True)
        if old:
            click.echo("help: run `hedgerow docs`", err=True)
            raise SystemExit(NO)
        click.echo(f"{len(made)} generated files are fresh")
        return
    for name in old:
        if name in made:
            write(folder / name, made[name])
        else:
            (folder / name).unlink()
    click.echo(f"{len(made)} generated files, {len(old)} changed")

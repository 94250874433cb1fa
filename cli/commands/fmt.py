"""`hedgerow fmt`."""

from pathlib import Path

import click

from cli.project import BAD_ENVIRONMENT, BAD_INPUT, NO, fail, root


@click.command(name="fmt")
@click.argument("files", nargs=-1, metavar="[FILES]…")
@click.option("--check", "check_only", is_flag=True, help="Write nothing; exit 1 if a file would be written otherwise.")
@click.pass_obj
def command(given_root: Path | None, files: tuple[str, ...], check_only: bool) -> None:
    """Write rule files in one way: order of keys, quotes, digits in threes. Comments stay.

    FILES are rule files, catalogs or scenarios; all of them where none is named. Before anything is written the rules
    are compiled both ways: the hash of what they decide is the same, and so are the scenarios, or no file is touched.
    """
    from generator.change.patching.disk import write_all
    from generator.compile.files import Folder
    from generator.compile.problems import Refused, report
    from generator.format.project import format_files
    from generator.format.texts import FormatFault

    folder = root(given_root)
    try:
        made = format_files(Folder(folder), [_from_root(folder, name) for name in files])
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        raise SystemExit(BAD_INPUT) from None
    except FormatFault as fault:
        fail(str(fault), "edit it by hand")
    for name in made.texts:
        click.echo(f"{name} would be written otherwise" if check_only else name, err=check_only)
    if check_only:
        if made.texts:
            click.echo("help: run `hedgerow fmt`", err=True)
            raise SystemExit(NO)
        click.echo(f"{made.count} files are written as they should be")
        return
    try:
        write_all(folder, {name: text.encode() for name, text in made.texts.items()})
    except OSError as error:
        fail(f"nothing was written: {error.strerror}", None, BAD_ENVIRONMENT)
    click.echo(f"{made.count} files, {len(made.texts)} changed")
    if not made.compiled:
        click.echo("the rules don't compile, so that only the files' own texts were compared", err=True)
    elif made.texts:
        click.echo("help: run `hedgerow universe` and `hedgerow docs`: lines have moved", err=True)


def _from_root(folder: Path, name: str) -> str:
    """A file by its path from the project's root, whether it was given so or from where one is."""
    whole, base = Path(name).resolve(), folder.resolve()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) and whole.exists() else name

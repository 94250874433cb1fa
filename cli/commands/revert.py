"""`hedgerow revert`."""

from pathlib import Path

import click

from cli.project import NO, quiet_pipe, root
from cli.proposals import explained, proposal_of, repository_at, scratch


@click.command(name="revert")
@click.argument("commit")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the patch goes; default: stdout.")
@click.pass_obj
@quiet_pipe
def command(given_root: Path | None, commit: str, out: Path | None) -> None:
    """Propose the inverse of COMMIT: a patch for `hedgerow patch apply`, which checks it like any other.

    Each key of the rules that the commit edited gets the value that it had before. What has been edited since, and what
    a patch can't name, is left and named on stderr; exit code 1 where nothing is left to take back.

    \b
    hedgerow revert HEAD --out PATCH.yaml && hedgerow patch apply PATCH.yaml
    """
    from generator.change.history.revert import inverse
    from generator.change.patching.patch_file import patch_text

    repository = repository_at(root(given_root))
    with explained(), scratch() as folder:
        now = proposal_of(repository, repository.commit_of("HEAD"), None, folder).tree
        found = inverse(repository, repository.commit_of(commit), now)
    for line in found.left:
        click.echo(f"left: {line}", err=True)
    if not found.values and not found.gone:
        raise SystemExit(NO)
    text = patch_text(found.data())
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")

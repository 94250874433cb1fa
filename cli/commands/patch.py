"""`hedgerow patch`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.project import BAD_ENVIRONMENT, NO, fail, near, root, write
from cli.proposals import asked, base_commit, explained, platform, proposal_of, repository_at, scratch

if TYPE_CHECKING:
    from generator.change.patching.checker import Proposal, Verdict
    from generator.change.patching.compiled import CompiledSide
    from generator.change.patching.patch_file import Patch

FORMATS: Final = ("text", "markdown", "json", "github")
REPORTS: Final = "logs/proposals"

base_option = click.option("--base", help="The authority: a branch or commit; default: the pull request's, else main.")
author_option = click.option("--author", help="Who asks, which may only lower rights; the CI platform says who it is.")
format_option = click.option(
    "--format", "shape", type=click.Choice(FORMATS), default="text", show_default=True, help="How it is shown."
)
comment_option = click.option(
    "--comment", type=click.Path(dir_okay=False, path_type=Path), help="Write the comment of a pull request here, too."
)
json_option = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")


@click.group(name="patch")
def command() -> None:
    """Check what a change may do, or make one that an agent may make."""


@command.command(name="check")
@base_option
@click.option("--head", help="What is checked: a branch or commit; default: the pull request's, else the working tree.")
@author_option
@format_option
@comment_option
@json_option
@click.pass_obj
def check_command(
    given_root: Path | None,
    base: str | None,
    head: str | None,
    author: str | None,
    shape: str,
    comment: Path | None,
    as_json: bool,
) -> None:
    """Say whether a change's author may make it, with every reason.

    Base is the authority: its rules about changes (rules/surfaces.yaml), its scenarios, its invariants and its checker.
    Of head only objects are read; nothing of it is checked out, installed or run. Exit code 1 where the answer is no.
    """
    from generator.change.patching.checker import check
    from generator.change.patching.report import markdown

    repository, told = repository_at(root(given_root)), platform()
    with explained(), scratch() as folder:
        proposal = proposal_of(repository, base_commit(repository, base, told.base), head or told.head, folder)
        verdict = check(proposal, asked(told, author))
    if comment is not None:
        write(comment, markdown(verdict))
    _show(verdict, "json" if as_json else shape)
    if not verdict.allowed:
        raise SystemExit(NO)


@command.command(name="apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="PATCH.yaml")
@base_option
@click.option("--propose", is_flag=True, help="Leave a branch and a report, and the working tree as it is.")
@click.option("--dry-run", is_flag=True, help="Write nothing, whatever the verdict.")
@author_option
@format_option
@json_option
@click.pass_obj
def apply_command(
    given_root: Path | None,
    file: Path,
    base: str | None,
    propose: bool,
    dry_run: bool,
    author: str | None,
    shape: str,
    as_json: bool,
) -> None:
    """Apply PATCH.yaml: check, universe, test, diff, prove, surfaces; all of it, or nothing.

    Comments and order of the YAML stay. Nothing on disk changes unless everything passes; --propose then leaves a
    branch and a report instead of edited files.

    \b
    format: 1
    why: The book of LTC has thinned to a third since June.
    set: {symbols.LTCUSDT.symbol_exposure: 7%}
    """
    from generator.change.patching.checker import check
    from generator.change.patching.report import stages

    folder, told = root(given_root), platform()
    repository, shown = repository_at(folder), "json" if as_json else shape
    with explained(), scratch() as empty:
        base_name = base_commit(repository, base, told.base)
        before = _without(file, proposal_of(repository, base_name, "HEAD" if propose else None, empty))
        patch, texts, side = _applied(file, before)
        after = replace(before, tree=before.tree.edited(texts), name=file.name, side=side)
        asking = asked(told, author)
        verdict = check(after, asking)
        _show(verdict, shown)
        _say(shown, f"\n{stages(verdict)}")
        if not verdict.allowed:
            _say(shown, "nothing was written")
            raise SystemExit(NO)
        if dry_run:
            _say(shown, "nothing was written, as asked")
        elif propose:
            _propose(folder, before, patch, texts, verdict, asking.now, shown)
        else:
            _write(folder, texts, shown)


def _without(file: Path, proposal: "Proposal") -> "Proposal":
    """The proposal without the patch itself, where it lies in the working tree and nobody has committed it."""
    root, place = proposal.base.repository.root, file.resolve()
    path = place.relative_to(root).as_posix() if place.is_relative_to(root) else ""
    if not path or path in proposal.base.tree.entries:
        return proposal
    return replace(proposal, tree=proposal.tree.edited({path: None}))


def _applied(file: Path, before: "Proposal") -> "tuple[Patch, dict[str, bytes], CompiledSide]":
    """The patch, the files that it changes, and what they compile to."""
    from generator.change.patching.apply import applied
    from generator.change.patching.patch_file import read_patch

    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8", "write it as docs/agents.md shows")
    patch = read_patch(file.name, text, before.tree.sources())
    return patch, *applied(file.name, patch, before.tree, today=before.base.today)


def _write(folder: Path, texts: dict[str, bytes], shown: str) -> None:
    from generator.change.patching.disk import write_all

    try:
        write_all(folder, texts)
    except OSError as error:
        fail(f"nothing was written: {error.strerror}", None, BAD_ENVIRONMENT)
    _say(shown, f"written: {', '.join(texts)}")


def _propose(
    folder: Path,
    before: "Proposal",
    patch: "Patch",
    texts: dict[str, bytes],
    verdict: "Verdict",
    now: int,
    shown: str,
) -> None:
    from generator.change.patching.propose import branch_name, propose
    from generator.change.patching.report import markdown

    branch = branch_name(patch.why, texts)
    message = f"{patch.why}\n\n{verdict.word} on {verdict.surface}; checked upon {verdict.base}\n"
    with scratch() as empty:
        commit = propose(before.base.repository, before.head, texts, branch, message, now=now, scratch=empty)
    report = folder / REPORTS / f"{branch.rpartition('/')[2]}.md"
    write(report, markdown(verdict))
    _say(shown, f"proposed: branch {branch} at {commit[:12]}\nreport:   {near(report)}")


def _show(verdict: "Verdict", shape: str) -> None:
    from generator.change.patching.report import data, github, markdown, text

    if shape == "json":
        click.echo(json.dumps(data(verdict), indent=1))
    else:
        click.echo({"markdown": markdown, "github": github, "text": text}[shape](verdict).rstrip("\n"))


def _say(shape: str, text: str) -> None:
    """To a person who reads the terminal; what a program reads stays what it asked for."""
    click.echo(text, err=shape != "text")

"""What the commands about changes share: who asks by the CI platform's word, which commits are meant, and wordings of
what can't be had.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

from cli.project import BAD_ENVIRONMENT, BAD_INPUT, fail, today

if TYPE_CHECKING:
    from generator.change.git import Repository
    from generator.change.patching.checker import Asked, Proposal
    from generator.change.patching.identity import Actor

CODE: Final = Path(__file__).resolve().parents[1]
# In full: a tag of the same name would be preferred to a branch.
MAINS: Final = ("refs/remotes/origin/main", "refs/heads/main")
MAX_EVENT: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Platform:
    """What the CI platform says: who asks, and for a pull request the commits of both sides."""

    named: "tuple[Actor, ...]"
    base: str | None = None
    head: str | None = None
    approvers: tuple[str, ...] = ()


def platform() -> Platform:
    """What GitHub says of this run, by its documented variables; nothing where no CI platform runs it."""
    from generator.change.patching.identity import from_github

    environment = dict(os.environ)
    if environment.get("GITHUB_ACTIONS") != "true":
        return Platform(())
    event = _event(environment.get("GITHUB_EVENT_PATH"))
    request = event.get("pull_request")
    sides = {side: _sha(request, side) for side in ("base", "head")} if isinstance(request, Mapping) else {}
    return Platform(from_github(environment, event), sides.get("base"), sides.get("head"), _mergers(request))


def _mergers(request: object) -> tuple[str, ...]:
    """Who merged a pull request, as its event says."""
    by = request.get("merged_by") if isinstance(request, Mapping) else None
    login = by.get("login") if isinstance(by, Mapping) else None
    return (login,) if isinstance(login, str) else ()


def _event(path: str | None) -> Mapping[str, Any]:
    try:
        file = Path(path or "")
        event = json.loads(file.read_bytes()) if path and file.stat().st_size <= MAX_EVENT else {}
    except (OSError, ValueError, RecursionError) as error:
        fail(f"the event of this run can't be read: {error}", "GITHUB_EVENT_PATH names it", BAD_ENVIRONMENT)
    return event if isinstance(event, Mapping) else {}


def _sha(request: Mapping[str, Any], side: str) -> str | None:
    found = request.get(side)
    sha = found.get("sha") if isinstance(found, Mapping) else None
    return sha if isinstance(sha, str) else None


def repository_at(root: Path) -> "Repository":
    """The repository at the project, asked only when something of it is."""
    from generator.change.git import Repository

    return Repository(root.resolve(), shutil.which("git") or "git")


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder for as long as it is needed."""
    with TemporaryDirectory(prefix="hedgerow-") as folder:
        yield Path(folder)


def base_commit(repository: "Repository", given: str | None, of_platform: str | None) -> str:
    """The commit that is the authority: as given, else the pull request's base, else main as it was fetched last.

    Where there is none of them nothing is guessed: held against itself, every change would be none.
    """
    from generator.change.git import GitFault

    if given is not None or of_platform is not None:
        return repository.commit_of(given or of_platform or "")
    for name in MAINS:
        try:
            return repository.commit_of(name)
        except GitFault:
            continue
    repository.commit_of("HEAD")
    raise GitFault("there is no main to hold a change against", "name the branch that it is made for: --base BRANCH")


def proposal_of(repository: "Repository", base: str, head: str | None, folder: Path) -> "Proposal":
    """What is to be checked: a commit, or the working tree as it stands."""
    from generator.change.patching.authority import Authority
    from generator.change.patching.checker import Proposal
    from generator.change.patching.trees import of_commit, of_folder

    authority = Authority(repository, base, today())
    if head is None:
        return Proposal(authority, of_folder(repository, folder), repository.commit_of("HEAD"), "working tree")
    commit = repository.commit_of(head)
    return Proposal(authority, of_commit(repository, commit), commit, commit[:12])


def asked(platform: Platform, author: str | None) -> "Asked":
    """Who asks, now."""
    from generator.change.patching.checker import Asked

    return Asked(platform.named, author, int(time.time()), CODE)


@contextmanager
def explained() -> Iterator[None]:
    """Says what can't be had, and ends with the exit code of who is at fault."""
    from generator.change.git import GitFault
    from generator.change.history.record import RecordFault
    from generator.change.patching.yaml_edit import EditFault
    from generator.change.proof.solver import NoSolver
    from generator.change.sources import SourceFault
    from generator.compile.problems import Refused, report
    from universe.decision_log import LogFault

    try:
        yield
    except (EditFault, SourceFault) as fault:
        fail(str(fault), fault.help)
    except GitFault as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT if fault.environment else BAD_INPUT)
    except RecordFault as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT)
    except NoSolver as fault:
        fail(str(fault), "install the extra `proof`: without it invariants can't be proved", BAD_ENVIRONMENT)
    except LogFault as fault:
        fail(f"{fault.place}: {fault}", "the log holds decisions as `hedgerow decide` writes them")
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        count = sum(not p.warning for p in refused.problems)
        click.echo(f"{count} problem{'s' if count != 1 else ''}; nothing was written", err=True)
        sys.exit(BAD_INPUT)

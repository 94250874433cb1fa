"""A proposal: a patch as a commit on a branch of its own. The working tree, the index and HEAD stay as they are."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from generator.change.git import GitFault, Repository

FOLDER: Final = "patch"
WHO: Final = ("hedgerow patch", "patch@hedgerow.invalid")
_LONGEST: Final = 40


def branch_name(why: str, texts: Mapping[str, bytes]) -> str:
    """The branch of a proposal: by its reason, and by what it makes of the files, so that the same is proposed once."""
    made = sha256(b"".join(f"{path}\0{len(text)}\0".encode() + text for path, text in sorted(texts.items())))
    words = re.sub(r"[^a-z0-9]+", "-", why.lower()).strip("-")[:_LONGEST].strip("-")
    return f"{FOLDER}/{words or 'patch'}-{made.hexdigest()[:8]}"


def propose(
    repository: Repository,
    parent: str,
    texts: Mapping[str, bytes],
    branch: str,
    message: str,
    *,
    now: int,
    scratch: Path,
) -> str:
    """Leave a branch with one commit upon another, and give the commit's name.

    Args:
        repository: where.
        parent: the commit that it is made upon.
        texts: the files that it changes.
        branch: the new branch; one that is there already is never moved.
        message: of the commit.
        now: its time, in Unix seconds.
        scratch: an empty folder for what that takes.

    Raises:
        GitFault: the branch is there already, or git refuses.
    """
    aside = {"GIT_INDEX_FILE": str(scratch / "index")}
    repository.run("read-tree", parent, environment=aside)
    lines = []
    for path, text in texts.items():
        oid = repository.run("hash-object", "-w", "--stdin", given=text).decode().strip()
        lines.append(f"100644 {oid}\t{path}")
    repository.run("update-index", "--add", "--index-info", given="\n".join(lines).encode(), environment=aside)
    tree = repository.run("write-tree", environment=aside).decode().strip()
    names = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _named(now)}
    made = repository.run("commit-tree", tree, "-p", parent, given=message.encode(), environment=names)
    commit = made.decode().strip()
    try:
        repository.run("update-ref", f"refs/heads/{branch}", commit, "0" * len(commit))
    except GitFault:
        raise GitFault(f"there is a branch {branch} already", "it was proposed before: look at it") from None
    return commit


def _named(now: int) -> tuple[tuple[str, str], ...]:
    name, mail = WHO
    return (("NAME", name), ("EMAIL", mail), ("DATE", f"{now} +0000"))

"""Objects of a git repository, read and never checked out: what a commit holds of a project's rules.

git is called with lists of arguments, without a shell; nothing of the repository is run, and nothing replaces an
object that is asked for (grafts and replacements are not followed).
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

SECONDS: Final = 60
MAX_BYTES: Final = 8_000_000
MAX_FILES: Final = 2_000
_REF: Final = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_./@{}~^+#=%-]{0,250}")
_FILE: Final = frozenset({"100644", "100755", "100664"})


class GitFault(Exception):
    """What was asked for can't be had from the repository.

    `environment` says that git or the repository is at fault rather than the request.
    """

    def __init__(self, message: str, help_text: str | None = None, *, environment: bool = False) -> None:
        super().__init__(message)
        self.help, self.environment = help_text, environment


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, by its full name, and the UTC day on which it was made."""

    name: str
    day: date


def commit_of(folder: Path, ref: str) -> Commit:
    """The commit that a ref names in the repository around a folder.

    Raises:
        GitFault: it is no plain ref, there is no such commit, or there is no repository.
    """
    if not _REF.fullmatch(ref) or ".." in ref:
        raise GitFault(f"`{ref[:80]}` is no plain git ref", "name a branch, a tag or a commit: main, HEAD~1, 1a2b3c4")
    done = _run(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    name = done.stdout.decode().strip()
    if done.returncode or not re.fullmatch(r"[0-9a-f]{40,64}", name):
        _repository(folder)
        raise GitFault(f"git knows no commit `{ref}`", "name a branch, a tag or a commit: main, HEAD~1, 1a2b3c4")
    return Commit(name, _day(folder, name))


def _repository(folder: Path) -> None:
    done = _run(folder, "rev-parse", "--git-dir")
    if done.returncode:
        raise GitFault(f"{folder} is in no git repository that can be read", _said(done.stderr), environment=True)


def _said(stderr: bytes) -> str | None:
    """What git said, in one line."""
    lines = stderr.decode(errors="replace").split("\n")
    return next((f"git says: {line.strip()[:200]}" for line in lines if line.strip()), None)


def _day(folder: Path, commit: str) -> date:
    text = _asked(folder, "cat-file", "commit", commit).decode(errors="replace")
    found = re.search(r"^committer .*> (\d{1,11}) [+-]\d{4}$", text.partition("\n\n")[0], re.MULTILINE)
    return datetime.fromtimestamp(int(found[1]), UTC).date() if found else date.max


def files_of(folder: Path, commit: str, parts: tuple[str, ...]) -> Mapping[str, bytes]:
    """The plain files of a commit below some folders of the project, by their paths from it.

    Raises:
        GitFault: one of them is a link, a submodule or too large, or git can't read it.
    """
    prefix = _asked(folder, "rev-parse", "--show-prefix").decode().rstrip("\n")
    wanted = [f"{prefix}{part}" for part in parts]
    listed = _asked(folder, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *wanted)
    found: dict[str, str] = {}
    total = 0
    for line in filter(None, listed.decode(errors="surrogateescape").split("\0")):
        head, _, path = line.partition("\t")
        mode, kind, name, size = head.split()
        if kind != "blob" or mode not in _FILE:
            what = {"120000": "a symbolic link", "160000": "a submodule"}.get(mode, f"of mode {mode}")
            raise GitFault(f"{path} is {what} in {commit[:12]}, and is not followed", "commit the file itself")
        total += int(size)
        found[path.removeprefix(prefix)] = name
    if total > MAX_BYTES or len(found) > MAX_FILES:
        raise GitFault(f"{commit[:12]} holds more than {MAX_BYTES} bytes or {MAX_FILES} files of rules")
    return dict(zip(found, _blobs(folder, list(found.values())), strict=True))


def _blobs(folder: Path, names: list[str]) -> list[bytes]:
    """What objects hold, in the order of their names."""
    given = "".join(f"{name}\n" for name in names).encode()
    text = _asked(folder, "cat-file", "--batch", given=given)
    found, at = [], 0
    for name in names:
        end = text.index(b"\n", at)
        head = text[at:end].split()
        if len(head) != 3 or head[0].decode() != name or head[1] != b"blob":
            raise GitFault(f"git can't read the object {name}", environment=True)
        size = int(head[2])
        found.append(text[end + 1 : end + 1 + size])
        at = end + 1 + size + 1
    return found


def _asked(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    done = _run(folder, *arguments, given=given)
    if done.returncode:
        raise GitFault(f"git {arguments[0]} failed", _said(done.stderr), environment=True)
    return done.stdout


def _run(folder: Path, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command = ["git", "--no-replace-objects", "--literal-pathspecs", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise GitFault("there is no git to ask", "install git, or name folders", environment=True) from None
    except subprocess.TimeoutExpired:
        raise GitFault(f"git took more than {SECONDS} s", environment=True) from None

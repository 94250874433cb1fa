"""Objects of a git repository, read by argument lists: no shell, no checkout, no hook, no filter, no replaced object.

What a ref holds is data. Only names that can't be mistaken for an option or a range are taken as refs.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import Final

_REF: Final = re.compile(r"(?!.*\.\.)(?!.*@\{)(?!.*//)[A-Za-z0-9_][A-Za-z0-9_./+-]*([~^][0-9]*)*")
_OID: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# Neither the machine's settings nor what somebody put over objects has a say in what a commit holds.
_ENVIRONMENT: Final[Mapping[str, str]] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_GRAFT_FILE": "/dev/null",
    "LC_ALL": "C",
}
ORDINARY: Final = frozenset({"100644", "100755"})


class GitFault(ValueError):
    """A repository or a ref that can't be used; `help` says what to do."""

    def __init__(self, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree: its mode, its object, and how many bytes it has; a submodule has none."""

    mode: str
    oid: str
    size: int

    @property
    def ordinary(self) -> bool:
        """Whether it is a file that holds its own text: no link, no submodule."""
        return self.mode in ORDINARY


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its name, its parents, when it was committed (Unix seconds), and its first line."""

    oid: str
    parents: tuple[str, ...]
    time: int
    subject: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at a folder.

    Args:
        root: the folder of its working tree.
        program: git itself, as a path.
        more: where objects are beside its own, as environment of git alone.
    """

    root: Path
    program: str = "git"
    more: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """What git answers.

        Raises:
            GitFault: it refuses, with its own words.
        """
        safe = ("-c", f"safe.directory={self.root}", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
        command = [self.program, "-C", str(self.root), "--no-pager", *safe, *arguments]
        path = {"PATH": str(Path(self.program).parent)} if "/" in self.program else {}
        try:
            done = subprocess.run(
                command,
                input=given,
                capture_output=True,
                check=False,
                env={**path, **_ENVIRONMENT, **self.more, **(environment or {})},
            )
        except OSError as error:
            raise GitFault(f"git can't be run: {error.strerror}", "install git") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise GitFault(f"git {arguments[0]}: {said[0] if said else done.returncode}")
        return done.stdout

    def commit_of(self, ref: str) -> str:
        """The full name of the commit that a ref means.

        Raises:
            GitFault: it is no name of a commit, or could be taken for an option or a range.
        """
        if _REF.fullmatch(ref) is None:
            raise GitFault(f"`{ref}` is no ref", "name a branch, a tag or a commit")
        try:
            found = self.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip()
        except GitFault:
            raise GitFault(f"`{ref}` is no commit here", "fetch it first: the whole history is needed") from None
        if _OID.fullmatch(found) is None:
            raise GitFault(f"`{ref}` is no commit here")
        return found

    def tree_of(self, commit: str) -> str:
        """The name of a commit's tree."""
        return self.run("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}").decode().strip()

    def entries(self, treeish: str, *folders: str) -> dict[str, Entry]:
        """Every file of a tree by its path, or those below folders; paths that are no UTF-8 keep their bytes."""
        listed = self.run("ls-tree", "-r", "-z", "-l", "--full-tree", treeish, "--", *folders)
        found: dict[str, Entry] = {}
        for line in listed.split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, _, oid, size = about.decode().split()
            found[path.decode(errors="surrogateescape")] = Entry(mode, oid, int(size) if size.isdigit() else 0)
        return found

    def objects_at(self, commits: Iterable[str], path: str) -> dict[str, str]:
        """The name of a path's blob in each of these commits that has it."""
        wanted = list(commits)
        asked = "".join(f"{commit}:{path}\n" for commit in wanted).encode()
        lines = self.run("cat-file", "--batch-check", given=asked).decode(errors="replace").splitlines()
        found = zip(wanted, (line.split() for line in lines), strict=True)
        return {commit: about[0] for commit, about in found if len(about) == 3 and about[1] == "blob"}

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """What blobs hold, by their names, in one reading."""
        wanted = list(dict.fromkeys(oids))
        if not wanted:
            return {}
        out = self.run("cat-file", "--batch", given="".join(f"{oid}\n" for oid in wanted).encode())
        found: dict[str, bytes] = {}
        at = 0
        for oid in wanted:
            end = out.index(b"\n", at)
            about = out[at:end].decode().split()
            if len(about) != 3 or about[1] != "blob":
                raise GitFault(f"object {oid} is no blob here", "fetch it first: the whole history is needed")
            size = int(about[2])
            found[oid] = out[end + 1 : end + 1 + size]
            at = end + size + 2
        return found

    def commits(self, *arguments: str) -> list[Commit]:
        """Commits as `git rev-list` picks them, the newest first."""
        form = "%H%x00%P%x00%ct%x00%s"
        out = self.run("log", "-z", f"--format=tformat:{form}", "--no-show-signature", *arguments, "--")
        parts = out.decode(errors="replace").split("\0")
        rows = zip(*(parts[i::4] for i in range(4)), strict=False)
        return [Commit(oid, tuple(parents.split()), int(time), subject) for oid, parents, time, subject in rows]

    def is_whole(self) -> bool:
        """Whether the whole history is here, rather than the last commits alone."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"false"

    def has(self, commit: str, among: str) -> bool:
        """Whether a commit is another or one of its ancestors."""
        return not self.run("rev-list", "--max-count=1", commit, f"^{among}").strip()


def blob_name(data: bytes, like: str) -> str:
    """The name that git would give to a blob, by the hash that names like this one are made with."""
    made = sha256() if len(like) == 64 else sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(data))
    made.update(data)
    return made.hexdigest()

"""Objects of a git repository, read by argument lists: no shell, no checkout, no hook, no filter, no replaced object.

What a ref holds is data. Only names that can't be mistaken for an option or a range are taken as refs.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha1, sha256
from pathlib import Path
from typing import Final

SECONDS: Final = 60
MAX_BYTES: Final = 8_000_000
MAX_FILES: Final = 2_000
_REF: Final = re.compile(r"(?!.*\.\.)(?!.*@\{)(?!.*//)[A-Za-z0-9_][A-Za-z0-9_./+@#=%,-]{0,250}([~^][0-9]{0,6}){0,20}")
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
_LAST: Final = 99_999_999_999
_FETCH: Final = "fetch it first: the whole history is needed"


class GitFault(ValueError):
    """What was asked for can't be had from the repository; `help` says what to do.

    `environment` says that git or the repository is at fault rather than the request.
    """

    def __init__(self, message: str, help_text: str | None = None, *, environment: bool = False) -> None:
        super().__init__(message)
        self.help, self.environment = help_text, environment


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

    @property
    def day(self) -> date:
        """The UTC day on which it was committed; the last one that there is, if its date is none."""
        try:
            return datetime.fromtimestamp(self.time, UTC).date()
        except (ValueError, OverflowError, OSError):
            return date.max


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at a folder.

    Args:
        root: the folder of its working tree, or one in it.
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
        done = self._done(arguments, given, environment or {})
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").removeprefix("fatal: ").split())
            raise GitFault(f"git {arguments[0]}: {said[:200] or done.returncode}", environment=True)
        return done.stdout

    def _done(
        self, arguments: tuple[str, ...], given: bytes, environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[bytes]":
        safe = ("-c", f"safe.directory={self.root}", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
        command = [self.program, "-C", str(self.root), "--no-pager", "--literal-pathspecs", *safe, *arguments]
        path = {"PATH": str(Path(self.program).parent)} if "/" in self.program else {}
        env = {**path, **_ENVIRONMENT, **self.more, **environment}
        try:
            return subprocess.run(command, input=given, capture_output=True, timeout=SECONDS, check=False, env=env)
        except subprocess.TimeoutExpired:
            raise GitFault(f"git took more than {SECONDS} s", environment=True) from None
        except OSError as error:
            raise GitFault(f"git can't be run: {error.strerror}", "install git", environment=True) from None

    def commit_of(self, ref: str) -> str:
        """The full name of the commit that a ref means.

        Raises:
            GitFault: it is no name of a commit, or could be taken for an option or a range.
        """
        if _REF.fullmatch(ref) is None:
            raise GitFault(f"`{ref[:80]}` is no ref", "name a branch, a tag or a commit: main, HEAD~1, 1a2b3c4")
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        done = self._done(arguments, b"", {})
        found = done.stdout.decode(errors="replace").strip()
        if done.returncode or _OID.fullmatch(found) is None:
            self.run("rev-parse", "--git-dir")
            raise GitFault(f"git knows no commit `{ref}`", f"name one that is here, or {_FETCH}")
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
                raise GitFault(f"object {oid} is no blob here", _FETCH, environment=True)
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
        return [Commit(oid, tuple(parents.split()), _seconds(time), subject) for oid, parents, time, subject in rows]

    def is_whole(self) -> bool:
        """Whether the whole history is here, rather than the last commits alone."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"false"

    def has(self, commit: str, among: str) -> bool:
        """Whether a commit is another or one of its ancestors."""
        return not self.run("rev-list", "--max-count=1", commit, f"^{among}").strip()


def _seconds(text: str) -> int:
    """A commit's time; one that a forger has made unreadable is the latest, which gains nobody anything."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(_LAST)) else _LAST


def files_of(repository: Repository, commit: str, parts: tuple[str, ...]) -> Mapping[str, bytes]:
    """The plain files of a commit below some folders of the project, by their paths from it.

    Raises:
        GitFault: one of them is a link, a submodule or too large, or git can't read it.
    """
    prefix = repository.run("rev-parse", "--show-prefix").decode().rstrip("\n")
    found = repository.entries(commit, *(f"{prefix}{part}" for part in parts))
    for path, entry in found.items():
        if not entry.ordinary:
            what = {"120000": "a symbolic link", "160000": "a submodule"}.get(entry.mode, f"of mode {entry.mode}")
            raise GitFault(f"{path} is {what} in {commit[:12]}, and is not followed", "commit the file itself")
    if sum(entry.size for entry in found.values()) > MAX_BYTES or len(found) > MAX_FILES:
        raise GitFault(f"{commit[:12]} holds more than {MAX_BYTES} bytes or {MAX_FILES} files of rules")
    held = repository.blobs(entry.oid for entry in found.values())
    return {path.removeprefix(prefix): held[entry.oid] for path, entry in found.items()}


def blob_name(data: bytes, like: str) -> str:
    """The name that git would give to a blob, by the hash that names like this one are made with."""
    made = sha256() if len(like) == 64 else sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(data))
    made.update(data)
    return made.hexdigest()

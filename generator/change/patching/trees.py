"""The files of one side of a change: of a commit, of a folder as it stands, or of an edit that nobody has saved yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from generator.change.git import Entry, GitFault, Repository, blob_name
from generator.compile.files import Texts

SOURCES: Final = ("rules/", "schemas/", "universe/")
MAX_FILE: Final = 16_000_000
MAX_ALL: Final = 64_000_000
_ORDINARY: Final = "100644"


@dataclass(frozen=True)
class Tree:
    """One side: its files by path, and how to read them; `fresh` holds what no repository has."""

    repository: Repository
    entries: Mapping[str, Entry]
    fresh: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, *paths: str) -> dict[str, bytes]:
        """What files hold; links, submodules, what is too large to be read and what isn't there are left out.

        Raises:
            GitFault: together they are too large.
        """
        found = {p: e for p in paths if (e := self.entries.get(p)) is not None and readable(e)}
        if sum(entry.size for entry in found.values()) > MAX_ALL:
            raise GitFault(f"more than {MAX_ALL} bytes are not read at once", "make several changes of it")
        kept = self.repository.blobs(e.oid for p, e in found.items() if p not in self.fresh)
        return {p: self.fresh[p] if p in self.fresh else kept[e.oid] for p, e in found.items()}

    def sources(self) -> Texts:
        """All that rules are compiled from, and the compiled universe."""
        return Texts(self.read(*(p for p in self.entries if p.startswith(SOURCES))))

    def edited(self, texts: Mapping[str, bytes | None]) -> "Tree":
        """The tree with these files in place of its own; None takes one away."""
        like = next((entry.oid for entry in self.entries.values()), "")
        entries = {p: e for p, e in self.entries.items() if texts.get(p, b"") is not None}
        fresh = {p: text for p, text in texts.items() if text is not None}
        for path, text in fresh.items():
            old = self.entries.get(path)
            mode = old.mode if old is not None and old.ordinary else _ORDINARY
            entries[path] = Entry(mode, blob_name(text, like), len(text))
        return replace(self, entries=entries, fresh={**self.fresh, **fresh})

    def holds(self, path: str, text: str) -> bool:
        """Whether a file is ordinary and holds exactly this."""
        entry = self.entries.get(path)
        return entry is not None and entry.ordinary and entry.oid == blob_name(text.encode(), entry.oid)


def readable(entry: Entry) -> bool:
    """Whether a file holds its own text, and not too much of it."""
    return entry.ordinary and entry.size <= MAX_FILE


def of_commit(repository: Repository, commit: str) -> Tree:
    """The files of a commit."""
    return Tree(repository, repository.entries(commit))


def of_folder(repository: Repository, scratch: Path) -> Tree:
    """The files of the working tree as a commit of everything would hold them; `scratch` is an empty folder for what
    that takes, so that the repository stays as it is.
    """
    objects = repository.run("rev-parse", "--path-format=absolute", "--git-path", "objects").decode().strip()
    (scratch / "objects").mkdir()
    more = {
        "GIT_INDEX_FILE": str(scratch / "index"),
        "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
    }
    aside = replace(repository, more={**repository.more, **more})
    aside.run("read-tree", "HEAD")
    aside.run("add", "--all", "--", ".")
    return Tree(aside, aside.entries(aside.run("write-tree").decode().strip()))


def touched(base: Tree, head: Tree) -> dict[str, tuple[Entry | None, Entry | None]]:
    """Every path that differs, by content, kind or mode, with both sides; a rename is one gone and one come."""
    found: dict[str, tuple[Entry | None, Entry | None]] = {}
    for path in sorted(base.entries.keys() | head.entries.keys()):
        old, new = base.entries.get(path), head.entries.get(path)
        if (old and (old.mode, old.oid)) != (new and (new.mode, new.oid)):
            found[path] = (old, new)
    return found

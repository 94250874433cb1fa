"""Every value that held lately: base's own first-parent history, read from its commits.

What held is what was compiled: `universe/universe.json` of each of those commits. When it began to hold is the
latest of what is known, so that nobody gains by an old date: the committer's date of the commit (which the platform
sets when it merges), that of every commit before it on base, and what the record on base says of it. Dates and
commits of head are not looked at.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.change.git import Commit, Repository
from generator.change.history.record import FILE as RECORD
from generator.change.history.record import read_record, times_of
from generator.change.patching.trees import Tree
from universe.reader import FILE as UNIVERSE

DAY: Final = 86_400
MONTH: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class Held:
    """A universe that held, and the last moment at which it may have begun to."""

    commit: str
    since: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """The universes that held within a month, the newest first; how many of them could not be read."""

    held: tuple[Held, ...]
    now: int
    unread: int = 0

    def within(self, seconds: int) -> Iterator[Mapping[str, Any]]:
        """Those that held at any time within so many seconds, the one in force at the beginning with them."""
        for held in self.held:
            yield held.document
            if held.since <= self.now - seconds:
                return


def past(repository: Repository, base: Tree, commit: str, *, now: int) -> Past:
    """What held on base within a month before `now`, in Unix seconds.

    Raises:
        RecordFault: the record on base was altered.
    """
    kept = base.read(RECORD).get(RECORD, b"").decode()
    line = tuple(_dated(repository.commits("--first-parent", commit), times_of(read_record(kept)), now))
    wanted: list[tuple[Commit, int]] = []
    for one, since in reversed(line):
        wanted.append((one, since))
        if since <= now - MONTH:
            break
    names = repository.objects_at([one.oid for one, _ in wanted], UNIVERSE)
    texts = repository.blobs(name for name in names.values())
    documents = {name: _read(text) for name, text in texts.items()}
    held = []
    for one, since in wanted:
        document = documents.get(names.get(one.oid, ""))
        if document is not None:
            held.append(Held(one.oid, since, document))
    return Past(tuple(held), now, unread=sum(d is None for d in documents.values()))


def _dated(newest_first: list[Commit], recorded: Mapping[str, int], now: int) -> Iterator[tuple[Commit, int]]:
    """The commits, the oldest first, each with the last moment at which it may have been merged."""
    latest = 0
    for commit in reversed(newest_first):
        latest = min(now, max(latest, commit.time, recorded.get(commit.oid, 0)))
        yield commit, latest


def _read(text: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None

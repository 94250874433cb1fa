"""The record: who merged or activated what, when, what it was called, the verdict, who approved; one line each.

The file is append-only: each line carries the hash of the one before and of itself, so that a line that is changed,
taken out or put in between is found, whoever did it. It is kept on base, and no change may edit it. Merges stand in
the order of their times; an activation stands where it came to be known, by the clock of its executor.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from universe.reader import hash_of

FILE: Final = "universe/history.jsonl"
EVENTS: Final = ("merge", "activation")
NOTHING: Final = f"sha256:{'0' * 64}"
MAX_LINE: Final = 1_000_000


class RecordFault(ValueError):
    """A record that was altered, or can't be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"{FILE}:{line}: {message}")
        self.line = line
        self.help = "take the file from the last commit whose record holds together; nobody edits it"


@dataclass(frozen=True, slots=True)
class Record:
    """One line.

    Args:
        time: when the platform says that it happened, in Unix seconds.
        event: `merge`, or `activation` by an executor.
        commit: the commit on base, or the one whose universe was activated; empty where none is known.
        who: whose rights counted, as the platform names them.
        approvers: who approved, as the platform names them.
        word: what the change was called.
        verdict: `allow` or `veto`: what the surfaces said; a veto is what a person overruled.
        why: its first line.
        ruleset: hashes of the rules before and after.
        changes: each change with its key, what it was before and is now.
        previous, hash: the chain.
    """

    time: int
    event: str
    commit: str
    who: str
    approvers: tuple[str, ...]
    word: str
    verdict: str
    why: str
    ruleset: tuple[str, str]
    changes: tuple[Mapping[str, Any], ...]
    previous: str = NOTHING
    hash: str = ""

    def data(self) -> dict[str, Any]:
        """As JSON data, without its own hash."""
        names = ("time", "event", "commit", "who", "word", "verdict", "why", "previous")
        made: dict[str, Any] = {name: getattr(self, name) for name in names}
        lists = {"approvers": list(self.approvers), "ruleset": list(self.ruleset), "changes": list(self.changes)}
        return made | lists

    def line(self) -> str:
        """As the file holds it."""
        return json.dumps({**self.data(), "hash": self.hash}, ensure_ascii=False, sort_keys=True) + "\n"


def read_record(text: str) -> tuple[Record, ...]:
    """Every line of a record, with the chain checked.

    Raises:
        RecordFault: naming the first line that does not belong where it stands.
    """
    found: list[Record] = []
    merged = 0
    for number, line in enumerate(text.splitlines(), 1):
        record = _read(number, line)
        if record.previous != (found[-1].hash if found else NOTHING):
            raise RecordFault(number, "it does not follow from the line before")
        if record.hash != hash_of(record.data()):
            raise RecordFault(number, "it was altered: its hash is another")
        if record.event == "merge":
            if record.time < merged:
                raise RecordFault(number, "it is older than the merge before")
            merged = record.time
        found.append(record)
    if text and not text.endswith("\n"):
        raise RecordFault(len(found), "it is cut off")
    return tuple(found)


def _read(number: int, line: str) -> Record:
    try:
        if len(line) > MAX_LINE:
            raise ValueError(f"longer than {MAX_LINE} characters")
        entry = json.loads(line)
        made = Record(
            **{
                **entry,
                "approvers": tuple(entry["approvers"]),
                "ruleset": (entry["ruleset"][0], entry["ruleset"][1]),
                "changes": tuple(entry["changes"]),
            }
        )
        if made.event not in EVENTS or type(made.time) is not int:
            raise ValueError("no event of the record")
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise RecordFault(number, f"it is no line of the record: {type(error).__name__} {error}") from None
    return made


def appended(text: str, record: Record) -> str:
    """The record with one line more, chained to the last.

    Raises:
        RecordFault: the record does not hold together as it is, or a merge would be older than the last.
    """
    known = read_record(text)
    chained = replace(record, previous=known[-1].hash if known else NOTHING)
    chained = replace(chained, hash=hash_of(chained.data()))
    whole = text + chained.line()
    read_record(whole)
    return whole


def follows(before: str, after: str) -> bool:
    """Whether a record only gained lines."""
    return after.startswith(before)


def times_of(records: Sequence[Record]) -> dict[str, int]:
    """When each commit was merged, as the platform said when it was."""
    return {r.commit: r.time for r in records if r.event == "merge" and r.commit}

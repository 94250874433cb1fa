"""Every value that a cap had on base's first-parent history: since when, set where, by which commit, and why."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.catalog import did_you_mean
from engine.numbers import NumberFault, parse_number
from engine.units import NUMERIC, read_unit, write_value
from generator.change.git import Commit, Repository
from generator.change.history.record import FILE as RECORD
from generator.change.history.record import Record, read_record
from generator.change.patching.trees import of_commit
from universe.reader import FILE as UNIVERSE

ACCOUNT: Final = "account"
_AT_ONCE: Final = 32  # universes that are held while a history is read


class NoValues(LookupError):
    """Nothing of that name was ever set; `help` says what there is."""

    def __init__(self, message: str, help_text: str | None) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as a person writes it, None where the holder or the cap is gone; the layer that set it, and where, as
    `file:line` of its commit.
    """

    value: str | None
    layer: str = ""
    source: str = ""


GONE: Final = Setting(None)


@dataclass(frozen=True, slots=True)
class Value:
    """A value from a commit on.

    Args:
        commit: which made it, with its first line, which says why.
        holder: a symbol, a strategy, or `account`.
        cap: of which cap.
        setting: the value, and where it comes from.
        record: what the record says of the commit, if it knows it.
    """

    commit: Commit
    holder: str
    cap: str
    setting: Setting
    record: Record | None = None


def values_of(repository: Repository, commit: str, name: str, cap: str | None = None) -> tuple[Value, ...]:
    """Every value of a symbol, strategy or `account`, of one cap or of all; or of a cap for everybody; oldest first.

    Raises:
        GitFault: the repository does not hold the history.
        RecordFault: the record was altered.
        NoValues: there never was such a thing.
    """
    kept = of_commit(repository, commit).read(RECORD).get(RECORD, b"").decode()
    recorded = {r.commit: r for r in read_record(kept) if r.event == "merge"}
    found: list[Value] = []
    now: dict[tuple[str, str], Setting] = {}
    known: set[str] = set()
    for made, document in _versions(repository, commit):
        every = dict(_held(document))
        known |= {part for key in every for part in key}
        held = {key: setting for key, setting in every.items() if _meant(key, name, cap)}
        for holder, own in [*held, *(key for key in now if key not in held)]:
            setting = held.get((holder, own), GONE)
            before = now.get((holder, own))
            if before is None or (before.value, before.layer) != (setting.value, setting.layer):
                found.append(Value(made, holder, own, setting, recorded.get(made.oid)))
        now = held
    if not found:
        what = f"`{cap}` of `{name}`" if cap else f"`{name}`"
        near = did_you_mean(cap if cap and name in known else name, known)
        raise NoValues(f"there never was {what}", near or "name a symbol, a strategy, account, or a cap")
    return tuple(found)


def universes(repository: Repository, commit: str) -> dict[str, Commit]:
    """The first commit that had each universe, by the universe's hash."""
    found: dict[str, Commit] = {}
    for made, document in _versions(repository, commit):
        found.setdefault(str(document.get("universe")), made)
    return found


def _meant(key: tuple[str, str], name: str, cap: str | None) -> bool:
    holder, own = key
    return (holder == name and cap in (None, own)) or (own == name and cap is None)


def _versions(repository: Repository, commit: str) -> Iterator[tuple[Commit, Mapping[str, Any]]]:
    """Each commit that made another universe, with it, the oldest first."""
    line = repository.commits("--first-parent", commit)
    names = repository.objects_at([one.oid for one in line], UNIVERSE)
    last, other = "", []
    for one in reversed(line):
        name = names.get(one.oid, "")
        if name and name != last:
            last = name
            other.append(one)
    for start in range(0, len(other), _AT_ONCE):
        some = other[start : start + _AT_ONCE]
        texts = repository.blobs(names[one.oid] for one in some)
        for one in some:
            document = _read(texts[names[one.oid]])
            if document is not None:
                yield one, document


def _read(text: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _held(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Setting]]:
    """Each cap of each holder."""
    holders = {ACCOUNT: document.get("account", {}), **document.get("symbols", {}), **document.get("strategies", {})}
    for holder, entry in holders.items():
        for cap, value in entry.get("caps", {}).items():
            origin = entry.get("provenance", {}).get(cap, {})
            written = _written(document, cap, value, entry)
            yield (holder, cap), Setting(written, origin.get("layer", ""), origin.get("source", ""))


def _written(document: Mapping[str, Any], cap: str, value: Any, entry: Mapping[str, Any]) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    name = document.get("caps", {}).get(cap, {}).get("unit", "")
    try:
        unit = read_unit(name, document["units"][name])
        names = {n: str(entry[n]) for n in unit.names if n in entry}
        return write_value(parse_number(value), unit, names) if unit.kind in NUMERIC else str(value)
    except (LookupError, NumberFault, TypeError, ValueError):
        return str(value)

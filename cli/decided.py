"""Stored decisions: in the log of `decide`, or in a run's journal, and the universe that made each."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cli.logs import HELP, expanded, files_of, records
from cli.project import fail
from cli.runs import at

if TYPE_CHECKING:
    from execution.events import Decided, Dropped, IntentMade
    from execution.journal import Entry
    from universe.reader import Universe


@dataclass(frozen=True, slots=True)
class Stored:
    """A decision as it was stored: its line, where that stands, and for a run what is known of its intent."""

    line: str
    place: str
    told: tuple[str, ...] = ()
    intent: dict[str, Any] = field(default_factory=dict)


def from_log(path: Path, wanted: str | None) -> Stored:
    """A decision of a log: by id or its beginning, by `#N` for the N-th line; None: the last veto."""
    found = list(_from_stdin() if str(path) == "-" else records(_files(path)))
    if wanted is not None and wanted.startswith("#"):
        number = int(wanted[1:]) if wanted[1:].isdigit() else 0
        if not 0 < number <= len(found):
            fail(f"{path} has no line {wanted}", f"it has {len(found)}")
        place, line = found[number - 1]
        return Stored(line, place)
    mark = None if wanted is None else f'"id":"{_whole(wanted)}'
    for place, line in reversed(found):
        if line.startswith('{"decision":"veto"') if mark is None else mark in line[:120]:
            return Stored(line, place)
    fail(f"{path} holds no decision {wanted}" if wanted else f"{path} holds no veto", "give an id, or #N for a line")


def _from_stdin() -> Iterator[tuple[str, str]]:
    try:
        lines = [line.decode() for line in sys.stdin.buffer.read().splitlines()]
    except UnicodeDecodeError:
        fail("- is not UTF-8", HELP)
    return expanded((f"-:{number}", line) for number, line in enumerate(lines, 1))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        fail(
            f"{path} can't be read: No such file or directory",
            "run `hedgerow rehearse`, or give --log the log of `hedgerow decide`",
        )
    return files_of(path)


def from_run(folder: Path, wanted: str | None) -> Stored:
    """A decision of a run: by id or its beginning, by `#N` for the N-th, by the number of its event, or by its intent,
    whose last attempt it is then; None: the last veto.

    Raises:
        JournalFault: there is no run, or it can't be read.
    """
    from execution.events import Decided, Dropped, IntentMade
    from execution.journal import Journal

    found: Entry | None = None
    dropped: Dropped | None = None
    intents: dict[str, IntentMade] = {}
    number = 0
    with Journal.read(folder) as journal:
        for entry in journal.entries(kinds=(IntentMade.kind, Decided.kind, Dropped.kind)):
            match entry.event:
                case IntentMade() as event:
                    intents[event.intent] = event
                case Decided() as event:
                    number += 1
                    if _is_wanted(wanted, entry, event, number):
                        found = entry
                case Dropped() as event if event.intent == wanted:
                    dropped = event
        if found is None:
            _none(folder, wanted, number, intents.get(wanted or ""), dropped)
        return _told(folder, found, intents, journal.entries(after=found.seq))


def _is_wanted(wanted: str | None, entry: "Entry", event: "Decided", number: int) -> bool:
    if wanted is None:
        return not event.allowed
    if wanted.startswith("#"):
        return wanted == f"#{number}"
    return wanted in (str(entry.seq), event.intent) or event.decision.startswith(_whole(wanted))


def _none(
    folder: Path, wanted: str | None, count: int, intent: "IntentMade | None", dropped: "Dropped | None"
) -> NoReturn:
    """Say why there is no decision to explain."""
    if intent is not None and dropped is not None:
        fail(f"{_wish(intent)} was never decided on; {dropped.reason}: {dropped.text}", None)
    if wanted is None:
        fail(f"{folder} holds no veto among {count} decisions", "name a decision: #1 is the first")
    fail(
        f"{folder} holds no decision {wanted}",
        f"give an id, #1 to #{count}, the number of its event, or an intent such as i000001",
    )


def _told(folder: Path, found: "Entry", intents: "dict[str, IntentMade]", after: "Iterator[Entry]") -> Stored:
    """A run's decision, with what was asked for and what became of it."""
    from execution.events import Decided, Dropped, OrderSent, PlanMade
    from execution.state.text import line

    decided = found.event
    assert isinstance(decided, Decided)
    intent = intents.get(decided.intent)
    told = [f"event {found.seq} of {folder}, {at(found.time)}"]
    if intent is not None:
        told.append(_wish(intent))
    for entry in after:
        if entry.time != found.time:
            break
        match entry.event:
            case Decided(intent=name) if name == decided.intent:
                told.append(f"decided again, with the largest quantity that passes: event {entry.seq}")
            case OrderSent(intent=name, order=order) if name == decided.intent:
                told.append(f"became order {order}")
            case PlanMade(plan=plan, slices=slices) if intent is not None and plan[1:] == decided.intent[1:]:
                told.append(f"became plan {plan} of {slices} slices")
            case Dropped(intent=name) as event if name == decided.intent:
                told.append(f"ended without an order; {event.reason}: {event.text}")
    if decided.attempt > 1:
        told.append(f"attempt {decided.attempt}: shrunk to what passes")
    data = {"seq": found.seq, "time": found.time, "intent": decided.intent, "attempt": decided.attempt}
    return Stored(line(decided.record).rstrip("\n"), f"{folder} event {found.seq}", tuple(told), data)


def _wish(intent: "IntentMade") -> str:
    quantity = "" if intent.quantity is None else f" at most {intent.quantity}"
    why = f": {intent.why}" if intent.why else ""
    return f"intent {intent.intent} of {intent.strategy} ({intent.cause}), {intent.side}{quantity} {intent.symbol}{why}"


def _whole(wanted: str) -> str:
    return wanted if wanted.startswith("sha256:") else f"sha256:{wanted}"


def candidates(hash_: str, *folders: Path) -> Iterator[Path]:
    """Where a universe may be kept by its hash: in `universes/` of each folder."""
    return (folder / "universes" / f"{hash_.removeprefix('sha256:')}.json" for folder in folders)


def universe_of(hash_: str, files: "Iterator[Path] | Sequence[Path]") -> "Universe":
    """The universe that made a decision, from the first of these files that holds it; none ends the command."""
    from universe.reader import UniverseFault, parse

    for path in files:
        if not path.is_file():
            continue
        try:
            text = path.read_bytes().decode()
            document = json.loads(text)
            found = parse(text, document.get("environment", "prod") if isinstance(document, dict) else "prod")
        except (UniverseFault, ValueError, RecursionError) as fault:
            fail(f"{path}: {fault}", getattr(fault, "help", None))
        if found.ruleset.universe_hash == hash_:
            return found
    fail(
        f"the universe {hash_} that made this decision is not here",
        "give --universe the file of that day; a run keeps it in universes/ of its folder",
    )

"""`diagnostics.json`: how far the run has come, and what is odd about it."""

from dataclasses import asdict
from typing import Any, ClassVar, Final

from execution.events import KINDS, Decided, Dropped, Remarked, RunEnded, RunStarted
from execution.journal import Entry
from execution.state.view import Moment

LAST: Final = 20


class Diagnostics:
    """Counts of everything that happened."""

    name: ClassVar[str] = "diagnostics"
    kinds: ClassVar[frozenset[str]] = frozenset(KINDS)

    def __init__(self) -> None:
        self._events: dict[str, int] = {}
        self._started: int | None = None
        self._ended = False
        self._dropped: dict[str, int] = {}
        self._unknown: dict[str, int] = {}
        self._remarks: dict[str, int] = {}
        self._last: list[dict[str, Any]] = []

    def apply(self, entry: Entry) -> None:
        """Count an event, and keep what is odd."""
        event = entry.event
        _count(self._events, event.kind)
        match event:
            case RunStarted():
                self._started, self._ended = entry.time, False
            case RunEnded():
                self._ended = True
            case Dropped(reason=reason):
                _count(self._dropped, reason)
            case Decided(record=record):
                for veto in record["vetoes"]:
                    if veto.get("fact") is not None:
                        _count(self._unknown, veto["fact"])
            case Remarked(code=code, count=count):
                _count(self._remarks, code, count)
                self._last = [*self._last[1 - LAST :], _remark(event)]

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        books = moment.books
        return {
            "started": self._started,
            "ended": self._ended,
            "what": None if books.run is None else asdict(books.run),
            "events": dict(sorted(self._events.items())),
            "intents": books.intents,
            "decisions": books.decisions,
            "fills": books.fills,
            "trades": books.trades,
            "liquidations": books.liquidations,
            "plans": len(books.plans),
            "dropped": dict(sorted(self._dropped.items())),
            "unknown_facts": dict(sorted(self._unknown.items())),
            "remarks": dict(sorted(self._remarks.items())),
            "last_remarks": self._last,
        }


def _remark(event: Remarked) -> dict[str, Any]:
    return {"code": event.code, "symbol": event.symbol, "at": event.at, "text": event.text, "count": event.count}


def _count(counts: dict[str, int], name: str, by: int = 1) -> None:
    counts[name] = counts.get(name, 0) + by

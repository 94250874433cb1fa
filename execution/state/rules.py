"""`universe.json`: which rules decide, since when, and which were refused."""

from typing import Any, ClassVar, Final

from execution.events import UniverseActivated, UniverseRefused
from execution.journal import Entry
from execution.state.view import Moment

LAST: Final = 20


class Rules:
    """The universes of the run, in order."""

    name: ClassVar[str] = "universe"
    kinds: ClassVar[frozenset[str]] = frozenset({"universe_activated", "universe_refused"})

    def __init__(self) -> None:
        self._activated: list[dict[str, Any]] = []
        self._refused: list[dict[str, Any]] = []
        self._refusals = 0

    def apply(self, entry: Entry) -> None:
        """Note a universe that decides from here on, or one that does not."""
        event = entry.event
        place = {"since": entry.time, "since_seq": entry.seq}
        if isinstance(event, UniverseActivated):
            self._activated.append({"universe": event.universe, "ruleset": event.ruleset, **place})
        elif isinstance(event, UniverseRefused):
            self._refusals += 1
            refused = {"universe": event.universe, "text": event.text, "at": entry.time}
            self._refused = [*self._refused[1 - LAST :], refused]

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        active = self._activated[-1] if self._activated else dict.fromkeys(("universe", "ruleset", "since"))
        return {
            "universe": active["universe"],
            "ruleset": active["ruleset"],
            "since": active["since"],
            "environment": moment.books.run.environment if moment.books.run else None,
            "activated": self._activated,
            "refusals": self._refusals,
            "last_refused": self._refused,
        }

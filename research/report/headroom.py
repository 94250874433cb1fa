"""Headroom over time: at each hour's end, how much of each gate's limit was left where it was tightest."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from execution.events import Sampled
from execution.journal import Entry
from research.report.caps import Caps


@dataclass(frozen=True, slots=True)
class Room:
    """What was left of a gate's limit at a time, as a share of the limit, and where: the account, a tier, a group or a
    symbol.
    """

    time: int
    gate: str
    where: str
    observed: Decimal
    limit: Decimal
    left: Decimal


@dataclass(slots=True)
class Headroom:
    """Collects the headroom of a run, by gate in the order in which gates first appear."""

    kinds: ClassVar[frozenset[str]] = frozenset({"sample"})
    caps: Caps
    gates: dict[str, list[Room]] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Take a sample."""
        if isinstance(entry.event, Sampled):
            for gate, found in entry.event.headroom.items():
                where = self.caps.where(gate, str(found["symbol"]))
                observed, limit, left = (Decimal(found[name]) for name in ("observed", "limit", "room"))
                self.gates.setdefault(gate, []).append(Room(entry.time, gate, where, observed, limit, left))

    def tightest(self) -> list[Room]:
        """At each time the gate with the least room."""
        least: dict[int, Room] = {}
        for rooms in self.gates.values():
            for room in rooms:
                before = least.get(room.time)
                if before is None or room.left < before.left:
                    least[room.time] = room
        return [least[time] for time in sorted(least)]


def least(rooms: list[Room]) -> Room:
    """Where the least was left; the first of several."""
    return min(rooms, key=lambda r: r.left)

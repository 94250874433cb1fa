"""What happened beside trading: rules, the kill switch, liquidations, what the feed remarks, exits under way."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from execution.events import (
    Delisted,
    ExitTriggered,
    KillSwitched,
    Liquidated,
    PositionClosed,
    Remarked,
    RunEnded,
    RunStarted,
    UniverseActivated,
    UniverseRefused,
)
from execution.journal import Entry
from research.report import text


class Kind(StrEnum):
    """What a note is about."""

    RUN = "run"
    RULES = "rules"
    REFUSED = "rules refused"
    KILL = "kill switch"
    LIQUIDATION = "liquidation"
    DELISTING = "delisting"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened once. `who` and `why` are a person's own words."""

    time: int
    kind: Kind
    text: str
    who: str = ""
    why: str = ""


@dataclass(slots=True)
class Remarks:
    """Remarks of one code about one symbol: how many, what they count together, and the last one's words."""

    code: str
    symbol: str | None
    remarks: int = 0
    count: int = 0
    first: int | None = None
    last: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A stretch of time in which the kill switch was on; `until` None: it still is."""

    since: int
    until: int | None
    by: str
    why: str


@dataclass(slots=True)
class Leaving:
    """A position whose exit was set off: since when, by what first, and how often it was asked for."""

    since: int
    reason: str
    asked: int = 1


@dataclass(slots=True)
class Diary:
    """Collects notes and remarks in the order in which they were made."""

    kinds: ClassVar[frozenset[str]] = frozenset(
        {
            "run_started",
            "run_ended",
            "universe_activated",
            "universe_refused",
            "kill_switched",
            "liquidation",
            "delisting",
            "feed_remark",
            "exit",
            "trade",
        }
    )
    notes: list[Note] = field(default_factory=list)
    remarks: dict[tuple[str, str | None], Remarks] = field(default_factory=dict)
    stops: list[Stopped] = field(default_factory=list)
    leaving: dict[tuple[str, str], Leaving] = field(default_factory=dict)
    universe: str = ""
    ended: bool = False
    _on: KillSwitched | None = None
    _since: int = 0

    def take(self, entry: Entry) -> None:
        """Take an event, of one of `kinds`."""
        match entry.event:
            case RunStarted():
                self._note(entry, Kind.RUN, "the run begins")
            case RunEnded():
                self.ended = True
                self._note(entry, Kind.RUN, "the feed is at its end")
            case UniverseActivated(universe=universe):
                what = "begins with" if not self.universe else "now decides by"
                self.universe = universe
                self._note(entry, Kind.RULES, f"{what} universe {text.short(universe)}")
            case UniverseRefused(universe=name, text=why):
                which = f"universe {text.short(name)}" if name else "the universe on disk"
                self._note(entry, Kind.REFUSED, f"{which} is not decided by: {why}")
            case KillSwitched() as switch:
                self._switched(switch, entry)
            case Liquidated(balance=balance, maintenance=needed):
                told = f"margin balance {text.money(balance)} USDT, maintenance {text.money(needed)} USDT"
                self._note(entry, Kind.LIQUIDATION, f"the venue closes everything: {told}")
            case Delisted(symbol=symbol, price=price):
                told = f"{symbol} trades no more: what is held is settled at {text.exact(price)}"
                self._note(entry, Kind.DELISTING, told)
            case Remarked() as remark:
                self._remark(remark)
            case ExitTriggered(strategy=strategy, symbol=symbol, reason=reason):
                self._leave((strategy, symbol), reason, entry.time)
            case PositionClosed(strategy=strategy, symbol=symbol):
                self.leaving.pop((strategy, symbol), None)

    def _note(self, entry: Entry, kind: Kind, what: str, who: str = "", why: str = "") -> None:
        self.notes.append(Note(entry.time, kind, what, who, why))

    def _switched(self, switch: KillSwitched, entry: Entry) -> None:
        what = "on: entries stop, exits pass" if switch.on else "off: entries pass again"
        self._note(entry, Kind.KILL, what, switch.by, switch.why)
        if switch.on and self._on is None:
            self._on, self._since = switch, entry.time
        elif not switch.on and self._on is not None:
            self.stops.append(Stopped(self._since, entry.time, self._on.by, self._on.why))
            self._on = None

    def _remark(self, remark: Remarked) -> None:
        key = (remark.code, remark.symbol)
        found = self.remarks.setdefault(key, Remarks(*key))
        found.remarks += 1
        found.count += remark.count
        found.first = remark.at if found.first is None else found.first
        found.last, found.text = remark.at, remark.text

    def _leave(self, key: tuple[str, str], reason: str, time: int) -> None:
        if key in self.leaving:
            self.leaving[key].asked += 1
        else:
            self.leaving[key] = Leaving(time, reason)

    @property
    def stopped(self) -> list[Stopped]:
        """Every stretch with the kill switch on, the one that has no end included."""
        on = self._on
        return self.stops + ([Stopped(self._since, None, on.by, on.why)] if on else [])

"""Exposure over time, as shares of NAV: what was held at the end of each hour, against the caps of that hour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Final

from execution.events import Sampled, UniverseActivated
from execution.journal import Entry
from execution.state.view import Moment
from research.report.caps import Caps
from universe.trading import ZERO

ACCOUNT: Final = "account"
PARTS: Final = (("tier", "tier_exposure"), ("group", "group_exposure"), ("symbol", "symbol_exposure"))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What an exposure is of: the account's `gross` or `net`, or a tier, a group, a symbol by its name."""

    part: str
    name: str


GROSS: Final = Place(ACCOUNT, "gross")
NET: Final = Place(ACCOUNT, "net")


@dataclass(slots=True)
class Held:
    """One exposure over time: shares of NAV where something is held (net: signed), and each cap with its begin."""

    shares: list[tuple[int, Decimal]] = field(default_factory=list)
    caps: list[tuple[int, Decimal | None]] = field(default_factory=list)

    @property
    def cap(self) -> Decimal | None:
        """The cap now."""
        return self.caps[-1][1] if self.caps else None

    @property
    def largest(self) -> tuple[int, Decimal]:
        """When it was furthest from nothing, and its share then."""
        return max(self.shares, key=lambda s: abs(s[1]), default=(0, ZERO))


class Exposures:
    """Collects the exposures of a run; `caps` follows the universes that decide."""

    kinds: ClassVar[frozenset[str]] = frozenset({"sample", "universe_activated"})

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.times: list[int] = []
        self._held: dict[Place, dict[int, Decimal]] = {}
        self._caps: dict[Place, list[tuple[int, Decimal | None]]] = {}

    def take(self, entry: Entry) -> None:
        """Take an event, of one of `kinds`."""
        match entry.event:
            case UniverseActivated(universe=universe):
                self.caps.activate(universe)
                self._note_caps(entry.time)
            case Sampled(nav=nav, exposures=exposures):
                self._add(entry.time, nav, {s: Decimal(v) for s, v in exposures.items()})

    def end(self, moment: Moment) -> None:
        """What is held now is the last value, where no sample says it."""
        nav, ledger, time = moment.nav, moment.books.ledger, moment.pulse.time
        if nav is not None and time not in self.times[-1:]:
            self._add(time, nav, {s: ledger.net(s) * moment.pulse.prices[s] for s in ledger.symbols()})

    def _add(self, time: int, nav: Decimal, notional: Mapping[str, Decimal]) -> None:
        if nav <= 0:
            return
        self.times.append(time)
        found = {GROSS: sum(map(abs, notional.values()), ZERO), NET: sum(notional.values(), ZERO)}
        for symbol, value in notional.items():
            for part, _ in PARTS:
                name = symbol if part == "symbol" else self.caps.place(symbol, part)
                if name is not None:
                    found[Place(part, name)] = found.get(Place(part, name), ZERO) + abs(value)
        for place, value in found.items():
            self._held.setdefault(place, {})[time] = value / nav

    def _note_caps(self, time: int) -> None:
        """The caps from here on; one that is as before is not noted again."""
        found = {GROSS: self.caps.account("gross_exposure"), NET: self.caps.account("net_exposure")}
        for symbol in self.caps.symbols:
            for part, cap in PARTS:
                name = symbol if part == "symbol" else self.caps.place(symbol, part)
                if name is not None:
                    found[Place(part, name)] = self.caps.symbol(cap, symbol)
        for place, cap_now in found.items():
            known = self._caps.setdefault(place, [])
            if not known or known[-1][1] != cap_now:
                known.append((time, cap_now))

    def held(self) -> dict[Place, Held]:
        """Every exposure that there ever was; the account's first, then tiers, groups and symbols by name."""
        order = {part: number for number, part in enumerate((ACCOUNT, "tier", "group", "symbol"))}
        return {
            place: Held([(t, shares.get(t, ZERO)) for t in self.times], self._caps.get(place, []))
            for place, shares in sorted(self._held.items(), key=lambda item: (order[item[0].part], item[0].name))
        }

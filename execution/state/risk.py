"""`risk_snapshot.json`: exposures against their caps, losses, the kill switch, breakers, and what was vetoed."""

from decimal import Decimal
from typing import Any, ClassVar

from execution.events import KillSwitched, Sampled
from execution.journal import Entry
from execution.state.exposures import Exposure, exposures, total
from execution.state.text import number, ratio
from execution.state.view import Moment
from universe.trading import ZERO


class RiskSnapshot:
    """How much of each cap is used."""

    name: ClassVar[str] = "risk_snapshot"
    kinds: ClassVar[frozenset[str]] = frozenset(
        {"sample", "kill_switched", "halted", "breaker_tripped", "breaker_rearmed"}
    )

    def __init__(self) -> None:
        self._switched: tuple[int, KillSwitched] | None = None
        self._sampled: tuple[int, Sampled] | None = None

    def apply(self, entry: Entry) -> None:
        """Keep the last of each."""
        if isinstance(entry.event, KillSwitched):
            self._switched = entry.time, entry.event
        if isinstance(entry.event, Sampled):
            self._sampled = entry.time, entry.event

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        books, pulse, nav = moment.books, moment.pulse, moment.nav
        found = exposures(moment)
        return {
            "nav": number(nav),
            "drawdown": _fall(pulse.peak, nav, moment.cap("drawdown")),
            "day_loss": _fall(books.day_start, nav, moment.cap("daily_loss")),
            "leverage": _share(None if found is None else total(found.values()), nav, moment.cap("effective_leverage")),
            "gross": _share(None if found is None else total(found.values()), nav, moment.cap("gross_exposure")),
            "net": _share(None if found is None else _net(found), nav, moment.cap("net_exposure")),
            **_by_part(found, nav, moment),
            "open_positions": None if found is None else len(found),
            "open_positions_limit": number(moment.cap("open_positions")),
            "kill_switch": self._kill_switch(moment),
            "breakers": [s.record() for s in books.shut.values() if s.holds(pulse.time)],
            "vetoes": dict(sorted(books.vetoes.items())),
            "headroom": None if self._sampled is None else self._sampled[1].headroom,
            "headroom_at": None if self._sampled is None else self._sampled[0],
        }

    def _kill_switch(self, moment: Moment) -> dict[str, Any]:
        since, event = self._switched or (None, None)
        return {
            "on": moment.books.kill_switch,
            "by": event.by if event else None,
            "why": event.why if event else None,
            "since": since,
        }


def _by_part(found: dict[str, Exposure] | None, nav: Decimal | None, moment: Moment) -> dict[str, Any]:
    """Exposure by symbol, tier, group and strategy, of whatever holds or asks for anything."""
    if found is None or moment.universe is None:
        return {"symbols": {}, "tiers": {}, "groups": {}, "strategies": {}}
    entries = moment.universe.document["symbols"]
    made: dict[str, Any] = {
        "symbols": {s: _share(e.worst, nav, moment.cap("symbol_exposure", symbol=s)) for s, e in found.items()}
    }
    for part, place, cap in (("tiers", "tier", "tier_exposure"), ("groups", "group", "group_exposure")):
        members: dict[str, list[str]] = {}
        for symbol in found:
            whole = entries.get(symbol, {}).get(place)
            if whole is not None:
                members.setdefault(whole, []).append(symbol)
        made[part] = {
            whole: _share(total(found[s] for s in own), nav, moment.cap(cap, symbol=own[0]))
            for whole, own in sorted(members.items())
        }
    made["strategies"] = {}
    for strategy in sorted(moment.books.ledger.accounts):
        own = exposures(moment, strategy) or {}
        made["strategies"][strategy] = _share(
            total(own.values()), nav, moment.cap("strategy_exposure", strategy=strategy)
        )
    return made


def _net(found: dict[str, Exposure]) -> Decimal:
    """The wallet's exposure in one direction: the larger of all long and all short, working orders included."""
    long = sum((e.notional + e.buys for e in found.values()), ZERO)
    short = sum((e.sells - e.notional for e in found.values()), ZERO)
    return max(long, short)


def _share(exposure: Decimal | None, nav: Decimal | None, limit: Decimal | None) -> dict[str, Any]:
    share = ratio(exposure, nav)
    return {"exposure": number(exposure), "share": share, "limit": number(limit), "headroom": _left(share, limit)}


def _fall(top: Decimal | None, nav: Decimal | None, limit: Decimal | None) -> dict[str, Any]:
    share = None if top is None or nav is None else ratio(top - nav, top)
    return {"share": share, "limit": number(limit), "headroom": _left(share, limit)}


def _left(share: str | None, limit: Decimal | None) -> str | None:
    return None if share is None or limit is None else number(limit - Decimal(share))

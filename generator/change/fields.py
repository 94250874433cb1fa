"""Every field of a compiled universe, and how a difference of it is classed.

A field that is not here is UNDIRECTED: it counts as loosening until someone gives it a direction. A test walks the
schemas and the shipped universe, so that none is forgotten.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from engine.breakers import PREFIX as BREAKERS
from engine.windows import PREFIX as RECENT
from generator.compile.regimes import PART as REGIMES
from generator.compile.regimes import made_caps


class Treatment(StrEnum):
    """What a difference of a field is handed to."""

    UNDIRECTED = "no direction is declared: loosening"
    COSMETIC = "only people read it"
    DERIVED = "follows from other fields, whose differences count"
    FOLLOWS = "the tighter of a cap and the venue's own: loosening where neither moved"
    SOURCES = "hashes of texts: cosmetic where nothing else of the text moved"
    SYMBOL = "a symbol: added it may be traded, removed its exits are held"
    STRATEGY = "a strategy: added it may ask, removed its exits are held"
    CAP = "by the declared direction, and by what the gates and tables that read it make of it"
    ORIGIN = "which layer set a value, and what that overrode"
    OWN_FACT = "by what the gates that read it make of it; loosening where none does"
    MEASURE = "equal when written out: equivalent; else loosening until it is proved"
    GATE = "by guard, bound, mode, exits, scope and what a missing fact means"
    ORDER = "the order of reasons: equivalent"
    REGIME = "a cap of a regime: come tighter, gone looser"
    WAIVER = "a waiver: gone, or ended sooner, tighter; else loosening"
    WINDOW = "a window: added equivalent; else loosening"
    BREAKER = "a breaker: added, or surely shut whenever it was, tighter; else loosening"
    TABLE = "equal when written out: equivalent; else loosening"
    FACT = "declared: equivalent; else loosening"
    ENTRY = "declared: equivalent; gone: contract"
    NARROWER_LOW = "a higher least value is tighter"
    NARROWER_HIGH = "a lower greatest value is tighter"
    NARROWER_SIGN = "a narrower sign is tighter"


T = Treatment
FIELDS: Final[Mapping[str, Treatment]] = {
    "format": T.UNDIRECTED,
    "environment": T.UNDIRECTED,
    "ruleset": T.DERIVED,
    "universe": T.DERIVED,
    "sources": T.SOURCES,
    "symbols.*": T.SYMBOL,
    "symbols.*.symbol": T.UNDIRECTED,
    "symbols.*.base": T.OWN_FACT,
    "symbols.*.tier": T.UNDIRECTED,
    "symbols.*.group": T.UNDIRECTED,
    "symbols.*.venue": T.UNDIRECTED,
    "symbols.*.liquidity": T.OWN_FACT,
    "symbols.*.enabled": T.OWN_FACT,
    "symbols.*.blocked_sides": T.OWN_FACT,
    "symbols.*.traits.*": T.OWN_FACT,
    "symbols.*.filters.*": T.OWN_FACT,
    "symbols.*.brackets": T.UNDIRECTED,
    "symbols.*.max_leverage": T.FOLLOWS,
    "symbols.*.min_notional": T.FOLLOWS,
    "symbols.*.caps.*": T.CAP,
    "symbols.*.provenance": T.ORIGIN,
    "strategies.*": T.STRATEGY,
    "strategies.*.why": T.COSMETIC,
    "strategies.*.every": T.UNDIRECTED,
    "strategies.*.symbols": T.UNDIRECTED,
    "strategies.*.params.*": T.UNDIRECTED,
    "strategies.*.caps.*": T.CAP,
    "strategies.*.provenance": T.ORIGIN,
    "account.why": T.COSMETIC,
    "account.caps.*": T.CAP,
    "account.provenance": T.ORIGIN,
    "tiers.*": T.ENTRY,
    "tiers.*.members": T.DERIVED,
    "groups.*": T.ENTRY,
    "groups.*.why": T.COSMETIC,
    "head.subject": T.UNDIRECTED,
    "head.actor": T.UNDIRECTED,
    "head.exempt": T.UNDIRECTED,
    "head.solve": T.UNDIRECTED,
    "head.clock": T.UNDIRECTED,
    "units.*": T.ENTRY,
    "units.*.meaning": T.COSMETIC,
    "units.*.hint": T.COSMETIC,
    "units.*.kind": T.UNDIRECTED,
    "units.*.dimensions": T.UNDIRECTED,
    "units.*.suffixes": T.UNDIRECTED,
    "units.*.compound": T.UNDIRECTED,
    "units.*.bare_below": T.UNDIRECTED,
    "facts.*": T.FACT,
    "facts.*.meaning": T.COSMETIC,
    "facts.*.unit": T.UNDIRECTED,
    "facts.*.sign": T.UNDIRECTED,
    "facts.*.min": T.UNDIRECTED,
    "facts.*.max": T.UNDIRECTED,
    "facts.*.from": T.UNDIRECTED,
    "facts.*.values": T.UNDIRECTED,
    "facts.*.of": T.UNDIRECTED,
    "facts.*.at": T.UNDIRECTED,
    "facts.*.indicates": T.UNDIRECTED,
    "facts.*.varies_with": T.UNDIRECTED,
    "caps.*": T.ENTRY,
    "caps.*.meaning": T.COSMETIC,
    "caps.*.unit": T.UNDIRECTED,
    "caps.*.of": T.UNDIRECTED,
    "caps.*.tighter": T.UNDIRECTED,
    "caps.*.per": T.UNDIRECTED,
    "caps.*.sign": T.NARROWER_SIGN,
    "caps.*.min": T.NARROWER_LOW,
    "caps.*.max": T.NARROWER_HIGH,
    "params.*": T.ENTRY,
    "params.*.*": T.UNDIRECTED,
    "params.*.*.meaning": T.COSMETIC,
    "params.*.*.unit": T.UNDIRECTED,
    "params.*.*.sign": T.UNDIRECTED,
    "params.*.*.min": T.UNDIRECTED,
    "params.*.*.max": T.UNDIRECTED,
    "params.*.*.values": T.UNDIRECTED,
    "params.*.*.below": T.UNDIRECTED,
    "measures.*": T.MEASURE,
    "gates.*": T.GATE,
    "gates order": T.ORDER,
    "tables.*": T.TABLE,
    "breakers.*": T.BREAKER,
    "windows.*": T.WINDOW,
    "events.*": T.ENTRY,
    "events.*.fields.*": T.UNDIRECTED,
    "events.*.fields.*.*": T.UNDIRECTED,
    # Words are told as a change of the contract.
    "events.*.fields.*.meaning": T.DERIVED,
    "regimes": T.UNDIRECTED,
    "regimes.*": T.REGIME,
    "waivers": T.UNDIRECTED,
    "waivers.*": T.WAIVER,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is not the same on both sides; ABSENT where a side has none."""

    path: tuple[str, ...]
    old: Any
    new: Any
    treatment: Treatment


class Absent:
    """The value of a field that a document doesn't have."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


def keyed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with gates and breakers by their ids, the order of gates apart, and waivers where there are none;
    without where a window, a breaker or a regime stands, and without the facts and caps that they are.

    Raises:
        ValueError: two gates or breakers share an id.
    """
    windows = {name: _unplaced(entry) for name, entry in document.get("windows", {}).items()}
    regimes = {name: _unplaced(entry) for name, entry in document.get(REGIMES, {}).items()}
    made = {**document, "waivers": document.get("waivers", {}), "windows": windows, REGIMES: regimes}
    made["caps"] = {name: cap for name, cap in document["caps"].items() if name not in made_caps(regimes)}
    for part in ("gates", "breakers"):
        entries = document.get(part, [])
        made[part] = {entry["id"]: entry for entry in entries}
        if len(made[part]) != len(entries):
            raise ValueError(f"two {part} share an id")
    made["gates order"] = list(made["gates"])
    made["breakers"] = {name: _unplaced(entry) for name, entry in made["breakers"].items()}
    follow = {*(f"{RECENT}{name}" for name in windows), *(f"{BREAKERS}{name}" for name in made["breakers"])}
    return made | {"facts": {name: fact for name, fact in document["facts"].items() if name not in follow}}


def _unplaced(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "source"}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Every field that differs between two keyed documents: each exactly once, at the depth at which it is treated."""
    return _walk((), old, new, _TREE)


class _Part:
    """A part of the table of fields: how it is treated itself, and what is in it."""

    def __init__(self) -> None:
        self.treatment = Treatment.UNDIRECTED
        self.parts: dict[str, _Part] = {}


def _tree() -> _Part:
    top = _Part()
    for pattern, treatment in FIELDS.items():
        part = top
        for name in pattern.split("."):
            part = part.parts.setdefault(name, _Part())
        part.treatment = treatment
    return top


_TREE: Final = _tree()
_NOWHERE: Final = _Part()


def _walk(path: tuple[str, ...], old: Any, new: Any, part: _Part) -> Iterator[Difference]:
    if old == new and type(old) is type(new):
        return
    if part.parts and isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(n for n in new if n not in old)]:
            below = part.parts.get(name) or part.parts.get("*") or _NOWHERE
            yield from _walk((*path, name), old.get(name, ABSENT), new.get(name, ABSENT), below)
        return
    if part.treatment is Treatment.ORDER:
        old, new = [name for name in old if name in new], [name for name in new if name in old]
        if old == new:
            return
    yield Difference(path, old, new, part.treatment)

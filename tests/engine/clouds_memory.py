"""The cloud rule set with a memory: what departments rented lately, and what stays shut after that.

Machines are rented, offers are declined by the vendor, and tickets are closed; none of it is of any market.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine import RuleSet, read
from engine.breakers import facts_of as breakers_facts
from engine.breakers import gates_of
from engine.windows import facts_of as windows_facts
from tests.engine import cloud

Document = dict[str, Any]

DURATION: Final = {
    "kind": "amount",
    "dimensions": {"time": 1, "elapsed": 1},
    "suffixes": {"s": "1", "m": "60", "h": "3600", "d": "86400"},
    "compound": True,
    "hint": "name the unit, as 90s or 1h30m",
}

WHO: Final = {
    "department": {"unit": "enum", "values": "universe.departments", "meaning": "Who pays."},
    "role": {"unit": "enum", "values": "universe.roles", "meaning": "Who asked."},
    "direction": {"unit": "enum", "values": ["take", "give_back"], "meaning": "Which way."},
}
EVENTS: Final[Document] = {
    "rented": {
        "fields": {
            **WHO,
            "cost": {"unit": "EUR", "meaning": "What it costs; below zero where something is paid back."},
            "machines": {"unit": "count", "meaning": "How many."},
        }
    },
    "declined": {"fields": {**WHO, "why": {"unit": "enum", "values": ["quota", "price"], "meaning": "Why."}}},
    "closed": {"fields": {"department": WHO["department"]}},
}
CAPS: Final[Document] = {
    "span": {"unit": "duration", "sign": "nonnegative", "tighter": "higher", "per": "department", "meaning": "A span."},
    "calm": {"unit": "duration", "sign": "nonnegative", "tighter": "higher", "per": "account", "meaning": "A hold."},
    "patience": {"unit": "duration", "tighter": "higher", "per": "request", "meaning": "A hold of a role."},
    "declines": {"unit": "count", "tighter": "lower", "per": "account", "meaning": "Declined offers."},
}
SPANS: Final = {"research": "60", "sales": "7", "platform": "3600"}


def document(
    windows: Mapping[str, Mapping[str, Any]] | None = None,
    breakers: Iterable[Mapping[str, Any]] = (),
    gates: Iterable[Mapping[str, Any]] = (),
) -> Document:
    """The cloud rule set with these windows and breakers, as a compiler writes it."""
    made, shut = cloud.document(), [dict(b) for b in breakers]
    made["units"]["duration"] = DURATION
    made["events"] = EVENTS
    made["caps"] |= CAPS
    made["account"]["caps"] |= {"calm": "100", "declines": "3"}
    for name, entry in made["departments"].items():
        entry["caps"]["span"] = SPANS[name]
    for entry in made["roles"].values():
        entry["caps"]["patience"] = "40"
    made["windows"] = {name: dict(window) for name, window in (windows or {}).items()}
    made["facts"] = {**made["facts"], **windows_facts(made["windows"]), **breakers_facts(shut)}
    made["breakers"] = shut
    made["gates"] = [*made["gates"], *gates, *(gate for breaker in shut for gate in gates_of(breaker))]
    return made


def ruleset(
    windows: Mapping[str, Mapping[str, Any]] | None = None,
    breakers: Iterable[Mapping[str, Any]] = (),
    gates: Iterable[Mapping[str, Any]] = (),
) -> RuleSet:
    """The same, read."""
    return read(document(windows, breakers, gates))

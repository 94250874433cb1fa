"""What every explanation is written with: values as people write them, and who reads a name."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from engine.ruleset import BOUNDS
from engine.units import read_unit, write_value
from engine.windows import KINDS

_BESIDE: Final = ("why", "source", "id", "veto")
_HOLDS: Final = {
    "manual": "until a person opens it",
    "utc_day": "to the end of the UTC day",
    "utc_week": "to the end of the UTC week",
}


def written(document: Mapping[str, Any], cap: str, value: Any, holder: str) -> str:
    """A cap's compiled value as a person writes it; `holder` may be a symbol, whose coin it then names."""
    entry = document["caps"][cap]
    unit = read_unit(entry["unit"], document["units"][entry["unit"]])
    if value is None:
        return "none (no bound)"
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    base = document["symbols"].get(holder, {}).get("base")
    return write_value(Decimal(value), unit, {"base": base} if base else {})


def bound_of(gate: Mapping[str, Any]) -> str:
    """The test of a gate or breaker in one line."""
    if "require" in gate:
        return f"require {gate['require']}"
    op = next(b for b in (*BOUNDS, "multiple_of") if b in gate)
    return f"{gate['measure']} {op.replace('_', ' ')} {gate[op]}"


def range_of(declared: Mapping[str, Any]) -> str:
    """What a value may be beside its unit, in one line; empty where its unit says all."""
    bounds = f"{declared.get('min', '')}…{declared.get('max', '')}" if {"min", "max"} & declared.keys() else ""
    below = f"below {declared['below']}" if "below" in declared else ""
    return ", ".join(filter(None, [declared.get("sign", ""), bounds, below]))


def hold_of(breaker: Mapping[str, Any]) -> str:
    """How long a breaker stays shut, in words."""
    hold = breaker["hold"]
    return _HOLDS.get(hold, f"for {hold}")


def looks_back(window: Mapping[str, Any]) -> str:
    """How far back a window looks, in words."""
    if "within" in window:
        return f"within {window['within']}"
    return f"since {window['since']}" if "since" in window else "to the beginning"


def kind_of(window: Mapping[str, Any]) -> str:
    """What a window tells, as the key that says so."""
    return next(kind for kind in KINDS if kind in window)


def word(name: str) -> re.Pattern[str]:
    """Finds a name where it stands as a whole."""
    return re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.])")


def text_of(gate: Mapping[str, Any]) -> str:
    """What a gate or breaker says of names: all but its own, and what it is for."""
    return " ".join(str(value) for key, value in gate.items() if key not in _BESIDE)


def readers(document: Mapping[str, Any], name: str) -> list[str]:
    """One line of all that names it, or none: gates, breakers, windows, measures, tables, the head, facts."""
    named = word(name)
    found = [f"gate {g['id']}" for g in document["gates"] if named.search(text_of(g))]
    found += [f"breaker {b['id']}" for b in document["breakers"] if named.search(text_of(b))]
    found += [f"window {n}" for n, w in document["windows"].items() if named.search(json.dumps(w))]
    found += [f"measure {n}" for n, m in document["measures"].items() if named.search(m["is"])]
    found += [f"table {n}" for n, t in document["tables"].items() if named.search(json.dumps(t["rows"]))]
    found += [
        f"fact {n}, which follows from it"
        for n, f in document["facts"].items()
        if f.get("indicates", {}).get("fact") == name
    ]
    head = document["head"]
    found += [f"the head of gates, as {part}" for part in ("exempt", "clock") if head.get(part) == name]
    return [f"  read by {', '.join(found)}"] if found else []

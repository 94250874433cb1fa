"""Symbols and strategies, and the caps that they have: each value with the layers that it comes from."""

from collections.abc import Mapping
from typing import Any

from generator.compile.regimes import in_regime, made_caps, measure_of
from generator.explain.parts import readers, text_of, word, written

Document = Mapping[str, Any]


def holders(document: Document) -> dict[str, Any]:
    """Everyone who has caps, by name."""
    return {**document["symbols"], **document["strategies"]}


def holder(document: Document, name: str) -> list[str]:
    """A symbol or strategy, with all caps that it has."""
    entry = holders(document).get(name)
    if entry is None:
        return []
    lines = _symbol(entry) if name in document["symbols"] else [f"strategy: {entry['why']}"]
    width = max(map(len, entry["caps"]))
    for cap, value in entry["caps"].items():
        layer = entry["provenance"].get(cap, {"layer": "no group", "source": ""})
        told = f"{cap:{width}}  {written(document, cap, value, name):18} {layer['layer']}  {layer['source']}"
        lines.append(told.rstrip())
    return lines


def _symbol(entry: Mapping[str, Any]) -> list[str]:
    group = f", group {entry['group']}" if "group" in entry else ""
    blocked = f", no new {'/'.join(entry['blocked_sides'])}" if entry["blocked_sides"] else ""
    off = "" if entry["enabled"] else ", disabled"
    filters, base = entry["filters"], entry["base"]
    return [
        f"symbol of tier {entry['tier']}{group}, liquidity {entry['liquidity']}{blocked}{off}",
        f"venue {entry['venue']}: tick {filters['tick']}, step {filters['step']} {base}, "
        f"{filters['min_quantity']}…{filters['max_quantity']} {base}, at least {filters['min_notional']} USDT",
    ]


def chain(document: Document, name: str, cap: str) -> list[str]:
    """A cap of a symbol or strategy: its value, who set it, over whom, and what else bounds it."""
    entry, declared = holders(document)[name], document["caps"][cap]
    lines = [
        written(document, cap, entry["caps"][cap], name),
        f"{declared['meaning']} ({declared['unit']}, tighter: {declared['tighter']}, per {declared['per']})",
    ]
    origin = entry["provenance"].get(cap)
    if origin is None:
        return [*lines, "no layer sets it here"]
    lines.append(f"set by {origin['layer']} in {origin['source']}")
    for link in origin.get("overrode", []):
        lines.append(f"  over {link['layer']}: {written(document, cap, link['value'], name)} in {link['source']}")
    if name in document["symbols"]:
        lines += [*_of_venue(entry, cap), *_of_strategies(document, name, cap)]
    lines += _in_regimes(document, name, cap)
    named = word(f"caps.{cap}")
    gates = [gate["id"] for gate in document["gates"] if named.search(text_of(gate))]
    return [*lines, f"read by {', '.join(gates) if gates else 'tables'}"]


def _of_venue(entry: Mapping[str, Any], cap: str) -> list[str]:
    if cap == "leverage":
        first, last = entry["brackets"][0], entry["brackets"][-1]
        ends = ", to ".join(f"{b['leverage']}x up to {b['notional_cap']} USDT" for b in (first, last))
        return [f"venue: brackets from {ends}; effective {entry['max_leverage']}x"]
    if cap == "min_notional":
        return [f"venue: {entry['filters']['min_notional']} USDT; effective {entry['min_notional']} USDT"]
    return []


def _of_strategies(document: Document, name: str, cap: str) -> list[str]:
    lines = []
    for strategy, entry in document["strategies"].items():
        if cap in entry["caps"]:
            own = written(document, cap, entry["caps"][cap], name)
            where = entry["provenance"][cap]["source"]
            lines.append(f"strategy {strategy}: {own} in {where}; for an order the tighter of the two counts")
    return lines


def _in_regimes(document: Document, name: str, cap: str) -> list[str]:
    """What holds in each regime that sets the cap, and who says so."""
    entry, lines = holders(document)[name], []
    for regime, made in document.get("regimes", {}).items():
        tighter = in_regime(cap, regime)
        if cap in made["caps"] and tighter in entry["provenance"]:
            origin, value = entry["provenance"][tighter], written(document, tighter, entry["caps"][tighter], name)
            when = document["measures"][measure_of(regime)]["is"]
            lines.append(f"in {regime}, when {when}: {value}, set by {origin['layer']} in {origin['source']}")
    return lines


def cap(document: Document, name: str) -> list[str]:
    """A cap, with the value that everyone has, and the regimes in which it is tighter."""
    declared = document["caps"].get(name)
    if declared is None:
        return []
    lines = [f"cap ({declared['unit']}, tighter: {declared['tighter']}, per {declared['per']}): {declared['meaning']}"]
    for who, entry in {"account": document["account"], **holders(document)}.items():
        if name in entry["caps"] and not (declared["per"] == "account" and who != "account"):
            origin = entry["provenance"].get(name, {"layer": "no group"})
            lines.append(f"  {who:10} {written(document, name, entry['caps'][name], who):18} {origin['layer']}")
    for made, (of, regime) in made_caps(document.get("regimes", {})).items():
        if of == name:
            value = bound_in(document, regime, name)
            lines.append(f"  in {regime}: {value}, see `hedgerow explain {made}`")
    return [*lines, *readers(document, f"caps.{name}")]


def bound_in(document: Document, regime: str, name: str) -> str:
    """What a regime says of a cap: the most, or the least, that anybody has."""
    way = "most" if document["caps"][name]["tighter"] == "lower" else "least"
    return f"at {way} {written(document, name, document['regimes'][regime]['caps'][name], '')}"

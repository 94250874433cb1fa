"""`hedgerow explain`."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli.project import compiled, fail, root


@click.command(name="explain")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option("--env", "environment", default="prod", show_default=True, help="The environment to compile for.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(given_root: Path | None, names: tuple[str, ...], environment: str, as_json: bool) -> None:
    """Explain a symbol, a symbol's or strategy's cap, or any name of the rules.

    \b
    hedgerow explain BTCUSDT             all caps that hold for BTCUSDT
    hedgerow explain BTCUSDT leverage    where that value comes from, and what it overrode
    hedgerow explain symbol_cap          the gate that gives this reason
    hedgerow explain exposure_after      a measure; likewise a fact, cap, gate, table, strategy, regime
    """
    from engine.catalog import did_you_mean

    document = compiled(root(given_root), environment).document
    holders = {**document["symbols"], **document["strategies"]}
    names = tuple(n.removeprefix("caps.") for n in names)
    if len(names) == 2 and names[0] in holders:
        holder, cap = names
        caps = holders[holder]["caps"]
        if cap not in caps:
            fail(f"`{cap}` is no cap of {holder}", did_you_mean(cap, caps) or "see `hedgerow explain " + holder + "`")
        found: list[tuple[str, Any]] = [(f"{holder} {cap}", _chain(document, holder, cap))]
    else:
        found = [(name, _named(document, name)) for name in names]
    for name, lines in found:
        if lines is None:
            fail(f"nothing is called `{name}`", did_you_mean(name, _all_names(document)))
    if as_json:
        click.echo(json.dumps(dict(found), ensure_ascii=False, indent=1))
        return
    for i, (name, lines) in enumerate(found):
        click.echo(("\n" if i else "") + f"{name}")
        for line in lines:
            click.echo(f"  {line}")


def _all_names(document: dict[str, Any]) -> list[str]:
    parts = ("symbols", "strategies", "facts", "caps", "measures", "tables", "tiers", "groups", "regimes")
    return [n for p in parts for n in document.get(p, ())] + [g[k] for g in document["gates"] for k in ("id", "veto")]


def _written(document: dict[str, Any], cap: str, value: Any, holder: str) -> str:
    """A cap's value as a person writes it."""
    from engine.units import read_unit, write_value

    entry = document["caps"][cap]
    unit = read_unit(entry["unit"], document["units"][entry["unit"]])
    if value is None:
        return "none (no bound)"
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    base = document["symbols"].get(holder, {}).get("base")
    return write_value(Decimal(value), unit, {"base": base} if base else {})


def _chain(document: dict[str, Any], holder: str, cap: str) -> list[str]:
    entry = {**document["symbols"], **document["strategies"]}[holder]
    value = _written(document, cap, entry["caps"][cap], holder)
    declared = document["caps"][cap]
    lines = [
        f"{value}",
        f"{declared['meaning']} ({declared['unit']}, tighter: {declared['tighter']}, per {declared['per']})",
    ]
    origin = entry["provenance"].get(cap)
    if origin is None:
        return [*lines, "no layer sets it here"]
    lines.append(f"set by {origin['layer']} in {origin['source']}")
    for link in origin.get("overrode", []):
        lines.append(f"  over {link['layer']}: {_written(document, cap, link['value'], holder)} in {link['source']}")
    if cap == "leverage" and holder in document["symbols"]:
        lines.append(f"venue: brackets from {_bracket(entry)}; effective {entry['max_leverage']}x")
    if cap == "min_notional" and holder in document["symbols"]:
        lines.append(f"venue: {entry['filters']['min_notional']} USDT; effective {entry['min_notional']} USDT")
    for name, strategy in document["strategies"].items() if holder in document["symbols"] else ():
        if cap in strategy["caps"]:
            own = _written(document, cap, strategy["caps"][cap], holder)
            where = strategy["provenance"][cap]["source"]
            lines.append(f"strategy {name}: {own} in {where}; for an order the tighter of the two counts")
    lines += _in_regimes(document, holder, cap)
    named = _word(f"caps.{cap}")
    readers = [g["id"] for g in document["gates"] if named.search(_texts(g))]
    lines.append(f"read by {', '.join(readers) if readers else 'tables'}")
    return lines


def _in_regimes(document: dict[str, Any], holder: str, cap: str) -> list[str]:
    """What holds in each regime that sets the cap, and who says so."""
    from generator.compile.regimes import in_regime, measure_of

    entry = {**document["symbols"], **document["strategies"]}[holder]
    lines = []
    for regime, made in document.get("regimes", {}).items():
        name = in_regime(cap, regime)
        if cap in made["caps"] and name in entry["provenance"]:
            origin, value = entry["provenance"][name], _written(document, name, entry["caps"][name], holder)
            when = document["measures"][measure_of(regime)]["is"]
            lines.append(f"in {regime}, when {when}: {value}, set by {origin['layer']} in {origin['source']}")
    return lines


def _bracket(entry: dict[str, Any]) -> str:
    first, last = entry["brackets"][0], entry["brackets"][-1]
    ends = [f"{b['leverage']}x up to {b['notional_cap']} USDT" for b in (first, last)]
    return ", to ".join(ends)


def _texts(gate: dict[str, Any]) -> str:
    return " ".join(str(gate[k]) for k in gate if k not in ("why", "source", "id", "veto"))


def _named(document: dict[str, Any], name: str) -> list[str] | None:
    """What is called so: a symbol or strategy, else each part of the rules that has the name."""
    if name in document["symbols"] or name in document["strategies"]:
        return _holder(document, name)
    lines: list[str] = []
    if name in document["caps"]:
        lines += _cap(document, name)
    if name in document["facts"]:
        fact = document["facts"][name]
        extra = f", {fact['sign']}" if "sign" in fact else ""
        lines += [f"fact ({fact['unit']}{extra}, from {fact['from']}): {fact['meaning']}", *_readers(document, name)]
    if name in document["measures"]:
        measure = document["measures"][name]
        lines += [
            f"measure ({measure['unit']}): {measure['is']}",
            f"defined in {measure['source']}",
            *_readers(document, name),
        ]
    for gate in document["gates"]:
        if name in (gate["id"], gate["veto"]):
            lines += _gate(gate)
    if name in document["tables"]:
        table = document["tables"][name]
        lines.append(f"table: {table.get('why', '')}")
        lines += [
            f"  {r['id']}: {r.get('when', 'otherwise')} → {', '.join(f'{k} {v}' for k, v in r['then'].items())}"
            for r in table["rows"]
        ]
    if name in document.get("regimes", {}):
        lines += _regime(document, name)
    if name in document["tiers"]:
        lines.append(f"tier of {', '.join(document['tiers'][name]['members'])}")
    if name in document["groups"]:
        members = [s for s, e in document["symbols"].items() if e.get("group") == name]
        lines.append(f"group of {', '.join(members)}: {document['groups'][name]['why']}")
    return lines or None


def _holder(document: dict[str, Any], name: str) -> list[str]:
    entry = document["symbols"].get(name)
    lines = []
    if entry is not None:
        group = f", group {entry['group']}" if "group" in entry else ""
        blocked = f", no new {'/'.join(entry['blocked_sides'])}" if entry["blocked_sides"] else ""
        lines.append(f"symbol of tier {entry['tier']}{group}, liquidity {entry['liquidity']}{blocked}")
        filters = entry["filters"]
        lines.append(
            f"venue {entry['venue']}: tick {filters['tick']}, step {filters['step']} {entry['base']}, "
            f"{filters['min_quantity']}…{filters['max_quantity']} {entry['base']}, "
            f"at least {filters['min_notional']} USDT"
        )
    else:
        entry = document["strategies"][name]
        lines.append(f"strategy: {entry['why']}")
    width = max(len(c) for c in entry["caps"])
    for cap, value in entry["caps"].items():
        layer = entry["provenance"].get(cap, {"layer": "no group", "source": ""})
        lines.append(
            f"{cap:{width}}  {_written(document, cap, value, name):18} {layer['layer']}  {layer['source']}".rstrip()
        )
    return lines


def _regime(document: dict[str, Any], name: str) -> list[str]:
    from generator.compile.regimes import measure_of

    regime = document["regimes"][name]
    lines = [f"regime, when {document['measures'][measure_of(name)]['is']}: {regime['why']} {regime['source']}"]
    width = max(map(len, regime["caps"]))
    for cap, value in regime["caps"].items():
        way = "most" if document["caps"][cap]["tighter"] == "lower" else "least"
        lines.append(f"  {cap:{width}}  at {way} {_written(document, cap, value, name)}")
    return lines


def _cap(document: dict[str, Any], name: str) -> list[str]:
    cap = document["caps"][name]
    lines = [f"cap ({cap['unit']}, tighter: {cap['tighter']}, per {cap['per']}): {cap['meaning']}"]
    for holder, entry in {"account": document["account"], **document["symbols"], **document["strategies"]}.items():
        if name in entry["caps"] and not (cap["per"] == "account" and holder != "account"):
            origin = entry["provenance"].get(name, {"layer": "no group"})
            lines.append(f"  {holder:10} {_written(document, name, entry['caps'][name], holder):18} {origin['layer']}")
    return [*lines, *_readers(document, f"caps.{name}")]


def _gate(gate: dict[str, Any]) -> list[str]:
    from engine.ruleset import BOUNDS

    op = next((b for b in (*BOUNDS, "multiple_of") if b in gate), None)
    test = f"require {gate['require']}" if op is None else f"{gate['measure']} {op.replace('_', ' ')} {gate[op]}"
    when = f", when {gate['when']}" if "when" in gate else ""
    exits = {"form": "holds for exits too: form", "halt": "holds for exits too: halt"}.get(
        gate.get("exits", ""), "exits pass"
    )
    return [
        f"gate {gate['id']}: {test}{when}",
        f"  why: {gate['why']}",
        f"  vetoes with {gate['veto']}; {exits}; {gate['source']}",
    ]


def _word(name: str) -> re.Pattern[str]:
    """Finds a name where it stands as a whole."""
    return re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.])")


def _readers(document: dict[str, Any], name: str) -> list[str]:
    """Who names it, in gates, measures and tables."""
    word = _word(name)
    found = [f"gate {g['id']}" for g in document["gates"] if word.search(_texts(g))]
    found += [f"measure {n}" for n, m in document["measures"].items() if word.search(m["is"])]
    found += [f"table {n}" for n, t in document["tables"].items() if word.search(json.dumps(t["rows"]))]
    found += [
        f"fact {n}, which follows from it"
        for n, f in document["facts"].items()
        if f.get("indicates", {}).get("fact") == name
    ]
    return [f"  read by {', '.join(found)}"] if found else []

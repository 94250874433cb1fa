"""What rules are made of: facts, measures, gates, breakers, windows, tables, regimes, waivers, tiers, groups."""

from collections.abc import Mapping
from typing import Any, Final

from engine.breakers import PREFIX as BREAKERS
from engine.windows import PREFIX as WINDOWS
from generator.compile.regimes import measure_of
from generator.explain.holders import bound_in
from generator.explain.parts import bound_of, hold_of, kind_of, looks_back, range_of, readers

Document = Mapping[str, Any]
_EXITS: Final = {"form": "holds for exits too: form", "halt": "holds for exits too: halt"}


def fact(document: Document, name: str) -> list[str]:
    """A fact: its unit, its range, who produces it, and who reads it."""
    entry = document["facts"].get(name)
    if entry is None or name.startswith((WINDOWS, BREAKERS)):  # windows and breakers tell of themselves
        return []
    words = f" of {', '.join(entry['values'])}" if isinstance(entry.get("values"), list) else ""
    within = f", {range_of(entry)}" if range_of(entry) else ""
    lines = [f"fact ({entry['unit']}{words}{within}, from {entry['from']}): {entry['meaning']}"]
    if "varies_with" in entry:
        lines.append(f"  given anew for each {entry['varies_with']}, so that `max_quantity` leaves out what reads it")
    return [*lines, *readers(document, name)]


def measure(document: Document, name: str) -> list[str]:
    """A measure: its formula, where it stands, and who reads it."""
    entry = document["measures"].get(name)
    if entry is None:
        return []
    return [f"measure ({entry['unit']}): {entry['is']}", f"defined in {entry['source']}", *readers(document, name)]


def gates(document: Document, name: str) -> list[str]:
    """Each gate of that id or reason, but for those that a breaker of that name is told with."""
    told = {breaker["id"] for breaker in document["breakers"] if name in (breaker["id"], breaker["veto"])}
    lines = []
    for gate in document["gates"]:
        if name in (gate["id"], gate["veto"]) and gate["id"].removesuffix("_held") not in told:
            lines += _gate(gate)
    return lines


def _gate(gate: Mapping[str, Any]) -> list[str]:
    when = f", when {gate['when']}" if "when" in gate else ""
    of = ", asked when the account changes" if gate.get("scope") == "account" else ""
    shadow = f", in shadow until {gate['until']}" if gate.get("mode") == "shadow" else ""
    return [
        f"gate {gate['id']}: {bound_of(gate)}{when}{of}{shadow}",
        f"  why: {gate['why']}",
        f"  vetoes with {gate['veto']}; {_EXITS.get(gate.get('exits', ''), 'exits pass')}; {gate['source']}",
    ]


def breakers(document: Document, name: str) -> list[str]:
    """Each breaker of that id or reason: what closes it, for whom, when it is judged, how long it holds."""
    bare, lines = name.removeprefix(BREAKERS), []
    for breaker in document["breakers"]:
        if bare == breaker["id"] or name == breaker["veto"]:
            lines += _breaker(document, breaker)
    return lines


def _breaker(document: Document, breaker: Mapping[str, Any]) -> list[str]:
    when = f", when {breaker['when']}" if "when" in breaker else ""
    test = breaker.get("require") or bound_of(breaker)
    kept = f"one for each {' and '.join(breaker['by'])}" if "by" in breaker else "one for the account"
    judged = f"at each `{breaker['on']}`" if "on" in breaker else "at each tick and each order"
    reopen = f"; opens again at {breaker['reopen']}" if "reopen" in breaker else ""
    return [
        f"breaker {breaker['id']}: closes unless {test}{when}",
        f"  why: {breaker['why']}",
        f"  {kept}, judged {judged}; holds {hold_of(breaker)}{reopen}",
        f"  vetoes with {breaker['veto']}; {_EXITS.get(breaker.get('exits', ''), 'exits pass')}; {breaker['source']}",
        f"  shut it is the fact {BREAKERS}{breaker['id']}; `hedgerow rearm {breaker['id']}` opens it",
        *readers(document, f"{BREAKERS}{breaker['id']}"),
    ]


def window(document: Document, name: str) -> list[str]:
    """A window: what it counts, of which events, by whom, and how far back."""
    bare = name.removeprefix(WINDOWS)
    entry = document["windows"].get(bare)
    if entry is None:
        return []
    kind = kind_of(entry)
    where = f" where {entry['where']}" if "where" in entry else ""
    kept = f"by {' and '.join(entry['by'])}" if "by" in entry else "for the account"
    unit = document["facts"][f"{WINDOWS}{bare}"]["unit"]
    lines = [f"window ({unit}): {kind.replace('_', ' ')} of {entry[kind]}{where}, {kept}, {looks_back(entry)}"]
    lines += [f"  why: {entry['why']}"] if "why" in entry else []
    lines.append(f"  it is the fact {WINDOWS}{bare}; {entry['source']}")
    return [*lines, *readers(document, f"{WINDOWS}{bare}")]


def table(document: Document, name: str) -> list[str]:
    """A table with its rows; `table.output` is one output with the rows that give it."""
    bare, _, output = name.removeprefix("tables.").partition(".")
    entry = document["tables"].get(bare)
    if entry is None or (output and output not in entry["outputs"]):
        return []
    rows = [(row, {k: v for k, v in row["then"].items() if output in ("", k)}) for row in entry["rows"]]
    head = f"output of the table {bare} ({_unit(entry['outputs'][output])})" if output else "table"
    lines = [f"{head}: {entry.get('why', '')}"]
    for row, then in rows:
        answer = ", ".join(f"{key} {value}" for key, value in then.items()) or "missing"
        lines.append(f"  {row['id']}: {row.get('when', 'otherwise')} → {answer}")
    return [*lines, *readers(document, f"tables.{name.removeprefix('tables.')}")] if output else lines


def _unit(declared: Any) -> str:
    return " or ".join(declared) if isinstance(declared, list) else str(declared)


def regime(document: Document, name: str) -> list[str]:
    """A regime: when it holds, and what is then the most or the least that anybody has."""
    entry = document.get("regimes", {}).get(name)
    if entry is None:
        return []
    width = max(map(len, entry["caps"]))
    return [
        f"regime, when {document['measures'][measure_of(name)]['is']}: {entry['why']} {entry['source']}",
        *(f"  {cap:{width}}  {bound_in(document, name, cap)}" for cap in entry["caps"]),
    ]


def waiver(document: Document, name: str) -> list[str]:
    """A waiver: which gate it lets pass, for whom, until when, and who answers for it."""
    entry = document.get("waivers", {}).get(name)
    if entry is None:
        return []
    whom = " and ".join(filter(None, (entry.get("subject"), entry.get("actor"))))
    return [
        f"waiver of the gate {entry['gate']} for {whom}, until {entry['written']}, by {entry['by']}",
        f"  why: {entry['why']}",
        f"  never beyond global; {entry['source']}",
    ]


def tier(document: Document, name: str) -> list[str]:
    """A tier, with its members."""
    entry = document["tiers"].get(name)
    return [] if entry is None else [f"tier of {', '.join(entry['members'])}"]


def group(document: Document, name: str) -> list[str]:
    """A group, with its members."""
    entry = document["groups"].get(name)
    if entry is None:
        return []
    members = [symbol for symbol, held in document["symbols"].items() if held.get("group") == name]
    return [f"group of {', '.join(members)}: {entry['why']}"]


def parameter(document: Document, name: str) -> list[str]:
    """A strategy's parameter, as `momentum.fast`: what it means, and what it is set to."""
    strategy, _, param = name.partition(".")
    declared = document["params"].get(strategy, {}).get(param)
    if declared is None:
        return []
    value = document["strategies"].get(strategy, {}).get("params", {}).get(param, "not set")
    within = f", {range_of(declared)}" if range_of(declared) else ""
    return [f"parameter of {strategy} ({declared['unit']}{within}): {declared['meaning']}", f"  {value}"]

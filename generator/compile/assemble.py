"""Assembly: checked values and texts become one document, the shape that `universe.json` has."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engine.breakers import PREFIX as BREAKERS
from engine.breakers import gates_of
from engine.catalog import Cap, did_you_mean
from engine.faults import Fault, Path
from engine.numbers import canonical
from engine.windows import PREFIX as WINDOWS
from generator.compile.cascade import Layers, Resolved, for_account, for_strategy, for_symbol
from generator.compile.catalogs import Entries
from generator.compile.problems import Problem
from generator.compile.regimes import PART as REGIMES
from generator.compile.regimes import Twin, measure_of, twins, written
from generator.compile.sources import TABLE_FILES, Sources
from generator.compile.text import Document
from generator.compile.values import Layer, plain, read_layer

HEAD_KEYS = ("subject", "actor", "exempt", "solve", "clock")
FILTERS = ("tick", "step", "min_quantity", "max_quantity", "min_notional")


def tiers_of(sources: Sources, problems: list[Problem]) -> dict[str, str]:
    """Each symbol's tier; a symbol in none, in two, or unknown is a problem."""
    document, symbols = sources.documents["tiers"], sources.documents["universe"].data["symbols"]
    tier_of: dict[str, str] = {}
    for tier, entry in document.data["tiers"].items():
        for i, symbol in enumerate(entry["members"]):
            path: Path = ("tiers", tier, "members", i)
            if symbol not in symbols:
                problems.append(
                    document.problem(
                        "unknown-symbol",
                        path,
                        f"`{symbol}` is no symbol of rules/universe.yaml",
                        did_you_mean(symbol, symbols),
                    )
                )
            elif symbol in tier_of:
                problems.append(
                    document.problem(
                        "two-tiers", path, f"`{symbol}` is in {tier_of[symbol]} already", "a symbol is in one tier"
                    )
                )
            tier_of[symbol] = tier
    universe = sources.documents["universe"]
    for symbol in symbols.keys() - tier_of.keys():
        message = f"`{symbol}` is in no tier"
        problems.append(
            universe.problem(
                "no-tier", ("symbols", symbol), message, "make it a member in rules/tiers.yaml", at_key=True
            )
        )
    return tier_of


def read_layers(sources: Sources, caps: Mapping[str, Cap], environment: str, problems: list[Problem]) -> Layers:
    """All layers of caps, with what the environment replaces; every environment is read, so that none rots."""
    risk, strategies = sources.documents["risk"], sources.documents["strategies"]
    layers = _read_layers(risk, (), sources, caps, problems)
    for name, entry in strategies.data["strategies"].items():
        path: Path = ("strategies", name, "caps")
        own = read_layer(strategies, path, caps, {}, problems) if "caps" in entry else {}
        for cap in own.keys() & layers.strategies.get(name, {}).keys():
            other = layers.strategies[name][cap].source
            problems.append(
                strategies.problem(
                    "set-twice", (*path, cap), f"`{cap}` of {name} is set in {other} too", "set it once", at_key=True
                )
            )
        layers.strategies[name] = {**own, **layers.strategies.get(name, {})}
    for name in risk.data.get("environments", {}):
        if name == "prod":
            message = "`prod` is what holds without a replacement"
            help_text = "set the value itself"
            problems.append(risk.problem("bad-name", ("environments", name), message, help_text, at_key=True))
        replaced = _read_layers(risk, ("environments", name), sources, caps, problems)
        if name == environment:
            _replace(layers, replaced, name)
    if environment != "prod" and environment not in risk.data.get("environments", {}):
        known = ["prod", *risk.data.get("environments", {})]
        message = f"`{environment}` is no environment"
        problems.append(
            risk.problem(
                "unknown-environment",
                ("environments",),
                message,
                did_you_mean(environment, known) or f"known are {', '.join(known)}",
                at_key=True,
            )
        )
    return layers


def _read_layers(
    risk: Document, base: Path, sources: Sources, caps: Mapping[str, Cap], problems: list[Problem]
) -> Layers:
    data = risk.data
    for part in base:
        data = data[part]
    known = {
        "tiers": sources.documents["tiers"].data["tiers"],
        "groups": sources.documents["universe"].data.get("groups", {}),
        "symbols": sources.documents["universe"].data["symbols"],
        "strategies": sources.documents["strategies"].data["strategies"],
    }
    read: dict[str, dict[str, Layer]] = {kind: {} for kind in known}
    for kind, names in known.items():
        for name in data.get(kind, {}):
            path: Path = (*base, kind, name)
            if name not in names:
                word = {"tiers": "tier", "groups": "group", "symbols": "symbol", "strategies": "strategy"}[kind]
                problems.append(
                    risk.problem(
                        f"unknown-{word}", path, f"`{name}` is no {word}", did_you_mean(name, names), at_key=True
                    )
                )
                continue
            attributes = _names(sources, name) if kind == "symbols" else {}
            read[kind][name] = read_layer(risk, path, caps, attributes, problems)
    everywhere = read_layer(risk, (*base, "global"), caps, {}, problems) if "global" in data else {}
    return Layers(everywhere, read["tiers"], read["groups"], read["symbols"], read["strategies"])


def _names(sources: Sources, symbol: str) -> dict[str, str]:
    base = sources.venue.get("symbols", {}).get(symbol, {}).get("base")
    return {"base": base} if base else {}


def _replace(layers: Layers, by: Layers, environment: str) -> None:
    """Put an environment's values in place of those of the same layers; each remembers what it stands in for."""

    def over(old: Layer, new: Layer) -> Layer:
        changed = {n: replace(s, environment=environment, instead_of=old.get(n)) for n, s in new.items()}
        return {**old, **changed}

    layers.everywhere = over(layers.everywhere, by.everywhere)
    for old, new in (
        (layers.tiers, by.tiers),
        (layers.groups, by.groups),
        (layers.symbols, by.symbols),
        (layers.strategies, by.strategies),
    ):
        for name, layer in new.items():
            old[name] = over(old.get(name, {}), layer)


def assemble(
    sources: Sources,
    environment: str,
    catalogs: Mapping[str, Entries],
    caps: Mapping[str, Cap],
    layers: Layers,
    tier_of: Mapping[str, str],
    running: Entries,
    problems: list[Problem],
) -> dict[str, Any]:
    """The document, with expressions as they are written; hashes are still to come."""
    gates, universe, tiers = (sources.documents[n] for n in ("gates", "universe", "tiers"))
    breakers = [{**e, "source": sources.source("breakers", i, "id")} for i, e in enumerate(sources.entries("breakers"))]
    return {
        "format": 1,
        "environment": environment,
        "ruleset": "",
        "universe": "",
        "sources": sorted(sources.hashes, key=lambda s: s["path"]),
        "symbols": {
            s: _symbol(s, entry, sources, caps, layers, tier_of.get(s, ""), problems)
            for s, entry in universe.data["symbols"].items()
        },
        "strategies": {
            n: {"why": e["why"], **running.get(n, {}), **_caps(for_strategy(caps, layers, n))}
            for n, e in sources.documents["strategies"].data["strategies"].items()
        },
        "account": _caps(for_account(caps, layers)),
        "tiers": {n: {"members": e["members"]} for n, e in tiers.data["tiers"].items()},
        "groups": {n: {"why": w} for n, w in universe.data.get("groups", {}).items()},
        "head": {k: gates.data[k] for k in HEAD_KEYS if k in gates.data},
        **catalogs,
        "measures": {
            n: {**e, "source": gates.source(("measures", n))} for n, e in gates.data.get("measures", {}).items()
        },
        "gates": [
            *({**e, "source": gates.source(("gates", i, "id"))} for i, e in enumerate(gates.data["gates"])),
            *(gate for breaker in breakers for gate in gates_of(breaker)),
        ],
        "breakers": breakers,
        "windows": {n: {**e, "source": sources.source("windows", n)} for n, e in sources.entries("windows").items()},
        "tables": _tables(sources, problems),
    }


def _symbol(
    symbol: str,
    entry: Mapping[str, Any],
    sources: Sources,
    caps: Mapping[str, Cap],
    layers: Layers,
    tier: str,
    problems: list[Problem],
) -> dict[str, Any]:
    universe = sources.documents["universe"]
    venue = sources.venue.get("symbols", {}).get(symbol)
    if venue is None:
        known = sources.venue.get("symbols", {})
        message = f"{sources.venue_file} knows no `{symbol}`"
        problems.append(
            universe.problem("unknown-symbol", ("symbols", symbol), message, did_you_mean(symbol, known), at_key=True)
        )
        venue = {"base": "", "brackets": [], **dict.fromkeys(FILTERS, "1")}
    group = entry.get("group")
    groups = universe.data.get("groups", {})
    if group is not None and group not in groups:
        problems.append(
            universe.problem(
                "unknown-group", ("symbols", symbol, "group"), f"`{group}` is no group", did_you_mean(group, groups)
            )
        )
    resolved = for_symbol(caps, layers, symbol, tier, group)
    traits = sources.documents["tiers"].data["tiers"].get(tier, {}).get("traits", {})
    made = {
        "symbol": symbol,
        "base": venue["base"],
        **({"tier": tier} if tier else {}),
        **({"group": group} if group in groups else {}),
        "venue": universe.data["venue"],
        "liquidity": entry["liquidity"],
        "enabled": entry.get("enabled", "true") == "true",
        "blocked_sides": sorted(entry.get("blocked_sides", [])),
        "traits": {k: v == "true" for k, v in traits.items()},
        "max_leverage": _effective(resolved.get("leverage"), _bracket_leverage(venue, resolved), min),
        "min_notional": _effective(resolved.get("min_notional"), venue["min_notional"], max),
        **_caps(resolved),
        "filters": {k: canonical(Decimal(venue[k])) for k in FILTERS},
        "brackets": [{k: canonical(Decimal(v)) for k, v in b.items()} for b in venue["brackets"]],
    }
    made["provenance"] = {**made["provenance"], "filters": {"layer": "venue", "source": sources.venue_file}}
    return made


def _bracket_leverage(venue: Mapping[str, Any], resolved: Mapping[str, Resolved]) -> str:
    """The leverage that the venue's bracket allows for an order at its own cap."""
    cap = resolved.get("order_notional")
    largest = cap.value if cap is not None and isinstance(cap.value, Decimal) else Decimal(0)
    fitting = [b["leverage"] for b in venue["brackets"] if Decimal(b["notional_cap"]) >= largest]
    return max(fitting, key=Decimal, default="1")


def _effective(resolved: Resolved | None, of_venue: str, tighter: Any) -> str:
    if resolved is None or not isinstance(resolved.value, Decimal):
        return of_venue
    return canonical(tighter(resolved.value, Decimal(of_venue)))


def _caps(resolved: Mapping[str, Resolved]) -> dict[str, Any]:
    provenance = {n: _origin(r) for n, r in resolved.items() if r.source}
    return {"caps": {n: plain(r.value) for n, r in resolved.items()}, "provenance": provenance}


def _origin(resolved: Resolved) -> dict[str, Any]:
    made: dict[str, Any] = {"layer": resolved.layer, "source": resolved.source}
    if resolved.overrode:
        made["overrode"] = [{"layer": n, "source": s.source, "value": plain(s.value)} for n, s in resolved.overrode]
    return made


def _tables(sources: Sources, problems: list[Problem]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for file in TABLE_FILES:
        document = sources.documents[file]
        for name, entry in document.data["tables"].items():
            if name in tables:
                problems.append(
                    document.problem(
                        "set-twice", ("tables", name), f"a table `{name}` stands in another file too", at_key=True
                    )
                )
            rows = [{**r, "source": document.source(("tables", name, "rows", i))} for i, r in enumerate(entry["rows"])]
            tables[name] = {**entry, "rows": rows}
    return tables


def origin(sources: Sources, path: Path) -> tuple[Document, Path]:
    """The file and the path in it that a part of the assembled document came from."""
    top = path[0] if path else "gates"
    if top == "head":
        return sources.documents["gates"], path[1:]
    if top == "tables":
        for file in TABLE_FILES:
            if len(path) > 1 and path[1] in sources.documents[file].data["tables"]:
                return sources.documents[file], path
    if top == "gates" and len(path) > 1 and isinstance(path[1], int):
        count = len(sources.documents["gates"].data["gates"])
        if path[1] >= count:
            made = [i for i, b in enumerate(sources.entries("breakers")) for _ in gates_of(b)]
            if path[1] - count < len(made):
                return sources.documents["breakers"], ("breakers", made[path[1] - count], *path[2:])
            return _of_twin(sources, twins(sources)[path[1] - count - len(made)], path[2:])
    if top == "measures" and len(path) > 1:
        regime = next((name for name in written(sources) if measure_of(name) == path[1]), None)
        if regime is not None:
            return sources.documents["risk"], (REGIMES, regime, "when")
    if top == "facts" and len(path) > 1:
        part, _, name = str(path[1]).partition(".")
        if f"{part}." == WINDOWS and name in sources.entries("windows"):
            return sources.documents["windows"], ("windows", name)
        if f"{part}." == BREAKERS and "breakers" in sources.documents:
            shut = [b.get("id") for b in sources.entries("breakers")]
            if name in shut:
                return sources.documents["breakers"], ("breakers", shut.index(name))
    if top in ("windows", "breakers", "waivers", "events") and top in sources.documents:
        return sources.documents[str(top)], path
    if top in ("facts", "caps", "units", "strategies"):
        return sources.documents[str(top)], path
    if top == "symbols":
        return sources.documents["universe"], path[:2]
    return sources.documents["gates"], path


def _of_twin(sources: Sources, twin: Twin, rest: Path) -> tuple[Document, Path]:
    """What a gate in a regime has from the gate that it is, or the line that makes it."""
    if rest and rest[0] in ("measure", "when", "until"):
        return sources.documents["gates"], ("gates", twin.gate, *rest)
    return sources.documents["risk"], (REGIMES, twin.regime, "caps", twin.cap)


def as_problem(sources: Sources, fault: Fault) -> Problem:
    """A fault of the assembled document as a problem of the file that it came from."""
    document, path = origin(sources, fault.path)
    return document.problem(
        fault.code, path, fault.message, fault.help, at_key=fault.at_key, offset=fault.offset, warning=fault.warning
    )

"""Mutants of values: each cap as it is written, and each bound of the venue, one step looser and one step tighter."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from engine.catalog import Cap, Value
from engine.faults import Path
from engine.numbers import canonical
from engine.reach import caps_read
from engine.ruleset import Gate, Layer, Multiple, RuleSet, gate_nodes, limit_of
from engine.tree import FactRef
from engine.units import Unit, write_value
from engine.values import typed_value
from generator.change.cover.grid import CAP_GRID, step_of
from generator.change.cover.mutants import Mutant
from generator.scenario_texts import names_of
from universe.reader import Universe

LAYERS: Final = ("symbols", "strategies")


def mutants_of_values(universe: Universe) -> Iterator[Mutant]:
    """Every cap that is in force somewhere, where it is written, then the venue's bounds of each symbol."""
    for (cap, source), places in _written(universe).items():
        yield from _of_cap(universe.ruleset.catalog.caps[cap], source, places, universe)
    for gate in universe.ruleset.gates:
        limit = limit_of(gate)
        fact = universe.ruleset.catalog.facts[limit.name] if isinstance(limit, FactRef) else None
        if fact is not None and fact.attribute is not None:
            for symbol in universe.ruleset.subjects:
                yield from _of_filter(gate, symbol, ("symbols", symbol, *fact.attribute), fact.name, universe)


def _written(universe: Universe) -> dict[tuple[str, str], list[Path]]:
    """Each cap and line that sets it, with the places of the compiled document that it holds in.

    The account's own value counts where a gate of the account reads it; else symbols and strategies override it.
    """
    found: dict[tuple[str, str], list[Path]] = {}
    document, ruleset = universe.document, universe.ruleset
    of_account = {c for g in ruleset.gates if g.scope == "account" for c in caps_read(ruleset, *gate_nodes(g))}
    holders: list[tuple[Path, Mapping[str, Any]]] = [
        *(((part, name), entry) for part in LAYERS for name, entry in document[part].items()),
        (("account",), document["account"]),
    ]
    for path, entry in holders:
        # What nobody wrote has no provenance.
        for cap in (c for c in entry["caps"] if c in entry["provenance"]):
            source = entry["provenance"][cap]["source"]
            if path != ("account",) or cap in of_account or (cap, source) in found:
                found.setdefault((cap, source), []).append((*path, "caps", cap))
    return found


def _of_cap(cap: Cap, source: str, places: list[Path], universe: Universe) -> Iterator[Mutant]:
    holder = _at(universe, places[0][:-2])
    layer, value = holder["provenance"][cap.name]["layer"], holder["caps"][cap.name]
    symbol = str(places[0][1]) if places[0][0] == "symbols" else None
    for word, text, other in _others(cap, value, symbol, universe):
        name = f"cap {cap.name} of {layer}: {text} ({word})"
        yield Mutant(name, source, tuple((path, other) for path in places), f"cap:{cap.name}")


def _others(cap: Cap, value: Any, symbol: str | None, universe: Universe) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, (list, tuple)):
        shrunk, grown = ("looser", "tighter") if cap.tighter == "superset" else ("tighter", "looser")
        yield from ((shrunk, f"{word} taken out", [w for w in value if w != word]) for word in value)
        more = sorted(cap.type.item.values - set(value)) if cap.type.item else []
        yield from ((grown, f"{word} put in", [*value, word]) for word in more)
    elif isinstance(value, str) and cap.unit.numeric:
        step = step_of(cap.unit, universe.ruleset.subjects.get(symbol or ""), CAP_GRID)
        up, down = ("looser", "tighter") if cap.tighter == "lower" else ("tighter", "looser")
        for word, moved in ((up, step), (down, None if step is None else -step)):
            if moved is not None:
                number = Decimal(value) + moved
                yield word, _moved(Decimal(value), number, cap.unit, symbol, universe), canonical(number)


def _of_filter(gate: Gate, symbol: str, path: Path, name: str, universe: Universe) -> Iterator[Mutant]:
    value = Decimal(_at(universe, path))
    fact = universe.ruleset.catalog.facts[name]
    step = step_of(fact.unit, universe.ruleset.subjects[symbol], CAP_GRID)
    if isinstance(gate.test, Multiple):
        others = [value / 2, value * 2]
    else:
        others = [] if step is None else [value - step, value + step]
    for other in others:
        text = _moved(value, other, fact.unit, symbol, universe)
        yield Mutant(f"bound {name} of {symbol}: {text}", gate.source, ((path, canonical(other)),), f"fact:{name}")


def _moved(value: Decimal, other: Decimal, unit: Unit, symbol: str | None, universe: Universe) -> str:
    names = names_of(universe.ruleset, symbol)
    return f"{write_value(value, unit, names)} → {write_value(other, unit, names)}"


def with_values(mutant: Mutant, universe: Universe) -> RuleSet | None:
    """The rule set with a mutant's values; None where one is out of its declared range.

    The same as reading the edited document: values decide nothing of the trees, so those need not be read again.
    """
    ruleset, part = universe.ruleset, mutant.touches.partition(":")
    declared = (ruleset.catalog.caps if part[0] == "cap" else ruleset.catalog.facts)[part[2]]
    subjects, actors, account = dict(ruleset.subjects), dict(ruleset.actors), ruleset.account
    for path, given in mutant.edits:
        try:
            value = typed_value(given, declared)
        except ValueError:
            return None
        if part[0] == "fact":
            subject = subjects[str(path[1])]
            subjects[subject.key] = replace(subject, facts={**subject.facts, part[2]: value})
        elif path[0] == "symbols":
            subject = subjects[str(path[1])]
            subjects[subject.key] = replace(subject, layer=_capped(subject.layer, part[2], value))
        elif path[0] == "strategies":
            actors[str(path[1])] = _capped(actors[str(path[1])], part[2], value)
        else:
            account = _capped(account, part[2], value)
    return replace(ruleset, subjects=subjects, actors=actors, account=account)


def _capped(layer: Layer, cap: str, value: Value) -> Layer:
    return replace(layer, caps={**layer.caps, cap: value})


def _at(universe: Universe, path: Path) -> Any:
    found: Any = universe.document
    for part in path:
        found = found[part]
    return found

"""Changes of symbols and strategies beside their caps: who may be traded, who may ask, and the subject's own facts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from engine.catalog import Fact
from engine.ruleset import RuleSet
from generator.change import verdicts
from generator.change.changes import Change, Kind
from generator.change.fields import Absent, Difference
from generator.change.movement import STILL, UNKNOWN, Move, between
from generator.change.sides import Sides, text_of
from generator.change.verdicts import Verdict
from generator.change.words import Class

_UNITS: Final = {"max_leverage": "ratio", "min_notional": "USDT"}
_CAUSES: Final = {
    "max_leverage": ("leverage", "order_notional", "brackets"),
    "min_notional": ("min_notional", "min_notional", "filters"),
}


def comings_and_goings(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """Symbols and strategies that are new or gone."""
    for difference in found:
        part, name = difference.path
        kind = Kind.SYMBOL if part == "symbols" else Kind.STRATEGY
        if isinstance(difference.old, Absent):
            why = "it may be traded" if kind is Kind.SYMBOL else "it may ask for orders"
        else:
            instead = "; `enabled: false` stops entries alone" if kind is Kind.SYMBOL else ""
            why = f"its orders are no longer known, exits included{instead}"
        yield Change(
            kind=kind,
            name=f"{kind} {name}",
            key=f"{part}.{name}",
            word=Class.LOOSEN,
            why=why,
            before=_told(difference.old),
            after=_told(difference.new),
            symbols=(name,) if kind is Kind.SYMBOL else (),
            strategies=(name,) if kind is Kind.STRATEGY else (),
            **sides.places(part, name),
        )


def _told(entry: Any) -> str | None:
    """A symbol or strategy in a few words."""
    if isinstance(entry, Absent):
        return None
    return f"tier {entry['tier']}" if "tier" in entry else str(entry.get("why", "it has caps"))


def own_facts(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The facts that the universe holds of its symbols; symbols that move alike are one change."""
    groups: dict[tuple[Any, ...], list[Difference]] = {}
    for difference in found:
        key = (difference.path[2:], text_of(difference.old), text_of(difference.new))
        groups.setdefault(key, []).append(difference)
    for alike in groups.values():
        first = alike[0]
        names = tuple(d.path[1] for d in alike)
        field = first.path[2:]
        verdict = _of_fact(sides, names, field)
        unit = _unit(sides.new.ruleset, field)
        symbol = names[0] if len(names) == 1 else ""
        yield Change(
            kind=Kind.SYMBOL,
            name=f"{names[0] if len(names) == 1 else f'{len(names)} symbols'}: {' '.join(field)}",
            key=f"symbols.{names[0]}.{'.'.join(field)}",
            word=verdict.word,
            why=verdict.why,
            **sides.values(first.path, first.old, first.new, unit, symbol),
            symbols=names,
            gates=verdict.gates,
            unproved=verdict.unproved,
            gates_alone=verdict.gates_alone,
            **sides.places(*first.path),
        )


def _fact(ruleset: RuleSet, field: tuple[str, ...]) -> Fact | None:
    """The fact that reads a field of a symbol's entry."""
    return next((f for f in ruleset.catalog.facts.values() if f.attribute == field), None)


def _unit(ruleset: RuleSet, field: tuple[str, ...]) -> str:
    fact = _fact(ruleset, field)
    return fact.unit.name if fact else ""


def _of_fact(sides: Sides, symbols: tuple[str, ...], field: tuple[str, ...]) -> Verdict:
    facts = [f for f in sides.new.ruleset.catalog.facts.values() if f.attribute == field]
    found: list[Verdict] = []
    for fact in facts:
        reading = sides.readers.of(fact.name)
        moves = _moves(sides, symbols, fact.name)
        verdict = verdicts.of_moves(fact.name, moves, reading, sides.new.ruleset, sides.stood)
        found += [replace(verdict, gates_alone=True)] if verdict else []
        others = [*reading.chosen, *reading.proposed, *(["the largest quantity"] if reading.steps else [])]
        if others:
            found.append(Verdict(Class.LOOSEN, f"{', '.join(others)} follows it, which has no direction"))
    if not found:
        return Verdict(Class.LOOSEN, "no gate gives it a direction")
    first = min(found, key=lambda v: list(Class).index(v.word))
    return replace(first, gates_alone=all(v.gates_alone for v in found))


def _moves(sides: Sides, symbols: tuple[str, ...], fact: str) -> Move:
    found = STILL
    for symbol in symbols:
        old, new = (side.ruleset.subjects.get(symbol) for side in (sides.old, sides.new))
        if old is not None and new is not None:
            found |= between(old.facts.get(fact, UNKNOWN), new.facts.get(fact, UNKNOWN))
    return found


def followers(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The tighter of a cap and the venue's own, for people: it says nothing new where one of the two moved."""
    for difference in found:
        _, symbol, field = difference.path
        old, new = (side.document["symbols"][symbol] for side in (sides.old, sides.new))
        first, second, part = _CAUSES[field]
        read = any(_fact(side.ruleset, (field,)) for side in (sides.old, sides.new))
        moved = any(old["caps"].get(c) != new["caps"].get(c) for c in (first, second)) or old.get(part) != new.get(part)
        if moved and not read:
            continue
        unit = _UNITS[field]
        yield Change(
            kind=Kind.SYMBOL,
            name=f"{symbol}: {field}",
            key=f"symbols.{symbol}.{field}",
            word=Class.LOOSEN,
            why="a rule reads it" if read else "neither the cap nor the venue's own value, the tighter of both, moved",
            **sides.values(difference.path, difference.old, difference.new, unit),
            symbols=(symbol,),
            **sides.places(*difference.path),
        )

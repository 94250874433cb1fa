"""Changes that need no look at the rules: fields without a direction, texts that people read, and catalogs."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any, Final

from engine.numbers import parse_number
from generator.change.changes import Change, Kind
from generator.change.fields import Absent, Difference, Treatment
from generator.change.sides import Sides, Values, plain, text_of
from generator.change.verdicts import Verdict
from generator.change.words import Class

_KINDS: Final = {
    "symbols": Kind.SYMBOL,
    "strategies": Kind.STRATEGY,
    "params": Kind.CATALOG,
    "gates": Kind.GATE,
    "head": Kind.HEAD,
    "units": Kind.CATALOG,
    "facts": Kind.CATALOG,
    "caps": Kind.CATALOG,
    "events": Kind.CATALOG,
}
_SINGULAR: Final = {
    "tiers": "tier",
    "groups": "group",
    "units": "declared unit",
    "facts": "declared fact",
    "caps": "declared cap",
    "events": "declared event",
    "params": "declared strategy",
}
_SIGNS: Final = ("any", "nonnegative", "positive")
_NO_DIRECTION: Final = Verdict(Class.LOOSEN, "no direction is declared for it")


def changes(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """One change for each difference; symbols whose same field moves alike are one."""
    groups: dict[tuple[Any, ...], list[Difference]] = {}
    for difference in found:
        of_symbol = difference.path[0] == "symbols" and len(difference.path) > 2
        where = ("symbols", *difference.path[2:]) if of_symbol else difference.path
        groups.setdefault((where, text_of(difference.old), text_of(difference.new)), []).append(difference)
    for alike in groups.values():
        yield _order(sides, alike[0]) if alike[0].treatment is Treatment.ORDER else _change(sides, alike)


def _order(sides: Sides, difference: Difference) -> Change:
    """Gates that stand elsewhere: as few as explain the new order."""
    matcher = SequenceMatcher(a=difference.old, b=difference.new, autojunk=False)
    kept = {name for block in matcher.get_matching_blocks() for name in difference.old[block.a : block.a + block.size]}
    moved = [name for name in difference.new if name not in kept]
    return Change(
        kind=Kind.GATE,
        name="order of gates",
        key="gates",
        word=Class.EQUIVALENT,
        why="reasons stand in another order, and what stops is the same",
        before="as they were",
        after=f"{', '.join(moved)} moved",
        **sides.places("gates", moved[0]),
    )


def _change(sides: Sides, alike: list[Difference]) -> Change:
    first = alike[0]
    verdict = _verdict(first)
    symbols = tuple(d.path[1] for d in alike) if first.path[0] == "symbols" else ()
    return Change(
        kind=_KINDS.get(first.path[0], Kind.OTHER),
        name=_name(first.path, symbols),
        key=".".join(first.path),
        word=verdict.word,
        why=verdict.why,
        **_values(sides, first),
        symbols=symbols,
        strategies=(first.path[1],) if first.path[0] == "strategies" else (),
        **sides.places(*first.path),
    )


def _values(sides: Sides, difference: Difference) -> Values:
    old, new = difference.old, difference.new
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and isinstance(old[0], Mapping):
        before, after = (", ".join(_entries(one, other)) for one, other in ((old, new), (new, old)))
        return Values(before=before, after=after, old=old, new=new)
    return sides.values(difference.path, old, new)


def _entries(one: list[Any], other: list[Any]) -> Iterator[str]:
    """What of each entry is another than in the other list, by the entry's number."""
    for number, (entry, beside) in enumerate(zip(one, other, strict=True), 1):
        told = [f"{key} {plain(value)}" for key, value in entry.items() if beside.get(key) != value]
        if told:
            yield f"{number}: {', '.join(told)}"


def _name(path: tuple[str, ...], symbols: tuple[str, ...]) -> str:
    part, *rest = path
    if part == "symbols" and rest:
        who = rest[0] if len(symbols) == 1 else f"{len(symbols)} symbols"
        return f"{who}: {' '.join(rest[1:])}"
    if part == "strategies" and rest:
        return f"strategy {rest[0]}: {' '.join(rest[1:])}"
    if part == "params" and len(rest) > 1:
        return f"declared parameter {rest[0]}.{rest[1]}: {' '.join(rest[2:])}".rstrip(": ")
    if part in _SINGULAR and rest:
        return f"{_SINGULAR[part]} {rest[0]}: {' '.join(rest[1:])}".rstrip(": ")
    return " ".join(path)


def _verdict(difference: Difference) -> Verdict:
    old, new = difference.old, difference.new
    match difference.treatment:
        case Treatment.COSMETIC:
            return Verdict(Class.COSMETIC, "only people read it")
        case Treatment.FACT if isinstance(old, Absent):
            return Verdict(Class.EQUIVALENT, "what reads it is listed by itself")
        case Treatment.FACT if isinstance(new, Absent):
            return Verdict(Class.LOOSEN, "an order that gives it is refused, exits included")
        case Treatment.ENTRY:
            return _of_entry(old, new)
        case Treatment.NARROWER_LOW | Treatment.NARROWER_HIGH | Treatment.NARROWER_SIGN:
            return _of_range(difference)
    return _NO_DIRECTION


def _of_entry(old: Any, new: Any) -> Verdict:
    if isinstance(old, Absent):
        return Verdict(Class.EQUIVALENT, "what reads it is listed by itself")
    if isinstance(new, Absent):
        return Verdict(Class.CONTRACT, "rules and people may name it")
    return _NO_DIRECTION


def _of_range(difference: Difference) -> Verdict:
    """A narrower range of what may be set stops no order, and keeps people from setting what it excludes."""
    old, new = difference.old, difference.new
    if difference.treatment is Treatment.NARROWER_SIGN:
        narrower = _sign(new) > _sign(old)
    else:
        low = difference.treatment is Treatment.NARROWER_LOW
        wide = Decimal("-Infinity") if low else Decimal("Infinity")
        before, after = (wide if isinstance(v, Absent) else parse_number(v) for v in (old, new))
        narrower = after > before if low else after < before
    if narrower:
        return Verdict(Class.TIGHTEN, "less may be set")
    return Verdict(Class.LOOSEN, "more may be set")


def _sign(value: Any) -> int:
    return 0 if isinstance(value, Absent) else _SIGNS.index(value)

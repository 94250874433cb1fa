"""What may be named: units, facts and caps, each declared once with its unit and meaning."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.numbers import parse_number
from engine.tree import Sign, Type
from engine.units import Kind, Unit

Value = Decimal | bool | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A declared fact: what it means, its unit and range, and who produces it.

    `attribute` is the path inside a subject's entry for facts that the universe itself holds. `indicates` makes
    it derived: 1 when another fact has that value, else 0. `varies_with` names the fact for whose every new
    value this one must be supplied anew.
    """

    name: str
    unit: Unit
    type: Type
    producer: str
    meaning: str
    sign: Sign = Sign.ANY
    low: Decimal | None = None
    high: Decimal | None = None
    attribute: tuple[str, ...] | None = None
    indicates: tuple[str, str] | None = None
    varies_with: str | None = None

    @property
    def supplied(self) -> bool:
        """Whether the caller gives it, rather than the universe or another fact."""
        return self.attribute is None and self.indicates is None


@dataclass(frozen=True, slots=True)
class Cap:
    """A declared cap: its unit, which way is tighter, and whose fact it bounds."""

    name: str
    unit: Unit
    type: Type
    tighter: str
    per: str
    meaning: str
    sign: Sign = Sign.ANY
    low: Decimal | None = None
    high: Decimal | None = None

    def tighter_of(self, one: Value | None, other: Value | None) -> Value | None:
        """The tighter of two values of this cap; None is no bound, the loosest."""
        if one is None or other is None:
            return other if one is None else one
        if isinstance(one, tuple) and isinstance(other, tuple):
            shared = set(one) & set(other) if self.tighter == "subset" else set(one) | set(other)
            return tuple(sorted(shared))
        if isinstance(one, Decimal) and isinstance(other, Decimal):
            return min(one, other) if self.tighter == "lower" else max(one, other)
        raise TypeError(f"cap {self.name}: {one!r} and {other!r} do not compare")

    def looser(self, one: Value | None, other: Value | None) -> bool:
        """Whether `one` lets through something that `other` stops."""
        return one != other and self.tighter_of(one, other) != one


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that expressions may name, apart from measures and tables."""

    units: Mapping[str, Unit]
    facts: Mapping[str, Fact]
    caps: Mapping[str, Cap]

    def unit_of(self, kind: Type) -> Unit | None:
        """A declared unit in which values of this type are shown."""
        wanted = Kind.RATIO if kind.kind is None else kind.kind
        return next(
            (u for u in self.units.values() if u.kind is wanted and u.dimensions == kind.dimensions),
            None,
        )


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A help line that names the nearest known name, if one is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{near[0]}`?" if near else None


class CatalogFault(ValueError):
    """A catalog entry that can't be used; `key` is the part of the entry at fault."""

    def __init__(self, key: str, code: str, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.key, self.code, self.help = key, code, help_text


def read_fact(
    name: str, entry: Mapping[str, Any], units: Mapping[str, Unit], lists: Mapping[str, Any], prefix: str
) -> Fact:
    """A fact from its compiled entry; `prefix` is the first segment of the subject's own facts.

    Raises:
        CatalogFault: naming the key at fault.
    """
    unit = _unit(entry, units)
    indicates = entry.get("indicates")
    own = prefix and name.split(".")[0] == prefix
    return Fact(
        name=name,
        unit=unit,
        type=_type(entry, unit, lists),
        producer=entry["from"],
        meaning=entry["meaning"],
        sign=Sign(entry.get("sign", "any")),
        low=_number(entry, "min"),
        high=_number(entry, "max"),
        attribute=tuple(str(entry.get("at", name.split(".", 1)[-1])).split(".")) if own else None,
        indicates=(indicates["fact"], indicates["value"]) if indicates else None,
        varies_with=entry.get("varies_with"),
    )


def read_cap(name: str, entry: Mapping[str, Any], units: Mapping[str, Unit], lists: Mapping[str, Any]) -> Cap:
    """A cap from its compiled entry.

    Raises:
        CatalogFault: naming the key at fault.
    """
    unit = _unit(entry, units)
    tighter = entry["tighter"]
    if tighter not in (("subset", "superset") if unit.kind is Kind.LIST else ("lower", "higher")):
        raise CatalogFault(
            "tighter",
            "cap-direction",
            f"`{tighter}` is no direction of a {unit.name}",
            "lists: subset, superset; else: lower, higher",
        )
    return Cap(
        name=name,
        unit=unit,
        type=_type(entry, unit, lists),
        tighter=tighter,
        per=entry["per"],
        meaning=entry["meaning"],
        sign=Sign(entry.get("sign", "any")),
        low=_number(entry, "min"),
        high=_number(entry, "max"),
    )


def _unit(entry: Mapping[str, Any], units: Mapping[str, Unit]) -> Unit:
    name = entry["unit"]
    if name not in units:
        raise CatalogFault("unit", "unknown-unit", f"`{name}` is no unit", did_you_mean(name, units))
    return units[name]


def _number(entry: Mapping[str, Any], key: str) -> Decimal | None:
    return parse_number(entry[key]) if key in entry else None


def _type(entry: Mapping[str, Any], unit: Unit, lists: Mapping[str, Any]) -> Type:
    if unit.kind is Kind.ENUM:
        return Type(Kind.ENUM, values=_values(entry, "values", lists))
    if unit.kind is Kind.LIST:
        return Type(Kind.LIST, item=Type(Kind.ENUM, values=_values(entry, "of", lists)))
    return Type(unit.kind, unit.dimensions)


def _values(entry: Mapping[str, Any], key: str, lists: Mapping[str, Any]) -> frozenset[str]:
    """An enum's words: written out, or the keys of a part of the universe (`universe.NAME`)."""
    given = entry.get(key)
    if isinstance(given, str) and given.startswith("universe."):
        part = lists.get(given.removeprefix("universe."))
        if part is None:
            raise CatalogFault(
                key,
                "unknown-list",
                f"`{given}` is no part of the universe",
                did_you_mean(given, [f"universe.{k}" for k in lists]),
            )
        return frozenset(part)
    if isinstance(given, (list, tuple)):
        return frozenset(map(str, given))
    raise CatalogFault(key, "unknown-list", f"a {entry['unit']} needs `{key}`: its words, or a part of the universe")

"""Units: what a number counts, how it is written, and what multiplying or dividing makes of it.

A unit is declared in the catalog of units. Amounts carry dimensions (a price is money per base); a ratio has
none; a count is a kind of its own: it adds to and compares with counts, and multiplies as a plain number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from enum import StrEnum
from typing import Any, Final

from engine.numbers import EXACT, MAX_DIGITS, NumberFault, canonical, parse_number

# Mostly few digits are enough, and they take a quarter of the time.
_BRIEF: Final = Context(prec=MAX_DIGITS, traps=[Inexact])

Dimensions = tuple[tuple[str, int], ...]


class Kind(StrEnum):
    """The families of values."""

    RATIO = "ratio"
    AMOUNT = "amount"
    COUNT = "count"
    BOOL = "bool"
    ENUM = "enum"
    TEXT = "text"
    LIST = "list"


NUMERIC: Final = frozenset({Kind.RATIO, Kind.AMOUNT, Kind.COUNT})


class ValueFault(ValueError):
    """A written value that its unit refuses; `help` says what to write instead."""

    def __init__(self, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Unit:
    """A declared unit: its kind, its dimensions, and the suffixes that it is written with.

    `suffixes` maps a suffix to the factor that leads to the unit itself (`%` to 0.01). A suffix may hold
    `{name}`, which stands for an attribute of the subject, so that a quantity is written in the subject's own
    name (`0.5 kWh`).
    """

    name: str
    kind: Kind
    dimensions: Dimensions = ()
    suffixes: tuple[tuple[str, Decimal], ...] = ()
    compound: bool = False
    bare_below: Decimal | None = None
    hint: str = ""
    meaning: str = ""
    names: frozenset[str] = frozenset()

    @property
    def numeric(self) -> bool:
        """Whether values of this unit are numbers."""
        return self.kind in NUMERIC


def read_unit(name: str, entry: Mapping[str, Any]) -> Unit:
    """A unit from its entry in a compiled document."""
    return Unit(
        name=name,
        kind=Kind(entry["kind"]),
        dimensions=tuple(sorted((k, int(v)) for k, v in entry.get("dimensions", {}).items())),
        suffixes=tuple((s, parse_number(f)) for s, f in entry.get("suffixes", {}).items()),
        compound=entry.get("compound", False),
        bare_below=parse_number(entry["bare_below"]) if "bare_below" in entry else None,
        hint=entry.get("hint", ""),
        meaning=entry.get("meaning", ""),
        names=frozenset(re.findall(r"\{(\w+)\}", " ".join(entry.get("suffixes", {})))),
    )


_WRITTEN = re.compile(r"(-?[0-9][0-9_]*(?:\.[0-9]+)?)\s*(\S.*)?")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:_[0-9]{3})+(?:\.[0-9]+)?")
_PART = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)([a-z]+)")


def read_value(text: str, unit: Unit, names: Mapping[str, str]) -> Decimal | bool | str:
    """The value that is written in `text`, in the unit itself.

    `names` gives the subject's attributes that suffixes may hold; where one is absent the unit can't be written.

    Raises:
        ValueFault: not a value of this unit.
    """
    if unit.kind is Kind.BOOL:
        if text not in ("true", "false"):
            raise ValueFault(f"`{text}` is no truth value", "write true or false")
        return text == "true"
    if not unit.numeric:
        return text
    if unit.compound and not text.startswith("-") and len(_PART.findall(text)) > 1:
        return _read_compound(text, unit)
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueFault(f"`{text}` is no {unit.name}", unit.hint or None)
    number, suffix = _plain(match[1]), match[2]
    if suffix is None:
        return _read_bare(text, number, unit)
    factor = _factor(text, suffix, unit, names)
    return _checked(text, EXACT.multiply(number, factor), unit)


def _plain(digits: str) -> Decimal:
    if "_" in digits and not _GROUPED.fullmatch(digits):
        raise ValueFault(f"`{digits}` groups its digits oddly", "write one _ between groups of three, as 80_000")
    try:
        return parse_number(digits.replace("_", ""))
    except NumberFault as fault:
        raise ValueFault(str(fault)) from None


def _read_bare(text: str, number: Decimal, unit: Unit) -> Decimal:
    """A number without a suffix: zero fits everywhere, a ratio must be below its bound, a count is written bare."""
    below = unit.bare_below is not None and abs(number) < unit.bare_below
    if number and not below and unit.kind is not Kind.COUNT:
        raise ValueFault(f"a bare `{text}` is no {unit.name}", unit.hint or None)
    return _checked(text, number, unit)


def _factor(text: str, suffix: str, unit: Unit, names: Mapping[str, str]) -> Decimal:
    for written, factor in unit.suffixes:
        absent = [n for n in re.findall(r"\{(\w+)\}", written) if n not in names]
        if not absent and suffix == written.format_map(names):
            return factor
    if unit.names - names.keys():
        raise ValueFault(
            f"`{text}`: a {unit.name} can only be written where one subject is meant",
            "move it into the subject's own layer",
        )
    allowed = ", ".join(w.format_map(names) for w, _ in unit.suffixes)
    help_text = f"write it with {allowed}" if allowed else unit.hint or None
    raise ValueFault(f"`{text}` is no {unit.name}: `{suffix}` is not its unit", help_text)


def _read_compound(text: str, unit: Unit) -> Decimal:
    """`1h30m`: parts in falling order of size, each suffix once."""
    parts = _PART.findall(text)
    factors = dict(unit.suffixes)
    if "".join(n + s for n, s in parts) != text or any(s not in factors for _, s in parts):
        raise ValueFault(f"`{text}` is no {unit.name}", unit.hint or None)
    sizes = [factors[s] for _, s in parts]
    if sizes != sorted(set(sizes), reverse=True):
        raise ValueFault(f"`{text}` names its parts out of order", "largest first, each once, as 1h30m")
    value = Decimal(0)
    for number, suffix in parts:
        value = EXACT.fma(_plain(number), factors[suffix], value)
    return _checked(text, value, unit)


def _checked(text: str, value: Decimal, unit: Unit) -> Decimal:
    if unit.kind is Kind.COUNT and value != value.to_integral_value():
        raise ValueFault(f"`{text}` is no count", "write a whole number")
    return value


def write_value(value: Decimal | bool | str, unit: Unit, names: Mapping[str, str]) -> str:
    """The value as a person would write it; `read_value` reads it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    suffix = _best_suffix(value, unit)
    if suffix is None:
        return canonical(value)
    written, factor = suffix
    number = canonical(_quotient(value, factor))
    if unit.names:
        written = written.format_map(names) if all(n in names for n in unit.names) else unit.name
    return f"{number} {written}" if written[0].isupper() else f"{number}{written}"


def _quotient(value: Decimal, factor: Decimal) -> Decimal:
    """How many of a suffix make the value: exact, but for a third of an hour and its like."""
    if factor == 1:
        return value
    for context in (_BRIEF, EXACT):
        try:
            return context.divide(value, factor)
        except Inexact:
            continue
    return Context(prec=MAX_DIGITS).divide(value, factor)


def _best_suffix(value: Decimal, unit: Unit) -> tuple[str, Decimal] | None:
    """The largest suffix that leaves a short number; for a ratio, percent below 1 and a multiple from 1 on."""
    if not unit.suffixes or not value:
        return unit.suffixes[0] if unit.suffixes and unit.kind is Kind.AMOUNT and value else None
    if unit.kind is Kind.RATIO:
        wanted = "%" if abs(value) < 1 else "x"
        return next(((s, f) for s, f in unit.suffixes if s == wanted), unit.suffixes[0])
    if not unit.compound:
        return unit.suffixes[0]
    whole = [(s, f) for s, f in unit.suffixes if not EXACT.remainder(value, f)]
    return max(whole or unit.suffixes[:1], key=lambda sf: sf[1])

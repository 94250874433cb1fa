"""Values with units: each written cap becomes the number that it means, or a problem that says what to write."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.catalog import Cap, Value, did_you_mean
from engine.faults import Path
from engine.numbers import canonical
from engine.tree import Sign
from engine.units import Kind, ValueFault, read_value
from engine.values import Declared
from generator.compile.problems import Problem
from generator.compile.text import Document

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """A cap's value in one layer; None is `none`, no bound.

    Where an environment replaced it, its name, and what it stands in for, if that was set.
    """

    value: Value | None
    source: str
    document: Document
    path: Path
    environment: str = ""
    instead_of: "Setting | None" = None


Layer = dict[str, Setting]


def read_layer(document: Document, path: Path, caps: Mapping[str, Cap], names: Names, problems: list[Problem]) -> Layer:
    """The settings of one layer of caps, at a path of a document; what can't be read is reported and left out."""
    settings: Layer = {}
    for name, written in _at(document, path).items():
        place = (*path, name)
        if name not in caps:
            help_text = did_you_mean(name, caps)
            problems.append(document.problem("unknown-cap", place, f"`{name}` is no cap", help_text, at_key=True))
            continue
        try:
            value = cap_value(written, caps[name], names)
        except ValueFault as fault:
            problems.append(document.problem("bad-value", place, str(fault), fault.help))
        else:
            settings[name] = Setting(value, document.source(place), document, place)
    return settings


def _at(document: Document, path: Path) -> dict[str, Any]:
    data = document.data
    for part in path:
        data = data[part]
    return dict(data)


def cap_value(written: Any, cap: Cap, names: Names) -> Value | None:
    """The value of a cap as it is written; `none` is no bound.

    Raises:
        ValueFault: another unit, a bare number, out of range.
    """
    if written == "none":
        return None
    if cap.unit.kind is Kind.LIST:
        return _words(written, cap)
    if not isinstance(written, str):
        raise ValueFault("a single value is needed here")
    value = read_value(written, cap.unit, names)
    if isinstance(value, Decimal) and not isinstance(value, bool):
        check_range(written, value, cap, "write none where no bound is meant")
    return value


def _words(written: Any, cap: Cap) -> tuple[str, ...]:
    allowed = cap.type.item.values if cap.type.item else frozenset()
    if not isinstance(written, list):
        raise ValueFault(f"`{written}` is no list", "write [] for none of them, or [ONE, OTHER]")
    for word in written:
        if word not in allowed:
            raise ValueFault(f"`{word}` is none of its words", did_you_mean(str(word), allowed))
    if len(set(written)) != len(written):
        raise ValueFault("a word stands twice in the list")
    return tuple(sorted(written))


def check_range(written: str, value: Decimal, declared: Declared, help_text: str | None = None) -> None:
    """Whether a number is in the declared range; the help is for one that must be positive and is not.

    Raises:
        ValueFault: it is not.
    """
    if declared.sign is Sign.POSITIVE and value <= 0:
        raise ValueFault(f"`{written}`: {declared.name} must be positive", help_text)
    if declared.sign is Sign.NONNEGATIVE and value < 0:
        raise ValueFault(f"`{written}`: {declared.name} can't be negative")
    if declared.low is not None and value < declared.low:
        raise ValueFault(f"`{written}` is below {declared.low}, the least that {declared.name} may be")
    if declared.high is not None and value > declared.high:
        raise ValueFault(f"`{written}` is above {declared.high}, the most that {declared.name} may be")


def plain(value: Value | None) -> Any:
    """A value as JSON data: canonical text for numbers."""
    if isinstance(value, Decimal):
        return canonical(value)
    return list(value) if isinstance(value, tuple) else value

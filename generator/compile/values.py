"""Values with units: each written cap becomes the number that it means, or a problem that says what to write.

Cerberus walks each mapping and coerces every value by what declares it; the coercion itself is the unit's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from cerberus import Validator

from engine.catalog import Cap, Value, did_you_mean
from engine.faults import Path
from engine.tree import Sign
from engine.units import Kind, ValueFault, read_value
from engine.values import Declared
from generator.compile.problems import Problem
from generator.compile.text import Document

Names = Mapping[str, str]
Read = TypeVar("Read")


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
    data = _at(document, path)
    readers = {name: partial(cap_value, cap=caps[name], names=names) for name in data if name in caps}
    values, faults = coerced(data, readers)
    settings: Layer = {}
    for name in data:
        place = (*path, name)
        if name not in caps:
            help_text = did_you_mean(name, caps)
            problems.append(document.problem("unknown-cap", place, f"`{name}` is no cap", help_text, at_key=True))
        elif name in faults:
            problems.append(document.problem("bad-value", place, str(faults[name]), faults[name].help))
        else:
            settings[name] = Setting(values[name], document.source(place), document, place)
    return settings


def coerced(
    data: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Read]]
) -> tuple[dict[str, Read], dict[str, ValueFault]]:
    """What each value of a mapping means to the reader of its name, and the faults of those that it refuses."""
    values: dict[str, Read] = {}
    faults: dict[str, ValueFault] = {}
    for name, read in readers.items():
        if name in data:
            # One schema for every value: Cerberus checks each other one anew, which costs more than the reading.
            validator = _Reading(_VALUE, read=_noting(name, read, faults))
            validator.validate({"value": data[name]})
            if name not in faults:
                values[name] = validator.document["value"]
    return values, faults


def _noting(name: str, read: Callable[[Any], Read], faults: dict[str, ValueFault]) -> Callable[[Any], Read]:
    def coerce(written: Any) -> Read:
        try:
            return read(written)
        except ValueFault as fault:
            faults[name] = fault
            raise

    return coerce


class _Reading(Validator):  # type: ignore[misc]  # Cerberus has no types
    """Coerces a value by the reader that it is given."""

    def _normalize_coerce_read(self, written: Any) -> Any:
        return self._config["read"](written)


_VALUE: Final = {"value": {"nullable": True, "coerce": "read"}}


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

"""Plain data as typed values: the type and range that a fact or cap declares, or a refusal."""

from decimal import Decimal
from typing import Any

from engine.catalog import Cap, Fact, Value
from engine.numbers import parse_number
from engine.tree import Sign
from engine.units import NUMERIC, Kind


def typed_value(given: Any, declared: Fact | Cap) -> Value:
    """A plain value in the declared type and range.

    Raises:
        ValueError: it is of another type, not finite, or out of range.
    """
    kind = declared.unit.kind
    if isinstance(given, str) and kind in NUMERIC:
        value = parse_number(given)
        check_range(given, value, declared)
        return value
    if kind is Kind.BOOL:
        if not isinstance(given, bool):
            raise ValueError(f"`{given}` is no truth value")
        return given
    if kind is Kind.LIST:
        if not isinstance(given, (list, tuple)):
            raise ValueError(f"`{given}` is no list")
        words = tuple(str(word) for word in given)
        allowed = declared.type.item.values if declared.type.item else frozenset()
        if not set(words) <= allowed:
            raise ValueError(f"`{', '.join(sorted(set(words) - allowed))}` is none of its words")
        return words
    if not isinstance(given, str):
        raise ValueError(f"`{given}` is no {declared.unit.name}; write it as text")
    if kind is Kind.ENUM and given not in declared.type.values:
        raise ValueError(f"`{given}` is none of its values")
    return given


def check_range(text: str, value: Decimal, declared: Fact | Cap) -> None:
    """Whether a number is one that the fact or cap may have.

    Raises:
        ValueError: it is not.
    """
    if declared.sign is not Sign.ANY and (value < 0 or (declared.sign is Sign.POSITIVE and not value)):
        raise ValueError(f"`{text}` is not {declared.sign.value}")
    if declared.unit.kind is Kind.COUNT and value != value.to_integral_value():
        raise ValueError(f"`{text}` is no count")
    if declared.low is not None and value < declared.low:
        raise ValueError(f"`{text}` is below {declared.low}")
    if declared.high is not None and value > declared.high:
        raise ValueError(f"`{text}` is above {declared.high}")

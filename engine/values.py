"""Plain data as typed values: of the type and range that a catalog declares, or a refusal."""

from decimal import Decimal
from typing import Any, Final, Protocol

from engine.catalog import Value
from engine.numbers import parse_number
from engine.tree import Sign, Type
from engine.units import NUMERIC, Kind, Unit


class Declared(Protocol):
    """What a catalog says of a value, whether it calls it a fact, a cap or otherwise: its unit, type and range."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def unit(self) -> Unit:
        """The unit that its values are in."""

    @property
    def type(self) -> Type:
        """The type of its values, with an enum's words."""

    @property
    def sign(self) -> Sign:
        """What is always true of its sign."""

    @property
    def low(self) -> Decimal | None:
        """The least that it may be, if there is one."""

    @property
    def high(self) -> Decimal | None:
        """The most that it may be, if there is one."""


SHOWN: Final = 60


def shown(given: Any) -> str:
    """What was given, in the words of a refusal: no longer than a person reads."""
    text = str(given)
    return f"`{text[:SHOWN]}…`" if len(text) > SHOWN else f"`{text}`"


def typed_value(given: Any, declared: Declared) -> Value:
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
            raise ValueError(f"{shown(given)} is no truth value")
        return given
    if kind is Kind.LIST:
        if not isinstance(given, (list, tuple)):
            raise ValueError(f"{shown(given)} is no list")
        words = tuple(str(word) for word in given)
        allowed = declared.type.item.values if declared.type.item else frozenset()
        if not set(words) <= allowed:
            raise ValueError(f"{shown(', '.join(sorted(set(words) - allowed)))} is none of its words")
        return words
    if not isinstance(given, str):
        raise ValueError(f"{shown(given)} is no {declared.unit.name}; write it as text")
    if kind is Kind.ENUM and given not in declared.type.values:
        raise ValueError(f"{shown(given)} is none of its values")
    return given


def check_range(text: str, value: Decimal, declared: Declared) -> None:
    """Whether a number is in the declared range.

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

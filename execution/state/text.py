"""How state is written: canonical JSON, numbers as exact texts, quotients at twelve significant digits."""

import json
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, Final

from engine.numbers import SHOWN_DIGITS, canonical

_SHOWN: Final = Context(prec=SHOWN_DIGITS)


def number(value: Decimal | None) -> str | None:
    """An exact number as its one text; None stays None."""
    return None if value is None else canonical(value)


def ratio(part: Decimal | None, whole: Decimal | None) -> str | None:
    """A quotient, rounded half-even to twelve significant digits; None where either is unknown or nothing divides."""
    if part is None or not whole:
        return None
    return canonical(_SHOWN.divide(part, whole))


def average(total: int, count: int) -> int | None:
    """The mean of whole seconds, to the nearest; None of nothing."""
    return None if not count else round(Decimal(total) / count)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return canonical(value)
    raise TypeError(f"{type(value).__name__} has no place in a state file")


_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), default=_plain).encode


def line(record: Mapping[str, Any]) -> str:
    """A record as one line of a log."""
    return _ENCODE(record) + "\n"


def page(record: Mapping[str, Any]) -> str:
    """A record as a state file: a line for each key, and for each entry of what holds several records."""
    return "{\n" + ",\n".join(f" {_ENCODE(k)}: {_value(v)}" for k, v in record.items()) + "\n}\n"


def _value(value: Any) -> str:
    if isinstance(value, dict) and any(isinstance(v, dict) for v in value.values()):
        rows = ",\n".join(f"  {_ENCODE(k)}: {_ENCODE(v)}" for k, v in value.items())
        return f"{{\n{rows}\n }}"
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return "[\n" + ",\n".join(f"  {_ENCODE(v)}" for v in value) + "\n ]"
    return _ENCODE(value)

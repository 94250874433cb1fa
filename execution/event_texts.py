"""Events as the journal writes them: canonical JSON of their fields, and back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_type_hints

from engine.numbers import canonical
from execution.events import KINDS, Event

_Decode = Callable[[Any], Any]


def fields_of(event: Event) -> dict[str, Any]:
    """An event's fields, by name."""
    return {name: getattr(event, name) for name in _DECODERS[event.kind]}


def encode(event: Event) -> str:
    """An event's fields as canonical JSON, in the order of the class; `decode` gives the event back."""
    return json.dumps(fields_of(event), separators=(",", ":"), default=_text)


def decode(kind: str, text: str) -> Event:
    """An event from the journal.

    Raises:
        ValueError: an unknown kind, or fields that are not the kind's.
    """
    made = KINDS.get(kind)
    if made is None:
        raise ValueError(f"the journal holds a `{kind}`, which this version does not know")
    try:
        data = json.loads(text)
        return made(**{name: read(data[name]) for name, read in _DECODERS[kind].items()})
    except (KeyError, TypeError, ArithmeticError, json.JSONDecodeError) as error:
        raise ValueError(f"a `{kind}` in the journal can't be read: {type(error).__name__} {error}") from None


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return canonical(value)
    raise TypeError(f"{type(value).__name__} has no place in the journal")


def _decoder(hint: Any) -> _Decode:
    parts = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if Decimal in parts:
        return lambda raw: None if raw is None and NoneType in parts else Decimal(raw)
    return lambda raw: raw


_DECODERS: Final[Mapping[str, Mapping[str, _Decode]]] = {
    kind: {f.name: _decoder(get_type_hints(made)[f.name]) for f in fields(made)} for kind, made in KINDS.items()
}

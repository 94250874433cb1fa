"""The order of keys, and where values with a unit stand: both follow from the JSON Schema of a file."""

from collections.abc import Mapping
from typing import Any, Final

from generator.compile.schema_parts import Schema

NOTHING: Final[Schema] = {}


def inside(schema: Schema, key: str | int, value: Any) -> Schema:
    """What a schema says of a part: of an entry of a mapping or a list; nothing where it says nothing."""
    if isinstance(key, int):
        return _fitting(schema.get("items", NOTHING), value)
    more = schema.get("additionalProperties")
    named = schema.get("properties", NOTHING).get(key)
    return _fitting(named if named is not None else more if isinstance(more, Mapping) else NOTHING, value)


def _fitting(schema: Any, value: Any) -> Schema:
    """Of several forms the one that a mapping or a list has."""
    kind = "object" if isinstance(value, Mapping) else "array" if isinstance(value, list) else None
    forms = [f for f in schema.get("anyOf", ()) if kind is not None and f.get("type") == kind]
    return dict(forms[0] if forms else schema)


def keys(schema: Schema) -> tuple[str, ...]:
    """The keys of a mapping in their order; none where its author's order stands.

    What a catalog names, caps and facts, is grouped by whoever writes it.
    """
    named = schema.get("properties", NOTHING)
    return () if _of_a_catalog(schema) else tuple(named)


def _of_a_catalog(schema: Schema) -> bool:
    named = schema.get("properties", NOTHING).values()
    return all(is_value(part) or ("properties" in part and _of_a_catalog(part)) for part in named)


def is_value(schema: Schema) -> bool:
    """Whether a value with a unit stands here, rather than a word, a text or an expression."""
    return bool(schema.get("x-value"))

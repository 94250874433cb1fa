"""A quick yes: whether data certainly has the shape of a schema.

It knows the keywords that our schemas are made of, and no others. It says yes only where JSON Schema says yes; where it
doesn't, JSON Schema itself is asked, which also says what is wrong. Large rule sets are almost always right, and a
validator that can explain takes ten times as long.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

Check = Callable[[Any, Any, Mapping[str, Any]], bool]

_SAY_NOTHING: Final = frozenset({"$schema", "$id", "title", "description", "examples"})
_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda data: isinstance(data, dict),
    "array": lambda data: isinstance(data, list),
    "string": lambda data: isinstance(data, str),
    "boolean": lambda data: isinstance(data, bool),
    "null": lambda data: data is None,
    "number": lambda data: isinstance(data, (int, float)) and not isinstance(data, bool),
    "integer": lambda data: isinstance(data, int) and not isinstance(data, bool),
}


def has_shape(data: Any, schema: Mapping[str, Any]) -> bool:
    """Whether data has the shape of a schema; False where it has not, or where that can't be said here."""
    for word, value in schema.items():
        check = _CHECKS.get(word)
        if check is None:
            if word in _SAY_NOTHING or word.startswith("x-"):
                continue
            return False
        if not check(value, data, schema):
            return False
    return True


def _type(value: Any, data: Any, schema: Mapping[str, Any]) -> bool:
    names = value if isinstance(value, list) else [value]
    return any(name in _TYPES and _TYPES[name](data) for name in names)


def _properties(value: Any, data: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(data, dict):
        return True
    return all(has_shape(data[name], value[name]) for name in data.keys() & value.keys())


def _additional(value: Any, data: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(data, dict) or value is True:
        return True
    others = data.keys() - schema.get("properties", {}).keys()
    return not others if value is False else all(has_shape(data[name], value) for name in others)


def _pattern(value: Any, data: Any, schema: Mapping[str, Any]) -> bool:
    return not isinstance(data, str) or _compiled(value).search(data) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _enum(value: Any, data: Any, schema: Mapping[str, Any]) -> bool:
    # JSON tells 1 from true; Python does not.
    return any(data == word and type(data) is type(word) for word in value)


_CHECKS: Final[Mapping[str, Check]] = {
    "type": _type,
    "properties": _properties,
    "required": lambda value, data, schema: not isinstance(data, dict) or all(name in data for name in value),
    "dependentRequired": lambda value, data, schema: (
        not isinstance(data, dict) or all(n in data for name in data.keys() & value.keys() for n in value[name])
    ),
    "additionalProperties": _additional,
    "propertyNames": lambda value, data, schema: (
        not isinstance(data, dict) or all(has_shape(name, value) for name in data)
    ),
    "items": lambda value, data, schema: not isinstance(data, list) or all(has_shape(item, value) for item in data),
    # Whether two things that are no texts are the same is left to JSON Schema.
    "uniqueItems": lambda value, data, schema: (
        not isinstance(data, list) or (all(isinstance(item, str) for item in data) and len(set(data)) == len(data))
    ),
    "minItems": lambda value, data, schema: not isinstance(data, list) or len(data) >= value,
    "minLength": lambda value, data, schema: not isinstance(data, str) or len(data) >= value,
    "minProperties": lambda value, data, schema: not isinstance(data, dict) or len(data) >= value,
    "exclusiveMinimum": lambda value, data, schema: not _TYPES["number"](data) or data > value,
    "exclusiveMaximum": lambda value, data, schema: not _TYPES["number"](data) or data < value,
    "pattern": _pattern,
    "enum": _enum,
    "const": lambda value, data, schema: _enum([value], data, schema),
    "anyOf": lambda value, data, schema: any(has_shape(data, one) for one in value),
}

"""Pieces that several schemas share: closed objects, files, maps, and how a value of a unit may be written."""

import re
from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]

FORMAT: Final[Schema] = {"enum": [1, "1"], "description": "The version of this file's format."}
TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
WHY: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "description": "Why it is there; shown to people, decides nothing.",
}
WORD: Final[Schema] = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
EXPRESSION: Final[Schema] = {**TEXT, "description": "An expression; see docs/language.md."}
TRUTH: Final[Schema] = {"enum": [True, False, "true", "false"]}
NUMBER: Final[Schema] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9][0-9_]*(\.[0-9]+)?$"}]}
NAME: Final = "^[A-Za-z][A-Za-z0-9_-]*$"


def closed(properties: Mapping[str, Any], required: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def file(title: str, properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> Schema:
    """A whole file: its keys, and the format."""
    return closed({"format": FORMAT, **properties}, ("format", *required), title=title)


def keyed(schema: Schema, names: str = NAME, **more: Any) -> Schema:
    """An object of entries of one kind, by name."""
    return {"type": "object", "propertyNames": {"pattern": names}, "additionalProperties": schema, **more}


def value_schema(units: Mapping[str, Any], entry: Mapping[str, Any], *, cap: bool) -> Schema:
    """How a value of a cap or fact may be written."""
    unit = units.get(entry["unit"], {"kind": "text"})
    kind = unit["kind"]
    if kind == "bool":
        return {**TRUTH, "x-value": True}
    if kind == "list":
        words = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [words, {"const": "none"}], "x-value": True}
    if kind in ("enum", "text"):
        own = entry.get("values")
        return {"enum": list(own), "x-value": True} if isinstance(own, list) else {"type": "string", "x-value": True}
    number = r"-?[0-9][0-9_]*(\.[0-9]+)?"
    suffixes = "|".join(re.sub(r"\\\{\w+\\\}", "[A-Z0-9]+", re.escape(s)) for s in unit.get("suffixes", {}))
    pattern = rf"^({number} ?({suffixes}))$" if suffixes else rf"^{number}$"
    if unit.get("compound") in (True, "true"):
        pattern = rf"^(({number} ?({suffixes}))+)$"
    texts: list[Schema] = [{"type": "string", "pattern": pattern}, {"enum": [0, "0"]}]
    if kind == "count":
        texts = [{"type": "integer"}, {"type": "string", "pattern": pattern}]
    if "bare_below" in unit:
        texts += [
            {"type": "number", "exclusiveMaximum": 1, "exclusiveMinimum": -1},
            {"type": "string", "pattern": rf"^{number}$"},
        ]
    if cap:
        texts.append({"const": "none"})
    examples = {"ratio": ["5%", "25bps", "1.5x"], "duration": ["90s", "1h30m"], "USDT": ["80_000 USDT"], "count": ["6"]}
    return {"anyOf": texts, "examples": examples.get(entry["unit"], []), "x-value": True}

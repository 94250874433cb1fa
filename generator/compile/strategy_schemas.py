"""JSON Schemas of strategies: the catalog of their parameters, what the rules set, and what the universe holds."""

from collections.abc import Mapping
from typing import Any, Final

from generator.compile.catalog_schemas import SIGN
from generator.compile.schema_parts import NUMBER, TEXT, WHY, WORD, Schema, closed, file, keyed, value_schema

NAMES: Final = "^[a-z][a-z0-9_]*$"
EVERY: Final = "The bars that it is asked at the close of: a whole part of a day. What has none doesn't run."
SYMBOLS: Final[Schema] = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 1,
    "description": "The symbols that it may ask for, first come first served.",
}


def catalog() -> Schema:
    """Of `schemas/strategies.yaml`."""
    param = closed(
        {
            "unit": {"type": "string"},
            "sign": SIGN,
            "min": NUMBER,
            "max": NUMBER,
            "values": {"type": "array", "items": TEXT, "description": "An enum's words."},
            "below": {**WORD, "description": "The parameter that this one must be less than."},
            "meaning": WHY,
        },
        ("unit", "meaning"),
    )
    strategy = closed({"meaning": WHY, "params": keyed(param, NAMES)}, ("meaning", "params"))
    return file("The catalog of strategies", {"strategies": keyed(strategy, NAMES)}, ("strategies",))


def rules(units: Mapping[str, Any], declared: Mapping[str, Any], caps: Schema) -> Schema:
    """Of `rules/strategies.yaml`: each declared strategy with its own parameters, and any other that only has caps.

    `declared` is the catalog's data, `caps` the schema of the layer of caps that a strategy may set.
    """
    every = {**value_schema(units, {"unit": "duration"}, cap=False), "description": EVERY}
    own = {name: _strategy(every, caps, _params(units, entry), entry["meaning"]) for name, entry in declared.items()}
    other = _strategy(every, caps, {"type": "object"}, "A strategy that only has caps: nothing runs under its name.")
    return file("The strategies", {"strategies": keyed(other, NAMES, properties=own)}, ("strategies",))


def _strategy(every: Schema, caps: Schema, params: Schema, meaning: str) -> Schema:
    needs = ["symbols", "params"] if params.get("required") else ["symbols"]
    properties = {"why": WHY, "every": every, "symbols": SYMBOLS, "params": params, "caps": caps}
    together = {"every": needs, "symbols": ["every"], "params": ["every"]}
    return closed(properties, ("why",), description=meaning, dependentRequired=together)


def _params(units: Mapping[str, Any], entry: Mapping[str, Any]) -> Schema:
    properties = {
        name: {**value_schema(units, param, cap=False), "description": _described(param)}
        for name, param in entry["params"].items()
    }
    return closed(properties, tuple(properties), description="What it goes by; each must be set.")


def _described(param: Mapping[str, Any]) -> str:
    bounds = f", {param.get('min', '')}…{param.get('max', '')}" if {"min", "max"} & param.keys() else ""
    below = f", below {param['below']}" if "below" in param else ""
    return f"{param['meaning']} {param['unit']}{bounds}{below}."


def compiled(holder: Mapping[str, Any], number: Schema) -> Schema:
    """Of the strategies in `universe.json`; `holder` are the properties of what has caps."""
    value = {"anyOf": [number, {"type": "boolean"}, {"type": "string"}]}
    properties = {
        "every": number,
        "symbols": {"type": "array", "items": {"type": "string"}},
        "params": {"type": "object", "additionalProperties": value},
    }
    return {"type": "object", "additionalProperties": closed({**holder, **properties}, ("caps",))}

"""JSON Schemas of the three catalogs themselves."""

from typing import Final

from generator.compile.schema_parts import NUMBER, TEXT, TRUTH, WHY, Schema, closed, file, keyed

SIGN: Final[Schema] = {
    "enum": ["positive", "nonnegative", "any"],
    "description": "What is always true of its sign; only something positive may divide.",
}


def units() -> Schema:
    """Of `schemas/units.yaml`."""
    unit = closed(
        {
            "kind": {"enum": ["ratio", "amount", "count", "bool", "enum", "text", "list"]},
            "meaning": WHY,
            "dimensions": {"type": "object", "additionalProperties": {"enum": [1, -1, 2, -2, "1", "-1", "2", "-2"]}},
            "suffixes": {"type": "object", "additionalProperties": NUMBER},
            "compound": TRUTH,
            "bare_below": NUMBER,
            "hint": {"type": "string"},
        },
        ("kind", "meaning"),
    )
    return file("The catalog of units", {"units": keyed(unit, "^[A-Za-z][A-Za-z/]*$")}, ("units",))


def facts() -> Schema:
    """Of `schemas/facts.yaml`."""
    fact = closed(
        {
            "unit": {"type": "string"},
            "sign": SIGN,
            "min": NUMBER,
            "max": NUMBER,
            "values": {
                "anyOf": [{"type": "string"}, {"type": "array", "items": TEXT}],
                "description": "An enum's words, or universe.PART.",
            },
            "of": {
                "anyOf": [{"type": "string"}, {"type": "array", "items": TEXT}],
                "description": "The words that a list may hold.",
            },
            "at": {"type": "string", "description": "Where a symbol's entry holds it, if not under its own name."},
            "from": {"type": "string", "description": "Its producer, one of `producers`."},
            "indicates": closed(
                {"fact": {"type": "string"}, "value": TEXT},
                ("fact", "value"),
                description="1 while the fact has that value, else 0.",
            ),
            "varies_with": {"type": "string", "description": "It must be supplied anew for each value of this fact."},
            "meaning": WHY,
        },
        ("unit", "from", "meaning"),
    )
    producers = keyed({"type": "string"}, "^[a-z][a-z0-9_]*$", description="Who produces facts.")
    return file(
        "The catalog of facts",
        {"producers": producers, "facts": keyed(fact, r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")},
        ("producers", "facts"),
    )


def caps() -> Schema:
    """Of `schemas/caps.yaml`."""
    cap = closed(
        {
            "unit": {"type": "string"},
            "sign": SIGN,
            "of": {"anyOf": [{"type": "string"}, {"type": "array", "items": TEXT}]},
            "tighter": {"enum": ["lower", "higher", "subset", "superset"], "description": "Which way stops more."},
            "per": {
                "enum": ["order", "symbol", "group", "tier", "strategy", "account"],
                "description": "Whose fact it bounds.",
            },
            "min": NUMBER,
            "max": NUMBER,
            "meaning": WHY,
        },
        ("unit", "tighter", "per", "meaning"),
    )
    return file("The catalog of caps", {"caps": keyed(cap, "^[a-z][a-z0-9_]*$")}, ("caps",))

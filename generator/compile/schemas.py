"""JSON Schema 2020-12 of every rule file, of scenarios and of `universe.json`.

What follows from the catalogs is generated from them: each cap and fact with its unit's spelling, range and
meaning, so that an editor completes, documents and checks it while it is typed. Each scalar is accepted in both
spellings: our reader sees text, an editor may see a number or a truth value. `x-value` marks what the values
stage checks with better words.
"""

from collections.abc import Mapping
from typing import Any, Final

from generator.compile import (
    catalog_schemas,
    invariants,
    lately_schemas,
    levels,
    pack_schema,
    strategy_schemas,
    uncovered,
    waiver_schema,
)
from generator.compile.schema_parts import (
    EXPRESSION,
    NUMBER,
    TEXT,
    TRUTH,
    WHY,
    WORD,
    Schema,
    closed,
    file,
    keyed,
    value_schema,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

PER: Final[Mapping[str, tuple[str, ...]]] = {
    "tiers": ("order", "symbol", "tier"),
    "groups": ("group",),
    "symbols": ("order", "symbol"),
    "strategies": ("order", "strategy"),
}


POSITIVE: Final[Schema] = {
    "type": "string",
    "pattern": r"^(?!0+(\.0+)?$)[0-9]+(\.[0-9]+)?$",
    "description": "A number above 0.",
}


def build(
    units: Mapping[str, Any], facts: Mapping[str, Any], caps: Mapping[str, Any], strategies: Mapping[str, Any]
) -> dict[str, Schema]:
    """All schemas by name, from the catalogs' data (as read: nested texts)."""
    made = {
        "units": catalog_schemas.units(),
        "facts": catalog_schemas.facts(),
        "caps": catalog_schemas.caps(),
        "params": strategy_schemas.catalog(),
        "universe": _universe(),
        "tiers": _tiers(),
        "strategies": strategy_schemas.rules(units, strategies, layer(units, caps, PER["strategies"])),
        "risk": _risk(units, caps),
        "gates": gates(),
        "windows": lately_schemas.windows(),
        "breakers": lately_schemas.breakers(gates()),
        "waivers": waiver_schema.waivers(),
        "tables": _tables(),
        "scenarios": _scenarios(units, facts),
        "uncovered": uncovered.schema(),
        "pack": pack_schema.schema(),
        "lints": levels.schema(),
        "invariants": invariants.schema(),
        "compiled": _compiled(caps),
    }
    return {name: {"$schema": DIALECT, "$id": f"urn:hedgerow:{name}:1", **schema} for name, schema in made.items()}


def _universe() -> Schema:
    sides = {
        "type": "array",
        "items": {"enum": ["BUY", "SELL"]},
        "description": "Sides on which no new position is opened.",
    }
    symbol = closed(
        {
            "group": {"type": "string", "description": "The group that it falls with, if any."},
            "liquidity": {"enum": ["A_HIGH", "B_MEDIUM", "C_LOW"]},
            "enabled": {**TRUTH, "description": "Whether it may be traded; true where it is left out."},
            "blocked_sides": sides,
        },
        ("liquidity",),
    )
    properties = {
        "venue": {"type": "string", "pattern": "^[a-z0-9_]+$", "description": "A file of universe/venues/."},
        "groups": keyed({"type": "string"}, "^[a-z][a-z0-9_]*$"),
        "symbols": keyed(symbol, "^[A-Z0-9]+$"),
    }
    return file("The symbols that are traded", properties, ("venue", "symbols"))


_BRACKET: Final = closed(
    {
        **dict.fromkeys(("notional_cap", "leverage"), POSITIVE),
        **dict.fromkeys(("maintenance_margin", "maintenance_amount"), NUMBER),
    },
    ("notional_cap", "leverage"),
)
_NOTES: Final[Schema] = {"type": "object", "additionalProperties": {"type": "string"}}
_LISTED: Final = closed(
    {
        "base": {"type": "string", "pattern": "^[A-Z0-9]+$"},
        **dict.fromkeys(("tick", "step", "min_quantity", "max_quantity", "min_notional"), POSITIVE),
        "brackets": {"type": "array", "items": _BRACKET, "minItems": 1},
        "assumed": _NOTES,
    },
    ("base", "tick", "step", "min_quantity", "max_quantity", "min_notional", "brackets"),
)
# What a venue imposes, as the strict reader gives it: every scalar is a text.
VENUE: Final = file(
    "What a venue imposes",
    {
        "venue": {"type": "string"},
        "quote": {"type": "string"},
        "sources": _NOTES,
        "symbols": keyed(_LISTED, "^[A-Z0-9]+$"),
    },
    ("venue", "symbols"),
)


def _tiers() -> Schema:
    members = {
        "type": "array",
        "items": {"type": "string"},
        "description": "The tier's symbols; each symbol is in one tier.",
    }
    traits = closed({"twap": {**TRUTH, "description": "Large orders may be sliced over time."}}, ("twap",))
    tier = closed({"why": WHY, "members": members, "traits": traits}, ("members", "traits"))
    return file("The tiers", {"tiers": keyed(tier)}, ("tiers",))


def _risk(units: Mapping[str, Any], caps: Mapping[str, Any]) -> Schema:
    layers = {
        "global": layer(units, caps, None),
        "tiers": keyed(layer(units, caps, PER["tiers"])),
        "groups": keyed(layer(units, caps, PER["groups"])),
        "symbols": keyed(layer(units, caps, PER["symbols"])),
        "strategies": keyed(layer(units, caps, PER["strategies"])),
    }
    environment = closed(layers, description="Replaces values of these layers in this environment.")
    regime = closed(
        {
            "why": WHY,
            "when": {**TEXT, "description": "While it holds, the regime does; what is missing in it stops entries."},
            "caps": {**layers["global"], "minProperties": 1, "description": "Values that are then no looser."},
        },
        ("why", "when", "caps"),
    )
    named = {"environments": keyed(environment, "^[a-z][a-z0-9_]*$"), "regimes": keyed(regime, "^[a-z][a-z0-9_]*$")}
    return file("The caps", {**layers, **named}, ("global",))


def layer(units: Mapping[str, Any], caps: Mapping[str, Any], per: tuple[str, ...] | None) -> Schema:
    """The caps that one layer may set, each with its unit's spelling and its meaning."""
    properties = {
        name: {
            **value_schema(units, entry, cap=True),
            "description": f"{entry['meaning']} {entry['unit']}, tighter: {entry['tighter']}, per {entry['per']}.",
        }
        for name, entry in caps.items()
        if per is None or entry["per"] in per
    }
    return closed(properties)


def _texts(*keys: str, what: str) -> Schema:
    return closed({k: {"type": "string"} for k in keys}, keys, description=what)


def _head() -> Schema:
    return {
        "subject": _texts("key", "in", "as", "unknown", what="Which fact names the subject, and where subjects are."),
        "actor": _texts("key", "in", what="Which fact names who asks, and where actors' caps are."),
        "exempt": {
            "type": "string",
            "description": "A measure; orders for which it holds pass every gate that has no `exits`.",
        },
        "clock": {"type": "string", "description": "Which fact says what time it is; waivers end by it."},
        "solve": _texts("for", "step", "as", what="The adjustable fact, its step, and the name of the answer."),
    }


def gates() -> Schema:
    """Of `rules/gates.yaml`, and of the gates of a rule set of one file."""
    measure = closed({"unit": {"type": "string"}, "is": EXPRESSION, "why": WHY}, ("unit", "is"))
    bound = {**TEXT, "description": "One name or one value, never a formula."}
    gate = closed(
        {
            "id": {**WORD, "description": "What logs, tests and people call this gate."},
            "why": WHY,
            "scope": {
                "enum": ["order", "account"],
                "description": "Decided with each intent (default), or on each account update.",
            },
            "when": {**TEXT, "description": "Where the gate applies; it is asked first."},
            "measure": EXPRESSION,
            "at_most": bound,
            "at_least": bound,
            "below": bound,
            "above": bound,
            "multiple_of": bound,
            "require": EXPRESSION,
            "exits": {
                "enum": ["form", "halt"],
                "description": "Holds for exits too: what the venue would refuse, or a halt.",
            },
            "mode": {
                "enum": ["enforce", "shadow"],
                "description": "A shadow gate is evaluated and logged, and vetoes nothing.",
            },
            "until": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "description": "The last day of a shadow."},
            "on_missing": {
                "enum": ["veto", "pass"],
                "description": "What a missing fact means; `pass` is the loosening exception.",
            },
            "veto": {**WORD, "description": "The reason that it gives."},
        },
        ("id", "why", "veto"),
    )
    measures = keyed(measure, "^[a-z][a-z0-9_]*$")
    return file(
        "The gates",
        {**_head(), "measures": measures, "gates": {"type": "array", "items": gate, "minItems": 1}},
        ("gates",),
    )


def _tables() -> Schema:
    row = closed(
        {"id": WORD, "why": WHY, "when": EXPRESSION, "then": {"type": "object", "additionalProperties": TEXT}},
        ("id", "then"),
    )
    outputs = {
        "type": "object",
        "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": TEXT}]},
    }
    table = closed(
        {"why": WHY, "outputs": outputs, "rows": {"type": "array", "items": row, "minItems": 1}}, ("outputs", "rows")
    )
    return file("Decision tables", {"tables": keyed(table, "^[a-z][a-z0-9_]*$")}, ("tables",))


def _scenarios(units: Mapping[str, Any], facts: Mapping[str, Any]) -> Schema:
    supplied = {n: e for n, e in facts.items() if e.get("from") != "universe" and "indicates" not in e}
    given = _fact_tree(units, supplied)
    expected = {
        "anyOf": [
            {"const": "allow"},
            closed(
                {
                    "veto": {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": 1,
                        "description": "Every reason, in file order.",
                    },
                    "decision": {"const": "allow", "description": "Beside an expected quantity or table."},
                    "max_quantity": {**TEXT, "description": "The quantity that would pass, or none."},
                    "tables": keyed(
                        {"type": "object", "additionalProperties": TEXT},
                        description="Outputs by table; `row` names the row.",
                    ),
                },
                minProperties=1,
            ),
        ]
    }
    scenario = closed(
        {
            "name": {"type": "string", "minLength": 1},
            "only": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Judge by these gates alone, as if all others were open.",
            },
            "scope": {"enum": ["order", "account"]},
            "now": lately_schemas.NOW,
            "events": lately_schemas.past(given),
            "facts": {**given, "description": "What differs from `given`; null makes a fact missing."},
            "expect": expected,
        },
        ("name", "expect"),
        dependentRequired={"events": ["now"]},
    )
    return file(
        "Scenarios", {"given": given, "scenarios": {"type": "array", "items": scenario, "minItems": 1}}, ("scenarios",)
    )


def _fact_tree(units: Mapping[str, Any], facts: Mapping[str, Any]) -> Schema:
    tree: dict[str, Any] = {}
    for name, entry in facts.items():
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, closed({}))["properties"]
        value = value_schema(units, entry, cap=False)
        # An editor offers an enum's words; a scenario may try what is none of them.
        more: list[Schema] = [{"type": "string"}] if "enum" in value and entry["unit"] == "enum" else []
        place[last] = {
            "anyOf": [{k: v for k, v in value.items() if k != "x-value"}, *more, {"enum": [None, "null", ""]}],
            "description": entry["meaning"],
            "x-value": True,
        }
    return closed(tree)


def _compiled(caps: Mapping[str, Any]) -> Schema:
    number = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"}
    value = {"anyOf": [number, {"type": "null"}, {"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]}
    layer = {
        "type": "object",
        "properties": dict.fromkeys(caps, value),
        "patternProperties": {"_in_[a-z]": value},  # what regimes make of them
        "additionalProperties": False,
    }
    provenance = _provenance(value)
    sha = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
    holder = {"caps": layer, "provenance": provenance, "why": {"type": "string"}}
    source = closed({"path": {"type": "string"}, "sha256": {"type": "string"}}, ("path", "sha256"))
    anything: Schema = {"type": "object"}
    properties: Schema = {
        "format": {"const": 1},
        "environment": {"type": "string"},
        "ruleset": sha,
        "universe": sha,
        "sources": {"type": "array", "items": source},
        "symbols": {"type": "object", "additionalProperties": _compiled_symbol(layer, provenance, number)},
        "strategies": strategy_schemas.compiled(holder, number),
        "account": closed(holder, ("caps",)),
        **dict.fromkeys(
            (
                "tiers",
                "groups",
                "head",
                "units",
                "facts",
                "caps",
                "params",
                "events",
                "measures",
                "windows",
                "tables",
            ),
            anything,
        ),
        "gates": {"type": "array", "items": {"type": "object", "required": ["id", "why", "veto", "source"]}},
        "breakers": {"type": "array"},
    }
    return closed(
        {**properties, **{name: keyed(anything, ".") for name in ("regimes", "waivers")}},
        tuple(properties),
        title="The compiled universe",
        description="Generated by `hedgerow universe`; nobody edits it.",
    )


def _provenance(value: Schema) -> Schema:
    link = closed({"layer": {"type": "string"}, "source": {"type": "string"}, "value": value}, ("layer", "source"))
    overrode = {"type": "array", "items": link}
    origin = closed(
        {"layer": {"type": "string"}, "source": {"type": "string"}, "overrode": overrode}, ("layer", "source")
    )
    return {"type": "object", "additionalProperties": origin}


def _compiled_symbol(layer: Schema, provenance: Schema, number: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {
            **{k: {"type": "string"} for k in ("symbol", "tier", "group", "venue", "base", "liquidity")},
            "max_leverage": number,
            "min_notional": number,
            "caps": layer,
            "filters": {"type": "object", "additionalProperties": number},
            "provenance": provenance,
        },
        "required": ["symbol", "tier", "venue", "max_leverage", "min_notional", "caps", "filters", "provenance"],
    }

"""JSON Schema 2020-12 of every rule file, of scenarios and of `universe.json`.

What follows from the catalogs is generated from them: each cap and fact with its unit's spelling, range and
meaning, so that an editor completes, documents and checks it while it is typed. Each scalar is accepted in both
spellings: our reader sees text, an editor may see a number or a truth value. `x-value` marks what the values
stage checks with better words.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
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


def build(units: Mapping[str, Any], facts: Mapping[str, Any], caps: Mapping[str, Any]) -> dict[str, Schema]:
    """All schemas by name, from the catalogs' data (as read: nested texts)."""
    made = {
        "units": _units(),
        "facts": _facts(),
        "caps": _caps(),
        "universe": _universe(),
        "tiers": _tiers(),
        "strategies": _strategies(units, caps),
        "risk": _risk(units, caps),
        "gates": _gates(),
        "tables": _tables(),
        "scenarios": _scenarios(units, facts),
        "compiled": _compiled(caps),
    }
    return {name: {"$schema": DIALECT, "$id": f"urn:hedgerow:{name}:1", **schema} for name, schema in made.items()}


def _closed(properties: Mapping[str, Any], required: tuple[str, ...] = (), **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _file(title: str, properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> Schema:
    return _closed({"format": FORMAT, **properties}, ("format", *required), title=title)


def _map(schema: Schema, names: str = NAME, **more: Any) -> Schema:
    return {"type": "object", "propertyNames": {"pattern": names}, "additionalProperties": schema, **more}


def _units() -> Schema:
    unit = _closed(
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
    return _file("The catalog of units", {"units": _map(unit, "^[A-Za-z][A-Za-z/]*$")}, ("units",))


_SIGN: Final[Schema] = {
    "enum": ["positive", "nonnegative", "any"],
    "description": "What is always true of its sign; only something positive may divide.",
}


def _facts() -> Schema:
    fact = _closed(
        {
            "unit": {"type": "string"},
            "sign": _SIGN,
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
            "from": {"type": "string", "description": "Its producer, one of `producers`."},
            "at": {"type": "string", "description": "Where a symbol's entry holds it, if not under its own name."},
            "indicates": _closed(
                {"fact": {"type": "string"}, "value": TEXT},
                ("fact", "value"),
                description="1 while the fact has that value, else 0.",
            ),
            "varies_with": {"type": "string", "description": "It must be supplied anew for each value of this fact."},
            "meaning": WHY,
        },
        ("unit", "from", "meaning"),
    )
    producers = _map({"type": "string"}, "^[a-z][a-z0-9_]*$", description="Who produces facts.")
    return _file(
        "The catalog of facts",
        {"producers": producers, "facts": _map(fact, r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")},
        ("producers", "facts"),
    )


def _caps() -> Schema:
    cap = _closed(
        {
            "unit": {"type": "string"},
            "sign": _SIGN,
            "min": NUMBER,
            "max": NUMBER,
            "of": {"anyOf": [{"type": "string"}, {"type": "array", "items": TEXT}]},
            "tighter": {"enum": ["lower", "higher", "subset", "superset"], "description": "Which way stops more."},
            "per": {
                "enum": ["order", "symbol", "group", "tier", "strategy", "account"],
                "description": "Whose fact it bounds.",
            },
            "meaning": WHY,
        },
        ("unit", "tighter", "per", "meaning"),
    )
    return _file("The catalog of caps", {"caps": _map(cap, "^[a-z][a-z0-9_]*$")}, ("caps",))


def _universe() -> Schema:
    sides = {
        "type": "array",
        "items": {"enum": ["BUY", "SELL"]},
        "description": "Sides on which no new position is opened.",
    }
    symbol = _closed(
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
        "groups": _map({"type": "string"}, "^[a-z][a-z0-9_]*$"),
        "symbols": _map(symbol, "^[A-Z0-9]+$"),
    }
    return _file("The symbols that are traded", properties, ("venue", "symbols"))


_BRACKET: Final = _closed(
    {
        **dict.fromkeys(("notional_cap", "leverage"), POSITIVE),
        **dict.fromkeys(("maintenance_margin", "maintenance_amount"), NUMBER),
    },
    ("notional_cap", "leverage"),
)
_NOTES: Final[Schema] = {"type": "object", "additionalProperties": {"type": "string"}}
_LISTED: Final = _closed(
    {
        "base": {"type": "string", "pattern": "^[A-Z0-9]+$"},
        **dict.fromkeys(("tick", "step", "min_quantity", "max_quantity", "min_notional"), POSITIVE),
        "brackets": {"type": "array", "items": _BRACKET, "minItems": 1},
        "assumed": _NOTES,
    },
    ("base", "tick", "step", "min_quantity", "max_quantity", "min_notional", "brackets"),
)
# What a venue imposes, as the strict reader gives it: every scalar is a text.
VENUE: Final = _file(
    "What a venue imposes",
    {
        "venue": {"type": "string"},
        "quote": {"type": "string"},
        "sources": _NOTES,
        "symbols": _map(_LISTED, "^[A-Z0-9]+$"),
    },
    ("venue", "symbols"),
)


def _tiers() -> Schema:
    members = {
        "type": "array",
        "items": {"type": "string"},
        "description": "The tier's symbols; each symbol is in one tier.",
    }
    traits = _closed({"twap": {**TRUTH, "description": "Large orders may be sliced over time."}}, ("twap",))
    tier = _closed({"why": WHY, "members": members, "traits": traits}, ("members", "traits"))
    return _file("The tiers", {"tiers": _map(tier)}, ("tiers",))


def _strategies(units: Mapping[str, Any], caps: Mapping[str, Any]) -> Schema:
    strategy = _closed({"why": WHY, "caps": _layer(units, caps, PER["strategies"], own=False)}, ("why",))
    return _file("The strategies", {"strategies": _map(strategy, "^[a-z][a-z0-9_]*$")}, ("strategies",))


def _risk(units: Mapping[str, Any], caps: Mapping[str, Any]) -> Schema:
    layers = {
        "global": _layer(units, caps, None, own=False),
        "tiers": _map(_layer(units, caps, PER["tiers"], own=False)),
        "groups": _map(_layer(units, caps, PER["groups"], own=False)),
        "symbols": _map(_layer(units, caps, PER["symbols"], own=True)),
        "strategies": _map(_layer(units, caps, PER["strategies"], own=False)),
    }
    environment = _closed(layers, description="Replaces values of these layers in this environment.")
    return _file("The caps", {**layers, "environments": _map(environment, "^[a-z][a-z0-9_]*$")}, ("global",))


def _layer(units: Mapping[str, Any], caps: Mapping[str, Any], per: tuple[str, ...] | None, *, own: bool) -> Schema:
    """The caps that one layer may set, each with its unit's spelling and its meaning."""
    properties = {
        name: {
            **value_schema(units, entry, cap=True),
            "description": f"{entry['meaning']} {entry['unit']}, tighter: {entry['tighter']}, per {entry['per']}.",
        }
        for name, entry in caps.items()
        if per is None or entry["per"] in per
    }
    return _closed(properties)


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


def _gates() -> Schema:
    head = {
        "subject": _closed(
            {k: {"type": "string"} for k in ("key", "in", "as", "unknown")},
            ("key", "in", "as", "unknown"),
            description="Which fact names the subject, and where subjects are found.",
        ),
        "actor": _closed(
            {k: {"type": "string"} for k in ("key", "in")},
            ("key", "in"),
            description="Which fact names who asks, and where actors' caps are found.",
        ),
        "exempt": {
            "type": "string",
            "description": "A measure; orders for which it holds pass every gate that has no `exits`.",
        },
        "solve": _closed(
            {k: {"type": "string"} for k in ("for", "step", "as")},
            ("for", "step", "as"),
            description="The adjustable fact.",
        ),
    }
    measure = _closed({"unit": {"type": "string"}, "is": EXPRESSION, "why": WHY}, ("unit", "is"))
    bound = {**TEXT, "description": "One name or one value, never a formula."}
    gate = _closed(
        {
            "id": {**WORD, "description": "What logs, tests and people call this gate."},
            "why": WHY,
            "scope": {
                "enum": ["order", "account"],
                "description": "Decided with each intent (default), or on each account update.",
            },
            "measure": EXPRESSION,
            "at_most": bound,
            "at_least": bound,
            "below": bound,
            "above": bound,
            "multiple_of": bound,
            "require": EXPRESSION,
            "when": {**TEXT, "description": "Where the gate applies; it is asked first."},
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
    measures = _map(measure, "^[a-z][a-z0-9_]*$")
    return _file(
        "The gates",
        {**head, "measures": measures, "gates": {"type": "array", "items": gate, "minItems": 1}},
        ("gates",),
    )


def _tables() -> Schema:
    row = _closed(
        {"id": WORD, "why": WHY, "when": EXPRESSION, "then": {"type": "object", "additionalProperties": TEXT}},
        ("id", "then"),
    )
    outputs = {
        "type": "object",
        "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": TEXT}]},
    }
    table = _closed(
        {"why": WHY, "outputs": outputs, "rows": {"type": "array", "items": row, "minItems": 1}}, ("outputs", "rows")
    )
    return _file("Decision tables", {"tables": _map(table, "^[a-z][a-z0-9_]*$")}, ("tables",))


def _scenarios(units: Mapping[str, Any], facts: Mapping[str, Any]) -> Schema:
    supplied = {n: e for n, e in facts.items() if e.get("from") != "universe" and "indicates" not in e}
    given = _fact_tree(units, supplied)
    expected = {
        "anyOf": [
            {"const": "allow"},
            _closed(
                {
                    "veto": {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": 1,
                        "description": "Every reason, in file order.",
                    },
                    "max_quantity": {**TEXT, "description": "What the decision says, or none."},
                    "tables": _map(
                        {"type": "object", "additionalProperties": TEXT},
                        description="Outputs by table; `row` names the row.",
                    ),
                }
            ),
        ]
    }
    scenario = _closed(
        {
            "name": {"type": "string", "minLength": 1},
            "facts": {**given, "description": "What differs from `given`; null makes a fact missing."},
            "only": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Judge by these gates alone, as if all others were open.",
            },
            "scope": {"enum": ["order", "account"]},
            "expect": expected,
        },
        ("name", "expect"),
    )
    return _file(
        "Scenarios", {"given": given, "scenarios": {"type": "array", "items": scenario, "minItems": 1}}, ("scenarios",)
    )


def _fact_tree(units: Mapping[str, Any], facts: Mapping[str, Any]) -> Schema:
    tree: dict[str, Any] = {}
    for name, entry in facts.items():
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, _closed({}))["properties"]
        value = value_schema(units, entry, cap=False)
        place[last] = {
            "anyOf": [{k: v for k, v in value.items() if k != "x-value"}, {"enum": [None, "null", ""]}],
            "description": entry["meaning"],
            "x-value": True,
        }
    return _closed(tree)


def _compiled(caps: Mapping[str, Any]) -> Schema:
    number = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"}
    value = {"anyOf": [number, {"type": "null"}, {"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]}
    layer = {"type": "object", "properties": dict.fromkeys(caps, value), "additionalProperties": False}
    link = _closed({"layer": {"type": "string"}, "source": {"type": "string"}, "value": value}, ("layer", "source"))
    origin = _closed(
        {"layer": {"type": "string"}, "source": {"type": "string"}, "overrode": {"type": "array", "items": link}},
        ("layer", "source"),
    )
    provenance = {"type": "object", "additionalProperties": origin}
    symbol = {
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
    sha = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
    holder = _closed({"caps": layer, "provenance": provenance, "why": {"type": "string"}}, ("caps",))
    return {
        "title": "The compiled universe",
        "description": "Generated by `hedgerow universe`; nobody edits it.",
        "type": "object",
        "properties": {
            "format": {"const": 1},
            "environment": {"type": "string"},
            "ruleset": sha,
            "universe": sha,
            "sources": {
                "type": "array",
                "items": _closed({"path": {"type": "string"}, "sha256": {"type": "string"}}, ("path", "sha256")),
            },
            "symbols": {"type": "object", "additionalProperties": symbol},
            "strategies": {"type": "object", "additionalProperties": holder},
            "account": holder,
            "tiers": {"type": "object"},
            "groups": {"type": "object"},
            "head": {"type": "object"},
            "units": {"type": "object"},
            "facts": {"type": "object"},
            "caps": {"type": "object"},
            "measures": {"type": "object"},
            "gates": {"type": "array", "items": {"type": "object", "required": ["id", "why", "veto", "source"]}},
            "breakers": {"type": "array"},
            "windows": {"type": "object"},
            "tables": {"type": "object"},
        },
        "required": [
            "format",
            "environment",
            "ruleset",
            "universe",
            "sources",
            "symbols",
            "gates",
            "breakers",
            "windows",
            "tables",
            "facts",
        ],
        "additionalProperties": False,
    }

"""The service's OpenAPI document, made from the catalogs of the universe that decides."""

from collections.abc import Mapping
from typing import Any, Final

from engine.catalog import Fact
from engine.engine import SCOPES
from engine.ruleset import RuleSet
from engine.tree import Sign
from engine.units import Kind
from execution.service.requests import JSON_TYPE, MAX_ITEMS

Schema = dict[str, Any]
VERSION: Final = "3.1.0"
_NUMBER: Final = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$"
_TEXT: Final[Schema] = {"type": "string"}
_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
_FACTS: Final[Schema] = {"$ref": "#/components/schemas/Facts"}


def document(ruleset: RuleSet) -> Schema:
    """The OpenAPI document of a service that decides by these rules."""
    return {
        "openapi": VERSION,
        "info": {
            "title": "Hedgerow decisions",
            "version": ruleset.ruleset_hash,
            "description": "Only a 200 whose `decision` is `allow` lets an order pass; whatever else comes back is no.",
        },
        "security": [{"bearer": []}, {}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Facts": _facts(ruleset),
                "Reason": _reason(),
                "Decision": _decision(ruleset),
                "Batch": _batch(),
                "Error": _error(),
            },
        },
    }


def _paths() -> Schema:
    scope = {"name": "scope", "in": "query", "schema": {"enum": list(SCOPES), "default": "order"}}
    decisions = _object({"decisions": {"type": "array", "items": {"$ref": "#/components/schemas/Decision"}}})
    anything: Schema = {"type": "object"}
    return {
        "/v1/decide": {
            "post": {"parameters": [scope], **_asked("Decide on one order.", "Facts"), **_answered(_ref("Decision"))}
        },
        "/v1/decide/batch": {
            "post": {**_asked("Decide on many; a decision each, in their order.", "Batch"), **_answered(decisions)}
        },
        "/v1/universe": {"get": {"summary": "Which rules decide.", **_answered(anything)}},
        "/v1/openapi.json": {"get": {"summary": "This document.", **_answered(anything)}},
        "/health": {"get": {"summary": "Whether it lives.", **_answered(anything)}},
        "/ready": {"get": {"summary": "Whether it decides; 503 and why not.", **_answered(anything)}},
        "/metrics": {"get": {"summary": "Counters for Prometheus.", **_answered(_TEXT, "text/plain")}},
    }


def _asked(summary: str, name: str) -> Schema:
    return {"summary": summary, "requestBody": {"required": True, "content": {JSON_TYPE: {"schema": _ref(name)}}}}


def _answered(schema: Schema, kind: str = JSON_TYPE) -> Schema:
    error = {"description": "No answer, and why.", "content": {JSON_TYPE: {"schema": _ref("Error")}}}
    return {
        "responses": {"200": {"description": "The answer.", "content": {kind: {"schema": schema}}}, "default": error}
    }


def _facts(ruleset: RuleSet) -> Schema:
    """Facts nested by their dotted names, each as its catalog declares it."""
    tree: Schema = _object({}, needed=False)
    for fact in ruleset.supplied:
        *parents, last = fact.name.split(".")
        place = tree["properties"]
        for parent in parents:
            place = place.setdefault(parent, _object({}, needed=False))["properties"]
        place[last] = _fact(fact)
    return {**tree, "description": "Any may be missing or null; it vetoes where a gate needs it."}


def _fact(fact: Fact) -> Schema:
    if fact.unit.kind is Kind.BOOL:
        return {"type": ["boolean", "null"], "description": fact.meaning}
    if fact.unit.kind is Kind.LIST:
        words = sorted(fact.type.item.values) if fact.type.item else []
        return {"type": ["array", "null"], "items": {"enum": words}, "description": fact.meaning}
    if fact.unit.kind is Kind.ENUM:
        return {"enum": [*sorted(fact.type.values), None], "description": fact.meaning}
    if not fact.unit.numeric:
        return {**_OR_NULL, "description": fact.meaning}
    sign = "" if fact.sign is Sign.ANY else f", {fact.sign.value}"
    return {
        "type": ["string", "number", "null"],
        "pattern": _NUMBER,
        "description": f"{fact.meaning} In {fact.unit.name}{sign}; the decimal that is written, never rounded.",
    }


def _decision(ruleset: RuleSet) -> Schema:
    solve, reasons = ruleset.head.solve, {"type": "array", "items": _ref("Reason")}
    shown: dict[str, Schema] = {
        "decision": {"enum": ["allow", "veto"]},
        "id": {**_TEXT, "description": "The hash of universe and facts."},
        "subject": _OR_NULL,
        "ruleset": _TEXT,
        "universe": _TEXT,
        "vetoes": reasons,
        "shadow": reasons,
        "waived": {"type": "array"},
    }
    schema = _object(shown)
    if solve is not None:
        meaning = "The largest, no larger than asked, that the whole decision allows; null: none."
        schema["properties"][solve.name] = {**_OR_NULL, "description": meaning}
        left_out: Schema = {"type": "array", "items": _TEXT, "description": "Gates that this leaves out."}
        schema["properties"][f"{solve.name}_without"] = left_out
    schema["properties"]["facts"] = _FACTS
    return schema


def _reason() -> Schema:
    texts = dict.fromkeys(("observed", "limit", "unit", "headroom"), _OR_NULL)
    schema = _object({"gate": _OR_NULL, "reason": _TEXT, **texts, "source": _TEXT, "text": _TEXT})
    schema["properties"] |= {"fact": _TEXT, "gates": {"type": "array", "items": _TEXT}}
    return schema


def _batch() -> Schema:
    items = {"type": "array", "items": _FACTS, "maxItems": MAX_ITEMS}
    schema = _object({"items": items})
    schema["properties"] |= {
        "shared": {**_FACTS, "description": "Facts of every item."},
        "subjects": {"type": "object", "additionalProperties": _FACTS, "description": "Facts of a subject's items."},
        "scope": {"enum": list(SCOPES), "default": "order"},
        "facts": {"type": "boolean", "default": False, "description": "Give the facts back with each decision."},
    }
    return schema


def _error() -> Schema:
    inner = _object({"code": _TEXT, "text": _TEXT})
    inner["properties"]["help"] = _TEXT
    return _object({"error": inner})


def _object(properties: Mapping[str, Schema], *, needed: bool = True) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**schema, "required": list(properties)} if needed else schema


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}

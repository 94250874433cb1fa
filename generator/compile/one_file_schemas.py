"""JSON Schemas of a rule set of one file and of its catalog."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from generator.compile import catalog_schemas, schemas
from generator.compile.contracts import DIALECT
from generator.compile.schema_parts import WHY, Schema, closed, file, keyed, value_schema

_PART: Final = re.compile(r"universe\.([a-z_]+)")


def catalog_schema(name: str) -> Schema:
    """Of the catalog: producers and facts as in `schemas/facts.yaml`, caps as in `schemas/caps.yaml`."""
    facts, caps = (made["properties"] for made in (catalog_schemas.facts(), catalog_schemas.caps()))
    cap = caps["caps"]["additionalProperties"]
    whose = {"type": "string", "pattern": "^[a-z]+$", "description": "Whose fact it bounds; `account` for the whole."}
    own = {**cap, "properties": {**cap["properties"], "per": whose}}
    properties = {
        "producers": facts["producers"],
        "facts": facts["facts"],
        "caps": {**caps["caps"], "additionalProperties": own},
    }
    return _named(name, file("A catalog of facts and caps", properties, ("producers", "facts", "caps")))


def parts_named(catalog: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of the rules of which a catalog speaks as `universe.PART`."""
    return tuple(dict.fromkeys(_named_in(catalog)))


def _named_in(catalog: Mapping[str, Any]) -> Iterator[str]:
    for entry in (*catalog["facts"].values(), *catalog["caps"].values()):
        for key in ("values", "of"):
            found = _PART.fullmatch(entry[key]) if isinstance(entry.get(key), str) else None
            if found:
                yield found[1]


def rules_schema(
    name: str,
    title: str,
    units: Mapping[str, Any],
    catalog: Mapping[str, Any],
    head: Mapping[str, Any],
    own: Mapping[str, Mapping[str, Schema]],
) -> Schema:
    """Of the rules: what a catalog lets them name, by their own head."""
    layer = schemas.layer(units, catalog["caps"], None)
    named = head.get("subject")
    subject: Mapping[str, Any] = named if isinstance(named, Mapping) else {}
    parts = {}
    for part in dict.fromkeys([*parts_named(catalog), *own]):
        more = dict(own.get(part, {}))
        if str(subject.get("in", "")).removeprefix("universe.") == part:
            more |= _attributes(units, catalog["facts"], str(subject.get("as", "")))
        parts[part] = keyed(closed({"why": WHY, "caps": layer, **more}, ("why",)))
    gates = schemas.gates()["properties"]
    properties = {k: v for k, v in gates.items() if k != "format"}
    return _named(name, file(title, {**properties, "global": layer, **parts}, ("gates",)))


def _attributes(units: Mapping[str, Any], facts: Mapping[str, Any], prefix: str) -> dict[str, Schema]:
    """What an entry states of itself, by the facts that are the subject's own."""
    return {
        str(entry.get("at", name.split(".", 1)[-1])): {
            **value_schema(units, entry, cap=False),
            "description": entry["meaning"],
        }
        for name, entry in facts.items()
        if name.split(".")[0] == prefix
    }


def _named(name: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "$id": f"urn:hedgerow:{name}:1", **schema}

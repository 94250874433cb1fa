"""The contracts of a run: the catalog of events and the manifest of state files and logs, and what follows from them.

They decide nothing and are no part of the universe; they are read as strictly as the rules are.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from generator.compile.problems import Problem
from generator.compile.schema_parts import TRUTH, WHY, WORD, Schema, closed, file, keyed
from generator.compile.text import Document

FILES: Final = {"events": "schemas/events.yaml", "state": "schemas/state.yaml"}
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
# Beside the units of schemas/units.yaml.
OWN_UNITS: Final[Mapping[str, str]] = {
    "time": "A moment, in whole Unix seconds, UTC.",
    "json": "Data of its own shape.",
}
_NUMBER: Final[Schema] = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*|0\.[0-9]*[1-9]|[1-9][0-9]*\.[0-9]*[1-9])$"}
_SHAPES: Final[Mapping[str, Schema]] = {
    "duration": {"type": "integer"},
    "time": {"type": "integer"},
    "count": {"type": "integer", "minimum": 0},
    "bool": {"type": "boolean"},
    "text": {"type": "string"},
    "json": {"type": "object"},
}
_WORDS: Final[Schema] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_NONE: Final[Schema] = {"type": "string", "minLength": 1, "description": "When it is empty."}
_LIST: Final[Schema] = {**TRUTH, "description": "There are several, in order."}


def catalog_schemas() -> dict[str, Schema]:
    """JSON Schemas of the two catalogs themselves, by name."""
    unit = {"type": "string", "description": "One of units.yaml, or `time` or `json`."}
    field = closed({"unit": unit, "values": _WORDS, "none": _NONE, "meaning": WHY}, ("unit", "meaning"))
    window = {**TRUTH, "description": "Windows may count and sum it."}
    event = closed({"meaning": WHY, "window": window, "fields": keyed(field, WORD["pattern"])}, ("meaning", "fields"))
    return {
        "events": _named("events", file("The catalog of events", {"events": keyed(event)}, ("events",))),
        "state": _named("state", _manifest(unit)),
    }


def _manifest(unit: Schema) -> Schema:
    own = {
        "record": {"type": "string", "description": "One of `records`, in place of a unit."},
        "by": {"type": "string", "description": "It is a mapping, by this."},
        "list": _LIST,
        "absent": {**TRUTH, "description": "It may be left out."},
    }
    field = closed({"unit": unit, **own, "values": _WORDS, "none": _NONE, "meaning": WHY}, ("meaning",))
    fields = keyed(field, WORD["pattern"])
    owner = {"type": "string", "description": "The one file of code that writes it."}
    place = {"file": {"type": "string"}, "owner": owner, "meaning": WHY, "fields": fields}
    every = {
        "type": "string",
        "pattern": r"^[1-9][0-9]*[smhd]$",
        "description": "How often it is written while a run is on, and once at its end.",
    }
    needed = ("file", "owner", "frequency", "meaning", "fields")
    return file(
        "The manifest of state files and logs",
        {
            "header": fields,
            "records": keyed(fields),
            "files": keyed(closed({**place, "frequency": every}, needed)),
            "logs": keyed(closed(place, ("file", "owner", "meaning"))),
        },
        ("header", "records", "files", "logs"),
    )


def problems(documents: Mapping[str, Document], units: Mapping[str, Any]) -> Iterator[Problem]:
    """Units and records that well-shaped catalogs name and nobody declares, and fields without a shape."""
    known = {*units, *OWN_UNITS}
    for name, document in documents.items():
        records = document.data.get("records", {}) if name == "state" else {}
        for path, field in _fields(name, document.data):
            if ("unit" in field) == ("record" in field):
                text = "a field has a `unit`, or a `record` in its place"
                yield document.problem("bad-shape", path, text, at_key=True)
            if "unit" in field and field["unit"] not in known:
                text = f"no unit is called `{field['unit']}`"
                yield document.problem("unknown-unit", (*path, "unit"), text, f"known are {', '.join(sorted(known))}")
            if "record" in field and field["record"] not in records:
                text = f"no record is called `{field['record']}`"
                yield document.problem("bad-value", (*path, "record"), text, f"known are {', '.join(sorted(records))}")
            if (field.get("unit") == "enum") != ("values" in field):
                yield document.problem("bad-shape", path, "an enum has `values`, and nothing else has", at_key=True)


def _fields(name: str, data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Every field of a catalog, and where it stands."""
    holders: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
    if name == "events":
        holders = [(("events", e, "fields"), entry["fields"]) for e, entry in data["events"].items()]
    else:
        holders = [(("header",), data["header"]), *((("records", r), f) for r, f in data["records"].items())]
        for part in ("files", "logs"):
            holders += [((part, n, "fields"), e.get("fields", {})) for n, e in data[part].items()]
    for path, fields in holders:
        for field, entry in fields.items():
            yield (*path, field), entry


def state_schemas(manifest: Mapping[str, Any]) -> dict[str, Schema]:
    """The JSON Schema of each state file, and of a line of each log that the manifest describes, by name."""
    made: dict[str, Schema] = {}
    for name, entry in manifest["files"].items():
        fields = {**manifest["header"], **entry["fields"]}
        made[f"state/{name}"] = _file_schema(name, entry, _record(fields, manifest))
        made[f"state/{name}"]["x-frequency"] = _seconds(entry["frequency"])
    for name, entry in manifest["logs"].items():
        if "fields" in entry:
            made[f"state/{name}"] = _file_schema(name, entry, _record(entry["fields"], manifest))
    return made


def _file_schema(name: str, entry: Mapping[str, Any], schema: Schema) -> Schema:
    head = {"title": entry["meaning"], "x-file": entry["file"], "x-owner": entry["owner"]}
    return {**_named(f"state:{name}", {}), **head, **schema}


def _record(fields: Mapping[str, Any], manifest: Mapping[str, Any]) -> Schema:
    needed = tuple(n for n, f in fields.items() if f.get("absent") != "true")
    return closed({n: _field(f, manifest) for n, f in fields.items()}, needed)


def _field(field: Mapping[str, Any], manifest: Mapping[str, Any]) -> Schema:
    if "record" in field:
        schema = _record(manifest["records"][field["record"]], manifest)
    elif "values" in field:
        schema = {"type": "string", "enum": list(field["values"])}
    else:
        schema = dict(_SHAPES.get(field["unit"], _NUMBER))
    if "by" in field:
        schema = {"type": "object", "additionalProperties": schema}
    if field.get("list") == "true":
        schema = {"type": "array", "items": schema}
    if "none" in field:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {"description": _described(field), **schema}


def _described(field: Mapping[str, Any]) -> str:
    unit = f" {field['unit']}." if field.get("unit") not in (None, "text", "bool", "enum", "json") else ""
    return f"{field['meaning']}{unit}" + (f" Null: {field['none']}." if "none" in field else "")


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]


def _named(name: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "$id": f"urn:hedgerow:{name}:1", **schema}

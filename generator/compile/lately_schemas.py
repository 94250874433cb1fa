"""JSON Schemas of what looks back: windows, and gates that stay shut."""

from typing import Final

from generator.compile.schema_parts import EXPRESSION, TEXT, WHY, WORD, Schema, closed, file, keyed

_BY: Final[Schema] = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 1,
    "uniqueItems": True,
    "description": "Fields that events and orders share, which tell one from another.",
}
# People read a breaker as a gate, with how long it holds before what it then holds.
_AFTER_THE_HOLD: Final = ("exits", "mode", "until", "on_missing", "veto")
_SPAN: Final = "A time as 90s, 1h30m, or caps.NAME."

# One entry stands for no more than this, so that no file takes longer to read than it looks.
MOST_TIMES: Final = 1000
NOW: Final[Schema] = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$",
    "description": "When the order is decided, in UTC, as 2026-01-05T12:00:00Z.",
}


def past(facts: Schema) -> Schema:
    """Of the events of a scenario; `facts` is the schema of its facts."""
    entry = {
        "type": "object",
        "properties": {
            "at": {**TEXT, "description": "How long before `now`, as -50m."},
            "times": {**TEXT, "description": f"How often, at that moment; {MOST_TIMES} at most."},
            "facts": {**facts, "description": "What the account looked like then, where it was another."},
            "rearm": {"type": "string", "description": "A breaker that a person opens then."},
        },
        "required": ["at"],
        "propertyNames": {"pattern": WORD["pattern"]},
        "additionalProperties": {
            "type": "object",
            "additionalProperties": TEXT,
            "description": "An event that windows may read, with its fields; it is about whom the order is about.",
        },
    }
    return {
        "type": "array",
        "items": entry,
        "description": "What happened before: windows and breakers follow from it, whatever `given` says of them.",
    }


def windows() -> Schema:
    """Of `rules/windows.yaml`."""
    event = {"type": "string", "description": "A kind of event of schemas/events.yaml that has `window: true`."}
    value = {**TEXT, "description": "A number of one kind of event, as trade.realised - trade.fees."}
    window = closed(
        {
            "count": event,
            "sum": value,
            "max": value,
            "last": value,
            "since_last": event,
            "streak": {**event, "description": "How many of the latest in a row `where` holds for."},
            "unit": {"type": "string", "description": "Of a sum, max or last."},
            "where": {**EXPRESSION, "description": "Which events count; an expression over their fields."},
            "by": _BY,
            "within": {"type": "string", "description": f"How far it looks back. {_SPAN}"},
            "since": {"type": "string", "description": "utc_day, utc_week, or the event that begins it anew."},
            "why": WHY,
        }
    )
    return file("What is counted over time", {"windows": keyed(window, WORD["pattern"])}, ("windows",))


def breakers(gates: Schema) -> Schema:
    """Of `rules/breakers.yaml`, from the schema of `rules/gates.yaml`: a breaker is a gate with a hold."""
    gate = gates["properties"]["gates"]["items"]
    of_gate = {key: schema for key, schema in gate["properties"].items() if key not in ("scope", "multiple_of")}
    own = [key for key in of_gate if key not in _AFTER_THE_HOLD]
    breaker = closed(
        {
            **{key: of_gate[key] for key in own},
            "by": _BY,
            "on": {"type": "string", "description": "The event on which it is judged; else with each order and tick."},
            "hold": {"type": "string", "description": f"How long it stays shut. {_SPAN} utc_day, utc_week, manual."},
            "reopen": {**TEXT, "description": "The bound that it is held to while it is shut."},
            **{key: of_gate[key] for key in _AFTER_THE_HOLD},
        },
        (*gate["required"], "hold"),
    )
    return file("Gates that stay shut", {"breakers": {"type": "array", "items": breaker}}, ("breakers",))

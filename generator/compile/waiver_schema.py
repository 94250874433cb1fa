"""JSON Schema of `rules/waivers.yaml`."""

from generator.compile.schema_parts import WHY, WORD, Schema, closed, file, keyed


def waivers() -> Schema:
    """Of `rules/waivers.yaml`."""
    waiver = closed(
        {
            "why": WHY,
            "by": {"type": "string", "minLength": 1, "description": "The person who gives it."},
            "gate": {**WORD, "description": "The gate that may pass; none of form, of a halt, or of the account."},
            "symbol": {"type": "string", "description": "For orders in this symbol alone."},
            "strategy": {"type": "string", "description": "For orders of this strategy alone."},
            "until": {
                "type": "string",
                "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$",
                "description": "When it ends, in UTC, as 2027-01-31T18:00Z.",
            },
        },
        ("why", "by", "gate", "until"),
    )
    return file("Waivers, which people alone give", {"waivers": keyed(waiver, WORD["pattern"])}, ("waivers",))

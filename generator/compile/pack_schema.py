"""The schema of a pack, `rules/packs/*.yaml`: the clauses of a regulation or list, and what answers each."""

from typing import Final

from generator.compile.schema_parts import TEXT, WHY, Schema, closed, file

KINDS: Final = ("pre-trade", "monitoring", "procedural")
# What may answer a clause, and what it is called where there is one.
ANSWERS: Final = {
    "gates": "gate",
    "breakers": "breaker",
    "windows": "window",
    "tables": "table",
    "commands": "command",
    "scenarios": "scenario",
}
_OF_EACH: Final = {
    "gates": "Gates that must hold.",
    "breakers": "Breakers that stay shut once they have closed.",
    "windows": "What is counted for it.",
    "tables": "Tables that decide for it.",
    "commands": "Commands by which a person acts, or looks.",
    "scenarios": "Examples that show it, by their names.",
}


def schema() -> Schema:
    """A pack: where it is from, and its clauses."""
    clause = closed(
        {
            "id": {**TEXT, "description": "What people call the clause."},
            "kind": {
                "enum": list(KINDS),
                "description": "Before an order goes out, while it works, or done by people.",
            },
            "meaning": {**TEXT, "description": "What the clause asks for, in a line of our own words."},
            **{name: _names(text) for name, text in _OF_EACH.items()},
            "why": {**WHY, "description": "What else answers it; why nothing does, where nothing does."},
        },
        ("id", "kind", "meaning"),
    )
    return file(
        "A pack of clauses",
        {
            "name": {**TEXT, "description": "What the regulation or list is called."},
            "source": {**TEXT, "description": "Where it is written."},
            "clauses": {"type": "array", "items": clause, "minItems": 1, "description": "Its clauses, in order."},
        },
        ("name", "source", "clauses"),
    )


def _names(text: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": text}

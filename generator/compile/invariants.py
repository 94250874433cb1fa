"""The schema of `rules/invariants.yaml`: what may never come about, and what must always be there."""

from typing import Final

from generator.compile.schema_parts import EXPRESSION, TEXT, WHY, WORD, Schema, closed, file

# The bounds that mark the bad side, each with the bound of a gate that leaves it out.
BAD_SIDES: Final = {"above": "at_most", "at_least": "below", "below": "at_least", "at_most": "above"}
KINDS: Final = ("never", "always", "possible")

_ID: Final[Schema] = {**WORD, "description": "What it is called."}
_WHEN: Final[Schema] = {**EXPRESSION, "description": "Which orders it is about; every one where it is left out."}
_GATES: Final[Schema] = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Gates that may stop such an order; it is about those that these let through.",
}
_GIVEN: Final[Schema] = {
    "type": "object",
    "additionalProperties": TEXT,
    "minProperties": 1,
    "description": "Facts with their values, in their units.",
}


def schema() -> Schema:
    """Invariants: of orders that pass, of orders that must pass, and of what must be able to pass."""
    bounds = {
        name: {**TEXT, "description": f"Bad is what lies {name.replace('_', ' ')} this: a value, or a cap."}
        for name in BAD_SIDES
    }
    never = closed({"id": _ID, "why": WHY, "when": _WHEN, "measure": EXPRESSION, **bounds}, ("id", "why"))
    always = closed({"id": _ID, "why": WHY, "when": _WHEN, "assuming": _GATES}, ("id", "why", "when"))
    possible = closed({"id": _ID, "why": WHY, "when": _WHEN, "given": _GIVEN}, ("id", "why"))
    return file(
        "What no edit may bring about or take away",
        {
            "never": {"type": "array", "items": never, "description": "No order that passes is ever like this."},
            "always": {"type": "array", "items": always, "description": "Each order that is like this passes."},
            "possible": {
                "type": "array",
                "items": possible,
                "description": "Some order that is like this passes, for each symbol and strategy that it is about.",
            },
        },
    )

"""The schema of `rules/uncovered.yaml`: what no scenario shows, and why that is accepted."""

from typing import Final

from generator.compile.schema_parts import TEXT, WHY, Schema, closed, file

# What a gate may say of an order, as far as scenarios are counted by it.
OUTCOMES: Final = ("passed", "alone", "others", "guard", "missing", "at_bound", "over", "exempt")


def schema() -> Schema:
    """Outcomes of gates that no scenario shows, and changes of the rules that none notices, each with its reason."""
    outcome = closed(
        {
            "gate": {**TEXT, "description": "The gate's id."},
            "never": {"enum": list(OUTCOMES), "description": "The outcome, as `hedgerow test --coverage` calls it."},
            "why": WHY,
        },
        ("gate", "never", "why"),
    )
    mutant = closed(
        {"mutant": {**TEXT, "description": "The change, as `hedgerow mutate` calls it."}, "why": WHY}, ("mutant", "why")
    )
    return file(
        "What no scenario shows",
        {
            "outcomes": {"type": "array", "items": outcome, "description": "Outcomes of gates that none shows."},
            "mutants": {"type": "array", "items": mutant, "description": "Changes of the rules that none notices."},
        },
    )

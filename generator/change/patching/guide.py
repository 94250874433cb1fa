"""`docs/agents.md`: what an agent may do, with the commands; whatever may change of it is from the surfaces."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from engine.units import write_value
from generator.change.patching.remedies import remedy
from generator.change.patching.surfaces import FORM, Surfaces
from generator.change.words import Class
from generator.explain.parts import bound_of
from generator.reference import cell, templates

FILE: Final = "docs/agents.md"


def guide(surfaces: Surfaces) -> str:
    """The page."""
    environment = templates()
    environment.filters["code"] = code
    document = surfaces.made.document
    reachable = {place for surface in document["surfaces"].values() for place in surface["places"]}
    return environment.get_template("agents.md").render(
        surfaces=document["surfaces"],
        places=document["places"],
        accounts=document["accounts"],
        gates=document["gates"],
        reachable=reachable,
        words=[str(word) for word in Class],
        bounds=lambda name: dict(_bounds(surfaces, name)),
        keys_of=lambda place: place.get("keys") or ["all"],
        test_of=bound_of,
        remedy=remedy,
        rules=FORM.rules,
    )


def code(text: str | Iterable[str]) -> str:
    """Texts as they are written, for a table."""
    found = [text] if isinstance(text, str) else list(text)
    return ", ".join(f"`{cell(one)}`" if one else '`""`' for one in found)


def _bounds(surfaces: Surfaces, name: str) -> Iterable[tuple[str, str]]:
    entry: Mapping[str, Any] = surfaces.entry(name)
    for cap, value in entry["caps"].items():
        unit = surfaces.ruleset.catalog.caps[cap].unit
        shown = ", ".join(value) if isinstance(value, list) else write_value(Decimal(value), unit, {})
        yield cap, shown

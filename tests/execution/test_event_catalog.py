"""`schemas/events.yaml` and the events of the code say the same."""

from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import pytest

from execution.events import JSON, KINDS
from execution.orders import Change, Type
from execution.ticket import Cause
from generator.compile.stages import Compiled
from universe.trading import Side

# What a field of each unit is in the code.
TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys(("ratio", "USDT", "base", "USDT/base"), Decimal),
    **dict.fromkeys(("count", "duration", "time"), int),
    **dict.fromkeys(("text", "enum"), str),
    "bool": bool,
    "json": JSON,
}
WORDS: Final[dict[str, type[StrEnum]]] = {"side": Side, "type": Type, "change": Change, "cause": Cause}
WINDOWS: Final = {"order_sent", "order_changed", "exit", "trade"}


@pytest.fixture(scope="module")
def catalog(compiled: Compiled) -> dict[str, Any]:
    """The events of the catalog, as read."""
    found: dict[str, Any] = compiled.sources.documents["events"].data["events"]
    return found


def test_every_kind_is_declared_and_every_declared_kind_is_one(catalog: dict[str, Any]) -> None:
    """In the same order, so that the reference reads as the code does."""
    assert list(catalog) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_events_fields_are_those_of_the_catalog(kind: str, catalog: dict[str, Any]) -> None:
    """Name by name in order, each of the type that its unit means, empty only where `none` says when."""
    hints, declared = get_type_hints(KINDS[kind]), catalog[kind]["fields"]
    written = {f.name: hints[f.name] for f in fields(KINDS[kind])}

    assert list(declared) == list(written)
    for name, entry in declared.items():
        parts = set(get_args(written[name])) if NoneType in get_args(written[name]) else {written[name]}
        assert parts - {NoneType} == {TYPES[entry["unit"]]}, name
        assert (NoneType in parts) == ("none" in entry), name


def test_words_of_an_enum_are_those_of_the_code(catalog: dict[str, Any]) -> None:
    """Each of them, wherever a field has them."""
    for entry in catalog.values():
        for name, field in entry["fields"].items():
            if "values" in field:
                assert set(field["values"]) == {word.value for word in WORDS[name]}, name


def test_windows_may_count_what_was_agreed(catalog: dict[str, Any]) -> None:
    """Orders sent and what becomes of them, exits and trades."""
    assert {kind for kind, entry in catalog.items() if entry.get("window") == "true"} == WINDOWS

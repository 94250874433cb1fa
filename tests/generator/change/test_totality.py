import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from engine import read
from generator.change.differ import HANDLERS, compare
from generator.change.fields import FIELDS, Treatment, differences, keyed
from generator.change.sides import Named, Rules
from generator.change.words import Class
from tests.conftest import ROOT
from tests.generator.change.projects import base

# Parts of the compiled universe that its own schema leaves open.
OPEN: Final = ("units", "facts", "caps", "groups", "tiers", "windows", "breakers", "events", "waivers")
# What the compiler adds to a gate, or has made of its other keys.
OF_GATE: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "id": ("spread", {"id": "wide"}),
    "why": ("spread", {"why": "Another reason."}),
    "scope": ("kill_switch", {"scope": "account"}),
    "measure": ("spread", {"measure": "price_off_mark"}),
    "at_most": ("spread", {"at_most": "caps.price_collar"}),
    "at_least": ("free_margin", {"at_least": "caps.spread"}),
    "below": ("mark_fresh", {"below": "caps.nav_max_age"}),
    "above": ("free_margin", {"at_least": None, "above": "caps.free_margin"}),
    "multiple_of": ("tick_size", {"multiple_of": "mark.price"}),
    "require": ("kill_switch", {"require": "control.kill_switch"}),
    "when": ("open_positions", {"when": "opens_own"}),
    "exits": ("tick_size", {"exits": None}),
    "mode": ("spread", {"mode": "shadow", "until": "2099-01-31"}),
    "until": ("spread", {"mode": "shadow", "until": "2099-01-31"}),
    "on_missing": ("spread", {"on_missing": "pass"}),
    "veto": ("spread", {"veto": "wide"}),
}
PEOPLE: Final = frozenset({"why"})


def schema(name: str) -> dict[str, Any]:
    """A generated schema."""
    found: dict[str, Any] = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    return found


def fields_of(part: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field that a schema describes, `*` for any name."""
    named = part.get("properties", {})
    rest = part.get("additionalProperties")
    inside = [*named.items(), *([("*", rest)] if isinstance(rest, Mapping) else [])]
    if not inside:
        yield path
        return
    if path and path[-1] == "*":
        yield path
    for name, below in inside:
        yield from fields_of(below, (*path, name))


def leaves_of(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field of a document, by its path."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from leaves_of(below, (*path, str(name)))
        return
    yield path


def treated(path: tuple[str, ...]) -> bool:
    """Whether the table of fields has a field itself, or takes whole what it is in."""
    return any(_fits(pattern, path) for pattern in PATTERNS)


def _fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    whole = not any(len(other) > len(pattern) and other[: len(pattern)] == pattern for other in PATTERNS)
    if len(path) != len(pattern) and not (whole and len(path) > len(pattern)):
        return False
    return all(one in (other, "*") for one, other in zip(pattern, path, strict=False))


PATTERNS: Final = [tuple(pattern.split(".")) for pattern in FIELDS]


def test_every_field_of_the_compiled_schema_has_a_treatment() -> None:
    """A field that is added to the compiled universe is given a direction, or named as one that has none."""
    left_open = {
        *OPEN,
        "head",
        "params",
        "measures",
        "gates",
        "tables",
        "windows",
        "breakers",
        "events",
    }  # their own schemas describe them
    described = {path for path in fields_of(schema("compiled")) if path not in {(part,) for part in left_open}}
    described |= {(part, "*") for part in left_open - {"head"}}

    assert [".".join(p) for p in sorted(described) if not treated(p)] == []


@pytest.mark.parametrize("part", ["units", "facts", "caps"])
def test_every_field_of_a_catalog_has_a_treatment(part: str) -> None:
    """The catalogs' own schemas say what the compiled one leaves open."""
    entry = schema(part)["properties"][part]["additionalProperties"]

    assert [key for key in entry["properties"] if (part, "*", key) not in PATTERNS] == []


def test_every_field_of_a_strategys_catalog_has_a_treatment() -> None:
    """Its parameters, key by key."""
    strategies = schema("params")["properties"]["strategies"]["additionalProperties"]
    entry = strategies["properties"]["params"]["additionalProperties"]

    assert [key for key in entry["properties"] if ("params", "*", "*", key) not in PATTERNS] == []


def test_every_field_of_the_head_has_a_treatment() -> None:
    """What stands atop the gates."""
    keys = schema("gates")["properties"].keys() - {"format", "measures", "gates"}

    assert [key for key in sorted(keys) if ("head", key) not in PATTERNS] == []


def test_every_field_of_the_shipped_universe_has_a_treatment() -> None:
    """The fields that the compiled schema does not describe are in the document."""
    assert sorted({".".join(p) for p in leaves_of(keyed(base().document)) if not treated(p)}) == []


def test_every_treatment_has_somebody_who_gives_it() -> None:
    """None is forgotten in the table of handlers."""
    assert set(HANDLERS) == set(Treatment)


def test_every_key_of_a_gate_is_tried_below() -> None:
    """A key that gates may newly have needs an edit here, and a direction."""
    entry = schema("gates")["properties"]["gates"]["items"]

    assert set(OF_GATE) == set(entry["properties"])


def _rules(document: dict[str, Any]) -> Rules:
    return Rules(document, read(document), Named(document))


@pytest.mark.parametrize("key", OF_GATE)
def test_an_edit_of_each_key_of_a_gate_is_told(key: str) -> None:
    """As a change of that gate, and never as cosmetic unless only people read the key."""
    name, edit = OF_GATE[key]
    document = copy.deepcopy(dict(base().document))
    gate = next(g for g in document["gates"] if g["id"] == name)
    for part, value in edit.items():
        gate.pop(part, None)
        gate |= {} if value is None else {part: value}
    found = [c for c in compare(_rules(dict(base().document)), _rules(document)) if c.word is not Class.EQUIVALENT]

    assert found
    assert all((c.word is Class.COSMETIC) == (key in PEOPLE) for c in found)


@pytest.mark.parametrize(
    "path",
    [("new",), ("symbols", "BTCUSDT", "new"), ("strategies", "momentum", "new"), ("account", "new"), ("head", "new")],
    ids=".".join,
)
def test_a_field_that_nobody_knows_loosens(path: tuple[str, ...]) -> None:
    """Come, changed or gone."""
    plain, known, other = base().document, _with(path, 1), _with(path, 2)

    for old, new in ((plain, known), (known, plain), (known, other)):
        (found,) = compare(replace(base(), document=old), replace(base(), document=new))
        assert found.word is Class.LOOSEN
        assert found.why == "no direction is declared for it"


def _with(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(dict(base().document))
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


def _mutated(document: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The document with one field changed, for each field of it."""
    for path in leaves_of(document):
        made = copy.copy(document)
        place = made
        for part in path[:-1]:
            place[part] = copy.copy(place[part])
            place = place[part]
        place[path[-1]] = "changed"
        yield path, made


def test_whichever_field_of_the_shipped_universe_differs_is_found_once() -> None:
    """Every field that differs is one difference, at its own path or at that of the entry that is treated whole."""
    document = keyed(base().document)
    for path, changed in _mutated({**document, "gates order": {"all": document["gates order"]}}):
        changed["gates order"] = document["gates order"]
        found = list(differences(document, changed))
        if path[0] != "gates order":
            assert len(found) == 1
            assert path[: len(found[0].path)] == found[0].path

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import pytest
import yaml

from generator.compile.sources import FILES, schema_of
from tests.conftest import ROOT
from tests.generator.change.projects import edited, shipped
from tests.generator.change.test_kinds_of_change import KINDS, edits_of

Field = tuple[str, ...]
# Whose keys are names that people give.
_NAMED: Final = frozenset(
    {"tiers", "groups", "symbols", "strategies", "environments", "measures", "tables", "facts", "units", "caps"}
    | {"params", "traits", "outputs", "then", "producers", "suffixes", "windows", "waivers", "lints", "regimes"}
)
_LAYERS: Final = frozenset({"tiers", "groups", "symbols", "strategies"})
# Entries that the differ takes whole.
_WHOLE: Final = frozenset({"subject", "actor", "solve", "indicates", "dimensions"})
_ENVIRONMENTS: Final = "compared between sources, in every environment"
UNTRIED: Final[Mapping[str, str]] = {
    "format": "there is one",
    "gates actor": "breakers and caps of strategies need the one that there is",
    "universe venue": "there are facts of one",
    "strategies strategies.*.params": "of a strategy whose code declares none",
    "gates measures.*.why": "the reader refuses it",
    "tables tables.*.rows.[].why": "the reader refuses it",
    **{
        f"risk environments.*.{layer}": _ENVIRONMENTS
        for layer in ("global.*", "groups.*.*", "strategies.*.*", "symbols.*.*", "tiers.*.*")
    },
}


def general(path: tuple[Any, ...], name: str) -> Field:
    """A field as its schema knows it: `*` for any name, `[]` for any entry of a list."""
    found: list[str] = []
    for part in path:
        above = found[-2:]
        cap = name == "risk" and (above[-1:] == ["global"] or (above[-1:] == ["*"] and above[0] in _LAYERS))
        if isinstance(part, int):
            found.append("[]")
        else:
            found.append("*" if cap or (above and above[-1] in _NAMED) else str(part))
        if part in _WHOLE:
            break
    return tuple(found)


def described(schema: Mapping[str, Any], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field that a schema describes, the innermost."""
    inside = dict(schema.get("properties", {}))
    rest, entries = schema.get("additionalProperties"), schema.get("items")
    inside |= {"*": rest} if isinstance(rest, Mapping) else {}
    inside |= {0: entries} if isinstance(entries, Mapping) and "properties" in entries else {}
    for part, below in inside.items():
        yield from described(below, (*path, part))
    for form in schema.get("anyOf", ()):
        yield from described(form, path)
    if not inside:
        yield path


def apart(old: Any, new: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field that differs between two texts; of an entry that comes or goes, all that is in it."""
    if old == new:
        return
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        before, after = (side if isinstance(side, Mapping) else {} for side in (old, new))
        for part in {**before, **after}:
            yield from apart(before.get(part), after.get(part), (*path, part))
        if before and after:
            return
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and isinstance(old[0], Mapping):
        for before, after in zip(old, new, strict=True):
            yield from apart(before, after, (*path, 0))
        return
    yield path


@cache
def tried() -> frozenset[tuple[str, Field]]:
    """The fields that the kinds of change edit, by the name of their schema."""
    found = set()
    names = {file: schema_of(name) for name, file in FILES.items()}
    for kind in KINDS:
        texts = edited(*edits_of(kind))
        for file in {file for file, _, _ in edits_of(kind)} & names.keys():
            old, new = (yaml.load(side[file], Loader=yaml.BaseLoader) for side in (shipped(), texts))
            found |= {(names[file], general(path, names[file])) for path in apart(old, new)}
    return frozenset(found)


@pytest.mark.parametrize("name", sorted({schema_of(name) for name in FILES}))
def test_every_field_that_a_source_may_have_is_edited_by_a_kind_of_change(name: str) -> None:
    """What people may write is what a diff is tried on: a key that is added to a schema needs a kind that edits it, and
    so a class, or a reason why none does.
    """
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    known = {general(path, name) for path in described(schema)}
    missing = {".".join(field) for field in known if (name, field) not in tried()}

    assert sorted(f for f in missing if f not in UNTRIED and f"{name} {f}" not in UNTRIED) == []


def test_no_reason_is_left_for_a_field_that_is_tried() -> None:
    """Reasons go with what they are about."""
    edits = {f"{name} {'.'.join(field)}" for name, field in tried()}

    assert sorted(edits & UNTRIED.keys()) == []

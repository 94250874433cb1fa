"""Facts by their dotted names, and as objects in objects: from one to the other, and one over another."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def nested(facts: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Facts with their dotted names as an object of objects."""
    tree: dict[str, Any] = {}
    for name, value in facts:
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return tree


def flat(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested facts with their dotted names, as they stand."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested facts with others laid over them: what stands above counts, also where it is null.

    No object of `above` is part of what comes of it, so that it may change later.
    """
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        found[key] = merged(under if isinstance(under, Mapping) else {}, value) if isinstance(value, Mapping) else value
    return found

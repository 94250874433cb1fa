"""Gates that have another id and are the same else."""

from collections.abc import Mapping
from typing import Any, Final

_NO_MEANING: Final = frozenset({"id", "why", "source", "veto"})
_DEFAULTS: Final = {"scope": "order", "mode": "enforce", "on_missing": "veto"}


def body(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a gate asks for, apart from its names, with what is meant where nothing is written."""
    return {k: v for k, v in {**_DEFAULTS, **entry}.items() if k not in _NO_MEANING}


def renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """The gates of a document that have another id in the other one: old id to new id, each used once."""
    before, after = ({g["id"]: body(g) for g in document["gates"]} for document in (old, new))
    found: dict[str, str] = {}
    come = [name for name in after if name not in before]
    for name in before:
        if name not in after:
            match = next((n for n in come if after[n] == before[name]), None)
            if match is not None:
                found[name] = match
                come.remove(match)
    return found

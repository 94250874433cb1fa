"""Universes that were altered and sealed again: edits written in bytes, so that edits can be fuzzed.

Each line is one edit: a path, an operator, and what that needs. Each byte of the path chooses a part of the part before
it. `=` puts JSON there, or the text itself where it is none; `-` takes the part out; `~` gives its key another name;
`@` puts the part there that another path leads to.
"""

import json
import random
import re
from collections.abc import Sequence
from typing import Any, Final

from engine.breakers import gates_of
from universe.reader import fingerprint

# Every path byte but the operators and the line's end.
_EDIT: Final = re.compile(rb"([^=\-~@\n]+)([=\-~@])([^\n]*)")
_OF_A_PATH: Final = bytes(byte for byte in range(256) if byte not in b"=-~@\n")
SYMBOL: Final = "BTCUSDT"
STRATEGY: Final = "momentum"


def small(document: dict[str, Any]) -> dict[str, Any]:
    """A universe with one symbol, one strategy, every fourth gate and those of breakers, which is read and compiled
    sooner than the whole.
    """
    made: dict[str, Any] = json.loads(json.dumps(document))
    symbol, strategy = made["symbols"][SYMBOL], made["strategies"][STRATEGY]
    needed = [gate for breaker in made["breakers"] for gate in gates_of(breaker)]
    gates = [gate for number, gate in enumerate(made["gates"]) if number % 4 == 0 or gate in needed]
    made |= {"symbols": {SYMBOL: symbol}, "strategies": {STRATEGY: strategy}, "gates": gates, "sources": []}
    strategy["symbols"] = [SYMBOL]
    for entry in (symbol, made["account"]):
        entry["caps"]["restricted"] = []
    for tier in made["tiers"].values():
        tier["members"] = [name for name in tier["members"] if name == SYMBOL]
    return sealed(made)


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the hash of what it says now."""
    return {**document, "universe": fingerprint(document)}


def altered(document: dict[str, Any], edits: bytes) -> dict[str, Any]:
    """The document after each edit that leads somewhere, sealed again."""
    made: dict[str, Any] = json.loads(json.dumps(document))
    for path, operator, argument in _EDIT.findall(edits):
        found = _place(made, path)
        if found is not None:
            _edit(made, *found, operator, argument)
    return sealed(made)


def by_edits(data: bytes, words: Sequence[bytes], dice: random.Random) -> bytes:
    """An edit is added to those of an input, or one of them gives way to it; it leads anywhere, to any depth."""
    path = bytes(dice.choice(_OF_A_PATH) for _ in range(dice.choice([1, 2, 2, 3, 3, 4, 5, 6])))
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    lines[at : at + dice.randrange(2)] = [path + dice.choice(words)]
    return b"\n".join(lines)


def _edit(document: Any, inside: Any, key: Any, operator: bytes, argument: bytes) -> None:
    match operator:
        case b"=":
            inside[key] = _value(argument)
        case b"-":
            del inside[key]
        case b"~" if isinstance(inside, dict):
            inside[argument.decode(errors="replace")] = inside.pop(key)
        case b"@" if (other := _place(document, argument)) is not None:
            # Copied, so that no part ever holds itself.
            inside[key] = json.loads(json.dumps(other[0][other[1]]))


def _place(document: Any, path: bytes) -> tuple[Any, Any] | None:
    """What a path leads to, as what it stands in and its key there; a path that is too long ends at the last part."""
    found = None
    for byte in path:
        keys = keys_of(document)
        if not keys:
            break
        found = document, keys[byte % len(keys)]
        document = document[found[1]]
    return found


def keys_of(place: Any) -> list[Any]:
    """The keys of an object or the places of a list; none of anything else."""
    if isinstance(place, dict):
        return list(place)
    return list(range(len(place))) if isinstance(place, list) else []


def path_to(document: Any, *keys: str | int) -> bytes:
    """The path of a part, as an edit names it; it must not need one of the bytes that end a path."""
    path = []
    for key in keys:
        names = keys_of(document)
        place = names.index(key)
        path.append(next(b for b in range(place, 256, len(names)) if b in _OF_A_PATH))
        document = document[key]
    return bytes(path)


def _value(data: bytes) -> Any:
    text = data.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text

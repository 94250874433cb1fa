"""What makes a compiled universe whole: read strictly, with every part that it must have and none other, and the hash
of all that it says.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

PARTS: Final[Mapping[str, type]] = {
    "format": int,
    "environment": str,
    "ruleset": str,
    "universe": str,
    "sources": list,
    "symbols": dict,
    "strategies": dict,
    "account": dict,
    "tiers": dict,
    "groups": dict,
    "head": dict,
    "units": dict,
    "facts": dict,
    "caps": dict,
    "params": dict,
    "measures": dict,
    "gates": list,
    "events": dict,
    "breakers": list,
    "windows": dict,
    "tables": dict,
    "regimes": dict,
    "waivers": dict,
}
WHERE_ANY: Final = frozenset({"regimes", "waivers"})  # no part of a universe that has none


class UniverseFault(ValueError):
    """A universe that must not be decided by; `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


def strict(text: str, number: Callable[[str], Any] | None = None) -> Any:
    """JSON in which no key stands twice: two readers could take it for two documents.

    Args:
        text: the JSON.
        number: what to make of a number's text; None: an int or a float.

    Raises:
        ValueError: it is none.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_int=number, parse_float=number, parse_constant=number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key `{next(k for k in keys if keys.count(k) > 1)}` stands twice")
    return found


def misshapen(document: Mapping[str, Any]) -> str | None:
    """What is wrong with the parts of a universe: one that is missing, that nobody knows, or of another kind."""
    for name, kind in PARTS.items():
        if name not in document:
            if name in WHERE_ANY:
                continue
            return f"it has no `{name}`"
        if type(document[name]) is not kind:
            return f"its `{name}` is no {kind.__name__}"
    unknown = sorted(document.keys() - PARTS.keys())
    return f"it has a part that nobody knows, `{unknown[0]}`" if unknown else None


def fingerprint(document: Mapping[str, Any]) -> str:
    """The hash of everything in a universe but the hash itself.

    It is taken piece by piece, so that no other thread waits for the whole of a large one.
    """
    digest = hashlib.sha256()
    for piece in _pieces({k: v for k, v in document.items() if k != "universe"}, 2):
        digest.update(piece.encode())
    return f"sha256:{digest.hexdigest()}"


def hash_of(data: Any) -> str:
    """`sha256:` of canonical JSON."""
    return f"sha256:{hashlib.sha256(_canonical(data).encode()).hexdigest()}"


def _pieces(data: Any, depth: int) -> Iterator[str]:
    """Canonical JSON, a piece for each entry down to a depth."""
    if not depth or not isinstance(data, dict):
        yield _canonical(data)
        return
    before = "{"
    for key in sorted(data):
        yield f"{before}{_canonical(key)}:"
        yield from _pieces(data[key], depth - 1)
        before = ","
    yield "}" if data else "{}"


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"))

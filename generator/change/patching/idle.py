"""What an account could trade by base's rules and can't by head's: tightened until nothing passes."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from engine import Engine
from generator.change.cover.feasible import SIDES, sizes_of
from generator.change.patching.compiled import CompiledSide
from universe.reader import Universe

# Hashes of the whole, and parts of which each pair has its own.
APART: Final = frozenset({"sources", "ruleset", "universe", "account", "symbols", "strategies"})


def idle(base: CompiledSide, head: CompiledSide, accounts: Mapping[str, Decimal]) -> Iterator[str]:
    """Each symbol, strategy and account of which some size passed and none does, in words.

    Args:
        base, head: both sides.
        accounts: the NAV of each, in the account's currency.
    """
    if base.document["ruleset"] == head.document["ruleset"]:
        return
    concerned = [pair for pair in _pairs(base.universe) if differs(base.document, head.document, *pair)]
    before, after = (Engine(side.universe.ruleset, "interpreter") for side in (base, head))
    for name, nav in accounts.items():
        for symbol, strategy in concerned:
            if not _trades(head.universe, after, nav, symbol, strategy) and _trades(
                base.universe, before, nav, symbol, strategy
            ):
                yield f"{symbol} by {strategy}: no size passes any more for an account of {nav:f} ({name})"


def _pairs(universe: Universe) -> Iterator[tuple[str, str]]:
    for strategy, running in universe.running.items():
        yield from ((symbol, strategy) for symbol in running.symbols if universe.symbol(symbol)["enabled"])


def differs(old: Mapping[str, Any], new: Mapping[str, Any], symbol: str | None, strategy: str | None) -> bool:
    """Whether anything that decides on a symbol's order by a strategy, or by nobody known, is another."""
    return _deciding(old, symbol, strategy) != _deciding(new, symbol, strategy)


def _deciding(document: Mapping[str, Any], symbol: str | None, strategy: str | None) -> object:
    shared = {key: part for key, part in document.items() if key not in APART}
    own = (document["account"], document["symbols"].get(symbol), document["strategies"].get(strategy))
    return shared, [{**entry, "provenance": None} for entry in own if entry is not None]


def _trades(universe: Universe, engine: Engine, nav: Decimal, symbol: str, strategy: str) -> bool:
    """Whether a size passes that is no larger than what is proposed."""
    running = universe.running.get(strategy)
    known = universe.document["symbols"].get(symbol, {})
    if running is None or symbol not in running.symbols or known.get("enabled") is not True:
        return False
    found = (sizes_of(universe, engine, nav, (symbol, strategy, side)) for side in SIDES)
    return any(bool(sizes.ranges) and not sizes.out_of_proposal for sizes in found)

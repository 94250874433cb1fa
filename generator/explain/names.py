"""Who has a name. Each kind of thing is asked, in the order in which the reference tells of them."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.explain import REFUSALS
from generator.compile.codes import CODES
from generator.compile.stages import Compiled
from generator.explain import contracts, holders, rules

_RULES: Final[tuple[Callable[[Any, str], list[str]], ...]] = (
    holders.cap,
    rules.window,
    rules.fact,
    rules.measure,
    rules.gates,
    rules.breakers,
    rules.table,
    rules.regime,
    rules.waiver,
    rules.tier,
    rules.group,
    rules.parameter,
)
_CONTRACTS: Final[tuple[Callable[[Compiled, str], list[str]], ...]] = (
    contracts.unit,
    contracts.event,
    contracts.state,
    contracts.refusal,
    contracts.producer,
    contracts.environment,
    contracts.problem,
)


def explained(compiled: Compiled, name: str) -> list[str]:
    """What has the name, in lines for people; none where nothing has it.

    A symbol or strategy is told of alone; any other name may be that of several things, which are all told of.
    """
    name = name.removeprefix("caps.")
    found = holders.holder(compiled.document, name)
    if found:
        return found
    for ask in _RULES:
        found += ask(compiled.document, name)
    for look in _CONTRACTS:
        found += look(compiled, name)
    return found


def names(compiled: Compiled) -> Iterator[str]:
    """Every name that can be explained, but for fields, outputs and parameters."""
    document, sources = compiled.document, compiled.sources.documents
    parts = ("symbols", "strategies", "facts", "caps", "measures", "tables", "tiers", "groups", "windows", "units")
    for part in (*parts, "regimes", "waivers"):
        yield from document.get(part, ())
    for gate in document["gates"]:
        yield from (gate["id"], gate["veto"])
    yield from (breaker["id"] for breaker in document["breakers"])
    yield from sources["events"].data["events"]
    for part in ("files", "logs"):
        yield from sources["state"].data[part]
    yield from sources["facts"].data["producers"]
    yield from sources["risk"].data.get("environments", ())
    yield from (*REFUSALS, document["head"]["subject"]["unknown"], *CODES)

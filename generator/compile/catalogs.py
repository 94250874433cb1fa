"""The catalogs as compiled entries: the same data with truth values, whole numbers and canonical decimals in place
of texts.
"""

from collections.abc import Mapping
from typing import Any

from engine.catalog import Cap, CatalogFault, read_cap
from engine.numbers import NumberFault, canonical, parse_number
from engine.units import Unit, read_unit
from generator.compile.problems import Problem
from generator.compile.text import Document

Entries = dict[str, dict[str, Any]]


def compile_units(document: Document) -> Entries:
    """The units of a well-shaped catalog."""
    entries: Entries = {}
    for name, entry in document.data["units"].items():
        made = dict(entry)
        if "dimensions" in entry:
            made["dimensions"] = {k: int(v) for k, v in entry["dimensions"].items()}
        if "suffixes" in entry:
            made["suffixes"] = {k: canonical(parse_number(v)) for k, v in entry["suffixes"].items()}
        if "compound" in entry:
            made["compound"] = entry["compound"] == "true"
        entries[name] = made
    return entries


def compile_facts(document: Document, problems: list[Problem]) -> Entries:
    """The facts of a well-shaped catalog; a producer that nobody declared is a problem."""
    producers = document.data["producers"]
    for name, entry in document.data["facts"].items():
        if entry["from"] not in producers:
            help_text = f"declared are {', '.join(producers)}"
            problems.append(
                document.problem(
                    "no-producer",
                    ("facts", name, "from"),
                    f"nothing called `{entry['from']}` produces facts",
                    help_text,
                )
            )
    unused = producers.keys() - {e["from"] for e in document.data["facts"].values()}
    problems += [
        document.problem("unused-producer", ("producers", p), f"`{p}` produces no fact", at_key=True)
        for p in sorted(unused)
    ]
    return {n: _numbers(document, ("facts", n), e, problems) for n, e in document.data["facts"].items()}


def compile_caps(document: Document, problems: list[Problem]) -> Entries:
    """The caps of a well-shaped catalog."""
    return {n: _numbers(document, ("caps", n), e, problems) for n, e in document.data["caps"].items()}


def compile_params(document: Document, problems: list[Problem]) -> Entries:
    """The parameters of a well-shaped catalog of strategies, by strategy."""
    return {
        strategy: {
            name: _numbers(document, ("strategies", strategy, "params", name), declared, problems)
            for name, declared in entry["params"].items()
        }
        for strategy, entry in document.data["strategies"].items()
    }


def window_events(document: Document) -> Entries:
    """The events that windows may look at, each with its fields."""
    return {
        name: {"fields": entry["fields"]}
        for name, entry in document.data["events"].items()
        if entry.get("window") == "true"
    }


def read_units(entries: Entries) -> dict[str, Unit]:
    """The engine's units of compiled entries."""
    return {n: read_unit(n, e) for n, e in entries.items()}


def read_caps(
    document: Document, entries: Entries, units: Mapping[str, Unit], parts: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Cap]:
    """The engine's caps of compiled entries; `parts` are the universe's lists that a cap may speak of."""
    caps: dict[str, Cap] = {}
    for name, entry in entries.items():
        try:
            caps[name] = read_cap(name, entry, units, parts)
        except CatalogFault as fault:
            problems.append(document.problem(fault.code, ("caps", name, fault.key), str(fault), fault.help))
    return caps


def _numbers(
    document: Document, path: tuple[str, ...], entry: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    made = dict(entry)
    for key in ("min", "max"):
        if key in entry:
            try:
                made[key] = canonical(parse_number(entry[key]))
            except NumberFault as fault:
                problems.append(document.problem("bad-value", (*path, key), str(fault)))
                del made[key]
    return made

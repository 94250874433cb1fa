"""Waivers of `rules/waivers.yaml`, people's alone: checked against the rules, and compiled with what global allows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from engine.breakers import gates_of
from engine.catalog import did_you_mean
from engine.reach import caps_read
from engine.ruleset import Gate, Layer, RuleSet, gate_nodes
from engine.waivers import may_be_waived
from generator.compile.cascade import Layers
from generator.compile.problems import Problem
from generator.compile.sources import Sources
from generator.compile.values import plain

PART: Final = "waivers"
# How a file names whom a waiver is about, and how the engine does.
_WHO: Final = {"symbol": "subject", "strategy": "actor"}


def compile_waivers(
    sources: Sources, ruleset: RuleSet, layers: Layers, today: date, problems: list[Problem]
) -> dict[str, dict[str, Any]]:
    """The waivers of a document, by name: with the value that global gives each cap that the gate reads.

    Args:
        sources: with the file of waivers, or without.
        ruleset: the rules as they are without waivers.
        layers: the caps as they were set.
        today: the UTC day; a waiver that ended before it is over.
        problems: what is wrong is added here.
    """
    entries = sources.entries(PART)
    made: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        found = list(_problems(name, entry, sources, ruleset))
        problems += found
        if not found:
            made[name] = _compiled(name, entry, sources, ruleset, layers)
            problems += _remarks(name, made[name], sources, ruleset, today)
    return made


def _problems(name: str, entry: Mapping[str, Any], sources: Sources, ruleset: RuleSet) -> Iterator[Problem]:
    """Why a waiver can't be one."""
    document = sources.documents[PART]
    gates = {gate.id: gate for gate in ruleset.gates}
    gate = gates.get(entry["gate"])
    if ruleset.head.clock is None:
        help_text = "name the fact that says what time it is, as `clock: clock.now`"
        yield document.problem(
            "no-clock", (PART, name), "the head of gates.yaml names no clock", help_text, at_key=True
        )
    if gate is None:
        near = did_you_mean(entry["gate"], gates)
        yield document.problem("unknown-gate", (PART, name, "gate"), f"`{entry['gate']}` is no gate", near)
    elif (why := _never(gate, sources)) is not None:
        message = f"`{gate.id}` can't be waived: {why[0]}"
        yield document.problem("not-waivable", (PART, name, "gate"), message, why[1])
    if not _WHO.keys() & entry.keys():
        remedy = "write `symbol: BTCUSDT` or `strategy: momentum`"
        yield document.problem(
            "missing-key", (PART, name), "a waiver is for a symbol or a strategy", remedy, at_key=True
        )
    known = {"symbol": ruleset.subjects, "strategy": ruleset.actors}
    for key, names in known.items():
        if key in entry and entry[key] not in names:
            near = did_you_mean(entry[key], names)
            yield document.problem(f"unknown-{key}", (PART, name, key), f"`{entry[key]}` is no {key}", near)
    try:
        _moment(entry["until"])
    except ValueError:
        remedy = "write it as 2027-01-31T18:00Z"
        yield document.problem("bad-value", (PART, name, "until"), f"`{entry['until']}` is no time", remedy)


def _never(gate: Gate, sources: Sources) -> tuple[str, str] | None:
    """Why nobody may let a gate pass, and what to do instead."""
    if gate.id in {made["id"] for entry in sources.entries("breakers") for made in gates_of(entry)}:
        return "it is a breaker's", "`hedgerow rearm` opens a breaker"
    if may_be_waived(gate):
        return None
    if not gate.enforced:
        return "it is in shadow, and stops nothing", "remove the waiver"
    if gate.scope == "account":
        return "it is the account's", "what holds for the account holds for everybody"
    return f"it holds for exits too ({gate.exits})", "what the venue refuses is refused; a halt is a person's to end"


def _compiled(
    name: str, entry: Mapping[str, Any], sources: Sources, ruleset: RuleSet, layers: Layers
) -> dict[str, Any]:
    gate = next(g for g in ruleset.gates if g.id == entry["gate"])
    moment = _moment(entry["until"])
    # A cap that global does not set keeps its own value: there is nothing that says how far leave would go.
    caps = {cap: s for cap in sorted(caps_read(ruleset, *gate_nodes(gate))) if (s := layers.everywhere.get(cap))}
    return {
        "why": entry["why"],
        "by": entry["by"],
        "gate": entry["gate"],
        **{ours: entry[theirs] for theirs, ours in _WHO.items() if theirs in entry},
        "until": str(int(moment.timestamp())),
        "written": f"{moment:%FT%TZ}",
        "caps": {cap: plain(setting.value) for cap, setting in caps.items()},
        "provenance": {cap: {"layer": "global", "source": setting.source} for cap, setting in caps.items()},
        "source": sources.source(PART, name),
    }


def _remarks(name: str, made: Mapping[str, Any], sources: Sources, ruleset: RuleSet, today: date) -> Iterator[Problem]:
    """What is true by the letter and yet odd: a waiver that is over, or changes nothing."""
    document = sources.documents[PART]
    ends = datetime.fromtimestamp(int(made["until"]), UTC)
    if ends <= datetime(today.year, today.month, today.day, tzinfo=UTC):
        message = f"the waiver of `{made['gate']}` ended at {made['written']}"
        yield document.problem("waiver-over", (PART, name, "until"), message, "remove it", warning=True)
    elif not _matters(made, ruleset):
        message = f"`{made['gate']}` gives them no more than everybody has: the waiver changes nothing"
        help_text = "a waiver goes as far as global, and no farther"
        yield document.problem("idle-waiver", (PART, name, "gate"), message, help_text, warning=True)


def _matters(made: Mapping[str, Any], ruleset: RuleSet) -> bool:
    """Whether global gives somebody whom the waiver is about another value than they have."""
    subjects = [s for n, s in ruleset.subjects.items() if made.get("subject") in (None, n)]
    actors: list[Layer | None] = [a for n, a in ruleset.actors.items() if made.get("actor") in (None, n)]
    return any(
        plain(ruleset.cap(cap, subject, actor)[0]) != value
        for cap, value in made["caps"].items()
        for subject in subjects
        for actor in actors or [None]
    )


def _moment(text: str) -> datetime:
    """A time in UTC, on the second.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() != timedelta(0) or moment.year < 1970:
        raise ValueError("not in UTC")
    return moment

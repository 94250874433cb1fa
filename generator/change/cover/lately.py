"""Mutants of what rules remember: each window's definition, each breaker's condition, hold, `by`, `on` and `reopen`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.breakers import MANUAL, gates_of
from engine.ruleset import BOUNDS
from engine.windows import KINDS, OF_EVENTS, OF_VALUES, PERIODS
from generator.change.cover.expressions import negated, variants
from generator.change.cover.mutants import OTHER_BOUNDS, Mutant, without
from universe.reader import Universe

Entry = Mapping[str, Any]
_HOLDS: Final = (MANUAL, *PERIODS, "1h")
_WITHIN: Final = "1d"


def mutants_of_memory(universe: Universe) -> Iterator[Mutant]:
    """Every change of windows and breakers, in file order."""
    document = universe.document
    fields = shared_fields(universe)
    for name, window in document["windows"].items():
        for what, entry in _of_window(window, document["events"], fields):
            yield Mutant(f"window {name}: {what}", window["source"], ((("windows", name), entry),), f"window:{name}")
    for i, breaker in enumerate(document["breakers"]):
        touches = f"breaker:{breaker['id']}"
        for what, entry in (*_of_condition(breaker), *_of_holding(breaker, document["events"], fields)):
            edits = ((("breakers", i), entry), *_of_gates(document["gates"], breaker, entry))
            yield Mutant(f"breaker {breaker['id']}: {what}", breaker["source"], edits, touches)


def shared_fields(universe: Universe) -> list[str]:
    """The fields by which something is counted or held for each of many."""
    document, head = universe.document, universe.ruleset.head
    keys = [part.key.removeprefix(head.shared) for part in (head.subject, head.actor) if part is not None]
    kept = [*document["windows"].values(), *document["breakers"]]
    return list(dict.fromkeys([*keys, *(field for entry in kept for field in entry.get("by", ()))]))


def _of_window(window: Entry, events: Entry, fields: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = next(k for k in KINDS if k in window)
    for other in _other_kinds(window, kind):
        yield f"{kind} → {other}", {**without(window, kind), other: window[kind]}
    if kind in OF_EVENTS:
        yield from ((f"{window[kind]} → {event}", {**window, kind: event}) for event in events if event != window[kind])
    else:
        yield from ((f"{kind}: {what}", {**window, kind: text}) for what, text in variants(window[kind]))
    if "where" in window:
        yield "where dropped", without(window, "where")
        yield "where negated", {**window, "where": negated(window["where"])}
        yield from ((f"where: {what}", {**window, "where": text}) for what, text in variants(window["where"]))
    yield from _of_keys(window, fields)
    yield from _of_span(window)


def _other_kinds(window: Entry, kind: str) -> tuple[str, ...]:
    """The kinds that tell something else of the same unit: a streak of whatever happens is a count."""
    if kind == "since_last" or (kind in OF_EVENTS and "where" not in window):
        return ()
    return tuple(k for k in (OF_VALUES if kind in OF_VALUES else OF_EVENTS) if k not in (kind, "since_last"))


def _of_span(window: Entry) -> Iterator[tuple[str, dict[str, Any]]]:
    """A period in the place of a time, another period, or no end; one second of a cap's time more is the cap's own."""
    if "within" in window:
        bare = without(window, "within")
        yield from ((f"within {window['within']} → since {p}", {**bare, "since": p}) for p in PERIODS)
        yield from (
            (f"within {window['within']} → {text}", {**window, "within": text}) for text in _near(window["within"])
        )
    if "since" in window:
        bare = without(window, "since")
        yield f"since {window['since']} dropped", bare
        yield from ((f"since → {p}", {**window, "since": p}) for p in PERIODS if p != window["since"])
        yield f"since {window['since']} → within {_WITHIN}", {**bare, "within": _WITHIN}


def _near(within: str) -> tuple[str, ...]:
    """A second less and a second more of a time that is written out in one unit."""
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(within[-1])
    if seconds is None or not within[:-1].isdigit():
        return ()
    whole = int(within[:-1]) * seconds
    return tuple(f"{other}s" for other in (whole - 1, whole + 1) if other > 0)


def _of_keys(entry: Entry, fields: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    by = list(entry.get("by", ()))
    for field in by:
        left = [f for f in by if f != field]
        yield f"by: {field} dropped", {**without(entry, "by"), **({"by": left} if left else {})}
    yield from ((f"by: {field} added", {**entry, "by": [*by, field]}) for field in fields if field not in by)


def _of_condition(breaker: Entry) -> Iterator[tuple[str, dict[str, Any]]]:
    """When it closes. Of one that is judged on orders too, how it is judged there is the change of its gate."""
    for key in ("when", "measure", "require"):
        if key in breaker:
            yield from ((f"{key}: {what}", {**breaker, key: text}) for what, text in variants(breaker[key]))
    if "when" in breaker:
        yield "when dropped", without(breaker, "when")
        yield "when negated", {**breaker, "when": negated(breaker["when"])}
    if "require" in breaker:
        yield "require negated", {**breaker, "require": negated(breaker["require"])}
    for op in (op for op in BOUNDS if op in breaker):
        for other in OTHER_BOUNDS[op]:
            yield f"{op} → {other}", {**without(breaker, op), other: breaker[op]}


def _of_holding(breaker: Entry, events: Entry, fields: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """How long it stays shut, for whom, when it is judged. What holds for the account would close alike for each."""
    yield from ((f"hold → {hold}", {**breaker, "hold": hold}) for hold in _HOLDS if hold != breaker["hold"])
    yield from _of_keys(breaker, fields) if "by" in breaker else ()
    if "on" in breaker:
        yield f"on: {breaker['on']} dropped", without(breaker, "on")
    yield from ((f"on → {event}", {**breaker, "on": event}) for event in events if event != breaker.get("on"))
    if "reopen" in breaker:
        yield "reopen dropped", without(breaker, "reopen")


def _of_gates(gates: Sequence[Entry], before: Entry, after: Entry) -> tuple[tuple[tuple[str], Any], ...]:
    """What the gates of a breaker become, where it is kept for others or judged at another time."""
    if all(before.get(key) == after.get(key) for key in ("by", "on")):
        return ()
    ids = [gate["id"] for gate in gates_of(before)]
    at = next(i for i, gate in enumerate(gates) if gate["id"] == ids[0])
    return ((("gates",), [*gates[:at], *gates_of(after), *gates[at + len(ids) :]]),)

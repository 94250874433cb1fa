"""Proofs as people read them, and as data for programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from engine import RuleSet
from generator.change.proof.asked import Example
from generator.change.proof.places import UNNAMED, Place
from generator.change.proof.promises import Promise, Verdict
from generator.change.proof.questions import Exit
from generator.change.proof.results import GateProof, Proof, SetProof, Witness
from generator.change.proof.solver import Stage
from generator.change.proof.standing import Standing
from generator.change.words import LOOSENING, Class

NAMED: Final = 4
_HELD: Final = {
    False: "no order that reduces is newly vetoed",
    True: "an order that reduces is newly vetoed",
    None: "not proved: that no order that reduces is newly vetoed",
}


def compared_lines(proof: Proof, rules: RuleSet) -> Iterator[str]:
    """What became of rules: the whole, each gate that changed, all gates together; `rules` are the new ones."""
    yield f"{proof.overall}{': ' + proof.note if proof.note else ''}; {_HELD[proof.held]}"
    gates: dict[tuple[str, Class, Stage], list[GateProof]] = {}
    for found in proof.gates:
        gates.setdefault((found.gate or "who is decided about", found.word, found.stage), []).append(found)
    for (gate, word, stage), group in gates.items():
        yield f"  {gate:<20} {word:<13} {_whose(group, rules)} ({stage})"
        shown = next((g.witness for g in group if g.witness is not None), None)
        if shown is not None:
            yield f"      {shown.text}"
    together: dict[tuple[Class, Stage], list[SetProof]] = {}
    for place in proof.sets:
        if place.actor == UNNAMED and place.word not in LOOSENING:
            continue
        together.setdefault((place.word, place.stage), []).append(place)
    for (word, stage), places in sorted(together.items(), key=lambda p: list(Class).index(p[0][0])):
        yield f"  {'all gates together':<20} {word:<13} {_whose(places, rules)} ({stage})"


def _whose(found: Sequence[GateProof | SetProof | Place], rules: RuleSet) -> str:
    """Which subjects, and which actors where it is not all of them."""
    by_actors: dict[tuple[str | None, ...], list[str]] = {}
    actors: dict[str | None, dict[str | None, None]] = {}
    for place in found:
        actors.setdefault(place.subject, {})[place.actor] = None
    for subject, own in actors.items():
        by_actors.setdefault(tuple(own), []).append(subject or "the account")
    parts = []
    for who, names in by_actors.items():
        listed = f"all {len(names)}" if len(names) == len(rules.subjects) > 1 else some(names)
        whoever = None in who or {*who} >= {*rules.actors}
        parts.append(listed if whoever else f"{listed} by {some([a or 'nobody named' for a in who if a is not None])}")
    return "; ".join(parts)


def some(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    if len(names) <= NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def standing_lines(found: Standing, rules: RuleSet) -> Iterator[str]:
    """What rules can do and never do."""
    yield "invariants" if found.promises else "invariants: there are none"
    for promise in found.promises:
        yield from _promise(promise, rules)
    yield from _exits(found.exits)
    yield from _titled("no order that adds ever passes", _denied(found, rules))
    yield from _titled("never alone in stopping an order", _mute(found))
    rows = [f"{r.table}.{r.row} ({r.source}) ({r.stage})" for r in found.dead_rows]
    yield from _titled("rows that never apply", rows)


def _promise(promise: Promise, rules: RuleSet) -> Iterator[str]:
    of = promise.invariant
    where = f" {_whose(promise.places, rules)}" if promise.places else ""
    how = f" ({promise.stage})" if promise.verdict is Verdict.HOLDS else ""
    yield f"  {promise.verdict:<10} {of.kind:<8} {of.id}{where}{how}"
    if promise.verdict is Verdict.HOLDS:
        return
    yield f"      {of.why} {of.source}"
    if promise.note:
        yield f"      {promise.note}"
    elif promise.verdict is Verdict.NOT_PROVED:
        yield "      the solver does not know, or ran out of time"
    elif promise.example is not None and of.kind != "possible":
        yield f"      {_told(promise.example)}"
    else:
        yield "      no such order passes"


def _told(example: Example) -> str:
    """What becomes of an order: that it passes, or what stops it."""
    if example.decision.allowed:
        return f"{example.text} passes"
    return f"{example.text} is vetoed: {example.decision.vetoes[0].text}"


def _exits(exits: Sequence[Exit]) -> Iterator[str]:
    stopping = [e for e in exits if not isinstance(e.found, Stage)]
    others = [e.gate.id for e in stopping if e.gate.exits != "form"]
    if not others:
        yield "exits: an order that reduces, in good form, is never vetoed"
    else:
        yield f"exits: an order that reduces, in good form, can be vetoed by {', '.join(others)}"
    for found in stopping:
        shown = found.found.decision.vetoes if isinstance(found.found, Example) else ()
        reason = next((v.text for v in shown if found.gate.id in (v.gate, *v.gates)), "not proved that it never does")
        text = found.found.text if isinstance(found.found, Example) else "an order that reduces"
        yield f"  {found.gate.exits:<5} {found.gate.id:<18} {text}: {reason}"


def _titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield title + (":" if found else ": none")
    yield from (f"  {line}" for line in found)


def _denied(found: Standing, rules: RuleSet) -> Iterator[str]:
    groups: dict[tuple[tuple[str, ...], Stage], list[Place]] = {}
    for denied in found.denied:
        groups.setdefault((denied.gates, denied.stage), []).append(denied.place)
    for (gates, stage), places in groups.items():
        why = f"stopped by {' and by '.join(gates)}" if gates else "stopped by several gates together"
        yield f"{_whose(places, rules)}: {why} ({stage})"


def _mute(found: Standing) -> Iterator[str]:
    for mute in found.mute:
        why = "some other gate stops it too" if mute.stops else "it stops none"
        yield f"{mute.gate.id} ({mute.gate.source}): {why} ({mute.stage})"


# As data


def compared_data(proof: Proof) -> dict[str, Any]:
    """A proof as JSON data."""
    return {
        "class": str(proof.overall),
        "note": proof.note,
        "exit_held": proof.held,
        "gates": [
            {
                "gate": g.gate,
                "symbol": g.subject,
                "strategy": g.actor,
                "class": str(g.word),
                "stage": str(g.stage),
                **({} if g.witness is None else {"witness": _witness(g.witness)}),
            }
            for g in proof.gates
        ],
        "together": [
            {
                "symbol": s.subject,
                "strategy": s.actor,
                "class": str(s.word),
                "stage": str(s.stage),
                "exit_held": s.held,
            }
            for s in proof.sets
        ],
    }


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "text": witness.text,
        "facts": witness.facts,
        "moved": list(witness.moved),
        "before": [r.record() for r in witness.before.vetoes],
        "after": [r.record() for r in witness.after.vetoes],
    }


def standing_data(found: Standing) -> dict[str, Any]:
    """What rules can do and never do as JSON data."""
    return {
        "invariants": [
            {
                "kind": p.invariant.kind,
                "id": p.invariant.id,
                "why": p.invariant.why,
                "source": p.invariant.source,
                "verdict": str(p.verdict),
                "stage": str(p.stage),
                "places": [_place(q) for q in p.places],
                "note": p.note,
                **_example(p.example),
            }
            for p in found.promises
        ],
        "exits": [
            {
                "gate": e.gate.id,
                "exits": e.gate.exits,
                "stops": None if e.found is None else isinstance(e.found, Example),
                **_example(e.found if isinstance(e.found, Example) else None),
            }
            for e in found.exits
        ],
        "denied": [{**_place(d.place), "gates": list(d.gates), "stage": str(d.stage)} for d in found.denied],
        "never_alone": [{"gate": m.gate.id, "stops": m.stops, "stage": str(m.stage)} for m in found.mute],
        "dead_rows": [
            {"table": r.table, "row": r.row, "source": r.source, "stage": str(r.stage)} for r in found.dead_rows
        ],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"symbol": place.subject, "strategy": place.actor}


def _example(example: Example | None) -> Mapping[str, Any]:
    if example is None:
        return {}
    vetoes = [r.record() for r in example.decision.vetoes]
    return {"example": {"text": example.text, "facts": example.facts, "vetoes": vetoes}}

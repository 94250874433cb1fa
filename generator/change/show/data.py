"""A diff as data, for programs; its shape is stable, and additions are all that may come to it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine import Reason
from generator.change.changes import CONSEQUENCE, Change, Place
from generator.change.flips import Flip, Flips
from generator.change.show.report import Report

FORMAT = 1


def data(report: Report) -> dict[str, Any]:
    """The whole as JSON data."""
    diff = report.diff
    made = {
        "format": FORMAT,
        "base": diff.base,
        "head": diff.head,
        "class": str(diff.word),
        "means": CONSEQUENCE[diff.word] if diff.changes else "no change",
        "environments": list(diff.environments),
        "rulesets": {name: {"base": old, "head": new} for name, (old, new) in diff.rulesets.items()},
        "proved": list(diff.proved),
        "notes": list(diff.notes),
        "changes": [_change(change) for change in diff.changes],
    }
    return made | ({} if report.flips is None else {"flips": _flips(report.flips)})


def _change(change: Change) -> dict[str, Any]:
    made: dict[str, Any] = {
        "class": str(change.word),
        "kind": str(change.kind),
        "name": change.name,
        "key": change.key,
        "why": change.why,
        "before": change.before,
        "after": change.after,
        "old": change.old,
        "new": change.new,
        "was": _place(change.was),
        "now": _place(change.now),
        "symbols": list(change.symbols),
        "strategies": list(change.strategies),
        "gates": list(change.gates),
        "environments": list(change.environments),
        "unproved": change.unproved,
    }
    if change.witness is not None:
        made["witness"] = {
            "text": change.witness.text,
            "facts": change.witness.facts,
            "before": _reasons(change.witness.before.vetoes),
            "after": _reasons(change.witness.after.vetoes),
        }
    return made


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "line": place.line or None}


def _reasons(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    return [reason.record() for reason in reasons]


def _flips(flips: Flips) -> dict[str, Any]:
    return {
        "source": flips.source,
        "records": flips.records,
        "newly_vetoed": flips.vetoed,
        "newly_allowed": flips.allowed,
        "exits_newly_held": flips.exits_held,
        "by_gate": _signed(flips.by_gate),
        "by_symbol": _signed(flips.by_symbol),
        "by_strategy": _signed(flips.by_strategy),
        "examples": [_flip(flip) for flip in (*flips.held, *flips.first)],
    }


def _signed(counts: Counter[str]) -> Mapping[str, Mapping[str, int]]:
    names = dict.fromkeys(name[1:] for name, _ in counts.most_common())
    return {name: {"newly_vetoed": counts[f"-{name}"], "newly_allowed": counts[f"+{name}"]} for name in names}


def _flip(flip: Flip) -> dict[str, Any]:
    return {
        "place": flip.place,
        "symbol": flip.subject,
        "strategy": flip.actor,
        "newly": "vetoed" if flip.vetoed else "allowed",
        "exit": flip.exit,
        "before": _reasons(flip.before),
        "after": _reasons(flip.after),
    }

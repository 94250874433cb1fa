"""What was found, in words, by the fact that counts or sums it up: so that a reason names what it is about."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from engine.numbers import decimal_near
from generator.change.changes import Change, Diff
from generator.change.flips import Flip, Flips
from generator.change.patching.facts import Results
from generator.change.patching.steps import Move, Steps
from generator.compile.problems import Problem

SHOWN = 6


def details(results: Results, foreign: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Lines by the name of a fact; `foreign` are the files of the checker that are not base's."""
    found = results.findings
    made = {
        "change.own_checker": tuple(f"{file} is not base's" for file in foreign),
        "found.problems": tuple(map(_problem, found.problems)),
        "found.stale": found.stale or (),
        "found.breaches": found.breaches or (),
        "found.failing": found.failing or (),
        "found.broken": found.broken or (),
        "found.idle": found.idle or (),
        "change.word": tuple(_worst(results.diff)) if results.diff else (),
    }
    made |= _of_steps(results.steps) if results.steps else {}
    made |= _of_flips(results.flips) if results.flips else {}
    return {fact: lines[:SHOWN] + _more(lines) for fact, lines in made.items()}


def _problem(problem: Problem) -> str:
    said = f"{problem.file}:{problem.line}:{problem.column}: {problem.code} {problem.message}"
    return f"{said}; {problem.help}" if problem.help else said


def _more(lines: tuple[str, ...]) -> tuple[str, ...]:
    return (f"and {len(lines) - SHOWN} more",) if len(lines) > SHOWN else ()


def _worst(diff: Diff) -> Iterator[str]:
    for change in diff.of(diff.word):
        yield f"{change.word} {_told(change)}"
        if change.witness is not None:
            yield change.witness.text


def _told(change: Change) -> str:
    values = f": {change.before or 'nothing'} → {change.after or 'nothing'}" if change.before or change.after else ""
    place = f" ({change.place})" if change.place else ""
    return f"{change.name}{values}{place}: {change.why}"


def _of_steps(steps: Steps) -> dict[str, tuple[str, ...]]:
    everywhere = [(m.cap, m.old, m.new) for m in steps.moves if not m.holder]
    moves = [m for m in steps.moves if not m.holder or (m.cap, m.old, m.new) not in everywhere]
    measured = [m for m in moves if m.day is not None]
    by_day = sorted(measured, key=lambda m: -(m.day or 0))
    by_month = sorted(measured, key=lambda m: -(m.month or 0))
    unmeasured = tuple(_moved(m) for m in moves if m.day is None)
    return {
        "step.day": tuple(f"{_moved(m)}: {_percent(m.day)} from what held within a day" for m in by_day),
        "step.month": tuple(f"{_moved(m)}: {_percent(m.month)} from what held within 30 days" for m in by_month),
        "step.unmeasured": unmeasured,
    }


def _moved(move: Move) -> str:
    return f"{move.cap} of {move.holder or 'the account'}: {_value(move.old)} → {_value(move.new)}"


def _value(value: object) -> str:
    if value is None:
        return "none"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _percent(share: Fraction | None) -> str:
    return "" if share is None else f"{decimal_near(share * 100, 4):f}%"


def _of_flips(flips: Flips) -> dict[str, tuple[str, ...]]:
    stopped = tuple(_flipped(f) for f in (*flips.held, *flips.first) if f.vetoed)
    return {
        "flips.stopped": stopped,
        "flips.held": tuple(_flipped(f) for f in flips.held),
        "flips.passed": tuple(_flipped(f) for f in flips.first if not f.vetoed),
    }


def _flipped(flip: Flip) -> str:
    reasons = flip.after if flip.vetoed else flip.before
    words = "; ".join(r.text for r in reasons)
    return f"{flip.place}: {flip.subject} by {flip.actor} {'is stopped' if flip.vetoed else 'passes'}: {words}"

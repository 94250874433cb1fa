"""A diff as a plan in plain text: the worst first, aligned, each with its reason and its place."""

from collections.abc import Iterator
from typing import Final

from generator.change.changes import Change, Diff
from generator.change.flips import Flip, Flips
from generator.change.show.clean import spelled, visible
from generator.change.show.report import Report, asked, counted, tally, tops, value, where, why
from generator.change.words import Class

_NAME: Final = 44
_VALUE: Final = 40


def text(report: Report) -> str:
    """The whole plan."""
    return "\n".join(spelled(line).rstrip() for line in _lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    diff = report.diff
    yield f"{visible(diff.base)} → {visible(diff.head)}"
    yield report.headline
    width = min(_NAME, max((len(c.name) for c in diff.changes), default=0))
    values = max((n for c in diff.changes if (n := len(visible(value(c)))) <= _VALUE), default=0)
    for word in Class:
        changes = diff.of(word)
        if changes:
            yield ""
            yield word.value
            for change in changes:
                yield from _change(change, diff, width, values)
    if diff.changes:
        yield ""
        yield f"{counted(len(diff.changes), 'change')}: {tally(diff.changes)}{asked(diff)}"
    yield from (f"note: {visible(note)}" for note in diff.notes)
    if report.flips is not None:
        yield ""
        yield from _flips(report.flips)


def _change(change: Change, diff: Diff, width: int, values: int) -> Iterator[str]:
    shown = visible(value(change))
    place = where(change)
    name = visible(change.name).ljust(width)
    if len(shown) <= _VALUE:
        yield f"  {change.sign} {name}  {shown.ljust(values)}  {place}"
    else:
        yield f"  {change.sign} {name}  {'':{values}}  {place}"
        yield from (f"      {sign} {visible(v)}" for sign, v in (("-", change.before), ("+", change.after)) if v)
    yield f"      {visible(why(change, diff))}"
    if change.witness is not None:
        yield f"      {visible(change.witness.text)}"


def _flips(flips: Flips) -> Iterator[str]:
    yield f"of {counted(flips.records, 'recorded intent')} {flips.count} would be answered otherwise ({flips.source})"
    if flips.exits_held:
        yield f"  {counted(flips.exits_held, 'exit')} newly held"
        yield from (f"    {_flip(flip)}" for flip in flips.held)
    for title, sign, vetoed in (("newly vetoed", "-", True), ("newly allowed", "+", False)):
        number = flips.vetoed if vetoed else flips.allowed
        if number:
            yield f"  {number} {title}"
            yield f"    by gate      {tops(flips.by_gate, sign)}"
            yield f"    by symbol    {tops(flips.by_symbol, sign)}"
            yield f"    by strategy  {tops(flips.by_strategy, sign)}"
            yield from (f"    {_flip(flip)}" for flip in flips.first if flip.vetoed is vetoed)


def _flip(flip: Flip) -> str:
    reason = (flip.after if flip.vetoed else flip.before)[0]
    more = len(flip.after if flip.vetoed else flip.before) - 1
    others = f" (and {counted(more, 'reason')} more)" if more else ""
    was = "" if flip.vetoed else "was stopped: "
    line = flip.place.rpartition(":")[2]
    return visible(f"line {line}: {flip.subject} {flip.actor}: {was}{reason.reason}, {reason.text}{others}")

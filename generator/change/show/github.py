"""A diff as workflow commands: an annotation on each line that a person should look at, and one for the whole."""

from collections.abc import Iterator
from typing import Final

from generator.change.changes import Change, Diff
from generator.change.show.clean import message, parameter
from generator.change.show.report import Report, counted, tally, value, why
from generator.change.words import LOOSENING, Class

_QUIET: Final = frozenset({Class.EQUIVALENT, Class.COSMETIC})


def github(report: Report) -> str:
    """The commands, the worst first."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    diff = report.diff
    yield from (_annotation(change, diff) for change in diff.changes if change.word not in _QUIET)
    flips = report.flips
    flipped = ""
    if flips is not None:
        held = f", {counted(flips.exits_held, 'exit')} newly held" if flips.exits_held else ""
        flipped = f"; {flips.count} of {counted(flips.records, 'recorded intent')} flip{held}"
    said = f"{counted(len(diff.changes), 'change')}: {tally(diff.changes)}" if diff.changes else "no change"
    level = "warning" if diff.word in LOOSENING else "notice"
    yield f"::{level} title={parameter(f'hedgerow {report.headline}')}::{message(said + flipped)}"


def _annotation(change: Change, diff: Diff) -> str:
    place = change.now or change.was
    at = [] if place is None else [f"file={parameter(place.file)}"]
    at += [f"line={place.line}"] if place is not None and place.line and change.now is not None else []
    title = f"title={parameter(f'{change.word} {change.name}')}"
    said = f"{value(change)} ({why(change, diff)})"
    if change.witness is not None:
        said += f". {change.witness.text}"
    level = "warning" if change.word in LOOSENING or change.word is Class.CONTRACT else "notice"
    return f"::{level} {','.join([*at, title])}::{message(said)}"

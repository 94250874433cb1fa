"""A diff as one comment in Markdown: the class on top, a table of changes, and what flips.

Every text that comes from rules, refs or logs is a code span or escaped: it can be neither markup nor a mention.
"""

from collections.abc import Iterator
from typing import Final

from generator.change.changes import CONSEQUENCE, Change, Diff
from generator.change.flips import Flip, Flips
from generator.change.show.clean import code, words
from generator.change.show.report import Report, asked, counted, tally, tops, where, why
from generator.change.words import LOOSENING, Class

# By which a bot finds the comment that it wrote before.
MARK: Final = "<!-- hedgerow diff -->"
ROWS: Final = 100
# A comment may hold 65,536 characters.
LONGEST: Final = 60_000
_QUIET: Final = frozenset({Class.EQUIVALENT, Class.COSMETIC})


def markdown(report: Report) -> str:
    """The comment."""
    text = "\n".join(_lines(report)) + "\n"
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST].rpartition("\n")[0]
    open_details = kept.count("<details>") - kept.count("</details>")
    return kept + "\n" + "\n</details>" * open_details + "\n\nThere is more than a comment holds: `hedgerow diff`.\n"


def _lines(report: Report) -> Iterator[str]:
    diff = report.diff
    yield MARK
    yield f"### hedgerow: {diff.word if diff.changes else 'no change'}"
    yield ""
    meaning = f": {CONSEQUENCE[diff.word]}" if diff.changes else ""
    yield f"{code(diff.base)} → {code(diff.head)}{meaning}."
    loud = [c for c in diff.changes if c.word not in _QUIET]
    quiet = [c for c in diff.changes if c.word in _QUIET]
    if loud:
        yield ""
        yield from _table(loud, diff)
    if diff.changes:
        yield ""
        yield f"{counted(len(diff.changes), 'change')}: {tally(diff.changes)}{words(asked(diff))}."
    yield from (f"\n> {words(note)}" for note in diff.notes)
    if report.flips is not None:
        yield from _flips(report.flips)
    if quiet:
        yield from _folded(f"{counted(len(quiet), 'change')} without effect on decisions", _table(quiet, diff))


def _table(changes: list[Change], diff: Diff) -> Iterator[str]:
    yield "| class | change | before | after | why | where |"
    yield "|---|---|---|---|---|---|"
    for change in changes[:ROWS]:
        word = f"**{change.word}**" if change.word in LOOSENING else str(change.word)
        shown = f"<br>{words(change.witness.text)}" if change.witness is not None else ""
        cells = (
            word,
            code(change.name),
            code(change.before or ""),
            code(change.after or ""),
            words(why(change, diff)) + shown,
            code(where(change)),
        )
        yield f"| {' | '.join(cells)} |"
    if len(changes) > ROWS:
        yield ""
        yield f"and {len(changes) - ROWS} more."


def _folded(title: str, inside: Iterator[str]) -> Iterator[str]:
    yield ""
    yield "<details>"
    yield f"<summary>{title}</summary>"
    yield ""
    yield from inside
    yield ""
    yield "</details>"


def _flips(flips: Flips) -> Iterator[str]:
    yield ""
    held = f" **{counted(flips.exits_held, 'exit')} newly held.**" if flips.exits_held else ""
    yield (
        f"Of {counted(flips.records, 'recorded intent')} ({code(flips.source)}) {flips.count} would be answered "
        f"otherwise: {flips.vetoed} newly vetoed, {flips.allowed} newly allowed.{held}"
    )
    if flips.count:
        yield from _folded("which", _examples(flips))


def _examples(flips: Flips) -> Iterator[str]:
    yield "| | by gate | by symbol | by strategy |"
    yield "|---|---|---|---|"
    for title, sign, number in (("newly vetoed", "-", flips.vetoed), ("newly allowed", "+", flips.allowed)):
        if number:
            counts = (flips.by_gate, flips.by_symbol, flips.by_strategy)
            yield f"| {number} {title} | {' | '.join(code(tops(c, sign)) for c in counts)} |"
    yield ""
    for flip in (*flips.held, *flips.first):
        yield f"- {_flip(flip)}"


def _flip(flip: Flip) -> str:
    reason = (flip.after if flip.vetoed else flip.before)[0]
    what = "exit newly held" if flip.exit and flip.vetoed else "newly vetoed" if flip.vetoed else "newly allowed, was"
    who = code(f"{flip.subject} {flip.actor}")
    return f"{what}: {who} {code(str(reason.reason))} {words(reason.text)} ({code(flip.place)})"

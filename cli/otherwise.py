"""`hedgerow replay --rules`: what other rules would have answered to recorded intents."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.by_columns import HERE, Sweep, answers_in, columns_for, place_for, shown
from cli.changes import explained
from cli.logs import ARCHIVE, records
from cli.project import fail, today
from cli.proposals import repository_at

if TYPE_CHECKING:
    from engine import RuleSet
    from execution.tallies import Tallies
    from generator.change.flips import Flip, Flips

EVERY: Final = 0.2  # seconds between two looks at the progress


def by_other_rules(
    folder: Path, files: Sequence[Path], rules: str, environment: str, as_json: bool, out: Path | None, on: str
) -> None:
    """Decide a log again by the rules of a folder, a ref or a compiled universe, and show what flips; of archives also
    what is stopped, counted, and every answer in a file, if one is named. `on` says where archives are decided.
    """
    from generator.change.sources import source_of

    with explained():
        source = source_of(rules, repository_at(folder), today())
        if environment not in source.environments():
            fail(f"{rules} has no environment {environment}", f"it has {', '.join(source.environments())}")
        with _progress() as progress:
            found, tallies = _decided(source.rules(environment).ruleset, files, progress, out, on)
    if as_json:
        from generator.change.changes import Diff
        from generator.change.show.data import data
        from generator.change.show.report import Report

        flips = data(Report(Diff("", source.name, ()), found))["flips"]
        answers = {"answers": tallies.data()} if tallies is not None else {}
        click.echo(json.dumps({"rules": source.name, **flips, **answers}, ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join([*_lines(found, source.name), *(shown(tallies) if tallies is not None else ())]))


def _decided(
    ruleset: "RuleSet", files: Sequence[Path], progress: "Callable[[int], None]", out: Path | None, on: str
) -> "tuple[Flips, Tallies | None]":
    """What flips; of archives, which are decided in columns, also what is stopped."""
    from generator.change.flips import replayed

    names = ", ".join(map(str, files))
    if any(path.suffix != ARCHIVE for path in files):
        if out is not None or on != HERE:
            fail("--out and --on are for archives", "write one of this log with `hedgerow archive`")
        return replayed(ruleset, records(files), names, progress), None
    if out is not None and on != HERE:
        fail("--out is written where columns decide", "leave --on out")
    place = place_for(on)
    columns = columns_for(ruleset, files, few=place is not None)
    from execution.tallies import Tallies

    with answers_in(out) as answers, closing(place) if place is not None else nullcontext():
        sweep = Sweep(columns, Tallies(), answers, progress)
        lines = sweep.lines(files) if place is None else sweep.lines_elsewhere(files, place)
        found = replayed(ruleset, lines, names)
    found.records += sweep.agreeing.records
    found.passed += sweep.agreeing.passed
    return found, sweep.tallies


@contextmanager
def _progress() -> "Iterator[Callable[[int], None]]":
    """How many records are decided, and how fast, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.completed:,.0f} records"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    began = looked = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None, rate=0.0)

        def show(done: int) -> None:
            nonlocal looked
            now = time.monotonic()
            if now - looked > EVERY:
                looked = now
                progress.update(task, completed=done, rate=done / max(now - began, EVERY))

        yield show


def _lines(flips: "Flips", rules: str) -> Iterator[str]:
    from generator.change.show.clean import visible
    from generator.change.show.report import counted, tops

    what = f"of {counted(flips.records, 'recorded answer')} {flips.count} would be others by {rules}"
    yield visible(what)
    if flips.exits_held:
        yield f"  {counted(flips.exits_held, 'exit')} newly held"
        yield from (f"    {visible(_flip(flip))}" for flip in flips.held)
    for title, sign, vetoed, number in (
        ("newly vetoed", "-", True, flips.vetoed),
        ("newly allowed", "+", False, flips.allowed),
    ):
        if number:
            yield f"  {number} {title}"
            counts = (("by gate", flips.by_gate), ("by symbol", flips.by_symbol), ("by strategy", flips.by_strategy))
            yield from (f"    {name:<12} {visible(tops(count, sign))}" for name, count in counts)
            yield from (f"    {visible(_flip(flip))}" for flip in flips.first if flip.vetoed is vetoed)


def _flip(flip: "Flip") -> str:
    reasons = flip.after if flip.vetoed else flip.before
    said = "; ".join(f"{reason.reason}, {reason.text}" for reason in reasons)
    return f"{flip.place}: {flip.subject} {flip.actor}: {'' if flip.vetoed else 'was stopped: '}{said}"

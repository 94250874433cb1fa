"""`hedgerow run`."""

import os
import sys
import time
from collections.abc import Collection, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from cli.commands.universe import file_of
from cli.project import BAD_ENVIRONMENT, fail, near, root, verified, wide_console

if TYPE_CHECKING:
    from execution.feeds import Feed
    from execution.running import Run
    from universe.reader import Universe
    from universe.trading import Tick

EVERY: Final = 1.0  # seconds between two publications of the state files


@click.command(name="run")
@click.option(
    "--candles",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of recorded candles; default: a synthetic market.",
)
@click.option("--funding", type=click.Path(file_okay=False, path_type=Path), help="A folder of funding settlements.")
@click.option("--marks", type=click.Path(file_okay=False, path_type=Path), help="A folder of mark prices.")
@click.option("--symbols", help="Only these, separated by commas; default: all of the universe.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Of the synthetic market.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of the synthetic market.")
@click.option("--cash", default="15000", show_default=True, help="USDT in the wallet at the start.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The run's folder; default: logs.")
@click.option("--new", "anew", is_flag=True, help="Begin anew; a run that is in the folder is kept beside it.")
@click.option("--env", "environment", default="prod", show_default=True, help="The environment whose universe decides.")
@click.option("--stages", is_flag=True, help="Print the stages that a tick and an order go through, and end.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@click.pass_obj
def command(
    given_root: Path | None,
    candles: Path | None,
    funding: Path | None,
    marks: Path | None,
    symbols: str | None,
    days: int,
    seed: int,
    cash: str,
    out: Path | None,
    anew: bool,
    environment: str,
    stages: bool,
    as_json: bool,
) -> None:
    """Run the strategies on paper: candles → intents → gate → orders → fills → ledger with exits, all in a journal.

    A run that was stopped, however, goes on where it was: same command, same folder. `hedgerow why`, `positions`,
    `orders`, `doctor` and `kill` look at it or act on it, also while it runs.
    """
    if stages:
        _print_stages()
        return
    folder = root(given_root)
    universe = verified(folder / file_of(environment), environment)
    traded = _traded(universe, symbols)
    feed = _recorded(candles, traded, funding, marks) if candles else _synthetic(universe, traded, seed, days)
    target = out if out is not None else folder / "logs"
    run = _open(folder, target, feed, environment, _money(cash), anew)
    with run:
        if run.loop.desk.books.ended:
            click.echo(
                f"this run is over; --new begins another, --out names another folder ({near(run.folder)})", err=True
            )
        _work(run, feed)
        _show(run, as_json)


def _print_stages() -> None:
    from execution.intents import STEPS
    from execution.loop import STAGES

    for title, parts in (("a tick", STAGES), ("an intent, whenever one is made", STEPS)):
        click.echo(title)
        for part in parts:
            click.echo(f"  {part.name:<10} {part.what}")


def _money(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace("_", "").removesuffix("USDT").strip())
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 < amount <= Decimal("1e12")):
        fail(f"`{text}` is no amount of money", "write USDT, like --cash 15000")
    return amount


def _traded(universe: "Universe", given: str | None) -> list[str]:
    known = list(universe.document["symbols"])
    if given is None:
        return known
    asked = [s.strip() for s in given.split(",") if s.strip()]
    unknown = [s for s in asked if s not in known]
    if unknown or not asked:
        fail(f"{', '.join(unknown) or 'nothing'} is not in the universe", f"there are {', '.join(known)}")
    return asked


def _recorded(candles: Path, traded: Collection[str], funding: Path | None, marks: Path | None) -> "Feed":
    from execution.feeds import FeedFault, open_folder

    try:
        feed = open_folder(candles, traded, funding=funding, marks=marks)
    except FeedFault as fault:
        fail_feed(fault)
    if 3600 % feed.interval:
        fail(f"{candles} holds bars of {feed.interval} s", "bars of an hour, or of what divides one, can be run on")
    return feed


def fail_feed(fault: Exception) -> NoReturn:
    """Say what is wrong with the candles, each file with its remedy, and end."""
    click.echo(str(fault), err=True)
    sys.exit(2)


def _synthetic(universe: "Universe", traded: Collection[str], seed: int, days: int) -> "Feed":
    from execution.feeds.synthetic import synthetic
    from universe.instruments import instruments
    from universe.quiet import REFERENCE_PRICES

    known = instruments(universe)
    prices = {s: REFERENCE_PRICES.get(s, known[s].tick * 1000) for s in traded}
    return synthetic(prices, {s: known[s].tick for s in traded}, seed=seed, days=days)


def _open(folder: Path, target: Path, feed: "Feed", environment: str, cash: Decimal, anew: bool) -> "Run":
    from execution.journal import JournalFault
    from execution.lock import LockFault, LockHeld
    from execution.running import Run
    from execution.starting import RunFault, Setup
    from execution.state import PublishFault
    from execution.venues.model import FILE, ModelFault, read_model
    from execution.watching import UniverseFile
    from strategies.catalog import NoSuchStrategy, make
    from universe.reader import UniverseFault

    try:
        model = read_model(folder / FILE)
        setup = Setup(feed, UniverseFile(folder / file_of(environment), environment), model, cash, make)
        return Run.open(setup, target, now=time.time(), pid=os.getpid(), anew=anew)
    except (JournalFault, LockFault, LockHeld, PublishFault) as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT)
    except (ModelFault, RunFault, UniverseFault) as fault:
        fail(str(fault), fault.help)
    except NoSuchStrategy as fault:
        fail(str(fault), "write it in strategies/, or take its `every` out of rules/strategies.yaml")


def _work(run: "Run", feed: "Feed") -> None:
    """Work through the feed, with progress; what was committed is published now and then, and at the end."""
    from execution.feeds import FeedFault

    due = time.monotonic() + EVERY
    try:
        for tick in _shown(run.ticks, feed):
            run.loop.step(tick)
            if time.monotonic() >= due:
                run.publish()
                due = time.monotonic() + EVERY
    except FeedFault as fault:
        run.publish()
        click.echo(f"{fault}\nhelp: what came before it is in {run.folder}; mend the file and start again", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        run.publish()
        click.echo(f"stopped; the same command goes on from here ({run.folder})", err=True)
        sys.exit(130)
    run.loop.end()
    run.publish()


def _shown(ticks: "Iterator[Tick]", feed: "Feed") -> "Iterator[Tick]":
    """The ticks, with progress by time on a terminal."""
    if not sys.stderr.isatty():
        yield from ticks
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(feed.label),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[day]}"),
        TextColumn("{task.speed:.0f} bars/s"),
        TimeRemainingColumn(),
    )
    bars, shown = 0, 0.0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=feed.ticks * len(feed.symbols), day="")
        for tick in ticks:
            yield tick
            bars += len(tick.bars)
            if time.monotonic() - shown > 0.2:
                shown = time.monotonic()
                day = time.strftime("%Y-%m-%d", time.gmtime(tick.time))
                progress.update(task, completed=bars, day=day)


def _show(run: "Run", as_json: bool) -> None:
    from cli.summary import show
    from execution.state.text import line
    from research.report import write_report

    records = run.records()
    report = write_report(run.folder, run.journal, run.loop.desk.gate.risk.universe)
    if as_json:
        click.echo(line(records))
        return
    show(records, wide_console())
    click.echo(f"\nreport     {near(report)}")
    click.echo(f"next       hedgerow why, positions, orders, doctor, each with --run {near(run.folder)}")

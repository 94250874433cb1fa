"""`hedgerow run`."""

import os
import sys
import time
from collections.abc import Collection, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from cli.commands.universe import file_of
from cli.project import BAD_ENVIRONMENT, BAD_INPUT, fail, near, pinned, root, verified, wide_console
from cli.stopping import Asked, stopping

if TYPE_CHECKING:
    from execution.feeds import Feed
    from execution.running import Run
    from universe.protocol import Strategy
    from universe.reader import Universe

EVERY: Final = 1.0  # seconds between two publications of the state files
DAYS: Final = 30
SEED: Final = 7
FINEST: Final = Decimal("1e-8")  # USDT
MOST: Final = Decimal("1e12")


@click.command(name="run")
@click.option(
    "--candles",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of recorded candles; default: a synthetic market.",
)
@click.option(
    "--funding", type=click.Path(file_okay=False, path_type=Path), help="A folder of settlements, beside --candles."
)
@click.option(
    "--marks", type=click.Path(file_okay=False, path_type=Path), help="A folder of mark prices, beside --candles."
)
@click.option("--symbols", help="Only these, separated by commas; default: all of the universe.")
@click.option("--days", type=click.IntRange(1, 3650), help=f"Of the synthetic market; default: {DAYS}.")
@click.option("--seed", type=int, help=f"Of the synthetic market; default: {SEED}.")
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
    days: int | None,
    seed: int | None,
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
    target = out if out is not None else folder / "logs"
    universe = _first_universe(target, anew) or verified(folder / file_of(environment), environment)
    traded = _traded(universe, symbols)
    if candles is not None:
        _only("--candles has its own", **{"--days": days, "--seed": seed})
        feed = _recorded(candles, traded, funding, marks)
    else:
        _only("the synthetic market has its own; give --candles too", **{"--funding": funding, "--marks": marks})
        feed = _synthetic(universe, traded, SEED if seed is None else seed, days or DAYS)
    with _open(folder, target, feed, environment, _money(cash), anew) as run, stopping() as asked:
        _tell(run)
        _work(run, feed, asked)
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
    if not (amount.is_finite() and FINEST <= amount <= MOST and amount % FINEST == 0):
        fail(f"`{text}` is no amount of money", "write USDT, at most 1e12 and to 8 places, like --cash 15000")
    return amount


def _only(why: str, **given: object) -> None:
    """Refuse options that would mean nothing here."""
    if meant := [name for name, value in given.items() if value is not None]:
        fail(f"{' and '.join(meant)} would mean nothing here", why)


def _first_universe(target: Path, anew: bool) -> "Universe | None":
    """The universe that the run in a folder began with: its feed is of its symbols, whatever is on disk now."""
    from execution.journal import JournalFault
    from execution.journal_file import NoJournal
    from execution.starting import first_universe
    from universe.reader import UniverseFault

    try:
        return None if anew else first_universe(target)
    except NoJournal:
        return None
    except JournalFault as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT)
    except UniverseFault as fault:
        fail(str(fault), fault.help)


def _traded(universe: "Universe", given: str | None) -> list[str]:
    known = list(universe.document["symbols"])
    if given is None:
        return known
    asked = list(dict.fromkeys(s.strip().upper() for s in given.split(",") if s.strip()))
    unknown = [s for s in asked if s not in known]
    if unknown or not asked:
        fail(f"{', '.join(unknown) or 'nothing'} is not in the universe", f"there are {', '.join(known)}")
    return asked


def _recorded(candles: Path, traded: Collection[str], funding: Path | None, marks: Path | None) -> "Feed":
    from execution.feeds import FeedFault, open_folder

    try:
        return open_folder(candles, traded, funding=funding, marks=marks)
    except FeedFault as fault:
        # It says of each file what is wrong with it, and what to do.
        click.echo(str(fault), err=True)
        sys.exit(BAD_INPUT)


def _synthetic(universe: "Universe", traded: Collection[str], seed: int, days: int) -> "Feed":
    from execution.feeds.synthetic import synthetic
    from universe.instruments import instruments
    from universe.quiet import REFERENCE_PRICES

    known = instruments(universe)
    prices = {s: REFERENCE_PRICES.get(s, known[s].tick * 1000) for s in traded}
    return synthetic(prices, {s: known[s].tick for s in traded}, seed=seed, days=days)


def _strategies(universe: "Universe") -> "Sequence[Strategy]":
    """The strategies that a universe lets run."""
    from strategies.catalog import NoSuchStrategy, make
    from universe.reader import UniverseFault

    try:
        return make(universe)
    except NoSuchStrategy as fault:
        help_text = "write it in strategies/, or take its `every` out of rules/strategies.yaml"
        raise UniverseFault(str(fault), help_text) from None


def _open(folder: Path, target: Path, feed: "Feed", environment: str, cash: Decimal, anew: bool) -> "Run":
    from execution.journal import JournalFault
    from execution.lock import LockFault, LockHeld
    from execution.running import Run
    from execution.starting import RunFault, Setup
    from execution.state import PublishFault
    from execution.venues.model import FILE, ModelFault, read_model
    from execution.watching import UniverseFile
    from universe.reader import UniverseFault

    try:
        model = read_model(folder / FILE)
        setup = Setup(
            feed, UniverseFile(folder / file_of(environment), environment, pinned()), model, cash, _strategies
        )
        return Run.open(setup, target, now=time.time(), pid=os.getpid(), anew=anew)
    except LockHeld as fault:
        fail(str(fault), "end it first, or name another folder with --out", BAD_ENVIRONMENT)
    except (JournalFault, LockFault, PublishFault) as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT)
    except (ModelFault, RunFault, UniverseFault) as fault:
        fail(str(fault), fault.help)
    except OSError as error:
        _fail_disk(target, error)


def _fail_disk(target: Path, error: OSError) -> NoReturn:
    where, what = error.filename or target, error.strerror or error
    fail(f"{where}: {what}", "mend that and start again: nothing that was committed is lost", BAD_ENVIRONMENT)


def _tell(run: "Run") -> None:
    """Say what becomes of a run that is there."""
    if run.loop.desk.books.ended:
        click.echo(f"this run is over; --new begins another, --out names another folder ({near(run.folder)})", err=True)
    elif run.journal.cursor() is not None:
        moment = time.strftime("%Y-%m-%d %H:%M", time.gmtime(run.loop.desk.now))
        click.echo(f"going on from {moment} ({near(run.folder)}); --new begins anew", err=True)
    else:
        click.echo(f"warm-up: {_warm_up(run)}; until then nothing is asked for", err=True)


def _warm_up(run: "Run") -> str:
    """How much of a feed must be seen before there is anything to decide by."""
    from execution.statistics import HOUR, WARM_UP

    needs = {"statistics": (WARM_UP + 1) * HOUR} | {s.name: s.warm_up * s.every for s in run.loop.desk.strategies}
    return ", ".join(f"{name} {seconds / 86_400:.1f} days" for name, seconds in needs.items())


def _work(run: "Run", feed: "Feed", asked: Asked) -> None:
    """Work through the feed until its end or a signal; what was committed is published now and then, and at the end."""
    from cli.progress import shown
    from execution.feeds import FeedFault
    from execution.journal import JournalFault
    from execution.state import PublishFault

    due = time.monotonic() + EVERY
    try:
        for tick in shown(run.ticks, feed):
            run.loop.step(tick)
            if (number := asked()) is not None:
                run.publish()
                click.echo(f"stopped; the same command goes on from here ({near(run.folder)})", err=True)
                sys.exit(128 + number)
            if time.monotonic() >= due:
                run.publish()
                due = time.monotonic() + EVERY
        run.loop.end()
        run.publish()
    except FeedFault as fault:
        click.echo(str(fault), err=True)
        _leave_off(run)
    except (JournalFault, PublishFault) as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT)
    except OSError as error:
        _fail_disk(run.folder, error)


def _leave_off(run: "Run") -> NoReturn:
    """The candles can't be read on: what came before them is kept."""
    if run.journal.cursor() is not None:
        run.publish()
        click.echo(f"help: what came before it is in {near(run.folder)}; mend the file and start again", err=True)
    sys.exit(BAD_INPUT)


def _failures(run: "Run") -> list[str]:
    """The strategies that failed when they were asked: how often, and the last error of each."""
    from execution.events import StrategyFailed

    failed: dict[str, list[str]] = {}
    for entry in run.journal.entries(kinds=(StrategyFailed.kind,)):
        if isinstance(entry.event, StrategyFailed):
            failed.setdefault(entry.event.strategy, []).append(entry.event.text)
    return [f"WRONG {name} failed {len(texts)} times, last by {texts[-1]}" for name, texts in failed.items()]


def _show(run: "Run", as_json: bool) -> None:
    from cli.summary import show
    from execution.state.text import line
    from research.report import write_report

    records = run.records()
    if as_json:
        click.echo(line(records))
    else:
        show(records, wide_console())
    for failed in _failures(run):
        click.echo(failed, err=True)
    try:
        report = write_report(run.folder, run.journal, run.loop.desk.gate.risk.universe)
    except OSError as error:
        _fail_disk(run.folder, error)
    if not as_json:
        click.echo(f"\nreport     {near(report)}")
        click.echo(f"next       hedgerow why, positions, orders, doctor, each with --run {near(run.folder)}")

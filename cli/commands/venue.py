"""`hedgerow venue`."""

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.project import BAD_ENVIRONMENT, NO, fail, near, quiet_pipe, root, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from execution.venues.imposed import Imposes
    from universe.venue import VenueFile
    from universe.venue_changes import Change

FILE: Final = Path("universe/venues/binance_usdm.json")
KEY: Final = "BINANCE_API_KEY"
SECRET: Final = "BINANCE_API_SECRET"


@click.group(name="venue")
def command() -> None:
    """What an exchange imposes on each contract: tick, step, minimums, maximums, brackets."""


@command.command(name="refresh")
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Recorded exchangeInfo and leverageBracket, as JSON; the venue is not asked.",
)
@click.option("--symbol", "symbols", multiple=True, help="This contract alone, which the file may not have yet.")
@click.option("--url", help="Where the venue is asked; default: Binance's futures API.")
@click.option("--yes", "confirmed", is_flag=True, help=f"Write {FILE}.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write another file instead.")
@click.option("--json", "as_json", is_flag=True, help="Changes as JSON, one object a line.")
@click.pass_obj
@quiet_pipe
def refresh_command(
    given_root: Path | None,
    files: tuple[Path, ...],
    symbols: tuple[str, ...],
    url: str | None,
    confirmed: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Take over what Binance USD-M futures impose now, and say what changed, contract by contract.

    Each change is tighter (the venue refuses more), looser (it refuses less: what our own caps don't stop goes
    through from now on) or other. Nothing is written without --yes or --out; exit code 1 where something changed and
    nothing was written.

    Brackets are told to accounts alone: set BINANCE_API_KEY and BINANCE_API_SECRET in the environment, of a key
    that may only read. Without them brackets stay as they are.
    """
    from execution.venues.imposed import refreshed
    from universe.venue import VenueFault, read_venue_file
    from universe.venue_changes import changes

    folder = root(given_root)
    target = out or folder / FILE
    try:
        old = read_venue_file(_text(folder / FILE))
        words = _source(files, url).words()
        new, remarks = refreshed(words, old, symbols)
    except VenueFault as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT)
    differing = changes(old.symbols, new.symbols)
    for remark in remarks:
        click.echo(remark, err=True)
    if words.brackets is None:
        click.echo("brackets: as they were; the venue tells them to accounts alone", err=True)
    _show(differing, as_json)
    _write(new if differing else old, target, bool(differing), wanted=confirmed or out is not None)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{near(file)} can't be read: {error}", "contracts are added to a file that is there", BAD_ENVIRONMENT)


def _source(files: tuple[Path, ...], url: str | None) -> "Imposes":
    """Who is asked: the recordings, or the venue."""
    from execution.venues.binance import URL, Account, Binance
    from execution.venues.imposed import Recorded

    if files and url:
        fail("--from and --url name two sources", "give one of them")
    if files:
        return Recorded(files)
    key, secret = os.environ.get(KEY, ""), os.environ.get(SECRET, "")
    if bool(key) != bool(secret):
        fail(f"{KEY if secret else SECRET} is not set", "set both, or neither", BAD_ENVIRONMENT)
    return Binance(time.time, Account(key, secret) if key else None, url or URL)


def _show(differing: "Sequence[Change]", as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        for change in differing:
            click.echo(json.dumps(asdict(change), ensure_ascii=False))
        return
    wide = max((len(change.symbol) for change in differing), default=0)
    for change in differing:
        was, now = change.before or "not there", change.after or "gone"
        click.echo(f"{change.way:<7}  {change.symbol:<{wide}}  {change.part}: {was} → {now}")
    counted = Counter(change.way for change in differing)
    told = ", ".join(f"{counted[way]} {way}" for way in dict.fromkeys(c.way for c in differing))
    click.echo(told or "nothing changed")


def _write(new: "VenueFile", target: Path, differs: bool, *, wanted: bool) -> None:
    if wanted and write(target, new.text()):
        click.echo(f"{near(target)} written\nhelp: see what it means: `hedgerow check`, `hedgerow diff`", err=True)
    elif wanted:
        click.echo(f"{near(target)} unchanged", err=True)
    elif differs:
        click.echo(f"nothing was written\nhelp: --yes writes {FILE}", err=True)
        raise SystemExit(NO)

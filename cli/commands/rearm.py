"""`hedgerow rearm`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.commands.breakers import KINDS
from cli.orders_of_people import ask, by_option, why_option
from cli.project import fail
from cli.runs import explained, folded, folder_of, json_option, run_option

if TYPE_CHECKING:
    from execution.state.view import Moment


@click.command(name="rearm")
@click.argument("breaker")
@click.option(
    "--for", "whom", multiple=True, metavar="KEY", help="Of which strategy, symbol or side, where it has one."
)
@by_option
@why_option
@run_option
@json_option
@click.pass_obj
@explained
def command(
    given_root: Path | None,
    breaker: str,
    whom: tuple[str, ...],
    by: str,
    why: str,
    run: Path | None,
    as_json: bool,
) -> None:
    """Open a breaker that is shut. Where its condition still fails it closes again at once.

    \b
    hedgerow rearm drawdown --by Ana --why "Reviewed with the committee on Tuesday"
    hedgerow rearm stop_streak --for momentum --by Ana --why "The feed was at fault"
    """
    from execution.events import BreakerRearmed

    moment = folded(folder_of(given_root, run), KINDS)
    shut = [s for s in moment.books.shut.values() if s.holds(moment.pulse.time)]
    found = [s for s in shut if s.breaker == breaker and set(whom) <= set(s.keys.values())]
    if not found:
        _must_be_known(folder_of(given_root, run), breaker, moment)
        known = ", ".join(" ".join((s.breaker, *(f"--for {k}" for k in s.keys.values()))) for s in shut)
        fail(f"no breaker `{' '.join((breaker, *whom))}` is shut", f"shut are: {known}" if known else "none is shut")
    if len(found) > 1:
        fail(
            f"`{breaker}` is shut for {', '.join(' '.join(s.keys.values()) for s in found)}",
            "say for whom: --for KEY",
        )
    body = {"breaker": breaker, "keys": dict(found[0].keys), "by": by, "why": why}
    ask(given_root, run, BreakerRearmed.kind, body, f"rearmed {breaker}", as_json=as_json)


def _must_be_known(folder: Path, breaker: str, moment: "Moment") -> None:
    """A name of nothing is said to be one, rather than to be open."""
    from engine.catalog import did_you_mean
    from execution.universes import load_kept

    universe = moment.books.universe
    known = [b.id for b in load_kept(folder, universe).ruleset.breakers] if universe is not None else [breaker]
    if breaker not in known:
        fail(f"`{breaker}` is no breaker", did_you_mean(breaker, known) or f"known are {', '.join(known)}")

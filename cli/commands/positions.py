"""`hedgerow positions`."""

import json
from pathlib import Path
from typing import Any, Final

import click

from cli.project import quiet_pipe
from cli.runs import explained, folded, folder_of, heading, json_option, run_option, show_table, span

# The events that positions and working orders are made of.
KINDS: Final = (
    "run_started",
    "universe_activated",
    "order_sent",
    "order_changed",
    "fill",
    "exits_armed",
    "exit",
    "funding",
)
OWN: Final = (
    "strategy symbol side quantity> entry> mark> unrealised> stop> take_profit> trailing> time_left> leaving".split()
)
NET: Final = "symbol quantity> mark> notional> unrealised> working_buys> working_sells>".split()


@click.command(name="positions")
@run_option
@json_option
@click.pass_obj
@quiet_pipe
@explained
def command(given_root: Path | None, run: Path | None, as_json: bool) -> None:
    """Show what a run holds: each strategy's positions with their exits, and the wallet's net beside them.

    Exits are shown as the prices at which they hold, and the time that is left. Read from the journal, also while the
    run is on.
    """
    from execution.state.positions import PositionsLedger, PositionsState

    folder = folder_of(given_root, run)
    moment = folded(folder, KINDS)
    own: list[dict[str, Any]] = PositionsLedger().record(moment)["positions"]
    net: dict[str, Any] = PositionsState().record(moment)["positions"]
    if as_json:
        click.echo(json.dumps({**moment.header(), "positions": own, "net": net}))
        return
    click.echo(heading(folder, moment))
    if not own:
        click.echo("no open position")
    else:
        click.echo()
        show_table(OWN, (_own(position) for position in own))
    if net:
        click.echo("\nnet")
        show_table(NET, ((symbol, *_net(position)) for symbol, position in net.items()))


def _own(position: dict[str, Any]) -> list[Any]:
    exits = position["exits"] or {}
    left = exits.get("time_left")
    return [
        *(position[k] for k in ("strategy", "symbol", "side", "quantity", "entry_price", "mark", "unrealised")),
        *(exits.get(k) for k in ("stop_loss_price", "take_profit_price", "trailing_stop_price")),
        None if left is None else span(left) if left > 0 else "over",
        position["closing"],
    ]


def _net(position: dict[str, Any]) -> list[Any]:
    return [position[k] for k in ("quantity", "mark", "notional", "unrealised", "working_buys", "working_sells")]

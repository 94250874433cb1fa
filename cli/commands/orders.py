"""`hedgerow orders`."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.project import quiet_pipe
from cli.runs import at, explained, folded, folder_of, heading, json_option, run_option, show_table

if TYPE_CHECKING:
    from execution.events import OrderSent

KINDS: Final = ("order_sent", "order_changed", "fill")
COLUMNS: Final = (
    "sent order strategy symbol side type quantity> filled> price> average> route cause state reason".split()
)


@dataclass(slots=True)
class Told:
    """An order as the journal tells of it."""

    sent: int
    event: "OrderSent"
    price: Decimal | None
    state: str = "sent"
    reason: str = ""
    fills: list[dict[str, Any]] = field(default_factory=list)
    filled: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)

    def record(self) -> dict[str, Any]:
        """As JSON data; numbers as exact text."""
        from execution.state.text import number, ratio

        order = self.event
        return {
            "order": order.order,
            "intent": order.intent,
            "strategy": order.strategy,
            "symbol": order.symbol,
            "side": order.side,
            "type": order.type,
            "quantity": number(order.quantity),
            "filled": number(self.filled),
            "price": number(self.price),
            "average": ratio(self.notional, self.filled),
            "route": order.route,
            "cause": order.cause,
            "state": self.state,
            "reason": self.reason,
            "sent": self.sent,
            "fills": self.fills,
        }


@click.command(name="orders")
@run_option
@click.option("--all", "everything", is_flag=True, help="Those that have ended, too.")
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many of all.")
@json_option
@click.pass_obj
@quiet_pipe
@explained
def command(given_root: Path | None, run: Path | None, everything: bool, last: int, as_json: bool) -> None:
    """Show a run's working orders; with --all the last ones, however they ended. --json holds each fill.

    Read from the journal, also while the run is on.
    """
    folder = folder_of(given_root, run)
    moment = folded(folder, ("run_started",))
    told = _told(folder)
    shown = [order.record() for order in (told[-last:] if everything else told) if everything or _is_open(order)]
    if as_json:
        click.echo(json.dumps({**moment.header(), "orders": shown}))
        return
    click.echo(heading(folder, moment))
    if not shown:
        click.echo("no order was sent yet" if not told else f"no working order; {len(told)} with --all")
        return
    click.echo()
    show_table(COLUMNS, (_row(order) for order in shown))


def _told(folder: Path) -> list[Told]:
    """Every order of the journal, in the order in which they were sent."""
    from execution.events import Filled, OrderChanged, OrderSent
    from execution.journal import Journal
    from execution.orders import Change, State, next_state

    found: dict[str, Told] = {}
    with Journal.read(folder) as journal:
        for entry in journal.entries(kinds=KINDS):
            match entry.event:
                case OrderSent() as event:
                    found[event.order] = Told(entry.time, event, event.price)
                case OrderChanged(order=name) as event:
                    order = found[name]
                    order.state = next_state(State(order.state), Change(event.change)).value
                    order.price, order.reason = event.price, event.reason
                case Filled(order=name) as event if name in found:
                    _fill(found[name], event, entry.time)
    return list(found.values())


def _fill(order: Told, fill: Any, time: int) -> None:
    from execution.state.text import number

    order.filled += fill.quantity
    order.notional += fill.quantity * fill.price
    order.fills.append(
        {
            "time": time,
            "price": number(fill.price),
            "quantity": number(fill.quantity),
            "fee": number(fill.fee),
            "maker": fill.maker,
        }
    )


def _is_open(order: Told) -> bool:
    from execution.orders import OPEN, State

    return State(order.state) in OPEN


def _row(order: dict[str, Any]) -> list[Any]:
    keys = ("order", "strategy", "symbol", "side", "type", "quantity", "filled", "price", "average", "route", "cause")
    return [at(order["sent"]), *(order[k] for k in keys), order["state"], order["reason"]]

"""`positions_state.json`: the wallet's net positions. `positions_ledger.json`: each strategy's, with their exits."""

from decimal import Decimal
from typing import Any, ClassVar

from execution.journal import Entry
from execution.ledger import Position
from execution.state.text import number, ratio
from execution.state.view import Moment
from universe.trading import ZERO, Side


class PositionsState:
    """What the venue holds for the wallet: one net position per symbol."""

    name: ClassVar[str] = "positions_state"
    kinds: ClassVar[frozenset[str]] = frozenset()

    def apply(self, entry: Entry) -> None:
        """The books say it all."""

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        books = moment.books
        symbols = sorted({*books.ledger.symbols(), *(o.symbol for o in books.orders.values())})
        return {"positions": {s: _net(s, moment) for s in symbols}}


def _net(symbol: str, moment: Moment) -> dict[str, Any]:
    held = moment.books.ledger.in_symbol(symbol)
    price, quantity = moment.price(symbol), sum((p.quantity for p in held), ZERO)
    orders = moment.books.open_orders(symbol)
    return {
        "quantity": number(quantity),
        "mark": number(price),
        "notional": None if price is None else number(quantity * price),
        "unrealised": None if price is None else number(sum((p.unrealised(price) for p in held), ZERO)),
        "working_buys": number(sum((o.remaining for o in orders if o.side is Side.BUY), ZERO)),
        "working_sells": number(sum((o.remaining for o in orders if o.side is Side.SELL), ZERO)),
        "strategies": sorted(p.strategy for p in held),
    }


class PositionsLedger:
    """Each strategy's positions, with the exits inside the record."""

    name: ClassVar[str] = "positions_ledger"
    kinds: ClassVar[frozenset[str]] = frozenset()

    def apply(self, entry: Entry) -> None:
        """The books say it all."""

    def record(self, moment: Moment) -> dict[str, Any]:
        """What the file holds, without its header."""
        positions = sorted(moment.books.ledger.positions.items())
        return {"positions": [_position(p, moment) for _, p in positions]}


def _position(position: Position, moment: Moment) -> dict[str, Any]:
    price = moment.price(position.symbol)
    unrealised = None if price is None else position.unrealised(price)
    best = _best(position, moment)
    return {
        "strategy": position.strategy,
        "symbol": position.symbol,
        "side": position.opened_by.value,
        "quantity": number(position.quantity),
        "entry_price": ratio(position.cost, abs(position.quantity)),
        "cost": number(position.cost),
        "mark": number(price),
        "notional": None if price is None else number(position.quantity * price),
        "unrealised": number(unrealised),
        "best": number(best),
        "leverage": number(position.leverage),
        "opened": position.opened,
        "held": moment.pulse.time - position.opened,
        "realised": number(position.realised),
        "fees": number(position.fees),
        "funding": number(position.funding),
        "closing": position.closing,
        "exits": _exits(position, best, moment.pulse.time),
    }


def _best(position: Position, moment: Moment) -> Decimal:
    return moment.pulse.best.get((position.strategy, position.symbol), ZERO)


def _exits(position: Position, best: Decimal, now: int) -> dict[str, Any] | None:
    """The exits as shares of the cost, and as the prices and the time at which they hold; None: nothing is armed."""
    exits = position.exits
    if exits is None:
        return None
    cost = position.cost
    stop, take, trail, ends = exits.stop_loss, exits.take_profit, exits.trailing_stop, exits.time_stop
    trails = trail is not None and best > 0
    return {
        "stop_loss": number(stop),
        "stop_loss_price": None if stop is None else _price_at(position, -stop * cost),
        "take_profit": number(take),
        "take_profit_price": None if take is None else _price_at(position, take * cost),
        "trailing_stop": number(trail),
        "trailing_stop_price": _price_at(position, best - trail * cost) if trail is not None and trails else None,
        "time_stop": ends,
        "time_left": None if ends is None else position.opened + ends - now,
    }


def _price_at(position: Position, unrealised: Decimal) -> str | None:
    """The price at which the position has this unrealised profit, in USDT per coin."""
    return ratio(position.cost + position.sign * unrealised, abs(position.quantity))

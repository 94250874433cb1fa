"""What the venue closes by itself: symbols that trade no more, and accounts whose margin is used up."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_DOWN, Decimal

from execution import exits, margin, routing
from execution.desk import Desk
from execution.events import Delisted, Filled, Liquidated
from execution.ledger import CENT, Position
from execution.settling import book_fill, settle
from execution.venues.paper import PaperVenue
from execution.venues.port import Fill
from universe.trading import ZERO, side_of


def delist(desk: Desk, symbol: str) -> None:
    """A symbol has traded for the last time: orders are taken back, positions settled at its last price."""
    price = desk.price(symbol)
    if price is None:
        return
    desk.record(Delisted(symbol, price))
    routing.clear_the_way(desk, Delisted.kind, symbol=symbol)
    settle(desk)
    _close(desk, symbol, Fill(f"{Delisted.kind}-{symbol}", price, ZERO, ZERO, maker=False), Delisted.kind)


def liquidate(desk: Desk, venue: PaperVenue) -> None:
    """The venue closes everything, once NAV no longer covers maintenance margin; orders are taken back first.

    It knows the wallet's net position only: a taker's price and its fee are paid for that. What strategies hold on
    opposite sides is closed at the same price, and brings and costs the wallet nothing.
    """
    needed = margin.maintenance(desk)
    if not desk.books.ledger.positions or desk.pulse.nav is None or needed is None or desk.pulse.nav > needed:
        return
    desk.record(Liquidated(desk.pulse.nav, needed))
    routing.clear_the_way(desk, Liquidated.kind)
    settle(desk)
    name = f"{Liquidated.kind}-{desk.books.liquidations}"
    for symbol in desk.books.ledger.symbols():
        price, net = desk.price(symbol), desk.books.ledger.net(symbol)
        assert price is not None
        closed = Fill(name, price, ZERO, ZERO, maker=False)
        if net:
            closed = venue.close_out(name, symbol, side_of(-net), abs(net), price)
        _close(desk, symbol, closed, Liquidated.kind)
    desk.pulse.nav = desk.books.ledger.nav(desk.pulse.prices)


def _close(desk: Desk, symbol: str, closed: Fill, reason: str) -> None:
    """Close every strategy's position in a symbol at one price."""
    mark, net = desk.price(symbol), desk.books.ledger.net(symbol)
    positions = sorted(desk.books.ledger.in_symbol(symbol), key=lambda p: p.strategy)
    bearers = [p for p in positions if p.quantity * net > 0]
    fees = dict(zip((p.strategy for p in bearers), _shares(closed.fee, bearers), strict=True))
    for position in positions:
        event = Filled(
            order=closed.order,
            strategy=position.strategy,
            symbol=symbol,
            side=exits.closing_side(position).value,
            price=closed.price,
            quantity=abs(position.quantity),
            fee=fees.get(position.strategy, ZERO),
            maker=closed.maker,
            mark=closed.price if mark is None else mark,
        )
        book_fill(desk, event, reason)


def _shares(fee: Decimal, bearers: Sequence[Position]) -> Iterator[Decimal]:
    """A fee, shared by what each holds; its last digits are the last one's."""
    whole, left = sum((abs(p.quantity) for p in bearers), ZERO), fee
    for position in bearers[:-1]:
        share = (fee * abs(position.quantity) / whole).quantize(CENT, ROUND_DOWN)
        left -= share
        yield share
    if bearers:
        yield left

"""The paper venue: orders meet bars. It knows no bar before it has closed, and nothing of risk.

What it assumes: an order meets the bar after the one on whose close it was made, and arrives at that bar's open.
A resting order fills at its price, and only when the price trades through it; a market order pays half the
spread and the slippage of the model; a post-only order that would cross on arrival is rejected. In one bar an
order gets `participation` of the bar's volume at most. Fees are the model's.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from execution.gate import Clearance
from execution.ledger import CENT
from execution.orders import Change, Order, State, Type
from execution.prices import down
from execution.venues.model import MarketModel
from execution.venues.port import Ack, Answer, Fill, Refused
from universe.instruments import Instrument
from universe.trading import ZERO, Bar, Side


class PaperVenue:
    """A venue that fills orders against closed bars.

    Args:
        model: fees, spread, slippage, participation.
        instruments: the contracts.
        resting: orders that a run before this one left at the venue.
    """

    def __init__(
        self, model: MarketModel, instruments: Mapping[str, Instrument], resting: Sequence[Order] = ()
    ) -> None:
        self._model = model
        self._instruments = instruments
        self._orders: dict[str, Order] = {o.id: o for o in resting}
        self._answers: list[Answer] = []
        self._room: dict[str, Decimal] = {}

    def adopt(self, instruments: Mapping[str, Instrument]) -> None:
        """Other contracts from now on, or other grids."""
        self._instruments = instruments

    # The port

    def submit(self, order: Order, clearance: Clearance) -> None:
        """Take an order; one that was taken before is not taken again."""
        if clearance.id != order.clearance or not clearance.admits(
            order.symbol, order.side, order.quantity, order.price or order.worst_price
        ):
            self._answers.append(Ack(order.id, Change.REJECTED, Refused.OTHER_ORDER))
        else:
            self._orders.setdefault(order.id, order)

    def amend(self, order: Order, price: Decimal) -> None:
        """Nothing to do: the order's price is in the order, and it arrives anew at the next bar."""

    def cancel(self, order: Order) -> None:
        """Take an order back; always in time, since nothing happens between two bars."""
        if self._orders.pop(order.id, None) is not None:
            self._answers.append(Ack(order.id, Change.CANCELLED, "asked for"))

    def answers(self) -> Sequence[Answer]:
        """All that happened since the last call."""
        given, self._answers = self._answers, []
        return given

    # Meeting a bar

    def begin(self, bar: Bar) -> None:
        """A bar begins: what each order may take of it."""
        self._room = {"": down(bar.volume * self._model.participation, self._instruments[bar.symbol].step)}

    def has_room(self, order: Order) -> bool:
        """Whether the bar has volume left for an order."""
        return self._room.get(order.id, self._room[""]) > 0

    def arrive(self, order: Order, price: Decimal) -> None:
        """An order that was sent, or moved, reaches the book while the market is at a price."""
        if order.state is State.SENT:
            self._answers.append(Ack(order.id, Change.ACCEPTED))
        if order.type is Type.MARKET:
            return
        touch = self._model.touch(self._instruments[order.symbol], price, None).other_side(order.side)
        if order.price is not None and (order.price - touch) * order.side.sign >= 0 and order.post_only:
            self._end(order, Change.REJECTED, Refused.WOULD_CROSS)

    def refuse(self, order: Order, why: Refused) -> None:
        """The account does not carry an order that reaches the book."""
        self._end(order, Change.REJECTED, why)

    def take(self, order: Order, price: Decimal) -> None:
        """A market order meets a price: what the bar has room for fills, unless that is worse than it may be."""
        pays = self._model.taken(self._instruments[order.symbol], order.side, price)
        if order.worst_price is not None and (pays - order.worst_price) * order.side.sign > 0:
            self._end(order, Change.EXPIRED, "beyond its worst price")
            return
        self._fill(order, pays, self._model.taker_fee, maker=False)

    def trade_through(self, order: Order) -> None:
        """The price has traded through a resting order: it fills at its own price."""
        assert order.price is not None
        self._fill(order, order.price, self._model.maker_fee, maker=True)

    def close_out(self, name: str, symbol: str, side: Side, quantity: Decimal, price: Decimal) -> Fill:
        """A liquidation: all at once, at a taker's price, with the liquidation fee on top."""
        pays = self._model.taken(self._instruments[symbol], side, price)
        rate = self._model.taker_fee + self._model.liquidation_fee
        return Fill(name, pays, quantity, _fee(pays, quantity, rate), maker=False)

    def _fill(self, order: Order, price: Decimal, rate: Decimal, *, maker: bool) -> None:
        room = self._room.get(order.id, self._room[""])
        # A protective exit is a stop that rests at the venue: it sweeps the book, and pays the slippage for it.
        quantity = order.remaining if order.worst_price is None else min(order.remaining, room)
        if quantity <= 0:
            return
        self._room[order.id] = max(room - quantity, ZERO)
        if quantity == order.remaining:
            self._orders.pop(order.id, None)
        self._answers.append(Fill(order.id, price, quantity, _fee(price, quantity, rate), maker))

    def _end(self, order: Order, change: Change, reason: str) -> None:
        self._orders.pop(order.id, None)
        self._answers.append(Ack(order.id, change, reason))


def _fee(price: Decimal, quantity: Decimal, rate: Decimal) -> Decimal:
    return (price * quantity * rate).quantize(CENT, ROUND_HALF_EVEN)

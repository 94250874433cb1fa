"""What candles do not show, modelled: spread, slippage, how much of a bar's volume an order may take; and fees.

The figures are data (`universe/venues/paper.json`); everything that is modelled is labelled so in reports.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from execution.prices import down, no_better, up
from universe.instruments import Instrument
from universe.trading import Side

FORMAT: Final = 1
FILE: Final = "universe/venues/paper.json"
CLASSES: Final = ("A_HIGH", "B_MEDIUM", "C_LOW")
WIDEST: Final = Decimal(5)
ONE: Final = Decimal(1)


class ModelFault(ValueError):
    """A model of the market that can't be used; `help` says what to write."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Touch:
    """The best bid and ask, in USDT per coin, on the tick grid."""

    bid: Decimal
    ask: Decimal

    def other_side(self, side: Side) -> Decimal:
        """The price at which an order of this side fills at once."""
        return self.ask if side is Side.BUY else self.bid


@dataclass(frozen=True, slots=True)
class MarketModel:
    """Fees as shares of notional; spread and slippage as shares of price, by liquidity class; `participation` the
    share of a bar's volume that one order may take; `liquidation_fee` a share of what is liquidated.
    """

    maker_fee: Decimal
    taker_fee: Decimal
    liquidation_fee: Decimal
    participation: Decimal
    spread: Mapping[str, Decimal]
    slippage: Mapping[str, Decimal]
    hash: str

    def touch(self, instrument: Instrument, price: Decimal, rough: Decimal | None) -> Touch:
        """Bid and ask around the last price: the spread of the symbol's class, wider when the market is rough.

        Args:
            instrument: the contract.
            price: its last price.
            rough: short over long volatility; the spread grows with it, to five times at most. None: not known.
        """
        wide = min(max(rough or ONE, ONE), WIDEST)
        half = price * self.spread[instrument.liquidity] * wide / 2
        bid, ask = down(price - half, instrument.tick), up(price + half, instrument.tick)
        return Touch(max(bid, instrument.tick), ask if ask > bid else bid + instrument.tick)

    def taken(self, instrument: Instrument, side: Side, price: Decimal) -> Decimal:
        """What a market order pays when the market is at a price: half the spread and the slippage, on the grid."""
        share = self.spread[instrument.liquidity] / 2 + self.slippage[instrument.liquidity]
        return max(no_better(price * (1 + side.sign * share), side, instrument.tick), instrument.tick)


def read_model(path: Path) -> MarketModel:
    """The model in a file.

    Raises:
        ModelFault: the file is absent, no JSON, or a figure is missing, unknown, or no share between 0 and 1.
    """
    try:
        raw = path.read_bytes()
        data = json.loads(raw)
    except (OSError, ValueError) as error:
        raise ModelFault(f"{path}: {error}", "restore the file; it says what spread and fees are assumed") from None
    known = {"format", "why", "maker_fee", "taker_fee", "liquidation_fee", "participation", "spread", "slippage"}
    if not isinstance(data, dict) or data.get("format") != FORMAT or set(data) != known:
        raise ModelFault(f"{path}: not a market model of format {FORMAT}", f"its keys are {', '.join(sorted(known))}")
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
    return MarketModel(
        maker_fee=_share(path, "maker_fee", data["maker_fee"]),
        taker_fee=_share(path, "taker_fee", data["taker_fee"]),
        liquidation_fee=_share(path, "liquidation_fee", data["liquidation_fee"]),
        participation=_share(path, "participation", data["participation"]),
        spread=_by_class(path, "spread", data["spread"]),
        slippage=_by_class(path, "slippage", data["slippage"]),
        hash=f"sha256:{digest}",
    )


def _by_class(path: Path, name: str, data: Any) -> Mapping[str, Decimal]:
    if not isinstance(data, dict) or set(data) != set(CLASSES):
        raise ModelFault(f"{path}: `{name}` is not a figure for each of {', '.join(CLASSES)}", "write one for each")
    return {c: _share(path, f"{name}.{c}", data[c]) for c in CLASSES}


def _share(path: Path, name: str, raw: Any) -> Decimal:
    try:
        value = Decimal(raw) if isinstance(raw, str) else Decimal(-1)
    except InvalidOperation:
        value = Decimal(-1)
    if not 0 <= value < 1:
        raise ModelFault(f"{path}: `{name}` is {raw!r}", 'write a share as text, like "0.0005"')
    return value

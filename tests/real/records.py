"""What the predecessor recorded: the rows of its files, read exactly as they are written."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Trade:
    """A recorded trade, from flat to flat. `fills` counts those that entered it: with several, the quantity is what
    they sum to.
    """

    name: str
    symbol: str
    side: str
    strategy: str
    entered: datetime
    left: datetime
    quantity: Decimal
    price: Decimal
    notional: Decimal
    net: Decimal
    fills: int

    @property
    def sign(self) -> int:
        """1 when long, -1 when short."""
        return 1 if self.side == "BUY" else -1

    @property
    def attributed(self) -> bool:
        """Whether the predecessor knew whose trade it was."""
        return self.strategy != "unknown"


@dataclass(frozen=True)
class Refusal:
    """A recorded intent that the predecessor refused: the order, what it saw of the account, its reasons and limits.

    `held` is the symbol's open quantity, `gross` the portfolio's notional with it.
    """

    symbol: str
    side: str
    strategy: str
    at: datetime
    price: Decimal
    notional: Decimal
    leverage: Decimal
    nav: Decimal
    nav_age: Decimal
    nav_peak: Decimal
    held: Decimal
    gross: Decimal
    reasons: tuple[str, ...]
    thresholds: Mapping[str, Any]

    @property
    def others(self) -> Decimal:
        """Gross of all other symbols: what is left of the portfolio's without this symbol's position at price."""
        return max(self.gross - self.held * self.price, Decimal(0))


def read_trades(text: str) -> tuple[Trade, ...]:
    """The trades of the episode file, by entry."""
    return tuple(sorted((_trade(row) for row in csv.DictReader(io.StringIO(text))), key=lambda t: (t.entered, t.name)))


def _trade(row: Mapping[str, str]) -> Trade:
    return Trade(
        name=row["episode_id"],
        symbol=row["symbol"],
        side={"LONG": "BUY", "SHORT": "SELL"}[row["side"]],
        strategy=row["strategy"],
        entered=datetime.fromisoformat(row["entry_ts"]),
        left=datetime.fromisoformat(row["exit_ts"]),
        quantity=Decimal(row["total_qty"]),
        price=Decimal(row["avg_entry_price"]),
        notional=Decimal(row["entry_notional"]),
        net=Decimal(row["net_pnl"]),
        fills=int(row["entry_fills"]),
    )


def read_refusals(text: str) -> tuple[Refusal, ...]:
    """The refused intents, by time; numbers are taken as they are written."""
    rows = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in text.splitlines() if line.strip()]
    return tuple(sorted(map(_refusal, rows), key=lambda r: (r.at, r.symbol)))


def _refusal(row: Mapping[str, Any]) -> Refusal:
    seen = row["nav"]
    return Refusal(
        symbol=row["symbol"],
        side=row["side"],
        strategy=row["strategy"],
        at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(row["ts"] * 1_000_000)),
        price=row["price"],
        notional=row["gross_usd"],
        leverage=row["leverage"],
        nav=seen["nav_usd"],
        nav_age=seen["nav_age_s"],
        nav_peak=max(row["observations"]["drawdown_peak"], seen["nav_usd"]),
        held=seen["symbol_open_qty"],
        gross=seen["portfolio_gross_usd"],
        reasons=tuple(row["reasons"]),
        thresholds=row["thresholds"],
    )

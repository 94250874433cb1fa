"""Bars and views that tests of strategies are written in."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from universe.protocol import JSON, View
from universe.trading import Bar

HOUR: Final = 3600
MIDNIGHT: Final = 1_748_736_000  # 2025-06-01T00:00:00Z


def bars(symbol: str, prices: Sequence[float | str | Decimal], seconds: int = HOUR) -> list[Bar]:
    """Bars that close at these prices, one after the other, the last one at midnight."""
    first = MIDNIGHT - len(prices) * seconds
    return [_bar(symbol, first + i * seconds, seconds, Decimal(str(price))) for i, price in enumerate(prices)]


def _bar(symbol: str, opened: int, seconds: int, price: Decimal) -> Bar:
    return Bar(symbol, opened, opened + seconds, price, price, price, price, Decimal(1))


def view(
    shown: Mapping[str, Sequence[Bar]],
    *,
    time: int = MIDNIGHT,
    positions: Mapping[str, Any] | None = None,
    working: Mapping[str, Any] | None = None,
    nav: Decimal | None = Decimal(10_000),
    memory: Mapping[str, JSON] | None = None,
) -> View:
    """A view of these bars; quantities may be given as text."""
    return View(
        time=time,
        bars=shown,
        positions={s: Decimal(q) for s, q in (positions or {}).items()},
        working={s: Decimal(q) for s, q in (working or {}).items()},
        nav=nav,
        memory=memory or {},
    )

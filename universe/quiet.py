"""A quiet account: complete facts of a fund that holds nothing, on a calm day.

Examples, generated scenarios and rehearsals start from it and change only what they are about.
"""

from decimal import Decimal
from typing import Any, Final

from universe.reader import Universe

# Round prices of December 2025, on each symbol's tick; examples only, nothing decides by them.
REFERENCE_PRICES: Final = {
    "BTCUSDT": Decimal("87500"),
    "ETHUSDT": Decimal("2960"),
    "SOLUSDT": Decimal("125"),
    "BNBUSDT": Decimal("860"),
    "XRPUSDT": Decimal("1.9"),
    "ADAUSDT": Decimal("0.37"),
    "DOGEUSDT": Decimal("0.13"),
    "LINKUSDT": Decimal("12.5"),
    "LTCUSDT": Decimal("77"),
    "BCHUSDT": Decimal("590"),
    "ETCUSDT": Decimal("12.2"),
    "SUIUSDT": Decimal("1.45"),
    "WIFUSDT": Decimal("0.35"),
}
NEVER: Final = "315360000"


def quiet_facts(universe: Universe, symbol: str, nav: Decimal, *, strategy: str = "momentum") -> dict[str, Any]:
    """Every fact of a buy of one step of a symbol, with nothing held; numbers as text, in the catalog's units."""
    filters = universe.symbol(symbol)["filters"]
    tick = Decimal(filters["tick"])
    price = REFERENCE_PRICES.get(symbol, Decimal(100) * tick)
    money = str(nav)
    zeros = dict.fromkeys(
        ("quantity", "notional", "unrealised", "best", "held", "reducing", "buys", "sells", "others"), "0"
    )
    return {
        "order": {
            "symbol": symbol,
            "strategy": strategy,
            "side": "BUY",
            "price": str(price),
            "quantity": filters["step"],
            "leverage": "2",
            "urgent": False,
        },
        "nav": {"total": money, "day_start": money, "peak": money, "age": "3"},
        "mark": {"price": str(price), "age": "1"},
        "book": {"bid": str(price), "ask": str(price + tick)},
        "market": {"vol_short": "0.006", "vol_long": "0.006"},
        "position": {"quantity": "0", "notional": "0"},
        "working": {"buys": "0", "sells": "0", "buy_quantity": "0", "sell_quantity": "0"},
        "own": {**zeros, "positions": "0"},
        "tier": {"others": "0"},
        "group": {"others": "0"},
        "gross": {"others": "0"},
        "net": {"long_others": "0", "short_others": "0"},
        "positions": {"open": "0"},
        "margin": {"balance": money, "maintenance": "0", "available": money},
        "bracket": {"leverage": universe.symbol(symbol)["brackets"][0]["leverage"]},
        "risk": {"portfolio_var": "0", "position_cvar": "0"},
        "recent": {name: NEVER if w.kind == "since_last" else "0" for name, w in universe.ruleset.windows.items()},
        "breakers": {breaker.id: False for breaker in universe.ruleset.breakers},
        "control": {"kill_switch": False, "halt": False},
    }

"""A venue's words about two contracts, in the shape of the API, for tests to bend."""

from typing import Any

FILTERS = ("PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MIN_NOTIONAL")


def contract(symbol: str, **more: Any) -> dict[str, Any]:
    """A contract of exchangeInfo."""
    lot = {"stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"}
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10", "minPrice": "556.80", "maxPrice": "4529764"},
        {"filterType": "LOT_SIZE", **lot},
        {"filterType": "MARKET_LOT_SIZE", **lot, "maxQty": "120"},
        {"filterType": "MIN_NOTIONAL", "notional": "100"},
    ]
    entry = {"symbol": symbol, "baseAsset": symbol.removesuffix("USDT"), "contractType": "PERPETUAL"}
    return {**entry, "status": "TRADING", "filters": filters, **more}


def exchange_info(*contracts: dict[str, Any]) -> dict[str, Any]:
    """The answer of exchangeInfo."""
    return {"serverTime": 1_789_008_009_026, "symbols": list(contracts)}


def bracket_of(symbol: str, leverage: int = 125) -> dict[str, Any]:
    """What leverageBracket says of a contract; its numbers are JSON numbers."""
    rows = [(1, leverage, 50_000, 0, 0.004, 0.0), (2, leverage - 25, 250_000, 50_000, 0.005, 50.0)]
    names = ("bracket", "initialLeverage", "notionalCap", "notionalFloor", "maintMarginRatio", "cum")
    return {"symbol": symbol, "notionalCoef": 1.5, "brackets": [dict(zip(names, row, strict=True)) for row in rows]}

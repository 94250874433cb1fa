"""Orders for tests of the service: facts that many share, and what each brings itself."""

from decimal import Decimal
from typing import Any, Final

from universe.quiet import quiet_facts
from universe.reader import Universe

NAV: Final = Decimal(250_000)
OF_SYMBOL: Final = ("mark", "book", "bracket", "market", "position", "working")
OF_ORDER: Final = ("order", "own", "recent", "risk")


def order(universe: Universe, symbol: str = "BTCUSDT", quantity: str = "0.1", **groups: Any) -> dict[str, Any]:
    """All facts of a buy on a quiet account, with what differs."""
    facts = quiet_facts(universe, symbol, NAV)
    facts["order"]["quantity"] = quantity
    return facts | {group: {**facts[group], **of} for group, of in groups.items()}


def split(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Facts of the account, of the symbol, and of the order alone."""
    own = {k: v for k, v in facts.items() if k in OF_ORDER}
    symbol = {k: v for k, v in facts.items() if k in OF_SYMBOL}
    return {k: v for k, v in facts.items() if k not in own and k not in symbol}, symbol, own

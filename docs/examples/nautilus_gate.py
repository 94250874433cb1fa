"""Hedgerow before each order of a NautilusTrader strategy.

    class MyStrategy(HedgerowGate, Strategy):
        hedgerow = Gate("unix:/run/hedgerow.sock")
        hedgerow_strategy = "momentum"

        def hedgerow_facts(self, symbol):
            return {"nav": {"total": …, "day_start": …, "peak": …, "age": …}, "position": {…}, …}

        def on_bar(self, bar):
            self.submit_if_allowed(self.order_factory.limit(…))

It asks about every order that is submitted through it, exits too: whether one reduces is for the rules to see, by the
facts of the ledger.
"""

from collections.abc import Mapping
from typing import Any

from hedgerow_client import Answer, Gate


class HedgerowGate:
    """Stands before `Strategy` among the bases of a strategy."""

    hedgerow = Gate()
    hedgerow_strategy = ""
    hedgerow_leverage = "1"

    def hedgerow_facts(self, symbol: str) -> Mapping[str, Any]:
        """All facts but the order's own, as `docs/reference/facts.md` names them."""
        raise NotImplementedError("write hedgerow_facts: what of the account and the market the rules are told")

    def submit_if_allowed(self, order: Any) -> Answer:
        """Submit an order if it may be; the answer says why not. Whatever fails is no."""
        try:
            facts = order_facts(order, self.hedgerow_strategy, self.hedgerow_leverage)
            answer = self.hedgerow.ask({**self.hedgerow_facts(facts["symbol"]), "order": facts})
        except Exception as error:
            answer = Answer(False, ("asking_failed",), f"{type(error).__name__}: {error}")
        if answer.allowed:
            self.submit_order(order)
        else:
            self.log.warning(f"vetoed: {', '.join(answer.reasons)} {answer.text}")
        return answer


def order_facts(order: Any, strategy: str, leverage: str) -> dict[str, Any]:
    """The order's own facts.

    Raises:
        ValueError: it has no price of its own, so nobody knows how badly it may fill.
    """
    if not order.has_price:
        raise ValueError("an order without a limit has no worst price: send a limit order at it instead")
    return {
        "symbol": order.instrument_id.symbol.value.removesuffix("-PERP"),
        "strategy": strategy,
        "side": "BUY" if order.is_buy else "SELL",
        "price": str(order.price),
        "quantity": str(order.quantity),
        "leverage": leverage,
        "urgent": False,
    }

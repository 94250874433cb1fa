"""Hedgerow before each entry of a freqtrade strategy.

    class MyStrategy(HedgerowGate, IStrategy):
        hedgerow = Gate("http://127.0.0.1:8787")
        hedgerow_strategy = "momentum"

        def hedgerow_facts(self, symbol):
            return {"nav": {"total": …, "day_start": …, "peak": …, "age": …}, "position": {…}, …}

Exits are freqtrade's own and are not asked about: `confirm_trade_exit` is left alone, so nothing here can hold one.
"""

import logging
from collections.abc import Mapping
from typing import Any

from hedgerow_client import Gate, written

LOG = logging.getLogger(__name__)


class HedgerowGate:
    """Stands before `IStrategy` among the bases of a strategy, so that its answer is the one that counts."""

    hedgerow = Gate()
    hedgerow_strategy = ""
    hedgerow_leverage = "1"

    def hedgerow_facts(self, symbol: str) -> Mapping[str, Any]:
        """All facts but the order's own, as `docs/reference/facts.md` names them."""
        raise NotImplementedError("write hedgerow_facts: what of the account and the market the rules are told")

    def hedgerow_worst_price(self, symbol: str, side: str, rate: float, order_type: str) -> str:
        """The worst price at which the order may fill: a limit order's own; a market order's is yours to say."""
        if order_type != "limit":
            raise ValueError("a market order has no worst price: write hedgerow_worst_price")
        return written(rate)

    def confirm_trade_entry(
        self,
        pair: str,
        order_type: str,
        amount: float,
        rate: float,
        time_in_force: str,
        current_time: Any,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> bool:
        """Whether an entry may be sent; called by freqtrade right before it sends one. Whatever fails is no."""
        try:
            symbol = pair.split(":")[0].replace("/", "")
            order = {
                "symbol": symbol,
                "strategy": self.hedgerow_strategy,
                "side": {"long": "BUY", "short": "SELL"}[side],
                "price": self.hedgerow_worst_price(symbol, side, rate, order_type),
                "quantity": written(amount),
                "leverage": self.hedgerow_leverage,
                "urgent": order_type != "limit",
            }
            answer = self.hedgerow.ask({**self.hedgerow_facts(symbol), "order": order})
        except Exception:
            LOG.exception("%s: hedgerow could not be asked, so the entry is not sent", pair)
            return False
        if not answer.allowed:
            LOG.warning("%s: vetoed: %s %s", pair, ", ".join(answer.reasons), answer.text)
        return answer.allowed

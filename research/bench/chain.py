"""The gate of `gate.yaml` as a person writes it by hand: an if-chain over nested dicts.

With floats it is what every figure is a ratio to; with fractions it is what every answer is held to.
"""

from collections.abc import Callable, Mapping
from typing import Any

Facts = Mapping[str, Any]
# Reason, observed, limit.
Veto = tuple[str, Any, Any]
Chain = Callable[[Facts, Facts], list[Veto]]


def chain(limits: Mapping[str, Any], symbols: Mapping[str, Mapping[str, Any]]) -> Chain:
    """The gate as a function of an order and the context that it is decided in.

    Args:
        limits: what holds for the account, in the type of number to compute with.
        symbols: what holds for each symbol.
    """

    def gate(order: Facts, context: Facts) -> list[Veto]:
        out: list[Veto] = []
        nav = context["nav"]
        book = context["book"]
        total = nav["total"]
        symbol = order["symbol"]
        caps = symbols.get(symbol)
        if caps is None:
            return [("not_in_universe", symbol, None)]
        of = context["symbols"][symbol]
        price = order["price"]
        notional = order["quantity"] * price
        if nav["age"] > limits["nav_max_age"]:
            out.append(("nav_stale", nav["age"], limits["nav_max_age"]))
        if nav["drawdown"] > limits["drawdown"]:
            out.append(("drawdown", nav["drawdown"], limits["drawdown"]))
        if nav["daily_loss"] > limits["daily_loss"]:
            out.append(("daily_loss", nav["daily_loss"], limits["daily_loss"]))
        if notional < caps["min_notional"]:
            out.append(("min_notional", notional, caps["min_notional"]))
        if notional > caps["order_notional"]:
            out.append(("max_order_notional", notional, caps["order_notional"]))
        if order["leverage"] > caps["leverage"]:
            out.append(("leverage", order["leverage"], caps["leverage"]))
        if of["since_trade"] < caps["cooldown"]:
            out.append(("cooldown", of["since_trade"], caps["cooldown"]))
        off = abs(price - of["mark"]) / of["mark"]
        if off > caps["price_collar"]:
            out.append(("price_collar", off, caps["price_collar"]))
        if not order["reduces"]:
            share = notional / total
            if share > limits["trade_nav"]:
                out.append(("trade_nav_pct", share, limits["trade_nav"]))
            held = of["notional"]
            exposure = abs(held + notional if order["side"] == "BUY" else held - notional) / total
            if exposure > caps["symbol_exposure"]:
                out.append(("symbol_exposure", exposure, caps["symbol_exposure"]))
            gross = (book["gross"] + notional) / total
            if gross > limits["gross_exposure"]:
                out.append(("gross_exposure", gross, limits["gross_exposure"]))
            if held == 0 and book["positions"] + 1 > limits["open_positions"]:
                out.append(("max_positions", book["positions"] + 1, limits["open_positions"]))
            group = (of["group"] + notional) / total
            if group > limits["group_exposure"]:
                out.append(("group_cap", group, limits["group_exposure"]))
            if book["var"] > limits["var"]:
                out.append(("var_cap", book["var"], limits["var"]))
        return out

    return gate

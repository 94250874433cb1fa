"""Rule engines of others on the same gate, those that are installed: `pip install -e '.[peers]'`.

Each is asked in the way that is its fastest, of facts in floats that were laid out for it beforehand, caps among them;
it says only which rules are violated. What it says is held to fractions too.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from research.bench.workload import Case, caps, converted

Facts = dict[str, Any]
# Which rules facts violate, by their places.
Ask = Callable[[Facts], Sequence[bool]]

_NOTIONAL: Final = ("*", "quantity", "price")
_COLLAR: Final = ("*", "price_collar", "mark")
_AFTER: Final = ("+", "held", ("*", "sign", _NOTIONAL))
_MOST: Final = ("*", "symbol_exposure", "total")


def _opening(*violated: Any) -> Any:
    """A rule for what opens or adds."""
    return ("and", "opens", *violated)


# Reason, and when it is violated: divisions as products, which every engine can.
RULES: Final[dict[str, Any]] = {
    "nav_stale": (">", "age", "nav_max_age"),
    "drawdown": (">", "fall", "drawdown"),
    "daily_loss": (">", "loss", "daily_loss"),
    "min_notional": ("<", _NOTIONAL, "min_notional"),
    "max_order_notional": (">", _NOTIONAL, "order_notional"),
    "leverage": (">", "wanted", "leverage"),
    "cooldown": ("<", "since_trade", "cooldown"),
    "price_collar": ("or", (">", ("-", "price", "mark"), _COLLAR), (">", ("-", "mark", "price"), _COLLAR)),
    "trade_nav_pct": _opening((">", _NOTIONAL, ("*", "trade_nav", "total"))),
    "symbol_exposure": _opening(("or", (">", _AFTER, _MOST), ("<", ("+", _AFTER, _MOST), "zero"))),
    "gross_exposure": _opening((">", ("+", "gross", _NOTIONAL), ("*", "gross_exposure", "total"))),
    "max_positions": _opening(("==", "held", "zero"), (">", "after", "open_positions")),
    "group_cap": _opening((">", ("+", "group", _NOTIONAL), ("*", "group_exposure", "total"))),
    "var_cap": _opening((">", "var_now", "var")),
}

# What each is installed as.
PACKAGES: Final = {
    "datalogic (Rust)": "datalogic-py",
    "ZEN (Rust)": "zen-engine",
    "rule-engine (Python)": "rule-engine",
}


def facts_of(found: Sequence[Case]) -> list[Facts]:
    """Cases of listed symbols as flat facts in floats; no engine is asked about others."""
    limits, symbols = caps(float)
    return [
        _flat(case, {**limits, **symbols[case.order["symbol"]]})
        for case in converted(found, float)
        if case.order["symbol"] in symbols
    ]


def _flat(case: Case, bounds: Facts) -> Facts:
    order, nav, book = case.order, case.context["nav"], case.context["book"]
    of = case.context["symbols"][order["symbol"]]
    return {
        **bounds,
        "quantity": order["quantity"],
        "price": order["price"],
        "wanted": order["leverage"],
        "opens": not order["reduces"],
        "sign": 1.0 if order["side"] == "BUY" else -1.0,
        "total": nav["total"],
        "age": nav["age"],
        "fall": nav["drawdown"],
        "loss": nav["daily_loss"],
        "gross": book["gross"],
        "after": book["positions"] + 1,
        "var_now": book["var"],
        "held": of["notional"],
        "group": of["group"],
        "mark": of["mark"],
        "since_trade": of["since_trade"],
        "zero": 0.0,
    }


def engines() -> dict[str, Callable[[], Ask]]:
    """What makes each engine ready; it raises ImportError where the engine is not installed."""
    return {"datalogic (Rust)": _datalogic, "ZEN (Rust)": _zen, "rule-engine (Python)": _rule_engine}


def _datalogic() -> Ask:
    import datalogic_py

    engine = datalogic_py.Engine()
    session, rule = engine.session(), engine.compile([_logic(tree) for tree in RULES.values()])
    return lambda facts: list(session.evaluate(rule, facts))


def _zen() -> Ask:
    import zen

    rules = zen.compile_expression("[" + ", ".join(_text(tree) for tree in RULES.values()) + "]")
    return lambda facts: list(rules.evaluate(facts))


def _rule_engine() -> Ask:
    import rule_engine

    rules = rule_engine.Rule("[" + ", ".join(_text(tree) for tree in RULES.values()) + "]")
    return lambda facts: list(rules.evaluate(facts))


def _logic(tree: Any) -> Any:
    """A tree as JSON Logic."""
    return {"var": tree} if isinstance(tree, str) else {tree[0]: [_logic(part) for part in tree[1:]]}


def _text(tree: Any) -> str:
    """A tree as most engines write it."""
    return tree if isinstance(tree, str) else "(" + f" {tree[0]} ".join(_text(part) for part in tree[1:]) + ")"


def violated(said: Sequence[bool]) -> frozenset[str]:
    """The reasons of an engine's answer."""
    return frozenset(reason for reason, wrong in zip(RULES, said, strict=True) if wrong)


__all__ = ["PACKAGES", "RULES", "engines", "facts_of", "violated"]

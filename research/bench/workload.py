"""The orders that the gate of `gate.yaml` is measured on: a seeded stream, and sets that lie on the bounds.

Every number is a short decimal text, so that a case exists exactly as float, as Decimal and as Fraction. A context is
a snapshot of account and symbols that some orders share. Nothing in it is market data.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from engine import RuleSet
from generator.compile.files import Folder
from generator.compile.one_file import Form, compile_one

ROOT: Final = Path(__file__).parents[2]
FORM: Final = Form(
    name="bench_gate",
    title="A gate of fifteen rules",
    rules="research/bench/gate.yaml",
    catalog="research/bench/gate_facts.yaml",
    parts={},
)
UNLISTED: Final = "NEWCOINUSDT"
# What goes wrong does so with this chance, each for itself.
TROUBLE: Final = 0.034
WORDS: Final = frozenset({"symbol", "side"})
STEP: Final = "0.001"

Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """An order, and the context that it is decided in."""

    order: Numbers
    context: Numbers


@cache
def ruleset() -> RuleSet:
    """The gate, compiled."""
    return compile_one(Folder(ROOT), FORM, today=date(2026, 1, 1)).ruleset


def caps(number: Callable[[Decimal], Any]) -> tuple[Numbers, dict[str, Numbers]]:
    """The caps of the account and of each symbol, as a kind of number."""

    def of(values: Mapping[str, Any]) -> Numbers:
        return {name: number(value) for name, value in values.items()}

    rules = ruleset()
    return of(rules.account.caps), {key: of(subject.layer.caps) for key, subject in rules.subjects.items()}


def cases(count: int = 2000, contexts: int = 100, seed: int = 7) -> list[Case]:
    """So many orders in so many contexts; about 30 % of them are vetoed."""
    dice = random.Random(seed)
    made = [_context(dice, quiet=number % 50 != 3) for number in range(contexts)]
    return [_case(dice, made[number % contexts]) for number in range(count)]


def on_bounds(count: int = 500, contexts: int = 50, seed: int = 11) -> list[Case]:
    """Orders of which one measure each lies exactly on its bound, which it may."""
    dice = random.Random(seed)
    made = [_context(dice, quiet=number % 50 != 3) for number in range(contexts)]
    return [_on_bound(_case(dice, made[n % contexts], listed=True), n % 5) for n in range(count)]


def converted(found: Sequence[Case], number: Callable[[str], Any]) -> list[Case]:
    """The same cases with their numbers as another type; a context that cases share stays one."""
    seen: dict[int, Numbers] = {}
    for case in found:
        if id(case.context) not in seen:
            seen[id(case.context)] = _converted(case.context, number)
    return [Case(_converted(case.order, number), seen[id(case.context)]) for case in found]


def _converted(numbers: Mapping[str, Any], number: Callable[[str], Any]) -> Numbers:
    return {
        name: _converted(value, number)
        if isinstance(value, dict)
        else number(value)
        if isinstance(value, str) and name not in WORDS
        else value
        for name, value in numbers.items()
    }


def _text(value: float, places: int) -> str:
    return f"{value:.{places}f}"


def _context(dice: random.Random, *, quiet: bool) -> Numbers:
    nav = dice.uniform(400_000, 2_000_000)

    def goes_wrong(chance: float = TROUBLE) -> bool:
        return dice.random() < chance

    def within(fine: tuple[float, float], wrong: tuple[float, float], places: int, scale: float = 1) -> str:
        return _text(scale * dice.uniform(*(wrong if goes_wrong() else fine)), places)

    symbols = {}
    for key, subject in ruleset().subjects.items():
        cap = float(str(subject.layer.caps["symbol_exposure"]))
        share = dice.uniform(0.9, 1.1) if goes_wrong() else dice.uniform(0.05, 0.5)
        held = 0.0 if goes_wrong(TROUBLE / 2) else nav * cap * share * dice.choice((1, -1))
        symbols[key] = {
            "notional": _text(held, 2),
            "mark": _text(_PRICES[key] * dice.uniform(0.97, 1.03), 3),
            "since_trade": within((16, 4000), (0, 0.9), 3),
            "group": within((0.05, 0.45), (0.56, 0.7), 2, nav),
        }
    return {
        "nav": {
            "total": _text(nav, 2),
            "age": within((0, 25), (31, 90), 3),
            "drawdown": within((0, 0.18), (0.21, 0.4), 4),
            "daily_loss": within((0, 0.045), (0.051, 0.1), 4),
        },
        "book": {
            "gross": within((0.5, 2.6), (2.95, 3.4), 2, nav),
            "positions": "12" if goes_wrong(0.06) else str(dice.randint(2, 11)),
            "var": within((0.005, 0.037), (0.041, 0.08), 4) if quiet else "0.0525",
        },
        "symbols": symbols,
    }


def _case(dice: random.Random, context: Numbers, *, listed: bool = False) -> Case:
    symbol = dice.choice(list(ruleset().subjects))
    own = {name: float(str(value)) for name, value in ruleset().subjects[symbol].layer.caps.items()}
    nav, of = float(context["nav"]["total"]), context["symbols"][symbol]
    reach = 1.4 if dice.random() < 0.06 else 0.8
    price = float(of["mark"]) * (1 + dice.uniform(-1, 1) * own["price_collar"] * reach)
    most = min(own["order_notional"], 0.1 * nav, own["symbol_exposure"] * nav)
    toss = dice.random()
    if toss < TROUBLE:
        notional = own["min_notional"] * dice.uniform(0.3, 0.95)
    elif toss < 2 * TROUBLE:
        notional = most * dice.uniform(1.05, 1.5)
    else:
        notional = dice.uniform(own["min_notional"] * 2, most * 0.7)
    top = int(own["leverage"])
    return Case(
        {
            "symbol": UNLISTED if not listed and dice.random() < 0.01 else symbol,
            "side": dice.choice(("BUY", "SELL")),
            "quantity": _text(max(notional / price, 0.001), 3),
            "price": _text(price, 3),
            "leverage": str(dice.randint(1, top) if dice.random() > TROUBLE else top + dice.randint(1, 5)),
            "reduces": dice.random() < 0.15,
        },
        context,
    )


def _on_bound(case: Case, kind: int) -> Case:
    """The case with what one measure reads changed, so that it lies on its bound."""
    order, symbol = {**case.order, "reduces": False}, case.order["symbol"]
    of, nav, book = dict(case.context["symbols"][symbol]), dict(case.context["nav"]), dict(case.context["book"])
    limits, symbols = caps(Decimal)
    own = symbols[symbol]
    notional, total = Decimal(order["quantity"]) * Decimal(order["price"]), Decimal(nav["total"])
    if kind == 0:
        nav["total"] = str(notional / limits["trade_nav"])
    elif kind == 1:
        mark = Decimal(of["mark"]).quantize(Decimal("0.1"))
        of["mark"], order["price"] = str(mark), str(mark + mark * own["price_collar"])
    elif kind == 2:
        of["group"] = str(total * limits["group_exposure"] - notional)
    elif kind == 3:
        book["gross"] = str(total * limits["gross_exposure"] - notional)
    else:
        towards = 1 if order["side"] == "BUY" else -1
        of["notional"] = str(towards * (total * own["symbol_exposure"] - notional))
    return Case(order, {"nav": nav, "book": book, "symbols": {symbol: of}})


def nested(case: Case) -> dict[str, dict[str, Any]]:
    """A case as the facts of one decision; whatever its symbol is called."""
    of = case.context["symbols"].get(case.order["symbol"]) or next(iter(case.context["symbols"].values()))
    return {"order": case.order, **standing(case.context, of)}


def standing(context: Mapping[str, Any], of: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts of a context that are not an order's."""
    return {
        "nav": context["nav"],
        "book": context["book"],
        "position": {"notional": of["notional"], "group": of["group"]},
        "market": {"mark": of["mark"], "since_trade": of["since_trade"], "step": STEP},
    }


_PRICES: Final = {
    "BTCUSDT": 64000.5,
    "ETHUSDT": 3200.25,
    "SOLUSDT": 150.125,
    "XRPUSDT": 0.625,
    "DOGEUSDT": 0.161,
    "ADAUSDT": 0.452,
    "AVAXUSDT": 35.25,
    "LINKUSDT": 14.75,
    "DOTUSDT": 7.125,
    "LTCUSDT": 84.5,
    "BCHUSDT": 410.75,
    "UNIUSDT": 9.875,
    "ATOMUSDT": 8.25,
    "NEARUSDT": 6.5,
    "APTUSDT": 9.25,
    "ARBUSDT": 1.125,
    "OPUSDT": 2.25,
    "FILUSDT": 5.625,
    "INJUSDT": 25.5,
}

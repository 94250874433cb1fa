"""A seeded stream of order intents with all their facts, for rehearsals and benchmarks. Nothing in it is market data.

A fund of three strategies trades every symbol of a universe. Prices walk at random (0.2 % a step, on the tick);
a book of positions per strategy is filled and emptied by coin tosses, not by the decisions, so that the stream
is the same whatever the rules say. All exposures are computed from that book. Troubles are then mixed in, each
with its own probability (`TROUBLES`), one or none an intent: an old NAV, a wide spread, an order too large, and
so on. The same seed gives the same bytes.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from universe.quiet import quiet_facts
from universe.reader import Universe

START_NAV: Final = Decimal(250_000)
STRATEGIES: Final = ("momentum", "vol_target", "btc_micro")
Facts = dict[str, Any]


@dataclass(slots=True)
class Book:
    """Positions in coins by (strategy, symbol), what they cost, and the prices that they stand at."""

    prices: dict[str, Decimal]
    held: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    costs: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def wallet(self, symbol: str) -> Decimal:
        """The wallet's position in a symbol, in coins."""
        return sum((q for (_, s), q in self.held.items() if s == symbol), Decimal(0))

    def notional(self, symbol: str) -> Decimal:
        """The wallet's position in a symbol, in USDT, signed."""
        return self.wallet(symbol) * self.prices[symbol]

    def exposure(self, symbols: Iterator[str]) -> Decimal:
        """The sum of absolute notionals."""
        return sum((abs(self.notional(s)) for s in symbols), Decimal(0))


def stream(universe: Universe, count: int, seed: int) -> Iterator[Facts]:
    """So many intents, each as nested facts in the catalog's units.

    Args:
        universe: gives the symbols, their tiers, groups and filters.
        count: how many intents.
        seed: the same seed and universe give the same stream.
    """
    dice = random.Random(seed)
    symbols = list(universe.document["symbols"])
    book = Book({s: Decimal(quiet_facts(universe, s, START_NAV)["mark"]["price"]) for s in symbols})
    nav = peak = day_start = START_NAV
    for number in range(count):
        if number % 250 == 0:
            day_start = nav
        nav = (nav * Decimal(1 + dice.gauss(0, 0.0003)).quantize(Decimal("1e-6"))).quantize(Decimal("0.01"))
        peak = max(peak, nav)
        symbol = dice.choice(symbols)
        _walk(book, symbol, universe, dice)
        strategy = "btc_micro" if symbol == "BTCUSDT" and dice.random() < 0.3 else dice.choice(STRATEGIES[:2])
        facts = _facts(universe, book, symbol, strategy, nav, dice)
        facts["nav"] |= {"total": str(nav), "day_start": str(min(day_start, nav * 2)), "peak": str(peak)}
        _disturb(facts, dice)
        yield facts
        _fill(book, strategy, symbol, facts, dice)


def _walk(book: Book, symbol: str, universe: Universe, dice: random.Random) -> None:
    tick = Decimal(universe.symbol(symbol)["filters"]["tick"])
    moved = book.prices[symbol] * Decimal(1 + dice.gauss(0, 0.002))
    book.prices[symbol] = max(tick, (moved / tick).to_integral_value() * tick)


def _facts(universe: Universe, book: Book, symbol: str, strategy: str, nav: Decimal, dice: random.Random) -> Facts:
    entry = universe.symbol(symbol)
    price, step = book.prices[symbol], Decimal(entry["filters"]["step"])
    facts = quiet_facts(universe, symbol, nav, strategy=strategy)
    own = book.held.get((strategy, symbol), Decimal(0))
    leaves = bool(own) and dice.random() < 0.45
    side = ("SELL" if own > 0 else "BUY") if leaves else dice.choice(("BUY", "BUY", "BUY", "SELL"))
    share = Decimal(str(round(dice.uniform(0.005, 0.05), 4)))
    size = abs(own) if leaves else (nav * share / price / step).to_integral_value(ROUND_DOWN) * step
    facts["order"] |= {
        "side": side,
        "price": str(price),
        "quantity": str(max(size, step)),
        "leverage": str(dice.choice((1, 2, 2, 2))),
        "urgent": leaves and dice.random() < 0.3,
    }
    facts["mark"]["price"] = str(price)
    tick = Decimal(entry["filters"]["tick"])
    facts["book"] = {"bid": str(price), "ask": str(price + tick)}
    _exposures(facts, universe, book, symbol, strategy, own)
    _statistics(facts, nav, size * price, dice)
    return facts


def _exposures(facts: Facts, universe: Universe, book: Book, symbol: str, strategy: str, own: Decimal) -> None:
    price = book.prices[symbol]
    entries: Mapping[str, Any] = universe.document["symbols"]
    entry = entries[symbol]
    others = [s for s in entries if s != symbol and book.wallet(s)]
    same = [s for s in others if entries[s]["tier"] == entry["tier"]]
    group = [s for s in others if "group" in entry and entries[s].get("group") == entry["group"]]
    net = sum((book.notional(s) for s in others), Decimal(0))
    mine = {s: q for (st, s), q in book.held.items() if st == strategy and q and s != symbol}
    facts["position"] = {"quantity": str(book.wallet(symbol)), "notional": str(book.notional(symbol))}
    cost = book.costs.get((strategy, symbol), Decimal(0))
    unrealised = own * price - cost
    facts["own"] |= {
        "quantity": str(own),
        "notional": str(own * price),
        "unrealised": str(unrealised),
        "best": str(max(unrealised, Decimal(0))),
        "others": str(sum((abs(q) * book.prices[s] for s, q in mine.items()), Decimal(0))),
        "positions": str(len(mine) + bool(own)),
        **({"cost": str(abs(cost)), "held": "1800", "stop_loss": "0.03"} if own else {}),
    }
    facts["tier"]["others"] = str(book.exposure(iter(same)))
    facts["group"]["others"] = str(book.exposure(iter(group)))
    facts["gross"]["others"] = str(book.exposure(iter(others)))
    facts["net"] = {"long_others": str(net), "short_others": str(-net)}
    facts["positions"]["open"] = str(len(others) + bool(book.wallet(symbol)))


def _statistics(facts: Facts, nav: Decimal, notional: Decimal, dice: random.Random) -> None:
    gross = Decimal(facts["gross"]["others"]) + abs(Decimal(facts["position"]["notional"])) + notional
    after = abs(Decimal(facts["position"]["notional"])) + notional
    cents = Decimal("0.01")
    facts["risk"] = {
        "portfolio_var": str((gross * Decimal(str(round(dice.uniform(0.03, 0.06), 4)))).quantize(cents)),
        "position_cvar": str((after * Decimal(str(round(dice.uniform(0.05, 0.1), 4)))).quantize(cents)),
    }
    facts["margin"] |= {"balance": str(nav), "available": str((nav - gross / 3).quantize(cents))}
    short = round(dice.lognormvariate(-5.1, 0.3), 6)
    facts["market"] = {"vol_short": str(short), "vol_long": "0.006"}


def _set(group: str, name: str, value: Any) -> Callable[[Facts, random.Random], None]:
    def apply(facts: Facts, dice: random.Random) -> None:
        facts[group][name] = value

    return apply


def _times(group: str, name: str, factor: str) -> Callable[[Facts, random.Random], None]:
    def apply(facts: Facts, dice: random.Random) -> None:
        facts[group][name] = str(Decimal(facts[group][name]) * Decimal(factor))

    return apply


def _meets_itself(facts: Facts, dice: random.Random) -> None:
    side, resting = ("sells", "lowest_sell") if facts["order"]["side"] == "BUY" else ("buys", "highest_buy")
    facts["working"] |= {side: "500", resting: facts["order"]["price"]}


def _adds_without_a_stop(facts: Facts, dice: random.Random) -> None:
    held, price = Decimal(facts["own"]["quantity"]) or Decimal(facts["order"]["quantity"]), facts["order"]["price"]
    facts["order"]["side"] = "BUY" if held > 0 else "SELL"
    facts["own"] |= {"quantity": str(held), "cost": str(abs(held) * Decimal(price)), "stop_loss": None}


# What goes wrong, how often in a thousand intents, and how.
TROUBLES: Final[tuple[tuple[str, int, Callable[[Facts, random.Random], None]], ...]] = (
    ("an old NAV", 8, _set("nav", "age", "190")),
    ("an old mark price", 8, _set("mark", "age", "40")),
    ("a bad day", 6, _times("nav", "day_start", "1.012")),
    ("a fall from the peak", 4, _times("nav", "peak", "1.5")),
    ("the kill switch", 5, _set("control", "kill_switch", True)),
    ("a price off the tick", 8, _times("order", "price", "1.00001234567")),
    ("a quantity off the step", 8, _times("order", "quantity", "1.0000003")),
    ("a slip of the finger", 10, _times("order", "quantity", "100")),
    ("dust", 10, _times("order", "quantity", "0.001")),
    ("too much leverage", 8, _set("order", "leverage", "10")),
    ("leverage beyond the bracket", 4, _set("bracket", "leverage", "1")),
    ("a wide spread", 10, _times("book", "ask", "1.004")),
    ("a price far from the mark", 8, _times("mark", "price", "0.9")),
    ("straight back in", 15, _set("recent", "since_exit", "45")),
    ("a missing statistic", 4, _set("risk", "portfolio_var", None)),
    ("a NAV that is no number", 3, _set("nav", "total", "NaN")),
    ("margin nearly used up", 6, _set("margin", "available", "12000")),
    ("a margin balance far below NAV", 4, _times("margin", "balance", "0.2")),
    ("an unknown symbol", 4, _set("order", "symbol", "PEPEUSDT")),
    ("a losing position", 12, _set("own", "unrealised", "-4000")),
    ("a volatile portfolio", 6, _set("risk", "portfolio_var", "40000")),
    ("as many positions as may be", 8, _set("positions", "open", "6")),
    ("a volatile position", 6, _times("risk", "position_cvar", "12")),
    ("an order that meets our own", 6, _meets_itself),
    ("a position without a stop", 6, _adds_without_a_stop),
    ("the same order again", 6, _set("recent", "since_order", "1")),
    ("a symbol that was stopped out", 5, _set("recent", "symbol_stops", "5")),
    ("stops all over", 5, _set("recent", "stops_1h", "15")),
    ("a symbol that costs", 5, _set("recent", "symbol_result", "-9000")),
    ("order after order in a symbol", 5, _set("recent", "symbol_orders", "70")),
    ("order after order", 5, _set("recent", "orders_1m", "80")),
    ("price after price", 5, _set("recent", "amendments_1m", "130")),
    ("too many orders in a day", 5, _set("recent", "orders_today", "2000")),
    ("too many trades in a day", 5, _set("recent", "trades_today", "50")),
    ("margin that the venue holds", 5, _set("margin", "maintenance", "200000")),
    ("a bad week", 5, _set("recent", "week_result", "-9000")),
    ("a day too good", 5, _times("nav", "day_start", "0.7")),
    ("refusal after refusal", 5, _set("recent", "refusals_10m", "40")),
    ("a streak of stops", 5, _set("breakers", "stop_streak", True)),
    ("a streak of losses", 5, _set("breakers", "loss_streak", True)),
    ("a strategy's bad day", 5, _set("breakers", "strategy_loss", True)),
    ("a strategy that repeats itself", 5, _set("breakers", "repeated_orders", True)),
    ("a halt", 5, _set("breakers", "halt", True)),
    ("a fund too large for its orders", 5, _times("nav", "total", "10000")),
)


def _disturb(facts: Facts, dice: random.Random) -> None:
    toss = dice.randrange(1000)
    for _, chance, apply in TROUBLES:
        if toss < chance:
            apply(facts, dice)
            return
        toss -= chance


def _fill(book: Book, strategy: str, symbol: str, facts: Facts, dice: random.Random) -> None:
    """Half of the well-formed orders fill; a book too full empties a position at random."""
    order = facts["order"]
    quantity = Decimal(order["quantity"])
    if dice.random() < 0.5 or order["symbol"] != symbol or quantity * book.prices[symbol] > START_NAV / 10:
        return
    key = (strategy, symbol)
    before = book.held.get(key, Decimal(0))
    signed = quantity if order["side"] == "BUY" else -quantity
    after = before + signed
    adds = before * signed >= 0
    cost = book.costs.get(key, Decimal(0))
    book.costs[key] = cost + signed * book.prices[symbol] if adds else after * book.prices[symbol]
    book.held[key] = after
    if not after:
        del book.held[key], book.costs[key]
    if len(book.held) > 4:
        gone = dice.choice(sorted(book.held))
        del book.held[gone], book.costs[gone]

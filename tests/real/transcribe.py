"""The predecessor's recorded intents, transcribed to facts.

Where a fact comes from:

- *recorded*: it stands in the row itself;
- *derived*: it follows from the rows of the trades file: when a side was last left, or that a symbol was flat;
- *assumed*: nothing says it for sure. It is a quiet account's; or the trades file tells it only in part, as it does NAV
  and what else was open; or it takes an entry of several fills for one order.

A transcript names the facts that were assumed, so that nobody takes an answer that rests on them for a finding.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Any, Final

from engine.catalog import Value
from engine.nesting import nested
from engine.ruleset import RuleSet
from tests.real.records import Refusal, Trade

# NAV before the first trade. The trades file has none: this is what the refusals of the same month show, to the dollar.
NAV_BEFORE: Final = Decimal(10235)
NEVER: Final = "315360000"

# Our strategy for each of theirs. A trade whose strategy they lost counts as `momentum`, which is an assumption.
STRATEGIES: Final = MappingProxyType(
    {
        "vol_target": "vol_target",
        "btc_m15": "momentum",
        "eth_m15": "momentum",
        "sol_m15": "momentum",
        "unknown": "momentum",
    }
)

# The quiet account: all that no record says, as kind to an order as it can be. Prices are fresh, nothing is working, no
# position has gained or lost, the venue's brackets are wide, statistics see no risk, nobody pulled the kill switch.
# Mark, bid and ask are the order's own price and the margin is NAV, all of it free: `quiet` fills those in.
QUIET: Final[Mapping[str, str | bool]] = MappingProxyType(
    {
        "order.leverage": "2",
        "order.urgent": False,
        "nav.age": "3",
        "mark.age": "1",
        "market.vol_short": "0.006",
        "market.vol_long": "0.006",
        "working.buys": "0",
        "working.sells": "0",
        "working.buy_quantity": "0",
        "working.sell_quantity": "0",
        "own.unrealised": "0",
        "own.best": "0",
        "own.held": "0",
        "own.reducing": "0",
        "own.buys": "0",
        "own.sells": "0",
        "own.others": "0",
        "own.positions": "0",
        "tier.others": "0",
        "group.others": "0",
        "bracket.leverage": "75",
        "risk.portfolio_var": "0",
        "risk.position_cvar": "0",
        "own.stop_loss": "0.03",
        "margin.maintenance": "0",
        "control.kill_switch": False,
        "control.halt": False,
    }
)

# What the trades file tells only in part: the refusals, which saw the account itself, show more open positions, and
# another NAV, than the trades of the same moment add up to. Nor does anything say what a position was worth meanwhile.
ESTIMATED: Final = frozenset(
    """
    nav.total nav.day_start nav.peak positions.open own.positions own.others tier.others group.others gross.others
    net.long_others net.short_others
    """.split()
)
IN_THE_SYMBOL: Final = frozenset(
    "position.quantity position.notional own.quantity own.notional own.cost own.held".split()
)


def quiet(price: Decimal, nav: Decimal, symbols: "Symbols") -> dict[str, str | bool]:
    """The quiet account at a price and a NAV."""
    at_price = dict.fromkeys(("mark.price", "book.bid", "book.ask"), _text(price))
    return {**QUIET, **symbols.calm, **at_price, "margin.balance": _text(nav), "margin.available": _text(nav)}


@dataclass(frozen=True)
class Transcript:
    """Nested facts, numbers as decimal text, and the names of those that were assumed."""

    facts: Mapping[str, Any]
    assumed: frozenset[str]


@dataclass(frozen=True)
class Symbols:
    """What a transcription needs of the rules: each symbol's own facts, and windows and breakers after a calm time."""

    facts: Mapping[str, Mapping[str, Value]]
    calm: Mapping[str, str | bool]

    @classmethod
    def of(cls, ruleset: RuleSet) -> "Symbols":
        """Of every symbol of a rule set."""
        calm: dict[str, str | bool] = {f"breakers.{breaker.id}": False for breaker in ruleset.breakers}
        for name, window in ruleset.windows.items():
            calm[f"recent.{name}"] = NEVER if window.kind == "since_last" else "0"
        return cls({key: subject.facts for key, subject in ruleset.subjects.items()}, calm)

    def share(self, part: str, one: str, other: str) -> bool:
        """Whether two symbols share a tier or a group."""
        mine = self.facts[one].get(f"symbol.{part}")
        return mine is not None and mine == self.facts[other].get(f"symbol.{part}")

    def quantity(self, symbol: str, value: Decimal) -> Decimal:
        """A quantity, down to the step."""
        return _to_multiple(value, self.facts[symbol]["symbol.step"], ROUND_FLOOR)

    def minimum(self, symbol: str) -> Decimal:
        """The smallest notional that the venue takes."""
        return _number(self.facts[symbol]["symbol.min_notional"])

    def price(self, symbol: str, side: str, value: Decimal) -> Decimal:
        """A price on the tick: up for a buy, down for a sell, as an order's price is the worst at which it may fill."""
        return _to_multiple(value, self.facts[symbol]["symbol.tick"], ROUND_CEILING if side == "BUY" else ROUND_FLOOR)


def of_trade(trade: Trade, history: Iterable[Trade], symbols: Symbols) -> Transcript:
    """The entry of a trade as an order, given the other trades of the file (later ones don't matter).

    An entry of several fills is taken as one order; its size and price are then assumed. So is the size of an entry
    below the venue's minimum, which was filled in part, or a remnant: no order of that size would have been taken.
    """
    past = [t for t in history if t is not trade and t.entered <= trade.entered]
    held = [t for t in past if trade.entered < t.left]
    price = symbols.price(trade.symbol, trade.side, trade.price)
    quantity = symbols.quantity(trade.symbol, trade.quantity)
    nav = nav_at(past, trade.entered)
    known: dict[str, str | bool] = {
        **_order(trade.symbol, trade.side, trade.strategy, price, quantity),
        **{name: _text(value) for name, value in nav.items()},
        **_positions(trade, held, symbols),
        **_since_exit(past, trade.symbol, trade.side, trade.entered),
    }
    facts = {**quiet(price, nav["nav.total"], symbols), **known}
    is_one_order = trade.fills == 1 and quantity * price >= symbols.minimum(trade.symbol)
    unsure = _unsure(trade, held, is_one_order=is_one_order)
    return Transcript(nested(facts.items()), frozenset(facts.keys() - known.keys() | unsure & facts.keys()))


def of_refusal(refusal: Refusal, refusals: Iterable[Refusal], trades: Iterable[Trade], symbols: Symbols) -> Transcript:
    """A refused intent as an order; exits are those of the trades file.

    The position is taken as the asking strategy's own. What was open in the tier and the group is at least what the
    other refusals of the same scan held. How many symbols were open is only known when the predecessor refused for
    that: then at least as many as its limit.
    """
    price = symbols.price(refusal.symbol, refusal.side, refusal.price)
    position = refusal.held * refusal.price
    holds = 1 if refusal.held else 0
    counted = "max_concurrent" in refusal.reasons
    known: dict[str, str | bool] = {
        **_order(
            refusal.symbol,
            refusal.side,
            refusal.strategy,
            price,
            symbols.quantity(refusal.symbol, refusal.notional / refusal.price),
        ),
        "order.leverage": _text(refusal.leverage),
        "nav.total": _text(refusal.nav),
        "nav.peak": _text(refusal.nav_peak),
        "nav.age": _text(refusal.nav_age),
        "position.quantity": _text(refusal.held),
        "position.notional": _text(position),
        "gross.others": _text(refusal.others),
        **({"positions.open": _text(refusal.thresholds["max_concurrent_positions"])} if counted else {}),
        **_held_beside(refusal, refusals, symbols),
        **_since_exit(trades, refusal.symbol, refusal.side, refusal.at),
    }
    guessed: dict[str, str | bool] = {
        "nav.day_start": _text(refusal.nav),
        "positions.open": str(holds),
        "own.quantity": _text(refusal.held),
        "own.notional": _text(position),
        "own.positions": str(holds),
        "net.long_others": _text(refusal.others),
        "net.short_others": _text(-refusal.others),
    }
    if refusal.held:
        guessed["own.cost"] = _text(position)
    facts = {**quiet(price, refusal.nav, symbols), **guessed, **known}
    return Transcript(nested(facts.items()), frozenset(facts.keys() - known.keys()))


def _held_beside(refusal: Refusal, refusals: Iterable[Refusal], symbols: Symbols) -> dict[str, str | bool]:
    """What the other refusals that saw the same account held in the order's tier and group; nothing without such."""
    held = {r.symbol: r.held * r.price for r in refusals if (r.nav, r.gross) == (refusal.nav, refusal.gross)}
    elsewhere = {symbol: notional for symbol, notional in held.items() if symbol != refusal.symbol}
    return _shared(refusal.symbol, elsewhere, symbols) if elsewhere else {}


def crowded(transcript: Transcript) -> Transcript:
    """The same intent, with all else that was open in the order's own tier and group and its strategy's: the worst
    that the record allows.
    """
    facts = {group: dict(entries) for group, entries in transcript.facts.items()}
    for group in ("tier", "group", "own"):
        facts[group]["others"] = facts["gross"]["others"]
    facts["own"]["positions"] = facts["positions"]["open"]
    return Transcript(facts, transcript.assumed)


def _order(symbol: str, side: str, strategy: str, price: Decimal, quantity: Decimal) -> dict[str, str | bool]:
    return {
        "order.symbol": symbol,
        "order.strategy": STRATEGIES[strategy],
        "order.side": side,
        "order.price": _text(price),
        "order.quantity": _text(quantity),
    }


def nav_at(past: Iterable[Trade], now: datetime) -> dict[str, Decimal]:
    """NAV at an instant, at the start of its UTC day, and its peak: what closed trades left of the NAV before them."""
    total = peak = day_start = NAV_BEFORE
    for trade in sorted((t for t in past if t.left <= now), key=lambda t: (t.left, t.name)):
        total += trade.net
        peak = max(peak, total)
        if trade.left < _midnight(now):
            day_start = total
    return {"nav.total": total, "nav.day_start": day_start, "nav.peak": peak}


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _positions(trade: Trade, held: list[Trade], symbols: Symbols) -> dict[str, str | bool]:
    """What was open when a trade was entered, each trade at its entry price."""
    own = [t for t in held if STRATEGIES[t.strategy] == STRATEGIES[trade.strategy]]
    elsewhere = _by_symbol(t for t in held if t.symbol != trade.symbol)
    net = sum(elsewhere.values(), Decimal(0))
    facts: dict[str, str | bool] = {
        "position.quantity": _text(_quantity(held, trade.symbol)),
        "position.notional": _text(_by_symbol(held).get(trade.symbol, Decimal(0))),
        "own.quantity": _text(_quantity(own, trade.symbol)),
        "own.notional": _text(_by_symbol(own).get(trade.symbol, Decimal(0))),
        "own.others": _text(_gross(_by_symbol(t for t in own if t.symbol != trade.symbol))),
        "own.positions": str(len({t.symbol for t in own})),
        **_shared(trade.symbol, elsewhere, symbols),
        "gross.others": _text(_gross(elsewhere)),
        "net.long_others": _text(net),
        "net.short_others": _text(-net),
        "positions.open": str(len({t.symbol for t in held})),
    }
    here = [t for t in own if t.symbol == trade.symbol]
    if facts["own.quantity"] != "0":
        facts["own.cost"] = _text(sum((t.notional for t in here), Decimal(0)))
        facts["own.held"] = _seconds(trade.entered - min(t.entered for t in here))
    return facts


def _shared(symbol: str, elsewhere: Mapping[str, Decimal], symbols: Symbols) -> dict[str, str | bool]:
    """What is open in the other symbols of a symbol's tier and group."""
    return {
        f"{part}.others": _text(_gross({s: v for s, v in elsewhere.items() if symbols.share(part, symbol, s)}))
        for part in ("tier", "group")
    }


def _unsure(trade: Trade, held: list[Trade], *, is_one_order: bool) -> frozenset[str]:
    """The facts of an entry that are assumed. Its symbol was flat, since trades go from flat to flat; where another
    trade was open in it, nothing says what of that was left.
    """
    return frozenset().union(
        ESTIMATED,
        () if trade.attributed else {"order.strategy"},
        () if is_one_order else {"order.quantity", "order.price"},
        IN_THE_SYMBOL if any(t.symbol == trade.symbol for t in held) else (),
    )


def _since_exit(past: Iterable[Trade], symbol: str, side: str, now: datetime) -> dict[str, str | bool]:
    """Time since the last exit of a symbol and side; nothing when the file has none."""
    exits = [t.left for t in past if (t.symbol, t.side) == (symbol, side) and t.left <= now]
    return {"recent.since_exit": _seconds(now - max(exits))} if exits else {}


def _by_symbol(trades: Iterable[Trade]) -> dict[str, Decimal]:
    """Signed notional of each symbol."""
    found: dict[str, Decimal] = {}
    for trade in trades:
        found[trade.symbol] = found.get(trade.symbol, Decimal(0)) + trade.sign * trade.notional
    return found


def _gross(notionals: Mapping[str, Decimal]) -> Decimal:
    return sum(map(abs, notionals.values()), Decimal(0))


def _quantity(trades: Iterable[Trade], symbol: str) -> Decimal:
    return sum((t.sign * t.quantity for t in trades if t.symbol == symbol), Decimal(0))


def _to_multiple(value: Decimal, of: Value, rounding: str) -> Decimal:
    unit = _number(of)
    return (value / unit).to_integral_value(rounding) * unit


def _number(value: Value) -> Decimal:
    assert isinstance(value, Decimal)
    return value


def _seconds(span: timedelta) -> str:
    return _text(Decimal(span // timedelta(microseconds=1)) / 1_000_000)


def _text(value: Decimal) -> str:
    return f"{(value + 0).normalize():f}"  # no minus before a zero

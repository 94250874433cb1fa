from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from execution.events import (
    Decided,
    ExitsArmed,
    ExitTriggered,
    Filled,
    OrderChanged,
    OrderSent,
    PositionClosed,
    StrategyFailed,
)
from tests.execution.arena import (
    HOUR,
    START,
    WARM,
    Arena,
    at_once,
    bar,
    buy,
    calm,
    feed_of,
    of,
    sell,
    told,
    universe_with,
)
from universe.protocol import Answer
from universe.trading import Intent, Side

NOW = START + WARM * HOUR
BTC = "BTCUSDT"
FLAT = (50_000, 50_050, 49_990, 50_000)
# An entry here is never in profit, so that no trailing stop is armed yet.
DULL = (50_000, 50_000, 49_990, 50_000)


def arena(tmp_path, later, script, *, volumes=None, **options):
    """A calm day of BTC at 50,000, then these bars; `volumes` of them by number where they are not ample."""
    bars = calm(BTC, WARM, 50_000)
    for i, prices in enumerate(later):
        bars.append(bar(BTC, NOW + i * HOUR, prices, volume=(volumes or {}).get(i, 10_000)))
    strategies = options.pop("strategies", None) or [told(script, (BTC,))]
    return Arena(tmp_path / "run", feed_of(bars), strategies, **options)


def test_when_a_part_of_a_winning_position_is_closed_then_its_trailing_stop_does_not_fire(tmp_path):
    """Profit that was taken is not profit that was given back: the best is that of the part that is left."""
    up, flat = (50_000, 52_200, 49_990, 52_200), (52_200, 52_210, 52_190, 52_200)
    script = {NOW: [buy(BTC, "0.004")], NOW + 2 * HOUR: [sell(BTC, "0.002")]}
    run = arena(tmp_path, [FLAT, up, flat, flat], script)
    events = run.run()
    assert of(events, ExitTriggered) == []
    position = run.loop.desk.books.ledger.position("momentum", BTC)
    # The highest price while it was whole is that of the part now.
    assert run.loop.desk.best("momentum", BTC) == position.unrealised(Decimal(52_210))


def test_when_a_part_was_closed_then_the_trailing_stop_still_fires_where_the_rest_has_given_back_enough(tmp_path):
    """2 % of the cost of what is left, from the best that it has seen."""
    up, flat = (50_000, 52_200, 49_990, 52_200), (52_200, 52_200, 52_190, 52_200)
    script = {NOW: [buy(BTC, "0.004")], NOW + 2 * HOUR: [sell(BTC, "0.002")]}
    run = arena(tmp_path, [FLAT, up, flat, (52_200, 52_200, 51_000, 51_000)], script)
    events = run.run()
    [trigger] = of(events, ExitTriggered)
    entry = of(events, Filled)[0].price
    assert trigger.reason == "trailing_stop"
    assert Decimal(52_200) - entry * Decimal("0.02") - Decimal("0.1") <= trigger.price
    assert trigger.price <= Decimal(52_200) - entry * Decimal("0.02")


def test_when_a_position_is_larger_than_the_venue_takes_in_one_order_then_its_stop_closes_all_of_it_at_once(tmp_path):
    """Order after order at the price of the stop, none larger than the venue takes; nothing waits for the next bar."""
    path = universe_with(tmp_path, lambda u: u["symbols"][BTC]["filters"].update(max_quantity="0.003"))
    script = {NOW + i * HOUR: [buy(BTC, "0.003")] for i in range(3)}
    run = arena(tmp_path, [DULL] * 3 + [(50_000, 50_000, 47_000, 47_000)], script, universe=path)
    events = run.run()
    sold = [f for f in of(events, Filled) if f.side == "SELL"]
    assert [f.quantity for f in sold] == [Decimal("0.003")] * 3
    assert {f.price for f in sold} == {sold[0].price}
    assert sold[0].price > 48_000
    assert [t.reason for t in of(events, ExitTriggered)] == ["stop_loss"]
    assert len(of(events, PositionClosed)) == 1


def test_when_what_is_held_is_less_than_the_venue_takes_then_it_is_said_once_and_leaves_with_what_is_added(tmp_path):
    """A partial fill left less than one order may be: no order is asked for in vain at every bar."""

    def coarse(universe):
        universe["symbols"][BTC]["filters"]["min_quantity"] = "0.003"
        universe["symbols"][BTC]["caps"] |= {"min_notional": "10", "add_to_loser": "1"}

    fall = (50_000, 50_000, 47_000, 47_000)
    later = [DULL, fall, (47_000, 47_000, 46_990, 47_000), (47_000, 47_000, 46_990, 47_000), (47_000,) * 4]
    script = {NOW: [buy(BTC, "0.004")], NOW + 3 * HOUR: [buy(BTC, "0.004")]}
    run = arena(tmp_path, later, script, volumes={0: "0.02"}, universe=universe_with(tmp_path, coarse))
    run.run(until=NOW + 2 * HOUR)
    held = run.loop.desk.books.ledger.position("momentum", BTC)
    assert (held.quantity, held.closing) == (Decimal("0.002"), "stop_loss")
    events = run.run()
    refused = [d for d in of(events, Decided) if not d.allowed]
    assert refused == [] or {d.record["facts"]["order"]["side"] for d in refused} == {"BUY"}
    assert len(of(events, ExitTriggered)) <= 3


def test_when_a_take_profit_takes_its_way_then_it_is_asked_for_once(tmp_path):
    """A wide spread sends it the taker's way, which is decided at the close: it is under way until then."""

    def wide(universe):
        universe["symbols"][BTC]["caps"]["maker_spread"] = "0.00001"

    later = [FLAT, (50_000, 53_000, 49_990, 52_900), (52_900,) * 4, (52_900,) * 4]
    run = arena(tmp_path, later, {NOW: [buy(BTC, "0.004")]}, universe=universe_with(tmp_path, wide))
    events = run.run()
    assert [t.reason for t in of(events, ExitTriggered)] == ["take_profit"]
    [sold] = [f for f in of(events, Filled) if f.side == "SELL"]
    assert sold.quantity == Decimal("0.004")


def test_when_a_stop_fires_after_a_partial_fill_then_the_rest_of_the_entry_opens_nothing(tmp_path):
    """What still works of the entry is taken back before the position is left, and no order is left over."""
    later = [(50_000, 50_000, 48_000, 48_000), (48_000, 48_010, 47_990, 48_000), (48_000,) * 4]
    order = buy(BTC, "0.008")
    run = arena(tmp_path, later, {NOW: [order]}, volumes={0: "0.03"})
    events = run.run()
    [closed] = of(events, PositionClosed)
    assert closed.reason == "stop_loss"
    entered = sum(f.quantity for f in of(events, Filled) if f.side == "BUY")
    left = sum(f.quantity for f in of(events, Filled) if f.side == "SELL")
    assert Decimal(0) < entered == left < order.quantity
    assert run.loop.desk.books.open_orders() == []
    assert run.loop.desk.books.ledger.positions == {}


def test_when_two_strategies_hold_opposite_sides_then_each_stop_closes_its_own_and_no_more(tmp_path):
    """The long one's stop raises the wallet's net short, and passes; the short one stays as it was."""
    later = [FLAT, (50_000, 50_000, 48_400, 48_500), (48_500,) * 4]
    ours, theirs = {NOW: [buy(BTC, "0.006")]}, {NOW: [sell(BTC, "0.004", strategy="vol_target")]}
    both = [told(ours, (BTC,)), told(theirs, (BTC,), "vol_target")]
    run = arena(tmp_path, later, {}, strategies=both, universe=universe_with(tmp_path, at_once))
    events = run.run()
    [trigger] = of(events, ExitTriggered)
    assert trigger.strategy == "momentum"
    exit_order = [o for o in of(events, OrderSent) if o.cause == "exit"]
    assert [(o.quantity, o.reduce_only) for o in exit_order] == [(Decimal("0.006"), False)]
    ledger = run.loop.desk.books.ledger
    assert ledger.net(BTC) == ledger.position("vol_target", BTC).quantity == Decimal("-0.004")


def test_when_two_strategies_stops_are_reached_in_one_bar_then_each_is_closed_once(tmp_path):
    """Two exits at one price in one symbol: two orders, each of its own position."""
    later = [DULL, (50_000, 50_000, 48_000, 48_000), (48_000,) * 4]
    both = [told({NOW: [buy(BTC, "0.006", strategy=name)]}, (BTC,), name) for name in ("momentum", "vol_target")]
    run = arena(tmp_path, later, {}, strategies=both)
    events = run.run()
    assert [(t.strategy, t.reason) for t in of(events, ExitTriggered)] == [
        ("momentum", "stop_loss"),
        ("vol_target", "stop_loss"),
    ]
    assert [c.strategy for c in of(events, PositionClosed)] == ["momentum", "vol_target"]
    assert run.loop.desk.books.ledger.positions == {}
    assert run.loop.desk.books.open_orders() == []


@pytest.mark.parametrize(
    ("prices", "reason"),
    [((50_000, 53_000, 48_000, 52_900), "stop_loss"), ((50_000, 53_000, 48_000, 48_100), "trailing_stop")],
)
def test_when_take_profit_and_stop_are_in_one_bar_then_the_assumed_way_says_which_comes_first(tmp_path, prices, reason):
    """A rising bar goes to its low first; a falling one to its high, and the order that takes profit comes too late."""
    run = arena(tmp_path, [DULL, prices, (50_000,) * 4], {NOW: [buy(BTC, "0.004")]})
    events = run.run()
    [closed] = of(events, PositionClosed)
    assert closed.reason == reason
    assert [c.change for c in of(events, OrderChanged)].count("filled") == 2


def test_when_a_fact_that_arms_exits_is_missing_then_what_is_armed_stays_and_none_is_claimed(tmp_path):
    """No enlargement takes the exits from a position; one that has none is not said to be armed."""

    def row(when):
        # The bracket is a fact of orders: this table, which is asked about a position, does not have it.
        return lambda u: u["tables"]["arm"]["rows"].insert(0, {"id": "odd", "when": when, "then": {"stop_loss": "1%"}})

    script = {NOW: [buy(BTC, "0.004")], NOW + HOUR: [buy(BTC, "0.004")]}
    run = arena(
        tmp_path,
        [DULL] * 3,
        script,
        universe=universe_with(tmp_path, row("known(own.stop_loss) and bracket.leverage > 0")),
    )
    events = run.run()
    armed = of(events, ExitsArmed)
    position = run.loop.desk.books.ledger.position("momentum", BTC)
    assert position.quantity == Decimal("0.008")
    assert position.exits is not None
    assert len(armed) == 1

    (tmp_path / "other").mkdir()
    run = arena(
        tmp_path / "other", [DULL] * 3, script, universe=universe_with(tmp_path / "other", row("bracket.leverage > 0"))
    )
    events = run.run()
    assert of(events, ExitsArmed) == []
    assert run.loop.desk.books.ledger.position("momentum", BTC).exits is None


def test_when_a_rule_of_exits_looks_further_than_the_position_then_all_facts_are_asked_for(tmp_path):
    """A row that names a fact of the market neither switches the rows behind it off, nor is itself without effect."""
    later = [DULL, DULL, (50_000, 50_000, 48_000, 48_000), (48_000,) * 4]
    for number, (when, left) in enumerate((("vol_ratio >= 1000", "stop_loss"), ("vol_ratio >= 0", "time_stop"))):
        row = {"id": "rough", "when": when, "then": {"action": "close", "reason": "time_stop", "urgent": "false"}}
        (tmp_path / str(number)).mkdir()
        path = universe_with(tmp_path / str(number), lambda u, row=row: u["tables"]["exit"]["rows"].insert(0, row))
        events = arena(tmp_path / str(number), later, {NOW: [buy(BTC, "0.004")]}, universe=path).run()
        assert [t.reason for t in of(events, ExitTriggered)] == [left]


@dataclass(frozen=True)
class Faulty:
    """A strategy that answers something else than it should, once it has entered."""

    answer: Callable[[], Any]
    name: str = "momentum"
    symbols: tuple[str, ...] = (BTC,)
    every: int = HOUR
    warm_up: int = 1

    def intents(self, view):
        """An entry, and then what it must not answer."""
        return Answer((buy(BTC, "0.004"),) if view.time == NOW else (), {}) if view.time <= NOW else self.answer()


def _raising():
    raise KeyError("a bug")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_raising, "KeyError: 'a bug'"),
        (lambda: None, "AttributeError"),
        (lambda: Answer((buy(BTC, "NaN"),), {}), "ValueError: `Decimal('NaN')` is no quantity"),
        (lambda: Answer((Intent("momentum", BTC, Side.BUY, 0.004),), {}), "ValueError: `0.004` is no quantity"),
        (lambda: Answer((Intent("momentum", BTC, "LONG", None),), {}), "ValueError"),
        (lambda: Answer((), {"seen": Decimal(1)}), "TypeError"),
    ],
)
def test_when_a_strategy_fails_then_its_position_is_still_left_by_its_stop(tmp_path, answer, says):
    """The run goes on without it, says so in the journal, and tends the exits of what is held."""
    later = [DULL, DULL, (50_000, 50_000, 48_000, 48_000), (48_000,) * 4]
    events = arena(tmp_path, later, {}, strategies=[Faulty(answer)]).run()
    assert [c.reason for c in of(events, PositionClosed)] == ["stop_loss"]
    failed = of(events, StrategyFailed)
    assert len(failed) == 4
    assert failed[0].text.startswith(says)

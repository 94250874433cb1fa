"""Breakers and windows in a run: what they stop, what opens them, and that a kill changes nothing of it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from execution.events import (
    BreakerRearmed,
    BreakerTripped,
    Decided,
    ExitTriggered,
    Filled,
    Halted,
    IntentMade,
    OrderChanged,
    OrderSent,
    PositionClosed,
    UniverseActivated,
)
from execution.journal import Journal, give
from tests.execution.arena import (
    HOUR,
    MINUTE,
    START,
    WARM,
    Arena,
    Told,
    bar,
    buy,
    calm,
    capped,
    edited,
    feed_of,
    of,
    universe_with,
)

NOW = START + WARM * HOUR
BTC, ETH = "BTCUSDT", "ETHUSDT"
FLAT = (50_000, 50_000, 49_995, 50_000)
FALL = (50_000, 50_000, 48_000, 48_000)  # through the stop, three in a hundred below
LOW = (48_000, 48_000, 47_995, 48_000)
ADA = {"by": "Ada", "why": "a look at it"}


def minutes(tmp_path, prices, script, *, before=lambda loop, tick: None, cash=15_000, **caps):
    """A calm day of BTC at 50,000, then a bar a minute of these prices, and a strategy that asks each minute."""
    tmp_path.mkdir(exist_ok=True, parents=True)
    bars = [replace(one, opened=one.closed - MINUTE) for one in calm(BTC, WARM, 50_000)]
    bars += [bar(BTC, NOW + i * MINUTE, one, seconds=MINUTE) for i, one in enumerate(prices)]
    wishes = {NOW + minute * MINUTE: asked for minute, asked in script.items()}
    strategy = Told("momentum", wishes, (BTC,), every=MINUTE)
    universe = universe_with(tmp_path, lambda document: capped(document, cooldown="0", **caps))
    arena = Arena(tmp_path / "run", feed_of(bars), [strategy], Decimal(cash), universe)
    arena.before = before
    return arena


def at(minute, *given):
    """A person gives these commands so that they are heard at a minute: each a kind and its body."""

    def before(loop, tick):
        if tick.time == NOW + minute * MINUTE:
            for kind, body in given:
                give(loop.rules.folder, kind, {**ADA, **body}, now=0)

    return before


def rearm(breaker, **keys):
    """The command that opens a breaker."""
    return BreakerRearmed.kind, {"breaker": breaker, "keys": keys}


HALT = (Halted.kind, {})


def reasons(events):
    """Of each decision on what the strategy asked for, the reasons of its vetoes; empty where it was allowed."""
    asked = {e.intent for e in of(events, IntentMade) if e.cause == "strategy"}
    return [
        tuple(v["reason"] for v in d.record["vetoes"])
        for d in of(events, Decided)
        if d.attempt == 1 and d.intent in asked
    ]


def test_when_a_stop_makes_the_streak_then_entries_stop_until_the_pause_is_over(tmp_path):
    """Vetoed in the tick of the stop and until the last second of the pause; the journal says by which facts."""
    script = {m: [buy(BTC, "0.004")] for m in (0, 2, 4, 6, 7)}
    arena = minutes(tmp_path, [FLAT, FALL, *[LOW] * 8], script, stop_streak="1", streak_pause="300")
    events = arena.run()
    [exit_made], [tripped] = of(events, ExitTriggered), of(events, BreakerTripped)
    assert (exit_made.reason, tripped.breaker, tripped.keys) == ("stop_loss", "stop_streak", {"strategy": "momentum"})
    assert (tripped.observed, tripped.limit) == ("1", "1")
    assert tripped.facts["recent"]["stop_streak"] == "1"
    assert tripped.until == NOW + 2 * MINUTE + 300
    assert reasons(events) == [(), ("stop_streak",), ("stop_streak",), ("stop_streak",), ()]


def test_when_a_person_halts_then_exits_are_held_until_a_person_opens_it(tmp_path):
    """Through the stop and beyond; once it is open again, the position is left."""
    arena = minutes(tmp_path, [FLAT, FLAT, FALL, *[LOW] * 5], {0: [buy(BTC, "0.004")], 4: [buy(BTC, "0.004")]})
    halts, opens = at(2, HALT), at(6, rearm("halt"))
    arena.before = lambda loop, tick: (halts(loop, tick), opens(loop, tick))
    held = arena.run(until=NOW + 5 * MINUTE)
    [tripped] = of(held, BreakerTripped)
    assert (tripped.breaker, tripped.until) == ("halt", None)
    assert of(held, ExitTriggered) == []
    assert arena.loop.desk.books.ledger.positions
    assert reasons(held) == [(), ("add_to_loser", "halted")]
    events = arena.run()
    assert [c.reason for c in of(events, PositionClosed)] == ["stop_loss"]
    assert [e.breaker for e in of(events, BreakerRearmed)] == ["halt"]
    assert not arena.loop.desk.books.shut


def test_when_a_person_halts_then_what_works_is_taken_back(tmp_path):
    """An entry that rests below the market is no more after the tick in which the halt is heard."""
    resting = {1: [buy(BTC, "0.004", urgent=False)]}
    rising = [FLAT, *[(50_000 + 40 * i, 50_060 + 40 * i, 50_000 + 40 * i, 50_060 + 40 * i) for i in range(6)]]
    untouched = minutes(tmp_path / "free", rising, resting)
    untouched.run(until=NOW + 2 * MINUTE)
    assert untouched.loop.desk.books.orders, "it would work on, if nobody halted"
    arena = minutes(tmp_path / "halted", rising, resting, before=at(2, HALT))
    events = arena.run(until=NOW + 2 * MINUTE)
    assert len(of(events, OrderSent)) == 1
    assert not arena.loop.desk.books.orders
    assert of(events, OrderChanged)[-1].change == "cancelled"
    assert of(arena.run(), Filled) == []


def test_when_a_stop_trips_a_breaker_in_a_tick_then_what_the_strategy_has_working_is_taken_back_in_it(tmp_path):
    """The entry in another symbol was cleared before; nothing of it works when the tick is over."""
    bars = [
        replace(one, opened=one.closed - MINUTE) for s, p in ((BTC, 50_000), (ETH, 2_500)) for one in calm(s, WARM, p)
    ]
    bars += [bar(BTC, NOW + i * MINUTE, p, seconds=MINUTE) for i, p in enumerate([FLAT, FLAT, FALL, LOW])]
    up = [(2_500 + 2 * i, 2_503 + 2 * i, 2_500 + 2 * i, 2_503 + 2 * i) for i in range(4)]
    bars += [bar(ETH, NOW + i * MINUTE, p, seconds=MINUTE) for i, p in enumerate(up)]
    script = {NOW: [buy(BTC, "0.004")], NOW + MINUTE: [buy(ETH, "0.1", urgent=False)]}
    left = {}
    for streak in ("9", "1"):
        path = tmp_path / streak
        path.mkdir()
        universe = universe_with(path, lambda u, streak=streak: capped(u, stop_streak=streak))
        arena = Arena(
            path / "run", feed_of(bars), [Told("momentum", script, (BTC, ETH), every=MINUTE)], universe=universe
        )
        events = arena.run(until=NOW + 3 * MINUTE)
        assert of(events, ExitTriggered)
        left[streak] = [order.symbol for order in arena.loop.desk.books.open_orders()]
    assert left == {"9": [ETH], "1": []}


def test_when_a_person_opens_one_whose_condition_fails_still_then_it_closes_again_in_the_same_tick(tmp_path):
    """The day's loss is what it was: nothing passes in between."""
    script = {0: [buy(BTC, "0.015")], 4: [buy(BTC, "0.004")], 7: [buy(BTC, "0.004")]}
    prices = [FLAT, FALL, *[LOW] * 8]
    arena = minutes(tmp_path, prices, script, before=at(6, rearm("daily_loss")), daily_loss="0.0005")
    events = arena.run()
    told = [e for e in events if isinstance(e, BreakerTripped | BreakerRearmed)]
    assert [(type(e), e.breaker) for e in told] == [
        (BreakerTripped, "daily_loss"),
        (BreakerRearmed, "daily_loss"),
        (BreakerTripped, "daily_loss"),
    ]
    with Journal.read(arena.folder) as journal:
        times = [e.time for e in journal.entries() if isinstance(e.event, BreakerTripped | BreakerRearmed)]
    assert times[1] == times[2] == NOW + 6 * MINUTE
    assert reasons(events) == [(), ("day_loss_limit", "day_loss_limit"), ("day_loss_limit", "day_loss_limit")]


def test_when_a_person_opens_one_whose_condition_holds_then_entries_pass_again(tmp_path):
    """A streak is judged at the next exit, not at the rearm."""
    script = {m: [buy(BTC, "0.004")] for m in (0, 4, 6)}
    opens = at(5, rearm("stop_streak", strategy="momentum"))
    arena = minutes(tmp_path, [FLAT, FALL, *[LOW] * 7], script, before=opens, stop_streak="1")
    assert reasons(arena.run()) == [(), ("stop_streak",), ()]


def test_when_another_universe_is_taken_over_then_its_windows_know_what_happened_before_it(tmp_path):
    """Two orders within the span that it sets, both sent before it and longer ago than the span until then."""
    script = {m: [buy(BTC, "0.002")] for m in (0, 1, 9, 11)}
    arena = minutes(tmp_path, [FLAT] * 13, script, symbol_orders="2", orders_span="120", symbol_exposure="0.3")
    arena.before = lambda loop, tick: (
        edited(arena.universe, lambda u: capped(u, orders_span="900")) if tick.time == NOW + 10 * MINUTE else None
    )
    events = arena.run()
    assert len(of(events, UniverseActivated)) == 2
    assert reasons(events) == [(), (), (), ("symbol_order_rate",)]


TALE = {m: [buy(BTC, "0.004")] for m in (0, 2, 3, 5, 8, 9, 10, 11)}


@pytest.fixture(scope="module")
def told_whole(tmp_path_factory):
    """A run with a streak, a throttle, a halt and a rearm, that nobody stopped."""
    arena = tale(tmp_path_factory.mktemp("whole"))
    arena.run(ends=True)
    return arena, journal_of(arena)


def tale(folder):
    """That run, from its beginning."""
    caps = {"stop_streak": "1", "streak_pause": "240", "symbol_orders": "2", "orders_span": "420"}
    arena = minutes(folder, [FLAT, FALL, *[LOW] * 12], TALE, **caps)
    halts, opens = at(8, HALT), at(10, rearm("halt"))
    arena.before = lambda loop, tick: (halts(loop, tick), opens(loop, tick))
    return arena


def journal_of(arena):
    """Everything that happened, with its number and time."""
    with Journal.read(arena.folder) as journal:
        return [(e.seq, e.time, e.event) for e in journal.entries()]


def test_the_tale_is_stopped_by_each_of_them(told_whole):
    """Else the law below would say nothing."""
    arena, _ = told_whole
    said = reasons([event for _, _, event in journal_of(arena)])
    assert {reason for vetoes in said for reason in vetoes} == {"stop_streak", "halted", "symbol_order_rate"}
    assert () in said[1:]


@pytest.mark.parametrize("minute", range(13))
def test_when_a_run_is_stopped_after_any_tick_then_it_goes_on_with_the_same_decisions(told_whole, tmp_path, minute):
    """Counts, states and what has eased are the journal's: what is decided next is what it would have been."""
    whole, told = told_whole
    arena = tale(tmp_path)
    arena.run(until=NOW + minute * MINUTE)
    stopped_at = arena.loop.desk.books.shut
    arena.run(until=NOW + minute * MINUTE)
    assert arena.loop.desk.books.shut == stopped_at
    arena.run(ends=True)
    assert journal_of(arena) == told
    assert arena.loop.desk.pulse == whole.loop.desk.pulse

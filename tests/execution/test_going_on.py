"""Runs that are stopped and go on: what is in the journal is all that there is."""

import os
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.events import ExitTriggered, Filled, KillSwitched, PositionClosed, RunEnded, UniverseRefused
from execution.journal import Journal, give
from execution.starting import RunFault
from tests.engine.random_rules import thorough
from tests.execution.arena import (
    HOUR,
    MINUTE,
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
    told,
)
from tests.execution.thin import BTC, MINUTES, NOW, arena_of, markets, wishes
from universe.trading import Mark

DULL = (50_000, 50_000, 49_990, 50_000)


def entries_of(folder):
    """Everything that a journal holds, but the feed's name."""
    with Journal.read(folder) as journal:
        return [(e.seq, e.time, e.event) for e in journal.entries()][1:]


happenings = st.sampled_from(["nothing", "kill switch", "tighter rules", "slower strategies", "no universe"])


def happening(arena, what, minute):
    """Something that a person does in the middle of a run."""

    def before(loop, tick):
        if tick.time != NOW + minute * MINUTE:
            return
        if what == "kill switch":
            give(arena.folder, KillSwitched.kind, {"on": True, "by": "ada", "why": "a look at it"}, now=0)
        elif what == "tighter rules":
            edited(arena.universe, lambda u: capped(u, trade_nav="0.01", stop_loss="0.01", twap_notional="120"))
        elif what == "slower strategies":
            edited(arena.universe, lambda u: u["strategies"]["momentum"].update(every="7200"))
        elif what == "no universe":
            arena.universe.unlink()

    return before


@thorough(10)
@given(markets, wishes, happenings, st.integers(0, MINUTES), st.integers(-1, MINUTES))
def test_a_run_that_was_stopped_anywhere_ends_with_the_journal_of_one_that_was_not(
    tmp_path_factory, market, asked, what, minute, stop
):
    """Orders, plans, exits, clearances, marks and what each position has seen: all of it is in the journal."""
    whole, stopped = (arena_of(tmp_path_factory.mktemp("run"), market, asked) for _ in range(2))
    for arena in (whole, stopped):
        arena.before = happening(arena, what, minute)
    whole.run(ends=True)
    stopped.run(until=NOW + stop * MINUTE)
    assert not stopped.loop.desk.wishes
    assert list(stopped.loop.desk.gate.reserved()) == []
    stopped.run(ends=True)
    assert entries_of(stopped.folder) == entries_of(whole.folder)
    assert stopped.loop.desk.pulse == whole.loop.desk.pulse
    assert stopped.loop.desk.books == whole.loop.desk.books


def test_a_run_that_was_killed_after_its_last_tick_can_still_end(tmp_path):
    """The end comes at the time of the last tick, and only once."""
    arena = arena_of(tmp_path, ([0] * 4, (), 0), [])
    arena.run()
    arena.run(ends=True)
    events = arena.run(ends=True)
    assert len(of(events, RunEnded)) == 1


def test_when_a_run_is_stopped_between_a_stop_and_its_fill_then_it_is_left_at_the_next_open_and_once(tmp_path):
    """A mark of the venue's sets the stop off at a close; the order that works over the restart is what fills."""
    bars = calm(BTC, WARM, 50_000) + [bar(BTC, NOW + i * HOUR, DULL) for i in range(4)]
    low = Mark(BTC, NOW + 2 * HOUR, Decimal(48_000))
    arena = Arena(tmp_path / "run", feed_of(bars, marks=[low]), [told({NOW: [buy(BTC, "0.004")]}, (BTC,))])
    arena.run(until=NOW + 2 * HOUR)
    [order] = arena.loop.desk.books.open_orders()
    events = arena.run()
    assert [t.reason for t in of(events, ExitTriggered)] == ["stop_loss"]
    [closed] = of(events, PositionClosed)
    assert closed.quantity == order.quantity == Decimal("0.004")
    assert of(events, Filled)[-1].order == order.id


def test_what_was_refused_before_a_restart_is_refused_after_it_and_said_once(tmp_path):
    """An older universe stays older: a restart doesn't forget how new the rules are that decide."""

    def old(loop, tick):
        if tick.time == NOW + 2 * MINUTE:
            stamp = arena.universe.stat().st_mtime_ns - 10_000_000_000
            edited(arena.universe, lambda u: capped(u, trade_nav="0.01"))
            os.utime(arena.universe, ns=(stamp, stamp))

    arena = arena_of(tmp_path, ([0] * 8, (), 0), [])
    arena.before = old
    arena.run(until=NOW + 4 * MINUTE)
    [refused] = of(arena.run(), UniverseRefused)
    assert "older" in refused.text


def test_when_another_run_is_in_the_folder_then_it_says_in_what_they_differ(tmp_path):
    """Other cash, candles, rules or assumptions: nothing is mixed, and the message names each."""
    arena = arena_of(tmp_path, ([0] * 4, (), 0), [])
    arena.run()
    for change, says in (
        ({"cash": Decimal(10)}, "it began with 15000 USDT, not 10"),
        ({"feed": replace(arena.feed, fingerprint="others")}, "other test than these"),
        ({"feed": replace(arena.feed, label="candles 1m")}, "it is over test, not candles 1m"),
    ):
        with pytest.raises(RunFault, match=says):
            replace_in(arena, **change).run()
    assert replace_in(arena, cash=Decimal("15000.0")).run()


def replace_in(arena, **change):
    """The same run with something else."""
    made = Arena(arena.folder, arena.feed, [], universe=arena.universe, make=arena.make)
    for name, value in change.items():
        setattr(made, name, value)
    return made


def test_when_strategies_ask_for_bars_that_the_feed_does_not_make_then_the_run_does_not_begin(tmp_path):
    """Bars of an hour make none of a minute: said before the first tick, not found out in the middle."""
    feed = feed_of(calm(BTC, WARM, 50_000))
    with pytest.raises(RunFault, match="momentum: no bars of 60 s can be made of bars of 3600 s"):
        Arena(tmp_path, feed, [Told("momentum", {}, (BTC,), every=MINUTE)]).run()

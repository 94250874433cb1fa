import os
import shutil
from dataclasses import replace
from decimal import Decimal

import pytest

from execution.events import Decided, Filled, KillSwitched, UniverseActivated, UniverseRefused
from execution.journal import give
from execution.universes import load_kept
from tests.execution.arena import (
    HOUR,
    MINUTE,
    START,
    UNIVERSE,
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
    sell,
    told,
)
from universe import UniverseFault

NOW = START + WARM * HOUR
BTC = "BTCUSDT"
FLAT = (50_000, 50_000, 49_990, 50_000)


def arena_with(tmp_path, script, at, change, hours=6):
    """A run in which the universe's file changes before the tick of a time."""
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "universe.json"
    shutil.copy(UNIVERSE, path)
    bars = calm(BTC, WARM, 50_000) + [bar(BTC, NOW + i * HOUR, FLAT) for i in range(hours)]
    arena = Arena(tmp_path / "run", feed_of(bars), [told(script, (BTC,))], universe=path)
    arena.before = lambda loop, tick: change(path) if tick.time == at else None
    return arena


def tighter(document):
    """No order is larger than half a percent of NAV."""
    capped(document, trade_nav="0.005")


def test_when_the_file_changes_then_the_next_intent_is_decided_by_it(tmp_path):
    """A newer whole universe takes over between two intents, is kept by its hash, and its tighter cap holds."""
    names = []
    arena = arena_with(
        tmp_path,
        {NOW: [buy(BTC, "0.004")], NOW + 3 * HOUR: [buy(BTC, "0.004")]},
        NOW + 2 * HOUR,
        lambda path: names.append(edited(path, tighter)),
    )
    events = arena.run()
    activated = of(events, UniverseActivated)
    assert [a.universe for a in activated][1:] == names
    first, *later = of(events, Decided)
    assert first.allowed
    assert [v["reason"] for v in later[0].record["vetoes"]] == ["max_trade_nav"]
    assert later[0].record["universe"] == names[0]
    assert load_kept(tmp_path / "run", names[0]).ruleset.universe_hash == names[0]


def test_when_the_file_is_altered_older_or_gone_then_it_is_refused_once_and_the_old_rules_stay(tmp_path):
    """Each is journalled with its reason; decisions go on by the universe that was active."""

    def older(path):
        stamp = path.stat().st_mtime_ns - 10_000_000_000
        edited(path, tighter)
        os.utime(path, ns=(stamp, stamp))

    for name, change, says in (
        ("altered", lambda path: edited(path, tighter, stamped=False), "altered"),
        ("older", older, "older"),
        ("gone", lambda path: path.unlink(), "gone"),
        ("cut", lambda path: path.write_text(path.read_text()[:1000]), "no JSON"),
    ):
        arena = arena_with(tmp_path / name, {NOW + 3 * HOUR: [buy(BTC, "0.004")]}, NOW + HOUR, change)
        events = arena.run()
        [refused] = of(events, UniverseRefused)
        assert says in refused.text
        assert len(of(events, UniverseActivated)) == 1
        assert of(events, Decided)[0].allowed


def test_when_a_universe_drops_a_symbol_that_is_held_then_it_waits_until_that_is_flat(tmp_path):
    """Refused and journalled once; when the position is closed, the universe takes over by itself."""
    names = []

    def drop(document):
        del document["symbols"][BTC]
        for strategy in document["strategies"].values():
            strategy["symbols"] = [s for s in strategy.get("symbols", [BTC]) if s != BTC] or ["ETHUSDT"]
            if "every" not in strategy:
                del strategy["symbols"]

    arena = arena_with(
        tmp_path,
        {NOW: [buy(BTC, "0.004")], NOW + 3 * HOUR: [sell(BTC, "0.004")]},
        NOW + 2 * HOUR,
        lambda path: names.append(edited(path, drop)),
    )
    events = arena.run()
    [refused] = of(events, UniverseRefused)
    assert "BTCUSDT" in refused.text
    kinds = [e.kind for e in events]
    last_fill = max(i for i, k in enumerate(kinds) if k == Filled.kind)
    assert [a.universe for a in of(events, UniverseActivated)][1:] == names
    assert kinds.index("universe_refused") < last_fill < len(kinds) - 1 - kinds[::-1].index("universe_activated")


def test_when_the_kill_switch_is_on_then_entries_stop_and_exits_pass(tmp_path):
    """A person's command reaches a run at its next tick, and is in the journal with who and why."""
    script = {NOW: [buy(BTC, "0.004")], NOW + 2 * HOUR: [buy(BTC, "0.004"), sell(BTC, "0.004")]}
    arena = arena_with(tmp_path, script, 0, lambda path: None)
    body = {"on": True, "by": "ada", "why": "venue is odd"}
    arena.before = lambda loop, tick: (
        give(tmp_path / "run", KillSwitched.kind, body, now=0) if tick.time == NOW + 2 * HOUR else None
    )
    events = arena.run()
    assert of(events, KillSwitched) == [KillSwitched(True, "ada", "venue is odd")]
    decided = {d.record["facts"]["order"]["side"]: d for d in of(events, Decided)[1:]}
    assert [v["reason"] for v in decided["BUY"].record["vetoes"]] == ["kill_switch"]
    assert decided["SELL"].allowed
    assert arena.loop.desk.books.ledger.positions == {}
    assert sum(f.quantity for f in of(events, Filled)) == Decimal("0.008")


def quoting(tmp_path, later, script, change, at, **options):
    """A run of minutes after a calm day, in which something happens before the tick of a time."""
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "universe.json"
    shutil.copy(UNIVERSE, path)
    bars = [replace(one, opened=one.closed - MINUTE) for one in calm(BTC, WARM, 50_000)]
    bars += [bar(BTC, NOW + i * MINUTE, prices, seconds=MINUTE) for i, prices in enumerate(later)]
    strategies = options.pop("strategies", None) or [Told("momentum", script, (BTC,), every=MINUTE)]
    arena = Arena(tmp_path / "run", feed_of(bars), strategies, universe=path, **options)
    arena.before = lambda loop, tick: change(tmp_path, path) if tick.time == at else None
    return arena


def stop(folder, path):
    """A person stops new positions."""
    give(folder / "run", KillSwitched.kind, {"on": True, "by": "ada", "why": "venue is odd"}, now=0)


def editing(change):
    """The universe's file is edited."""
    return lambda folder, path: edited(path, change)


@pytest.mark.parametrize(("change", "reason"), [(stop, "kill_switch"), (editing(tighter), "max_trade_nav")])
def test_when_a_person_or_new_rules_forbid_it_then_what_works_is_taken_back_and_opens_nothing(tmp_path, change, reason):
    """An entry that rests is asked for anew, and vetoed; the market falls through its price, and it does not fill."""
    high = (50_000, 50_000, 49_999, 50_000)
    later = [high, high, high, (49_000, 49_000, 48_990, 49_000), (49_000,) * 4]
    arena = quoting(tmp_path, later, {NOW: [buy(BTC, "0.008", urgent=False)]}, change, NOW + 2 * MINUTE)
    events = arena.run()
    assert of(events, Filled) == []
    last = of(events, Decided)[-1]
    assert not last.allowed
    assert reason in [v["reason"] for v in last.record["vetoes"]]
    assert arena.loop.desk.books.open_orders() == []


def test_when_a_person_stops_new_positions_then_an_exit_that_works_goes_on_working(tmp_path):
    """It is cleared anew, and no position waits for it longer than it would have."""
    flat, up = (50_000, 50_000, 49_999, 50_000), (50_000, 50_200, 49_999, 50_000)
    script = {NOW: [buy(BTC, "0.008")], NOW + 2 * MINUTE: [sell(BTC, "0.008", urgent=False)]}
    run = quoting(tmp_path / "stopped", [flat, flat, flat, up, up], script, stop, NOW + 3 * MINUTE)
    same = quoting(tmp_path / "not", [flat, flat, flat, up, up], script, lambda folder, path: None, 0)
    stopped, not_stopped = (of(arena.run(), Filled) for arena in (run, same))
    assert [(f.price, f.quantity, f.maker) for f in stopped] == [(f.price, f.quantity, f.maker) for f in not_stopped]
    assert len(stopped) == 2


def test_when_a_universe_drops_a_strategy_that_holds_something_then_it_waits_until_that_is_flat(tmp_path):
    """Its exits are decided as its own: rules that don't know it would leave its position without any."""

    def drop(document):
        del document["strategies"]["vol_target"]

    held = {NOW: [buy(BTC, "0.004", strategy="vol_target")], NOW + 3 * MINUTE: [sell(BTC, "0.004")]}
    strategies = [Told("vol_target", held, (BTC,), every=MINUTE)]
    arena = quoting(tmp_path, [FLAT] * 8, {}, editing(drop), NOW + 2 * MINUTE, strategies=strategies)
    events = arena.run()
    [refused] = of(events, UniverseRefused)
    assert "vol_target" in refused.text
    kinds = [e.kind for e in events]
    assert kinds.index("trade") < len(kinds) - 1 - kinds[::-1].index("universe_activated")
    assert len(of(events, UniverseActivated)) == 2


def test_when_a_universe_lets_a_strategy_run_that_has_no_code_then_it_is_refused_and_the_run_goes_on(tmp_path):
    """What can't be made can't take over; the rules stay as they are."""

    def make(universe):
        if universe.running["momentum"].every != HOUR:
            raise UniverseFault("`momentum` is to run, and no code is called so", "write it")
        return [Told("momentum", {NOW + 4 * MINUTE: [buy(BTC, "0.004")]}, (BTC,), every=MINUTE)]

    def other(document):
        document["strategies"]["momentum"]["every"] = "7200"

    arena = quoting(tmp_path, [FLAT] * 8, {}, editing(other), NOW + 2 * MINUTE, make=make)
    events = arena.run()
    [refused] = of(events, UniverseRefused)
    assert "no code" in refused.text
    assert len(of(events, UniverseActivated)) == 1
    assert len(of(events, Filled)) == 1


def test_when_a_strategy_is_to_be_asked_at_another_interval_then_it_sees_its_bars_as_if_it_always_had_been(tmp_path):
    """The market is shown again with the bars that are needed now; a restart stands where the run stood."""

    def make(universe):
        every = universe.running["momentum"].every
        return [Told("momentum", {}, (BTC,), every=every, warm_up=20 if every > HOUR else 1)]

    def slower(document):
        document["strategies"]["momentum"]["every"] = "7200"

    arena = quoting(tmp_path, [FLAT] * 130, {}, editing(slower), NOW + 2 * MINUTE, make=make)
    arena.run()
    bars = arena.loop.desk.market.bars(BTC, 2 * HOUR)
    assert len(bars) == WARM // 2 + 1
    assert bars[0].opened == START
    arena.run()
    assert arena.loop.desk.market.bars(BTC, 2 * HOUR) == bars

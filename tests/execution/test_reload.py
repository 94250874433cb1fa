import os
import shutil
from decimal import Decimal

from execution.events import Decided, Filled, KillSwitched, UniverseActivated, UniverseRefused
from execution.journal import give
from execution.universes import load_kept
from tests.execution.arena import (
    HOUR,
    START,
    UNIVERSE,
    WARM,
    Arena,
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

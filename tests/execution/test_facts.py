from dataclasses import replace
from decimal import Decimal

import pytest

from engine.facts import Snapshot
from execution.facts import PRODUCERS, gather
from execution.ticket import About
from tests.execution.arena import (
    HOUR,
    START,
    WARM,
    Arena,
    bar,
    buy,
    calm,
    capped,
    feed_of,
    sell,
    told,
    universe_of,
    universe_with,
)
from universe.trading import Side

NOW = START + WARM * HOUR
BTC, ETH = "BTCUSDT", "ETHUSDT"
# Missing on a desk where no waiver ends by the clock, and nothing works in the symbol.
ABSENT = {"clock.now", "working.lowest_sell", "working.highest_buy"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A desk that holds BTC for two strategies, on the close of a calm hour."""
    bars = calm(BTC, WARM + 2, 50_000) + calm(ETH, WARM + 2, 3_000)
    script = {NOW: [buy(BTC, "0.006")]}
    other = {NOW: [buy(BTC, "0.004", strategy="vol_target"), buy(ETH, "0.1", strategy="vol_target")]}
    arena = Arena(
        tmp_path_factory.mktemp("run"), feed_of(bars), [told(script, (BTC, ETH)), told(other, (BTC, ETH), "vol_target")]
    )
    arena.run()
    return arena.loop.desk


def named(facts, prefix=""):
    """Every fact by its dotted name."""
    found = {}
    for key, value in facts.items():
        found |= named(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def about(side=Side.SELL, quantity="0.002", price="50000"):
    """An order of momentum in BTC."""
    return About("momentum", BTC, side, False, Decimal(quantity), Decimal(price), Decimal(2))


def test_every_declared_fact_has_one_producer_and_it_is_the_declared_one(desk):
    """What the catalog says a source produces is what that source's producer gives, and nothing else gives it."""
    declared = universe_of().document["facts"]
    supplied = {f.name for f in desk.gate.risk.universe.ruleset.supplied}
    by_producer = {name: set(named(produce(desk, about()))) for name, produce in PRODUCERS.items()}
    # The time is told where a waiver ends by it, and these rules have none: tests/execution/test_waivers.py.
    assert by_producer.pop("clock") == set()
    for name, facts in by_producer.items():
        assert facts == {f for f in supplied if declared[f]["from"] == name}, name


def test_all_facts_of_an_order_are_readable_and_none_is_missing(desk):
    """The engine takes them as they are: exact numbers, in range."""
    snapshot: Snapshot = desk.gate.risk.engine.reader.read(gather(desk, about()))
    assert snapshot.invalid == {}
    assert {f for f, slot in desk.gate.risk.engine.reader.slots.items() if snapshot.values[slot] is None} == ABSENT


def test_what_two_strategies_hold_is_each_ones_own_and_the_wallets_sum(desk):
    """own.* is momentum's 0.006, position.* the wallet's 0.010; others are ETH, and of the group too."""
    facts = named(gather(desk, about()))
    price = desk.price(BTC)
    assert (facts["own.quantity"], facts["position.quantity"]) == (Decimal("0.006"), Decimal("0.010"))
    assert facts["own.notional"] == Decimal("0.006") * price
    assert facts["own.others"] == 0
    eth = Decimal("0.1") * desk.price(ETH)
    assert facts["gross.others"] == facts["tier.others"] == facts["group.others"] == facts["net.long_others"] == eth
    assert facts["net.short_others"] == -eth
    assert (facts["positions.open"], facts["own.positions"]) == (2, 1)


def test_working_orders_count_in_every_exposure(desk):
    """A buy that works is in working.*, own.buys, and in the exposure of its tier as seen from another symbol."""
    before = named(gather(desk, About("momentum", ETH, Side.BUY, False, Decimal("0.1"), Decimal(3000), Decimal(2))))
    order = next(iter(_sent(desk)))
    desk.books.orders[order.id] = order
    after = named(gather(desk, About("momentum", ETH, Side.BUY, False, Decimal("0.1"), Decimal(3000), Decimal(2))))
    here = named(gather(desk, about(Side.BUY)))
    del desk.books.orders[order.id]
    worth = order.quantity * order.worst_price
    assert after["tier.others"] - before["tier.others"] == after["gross.others"] - before["gross.others"] == worth
    assert (here["working.buys"], here["working.buy_quantity"], here["own.buys"]) == (worth, order.quantity, worth)
    assert after["margin.available"] == before["margin.available"] - worth / 2


def test_value_at_risk_counts_what_works_filled_the_worse_way(desk):
    """Two entries that wait for their fills are each seen by the other; a working order that reduces may not fill."""
    [order] = _sent(desk)
    asked = About("momentum", ETH, Side.BUY, False, Decimal("0.1"), Decimal(3000), Decimal(2))
    risks = []
    for side in (None, Side.BUY, Side.SELL):
        if side is not None:
            desk.books.orders[order.id] = replace(order, side=side)
        risks.append(named(gather(desk, asked))["risk.portfolio_var"])
        desk.books.orders.pop(order.id, None)
    without, buying, selling = risks
    assert buying > without == selling > 0
    here = named(gather(desk, about(Side.BUY)))["risk.position_cvar"]
    desk.books.orders[order.id] = order
    there = named(gather(desk, about(Side.BUY)))["risk.position_cvar"]
    del desk.books.orders[order.id]
    assert there > here > 0


def test_a_symbol_that_two_strategies_hold_against_each_other_is_no_open_position(tmp_path):
    """The wallet holds nothing there, asked from that symbol or from another one."""
    bars = calm(BTC, WARM + 3, 50_000) + calm(ETH, WARM + 3, 3_000)
    mine, theirs = {NOW: [buy(BTC, "0.004")]}, {NOW + HOUR: [sell(BTC, "0.004", strategy="vol_target")]}
    arena = Arena(tmp_path, feed_of(bars), [told(mine, (BTC,)), told(theirs, (BTC,), "vol_target")])
    arena.run()
    desk = arena.loop.desk
    assert len(desk.books.ledger.positions) == 2
    for symbol in (BTC, ETH):
        facts = named(gather(desk, About("momentum", symbol, Side.BUY, False, Decimal(1), Decimal(3000), Decimal(2))))
        assert (facts["positions.open"], facts["own.positions"]) == (0, 1)


def test_when_two_strategies_ask_for_opposite_sides_at_once_then_the_second_would_meet_the_first(tmp_path):
    """What works already is a fact of the other side's order, by its price, and the rules stop it."""
    bars = calm(BTC, WARM + 1, 50_000)
    mine, theirs = {NOW: [buy(BTC, "0.004")]}, {NOW: [sell(BTC, "0.004", strategy="vol_target")]}
    arena = Arena(tmp_path, feed_of(bars), [told(mine, (BTC,)), told(theirs, (BTC,), "vol_target")])
    first, second = (e.record for e in arena.run() if e.kind == "decision")
    assert (first["vetoes"], [v["reason"] for v in second["vetoes"]]) == ([], ["self_match"])
    working = second["facts"]["working"]
    assert "lowest_sell" not in working
    assert Decimal(working["highest_buy"]) >= Decimal(second["facts"]["order"]["price"])


def test_when_an_order_is_shrunk_then_what_depends_on_its_size_is_worked_out_anew(tmp_path):
    """Value at risk and shortfall of the second decision are those of the smaller order."""
    path = universe_with(tmp_path, lambda document: capped(document, trade_nav="0.01"))
    bars = calm(BTC, WARM + 1, 50_000)
    events = Arena(tmp_path / "run", feed_of(bars), [told({NOW: [buy(BTC)]}, (BTC,))], universe=path).run()
    first, second = (e.record["facts"] for e in events if e.kind == "decision")
    share = Decimal(second["order"]["quantity"]) / Decimal(first["order"]["quantity"])
    assert share < 1
    for name in ("portfolio_var", "position_cvar"):
        assert abs(Decimal(second["risk"][name]) / Decimal(first["risk"][name]) - share) < Decimal("1e-6")


def _sent(desk):
    from execution.orders import Order, State, Type

    yield Order(
        id="x",
        intent="i",
        clearance="c",
        strategy="momentum",
        symbol=BTC,
        side=Side.BUY,
        type=Type.LIMIT,
        price=Decimal(49_000),
        worst_price=Decimal(50_000),
        quantity=Decimal("0.003"),
        post_only=True,
        reduce_only=False,
        leverage=Decimal(2),
        cause="strategy",
        route="",
        offset=Decimal(0),
        retries=1,
        patience=60,
        sent=NOW,
        expires=NOW + 600,
        state=State.WORKING,
    )


def test_when_nothing_is_known_yet_then_facts_are_absent_never_zero(tmp_path):
    """Before the warm-up volatility, VaR and shortfall are missing, and an intent ends with what is not known."""
    bars = calm(BTC, 10, 50_000)
    arena = Arena(tmp_path, feed_of(bars), [told({START + 5 * HOUR: [buy(BTC)]}, (BTC,))])
    events = arena.run()
    facts = named(gather(arena.loop.desk, about()))
    assert facts["market.vol_short"] is facts["market.vol_long"] is facts["risk.portfolio_var"] is None
    assert [(e.reason, "market.vol" in e.text) for e in events if e.kind == "intent_dropped"] == [("no_size", True)]


def test_value_at_risk_counts_the_order(desk):
    """More of what is held is more risk; selling it is less."""
    more, less = (named(gather(desk, about(side)))["risk.portfolio_var"] for side in (Side.BUY, Side.SELL))
    assert more > less > 0


def test_nav_is_as_old_as_the_oldest_price_in_it(tmp_path):
    """A symbol that is held and has stopped trading makes NAV old, and NAV that is old stops entries."""
    silent = [bar(ETH, NOW + i * HOUR, (3_000, 3_001, 2_999, 3_000)) for i in range(3)]
    bars = calm(BTC, WARM + 1, 50_000) + calm(ETH, WARM, 3_000) + silent
    script = {NOW: [buy(BTC, "0.004")], NOW + 2 * HOUR: [buy(ETH, "0.1")]}
    events = Arena(tmp_path, feed_of(bars), [told(script, (BTC, ETH))]).run()
    last = [e for e in events if e.kind == "decision"][-1]
    assert [v["reason"] for v in last.record["vetoes"]] == ["nav_stale"]
    assert last.record["facts"]["nav"]["age"] == "3600"


def test_the_hourly_sample_shows_the_tightest_room_of_all_that_share_a_symbol(tmp_path):
    """Two strategies hold BTC: each has a cap of its own, and the smaller room is the one that counts."""
    path = universe_with(tmp_path, lambda u: u["strategies"]["vol_target"]["caps"].update(strategy_exposure="0.02"))
    mine, theirs = {NOW: [buy(BTC, "0.006")]}, {NOW: [buy(BTC, "0.004", strategy="vol_target")]}
    strategies = [told(mine, (BTC,)), told(theirs, (BTC,), "vol_target")]
    events = Arena(tmp_path / "run", feed_of(calm(BTC, WARM + 2, 50_000)), strategies, universe=path).run()
    headroom = [e for e in events if e.kind == "sample"][-1].headroom
    assert headroom["strategy_exposure"]["limit"] == "0.02"

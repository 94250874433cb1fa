from dataclasses import replace
from decimal import Decimal

from execution.events import (
    Decided,
    Delisted,
    Filled,
    FundingPaid,
    IntentMade,
    Liquidated,
    OrderChanged,
    OrderSent,
    PlanEnded,
    PositionClosed,
)
from execution.ledger import Ledger
from tests.execution.arena import (
    HOUR,
    START,
    WARM,
    Arena,
    at_once,
    bar,
    buy,
    calm,
    capped,
    feed_of,
    of,
    sell,
    told,
    universe_with,
)
from universe.trading import Funding, Side

D = Decimal
NOW = START + WARM * HOUR
BTC, ETH = "BTCUSDT", "ETHUSDT"
# An entry here is never in profit, so that no trailing stop is armed.
DULL = (50_000, 50_000, 49_990, 50_000)


def arena(tmp_path, later, script, *, funding=(), **options):
    """A calm day of BTC at 50,000, then these bars; None is an hour without one."""
    bars = calm(BTC, WARM, 50_000)
    bars += [bar(BTC, NOW + i * HOUR, prices) for i, prices in enumerate(later) if prices is not None]
    strategies = options.pop("strategies", None) or [told(script, (BTC,))]
    return Arena(tmp_path / "run", feed_of(bars, funding), strategies, **options)


def daring(document):
    """Caps that let the wallet be liquidated, and no exits before that."""
    at_once(document)
    capped(
        document,
        **dict.fromkeys(
            "symbol_exposure tier_exposure group_exposure strategy_exposure gross_exposure net_exposure "
            "effective_leverage".split(),
            "20",
        ),
        **dict.fromkeys("trade_nav portfolio_var position_cvar target_nav".split(), "1"),
        leverage="20",
        target_leverage="20",
        free_margin="0",
        margin_used="1",
        daily_loss="0.99",
        drawdown="0.99",
        price_collar="0.01",
        open_quantity="100",
        clearance_life="86400",
        stop_loss="0.9",
        trailing_stop="0.9",
        twap_notional="900000",
        order_notional="900000",
        add_to_loser="1",
    )


# The ledger, by hand


def test_a_fill_through_zero_closes_what_was_held_and_opens_the_rest_on_the_other_side():
    """3 at 100 sold as 5 at 110: 30 realised on what is closed; −2 at 110; the fee is shared by quantity."""
    ledger = Ledger(start=D(1000))
    ledger.fill("m", BTC, Side.BUY, D(3), D(100), D("0.3"), 1)
    closed = ledger.fill("m", BTC, Side.SELL, D(5), D(110), D("0.5"), 2)
    opened = ledger.position("m", BTC)
    assert (closed.realised, closed.fees, closed.quantity) == (D(30), D("0.6"), D(0))
    assert (opened.quantity, opened.cost, opened.fees, opened.opened, opened.realised) == (-2, 220, D("0.2"), 2, 0)
    assert ledger.cash == D(1000) + 30 - D("0.8")


def test_partial_closes_lose_no_digit_of_what_the_position_cost():
    """7 that cost an odd sum, closed one by one: what was realised is proceeds less that sum, exactly."""
    ledger = Ledger()
    cost = D(0)
    for i, price in enumerate((D("100.01"), D("99.97"), D("101.13"))):
        ledger.fill("m", BTC, Side.BUY, D(1 + i), price, D(0), i)
        cost += (1 + i) * price
    ledger.fill("m", BTC, Side.BUY, D(1), D("0.33333333"), D(0), 9)
    cost += D("0.33333333")
    for _ in range(7):
        ledger.fill("m", BTC, Side.SELL, D(1), D("33.3"), D(0), 10)
    assert ledger.positions == {}
    assert ledger.cash == 7 * D("33.3") - cost


# Sizes


def test_what_turns_a_position_over_opens_no_more_on_the_other_side_than_the_table_of_sizes_proposes(tmp_path):
    """Closing is not sized; what is opened is, as if it were asked for alone."""
    run = arena(tmp_path, [DULL] * 3, {NOW: [buy(BTC, "0.004")], NOW + HOUR: [sell(BTC, "5")]})
    events = run.run()
    turned = run.loop.desk.books.ledger.position("momentum", BTC)
    other = arena(tmp_path / "other", [DULL] * 3, {NOW + HOUR: [sell(BTC, "5")]})
    other.run()
    alone = other.loop.desk.books.ledger.position("momentum", BTC)
    assert turned.quantity == alone.quantity < 0
    [closed] = of(events, PositionClosed)
    assert (closed.quantity, closed.side) == (D("0.004"), "BUY")


# Funding


def test_funding_of_a_gap_is_owed_by_what_was_held_in_it_and_by_nothing_that_came_after(tmp_path):
    """A stop at the open after the gap comes after the settlement in it; an entry at that open owes nothing of it."""
    held, entering = told({NOW: [buy(BTC, "0.004")]}, (BTC,)), {NOW + HOUR: [buy(BTC, "0.004", strategy="vol_target")]}
    later = [DULL, None, (45_000, 45_000, 44_990, 45_000)]
    patient = universe_with(tmp_path, lambda u: capped(u, clearance_life="7200"))
    funding = [Funding(BTC, NOW + HOUR + 1800, D("0.0001"))]
    both = [held, told(entering, (BTC,), "vol_target")]
    events = arena(tmp_path, later, {}, strategies=both, funding=funding, universe=patient).run()
    assert {f.strategy for f in of(events, Filled)} == {"momentum", "vol_target"}
    [paid] = of(events, FundingPaid)
    assert (paid.strategy, paid.mark, paid.amount) == ("momentum", D(50_000), D("0.02"))
    assert len(of(events, PositionClosed)) == 1


def test_funding_at_the_close_of_a_bar_is_owed_by_what_that_bar_brought_and_not_by_what_the_next_one_brings(tmp_path):
    """Entered at the open of 30:00, settled at 31:00 and at 30:00: one settlement is owed, at the price of its time."""
    funding = [Funding(BTC, NOW, D("0.0001")), Funding(BTC, NOW + HOUR, D("-0.0001"))]
    later = [(50_000, 50_000, 49_990, 50_000), DULL]
    events = arena(tmp_path, later, {NOW: [buy(BTC, "0.004")]}, funding=funding).run()
    assert [(p.at, p.amount) for p in of(events, FundingPaid)] == [(NOW + HOUR, D("-0.02"))]


def test_a_long_and_a_short_of_one_symbol_pay_each_other_and_the_wallet_nothing(tmp_path):
    """The wallet is flat; what one strategy pays, the other one gets."""
    both = [
        told({NOW: [buy(BTC, "0.004")]}, (BTC,)),
        told({NOW: [sell(BTC, "0.004", strategy="vol_target")]}, (BTC,), "vol_target"),
    ]
    funding = [Funding(BTC, NOW + 2 * HOUR, D("0.0003"))]
    path = universe_with(tmp_path, at_once)
    run = arena(tmp_path, [DULL] * 2, {}, strategies=both, funding=funding, universe=path)
    paid = of(run.run(), FundingPaid)
    assert len(paid) == 2
    assert sum(p.amount for p in paid) == 0


# Liquidation


def crash(tmp_path, strategies, later=((50_000, 50_000, 49_000, 49_000), (40_000, 40_000, 39_000, 39_000))):
    """An hour to enter, then a fall that takes all margin."""
    path = universe_with(tmp_path, daring)
    run = arena(tmp_path, [*later, (39_000,) * 4, (39_000,) * 4], {}, strategies=strategies, universe=path)
    return run, run.run()


def test_when_margin_is_used_up_then_everything_is_closed_and_every_order_is_taken_back(tmp_path):
    """Orders and plans of strategies that hold nothing too: nothing that worked before opens a position after."""
    resting = sell(BTC, "0.1", urgent=False, strategy="vol_target")
    strategies = [
        told({NOW: [buy(BTC, "0.25")] * 12}, (BTC,)),
        told({NOW + HOUR: [resting]}, (BTC,), "vol_target"),
    ]
    run, events = crash(tmp_path, strategies, [(50_000, 50_000, 49_000, 49_000), (48_990, 48_990, 44_000, 44_000)])
    [gone] = of(events, Liquidated)
    assert gone.balance <= gone.maintenance
    books = run.loop.desk.books
    assert (books.ledger.positions, books.open_orders(), books.plans) == ({}, [], {})
    after = events[events.index(gone) :]
    [closed] = of(after, PositionClosed)
    assert closed.reason == "liquidation"
    assert [f.order for f in of(after, Filled)] == ["liquidation-1"]
    assert of(after, OrderSent) == []
    assert run.loop.desk.pulse.nav == books.ledger.cash


def test_what_two_strategies_hold_against_each_other_pays_no_liquidation_fee(tmp_path):
    """The venue knows the net: 3 long and 1 short pay a taker's price and the fees for 2; the long side bears them."""
    strategies = [
        told({NOW: [buy(BTC, "0.25")] * 12}, (BTC,)),
        told({NOW: [sell(BTC, "0.25", strategy="vol_target")] * 4}, (BTC,), "vol_target"),
    ]
    run, events = crash(tmp_path, strategies)
    [gone] = of(events, Liquidated)
    long, short = of(events[events.index(gone) :], Filled)
    model = run.loop.desk.model
    assert (long.quantity, short.quantity) == (3, 1)
    assert long.price == short.price < 39_000
    assert short.fee == 0
    assert long.fee == (2 * long.price * (model.taker_fee + model.liquidation_fee)).quantize(D("1e-8"))
    ledger = run.loop.desk.books.ledger
    assert ledger.cash == run.loop.desk.pulse.nav
    assert ledger.cash == 15_000 + sum(-Side(f.side).sign * f.quantity * f.price - f.fee for f in of(events, Filled))


def test_a_wallet_that_was_liquidated_below_zero_enters_nothing_more(tmp_path):
    """NAV that is no longer positive is no basis for a size or a share: entries end, and the run goes on."""
    strategies = [told({NOW: [buy(BTC, "0.25")] * 12, NOW + 3 * HOUR: [buy(BTC, "0.004")]}, (BTC,))]
    run, events = crash(tmp_path, strategies)
    assert run.loop.desk.pulse.nav < 0
    assert of(events, IntentMade)[-1].cause == "strategy"
    assert [d.allowed for d in of(events, Decided)] == [True] * 12
    assert run.loop.desk.books.ledger.positions == {}


def test_the_reason_of_a_trade_that_the_venue_closed_is_the_venues(tmp_path):
    """Also where a take-profit was under way when it did."""
    rise, fall = (50_000, 53_000, 49_990, 52_999), (30_000, 30_000, 29_000, 29_000)
    path = universe_with(tmp_path, daring)
    run = arena(tmp_path, [DULL, rise, fall, (29_000,) * 4], {NOW: [buy(BTC, "0.25")] * 12}, universe=path)
    events = run.run()
    [closed] = of(events, PositionClosed)
    assert closed.reason == "liquidation"
    assert of(events, PlanEnded) == []
    assert "cancelled" in {c.change for c in of(events, OrderChanged)}


def test_when_a_symbol_trades_no_more_then_both_sides_are_settled_at_its_last_price_without_a_fee(tmp_path):
    """What works in it is taken back, NAV stays as it was, and the other symbol goes on."""
    bars = calm(BTC, WARM + 2, 50_000) + calm(ETH, WARM + 6, 3_000)
    resting = {NOW + HOUR: [buy(BTC, "0.002", urgent=False, strategy="vol_target")]}
    strategies = [
        told({NOW: [buy(BTC, "0.004"), buy(ETH, "0.1")]}, (BTC, ETH)),
        told({NOW: [sell(BTC, "0.006", strategy="vol_target")], **resting}, (BTC, ETH), "vol_target"),
    ]
    feed = replace(feed_of(bars), ends={BTC: NOW + 2 * HOUR})
    run = Arena(tmp_path / "run", feed, strategies, universe=universe_with(tmp_path, at_once))
    events = run.run()
    [gone] = of(events, Delisted)
    settled = [f for f in of(events, Filled) if f.order == "delisting-BTCUSDT"]
    assert [(f.price, f.quantity, f.fee) for f in settled] == [(gone.price, D("0.004"), 0), (gone.price, D("0.006"), 0)]
    ledger = run.loop.desk.books.ledger
    assert set(ledger.positions) == {("momentum", ETH)}
    assert run.loop.desk.books.open_orders() == []
    samples = [e for e in events if e.kind == "sample"]
    before, after = (s for s in samples[WARM + 1 : WARM + 3])
    eth = D("0.1") * (calm(ETH, WARM + 6, 3_000)[WARM + 2].close - calm(ETH, WARM + 6, 3_000)[WARM + 1].close)
    assert after.nav - before.nav == eth

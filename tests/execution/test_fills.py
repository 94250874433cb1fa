from decimal import Decimal

import pytest

from execution.events import Decided, ExitTriggered, Filled, IntentMade, OrderChanged, OrderSent, PositionClosed
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
    of,
    sell,
    told,
    universe_with,
)

NOW = START + WARM * HOUR
BTC = "BTCUSDT"


def arena(tmp_path, later, script, **options):
    """A calm day of BTC at 50,000, then these bars; asked at the end of the day."""
    bars = calm(BTC, WARM, 50_000) + [bar(BTC, NOW + i * HOUR, prices) for i, prices in enumerate(later)]
    return Arena(tmp_path, feed_of(bars), [told(script, (BTC,))], **options)


def test_an_order_made_on_a_close_meets_the_next_bar_at_its_open(tmp_path):
    """The fill is at the next bar's open with spread and slippage, never at the close on which it was made."""
    run = arena(tmp_path, [(50_200, 50_300, 50_100, 50_250)], {NOW: [buy(BTC)]})
    [fill] = of(run.run(), Filled)
    # half of 1bp spread and 1bp slippage over 50,200, on the tick
    assert fill.price == Decimal("50207.6")
    assert not fill.maker


def test_a_gap_through_a_stop_fills_at_the_gap(tmp_path):
    """A stop at 3 % under 50,000 that is jumped over fills at the open beyond it, not at its own price."""
    run = arena(tmp_path, [(50_000, 50_050, 49_990, 50_000), (45_000, 45_100, 44_900, 45_050)], {NOW: [buy(BTC)]})
    events = run.run()
    entry, exit_ = of(events, Filled)
    [trigger] = of(events, ExitTriggered)
    assert (trigger.reason, trigger.price) == ("stop_loss", Decimal(45_000))
    assert exit_.price == Decimal("44993.2")
    assert exit_.quantity == entry.quantity
    [trade] = of(events, PositionClosed)
    assert trade.reason == "stop_loss"
    assert trade.realised == entry.quantity * (exit_.price - entry.price)


def test_when_a_bar_falls_through_a_stop_then_the_exit_is_in_that_bar(tmp_path):
    """A protective exit is not delayed to the next bar; never in profit, it is the stop that closes, at its level."""
    run = arena(tmp_path, [(50_000, 50_000, 49_990, 50_000), (50_000, 50_000, 48_000, 48_100)], {NOW: [buy(BTC)]})
    events = run.run()
    entry, exit_ = of(events, Filled)
    stop = (entry.price * Decimal("0.97")).quantize(Decimal("0.1"), rounding="ROUND_FLOOR")
    [trigger] = of(events, ExitTriggered)
    assert (trigger.reason, trigger.price) == ("stop_loss", stop)
    assert stop * Decimal("0.9997") < exit_.price < stop


@pytest.mark.parametrize(("low", "filled"), [("49980", False), ("49979.9", True)])
def test_a_resting_buy_fills_only_when_the_price_trades_through_it(tmp_path, low, filled):
    """A quote 4 bps under the middle: touched it waits, a tick lower it fills at its own price, as a maker."""
    later = [(50_000, 50_010, low, 50_005)]
    day = calm(BTC, WARM, 50_000)
    last = bar(BTC, NOW - HOUR, (50_000, 50_010, 49_990, 50_000))
    feed = feed_of([*day[:-1], last, *(bar(BTC, NOW + i * HOUR, p) for i, p in enumerate(later))])
    events = Arena(tmp_path, feed, [told({NOW: [buy(BTC, urgent=False)]}, (BTC,))]).run()
    order, *_ = of(events, OrderSent)
    assert order.price == Decimal("49980")
    assert order.post_only
    fills = of(events, Filled)
    assert [(f.price, f.maker) for f in fills] == ([(Decimal("49980"), True)] if filled else [])


def test_a_post_only_order_that_would_cross_is_rejected_and_asked_anew(tmp_path):
    """The market opens under a resting buy: post-only is refused, and a new intent is decided on."""
    run = arena(tmp_path, [(49_000, 49_100, 48_990, 49_050)], {NOW: [buy(BTC, urgent=False)]})
    events = run.run()
    assert [(c.change, c.reason) for c in of(events, OrderChanged)][1] == ("rejected", "post-only order would cross")
    assert [i.cause for i in of(events, IntentMade)] == ["strategy", "requote"]
    assert not of(events, Filled)


def test_an_order_gets_no_more_than_its_share_of_a_bars_volume(tmp_path):
    """A tenth of a bar of 0.03 BTC is 0.003: the rest of the order waits for the next bar."""
    day = calm(BTC, WARM, 50_000)
    thin = bar(BTC, NOW, (50_000, 50_010, 49_990, 50_000), volume="0.03")
    events = Arena(tmp_path, feed_of([*day, thin]), [told({NOW: [buy(BTC)]}, (BTC,))]).run()
    [fill] = of(events, Filled)
    assert fill.quantity == Decimal("0.003")
    order, again = of(events, OrderSent)
    assert again.quantity == order.quantity - fill.quantity > 0


def test_when_a_strategy_closes_what_it_holds_then_it_is_flat(tmp_path):
    """Bought and sold: both are decided and filled whole, and nothing is left."""
    later = [(50_000, 50_010, 49_990, 50_000)] * 3
    run = arena(tmp_path, later, {NOW: [buy(BTC, "0.004")], NOW + HOUR: [sell(BTC, "0.004")]})
    events = run.run()
    buys, sells = of(events, Filled)
    assert (buys.quantity, sells.quantity) == (Decimal("0.004"), Decimal("0.004"))
    assert all(d.allowed for d in of(events, Decided))
    assert run.loop.desk.books.ledger.positions == {}


@pytest.mark.parametrize("urgent", [True, False])
def test_an_order_that_was_sent_before_a_gap_reaches_the_book_when_the_market_is_back(tmp_path, urgent):
    """Bars are missing after it was sent: it arrives at the open of the first one there is."""
    path = universe_with(tmp_path, lambda document: capped(document, clearance_life="86400"))
    after = [bar(BTC, NOW + i * HOUR, (50_000, 50_010, 49_900, 50_005)) for i in (2, 3)]
    script = {NOW: [buy(BTC, "0.004", urgent=urgent)]}
    feed = feed_of([*calm(BTC, WARM, 50_000), *after])
    run = Arena(tmp_path / "run", feed, [told(script, (BTC,))], universe=path)
    events = run.run()
    [fill] = of(events, Filled)
    assert (fill.quantity, fill.maker) == (Decimal("0.004"), not urgent)
    assert next(c.change for c in of(events, OrderChanged)) == "accepted"


def test_a_quote_that_the_market_has_crossed_in_a_gap_is_refused_when_it_is_back(tmp_path):
    """Post-only is post-only also where the book was not seen for a while."""
    path = universe_with(tmp_path, lambda document: capped(document, clearance_life="86400"))
    after = [bar(BTC, NOW + 2 * HOUR, (49_000, 49_010, 48_990, 49_000))]
    feed = feed_of([*calm(BTC, WARM, 50_000), *after])
    run = Arena(tmp_path / "run", feed, [told({NOW: [buy(BTC, urgent=False)]}, (BTC,))], universe=path)
    assert [c.change for c in of(run.run(), OrderChanged)] == ["accepted", "rejected"]


def test_when_the_market_takes_the_margin_away_before_an_order_arrives_then_the_venue_refuses_it(tmp_path):
    """Cleared on a calm close; by the next open the position has lost what the order's margin was."""
    run = arena(tmp_path, [(50_000, 50_010, 49_990, 50_000)] * 3, {NOW: [buy(BTC, "0.004")]})

    def spend(loop, tick):
        if tick.time == NOW + HOUR:
            loop.desk.pulse.nav = Decimal(50)

    run.before = spend
    events = run.run()
    refused = [c for c in of(events, OrderChanged) if c.change == "rejected"]
    assert [c.reason for c in refused] == ["margin is insufficient"]
    assert not of(events, Filled)
    assert len(of(events, IntentMade)) == 1, "what the account does not carry is not asked for again"

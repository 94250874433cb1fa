from dataclasses import replace
from decimal import Decimal

from execution.events import Decided, Filled, IntentMade, OrderChanged, OrderSent, PlanEnded, PlanMade
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
    feed_of,
    of,
    sell,
    universe_with,
)

NOW = START + WARM * HOUR
BTC = "BTCUSDT"
FLAT = (50_000, 50_000, 49_995, 50_000)


def arena(tmp_path, later, script, change=None, *, strategies=None, **options):
    """A calm day of BTC at 50,000, then these minutes; who is asked is asked each minute."""
    bars = [replace(one, opened=one.closed - MINUTE) for one in calm(BTC, WARM, 50_000)]
    bars += [bar(BTC, NOW + i * MINUTE, prices, seconds=MINUTE) for i, prices in enumerate(later)]
    if change is not None:
        options["universe"] = universe_with(tmp_path, change)
    return Arena(tmp_path / "run", feed_of(bars), strategies or [each_minute(script)], **options)


def each_minute(script, name="momentum"):
    """A strategy that is asked each minute."""
    return Told(name, script, (BTC,), every=MINUTE)


def down_by(amount, count, start=50_000):
    """Bars that each open lower than the one before closed."""
    return [(start - i * amount,) * 2 + (start - i * amount - 1,) * 2 for i in range(1, count + 1)]


def test_when_a_quote_is_left_behind_again_and_again_then_its_tries_are_counted_and_it_takes(tmp_path):
    """A seller in a falling market shows as many prices as its route allows, over three orders; then it takes."""
    script = {NOW: [buy(BTC, "0.008")], NOW + 2 * MINUTE: [sell(BTC, "0.008", urgent=False)]}
    run = arena(tmp_path, [FLAT, FLAT, *down_by(20, 12)], script)
    events = run.run()
    causes = [i.cause for i in of(events, IntentMade)]
    assert causes == ["strategy", "strategy", "requote", "requote", "fallback"]
    shown = [c.price for c in of(events, OrderChanged) if c.change in ("accepted", "requoted") and c.price]
    assert len(shown) == 5
    assert shown == sorted(shown, reverse=True)
    sold = [f for f in of(events, Filled) if f.side == "SELL"]
    assert [(f.quantity, f.maker) for f in sold] == [(Decimal("0.008"), False)]
    assert [o.quotes for o in of(events, OrderSent)] == [0, 0, 2, 4, 0]


def test_when_post_only_is_refused_again_and_again_then_it_takes_in_the_end(tmp_path):
    """A buyer whose quotes are always crossed by the next open is refused as often as the table of routes says."""
    run = arena(tmp_path, [FLAT, *down_by(40, 12)], {NOW: [buy(BTC, "0.008", urgent=False)]})
    events = run.run()
    refused = [c for c in of(events, OrderChanged) if c.change == "rejected"]
    assert len(refused) == 5
    assert [i.cause for i in of(events, IntentMade)][-1] == "fallback"
    assert sum(f.quantity for f in of(events, Filled)) == Decimal("0.008")


def sliced(document):
    """Orders from 100 USDT on are sliced into four."""
    capped(document, twap_notional="100")


def test_when_slices_are_smaller_than_may_be_then_what_was_not_sent_goes_with_the_next(tmp_path):
    """A quarter of 400 USDT is under the least notional of an entry: nothing of the plan is lost by that."""
    later = [(50_000, 50_000, 49_900, 50_000)] * 12
    run = arena(tmp_path, later, {NOW: [buy(BTC, "0.007", urgent=False)]}, sliced)
    events = run.run()
    [plan] = of(events, PlanMade)
    slices = [i for i in of(events, IntentMade) if i.cause == "slice"]
    assert len(slices) == 4
    assert next(v["reason"] for d in of(events, Decided) for v in d.record["vetoes"]) in (
        "venue_min_notional",
        "min_notional",
    )
    assert sum(f.quantity for f in of(events, Filled)) == plan.quantity == Decimal("0.007")
    assert run.loop.desk.books.plans == {}


def test_when_two_strategies_plan_in_one_symbol_then_each_plan_asks_for_its_own_slices_only(tmp_path):
    """A plan that is made while another one's slice is due asks for no slice of that one: four each, no more."""
    later = [(50_000, 50_000, 49_995, 50_000)] * 20
    mine = {NOW: [buy(BTC, "0.008", urgent=False)]}
    theirs = {NOW + MINUTE: [sell(BTC, "0.008", urgent=False, strategy="vol_target")]}
    both = [each_minute(mine), each_minute(theirs, "vol_target")]
    run = arena(tmp_path, later, {}, sliced, strategies=both)
    events = run.run()
    first, second = of(events, PlanMade)
    for plan in (first, second):
        slices = [i for i in of(events, IntentMade) if i.cause == "slice" and i.parent == plan.plan]
        assert len(slices) == 4
        sent = sum(o.quantity for o in of(events, OrderSent) if o.plan == plan.plan)
        assert sent == plan.quantity


def test_when_a_slice_is_quoted_again_then_it_is_not_sliced_again(tmp_path):
    """A plan ends: what is left of a slice is one order, and takes when its tries are used up."""

    def finely(document):
        capped(document, twap_notional="20", min_notional="10")
        for symbol in document["symbols"].values():
            symbol["filters"]["min_notional"] = "10"

    run = arena(
        tmp_path,
        [FLAT, *down_by(20, 40)],
        {NOW: [buy(BTC, "0.008")], NOW + 2 * MINUTE: [sell(BTC, "0.008", urgent=False)]},
        finely,
    )
    events = run.run()
    assert len(of(events, PlanMade)) == 1
    assert sum(f.quantity for f in of(events, Filled) if f.side == "SELL") == Decimal("0.008")
    assert run.loop.desk.books.ledger.positions == {}
    assert run.loop.desk.books.open_orders() == []


def test_when_a_stop_fires_while_its_plan_of_entry_goes_on_then_the_plan_ends_and_opens_nothing_more(tmp_path):
    """The slices that were still due are given up with the position."""
    fall = [(49_900, 49_900, 48_000, 48_000), *[(48_000, 48_000, 47_990, 48_000)] * 10]
    later = [FLAT, (50_000, 50_000, 49_900, 50_000), *fall]
    run = arena(tmp_path, later, {NOW: [buy(BTC, "0.008", urgent=False)]}, sliced)
    events = run.run()
    [ended] = of(events, PlanEnded)
    assert ended.reason == "trailing_stop"
    assert run.loop.desk.books.ledger.positions == {}
    assert run.loop.desk.books.open_orders() == []
    bought, sold = (sum(f.quantity for f in of(events, Filled) if f.side == s) for s in ("BUY", "SELL"))
    assert Decimal(0) < bought == sold < Decimal("0.008")

"""Laws of the acting half, over random markets and random wishes."""

from collections import Counter, defaultdict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from execution.events import (
    Cleared,
    Decided,
    ExitTriggered,
    Filled,
    FundingPaid,
    IntentMade,
    OrderSent,
    PlanMade,
    PositionClosed,
)
from execution.journal import Journal
from tests.engine.random_rules import thorough
from tests.execution import thin
from tests.execution.arena import HOUR, START, WARM, Arena, bar, calm, feed_of, of, told
from universe.trading import Funding, Intent, Side

BTC, ETH = "BTCUSDT", "ETHUSDT"
NOW = START + WARM * HOUR
HOURS = 12
FEW = thorough(10)
moves = st.lists(st.integers(-60, 60), min_size=HOURS, max_size=HOURS)
wishes = st.lists(
    st.tuples(
        st.integers(0, HOURS - 2),
        st.sampled_from(["momentum", "vol_target"]),
        st.sampled_from([BTC, ETH]),
        st.sampled_from([Side.BUY, Side.SELL]),
        st.sampled_from([None, "0.001", "0.004", "0.02", "0.5", "7.7777"]),
        st.booleans(),
    ),
    max_size=14,
)


def market(symbol: str, price: int, steps: list[int]):
    """Hourly bars that move by so many thousandths, with a range around each."""
    bars, at = calm(symbol, WARM, price), Decimal(price)
    for i, step in enumerate(steps):
        opened, at = at, (at * (1 + Decimal(step) / 1000)).quantize(Decimal("0.1"))
        reach = (abs(at - opened) / 2 + Decimal(5)).quantize(Decimal("0.1"))
        prices = (opened, max(opened, at) + reach, min(opened, at) - reach, at)
        bars.append(bar(symbol, NOW + i * HOUR, prices, volume=40))
    return bars


def run_of(folder, btc, eth, asked, rates=(), until=None):
    """A run of both strategies over these moves."""
    scripts = {"momentum": defaultdict(list), "vol_target": defaultdict(list)}
    for hour, strategy, symbol, side, quantity, urgent in asked:
        wanted = None if quantity is None else Decimal(quantity)
        scripts[strategy][NOW + hour * HOUR].append(Intent(strategy, symbol, side, wanted, urgent, "told to"))
    feed = feed_of(market(BTC, 50_000, btc) + market(ETH, 3_000, eth), rates)
    arena = Arena(folder, feed, [told(script, (BTC, ETH), name) for name, script in scripts.items()])
    return arena, arena.run(until=until)


@FEW
@given(moves, moves, wishes, st.integers(-300, 300))
def test_cash_is_start_and_all_that_was_realised_less_fees_and_funding_to_the_last_digit(
    tmp_path_factory, btc, eth, asked, rate
):
    """The identity, recomputed from fills alone, strategy by strategy; the strategies' sums are the account's."""
    rates = [Funding(s, NOW + 8 * HOUR, Decimal(rate) / 100_000) for s in (BTC, ETH)]
    arena, events = run_of(tmp_path_factory.mktemp("run"), btc, eth, asked, rates)
    ledger, prices = arena.loop.desk.books.ledger, arena.loop.desk.pulse.prices
    bought: dict[str, Decimal] = defaultdict(Decimal)
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    fees: dict[str, Decimal] = defaultdict(Decimal)
    funding: dict[str, Decimal] = defaultdict(Decimal)
    for fill in of(events, Filled):
        sign = Side(fill.side).sign
        bought[fill.strategy] += sign * fill.quantity * fill.price
        held[fill.strategy, fill.symbol] += sign * fill.quantity
        fees[fill.strategy] += fill.fee
    for paid in of(events, FundingPaid):
        funding[paid.strategy] += paid.amount
    total = Decimal(0)
    for strategy in set(bought) | set(ledger.accounts):
        worth = sum((q * prices[s] for (own, s), q in held.items() if own == strategy), Decimal(0))
        result = worth - bought[strategy] - fees[strategy] - funding[strategy]
        assert ledger.result(strategy, prices) == result
        total += result
    assert ledger.cash == ledger.start + sum((a.result for a in ledger.accounts.values()), Decimal(0))
    assert arena.loop.desk.pulse.nav == ledger.nav(prices) == ledger.start + total
    for symbol in (BTC, ETH):
        assert ledger.net(symbol) == sum((q for (_, s), q in held.items() if s == symbol), Decimal(0))


@FEW
@given(moves, moves, wishes)
def test_what_is_sent_and_filled_never_exceeds_what_was_cleared(tmp_path_factory, btc, eth, asked):
    """Each order has one clearance of its own, is no larger and no worse; each fill is inside its order."""
    _, events = run_of(tmp_path_factory.mktemp("run"), btc, eth, asked)
    cleared = {c.clearance: c for c in of(events, Cleared)}
    used, left = set(), {}
    for event in events:
        if isinstance(event, OrderSent):
            given_ = cleared[event.clearance]
            assert event.clearance not in used
            used.add(event.clearance)
            assert (event.symbol, event.side, event.worst_price) == (given_.symbol, given_.side, given_.worst_price)
            assert event.quantity <= given_.quantity
            left[event.order] = (event.quantity, event)
        elif isinstance(event, Filled):
            quantity, order = left[event.order]
            assert event.quantity <= quantity
            left[event.order] = (quantity - event.quantity, order)
            if order.worst_price is not None:
                assert (event.price - order.worst_price) * Side(event.side).sign <= 0
    asked_for = {i.intent: i for i in of(events, IntentMade)}
    for one in cleared.values():
        wanted = asked_for[one.intent].quantity
        assert wanted is None or one.quantity <= wanted


@FEW
@given(moves, moves, wishes)
def test_a_protective_exit_is_never_blocked(tmp_path_factory, btc, eth, asked):
    """Each urgent exit that is triggered is allowed at once, and has closed its position before the bar is over."""
    arena, events = run_of(tmp_path_factory.mktemp("run"), btc, eth, asked)
    exits = {i.intent for i in of(events, IntentMade) if i.cause == "exit" and i.urgent}
    for decision in of(events, Decided):
        assert decision.allowed or decision.intent not in exits
    urgent = [e for e in of(events, ExitTriggered) if e.urgent]
    closed = [c for c in of(events, PositionClosed) if c.reason in ("stop_loss", "trailing_stop")]
    assert len(urgent) == len(closed)
    assert all(p.exits is not None for p in arena.loop.desk.books.ledger.positions.values())


@FEW
@given(moves, moves, st.lists(st.integers(-60, 60), min_size=4, max_size=4), wishes)
def test_another_future_leaves_the_past_as_it_was(tmp_path_factory, btc, eth, other, asked):
    """With the last four hours changed, every event up to then is the same to the byte."""
    cut = NOW + (HOURS - 4) * HOUR
    asked = [a for a in asked if a[0] <= HOURS - 4]
    journals = []
    for end in (btc[-4:], other):
        folder = tmp_path_factory.mktemp("run")
        run_of(folder, btc[:-4] + end, eth[:-4] + end, asked)
        with Journal.read(folder) as journal:
            # The feed's name is the first event; it says which future there is.
            journals.append([(e.seq, e.time, e.event) for e in journal.entries() if e.time <= cut][1:])
    assert journals[0] == journals[1]
    assert journals[0]


def roots_of(events):
    """For each order, the intent that it goes back to through re-quotes, slices and fallbacks."""
    made = {i.intent: i for i in of(events, IntentMade)}
    plans = {p.plan: f"i{p.plan[1:]}" for p in of(events, PlanMade)}
    roots = {}
    for order in of(events, OrderSent):
        root = made[order.intent]
        while root.parent is not None:
            root = made[plans.get(root.parent, root.parent)]
        roots[order.order] = root
    return roots


@FEW
@given(thin.markets, thin.wishes)
def test_what_goes_back_to_an_exit_never_opens_or_enlarges_a_position(tmp_path_factory, market, asked):
    """Through gaps, slices, re-quotes and fallbacks: what closes a position closes no more than it holds."""
    arena = thin.arena_of(tmp_path_factory.mktemp("run"), market, asked)
    events = arena.run()
    roots, held = roots_of(events), defaultdict(Decimal)
    sent = {o.order: o for o in of(events, OrderSent)}
    for fill in of(events, Filled):
        before = held[fill.strategy, fill.symbol]
        held[fill.strategy, fill.symbol] += Side(fill.side).sign * fill.quantity
        if roots[fill.order].cause == "exit":
            assert before * Side(fill.side).sign < 0
            assert fill.quantity <= abs(before)
    for plan in of(events, PlanMade):
        assert sum(o.quantity for o in sent.values() if o.plan == plan.plan) <= plan.quantity


@FEW
@given(thin.markets, thin.wishes)
def test_at_the_end_of_every_tick_nothing_is_half_done(tmp_path_factory, market, asked):
    """Each position has its exits, the venue and the books know the same orders, nothing is wanted or reserved."""
    arena = thin.arena_of(tmp_path_factory.mktemp("run"), market, asked)

    def look(loop, tick):
        desk = loop.desk
        assert all(p.exits is not None for p in desk.books.ledger.positions.values())
        assert list(loop.venue._orders.values()) == desk.books.open_orders()
        assert not desk.wishes
        assert list(desk.gate.reserved()) == []
        for order in desk.books.open_orders():
            assert order.remaining > 0
            assert desk.now < order.expires
        assert all(plan.left > 0 for plan in desk.books.plans.values())

    arena.before = look
    arena.run()
    look(arena.loop, None)


@FEW
@given(thin.markets, thin.wishes)
def test_no_order_fills_after_its_clearance_and_tries_are_never_without_end(tmp_path_factory, market, asked):
    """A fill's bar opened before the clearance ended; a wish leads to no more orders than its tries allow."""
    arena = thin.arena_of(tmp_path_factory.mktemp("run"), market, asked)
    events = arena.run()
    sent = {o.order: o for o in of(events, OrderSent)}
    with Journal.read(arena.folder) as journal:
        for entry in journal.entries(kinds=(Filled.kind,)):
            assert entry.time - thin.MINUTE < sent[entry.event.order].expires
    chains = Counter(root.intent for root in roots_of(events).values())
    # 5 prices in each of 4 slices, then a taker that may find nothing at its worst price once a minute
    assert max(chains.values(), default=0) <= 4 * 6 + thin.MINUTES


@FEW
@given(thin.markets, thin.markets, thin.wishes, st.integers(1, thin.MINUTES - 1))
def test_another_future_of_a_thin_market_leaves_the_past_as_it_was(tmp_path_factory, market, other, asked, cut):
    """Partial fills, gaps and quotes included: up to the cut, every event is the same to the byte."""
    moves, missing, rate = market
    past = {i for i in missing if i < cut}
    ends = ((moves[cut:], missing - past), (other[0][cut:], {i for i in other[1] if i >= cut}))
    journals = []
    for end, gaps in ends:
        arena = thin.arena_of(tmp_path_factory.mktemp("run"), ([*moves[:cut], *end], past | gaps, rate), asked)
        arena.run()
        until = thin.NOW + cut * thin.MINUTE
        with Journal.read(arena.folder) as journal:
            journals.append([(e.seq, e.time, e.event) for e in journal.entries() if e.time <= until][1:])
    assert journals[0] == journals[1]

from decimal import Decimal

import pytest

from execution.events import Dropped
from execution.gate import Asked, Clearance, ClearanceFault, Gate, RiskEngine
from tests.execution.arena import (
    HOUR,
    START,
    WARM,
    Arena,
    buy,
    calm,
    capped,
    feed_of,
    of,
    told,
    universe_of,
    universe_with,
)
from universe.quiet import quiet_facts
from universe.trading import Side

UNIVERSE = universe_of()
NOW = 1_000_000


def facts_and_asked(quantity="0.004", *, urgent=False, expires=NOW + 60):
    """A buy of BTC on a quiet day, as facts and as the gate is asked."""
    facts = quiet_facts(UNIVERSE, "BTCUSDT", Decimal(15_000))
    price = Decimal(facts["order"]["price"])
    facts["order"] |= {"quantity": Decimal(quantity), "price": price, "urgent": urgent}
    return facts, Asked("i1", 1, "momentum", "BTCUSDT", Side.BUY, Decimal(quantity), price, urgent, expires)


def cleared(gate, **options):
    """A clearance of the gate."""
    facts, asked = facts_and_asked(**options)
    decision, clearance = gate.decide(facts, asked)
    assert decision.allowed
    assert clearance is not None
    return clearance


@pytest.fixture
def gate():
    """A gate over the shipped universe."""
    return Gate(RiskEngine.of(UNIVERSE))


def test_when_anybody_but_the_gate_makes_a_clearance_then_it_is_refused():
    """A clearance can't be expressed without the gate's own seal."""
    with pytest.raises(ClearanceFault, match="only the gate"):
        Clearance("x", "i1", "momentum", "BTCUSDT", Side.BUY, Decimal(1), Decimal(1), "", "", False, NOW, object())


def test_a_clearance_is_reserved_until_it_is_spent_and_is_spent_once(gate):
    """What was cleared and not sent is seen by the next intent; used twice it is a fault."""
    clearance = cleared(gate)
    assert list(gate.reserved()) == [clearance]
    gate.spend(clearance, clearance.quantity, clearance.worst_price, NOW)
    assert list(gate.reserved()) == []
    with pytest.raises(ClearanceFault, match="used already"):
        gate.spend(clearance, clearance.quantity, clearance.worst_price, NOW)


def test_when_an_order_is_larger_or_worse_or_late_then_the_clearance_is_not_spent(gate):
    """One step more, one tick worse, or the second of its expiry: each is a fault, and the clearance is still there."""
    clearance = cleared(gate)
    for quantity, price, now in (
        (clearance.quantity + Decimal("0.001"), clearance.worst_price, NOW),
        (clearance.quantity, clearance.worst_price + Decimal("0.1"), NOW),
        (clearance.quantity, None, NOW),
        (Decimal(0), clearance.worst_price, NOW),
        (clearance.quantity, clearance.worst_price, clearance.expires),
    ):
        with pytest.raises(ClearanceFault):
            gate.spend(clearance, quantity, price, now)
    assert list(gate.reserved()) == [clearance]


def test_when_another_universe_takes_over_then_what_the_old_one_cleared_is_no_leave(gate):
    """Rules that no longer decide clear nothing."""
    clearance = cleared(gate)
    gate.adopt(RiskEngine.of(UNIVERSE))
    with pytest.raises(ClearanceFault):
        gate.spend(clearance, clearance.quantity, clearance.worst_price, NOW)


@pytest.mark.parametrize("name", ["quantity", "price", "side", "symbol", "strategy", "urgent"])
def test_when_facts_are_about_another_order_than_is_asked_for_then_nothing_is_cleared(gate, name):
    """The gate clears what was decided on, not what the caller says besides."""
    facts, asked = facts_and_asked()
    other = {
        "quantity": Decimal("0.003"),
        "price": Decimal("87400"),
        "side": "SELL",
        "symbol": "ETHUSDT",
        "strategy": "vol_target",
        "urgent": True,
    }
    facts["order"][name] = other[name]
    _, clearance = gate.decide(facts, asked)
    assert clearance is None


def test_an_urgent_entry_keeps_its_worst_price(gate):
    """Only what the rules measure as reducing may fill at any price; a claim of urgency is not enough."""
    assert cleared(gate, urgent=True).worst_price is not None


def test_when_a_clearance_would_hold_for_no_second_then_the_intent_ends_and_the_run_goes_on(tmp_path):
    """Half a second is a duration that rules may say, and less than any order needs."""
    path = universe_with(tmp_path, lambda document: capped(document, clearance_life="0.5"))
    start = START + WARM * HOUR
    strategies = [told({start: [buy("BTCUSDT", "0.004")]}, ("BTCUSDT",))]
    events = Arena(tmp_path / "run", feed_of(calm("BTCUSDT", WARM + 2, 50_000)), strategies, universe=path).run()
    assert [(d.reason, d.text) for d in of(events, Dropped)] == [("no_bound", "a clearance would hold for no second")]

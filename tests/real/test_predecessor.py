"""What the predecessor really did, decided by the rules as they stand.

The recorded files are not part of the project: where they are absent, the tests that read them skip.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.engine import Engine
from engine.explain import Refusal as Code
from engine.reason import Decision
from generator.compile.stages import compile_universe
from tests.real.compare import DATA, PAGE, ROOT, TODAY, Comparison, compare, lifts, needs, page
from tests.real.records import Refusal, Trade
from tests.real.transcribe import NEVER, Symbols, Transcript, crowded, of_refusal, of_trade

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BOUGHT = Trade(
    name="b",
    symbol="BTCUSDT",
    side="BUY",
    strategy="vol_target",
    entered=NOON,
    left=NOON + timedelta(hours=1),
    quantity=Decimal("0.0039"),
    price=Decimal("80000.04"),
    notional=Decimal("312.00"),
    net=Decimal("-1"),
    fills=1,
)
# An ether long of two hours before, of the same strategy.
HELD = replace(
    BOUGHT,
    name="a",
    symbol="ETHUSDT",
    entered=NOON - timedelta(hours=2),
    quantity=Decimal(1),
    price=Decimal(3000),
    notional=Decimal(3000),
)
# A trade in the same symbol and on the same side, of the day before, left four minutes after midnight.
LEFT = replace(BOUGHT, name="0", entered=NOON - timedelta(hours=20), left=NOON - timedelta(hours=11, minutes=56))
# A short in the same symbol, of a strategy that was lost.
OPPOSED = replace(HELD, symbol="BTCUSDT", side="SELL", strategy="unknown", quantity=Decimal("0.01"))
REFUSED = Refusal(
    symbol="LTCUSDT",
    side="BUY",
    strategy="vol_target",
    at=NOON,
    price=Decimal("80.003"),
    notional=Decimal(300),
    leverage=Decimal(2),
    nav=Decimal(10000),
    nav_age=Decimal("0.25"),
    nav_peak=Decimal(10100),
    held=Decimal(4),
    gross=Decimal("1320.012"),
    reasons=("max_concurrent",),
    thresholds={"max_concurrent_positions": Decimal(6)},
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    """By the rules of this checkout."""
    return Engine(compile_universe(ROOT, today=TODAY).ruleset)


@pytest.fixture(scope="module")
def symbols(engine: Engine) -> Symbols:
    """Ticks, steps, tiers and groups."""
    return Symbols.of(engine.ruleset)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Every recorded intent, decided."""
    if not DATA.is_dir():
        pytest.skip("the predecessor's recorded files are not beside the project")
    return compare()


class TestRecorded:
    def test_each_intent_is_decided_alike_by_both_backends(self, comparison: Comparison) -> None:
        """To the last byte of the record; none is left out."""
        reference = Engine(comparison.ruleset, "interpreter")
        decided = list(comparison.decided)

        assert len(decided) == 822
        assert [reference.decide(t.facts).to_json() for t, _ in decided] == [d.to_json() for _, d in decided]

    def test_every_answer_is_a_gates_and_says_why(self, comparison: Comparison) -> None:
        """No fact was missing or invalid, nothing failed, and each reason has its text and its place in the rules."""
        vetoes = [veto for _, decision in comparison.decided for veto in decision.vetoes]

        assert {v.reason for v in vetoes}.isdisjoint(Code)
        assert all(v.gate and v.text and v.source.startswith("rules/") for v in vetoes)

    def test_totals_stay_as_they_are(self, comparison: Comparison, snapshot: SnapshotAssertion) -> None:
        """A rule that is changed shows here how many of the recorded entries it would have stopped or let through."""
        entries = comparison.entries

        assert snapshot == {
            "entries": len(entries),
            "allowed": sum(e.decision.allowed for e in entries),
            "refused for sure": sum(e.refused_for_sure for e in entries),
            "refused as assumed": sum(e.refused_as_assumed for e in entries),
            "allowed on testnet": comparison.allowed_on_testnet,
            "allowed had we been obeyed": len(comparison.obeyed),
            "reasons": dict(comparison.reasons),
        }

    def test_the_eight_refusals_stay_as_they_are(self, comparison: Comparison, snapshot: SnapshotAssertion) -> None:
        """The predecessor's reasons, and ours."""
        assert snapshot == [(r.refusal.symbol, r.refusal.reasons, r.decision.reasons) for r in comparison.refused]

    def test_the_page_is_fresh(self, comparison: Comparison) -> None:
        """`python -m tests.real.compare` writes it."""
        assert PAGE.read_text(encoding="utf-8") == page(comparison)


class TestTranscription:
    def test_size_and_price_go_to_step_and_tick(self, symbols: Symbols) -> None:
        """Size down; price to the worse side, as it is the worst at which the order may fill."""
        bought = of_trade(BOUGHT, (), symbols).facts["order"]
        sold = of_trade(replace(BOUGHT, side="SELL"), (), symbols).facts["order"]

        assert (bought["quantity"], bought["price"], sold["price"]) == ("0.003", "80000.1", "80000")

    def test_what_is_open_at_the_entry_counts(self, symbols: Symbols) -> None:
        """At entry price, from the instant of entry until before the exit; later trades don't count."""
        later = replace(HELD, name="c", symbol="SOLUSDT", entered=NOON + timedelta(seconds=1))
        facts = of_trade(BOUGHT, (HELD, BOUGHT, later), symbols).facts
        just_left = of_trade(BOUGHT, (replace(HELD, left=NOON),), symbols).facts

        assert facts["positions"]["open"] == facts["own"]["positions"] == "1"
        assert facts["gross"]["others"] == facts["tier"]["others"] == facts["group"]["others"] == "3000"
        assert (facts["net"]["long_others"], facts["net"]["short_others"]) == ("3000", "-3000")
        assert just_left["gross"]["others"] == "0"

    def test_a_long_and_a_short_of_one_symbol_net(self, symbols: Symbols) -> None:
        """The wallet's position is their sum; the strategy's is its own."""
        facts = of_trade(BOUGHT, (OPPOSED,), symbols).facts

        assert (facts["position"]["quantity"], facts["own"]["quantity"]) == ("-0.01", "0")
        assert "cost" not in facts["own"]

    def test_nav_follows_what_was_closed(self, symbols: Symbols) -> None:
        """The day starts with what was closed before midnight UTC, and has lost what was closed since."""
        yesterday = replace(LEFT, name="9", left=NOON - timedelta(hours=13), net=Decimal(-10))
        facts = of_trade(BOUGHT, (yesterday, LEFT, HELD), symbols).facts

        assert facts["nav"] == {"total": "10224", "day_start": "10225", "peak": "10235", "age": "3"}

    def test_time_since_exit_is_the_sides_own(self, symbols: Symbols) -> None:
        """Of this symbol and side; where the file has none, never, which is an assumption."""
        after_exit = of_trade(BOUGHT, (LEFT,), symbols)
        other_side = of_trade(BOUGHT, (replace(LEFT, side="SELL"),), symbols)

        assert after_exit.facts["recent"]["since_exit"] == "42960"
        assert "recent.since_exit" not in after_exit.assumed
        assert other_side.facts["recent"]["since_exit"] == NEVER
        assert "recent.since_exit" in other_side.assumed

    @pytest.mark.parametrize(
        ("change", "history", "assumed"),
        [
            ({}, (HELD, LEFT), set()),
            ({"fills": 2}, (), {"order.quantity", "order.price"}),
            ({"quantity": Decimal("0.001")}, (), {"order.quantity", "order.price"}),
            ({"strategy": "unknown"}, (), {"order.strategy"}),
            ({}, (OPPOSED,), {"position.quantity", "position.notional", "own.quantity", "own.notional"}),
            ({}, (LEFT,), set()),
        ],
        ids=["one fill", "several fills", "under the venue's minimum", "lost", "open in the symbol", "left before"],
    )
    def test_what_is_not_known_is_said_to_be_assumed(
        self, symbols: Symbols, change: dict[str, Any], history: tuple[Trade, ...], assumed: set[str]
    ) -> None:
        """Beside what always is: sizes of several fills, strategies that were lost, what else is open in the symbol."""
        always = of_trade(BOUGHT, (LEFT,), symbols).assumed | {"recent.since_exit"}
        found = of_trade(replace(BOUGHT, **change), history, symbols).assumed

        assert found - always == assumed
        assert always >= {"nav.total", "gross.others", "mark.price", "working.buys"}
        assert always.isdisjoint({"order.side", "order.quantity", "position.quantity", "own.quantity"})

    def test_a_refusal_is_told_by_its_record(self, symbols: Symbols) -> None:
        """Position, gross and count are the record's; what else was open may have been anywhere."""
        transcript = of_refusal(REFUSED, (REFUSED,), (), symbols)
        facts, crowd = transcript.facts, crowded(transcript).facts

        assert facts["position"] == {"quantity": "4", "notional": "320.012"}
        assert (facts["gross"]["others"], facts["positions"]["open"]) == ("1000", "6")
        assert (facts["order"]["quantity"], facts["order"]["price"]) == ("3.749", "80.01")
        assert (facts["tier"]["others"], crowd["tier"]["others"]) == ("0", "1000")
        assert crowd["own"]["positions"] == "6"
        assert "tier.others" in transcript.assumed
        assert transcript.assumed.isdisjoint({"position.notional", "gross.others", "positions.open", "nav.total"})

    def test_refusals_of_one_scan_tell_of_each_other(self, symbols: Symbols) -> None:
        """What the one held is at least what else was open, where it counts; another scan says nothing."""
        beside = replace(REFUSED, symbol="SUIUSDT", price=Decimal("1.5"), held=Decimal(200))
        elsewhere = replace(beside, symbol="WIFUSDT", nav=Decimal(9999))
        transcript = of_refusal(REFUSED, (REFUSED, beside, elsewhere), (), symbols)

        assert (transcript.facts["tier"]["others"], transcript.facts["group"]["others"]) == ("300", "300")
        assert transcript.assumed.isdisjoint({"tier.others", "group.others"})


class TestSureness:
    def test_a_veto_that_rests_on_recorded_facts_is_sure(self, engine: Engine, symbols: Symbols) -> None:
        """Nobody assumed how long ago the last exit was."""
        left = replace(LEFT, left=NOON - timedelta(seconds=299))

        assert self._lifted(engine, of_trade(BOUGHT, (left,), symbols)) == {"cooldown": False}

    def test_a_veto_that_rests_on_an_assumed_size_is_not(self, engine: Engine, symbols: Symbols) -> None:
        """Ten fills of a large trade may have been ten orders."""
        large = replace(BOUGHT, quantity=Decimal("0.01"), fills=10)

        assert self._lifted(engine, of_trade(large, (), symbols)) == {"max_trade_nav": True}

    def test_an_assumption_that_could_not_be_kinder_leaves_a_veto_sure(self, engine: Engine, symbols: Symbols) -> None:
        """The gate reads working orders, assumed to be none; more of them would only be worse."""
        large = of_trade(replace(BOUGHT, quantity=Decimal("2.001")), (), symbols)
        gate = next(g for g in engine.ruleset.gates if g.id == "open_quantity")

        assert {"working.buy_quantity", "working.sell_quantity"} <= needs(engine.ruleset, gate) & large.assumed
        assert self._lifted(engine, large)["open_quantity"] is False

    def test_who_asks_matters_where_a_strategy_has_caps_of_its_own(self, engine: Engine) -> None:
        """No expression names the strategy; its cap is read all the same."""
        gates = {g.id: needs(engine.ruleset, g) for g in engine.ruleset.gates}

        assert "order.strategy" in gates["strategy_exposure"]
        assert "order.strategy" not in gates["cooldown"]

    @staticmethod
    def _lifted(engine: Engine, transcript: Transcript) -> Mapping[str, bool]:
        """For each reason, whether other values of the assumed facts could lift it."""
        decision: Decision = engine.decide(transcript.facts)
        gates = {g.id: g for g in engine.ruleset.gates}
        return {v.reason: lifts(engine, transcript, gates[v.gate or ""]) for v in decision.vetoes}

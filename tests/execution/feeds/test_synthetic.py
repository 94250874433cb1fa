"""The synthetic market: the same for a seed everywhere, plainly labelled, and with something in it to trade."""

import hashlib
import subprocess
import sys
from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path
from statistics import correlation, mean, pstdev
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.numbers import exact
from execution.feeds import Feed, RemarkCode, synthetic
from execution.feeds.dice import ONE, Dice
from execution.feeds.regimes import REGIMES, Mood, moods
from tests.execution.feeds.files import bars_of
from universe.trading import Bar

ROOT: Final = Path(__file__).resolve().parents[3]
PRICES: Final = {"BTCUSDT": Decimal(95_000), "ETHUSDT": Decimal(3_300), "XRPUSDT": Decimal("2.1")}
TICKS: Final = {"BTCUSDT": Decimal("0.10"), "ETHUSDT": Decimal("0.01"), "XRPUSDT": Decimal("0.0001")}
HOURS: Final = 24 * 14
SEED_7: Final = "99b97176739edfc6c17ac3645b5030d86864f3bb6dcec5e161ac975de845a8a8"


def market(seed: int = 7, days: int = 2, interval: int = 300) -> Feed:
    """Three symbols."""
    return synthetic(PRICES, TICKS, seed, days, interval)


def digest(feed: Feed) -> str:
    """A hash of every tick, to the last digit."""
    return hashlib.sha256("\n".join(map(repr, feed)).encode()).hexdigest()


def hourly(seed: int) -> list[float]:
    """A symbol's closes over a fortnight."""
    feed = synthetic({"BTCUSDT": Decimal(95_000)}, TICKS, seed, 14, 3_600)
    return [float(tick.bars[0].close) for tick in feed]


def test_when_a_seed_is_given_then_every_tick_is_the_one_that_it_always_was() -> None:
    """The hash was taken once: another version of Python, or a change of this code, must not change a seed's market
    unnoticed. A wanted change raises the version in `MODEL`.
    """
    assert digest(market()) == SEED_7


def test_when_another_process_or_arithmetic_context_asks_then_the_ticks_are_the_same() -> None:
    """Neither the order of hashes nor the precision that someone else has set shows in a price."""
    code = "from tests.execution.feeds.test_synthetic import digest, market; print(digest(market()))"
    run = [sys.executable, "-c", code]
    found = {
        subprocess.run(run, cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("0", "1")
    }
    with localcontext(prec=50):
        found.add(digest(market()) + "\n")
    with exact():
        found.add(digest(market()) + "\n")

    assert len(found) == 1


def test_when_iterated_twice_then_the_ticks_are_the_same_and_another_seed_gives_others() -> None:
    """Each iteration throws its own dice."""
    feed = market()

    assert list(feed) == list(feed)
    assert list(market(8)) != list(feed)
    assert market(8).fingerprint != feed.fingerprint == market().fingerprint


def test_when_a_market_is_made_then_it_says_that_it_is_synthetic() -> None:
    """In the flag, in the label and in a remark, before the first tick."""
    feed = market()

    assert (feed.synthetic, feed.label) == (True, "synthetic 5m")
    assert [(r.code, r.text) for r in feed.remarks] == [
        (RemarkCode.SYNTHETIC, "synthetic market, seed 7: no real prices")
    ]


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(),
    interval=st.sampled_from([60, 300, 3_600]),
    price=st.decimals("0.0001", "100000", places=4),
    tick=st.sampled_from([Decimal("0.0001"), Decimal("0.10"), Decimal("0.25"), Decimal(5)]),
)
def test_when_a_market_is_made_then_its_bars_are_sound_and_join(
    seed: int, interval: int, price: Decimal, tick: Decimal
) -> None:
    """Positive, on the tick grid, low ≤ open, close ≤ high, each opening where the last closed, none missing."""
    feed = synthetic({"XUSDT": price}, {"XUSDT": tick}, seed, 1, interval)
    ticks = list(feed)
    found = bars_of(ticks, "XUSDT")

    assert [t.time for t in ticks] == list(range(feed.first, feed.last + 1, interval))
    assert len(ticks) == feed.ticks == 86_400 // interval
    for before, after in pairwise(found):
        assert (after.opened, after.open) == (before.closed, before.close)
    for b in found:
        assert 0 < b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high
        assert all(value % tick == 0 for value in (b.open, b.high, b.low, b.close))
        assert b.volume >= 0


def test_when_a_price_is_one_tick_then_it_never_falls_to_nothing() -> None:
    """The coarsest grid that there is, over half a year: a price stays at least one tick."""
    lowest = []
    for seed in range(5):
        feed = synthetic({"XUSDT": Decimal(5)}, {"XUSDT": Decimal(5)}, seed, 180, 3_600)
        lowest.append(min(tick.bars[0].low for tick in feed))

    assert lowest == [Decimal(5)] * 5


def test_when_a_day_passes_then_funding_settles_three_times_with_a_mark() -> None:
    """At 00, 08 and 16 o'clock, for each symbol; the mark is the close; a rate is bounded and not always the same."""
    settled = [tick for tick in market(days=14) if tick.funding or tick.marks]

    assert [tick.time % 86_400 // 3_600 for tick in settled] == [8, 16, 0] * 14
    for tick in settled:
        assert [event.symbol for event in tick.funding] == [event.symbol for event in tick.marks] == sorted(PRICES)
        assert [mark.price for mark in tick.marks] == [b.close for b in tick.bars]
        assert all(abs(event.rate) <= Decimal("0.003") and event.time == tick.time for event in tick.funding)
    assert len({event.rate for tick in settled for event in tick.funding}) > 100


def test_when_a_symbol_has_risen_since_the_last_settlement_then_longs_pay_more() -> None:
    """Funding follows the trend."""
    rises, rates, before = [], [], Decimal(95_000)
    for tick in market(days=14):
        if tick.funding:
            rises.append(float(tick.bars[0].close / before))
            rates.append(float(tick.funding[0].rate))
            before = tick.bars[0].close

    assert correlation(rises, rates) > 0.95


@pytest.mark.parametrize("block", range(4))
def test_when_a_fortnight_passes_then_there_is_a_trend_to_follow_and_a_fall(block: int) -> None:
    """For each of forty seeds: somewhere a day goes more than twice as far as its hours by chance would, and somewhere
    six hours lose 4 %.
    """
    for seed in range(block * 10, block * 10 + 10):
        closes = hourly(seed)
        returns = [after / before - 1 for before, after in pairwise(closes)]
        usual = sorted(abs(r) for r in returns)[len(returns) // 2] * 1.48
        days = [closes[n + 24] / closes[n] - 1 for n in range(HOURS - 24)]

        assert max(map(abs, days)) > 2 * usual * 24**0.5, f"seed {seed}"
        assert min(closes[n + 6] / closes[n] - 1 for n in range(HOURS - 6)) < -0.04, f"seed {seed}"


def test_when_many_seeds_are_taken_then_the_market_neither_rises_nor_falls_by_itself() -> None:
    """A strategy must not look good for being long."""
    ends = [hourly(seed)[-1] / 95_000 - 1 for seed in range(100)]

    assert abs(mean(ends)) < 3 * pstdev(ends) / 10


def test_when_hours_are_compared_then_symbols_go_together_but_not_as_one() -> None:
    """One market, and something of their own."""
    ticks = list(market(days=14, interval=3_600))
    returns = [
        [float(after.close / before.close) for before, after in pairwise(bars_of(ticks, name))]
        for name in sorted(PRICES)
    ]

    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert 0.5 < correlation(returns[one], returns[other]) < 0.97


def test_when_a_symbol_is_added_then_the_others_do_what_they_did() -> None:
    """A change of the universe must not change every market that was tested on."""
    alone = synthetic({"BTCUSDT": PRICES["BTCUSDT"]}, TICKS, 7, 2)

    assert bars_of(alone, "BTCUSDT") == bars_of(market(), "BTCUSDT")


def test_when_a_tick_size_is_written_otherwise_then_nothing_changes() -> None:
    """0.1 and 0.10 are one tick size."""
    other = synthetic(PRICES, {**TICKS, "BTCUSDT": Decimal("0.1000")}, 7, 2)

    assert (digest(other), other.fingerprint) == (digest(market()), market().fingerprint)


@given(seed=st.integers(), days=st.integers(1, 60))
def test_when_moods_are_drawn_then_one_is_a_crash_and_each_lasts(seed: int, days: int) -> None:
    """Whatever the seed, and however short the run; a rise lasts 18 hours and more, unless the end cuts it."""
    found = moods(Dice(seed, "moods"), days * 24)

    assert len(found) == days * 24
    assert Mood.CRASH in found
    assert found[0] is Mood.CALM


def test_when_the_chain_is_run_long_then_every_mood_comes() -> None:
    """None of the five is out of reach."""
    assert set(moods(Dice(1, "moods"), 24 * 365)) == set(Mood) == set(REGIMES)


def test_when_normal_deviates_are_drawn_then_mean_deviation_and_tails_are_normal() -> None:
    """Of 40,000: mean 0, deviation 1, and about 4.55 % beyond two."""
    dice = Dice(7, "normal")
    drawn = [dice.normal() / ONE for _ in range(40_000)]

    assert abs(mean(drawn)) < 0.02
    assert abs(pstdev(drawn) - 1) < 0.02
    assert 0.04 < sum(abs(z) > 2 for z in drawn) / len(drawn) < 0.051


@pytest.mark.parametrize(
    "arguments",
    [
        {"symbols": {}},
        {"days": 0},
        {"interval": 420},
        {"interval": 30},
        {"start": 1},
        {"symbols": {"DOGEUSDT": Decimal(1)}},
        {"symbols": {"BTCUSDT": Decimal(0)}},
        {"symbols": {"BTCUSDT": Decimal("NaN")}},
        {"ticks": {**TICKS, "ETHUSDT": Decimal(-1)}},
    ],
)
def test_when_an_argument_is_out_of_range_then_it_is_refused(arguments: dict[str, object]) -> None:
    """Before anything is drawn."""
    given: dict[str, object] = {"symbols": PRICES, "ticks": TICKS, "seed": 1, "days": 1, **arguments}
    with pytest.raises(ValueError, match=r"synthetic|interval|tick size|price"):
        synthetic(**given)  # type: ignore[arg-type]  # that is what is tested


def test_when_a_bar_is_wide_then_high_and_low_lie_beyond_open_and_close() -> None:
    """Candles have wicks, or stops inside them would never be met."""
    wicked = [b for b in bars_of(market(), "BTCUSDT") if _has_wicks(b)]

    assert len(wicked) > 100


def _has_wicks(b: Bar) -> bool:
    return b.high > max(b.open, b.close) and b.low < min(b.open, b.close)

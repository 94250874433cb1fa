from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import isclose, sqrt
from random import Random
from statistics import NormalDist
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.statistics import DAILY_DECAY, DIGITS, LONG, SHORT, WARM_UP, Z_99, Statistics, decay_of
from universe.trading import Bar

HOUR: Final = 3600
NOON: Final = 1_748_779_200  # 2025-06-01T12:00:00Z
ONE: Final = Decimal(10_000)


def hour(symbol: str, number: int, price: Decimal | str) -> Bar:
    """The hour of a number, that closes at a price."""
    close = Decimal(price)
    opened = NOON + number * HOUR
    return Bar(symbol, opened, opened + HOUR, close, close, close, close, Decimal(1))


Prices = Mapping[str, Mapping[int, Decimal]]


def followed(prices: Prices) -> Statistics:
    """Statistics after these prices, by symbol and hour."""
    statistics = Statistics()
    for number in sorted({n for own in prices.values() for n in own}):
        statistics.feed([hour(s, number, own[number]) for s, own in prices.items() if number in own])
    return statistics


def market(symbols: Sequence[str], hours: int, seed: int = 1, gaps: int = 0) -> dict[str, dict[int, Decimal]]:
    """Prices that share a part of their moves, with as many hours missing from each as `gaps` says."""
    dice = Random(seed)
    prices = {s: {0: Decimal(100)} for s in symbols}
    for number in range(1, hours + 1):
        shared = dice.gauss(0, 0.004)
        for own in prices.values():
            change = Decimal(str(round(shared + dice.gauss(0, 0.003), 6)))
            own[number] = (own[number - 1] * (1 + change)).quantize(Decimal("0.0001"))
    for own in prices.values():
        for number in dice.sample(range(hours), gaps):
            del own[number]
    return prices


def returns(prices: Mapping[int, Decimal]) -> dict[int, float]:
    """Hourly returns by their hour, where the hour before is there; exact until they are floats."""
    steps = pairwise(sorted(prices))
    return {n: float(Fraction(prices[n]) / Fraction(prices[before]) - 1) for before, n in steps if n - before == 1}


def weighted(values: Sequence[float], decay: float) -> float:
    """The mean with weights that fall by `decay` with each value back, written out."""
    weights = [decay**back for back in reversed(range(len(values)))]
    return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)


def naive_covariance(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    """The correlation in shared hours, times each one's own volatility."""
    shared = sorted(one.keys() & other.keys())
    both = weighted([one[n] * other[n] for n in shared], DAILY_DECAY)
    squares = [weighted([r[n] ** 2 for n in shared], DAILY_DECAY) for r in (one, other)]
    own = [sqrt(weighted([v**2 for v in r.values()], DAILY_DECAY)) for r in (one, other)]
    return both / sqrt(squares[0] * squares[1]) * own[0] * own[1]


def naive_shortfall(values: Sequence[float], notional: float) -> float:
    """The mean of the worst twentieth of the last `LONG` outcomes, over a day."""
    losses = sorted((-notional * r for r in values[-LONG:]), reverse=True)
    left, total = len(losses) / 20, 0.0
    for loss in losses:
        total += min(1.0, max(0.0, left)) * loss
        left -= 1
    return max(0.0, total / (len(losses) / 20) * sqrt(24))


def near(found: Decimal | None, expected: float) -> bool:
    """Whether a result is a number to nine digits."""
    return found is not None and isclose(float(found), expected, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("gaps", [0, 40])
def test_volatility_is_the_weighted_mean_of_squares(gaps: int) -> None:
    """Against its definition, with the weights written out; hours that are missing have no return."""
    prices = market(["BTCUSDT"], 400, gaps=gaps)
    squares = [r**2 for r in returns(prices["BTCUSDT"]).values()]
    statistics = followed(prices)

    assert len(squares) == 400 if not gaps else 300 < len(squares) < 360
    assert near(statistics.vol_short("BTCUSDT"), sqrt(weighted(squares, 167 / 169)))
    assert near(statistics.vol_long("BTCUSDT"), sqrt(weighted(squares, 719 / 721)))


@pytest.mark.parametrize("span", [SHORT, LONG])
def test_a_decay_has_the_centre_of_mass_of_its_window(span: int) -> None:
    """The mean age of a weight is that of a plain window of so many returns: `(span - 1) / 2`."""
    decay = decay_of(span)

    assert isclose(decay / (1 - decay), (span - 1) / 2)


def test_the_constants_are_what_they_say() -> None:
    """A day of warm-up, 0.94 a day in hours, and the normal quantile of 99 %."""
    assert WARM_UP == 24
    assert isclose(DAILY_DECAY**24, 0.94, rel_tol=1e-12)
    assert isclose(Z_99, NormalDist().inv_cdf(0.99), rel_tol=1e-12)


def test_volatility_of_a_market_that_always_moves_as_much_is_that_move_from_the_first_hour_on() -> None:
    """Weights that don't sum to one would start too low: the estimate has no bias."""
    prices: dict[int, Decimal] = {0: Decimal(100)}
    for number in range(1, WARM_UP + 1):
        prices[number] = prices[number - 1] * (Decimal("1.01") if number % 2 else Decimal("0.99"))
    statistics = followed({"BTCUSDT": prices})

    assert near(statistics.vol_short("BTCUSDT"), 0.01)
    assert near(statistics.vol_long("BTCUSDT"), 0.01)


def test_nothing_is_known_before_the_warm_up_and_all_of_it_after() -> None:
    """None, never 0; a symbol that was never seen needs all of it."""
    prices = market(["BTCUSDT"], WARM_UP)["BTCUSDT"]
    early = followed({"BTCUSDT": {n: p for n, p in prices.items() if n < WARM_UP}})
    late = followed({"BTCUSDT": prices})

    assert [s.warm_up_left("BTCUSDT") for s in (Statistics(), early, late)] == [WARM_UP, 1, 0]
    for statistics, known in ((Statistics(), False), (early, False), (late, True)):
        results = (
            statistics.vol_short("BTCUSDT"),
            statistics.vol_long("BTCUSDT"),
            statistics.covariance("BTCUSDT", "BTCUSDT"),
            statistics.portfolio_var({"BTCUSDT": ONE}),
            statistics.position_cvar("BTCUSDT", ONE),
        )
        assert [r is not None for r in results] == [known] * 5


def test_a_price_that_never_moved_tells_nothing() -> None:
    """A volatility of 0 would say that there is no risk."""
    statistics = followed({"BTCUSDT": {n: Decimal(100) for n in range(100)}})

    assert statistics.warm_up_left("BTCUSDT") == 0
    assert statistics.vol_short("BTCUSDT") is None
    assert statistics.portfolio_var({"BTCUSDT": ONE}) is None
    assert statistics.position_cvar("BTCUSDT", ONE) is None


def test_a_move_over_a_gap_is_no_hourly_return() -> None:
    """Ten percent over three hours is nobody's hour."""
    prices = market(["BTCUSDT"], 60)["BTCUSDT"]
    jumped = {n: p if n < 30 else p * Decimal("1.1") for n, p in prices.items() if n not in (30, 31)}
    statistics, calm = followed({"BTCUSDT": jumped}), followed({"BTCUSDT": prices})

    found, before = statistics.vol_short("BTCUSDT"), calm.vol_short("BTCUSDT")

    assert found is not None
    assert before is not None
    assert isclose(found, before, rel_tol=0.2)
    assert statistics.warm_up_left("BTCUSDT") == 0


@pytest.mark.parametrize("gaps", [0, 40])
def test_covariance_agrees_with_its_definition(gaps: int) -> None:
    """Also where each symbol lacks other hours."""
    prices = market(["BTCUSDT", "ETHUSDT"], 300, gaps=gaps)
    one, other = (returns(prices[s]) for s in ("BTCUSDT", "ETHUSDT"))
    statistics = followed(prices)

    assert near(statistics.covariance("BTCUSDT", "ETHUSDT"), naive_covariance(one, other))
    assert statistics.covariance("BTCUSDT", "ETHUSDT") == statistics.covariance("ETHUSDT", "BTCUSDT")
    assert near(statistics.covariance("BTCUSDT", "BTCUSDT"), weighted([r**2 for r in one.values()], DAILY_DECAY))


def test_a_symbol_that_was_listed_lately_is_as_correlated_as_it_is() -> None:
    """Thirty hours beside three hundred: the hours before are not taken for uncorrelated ones."""
    old = market(["BTCUSDT"], 300)["BTCUSDT"]
    young = {n: p / 2 for n, p in old.items() if n >= 270}
    statistics = followed({"BTCUSDT": old, "NEWUSDT": young})
    hedge = statistics.portfolio_var({"BTCUSDT": ONE, "NEWUSDT": ONE})
    own = [statistics.portfolio_var({s: ONE}) for s in ("BTCUSDT", "NEWUSDT")]

    assert None not in own
    assert near(hedge, sum(float(v) for v in own if v is not None))


@pytest.mark.parametrize("gaps", [0, 25])
def test_value_at_risk_agrees_with_its_formula(gaps: int) -> None:
    """`z * sqrt(24) * sqrt(w' C w)` over the naive covariances, longs and shorts."""
    symbols = ["ADAUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT"]
    prices = market(symbols, 200, gaps=gaps)
    held = dict(zip(symbols, map(Decimal, ("5000", "-12000", "8000", "0")), strict=True))
    moves = {s: returns(prices[s]) for s in symbols}
    variance = sum(
        float(held[a] * held[b]) * naive_covariance(moves[a], moves[b]) for a in symbols for b in symbols if held[a]
    )

    assert near(followed(prices).portfolio_var(held), Z_99 * sqrt(24) * sqrt(variance))


KNOWN: Final = followed(market(["ADAUSDT", "BTCUSDT", "ETHUSDT"], 200, gaps=10))
NOTIONALS: Final = st.dictionaries(
    st.sampled_from(["ADAUSDT", "BTCUSDT", "ETHUSDT"]), st.decimals(-100_000, 100_000, places=2), max_size=3
)


def var(notionals: Mapping[str, Decimal]) -> float:
    """Value at risk of a portfolio of known symbols."""
    found = KNOWN.portfolio_var(notionals)
    assert found is not None
    return float(found)


@given(notional=st.decimals(-100_000, 100_000, places=2))
def test_value_at_risk_of_one_symbol_is_its_deviation_times_z(notional: Decimal) -> None:
    """`z * sigma * sqrt(24) * |w|`, long as short."""
    variance = KNOWN.covariance("BTCUSDT", "BTCUSDT")
    assert variance is not None

    expected = Z_99 * sqrt(float(variance)) * sqrt(24) * abs(float(notional))

    assert isclose(var({"BTCUSDT": notional}), expected, rel_tol=1e-8, abs_tol=1e-9)


@given(notionals=NOTIONALS, factor=st.integers(-9, 9))
def test_value_at_risk_grows_with_the_portfolio(notionals: dict[str, Decimal], factor: int) -> None:
    """Twice as much is twice the risk, and the other way round is the same."""
    larger = {s: w * factor for s, w in notionals.items()}

    assert isclose(var(larger), abs(factor) * var(notionals), rel_tol=1e-8, abs_tol=1e-6)


@given(one=NOTIONALS, other=NOTIONALS)
def test_two_portfolios_together_are_no_riskier_than_apart(one: dict[str, Decimal], other: dict[str, Decimal]) -> None:
    """The root of a positive form is subadditive; each of the three is rounded to ten significant digits."""
    both = {s: one.get(s, Decimal(0)) + other.get(s, Decimal(0)) for s in one.keys() | other.keys()}

    assert var(both) <= (var(one) + var(other)) * (1 + 4e-9) + 1e-8


def test_a_hedge_lowers_the_risk_and_more_of_the_same_raises_it() -> None:
    """The symbols move together."""
    alone = var({"BTCUSDT": ONE})

    assert var({"BTCUSDT": ONE, "ETHUSDT": -ONE / 2}) < alone < var({"BTCUSDT": ONE, "ETHUSDT": ONE / 2})


def test_a_position_in_an_unknown_symbol_makes_the_portfolios_risk_unknown() -> None:
    """And one of size zero doesn't."""
    assert KNOWN.portfolio_var({"BTCUSDT": ONE, "WIFUSDT": ONE}) is None
    assert KNOWN.portfolio_var({"BTCUSDT": ONE, "WIFUSDT": Decimal(0)}) == KNOWN.portfolio_var({"BTCUSDT": ONE})
    assert KNOWN.portfolio_var({}) == KNOWN.portfolio_var({"WIFUSDT": Decimal(0)}) == 0


def test_two_symbols_without_a_warm_up_together_have_no_risk_together() -> None:
    """Each is known by itself, and how they move together isn't."""
    prices = market(["BTCUSDT", "ETHUSDT"], 60)
    apart = {
        "BTCUSDT": {n: p for n, p in prices["BTCUSDT"].items() if n <= 40},
        "ETHUSDT": {n: p for n, p in prices["ETHUSDT"].items() if n >= 20},
    }
    statistics = followed(apart)

    assert statistics.portfolio_var({"BTCUSDT": ONE}) is not None
    assert statistics.portfolio_var({"ETHUSDT": ONE}) is not None
    assert statistics.covariance("BTCUSDT", "ETHUSDT") is None
    assert statistics.portfolio_var({"BTCUSDT": ONE, "ETHUSDT": ONE}) is None


@pytest.mark.parametrize("hours", [WARM_UP, 33, 240, 1000])
@pytest.mark.parametrize("notional", [ONE, -ONE])
def test_shortfall_is_the_mean_of_the_worst_twentieth(hours: int, notional: Decimal) -> None:
    """Of the last 720 returns, the one on the edge counted in part, over a day; a short suffers from rises."""
    prices = market(["BTCUSDT"], hours)
    values = list(returns(prices["BTCUSDT"]).values())

    assert near(followed(prices).position_cvar("BTCUSDT", notional), naive_shortfall(values, float(notional)))


def test_shortfall_forgets_what_is_older_than_its_window() -> None:
    """A crash of 721 hours ago is out of it; of 720 hours ago it is in."""
    calm = market(["BTCUSDT"], 900)["BTCUSDT"]
    worst = []
    for ago in (LONG - 1, LONG):
        fell = {n: p if n < 900 - ago else p / 2 for n, p in calm.items()}
        found = followed({"BTCUSDT": fell}).position_cvar("BTCUSDT", ONE)
        assert found is not None
        worst.append(float(found))

    assert worst[0] > 0.4 * float(ONE) / 36 * sqrt(24)
    assert isclose(worst[1], float(followed({"BTCUSDT": calm}).position_cvar("BTCUSDT", ONE) or 0), rel_tol=1e-6)


def test_a_fall_hurts_a_long_and_a_rise_a_short() -> None:
    """The sides differ; a market that only rises costs a long nothing, and less than nothing is nothing."""
    rising = {n: Decimal(100) * Decimal("1.01") ** n for n in range(50)}
    statistics = followed({"BTCUSDT": rising})

    assert statistics.position_cvar("BTCUSDT", ONE) == 0
    assert near(statistics.position_cvar("BTCUSDT", -ONE), 0.01 * sqrt(24) * float(ONE))


def test_a_position_of_size_zero_risks_nothing_in_any_symbol() -> None:
    """Also in one that is unknown."""
    assert Statistics().position_cvar("BTCUSDT", Decimal(0)) == 0


@given(order=st.randoms(use_true_random=False), one_by_one=st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_order_of_symbols_within_an_hour_does_not_matter(order: Random, one_by_one: bool) -> None:
    """To the last digit, together or one after the other."""
    symbols = ["ADAUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT"]
    prices = market(symbols, 40, gaps=3)
    statistics = Statistics()
    for number in range(41):
        hours = [hour(s, number, prices[s][number]) for s in symbols if number in prices[s]]
        order.shuffle(hours)
        for group in [[h] for h in hours] if one_by_one else [hours]:
            statistics.feed(group)

    expected = followed(prices)
    held = dict(zip(symbols, map(Decimal, (3000, -2000, 1000, 500)), strict=True))
    assert statistics.portfolio_var(held) == expected.portfolio_var(held)
    for one in symbols:
        for other in symbols:
            assert statistics.covariance(one, other) == expected.covariance(one, other)


def test_another_future_leaves_the_past_as_it_was() -> None:
    """What was known at an hour was known without those after it."""
    prices = market(["BTCUSDT", "ETHUSDT"], 60)
    other = {s: {n: p if n <= 40 else p * 3 for n, p in own.items()} for s, own in prices.items()}
    known = []
    for each in (prices, other):
        statistics = followed({s: {n: p for n, p in own.items() if n <= 40} for s, own in each.items()})
        known.append((statistics.vol_short("BTCUSDT"), statistics.portfolio_var({"BTCUSDT": ONE, "ETHUSDT": -ONE})))

    assert known[0] == known[1]
    assert None not in known[0]


def test_results_have_no_more_digits_than_documented() -> None:
    """So that the last bits of a float never reach a decision."""
    results = (
        KNOWN.vol_short("BTCUSDT"),
        KNOWN.covariance("BTCUSDT", "ETHUSDT"),
        KNOWN.portfolio_var({"BTCUSDT": ONE, "ETHUSDT": ONE}),
        KNOWN.position_cvar("BTCUSDT", ONE),
    )

    assert [r is not None and len(r.as_tuple().digits) <= DIGITS for r in results] == [True] * 4


def test_what_is_no_hour_or_comes_too_late_is_refused() -> None:
    """A bar of another length, one off the hour, one that was fed already."""
    statistics = Statistics()
    good = hour("BTCUSDT", 1, "100")
    statistics.feed([good])

    for opened, closed in ((NOON, NOON + 60), (NOON + 60, NOON + HOUR + 60)):
        with pytest.raises(ValueError, match="is no hour"):
            statistics.feed([Bar("ETHUSDT", opened, closed, *(Decimal(1),) * 5)])
    with pytest.raises(ValueError, match="after the one until"):
        statistics.feed([good])

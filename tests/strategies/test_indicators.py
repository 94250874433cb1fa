from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.indicators import average, distance, exactly, volatility
from tests.strategies.series import HOUR, bars

PRICES = st.lists(st.decimals("0.01", "100000", places=2), min_size=1, max_size=60)


def naive_average(prices: Sequence[Fraction], span: int) -> Fraction:
    """By its definition, exact."""
    decay = Fraction(span - 1, span + 1)
    weights = [decay**back for back in range(len(prices))]
    return sum((w * p for w, p in zip(weights, reversed(prices), strict=True)), Fraction(0)) / sum(weights)


@given(prices=PRICES, span=st.integers(1, 100))
def test_an_average_is_the_weighted_mean_of_its_definition(prices: list[Decimal], span: int) -> None:
    """The recursion gives what the weights, written out, give."""
    found = average([float(p) for p in prices], span)

    assert isclose(found, naive_average([Fraction(p) for p in prices], span), rel_tol=1e-12)


def test_an_average_of_one_price_is_that_price() -> None:
    """The first price counts for its weight alone, so a short history is not dragged towards anything."""
    assert average([42.5], 48) == 42.5
    assert isclose(average([7.0] * 30, 48), 7.0)


def test_volatility_is_the_root_of_the_mean_square_return_scaled_to_a_year() -> None:
    """Up 10 % and down 10 % in alternation: 10 % an hour, times the root of the hours in a year of 365 days."""
    shown = bars("BTCUSDT", ["100", "110", "99", "108.9", "98.01"])

    assert isclose(volatility(shown, HOUR), 0.1 * sqrt(365 * 24), rel_tol=1e-7)


@given(prices=PRICES)
def test_volatility_agrees_with_its_formula(prices: list[Decimal]) -> None:
    """Returns are close over close, less one; their mean is zero."""
    returns = [Fraction(b) / Fraction(a) - 1 for a, b in pairwise(prices)]
    expected = sqrt(sum(r * r for r in returns) / len(returns) * 365 * 6) if returns else 0.0

    assert isclose(volatility(bars("X", prices, 4 * HOUR), 4 * HOUR), expected, rel_tol=1e-7)


def test_a_gap_is_no_return() -> None:
    """A jump over a missing bar is not taken for one bar's move."""
    shown = bars("BTCUSDT", ["100", "101", "150", "200", "202"])
    without = [shown[0], shown[1], shown[3], shown[4]]

    assert isclose(volatility(without, HOUR), 0.01 * sqrt(365 * 24), rel_tol=1e-7)


@pytest.mark.parametrize("prices", [[], ["100"], ["100", "100", "100"]])
def test_volatility_of_what_never_moved_is_zero(prices: list[str]) -> None:
    """What that means is for the strategy to say."""
    assert volatility(bars("BTCUSDT", prices), HOUR) == 0


def test_a_float_becomes_the_decimal_of_its_first_digits() -> None:
    """So that what follows from it is compared and written the same everywhere."""
    assert exactly(1 / 3) == Decimal("0.33333333")
    assert exactly(-1234567890.0) == Decimal(-1234567900)


def test_the_distance_of_two_averages_is_a_share_of_the_slow_one() -> None:
    """Weights of 1 and 1/3 (a span of 2) against 1 and 1/2 (a span of 3), over the prices 100 and 130."""
    fast, slow = Fraction(130 * 3 + 100, 4), Fraction(130 * 2 + 100, 3)

    assert distance(bars("BTCUSDT", ["100", "130"]), 2, 3) == exactly(float(fast / slow - 1))

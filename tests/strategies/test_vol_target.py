from dataclasses import replace
from decimal import Decimal
from math import isclose
from typing import Final

import pytest

from strategies.indicators import volatility
from strategies.protocol import Answer
from strategies.vol_target import VolTarget
from tests.strategies.series import HOUR, MIDNIGHT, bars, view
from universe.trading import Bar, Side

FOUR: Final = 4 * HOUR
HOLDER: Final = VolTarget(
    name="vol_target",
    every=FOUR,
    symbols=("BTCUSDT",),
    target=Decimal("0.04"),
    window=8,
    band=Decimal("0.25"),
    rest=Decimal(2 * FOUR),
)
CALM: Final = bars("BTCUSDT", ["100", "101"] * 6, FOUR)
ROUGH: Final = bars("BTCUSDT", ["100", "104"] * 6, FOUR)


def asked(shown: list[Bar], strategy: VolTarget = HOLDER, **more: object) -> Answer:
    """What it wants when it sees these bars."""
    return strategy.intents(view({"BTCUSDT": shown}, **more))  # type: ignore[arg-type]  # named as `view` names them


def wanted(shown: list[Bar], **more: object) -> Decimal:
    """The coins that it wants to hold."""
    return Decimal(asked(shown, **more).intents[0].meta["wanted"])


def test_the_position_moves_nav_by_the_target_a_year() -> None:
    """`quantity * price * volatility = nav * target`, from the window's returns alone."""
    [intent] = asked(CALM).intents

    assert intent.quantity is not None
    assert (intent.strategy, intent.side) == ("vol_target", Side.BUY)
    moved = intent.quantity * CALM[-1].close * volatility(CALM[-9:], FOUR)
    assert isclose(moved, 10_000 * HOLDER.target, rel_tol=1e-6)


def test_a_rougher_market_is_held_smaller() -> None:
    """In proportion to its volatility."""
    assert wanted(ROUGH) < wanted(CALM) / 3


@pytest.mark.parametrize(("share", "side"), [("0.7", Side.BUY), ("1.3", Side.SELL)])
def test_what_is_outside_the_band_is_brought_to_the_target(share: str, side: Side) -> None:
    """By the whole difference, up or down."""
    aim = wanted(CALM)
    position = aim * Decimal(share)

    [intent] = asked(CALM, positions={"BTCUSDT": position}).intents

    assert (intent.side, intent.quantity) == (side, abs(aim - position))


@pytest.mark.parametrize("share", ["0.76", "1", "1.24"])
def test_what_is_inside_the_band_is_left_as_it_is(share: str) -> None:
    """Small changes cost more than they bring."""
    assert asked(CALM, positions={"BTCUSDT": wanted(CALM) * Decimal(share)}).intents == ()


def test_nothing_is_asked_while_an_order_is_under_way_or_nav_is_unknown() -> None:
    """The first would count twice, the second is no number to size by."""
    assert asked(CALM, working={"BTCUSDT": "0.1"}).intents == ()
    assert asked(CALM, nav=None).intents == ()
    assert asked(CALM, nav=Decimal(0)).intents == ()


def test_a_market_that_does_not_move_is_not_held() -> None:
    """No volatility is no reason for an endless position."""
    assert asked(bars("BTCUSDT", ["100"] * 12, FOUR)).intents == ()


def test_what_was_closed_is_left_alone_for_the_rest_and_then_held_again() -> None:
    """A stop is not undone at the next bar."""
    held = asked(CALM, positions={"BTCUSDT": wanted(CALM)}).memory
    assert held == {"BTCUSDT": {"held": True}}
    closed = asked(CALM, memory=held)
    assert (closed.intents, closed.memory) == ((), {"BTCUSDT": {"left": MIDNIGHT}})

    later = [
        asked([*CALM, _at(CALM[-1], MIDNIGHT + bars_on * FOUR)], time=MIDNIGHT + bars_on * FOUR, memory=closed.memory)
        for bars_on in (1, 2)
    ]

    assert [len(answer.intents) for answer in later] == [0, 1]


def test_a_short_position_is_closed_first() -> None:
    """It never holds one; should it find one, it buys that back and no more."""
    [intent] = asked(CALM, positions={"BTCUSDT": "-0.5"}).intents

    assert (intent.side, intent.quantity) == (Side.BUY, Decimal("0.5"))


def _at(bar: Bar, time: int) -> Bar:
    return replace(bar, opened=time - FOUR, closed=time, close=Decimal(100))

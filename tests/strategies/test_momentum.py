from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from strategies.momentum import Momentum
from strategies.protocol import Answer, View
from tests.strategies.series import HOUR, MIDNIGHT, bars, view
from universe.trading import Bar, Side

FOLLOWER: Final = Momentum(
    name="momentum",
    every=HOUR,
    symbols=("BTCUSDT",),
    fast=2,
    slow=6,
    enter=Decimal("0.01"),
    leave=Decimal("0.002"),
    patience=Decimal(2 * HOUR),
)
FLAT: Final = ["100"] * 10
RISE: Final = bars("BTCUSDT", [*FLAT, "103", "106"])
FALL: Final = bars("BTCUSDT", [*FLAT, "97", "94"])
CALM: Final = bars("BTCUSDT", [*FLAT, *FLAT])
ENTERED: Final = {"BTCUSDT": {"side": "BUY", "until": 0}}


def asked(shown: list[Bar], strategy: Momentum = FOLLOWER, **more: object) -> Answer:
    """What it wants when it sees these bars."""
    return strategy.intents(view({"BTCUSDT": shown}, **more))  # type: ignore[arg-type]  # named as `view` names them


@pytest.mark.parametrize(("shown", "side"), [(RISE, Side.BUY), (FALL, Side.SELL)], ids=["up", "down"])
def test_a_trend_that_begins_is_entered(shown: list[Bar], side: Side) -> None:
    """With it, in either direction, and with the size left to the rules."""
    [intent] = asked(shown).intents

    assert (intent.strategy, intent.symbol, intent.side, intent.quantity) == ("momentum", "BTCUSDT", side, None)
    assert abs(Decimal(intent.meta["distance"])) >= FOLLOWER.enter


def test_a_calm_market_is_left_alone() -> None:
    """The averages are together: nothing is wanted, nothing is remembered."""
    assert asked(CALM) == Answer((), {})


def test_the_distance_is_entered_at_its_bound_and_not_below() -> None:
    """At the distance that is measured it enters; with a bound a hair higher it doesn't."""
    distance = Decimal(asked(RISE).intents[0].meta["distance"])

    assert len(asked(RISE, replace(FOLLOWER, enter=distance)).intents) == 1
    assert asked(RISE, replace(FOLLOWER, enter=distance + Decimal("1e-9"))).intents == ()


def test_an_entry_is_asked_again_while_the_trend_is_young_and_then_no_more() -> None:
    """A veto isn't the end of it; a trend of long ago isn't chased."""
    memory = asked(RISE).memory
    assert memory == {"BTCUSDT": {"side": "BUY", "until": MIDNIGHT + 2 * HOUR}}

    last, over = (asked([*RISE, _next(RISE, hours)], time=MIDNIGHT + hours * HOUR, memory=memory) for hours in (2, 3))

    assert [len(answer.intents) for answer in (last, over)] == [1, 0]
    assert last.memory == over.memory == memory


def test_nothing_is_asked_while_an_order_is_under_way() -> None:
    """Else each hour would add another one."""
    assert asked(RISE, working={"BTCUSDT": "0.1"}).intents == ()


def test_a_trend_is_entered_once_whatever_closed_the_position() -> None:
    """Held, then stopped out by the rules: the same trend isn't bought back."""
    held = asked(RISE, positions={"BTCUSDT": "0.1"})
    assert (held.intents, held.memory) == ((), ENTERED)

    stopped = asked([*RISE, _next(RISE, 1)], time=MIDNIGHT + HOUR, memory=held.memory)

    assert (stopped.intents, stopped.memory) == ((), ENTERED)


def test_after_a_trend_is_over_the_next_one_is_entered() -> None:
    """What was entered is forgotten with the trend."""
    between = asked(CALM, memory=ENTERED)
    assert between.memory == {}

    assert len(asked(RISE, memory=between.memory).intents) == 1


@pytest.mark.parametrize(
    ("shown", "position", "side"),
    [(CALM, "0.25", Side.SELL), (FALL, "0.25", Side.SELL), (CALM, "-0.25", Side.BUY), (RISE, "-0.25", Side.BUY)],
)
def test_a_position_is_left_whole_when_its_trend_is_over_or_turns(shown: list[Bar], position: str, side: Side) -> None:
    """Closed to the last coin, and the other way is entered only once that is done."""
    [intent] = asked(shown, positions={"BTCUSDT": position}).intents

    assert (intent.side, intent.quantity) == (side, Decimal("0.25"))


def test_a_position_whose_trend_lasts_is_held() -> None:
    """Neither enlarged nor left."""
    assert asked(RISE, positions={"BTCUSDT": "0.25"}, memory=ENTERED).intents == ()


def test_a_turn_is_entered_the_hour_after_the_position_is_closed() -> None:
    """The new trend is remembered while the old position is still there."""
    turned = asked(FALL, positions={"BTCUSDT": "0.25"}, memory=ENTERED)
    assert turned.memory == {"BTCUSDT": {"side": "SELL", "until": MIDNIGHT + 2 * HOUR}}

    [intent] = asked([*FALL, _next(FALL, 1)], time=MIDNIGHT + HOUR, memory=turned.memory).intents

    assert (intent.side, intent.quantity) == (Side.SELL, None)


def test_a_position_that_is_being_left_is_not_left_twice() -> None:
    """An entry still working beside the position doesn't hold the exit."""
    leaving = asked(CALM, positions={"BTCUSDT": "0.25"}, working={"BTCUSDT": "-0.25"})
    entering = asked(CALM, positions={"BTCUSDT": "0.25"}, working={"BTCUSDT": "0.1"})

    assert [len(answer.intents) for answer in (leaving, entering)] == [0, 1]


def test_exits_come_before_entries() -> None:
    """They make the room that entries need."""
    two = replace(FOLLOWER, symbols=("ETHUSDT", "BTCUSDT"))
    seen: View = view({"ETHUSDT": RISE, "BTCUSDT": CALM}, positions={"BTCUSDT": "1"})

    assert [i.symbol for i in two.intents(seen).intents] == ["BTCUSDT", "ETHUSDT"]


def test_after_a_stretch_without_trades_nothing_is_wanted_and_nothing_forgotten() -> None:
    """What the market was two hours ago says nothing of now."""
    answer = asked(CALM, time=MIDNIGHT + HOUR, positions={"BTCUSDT": "1"}, memory=ENTERED)

    assert answer == Answer((), ENTERED)


def _next(shown: list[Bar], hours: int) -> Bar:
    last = shown[-1]
    higher = last.close * (1 + Decimal("0.03") * (1 if last.close > 100 else -1))
    return replace(
        last,
        opened=last.opened + hours * HOUR,
        closed=last.closed + hours * HOUR,
        **dict.fromkeys(("open", "high", "low", "close"), higher),
    )

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.market import Market, Quote
from universe.trading import Bar, Mark, Tick

MINUTE: Final = 60
HOUR: Final = 3600
FOUR: Final = 4 * HOUR
NOON: Final = 1_748_779_200  # 2025-06-01T12:00:00Z
KEEP: Final = {HOUR: 50, FOUR: 50}


def bar(symbol: str, closed: int, price: str = "100", *, seconds: int = MINUTE, wide: str = "1") -> Bar:
    """A bar that closes at a time, a little wider than its price."""
    close, room = Decimal(price), Decimal(wide)
    return Bar(symbol, closed - seconds, closed, close - room / 2, close + room, close - room, close, Decimal("0.5"))


def ticks(bars: Sequence[Bar]) -> list[Tick]:
    """Bars as a feed gives them: one tick a time, in the order of symbols."""
    ordered = sorted(bars, key=lambda b: (b.closed, b.symbol))
    return [Tick(time, tuple(group)) for time, group in groupby(ordered, key=lambda b: b.closed)]


def fed(bars: Sequence[Bar], keep: Mapping[int, int] = KEEP) -> tuple[Market, list[tuple[int, Bar]]]:
    """The market after these bars, and every longer bar with the time of the tick that gave it."""
    market, given_out = Market(keep), []
    for tick in ticks(bars):
        for made in market.feed(tick).values():
            given_out += [(tick.time, b) for b in made]
    return market, given_out


def naive(bars: Sequence[Bar], seconds: int) -> list[Bar]:
    """The longer bars of a whole history, looked at from its end: what a market must have found on the way."""

    def slot(one: Bar) -> tuple[int, str]:
        return (one.closed - 1) // seconds, one.symbol

    made = []
    for (number, symbol), group in groupby(sorted(bars, key=lambda b: (*slot(b), b.closed)), key=slot):
        parts = list(group)
        made.append(
            Bar(
                symbol,
                number * seconds,
                (number + 1) * seconds,
                parts[0].open,
                max(p.high for p in parts),
                min(p.low for p in parts),
                parts[-1].close,
                sum(p.volume for p in parts) + Decimal(0),
            )
        )
    return made


@st.composite
def histories(draw: st.DrawFn) -> list[Bar]:
    """Bars of one length, with gaps of minutes, hours and days, each symbol by itself."""
    seconds = draw(st.sampled_from([MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR]))
    bars = []
    for symbol in draw(st.sampled_from([("BTCUSDT",), ("ADAUSDT", "BTCUSDT")])):
        closed = NOON
        for step in draw(st.lists(st.sampled_from([1, 1, 1, 2, 7, 61, 300]), max_size=40)):
            closed += step * seconds
            price = draw(st.integers(90, 110))
            bars.append(bar(symbol, closed, str(price), seconds=seconds, wide=str(draw(st.integers(0, 9)))))
    return bars


@given(bars=histories())
@settings(max_examples=150, deadline=None)
def test_longer_bars_are_those_of_the_whole_history_as_far_as_they_have_closed(bars: list[Bar]) -> None:
    """Gaps and all: the same bars in the same order, but for the last ones, that nothing has closed yet."""
    _, given_out = fed(bars)
    last = max((b.closed for b in bars), default=0)

    for seconds in (HOUR, FOUR):
        found = [b for _, b in given_out if b.closed - b.opened == seconds]
        assert found == [b for b in naive(bars, seconds) if b.closed <= last]


@given(bars=histories())
@settings(max_examples=100, deadline=None)
def test_no_longer_bar_is_given_before_it_has_closed(bars: list[Bar]) -> None:
    """It comes with the tick at its end, else with the first one after it."""
    times = [tick.time for tick in ticks(bars)]
    _, given_out = fed(bars)

    for time, made in given_out:
        assert made.closed <= time
        assert not [t for t in times if made.closed <= t < time]


@given(bars=histories(), cut=st.integers(0, 80), factor=st.integers(2, 5))
@settings(max_examples=100, deadline=None)
def test_another_future_leaves_the_past_as_it_was(bars: list[Bar], cut: int, factor: int) -> None:
    """Whatever comes later: what was said until then was said without it."""
    times = [tick.time for tick in ticks(bars)]
    now = times[min(cut, len(times) - 1)] if times else 0
    other = [b if b.closed <= now else _times(b, Decimal(factor)) for b in bars]

    one, another = ([g for g in fed(each)[1] if g[0] <= now] for each in (bars, other))

    assert one == another


def _times(one: Bar, factor: Decimal) -> Bar:
    prices = {part: getattr(one, part) * factor for part in ("open", "high", "low", "close", "volume")}
    return replace(one, **prices)


@given(bars=histories())
@settings(max_examples=60, deadline=None)
def test_the_market_keeps_the_bars_that_it_gave_out(bars: list[Bar]) -> None:
    """The last ones of each symbol, oldest first, no more than asked for."""
    market, given_out = fed(bars, {HOUR: 3, FOUR: 1})

    for symbol in {b.symbol for b in bars}:
        for seconds, count in ((HOUR, 3), (FOUR, 1)):
            own = [b for _, b in given_out if (b.symbol, b.closed - b.opened) == (symbol, seconds)]
            assert list(market.bars(symbol, seconds)) == own[-count:]


def test_an_hour_closes_with_the_tick_at_its_end() -> None:
    """Its sixty minutes are in it, and the minute after is not."""
    market = Market({HOUR: 5})
    said = [market.feed(tick) for tick in ticks([bar("BTCUSDT", NOON + i * MINUTE, str(i)) for i in range(1, 62)])]

    assert [sorted(each) for each in said] == [[]] * 59 + [[HOUR]] + [[]]
    [hour] = said[59][HOUR]
    assert (hour.opened, hour.closed, hour.close, hour.volume) == (NOON, NOON + HOUR, Decimal(60), Decimal(30))


def test_an_hour_whose_last_minute_is_missing_closes_with_the_others() -> None:
    """Another symbol's tick shows that the hour is over."""
    minutes = [bar("ADAUSDT", NOON + 58 * MINUTE, "7"), bar("BTCUSDT", NOON + HOUR, "100")]

    _, given_out = fed(minutes, {HOUR: 5})

    assert [(time, b.symbol, b.closed, b.close) for time, b in given_out] == [
        (NOON + HOUR, "ADAUSDT", NOON + HOUR, Decimal(7)),
        (NOON + HOUR, "BTCUSDT", NOON + HOUR, Decimal(100)),
    ]


def test_an_hour_in_which_the_feed_stopped_closes_with_the_first_tick_after() -> None:
    """As of its own end; the hours in which there was nothing have no bar."""
    minutes = [bar("BTCUSDT", NOON + 10 * MINUTE, "7"), bar("BTCUSDT", NOON + 3 * HOUR + MINUTE, "8")]

    _, given_out = fed(minutes, {HOUR: 5})

    assert [(time - NOON, b.opened - NOON, b.closed - NOON) for time, b in given_out] == [
        (3 * HOUR + MINUTE, 0, HOUR),
    ]


def test_a_bar_of_the_fed_interval_passes_through_as_it_is() -> None:
    """An hourly feed needs no making of hours."""
    hours = [bar("BTCUSDT", NOON + i * HOUR, str(i), seconds=HOUR) for i in range(1, 4)]

    assert [b for _, b in fed(hours, {HOUR: 5})[1]] == hours


@pytest.mark.parametrize("seconds", [FOUR, 7 * MINUTE])
def test_a_bar_that_reaches_over_an_hours_end_is_refused(seconds: int) -> None:
    """Nobody knows which part of it was in which hour."""
    bars = [bar("BTCUSDT", NOON + FOUR // seconds * seconds + i * seconds, seconds=seconds) for i in range(1, 12)]

    with pytest.raises(ValueError, match="reaches over"):
        fed(bars, {HOUR: 5})


def test_ticks_out_of_order_and_bars_of_another_time_are_refused() -> None:
    """A feed that runs backwards, or shows a bar before it has closed."""
    market = Market(KEEP)
    market.feed(Tick(NOON, (bar("BTCUSDT", NOON),)))

    with pytest.raises(ValueError, match="a tick of"):
        market.feed(Tick(NOON, ()))
    with pytest.raises(ValueError, match="that closes at"):
        market.feed(Tick(NOON + MINUTE, (bar("BTCUSDT", NOON + 2 * MINUTE),)))


def test_bars_of_an_interval_that_is_not_kept_are_an_error() -> None:
    """Not an empty history, which a strategy would wait on for ever."""
    with pytest.raises(KeyError):
        Market(KEEP).bars("BTCUSDT", 60)


def test_the_last_price_is_the_last_closed_bars_close_at_its_time() -> None:
    """Unknown before the first bar; through a gap it stays, and its time tells its age."""
    market = Market({})
    assert (market.last("BTCUSDT"), market.mark("BTCUSDT"), market.time) == (None, None, 0)

    market.feed(Tick(NOON, (bar("BTCUSDT", NOON, "101"),)))
    market.feed(Tick(NOON + MINUTE, (bar("ADAUSDT", NOON + MINUTE, "0.7"),)))

    assert market.last("BTCUSDT") == Quote(Decimal(101), NOON, modelled=False)
    assert market.time == NOON + MINUTE


def test_a_mark_of_the_venue_counts_until_a_bar_closes_after_it() -> None:
    """At its own time it goes before the last trade; a minute later the trade is newer, and labelled modelled."""
    market = Market({})
    mark = Mark("BTCUSDT", NOON, Decimal("100.5"))

    market.feed(Tick(NOON, (bar("BTCUSDT", NOON, "101"),), marks=(mark,)))
    observed = market.mark("BTCUSDT")
    market.feed(Tick(NOON + MINUTE, (bar("BTCUSDT", NOON + MINUTE, "102"),)))

    assert observed == Quote(Decimal("100.5"), NOON, modelled=False)
    assert market.mark("BTCUSDT") == Quote(Decimal(102), NOON + MINUTE, modelled=True)


def test_a_mark_that_is_older_than_the_bar_beside_it_does_not_count() -> None:
    """Marks since the tick before may be of any time between the two."""
    market = Market({})
    marks = (Mark("BTCUSDT", NOON - 1, Decimal(90)), Mark("ETHUSDT", NOON - 1, Decimal(9)))

    market.feed(Tick(NOON, (bar("BTCUSDT", NOON, "101"),), marks=marks))

    assert market.mark("BTCUSDT") == Quote(Decimal(101), NOON, modelled=True)
    assert market.mark("ETHUSDT") == Quote(Decimal(9), NOON - 1, modelled=False)

"""The laws of drawing: nothing lies outside, ticks are round, nothing that is seen gets lost; and how figures read."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.report import text
from research.report.drawing.marks import area, balance, bars, line, meter, steps, strip
from research.report.drawing.plot import Band, Plot, columns, thinned
from research.report.drawing.scales import DAY, HOUR, MINUTE, Period, bins, scale
from research.report.drawing.svg import clean, element

D = Decimal
unhurried = settings(deadline=None)
VALUES = st.lists(st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 6)), max_size=30)
TIMES = st.integers(0, 4_000_000_000)
SPANS = st.integers(0, 20 * 365 * DAY)


def a_plot(low: float = -1.0, high: float = 1.0) -> Plot:
    """A small plot of a day."""
    return Plot(Period(0, DAY), scale([low, high]), 100, str, "a plot")


# Scales


@unhurried
@given(values=VALUES, ticks=st.integers(1, 8), zero=st.booleans())
def test_a_scale_holds_every_value_between_round_ticks(values: list[float], ticks: int, zero: bool) -> None:
    """Every value lies on it, its ends are ticks, ticks are evenly apart, and there are not too many."""
    made = scale(values, ticks=ticks, zero=zero)

    assert made.low < made.high
    assert (made.low, made.high) == (made.ticks[0], made.ticks[-1])
    assert all(-1e-9 <= made.share(value) <= 1 + 1e-9 for value in values)
    assert 2 <= len(made.ticks) <= ticks + 3
    step = made.ticks[1] - made.ticks[0]
    assert all(b - a == pytest.approx(step, rel=1e-6) for a, b in pairwise(made.ticks))
    assert f"{step:.0e}"[0] in "125"


@unhurried
@given(first=TIMES, span=SPANS, most=st.integers(2, 12))
def test_times_are_marked_inside_the_period_in_order(first: int, span: int, most: int) -> None:
    """Not more than asked for and one, none outside, each at a whole minute; a midnight has its date as label."""
    period = Period.of(first, first + span)
    ticks = period.ticks(most)

    assert len(ticks) <= most + 1
    assert [t.time for t in ticks] == sorted({t.time for t in ticks})
    assert all(period.first <= t.time <= period.last and t.time % MINUTE == 0 for t in ticks)
    for tick in ticks:
        if tick.time % DAY == 0 and span < 180 * DAY:
            assert tick.label in (
                f"{datetime.fromtimestamp(tick.time, UTC):%-d %b}",
                f"{datetime.fromtimestamp(tick.time, UTC):%b %Y}",
            )


@unhurried
@given(
    first=TIMES, span=st.integers(1, 20 * 365 * DAY), most=st.integers(2, 120), least=st.sampled_from([MINUTE, HOUR])
)
def test_bins_cover_the_period_without_a_hole(first: int, span: int, most: int, least: int) -> None:
    """Each begins where the one before ends; they are of one length, and not more than asked for."""
    period = Period(first, first + span)
    made = bins(period, most, least)

    assert len(made) <= most
    assert made[0][0] <= period.first
    assert made[-1][1] >= period.last
    assert all(a[1] == b[0] for a, b in pairwise(made))
    assert len({last - first for first, last in made}) == 1
    assert made[0][1] - made[0][0] >= least


@unhurried
@given(count=st.integers(1, 5000), most=st.integers(1, 300))
def test_what_is_thinned_is_whole(count: int, most: int) -> None:
    """Every place is in exactly one run."""
    runs = thinned(count, most)

    assert len(runs) <= most
    assert [i for run in runs for i in run] == list(range(count))


@unhurried
@given(times=st.lists(st.integers(0, DAY), min_size=1, max_size=500, unique=True).map(sorted))
def test_the_pointer_finds_something_everywhere_behind_the_first_value(times: list[int]) -> None:
    """Columns join without a hole, to the end."""
    made = columns(times, DAY, str, 50)

    assert len(made) <= 50
    assert made[0][0] == times[0]
    assert made[-1][1] == DAY
    assert all(a[1] == b[0] for a, b in pairwise(made))


# Marks


@unhurried
@given(values=st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=1, max_size=4000))
def test_a_line_of_many_points_keeps_its_extremes(values: list[float]) -> None:
    """However long it is, it stays short to write, and its highest and lowest points are on it."""
    own = scale(values)
    plot = Plot(Period(0, max(len(values), MINUTE)), own, 100, str, "a line")
    way = ElementTree.fromstring(line(plot, list(enumerate(values)), "s0")).get("d") or ""
    heights = [float(point.split()[1]) for point in way.replace("M", "L").split("L") if point]

    assert len(heights) <= 1000
    assert min(heights) == pytest.approx(plot.y(max(values)), abs=0.01)
    assert max(heights) == pytest.approx(plot.y(min(values)), abs=0.01)


def test_a_line_is_not_drawn_over_a_hole() -> None:
    """Where nothing is known for long, nothing is claimed."""
    hours = [*range(6), *range(20, 24)]
    way = ElementTree.fromstring(line(a_plot(), [(h * HOUR, 0.5) for h in hours], "s0")).get("d") or ""

    assert way.count("M") == 2


def test_stacked_bars_stand_on_each_other_and_losses_hang() -> None:
    """Two gains of a half reach the top together; a loss goes down from zero."""
    made = ElementTree.fromstring(bars(a_plot(), [(0, HOUR, [(0.5, "a"), (0.5, "b"), (-1.0, "c")], "told")]))
    boxes = [(r.get("y"), r.get("height")) for r in made.iter("rect")]

    assert boxes == [("25", "25"), ("0", "25"), ("50", "50")]


@pytest.mark.parametrize(
    "drawn",
    [
        line(a_plot(), [(0, 0.1)], "s0"),
        area(a_plot(), [(0, 0.1), (HOUR, 0.5)], "s1"),
        steps(a_plot(), [], "limit"),
        strip([(0, 0.5, None, "a"), (0.5, 0.9, 0.3, "b"), (0.9, 1, 2.0, "c")], "a strip"),
        meter(1.5),
        balance(-3.0, 2.0),
        balance(0.0, 0.0),
        Plot(Period(0, DAY), scale([]), 50, str, "<&>", bands=[Band(-5, DAY * 2, "k", "<b>")], beyond="9%").draw(),
        element("text", "a < b & \x00", title='"quoted"'),
    ],
)
def test_whatever_is_drawn_is_xml(drawn: str) -> None:
    """Also of nothing, of a single point, and with text that is none of XML."""
    ElementTree.fromstring(drawn)


@unhurried
@given(given_text=st.text())
def test_any_text_can_stand_in_a_chart(given_text: str) -> None:
    """It comes back as it was, but for what XML can't hold."""
    found = ElementTree.fromstring(element("text", given_text, title=given_text))

    assert (found.text or "").replace("\r", "\n") == clean(given_text).replace("\r\n", "\n").replace("\r", "\n")


# Figures


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (text.money(D("-1234567.895")), "−1,234,567.90"),
        (text.money(D("-0.001")), "0.00"),
        (text.money(None), "–"),
        (text.change(D("0.004")), "0.00"),
        (text.change(D("12.3")), "+12.30"),
        (text.change(D("-12.3")), "−12.30"),
        (text.whole(D("-1234.5"), 8), ("−1,234.50", "000000")),
        (text.whole(D("0"), 2), ("0.00", "")),
        (text.whole(D("-0.123456789"), 4), ("−0.12", "3456789")),
        (text.exact(D("1234.500")), "1,234.5"),
        (text.exact(D("-1E+3")), "−1,000"),
        (text.percent(D("0.12345")), "12.34%"),
        (text.limit(D("1.5")), "150%"),
        (text.limit(None), "no cap"),
        (text.basis_points(D("0.000123")), "1.23 bps"),
        (text.price(D("104396.8123"), D("0.10")), "104,396.8"),
        (text.price(D("0.12345"), D("0.0001")), "0.1234"),
        (text.price(D("5.5"), D("1")), "6"),
        (text.price(D("5.5"), None), "5.5"),
        (text.duration(0), "0s"),
        (text.duration(150), "2m 30s"),
        (text.duration(3600), "1h 00m"),
        (text.duration(200_000), "2d 7h"),
        (text.duration(None), "–"),
        (text.moment(1_746_372_840), "2025-05-04 15:34"),
        (text.moment(1_746_372_841), "2025-05-04 15:34:01"),
        (text.count(1, "veto", "vetoes"), "1 veto"),
        (text.count(1200, "veto", "vetoes"), "1,200 vetoes"),
        (text.short("sha256:0123456789abcdef"), "0123456789ab"),
    ],
)
def test_a_figure_is_written_in_one_way(written: object, expected: object) -> None:
    """One way for each kind of quantity, rounded half to even, never a negative zero."""
    assert written == expected

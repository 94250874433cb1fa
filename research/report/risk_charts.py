"""Charts of risk: exposures against their caps, headroom by gate, vetoes over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from research.report import text
from research.report.charts import COLUMNS, Chart, Entry, share_ticks, style_of
from research.report.drawing.marks import area, bars, line, meter, steps, strip
from research.report.drawing.plot import Band, Plot, columns
from research.report.drawing.scales import HOUR, Period, Scale, bins, scale
from research.report.exposure import NET, Held, Place
from research.report.flow import Reason
from research.report.headroom import Headroom, Room, least

FAR: Final = 3  # a cap more than so many times what was used stands above a broken axis
CELLS: Final = 96
STACKED: Final = 5
BARS: Final = 48
HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Use:
    """An exposure against its cap: shares of NAV; `bar` shows the most that was used of the cap."""

    place: Place
    now: Decimal
    largest: Decimal
    when: int
    cap: Decimal | None
    used: Decimal | None
    bar: Markup | None


def use(place: Place, held: Held) -> Use:
    """An exposure's figures."""
    when, largest = held.largest
    cap = held.cap
    used = abs(largest) / cap if cap else None
    return Use(place, held.shares[-1][1], largest, when, cap, used, None if used is None else meter(float(used)))


def exposure(place: Place, held: Held, period: Period, behind: Sequence[Band]) -> Chart:
    """One exposure over time with its cap, which is a line: where it is far away, above a break of the axis."""
    points = [(time, float(share)) for time, share in held.shares]
    caps = [(time, float(cap)) for time, cap in held.caps if cap is not None]
    own, far = _framed(points, caps)
    sign = "±" if place == NET else ""
    beyond = f"{sign}{text.limit(held.cap)}" if far else None
    title = f"Exposure {text.words(place.name)}, share of NAV"
    plot = Plot(period, own, 96, share_ticks(own), title, ticks=7, bands=behind, beyond=beyond)
    drawn = [area(plot, points, "s1"), line(plot, points, "s1")]
    if caps and not far:
        drawn.append(steps(plot, caps, "limit"))
        if own.low < 0:
            drawn.append(steps(plot, [(t, -c) for t, c in caps], "limit"))

    def told(index: int) -> str:
        time, share = held.shares[index]
        return f"{text.moment(time)} UTC\n{text.percent(share)} of NAV, cap {sign}{text.limit(held.cap)}"

    found = plot.pointer(columns([t for t, _ in points], period.last, told, COLUMNS // 3))
    return Chart(plot.draw(*drawn, found), [Entry("limit", "cap", f"{sign}{text.limit(held.cap)}")])


def _framed(points: Sequence[tuple[int, float]], caps: Sequence[tuple[int, float]]) -> tuple[Scale, bool]:
    """The scale of an exposure, and whether its caps are too far away to be on it."""
    values, bounds = [y for _, y in points], [c for _, c in caps]
    peak = max(map(abs, values), default=0.0)
    if bounds and peak and min(bounds) > FAR * peak:
        return scale(values, ticks=3), True
    lowest = [-max(bounds)] if bounds and min(values, default=0.0) < 0 else []
    return scale([*values, *bounds, *lowest], ticks=3), False


def tightest(headroom: Headroom, period: Period, behind: Sequence[Band]) -> Chart | None:
    """The least room of any gate over time, as a share of its limit; None where nothing was sampled."""
    rooms = headroom.tightest()
    if not rooms:
        return None
    points = [(room.time, float(min(room.left, Decimal(1)))) for room in rooms]
    own = scale([1.0, *(y for _, y in points)], ticks=4)
    plot = Plot(period, own, 130, share_ticks(own), "Least headroom of any gate, share of its limit", bands=behind)

    def told(index: int) -> str:
        return f"{text.moment(rooms[index].time)} UTC\n{room_text(rooms[index])}"

    found = plot.pointer(columns([r.time for r in rooms], period.last, told, COLUMNS))
    return Chart(plot.draw(area(plot, points, "s2"), line(plot, points, "s2"), found))


def room_text(room: Room) -> str:
    """What is left at a gate, in words."""
    return f"{text.words(room.gate)}, {room.where}: {text.percent(room.left, 1)} left"


def headroom_strip(rooms: Sequence[Room], period: Period) -> Markup:
    """How much of a gate's limit was used, in each stretch of time where it was most."""
    cells: list[tuple[float, float, float | None, str]] = []
    for first, last in bins(period, CELLS, HOUR):
        # A sample is of the time before it.
        own = [room for room in rooms if first <= max(room.time - 1, period.first) < last]
        where = max(0.0, period.share(first)), min(1.0, period.share(last))
        if not own:
            cells.append((*where, None, f"{text.moment(first)} UTC: not asked"))
            continue
        room = least(own)
        shade = 2.0 if room.left <= 0 else min(1.0, 1 - float(room.left))
        cells.append((*where, shade, f"{text.moment(room.time)} UTC\n{room_text(room)}"))
    return strip(cells, f"Use of the limit of {text.words(rooms[0].gate)} over time")


def vetoes(reasons: Sequence[tuple[str, Reason]], period: Period, behind: Sequence[Band]) -> Chart:
    """Vetoes over time, stacked by reason: the most frequent, and the others together."""
    shown = [[reason] for _, reason in reasons[:STACKED]] + [[r for _, r in reasons[STACKED:]]]
    names = [text.words(name) for name, _ in reasons[:STACKED]] + ["others"]
    styles = [style_of(i) for i in range(len(names) - 1)] + ["rest"]
    kinds = [(n, style, parts) for n, style, parts in zip(names, styles, shown, strict=True) if parts]
    stacks, cuts = [], bins(Period(period.first, period.last + 1), BARS, HOUR)
    for first, last in cuts:
        hours = range(first // HOUR, -(-last // HOUR))
        counts = [(name, style, sum(part.hours[h] for part in parts for h in hours)) for name, style, parts in kinds]
        if any(many for _, _, many in counts):
            told = [f"{text.moment(first)} – {text.moment(last)} UTC"]
            told += [f"{name}: {many:,}" for name, _, many in counts if many]
            stacks.append((first, last, [(float(many), style) for _, style, many in counts if many], "\n".join(told)))
    most = max((sum(value for value, _ in values) for _, _, values, _ in stacks), default=1.0)
    own = scale([most], ticks=min(4, int(most)))
    whole = Period(cuts[0][0], cuts[-1][1])
    plot = Plot(whole, own, 150, lambda v: f"{v:g}", "Vetoes over time by reason", bands=behind)
    legend = [Entry(style, name, f"{sum(part.count for part in parts):,}") for name, style, parts in kinds]
    return Chart(plot.draw(bars(plot, stacks)), legend)


def hours_strip(name: str, reason: Reason) -> Markup:
    """Vetoes for a reason by hour of the UTC day; the darkest is the most frequent hour of this reason."""
    counts = [0] * HOURS
    for hour, many in reason.hours.items():
        counts[hour % HOURS] += many
    most = max(counts)
    cells: list[tuple[float, float, float | None, str]] = [
        (
            first,
            last,
            many / most if many else None,
            f"{hour:02d}:00 – {hour:02d}:59 UTC: {text.count(many, 'veto', 'vetoes')}",
        )
        for hour, (many, (first, last)) in enumerate(
            zip(counts, pairwise(h / HOURS for h in range(HOURS + 1)), strict=True)
        )
    ]
    return strip(cells, f"Vetoes for {text.words(name)} by hour of the UTC day")

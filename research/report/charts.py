"""The charts of the page: what is drawn of what was collected. From here on figures are floats, for pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from markupsafe import Markup

from research.report import text
from research.report.curve import Curve, Day
from research.report.diary import Diary, Kind
from research.report.drawing.marks import Point, area, bars, line
from research.report.drawing.plot import Band, Plot, columns
from research.report.drawing.scales import Period, Scale, scale
from universe.trading import ZERO

TOTAL: Final = "s0"
STYLES: Final = 6
# What is marked behind every chart, by style.
MARKS: Final = {"killed": "kill switch on", "rules": "new rules", "liquidated": "liquidation"}
COLUMNS: Final = 180  # stretches of time that a pointer can tell apart


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: a style, what it stands for, its figure."""

    style: str
    name: str
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart with its legend."""

    drawn: Markup
    legend: Sequence[Entry] = ()


def style_of(number: int) -> str:
    """The style of a strategy, or of another part of a whole, by its place among them."""
    return f"s{number % STYLES + 1}"


def bands(diary: Diary, last: int) -> list[Band]:
    """What is marked behind every chart of money: the kill switch, new rules, liquidations."""
    found = [
        Band(
            s.since,
            last if s.until is None else s.until,
            "killed",
            f"kill switch on since {text.moment(s.since)}, by {s.by}: {s.why}",
        )
        for s in diary.stopped
    ]
    for note in [n for n in diary.notes if n.kind is Kind.RULES][1:]:
        found.append(Band(note.time, note.time, "rules", f"{text.moment(note.time)} {note.text}"))
    for note in [n for n in diary.notes if n.kind is Kind.LIQUIDATION]:
        found.append(Band(note.time, note.time, "liquidated", f"{text.moment(note.time)} liquidation"))
    return found


def results(curve: Curve, period: Period, behind: Sequence[Band]) -> Chart:
    """What the account and each strategy have brought since the start, in USDT."""
    values, start = curve.values, curve.values[0].nav
    lines = [[float(v.nav - start) for v in values]]
    lines += [[float(v.results.get(name, ZERO)) for v in values] for name in curve.strategies]
    plot = Plot(
        period,
        own := scale(_some(lines, (-1.0, 1.0))),
        240,
        _money_ticks(own),
        "Result since the start, account and strategies, USDT",
        bands=behind,
    )

    def told(place: int) -> str:
        value = values[place]
        parts = [f"{text.moment(value.time)} UTC", f"NAV {text.money(value.nav)}"]
        parts.append(f"account {text.change(value.nav - start)}")
        parts += [f"{name} {text.change(value.results.get(name, ZERO))}" for name in curve.strategies]
        return "\n".join(parts)

    times = [v.time for v in values]
    legend = [Entry(TOTAL, "account", text.change(values[-1].nav - start))]
    legend += [
        Entry(style_of(i), name, text.change(values[-1].results.get(name, ZERO)))
        for i, name in enumerate(curve.strategies)
    ]
    marked = {band.style for band in behind}
    legend += [Entry(style, what) for style, what in MARKS.items() if style in marked]
    drawn = _lines(plot, times, lines)
    return Chart(plot.draw(*drawn, _found(plot, times, period, told)), legend)


def drawdowns(curve: Curve, period: Period, cap: Decimal | None, behind: Sequence[Band]) -> Chart:
    """How far the account and each strategy's result are below their highest, as shares of NAV then."""
    names: list[str | None] = [None, *curve.strategies]
    falls = [curve.falls(name) for name in names]
    lines = [[-float(share) for _, share in fall] for fall in falls]
    own = scale(_some(lines, (-0.01,)), ticks=3)
    plot = Plot(period, own, 130, share_ticks(own), "Drawdown of account and strategies, share of NAV", bands=behind)
    times = [time for time, _ in falls[0]]

    def told(place: int) -> str:
        parts = [f"{text.moment(times[place])} UTC"]
        parts += [f"{n or 'account'} {text.percent(-fall[place][1])}" for n, fall in zip(names, falls, strict=True)]
        return "\n".join(parts)

    shaded = area(plot, list(zip(times, lines[0], strict=True)), TOTAL)
    legend = [Entry(TOTAL, "account", text.percent(-falls[0][-1][1]))]
    legend += [Entry(style_of(i), name, text.percent(-falls[i + 1][-1][1])) for i, name in enumerate(curve.strategies)]
    if cap is not None:
        legend.append(Entry("limit", "entries stop at", text.limit(-cap)))
    return Chart(plot.draw(shaded, *_lines(plot, times, lines), _found(plot, times, period, told)), legend)


def by_day(days: Sequence[Day]) -> Chart | None:
    """What each UTC day brought, in USDT; None where there are not two of them."""
    if len(days) < 2:
        return None
    period = Period(days[0].first, days[-1].last)
    own = scale([float(day.result) for day in days], ticks=3)
    plot = Plot(period, own, 130, _money_ticks(own), "Result of each UTC day, USDT")
    stacks = [
        (
            day.first,
            day.last,
            [(float(day.result), "gain" if day.result >= 0 else "loss")],
            f"{text.day(day.first)}\n{text.change(day.result)} USDT\n"
            f"{text.count(day.trades, 'trade')}, {text.count(day.vetoes, 'vetoed order')}",
        )
        for day in days
    ]
    return Chart(plot.draw(bars(plot, stacks)))


def _some(lines: Sequence[Sequence[float]], otherwise: Sequence[float]) -> Sequence[float]:
    """All values of lines; where nothing has happened yet, what the axis shows instead."""
    values = [y for ys in lines for y in ys]
    return values if any(values) else otherwise


def _lines(plot: Plot, times: Sequence[int], lines: Sequence[Sequence[float]]) -> list[Markup]:
    """Lines of one length, the first in the account's style and on top."""
    drawn = []
    for number, ys in enumerate(lines):
        points: list[Point] = list(zip(times, ys, strict=True))
        drawn.append(line(plot, points, TOTAL if not number else style_of(number - 1)))
    return [*drawn[1:], drawn[0]]


def _found(plot: Plot, times: Sequence[int], period: Period, told: Callable[[int], str]) -> Markup:
    return plot.pointer(columns(times, period.last, told, COLUMNS))


def _money_ticks(of: Scale) -> Callable[[float], str]:
    return lambda value: text.number(Decimal(str(value)), of.places)


def share_ticks(of: Scale) -> Callable[[float], str]:
    """Writes ticks that are shares, in percent."""
    return lambda value: text.percent(Decimal(str(value)), max(0, of.places - 2))

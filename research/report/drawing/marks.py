"""What stands for data inside a plot: lines, areas, bars, and strips of shaded cells."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from research.report.drawing.plot import WIDE, Plot, thinned
from research.report.drawing.svg import element, written

Point = tuple[int, float]
MOST: Final = 900  # stretches of a line that a screen can tell apart
GAP: Final = 4  # times the usual distance of two points: a line is not drawn over it


def line(plot: Plot, points: Sequence[Point], style: str) -> Markup:
    """A line through points in the order of time, interrupted where there are none for long."""
    return element("path", class_=f"line {style}", d="".join(_path(plot, run) for run in _runs(points)))


def steps(plot: Plot, points: Sequence[Point], style: str) -> Markup:
    """A line that keeps each value until the next one, and the last to the end of the plot."""
    way = []
    for number, (time, value) in enumerate(points):
        y = written(plot.y(value))
        way.append(f"M{written(plot.x(time))} {y}" if not number else f"H{written(plot.x(time))}V{y}")
    return element("path", class_=f"line {style}", d="".join(way) + f"H{written(WIDE)}" if way else "")


def area(plot: Plot, points: Sequence[Point], style: str) -> Markup:
    """The area between points and zero."""
    zero = written(plot.y(0.0))
    parts = []
    for run in _runs(points):
        first, last = written(plot.x(run[0][0])), written(plot.x(run[-1][0]))
        parts.append(f"M{first} {zero}L{_path(plot, run)[1:]}L{last} {zero}Z")
    return element("path", class_=f"area {style}", d="".join(parts))


def _path(plot: Plot, points: Sequence[Point]) -> str:
    shown = [f"{written(plot.x(t))} {written(plot.y(v))}" for t, v in _fewer(points)]
    # A single point is a line of no length, which round ends make a dot.
    return "M" + "L".join(shown if len(shown) > 1 else shown * 2)


def _fewer(points: Sequence[Point]) -> Iterable[Point]:
    """Of each run that one pixel holds, its lowest and highest point and its two ends: the line looks the same."""
    if len(points) <= MOST:
        yield from points
        return
    for run in thinned(len(points), MOST // 4):
        part = [points[i] for i in run]
        low, high = min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])
        yield from sorted({part[0], low, high, part[-1]})


def _runs(points: Sequence[Point]) -> list[Sequence[Point]]:
    """The points, cut where they are much further apart than usual."""
    between = sorted(b[0] - a[0] for a, b in pairwise(points))
    usual = between[len(between) // 2] if between else 0
    cuts = [i for i in range(1, len(points)) if points[i][0] - points[i - 1][0] > GAP * usual]
    edges = [0, *cuts, len(points)]
    return [points[a:b] for a, b in pairwise(edges) if a < b]


def bars(plot: Plot, stacks: Sequence[tuple[int, int, Sequence[tuple[float, str]], str]]) -> Markup:
    """Bars over stretches of time: begin, end, the stacked values with their styles, and what the pointer finds.

    Values of a stack that are below zero hang from zero.
    """
    made = []
    for first, last, values, text in stacks:
        left, right = plot.x(first), plot.x(last)
        gap = min(1.5, (right - left) * 0.12)
        up = down = 0.0
        for value, style in values:
            base = up if value >= 0 else down
            top, bottom = plot.y(max(base, base + value)), plot.y(min(base, base + value))
            up, down = (up + value, down) if value >= 0 else (up, down + value)
            box = {"x": left + gap, "y": top, "width": max(right - left - 2 * gap, 0.5), "height": bottom - top}
            made.append(element("rect", element("title", text), class_=style, **box))
    return element("g", *made, class_="bars")


def strip(cells: Sequence[tuple[float, float, float | None, str]], title: str) -> Markup:
    """A row of shaded cells.

    Args:
        cells: begin and end as shares of the width; how dark, 0 to 1, above 1 as what must be seen, None as nothing
            there; and what the pointer finds.
        title: what the strip shows, for who can't see it.
    """
    made = []
    for first, last, shade, text in cells:
        box = {"x": first * 100, "y": 0, "width": (last - first) * 100, "height": 10}
        if shade is None:
            made.append(element("rect", element("title", text), class_="none", **box))
        elif shade > 1:
            made.append(element("rect", element("title", text), class_="over", **box))
        else:
            opacity = 0.06 + 0.94 * max(0.0, shade)
            made.append(element("rect", element("title", text), class_="cell", fill_opacity=opacity, **box))
    return element(
        "svg",
        element("title", title),
        *made,
        class_="strip",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        role="img",
        aria_label=title,
    )


def meter(share: float, style: str = "") -> Markup:
    """A bar that fills a share of its width; what is over the whole fills it, and is marked."""
    over = share > 1
    filled = element(
        "rect", class_="over" if over else "cell", x=0, y=0, width=100 * min(max(share, 0.0), 1), height=10
    )
    empty = element("rect", class_="empty", x=0, y=0, width=100, height=10)
    return element(
        "svg",
        empty,
        filled,
        class_=f"meter {style}".strip(),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def balance(value: float, largest: float) -> Markup:
    """A bar from the middle, to the right for a gain and to the left for a loss; `largest` fills a half."""
    wide = 50 * min(1.0, abs(value) / largest) if largest else 0.0
    bar = element(
        "rect", class_="gain" if value >= 0 else "loss", x=50.0 if value >= 0 else 50 - wide, y=1, width=wide, height=8
    )
    middle = element("line", class_="base", x1=50, x2=50, y1=0, y2=10)
    return element(
        "svg", bar, middle, class_="balance", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true"
    )

"""The plot that every chart over time stands in: axes, grid, what lies behind the data, and what the pointer finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from research.report.drawing.scales import Period, Scale
from research.report.drawing.svg import element

WIDE: Final = 1000.0  # units across the stretched part; only shares of it matter
TOP: Final = 9
BOTTOM: Final = 24
BREAK: Final = 22  # above the data, where a line lies beyond what the axis shows


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time that is marked behind the data, with what it means."""

    first: int
    last: int
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A frame for data: time across, a scale up, `height` pixels high.

    Args:
        period: the time shown.
        scale: the values shown.
        height: pixels of the part that holds data.
        label: writes a tick of the scale.
        title: what the chart shows, for who can't see it.
        ticks: times that are marked at most.
        bands: what is marked behind the data.
        beyond: the label of a line that lies above the scale; None: there is none.
    """

    period: Period
    scale: Scale
    height: int
    label: Callable[[float], str]
    title: str
    ticks: int = 8
    bands: Sequence[Band] = ()
    beyond: str | None = None

    def x(self, time: float) -> float:
        """A time's place across, in units of the stretched part."""
        return self.period.share(time) * WIDE

    def y(self, value: float) -> float:
        """A value's place, in pixels from the top of the data."""
        return (1 - self.scale.share(value)) * self.height

    @property
    def top(self) -> int:
        """Pixels above the data."""
        return TOP + (BREAK if self.beyond is not None else 0)

    def draw(self, *data: Markup) -> Markup:
        """The whole chart around its data."""
        total = self.top + self.height + BOTTOM
        axis = element("svg", *self._axis(), class_="axis", height=total, width=64, aria_hidden="true")
        stretched = element(
            "svg",
            *self._behind(),
            *data,
            x=0,
            y=self.top,
            width="100%",
            height=self.height,
            viewBox=f"0 0 {WIDE:.0f} {self.height}",
            preserveAspectRatio="none",
        )
        parts = [element("title", self.title), *self._grid(), *self._times(), *self._above(), stretched]
        plot = element("svg", *parts, class_="plot", height=total, width="100%", role="img", aria_label=self.title)
        return element("div", axis, plot, class_="chart")

    def _axis(self) -> Iterable[Markup]:
        for tick in self.scale.ticks:
            yield element("text", self.label(tick), x=56, y=self.top + self.y(tick) + 4, text_anchor="end")
        if self.beyond is not None:
            yield element("text", self.beyond, class_="limit", x=56, y=TOP + 4, text_anchor="end")
            middle = (TOP + self.top) / 2
            yield element("path", class_="break", d=f"M50 {middle + 1:g}l8 -5m-8 9l8 -5")

    def _grid(self) -> Iterable[Markup]:
        for tick in self.scale.ticks:
            y = self.top + round(self.y(tick)) + 0.5
            yield element("line", class_="base" if not tick else "grid", x1="0", x2="100%", y1=y, y2=y)

    def _above(self) -> Iterable[Markup]:
        if self.beyond is not None:
            yield element("line", class_="limit", x1="0", x2="100%", y1=TOP, y2=TOP)

    def _times(self) -> Iterable[Markup]:
        y = self.top + self.height
        for number, tick in enumerate(self.period.ticks(self.ticks)):
            share = self.period.share(tick.time)
            at = f"{share * 100:.3f}%"
            style = "time" if number % 2 == 0 else "time fine"
            yield element("line", class_=style, x1=at, x2=at, y1=y, y2=y + 4)
            yield element("text", tick.label, class_=style, x=at, y=y + 17, text_anchor=_anchor(share))

    def _behind(self) -> Iterable[Markup]:
        for band in self.bands:
            left = max(0.0, self.x(band.first))
            wide = max(min(WIDE, self.x(band.last)) - left, 1.5)
            yield element(
                "rect",
                element("title", band.text),
                class_=band.style,
                x=left,
                y=0,
                width=wide,
                height=self.height,
            )

    def pointer(self, columns: Sequence[tuple[int, int, str]]) -> Markup:
        """What the pointer finds over each stretch of time: begin, end, text."""
        return element(
            "g",
            *(
                element(
                    "rect",
                    element("title", text),
                    x=self.x(first),
                    y=0,
                    width=max(self.x(last) - self.x(first), 0.5),
                    height=self.height,
                )
                for first, last, text in columns
            ),
            class_="pointer",
        )


def _anchor(share: float) -> str:
    if share < 0.03:
        return "start"
    return "end" if share > 0.97 else "middle"


def thinned(count: int, most: int) -> list[range]:
    """The places 0 … count−1 in at most so many runs of equal length, the last one shorter."""
    size = max(1, -(-count // most))
    return [range(i, min(i + size, count)) for i in range(0, count, size)]


def columns(times: Sequence[int], last: int, texts: Callable[[int], str], most: int) -> list[tuple[int, int, str]]:
    """Columns for the pointer: each stands for the values from one shown time to the next.

    Args:
        times: when there are values, in order.
        last: where the last column ends.
        texts: what to say of the value at a place in `times`.
        most: columns at most.
    """
    runs = thinned(len(times), most)
    edges = [times[run[0]] for run in runs] + [last]
    return [(edges[i], edges[i + 1], texts(run[0])) for i, run in enumerate(runs)]

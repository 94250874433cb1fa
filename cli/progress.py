"""The progress of a run on a terminal: how far through its market it is, how fast, and how long it still takes."""

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from execution.feeds import Feed
    from universe.trading import Tick

EVERY: Final = 0.2  # seconds between two looks at it


def shown(ticks: "Iterator[Tick]", feed: "Feed") -> "Iterator[Tick]":
    """The ticks, with progress by the market's time while stderr is a terminal."""
    if not sys.stderr.isatty():
        yield from ticks
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(feed.label),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[day]}"),
        TextColumn("{task.fields[rate]:,.0f} bars/s"),
        TimeRemainingColumn(),
    )
    bars, began, looked = 0, time.monotonic(), 0.0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=feed.last - feed.first, day="", rate=0.0)
        for tick in ticks:
            yield tick
            bars, now = bars + len(tick.bars), time.monotonic()
            if now - looked > EVERY:
                looked, day = now, time.strftime("%Y-%m-%d", time.gmtime(tick.time))
                rate = bars / max(now - began, EVERY)
                progress.update(task, completed=tick.time - feed.first, day=day, rate=rate)

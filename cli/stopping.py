"""Stopping by a signal: what is being done is finished first, so that nothing is left half done."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Asked = Callable[[], int | None]


@contextmanager
def stopping() -> Iterator[Asked]:
    """Within this, a first SIGINT or SIGTERM only asks to stop, and a second one ends the process at once.

    What is given tells which signal has asked; None: none has.
    """
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, before[number])

    before = {int(number): signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked[0] if asked else None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

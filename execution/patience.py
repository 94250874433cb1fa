"""Patience: strategies are asked in a thread of their own, so that one that hangs holds up nobody.

Exits are tended and commands are heard whatever a strategy does. Answers come back before anything else happens, so
that a run is the same with or without the thread, as long as each strategy answers in time.
"""

from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from universe.protocol import Answer, Strategy, View

SECONDS: Final = 10


class TookTooLong(RuntimeError):
    """A strategy has not answered in time."""


class StillBusy(RuntimeError):
    """A strategy has not answered what it was asked earlier."""


@dataclass(slots=True)
class _Worker:
    """The thread in which one strategy thinks."""

    strategy: Strategy
    asked: "SimpleQueue[View]" = field(default_factory=SimpleQueue)
    said: "SimpleQueue[Answer | Exception]" = field(default_factory=SimpleQueue)
    busy: bool = False

    def begin(self) -> None:
        """Start; the thread ends with the process, whatever it does then."""
        Thread(target=self._think, name=self.strategy.name, daemon=True).start()

    def _think(self) -> None:
        while True:
            view = self.asked.get()
            try:
                answer: Answer | Exception = self.strategy.intents(view)
            except Exception as error:
                answer = error
            self.said.put(answer)


class Patience:
    """Asks strategies, and waits so long for each.

    Args:
        seconds: how long.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._workers: dict[str, _Worker] = {}

    def ask(self, strategy: Strategy, view: View) -> Answer:
        """What a strategy wants.

        Raises:
            TookTooLong: it has not answered in time. What it says later is not heard.
            StillBusy: it has not answered what it was asked earlier.
            Exception: whatever the strategy raises.
        """
        worker = self._workers.get(strategy.name)
        if worker is None or worker.strategy is not strategy:
            worker = self._workers[strategy.name] = _Worker(strategy)
            worker.begin()
        if worker.busy:
            try:
                worker.said.get_nowait()
            except Empty:
                raise StillBusy(f"{strategy.name} has not answered yet") from None
            worker.busy = False
        worker.asked.put(view)
        try:
            answer = worker.said.get(timeout=self._seconds)
        except Empty:
            worker.busy = True
            raise TookTooLong(f"no answer within {self._seconds:g} s; it is asked again once it has answered") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

"""The universe on disk, taken over while others are decided: read and made ready in a thread of its own, put in place
between two decisions.
"""

import asyncio
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from execution.gate import RiskEngine
from execution.service.answers import Answers, ready
from execution.watching import UniverseFile

SWITCHES: Final = 5_000  # a second: how often whoever waits for another thread may get its turn


class Reloading:
    """Looks at a universe's file now and then.

    Args:
        file: the universe on disk.
        folder: where every universe that decides is kept.
        answers: who decides by it.
        told: hears of each change: `activated` or `refused`, and what about it.
    """

    def __init__(self, file: UniverseFile, folder: Path, answers: Answers, told: Callable[[str, str], None]) -> None:
        self._file, self._folder, self._answers, self._told = file, folder, answers, told

    async def watch(self, every: float) -> None:
        """Look on and on, each so many seconds."""
        while True:
            await asyncio.sleep(every)
            await self.look()

    async def look(self) -> None:
        """Take over a newer universe, if there is one that holds; a file that doesn't leaves the rules as they are."""
        refused: list[str] = []
        try:
            with giving_way():  # before the thread starts: whoever waits for it already keeps to what was said before
                risk = await asyncio.to_thread(self._newer, refused)
        except Exception as error:  # the rules that decide go on deciding, whatever is wrong with others
            refused.append(f"{type(error).__name__}: {error}")
            risk = None
        for text in refused:
            self._told("refused", text)
        if risk is not None:
            self._answers.adopt(risk)
            self._told("activated", risk.universe.ruleset.universe_hash)

    def _newer(self, refused: list[str]) -> RiskEngine | None:
        active = self._answers.universe.ruleset.universe_hash
        found = self._file.look(active, lambda universe: None, lambda name, text: refused.append(text))
        if found is None:
            return None
        self._file.keep(self._folder, found)
        return ready(found)


@contextmanager
def giving_way() -> Iterator[None]:
    """Within this, other threads of the process get their turn soon, and no collection of garbage holds all of them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1 / SWITCHES)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        sys.setswitchinterval(before)

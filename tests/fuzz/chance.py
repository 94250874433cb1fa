"""Fuzzing by chance: inputs of a kind that was not seen before are kept, and damaged further; what a door doesn't hold
against is made smaller, and said with how to try it again.
"""

import json
import random
import shlex
import signal
import time
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.fuzz.damage import damaged
from tests.fuzz.targets import DOORS

SLOWEST: Final = 2.0
MOST_KEPT: Final = 2000
CORPUS: Final = Path(__file__).with_name("corpus.json")
# What is learnt stays small, so that it can be read and is tried in a moment.
SHORT: Final = 200
MOST_LEARNT: Final = 80
SMALLER_WITHIN: Final = 20.0


class TooSlow(BaseException):
    """An input kept a door busy for too long; no Exception, so that no door takes it for one of its own."""


@dataclass(frozen=True)
class Finding:
    """An input that a door doesn't hold against, and what happened."""

    door: str
    data: bytes
    error: str

    def __str__(self) -> str:
        again = f"python -m tests.fuzz {self.door} --replay {shlex.quote(repr(self.data))}"
        return f"{self.door}: {self.error}\ninput: {self.data!r}\nto try it again: {again}"


@dataclass(frozen=True)
class Search:
    """What a search came to: how many inputs, of how many kinds, and what it found."""

    tried: int
    kinds: dict[Hashable, bytes]
    finding: Finding | None


def search(door: str, seconds: float, seed: int) -> Search:
    """Try what is known of a door, then fuzz it for so long, or until it fails; the same seed begins alike."""
    dice, tried, opened = random.Random(seed), 0, DOORS[door]
    words, kinds, known = opened.words(), dict[Hashable, bytes](), known_inputs(door)
    waiting = iter(known[:])
    end = time.monotonic() + seconds
    while (data := next(waiting, None)) is not None or time.monotonic() < end:
        if data is None:
            data = damaged(dice.choice(known), opened.ways, words, dice)
        tried += 1
        came, error = attempt(door, data)
        if error is not None:
            return Search(tried, kinds, smallest(Finding(door, data, error)))
        if came not in kinds:
            kinds[came] = data
            if len(known) < MOST_KEPT:
                known.append(data)
    return Search(tried, kinds, None)


def known_inputs(door: str) -> list[bytes]:
    """What really comes in there, and what is kept of earlier searches."""
    return [*DOORS[door].seeds(), *(text.encode("latin-1") for text in _kept()[door])]


def learn(door: str, kinds: Mapping[Hashable, bytes]) -> int:
    """Keep short inputs of kinds that nothing known comes to, so that later searches begin there; how many."""
    known, kept = set(known_inputs(door)), _kept()
    new = sorted(
        (data for data in kinds.values() if len(data) <= SHORT and data not in known), key=lambda d: (len(d), d)
    )
    learnt = [data.decode("latin-1") for data in new[: max(0, MOST_LEARNT - len(kept[door]))]]
    kept[door] += learnt
    CORPUS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return len(learnt)


def _kept() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(CORPUS.read_text(encoding="utf-8"))
    return found


def attempt(door: str, data: bytes) -> tuple[Hashable, str | None]:
    """What an input came to, or the error that it showed."""
    try:
        with _no_longer_than(SLOWEST):
            return DOORS[door].comes_to(data), None
    except TooSlow:
        return None, f"TooSlow: it took more than {SLOWEST:g} s of computing"
    except Exception as error:  # whatever a door does not say itself is what is looked for
        return None, _said(error)


def _said(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place is not None else ""
    return f"{type(error).__name__}{where}: {str(error)[:500]}"


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """End what takes more computing than that: time that others compute in doesn't count."""

    def stop(number: int, frame: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def smallest(finding: Finding) -> Finding:
    """The finding with all taken out of its input that the error, of the same kind at the same place, doesn't need."""
    kind, end = finding.error.partition(":")[0], time.monotonic() + SMALLER_WITHIN
    length = len(finding.data) // 2
    while length:
        at = 0
        while at < len(finding.data) and time.monotonic() < end:
            shorter = finding.data[:at] + finding.data[at + length :]
            error = attempt(finding.door, shorter)[1]
            if error is not None and error.partition(":")[0] == kind:
                finding = Finding(finding.door, shorter, error)
            else:
                at += length
        length //= 2
    return finding

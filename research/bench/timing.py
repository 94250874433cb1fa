"""Timing in turns: what is compared takes turns in short slices, so that a busy machine slows all of it alike."""

import gc
import os
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from typing import Any, Final

ROUNDS: Final = 25
SLICE: Final = 200
Action = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Timed:
    """How long one thing takes: seconds of the processor, and how many times the base, each as the median of rounds."""

    seconds: float
    ratio: float
    least: float
    most: float


def in_turns(
    base: str, contenders: Mapping[str, tuple[Action, Sequence[Any]]], rounds: int = ROUNDS
) -> dict[str, Timed]:
    """What each action takes for one of its things, beside the base, in rounds over all of them.

    Args:
        base: which of them ratios are to.
        contenders: actions, and the things that each is done to, by name; a slice of each in turn.
        rounds: how often all of it is done, after once for warmth.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + 1):
            spent = _round(contenders)
            for name in contenders if number else ():
                found[name].append(spent[name])
    finally:
        gc.enable()
    return {name: _timed(found[name], found[base]) for name in contenders}


def _round(contenders: Mapping[str, tuple[Action, Sequence[Any]]]) -> dict[str, float]:
    spent = dict.fromkeys(contenders, 0.0)
    done = dict.fromkeys(contenders, 0)
    for start in range(0, max(len(things) for _, things in contenders.values()), SLICE):
        for name, (action, things) in contenders.items():
            part = things[start : start + SLICE]
            before = process_time()
            for thing in part:
                action(thing)
            spent[name] += process_time() - before
            done[name] += len(part)
    return {name: spent[name] / done[name] for name in contenders}


def _timed(found: list[float], base: list[float]) -> Timed:
    ratios = [one / other for one, other in zip(found, base, strict=True)]
    return Timed(statistics.median(found), statistics.median(ratios), min(ratios), max(ratios))


@contextmanager
def undisturbed() -> Iterator[bool]:
    """Within this, no ordinary process takes the processor from this one, if the system lets us say so: what decisions
    wait for is then what this process does.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (AttributeError, PermissionError):
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))

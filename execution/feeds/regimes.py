"""The moods of the synthetic market: a Markov chain of regimes, each of which lasts for hours.

Rates are in billionths: 10_000_000 is 1 %.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from types import MappingProxyType
from typing import Final

from execution.feeds.dice import Dice

PERCENT: Final = 10_000_000


class Mood(StrEnum):
    """What the market does."""

    CALM = "calm"
    RISE = "rise"
    FALL = "fall"
    ROUGH = "rough"
    CRASH = "crash"


@dataclass(frozen=True, slots=True)
class Regime:
    """How prices move in a mood.

    Args:
        drift: how far the market goes in an hour.
        swing: its deviation over an hour, around the drift.
        hours: how long it lasts, at least and at most.
        leaps: how often a symbol jumps by itself, in thousandths an hour.
        turnover: volume, in percent of an ordinary hour.
        after: what comes next, with weights.
    """

    drift: int
    swing: int
    hours: tuple[int, int]
    leaps: int
    turnover: int
    after: tuple[tuple[Mood, int], ...]


# In a day, a rise or a fall goes two to three times as far as its chance does: a trend that can be seen on bars of an
# hour, and lasts a day or two. Rises come more often and last longer than falls, since crashes only go down.
REGIMES: Final[Mapping[Mood, Regime]] = MappingProxyType(
    {
        Mood.CALM: Regime(
            drift=0,
            swing=PERCENT * 20 // 100,
            hours=(8, 30),
            leaps=2,
            turnover=60,
            after=((Mood.RISE, 45), (Mood.FALL, 30), (Mood.ROUGH, 20), (Mood.CRASH, 5)),
        ),
        Mood.RISE: Regime(
            drift=PERCENT * 25 // 100,
            swing=PERCENT * 35 // 100,
            hours=(18, 54),
            leaps=6,
            turnover=110,
            after=((Mood.CALM, 50), (Mood.ROUGH, 25), (Mood.FALL, 15), (Mood.CRASH, 10)),
        ),
        Mood.FALL: Regime(
            drift=-PERCENT * 22 // 100,
            swing=PERCENT * 42 // 100,
            hours=(14, 40),
            leaps=6,
            turnover=120,
            after=((Mood.CALM, 40), (Mood.RISE, 20), (Mood.ROUGH, 25), (Mood.CRASH, 15)),
        ),
        Mood.ROUGH: Regime(
            drift=0,
            swing=PERCENT * 75 // 100,
            hours=(6, 18),
            leaps=20,
            turnover=180,
            after=((Mood.CALM, 35), (Mood.RISE, 35), (Mood.FALL, 25), (Mood.CRASH, 5)),
        ),
        Mood.CRASH: Regime(
            drift=-3 * PERCENT,
            swing=PERCENT * 120 // 100,
            hours=(3, 5),
            leaps=60,
            turnover=500,
            after=((Mood.ROUGH, 60), (Mood.RISE, 30), (Mood.CALM, 10)),
        ),
    }
)


def moods(dice: Dice, hours: int) -> list[Mood]:
    """The mood of each hour. It begins calm; where chance brings no crash, one stands in the middle half."""
    found: list[Mood] = []
    mood = Mood.CALM
    while len(found) < hours:
        found += [mood] * dice.between(*REGIMES[mood].hours)
        mood = _next(dice, REGIMES[mood])
    del found[hours:]
    if Mood.CRASH not in found:
        longest = REGIMES[Mood.CRASH].hours[1]
        since = hours // 4 + dice.below(max(hours // 2 - longest, 1))
        found[since : since + longest] = [Mood.CRASH] * longest
    return found


def _next(dice: Dice, regime: Regime) -> Mood:
    heights = list(accumulate(weight for _, weight in regime.after))
    return regime.after[bisect_right(heights, dice.below(heights[-1]))][0]

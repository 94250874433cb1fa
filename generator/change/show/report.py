"""What is shown of a comparison: the diff, what flips, and how both are put in short phrases."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from generator.change.changes import CONSEQUENCE, Change, Diff, Kind
from generator.change.flips import Flips
from generator.change.words import Class

NAMED: Final = 6
TOPS: Final = 5


@dataclass(frozen=True, slots=True)
class Report:
    """A diff, and what it flips among recorded intents, where those were looked at."""

    diff: Diff
    flips: Flips | None = None

    @property
    def headline(self) -> str:
        """The class of the whole, and what follows from it."""
        if not self.diff.changes:
            return "no change"
        return f"{self.diff.word}: {CONSEQUENCE[self.diff.word]}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: `1 change`, `3 changes`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def some(names: Sequence[str], most: int = NAMED) -> str:
    """The first of some names, and how many more there are."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def whom(change: Change, diff: Diff) -> str:
    """Whom a change moves, where its name does not say so already."""
    if len(change.symbols) > 1 and set(change.symbols) == set(diff.symbols):
        return "for every symbol"
    names = [n for n in (*change.symbols, *change.strategies) if n not in change.name.replace(":", " ").split(" ")]
    return f"for {some(names)}" if names else ""


def only_in(change: Change, diff: Diff) -> str:
    """The environments that a change holds in, where those are not all."""
    if not change.environments or set(change.environments) == set(diff.environments):
        return ""
    return f"only in {', '.join(change.environments)}"


def why(change: Change, diff: Diff) -> str:
    """Why it is its class, for whom, and where, in one line."""
    return "; ".join(filter(None, (change.why, whom(change, diff), only_in(change, diff))))


def where(change: Change) -> str:
    """Where it stands, and where it stood if that is elsewhere."""
    was, now = change.was, change.now
    if was is None or now is None or was == now:
        return str(now or was or "")
    after = f":{now.line}" if was.file == now.file and now.line else str(now)
    return f"{was} → {after}"


def value(change: Change) -> str:
    """The values before and after: the one that there is, where there is one."""
    if change.kind is Kind.TEXT:
        return ""
    if change.before is None or change.after is None:
        return change.after or change.before or ""
    return f"{change.before} → {change.after}"


def tally(changes: Iterable[Change]) -> str:
    """How many changes there are of each class."""
    counts = Counter(c.word for c in changes)
    return ", ".join(f"{counts[word]} {word}" for word in Class if counts[word])


def asked(diff: Diff) -> str:
    """Where a solver had its say."""
    return f"; the solver was asked for {', '.join(diff.proved)}" if diff.proved else ""


def tops(counts: Counter[str], sign: str) -> str:
    """The most frequent names of one sign, with their counts."""
    found = [(name[1:], n) for name, n in counts.most_common() if name[0] == sign]
    shown = ", ".join(f"{name} {n}" for name, n in found[:TOPS])
    return f"{shown} and {len(found) - TOPS} more" if len(found) > TOPS else shown

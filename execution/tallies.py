"""What rules say of many recorded intents, counted: by gate, subject, actor and day."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from engine.columns import Columns
from execution.elsewhere import Count
from execution.recorded import Recorded

Array = Any
_DAY: Final = 86_400
_UNNAMED: Final = "nobody"


@dataclass(slots=True)
class Tallies:
    """Counts of intents, and by each name those of intents and of stopped ones."""

    intents: int = 0
    stopped: int = 0
    gates: Counter[str] = field(default_factory=Counter)
    symbols: dict[str, list[int]] = field(default_factory=dict)
    strategies: dict[str, list[int]] = field(default_factory=dict)
    days: dict[str, list[int]] = field(default_factory=dict)

    def add(self, columns: Columns, recorded: Recorded, said: Array, orders: Array) -> None:
        """Count the rows that are orders.

        Args:
            columns: by whose rules.
            recorded: the rows.
            said: what stops each.
            orders: which of them are orders, rather than looks at the account.
        """
        import numpy

        said, masks = said[:, orders], columns.masks
        stopped = ~columns.allowed(said)
        self.intents += len(stopped)
        self.stopped += int(numpy.count_nonzero(stopped))
        for gate in columns.engine.ruleset.gates:
            if gate.enforced and (count := numpy.count_nonzero(masks.having(said, 1 << gate.index))):
                self.gates[gate.id] += int(count)
        if count := numpy.count_nonzero(masks.having(said, columns.stopped)):
            self.gates[_UNNAMED] += int(count)
        words = [*columns.screen.known.codes]
        screen = columns.screen
        for fact, into in ((screen.subject, self.symbols), (screen.actor, self.strategies)):
            _count(recorded.codes(fact)[orders], stopped, into, lambda code: words[code])
        clock = columns.engine.ruleset.head.clock
        now = recorded.batch.columns.get(clock) if clock is not None else None
        if now is not None:
            known = numpy.nan_to_num(now.values[orders], nan=-1)
            _count((known // _DAY).astype(numpy.int64), stopped, self.days, _day)

    def add_counted(self, columns: Columns, counts: Iterable[Count]) -> Iterator[Count]:
        """Count rows that were counted elsewhere, and give them on."""
        for count in counts:
            stopped = count.rows * bool(count.said & (columns.enforced | columns.stopped))
            self.intents += count.rows
            self.stopped += stopped
            names = [gate.id for gate in columns.engine.ruleset.gates if gate.enforced and count.said >> gate.index & 1]
            for name in [*names, *([_UNNAMED] if count.said & columns.stopped else [])]:
                self.gates[name] += count.rows
            head = columns.engine.ruleset.head
            known = columns.engine.ruleset.subjects
            subject = count.subject if count.subject is not None and count.subject in known else _UNNAMED
            for key, name_, into in (
                (head.subject, subject, self.symbols),
                (head.actor, count.actor or _UNNAMED, self.strategies),
                (count.day is not None or None, "" if count.day is None else _day(count.day), self.days),
            ):
                if key is not None:
                    counted = into.setdefault(name_, [0, 0])
                    counted[0] += count.rows
                    counted[1] += stopped
            yield count

    def data(self) -> Mapping[str, Any]:
        """As JSON data."""
        by = {"symbols": self.symbols, "strategies": self.strategies, "days": self.days}
        named = {
            what: {name: {"intents": n, "stopped": s} for name, (n, s) in sorted(of.items())} for what, of in by.items()
        }
        return {"intents": self.intents, "stopped": self.stopped, "gates": dict(self.gates.most_common()), **named}


def _count(keys: Array, stopped: Array, into: dict[str, list[int]], name: Any) -> None:
    import numpy

    found, places = numpy.unique(keys, return_inverse=True)
    for key, all_, held in zip(
        found.tolist(), numpy.bincount(places).tolist(), numpy.bincount(places, stopped).tolist(), strict=True
    ):
        counts = into.setdefault(name(key) if key >= 0 else _UNNAMED, [0, 0])
        counts[0] += all_
        counts[1] += int(held)


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * _DAY, UTC).date().isoformat()

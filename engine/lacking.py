"""Facts that are missing cost the gates that need them: what all others say is found by their programs, as ever."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.backends.python import Programs, Run
from engine.catalog import Value
from engine.reach import reach
from engine.ruleset import Gate, RuleSet, Subject, gate_nodes

# So many sets of missing facts are remembered.
MAX_SEEN: Final = 64


@dataclass(frozen=True, slots=True)
class Apart:
    """The gates that need something that is missing, and what makes the program of the others."""

    needing: tuple[Gate, ...]
    run: Callable[[Subject | None, str | None], Run]


class Lacking:
    """Gates by what is missing for them.

    Args:
        ruleset: whose gates they are.
        slots: where facts are.
        programs: makes programs of some of them.
    """

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int], programs: Programs) -> None:
        def read(*names: str) -> frozenset[int]:
            return frozenset(slots[name] for name in names if name in slots)

        self._programs = programs
        self._gates = [(gate, read(*reach(ruleset, *gate_nodes(gate)))) for gate in ruleset.gates]
        self._exempt = read(*ruleset.reaches[ruleset.head.exempt]) if ruleset.head.exempt else frozenset()
        self._read = self._exempt.union(*[slots for _, slots in self._gates])
        self._seen: dict[frozenset[int], Apart | None] = {}

    def apart(self, values: Sequence[Value | None]) -> Apart | None:
        """The gates that need what is missing among these facts, and the others; None where all are to be asked one by
        one: the first time that these are missing, since most never are again, or where they say who is exempt.
        """
        missing = frozenset([slot for slot in self._read if values[slot] is None])
        if not missing or missing & self._exempt:
            return None
        if missing not in self._seen:
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen[missing] = None
            return None
        found = self._seen.get(missing)
        if found is None:
            needing = [gate for gate, slots in self._gates if slots & missing]
            others = [gate for gate, slots in self._gates if not slots & missing]
            found = self._seen[missing] = Apart(tuple(needing), self._programs.alone(others, exempting=True))
        return found

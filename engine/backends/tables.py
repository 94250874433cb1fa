"""What is known of subjects and actors, as tables that a loop over columns looks it up in."""

from collections.abc import Sequence
from typing import Any, Final

from engine.backends.entries import INVALID, MISSING, Entry, Value
from engine.backends.screen import Screen

Array = Any
# Codes begin at INVALID: what is looked up by one stands so far behind.
BEFORE: Final = -INVALID
# What the table of a list's words says where nobody knows of the word, or the list.
_UNKNOWN: Final = 2
_NUMBERS: Final = frozenset({"number", "scale", "unit"})


class Tables:
    """The entries of a screen, a row for each subject and actor.

    `arrays` are what the loop is given: numbers, flags, words of lists, where the rows of a subject and an actor begin,
    by their codes (-1 where a subject has none), and the gates that apply, as numbers of their bits; `places`
    say in which column an entry is.
    """

    def __init__(self, screen: Screen) -> None:
        import numpy

        self._codes, known, ruleset = screen.known.codes, screen.known, screen.ruleset
        self.places: dict[Entry, tuple[str, int]] = {}
        self._lists: list[int] = []
        self._offsets: dict[Value, int] = {}
        columns: dict[str, list[Any]] = {"numbers": [], "flags": []}
        for entry in screen.entries:
            table = "numbers" if entry[0] in _NUMBERS else "flags"
            self.places[entry] = (table, len(columns[table]))
            values = known.values(entry)
            columns[table].append(
                [numpy.nan if v is None else v for v in values] if table == "numbers" else self._flags(entry, values)
            )
        rows, self._applying = len(known.pairs), known.applying()
        numbers, flags = (numpy.array(of or [[0] * rows]).T for of in columns.values())
        self.arrays: tuple[Array, ...] = (
            numpy.ascontiguousarray(numbers, numpy.float64),
            numpy.ascontiguousarray(flags, numpy.int64),
            numpy.array(self._lists or [0], numpy.int8),
            self._rows([*ruleset.subjects] if screen.subject else [], len(known.actors), 0, MISSING),
            self._rows([*ruleset.actors] if screen.actor else [], 1, 1, 0),
            *(numpy.array(part, numpy.int64) for part in zip(*map(screen.masks.parts, self._applying), strict=True)),
        )

    def applies_always(self, place: int) -> bool:
        """Whether the gate at a place has a bound for each subject and actor."""
        return all(gates >> place & 1 for gates in self._applying)

    def _flags(self, entry: Entry, values: Sequence[Value]) -> list[Value]:
        if entry[0] == "words":
            return [self._words(value) for value in values]
        return [MISSING if value is None else value for value in values]

    def _words(self, value: Value) -> int:
        """Where it stands in the table of lists which words a list has."""
        if value not in self._offsets:
            self._offsets[value] = len(self._lists)
            inside = [int(code in value) if isinstance(value, tuple) else _UNKNOWN for code in self._codes.values()]
            self._lists += [_UNKNOWN] * BEFORE + inside
        return self._offsets[value]

    def _rows(self, who: Sequence[str], size: int, first: int, nobody: int) -> Array:
        """By each code, from INVALID on, where somebody's rows begin."""
        import numpy

        rows = numpy.full(BEFORE + len(self._codes), nobody if who else 0, numpy.int64)
        for number, name in enumerate(who):
            rows[BEFORE + self._codes[name]] = (first + number) * size
        return rows

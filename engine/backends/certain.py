"""Whether numbers given as texts pass every gate, over facts that stand: said in floats, where these are certain."""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from engine.backends.guarded import Guarded, GuardedPrograms, Shared
from engine.catalog import Value
from engine.facts import FactReader
from engine.reach import reach
from engine.ruleset import Multiple, RuleSet, Subject
from engine.texts import nearing

# Whether all gates pass, of plain numbers; None where that is not certain.
Passes = Callable[[tuple[str, ...]], bool | None]
# Stands for an exact number that no program has asked for yet: whoever asks something of it gets an error.
_UNREAD: Final = Decimal("sNaN")


class Certain:
    """The gates of one rule set in floats, for decisions that bring certain numbers.

    Args:
        ruleset: the checked rule set.
        reader: knows the slots of the facts that stand.
        names: of the numbers, in order.
    """

    def __init__(self, ruleset: RuleSet, reader: FactReader, names: Sequence[str]) -> None:
        self._programs = GuardedPrograms(ruleset, reader, names)
        self._guarded: dict[tuple[str | None, str | None], Guarded] = {}
        self._floats, self._unread = nearing(), (_UNREAD,) * len(names)
        multiples = reach(ruleset, *[gate.test.measure for gate in ruleset.gates if isinstance(gate.test, Multiple)])
        # Programs want these exactly: floats don't say whether a number is a multiple.
        self._exactly = [place for place, name in enumerate(names) if name in multiples]

    def over(
        self, subject: Subject | None, actor: str | None, values: Sequence[Value | None], floats: Sequence[Any]
    ) -> Passes:
        """The gates of whom an order is about, over facts that stand in their slots: exactly, and each `as_float`."""
        key = (subject.key if subject else None, actor)
        guarded = self._guarded.get(key)
        if guarded is None:
            guarded = self._guarded[key] = self._programs.of(subject, actor)
        standing = Shared(values, floats)
        run, row, floats_of, exactly_of = guarded.run, guarded.row, self._floats, self._given

        def passes(numbers: tuple[str, ...]) -> bool | None:
            near = row(standing.numbers, floats_of(numbers))
            try:
                try:
                    places = run(standing, near, exactly_of(numbers))
                except InvalidOperation:  # it asks for exact numbers
                    places = run(standing, near, tuple(map(Decimal, numbers)))
            except (TypeError, ArithmeticError):  # a fact is missing
                return None
            return None if places is None or (places and places[0] < 0) else not places

        return passes

    def _given(self, numbers: tuple[str, ...]) -> tuple[Decimal, ...]:
        """The exact numbers, as far as they are sure to be asked for."""
        if not self._exactly:
            return self._unread
        exactly = [*self._unread]
        for place in self._exactly:
            exactly[place] = Decimal(numbers[place])
        return tuple(exactly)

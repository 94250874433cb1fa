"""Arrangements of plain facts: the names that orders bring, and what is the same for all that bring these."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.backends.assembler import BUILT
from engine.backends.certain import Certain
from engine.catalog import Value
from engine.layout import Layout, Names, names_of, picker, template
from engine.nesting import nested
from engine.reason import ID, Decision
from engine.ruleset import Subject
from engine.texts import taking, wholes

if TYPE_CHECKING:
    from engine.engine import Engine

# So many are remembered.
MAX_ARRANGEMENTS: Final = 16
# Where a number comes to stand in a text; there is none of it in canonical JSON.
PLACE: Final = "\0"


class Arrangement:
    """Own facts of the same names: how they are taken, and where they go, whatever facts they are laid over.

    Args:
        engine: who decides on them.
        layout: how they are read; there are some, which `may_repeat`.
    """

    def __init__(self, engine: "Engine", layout: Layout) -> None:
        self.engine, self.layout, self.take, self.is_whole = engine, layout, taking(layout), wholes()
        given = sorted(layout.places, key=lambda place: place.slot)
        texts = nested((place.fact.name, f'"{PLACE}"' if place.sort is not None else "%s") for place in given)
        #: the groups of facts as they stand in a record, with places for words and numbers
        self.groups = {group: template(of) for group, of in texts.items()}
        #: puts the texts of words into the order in which these stand there
        self.words = picker([layout.others.index(place) for place in given if place.sort is None])
        names = [place.fact.name for place in layout.numbers]
        #: the gates in floats, where there is a machine for them
        self.certain = Certain(engine.ruleset, engine.reader, names) if BUILT else None
        self.slots = slots = [place.slot for place in layout.numbers]
        self.solve = solve = engine.ruleset.head.solve
        at = engine.reader.slots
        #: the slots of the size and of its step, and their places among the numbers, where they are any of these
        self.size_slot = at[solve.fact] if solve else None
        self.step_slot = at.get(solve.step) if solve else None
        self.size, self.step = (slots.index(s) if s in slots else None for s in (self.size_slot, self.step_slot))
        self.rules, self.before, (self.after, self.end) = self._allowed()

    def step_of(self, subject: Subject | None) -> Value | None:
        """The step of sizes, where it is a subject's own."""
        return subject.facts.get(self.solve.step) if self.solve is not None and subject is not None else None

    def _allowed(self) -> tuple[str, str, tuple[str, str]]:
        """What the record of a decision that allows says of its rules; up to the hash that is its id; and what stands
        before its largest size and behind.
        """
        rules, solve = self.engine.ruleset, self.solve
        name, size = (solve.name, "0") if solve else (None, None)
        made = Decision(True, ID, None, rules.ruleset_hash, rules.universe_hash, largest_name=name, largest=size)
        told = made.told()
        after, _, end = told.after.rpartition("0")
        return told.rules, told.before.partition(ID)[0] + ID, (after, end)


class Arrangements:
    """The arrangements in which own facts come to an engine, as they are seen.

    Args:
        engine: who decides on them.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._made: dict[Names, Arrangement] = {}

    def of(self, own: Mapping[str, Any]) -> Arrangement | None:
        """That of these facts, if they may be plain, and such were read before."""
        names = names_of(own) or ()
        made = self._made.get(names)
        if made is None:
            layout = self._engine.reader.layout(own)
            if layout is None or not layout.places or not layout.may_repeat:
                return None
            if len(self._made) >= MAX_ARRANGEMENTS:
                self._made.clear()
            made = self._made[names] = Arrangement(self._engine, layout)
        return made

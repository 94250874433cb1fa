"""Deciding often: facts as twins, exact numbers with floats beside them, read once, decided at the price of floats.

Facts that many decisions share, an account's or a market's, are read once, as `Standing`. What is given anew each
time comes in through an `Intake`, made once for the names of these facts, which gives a `Record`. All values are
checked when standing or record are made. Whatever is not plain goes the long way, through the reader that says what
is wrong with it: a desk gives the decisions of its engine, in every case.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from engine.backends.guarded import Guarded, GuardedPrograms
from engine.backends.intake import taking
from engine.engine import Engine
from engine.facts import FactsFault, Snapshot
from engine.nesting import merged, nested
from engine.records import Record, Standing, Unusual, Verdict
from engine.units import Kind


class Desk:
    """Where decisions are asked for by an engine that decides often.

    Args:
        engine: whose decisions they are.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ruleset = engine.ruleset
        self.slots = engine.reader.slots

    def standing(self, facts: Mapping[str, Any], on: Standing | None = None, *, long: bool = False) -> Standing:
        """Facts that decisions share, nested by their dotted names.

        Args:
            facts: numbers as text, Decimal or int.
            on: facts that were read before, and hold too where these say nothing else.
            long: they stand for thousands of decisions, so that it pays to work out once what they leave to others:
                most of what is allowed then costs a few comparisons.

        Raises:
            FactsFault: a name that is not declared, or whose fact the universe gives.
        """
        document = merged(on.document if on is not None else {}, facts)
        return Standing(self.engine, document, self.engine.reader.read(document), long=long)

    def intake(self, *names: str) -> Callable[..., Record]:
        """A function that takes a standing, then a value for each of these facts, and gives their record.

        Numbers are `Decimal`s and words plain `str`s: all else, members of an enum too, is read at length.

        Raises:
            FactsFault: a name that is not declared, or whose fact the universe gives.
        """
        return Intake(self, names).take


class Intake:
    """How values of certain facts become records; see `Desk.intake`."""

    def __init__(self, desk: Desk, names: Sequence[str]) -> None:
        if len(set(names)) != len(names):
            raise FactsFault("a fact stands twice among the names of an intake")
        self.desk, self.names = desk, tuple(names)
        self.programs: dict[tuple[Any, Any], Guarded] = {}
        places = [desk.engine.reader.place(name) for name in names]
        self._made = GuardedPrograms(desk.ruleset, desk.engine.reader, names)
        head = desk.ruleset.head
        who = (head.subject.key if head.subject else None, head.actor.key if head.actor else None)
        bound = {"engine": desk.engine, "programs": self.programs, "record": Record, "otherwise": self.read}
        self.take: Callable[..., Record] = taking(places, who, self._made.compared, bound)

    def read(self, standing: Standing, raws: tuple[Any, ...]) -> Record:
        """The record of any values, plain or not."""
        desk = self.desk
        if standing.engine is not desk.engine:
            standing = desk.standing(standing.document)
        asked = partial(self._snapshot, standing, raws)
        if (unknown := self._stranger(raws)) is not None:
            return Unusual.of(standing, asked, unknown)
        snapshot = asked()
        values = tuple([snapshot.values[desk.slots[name]] for name in self.names])
        if standing.ready and not snapshot.invalid and None not in values:
            guarded = self._guarded(snapshot)
            if guarded is not None:
                floats = guarded.row(standing.numbers, self._made.floats(values))
                return Record(standing, values, floats, guarded, None)
        return Unusual.of(standing, lambda: snapshot, desk.engine.unknown_reason(snapshot))

    def _snapshot(self, standing: Standing, raws: tuple[Any, ...]) -> Snapshot:
        return self.desk.engine.reader.read(merged(standing.document, nested(zip(self.names, raws, strict=True))))

    def _stranger(self, raws: tuple[Any, ...]) -> str | None:
        """Why nothing is allowed where a subject is named by a word that is none of its fact's."""
        head = self.desk.ruleset.head.subject
        if head is None or head.key not in self.names:
            return None
        fact, name = self.desk.ruleset.catalog.facts[head.key], raws[self.names.index(head.key)]
        is_word = type(name) is str and fact.unit.kind is Kind.ENUM
        return head.unknown if is_word and name not in fact.type.values else None

    def _guarded(self, snapshot: Snapshot) -> Guarded | None:
        """The programs for whom these facts are about; None of nobody."""
        head, slots = self.desk.ruleset.head, self.desk.slots
        subject = snapshot.values[slots[head.subject.key]] if head.subject else None
        actor = snapshot.values[slots[head.actor.key]] if head.actor else None
        key = (subject, actor)
        if key not in self.programs:
            entry = self.desk.ruleset.subjects.get(str(subject))
            if head.subject is not None and entry is None:
                return None
            self.programs[key] = self._made.of(entry, None if actor is None else str(actor))
        return self.programs[key]


__all__ = ["Desk", "Intake", "Record", "Standing", "Unusual", "Verdict"]

"""Deciding often: facts as twins, exact numbers with floats beside them, read once, decided at the price of floats.

Facts that many decisions share, an account's or a market's, are read once, as `Standing`. What is given anew each
time comes in through an `Intake`, made once for the names of these facts, which gives a `Record`. All values are
checked when standing or record are made. Whatever is not plain goes the long way, through the reader that says what
is wrong with it: a desk gives the decisions of its engine, in every case.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple

from engine.backends.assembler import packed
from engine.backends.bounds import Passes
from engine.backends.guarded import Guarded, GuardedPrograms
from engine.backends.intake import taking
from engine.backends.near import nearest
from engine.backends.python import Veto
from engine.catalog import Value
from engine.engine import Engine
from engine.facts import FactsFault, Snapshot
from engine.judge import Judgement, found
from engine.numbers import exact
from engine.reason import Decision
from engine.units import Kind

Document = dict[str, Any]
# So many tests of what passes are kept with facts that stand.
MAX_LEEWAYS: Final = 4096
_new: Final = tuple.__new__


class Desk:
    """Where decisions are asked for by an engine that decides often.

    Args:
        engine: whose decisions they are.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ruleset = engine.ruleset
        self.slots = engine.reader.slots

    def standing(self, facts: Mapping[str, Any], on: "Standing | None" = None, *, long: bool = False) -> "Standing":
        """Facts that decisions share, nested by their dotted names.

        Args:
            facts: numbers as text, Decimal or int.
            on: facts that were read before, and hold too where these say nothing else.
            long: they stand for thousands of decisions, so that it pays to work out once what they leave to others:
                most of what is allowed then costs a few comparisons.

        Raises:
            FactsFault: a name that is not declared, or whose fact the universe gives.
        """
        document = _merged(on.document if on is not None else {}, facts)
        return Standing(self, document, self.engine.reader.read(document), long=long)

    def intake(self, *names: str) -> "Callable[..., Record]":
        """A function that takes a standing, then a value for each of these facts, and gives their record.

        Raises:
            FactsFault: a name that is not declared, or whose fact the universe gives.
        """
        return Intake(self, names).take


class Standing:
    """Facts that many decisions share; `Desk.standing` makes them."""

    __slots__ = ("actor", "desk", "document", "floats", "leeways", "numbers", "ready", "subject", "values")

    def __init__(self, desk: Desk, document: Document, snapshot: Snapshot, *, long: bool) -> None:
        self.desk, self.document, self.values = desk, document, snapshot.values
        floats = [nearest(v) if isinstance(v, Decimal) else v for v in snapshot.values]
        self.floats: tuple[Any, ...] = (*floats, *[abs(f) if isinstance(f, float) else None for f in floats])
        self.numbers = packed(self.floats)
        # A record is made the short way on the desk's own facts, none of which is invalid.
        self.ready = None if snapshot.invalid else desk
        self.leeways = Leeways(snapshot.values) if long else None
        head = desk.ruleset.head
        self.subject = snapshot.values[desk.slots[head.subject.key]] if head.subject else None
        self.actor = snapshot.values[desk.slots[head.actor.key]] if head.actor else None


class Leeways(dict[tuple[Any, ...], Passes | None]):
    """What facts that stand leave to others: for programs, and for words among those others, the test of what passes
    for certain, made when it is first asked for; None where there is none.
    """

    def __init__(self, values: Sequence[Value | None]) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, key: tuple[Any, ...]) -> Passes | None:
        guarded, *words = key
        if len(self) >= MAX_LEEWAYS:
            self.clear()
        made: Passes | None = guarded.tests(self._values, words)
        self[key] = made
        return made


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
        bound = {
            "desk": desk,
            "programs": self.programs,
            "new": tuple.__new__,
            "record": Record,
            "otherwise": self.read,
        }
        self.take: Callable[..., Record] = taking(places, who, self._made.compared, bound)

    def read(self, standing: Standing, raws: tuple[Any, ...]) -> "Record":
        """The record of any values, plain or not."""
        desk = self.desk
        if standing.desk is not desk:
            standing = desk.standing(standing.document)
        asked = partial(self._snapshot, standing, raws)
        if (unknown := self._stranger(raws)) is not None:
            return Unusual.of(standing, asked, unknown)
        snapshot = asked()
        values = tuple([snapshot.values[desk.slots[name]] for name in self.names])
        if standing.ready is desk and not snapshot.invalid and None not in values:
            guarded = self._guarded(snapshot)
            if guarded is not None:
                floats = guarded.row(standing.numbers, self._made.floats(values))
                return Record(standing, values, floats, guarded, None)
        return Unusual.of(standing, lambda: snapshot, desk.engine.unknown_reason(snapshot))

    def _snapshot(self, standing: Standing, raws: tuple[Any, ...]) -> Snapshot:
        return self.desk.engine.reader.read(_merged(standing.document, _nested(self.names, raws)))

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


class _Facts(NamedTuple):
    """The parts of a record. That it is a tuple makes it in half the time.

    `raws` are its own facts, `floats` what programs take for them, `guarded` the programs for whom it is about;
    `passes` says whether own facts pass for certain, where something is known of that.
    """

    standing: Standing
    raws: tuple[Any, ...]
    floats: Any
    guarded: Guarded
    passes: Passes | None


class Record(_Facts):
    """The facts of one decision, checked; an intake makes it."""

    __slots__ = ()

    def decide(self) -> "Verdict":
        """What the gates say."""
        passes = self.passes
        if passes is not None and passes(self.floats, self.raws):
            return _new(Verdict, (self, (), True))
        guarded = self.guarded
        try:
            places = guarded.run(self.standing, self.floats, self.raws)
            if places and not guarded.waived:
                if places[0] < 0:
                    places = self._settled(places)
                return _new(Verdict, (self, places, not (guarded.reasons[places] if guarded.shadows else places)))
            if places == ():
                return _new(Verdict, (self, places, True))
        except (TypeError, ArithmeticError):  # what is missing raises, and is explained in one place
            pass
        return self._at_length()

    def _at_length(self) -> "Verdict":
        decision = self.engine.decide_snapshot(self.snapshot())
        return Verdict(self, decision, decision.allowed)

    def _settled(self, places: tuple[int, ...]) -> tuple[int, ...]:
        """The gates that veto, where floats were not certain of some."""
        with exact():
            return tuple(sorted([p if p >= 0 else ~p for p in places if p >= 0 or self.veto(~p)]))

    def veto(self, place: int) -> Veto | tuple[()]:
        """What the gate at a place compared, if it vetoes.

        Raises:
            TypeError: a fact is missing.
        """
        found = self.guarded.check(place)(self.standing.values, self.raws)
        if found is None:
            raise TypeError("a fact is missing")
        return found

    @property
    def engine(self) -> Engine:
        """Whose decision it is."""
        return self.standing.desk.engine

    def snapshot(self) -> Snapshot:
        """All its facts, as a decision logs them."""
        own = _nested(self.guarded.own, self.raws)
        return self.engine.reader.read(_merged(self.standing.document, own))


class Unusual(Record):
    """A record in which something is missing or invalid, or that is about nobody: decided the long way."""

    _asked: Callable[[], Snapshot]
    # The reason why nothing is allowed of nobody, which needs no gate.
    unknown: str | None

    @classmethod
    def of(cls, standing: Standing, asked: Callable[[], Snapshot], unknown: str | None) -> "Unusual":
        """The record of facts that are read when they are asked for."""
        made = _new(cls, (standing, (), (), None, None))
        made._asked, made.unknown = asked, unknown
        return made

    def decide(self) -> "Verdict":
        """What the gates say."""
        return self._at_length() if self.unknown is None else Verdict(self, self.unknown, False)

    def snapshot(self) -> Snapshot:
        """All its facts, as a decision logs them."""
        return self._asked()


class _Said(NamedTuple):
    """The parts of a verdict. `said` are the places of the gates that stop a record, those in shadow among them; or the
    decision; or the one reason.
    """

    record: Record
    said: tuple[int, ...] | Decision | str
    allowed: bool


class Verdict(_Said):
    """What the gates say of a record; all but whether it is allowed, and why not, is worked out when asked for."""

    __slots__ = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """The veto reasons, in file order."""
        said = self.said
        if isinstance(said, tuple):
            return self.record.guarded.reasons[said]
        return said.reasons if isinstance(said, Decision) else (said,)

    @property
    def stopping(self) -> tuple[int, ...]:
        """The places of the gates that stop it, those in shadow among them."""
        if isinstance(self.said, tuple):
            return tuple([self.record.guarded.gates[place].index for place in self.said])
        return tuple([judgement.gate.index for judgement in self.judgements])

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """The gates that stop it, those in shadow among them, with what each compared, exactly."""
        record = self.record
        if not isinstance(self.said, tuple):
            judged, _ = record.engine.judgements(record.snapshot())
            return tuple([j for j in judged if j.stops])
        gates = record.engine.ruleset.gates
        with exact():
            vetoes = [record.veto(place) for place in self.said]
        return tuple([found(gates[index], numbers) for index, *numbers in vetoes])

    @property
    def decision(self) -> Decision:
        """The whole decision, with every reason in words, its id, and the largest size that would pass."""
        if isinstance(self.said, Decision):
            return self.said
        return self.record.engine.decide_snapshot(self.record.snapshot())


def _nested(names: Sequence[str], values: Sequence[Any]) -> Document:
    """Facts by their dotted names as an object of objects."""
    tree: Document = {}
    for name, value in zip(names, values, strict=True):
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return tree


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Document:
    """Nested facts of both, of which the other's count; with no part of either in it that could change."""
    merged = dict(one)
    for key, value in other.items():
        before = merged.get(key)
        merged[key] = (
            _merged(before if isinstance(before, Mapping) else {}, value) if isinstance(value, Mapping) else value
        )
    return merged


__all__ = ["Desk", "Intake", "Record", "Standing", "Verdict"]

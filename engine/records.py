"""Records, each the facts of one decision, and verdicts, what the gates say of them: small, and made by the million.

Where the project was installed with a C compiler their parts are C's, and what floats are certain of is decided there.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from engine.backends.assembler import BUILT
from engine.backends.bounds import Passes
from engine.backends.guarded import Shared
from engine.backends.near import as_float
from engine.backends.python import Veto
from engine.catalog import Value
from engine.engine import Engine
from engine.facts import Snapshot
from engine.judge import Judgement, found
from engine.nesting import merged, nested
from engine.numbers import exact
from engine.reason import Decision

try:
    from engine.backends.native import Facts, Verdict
except ImportError:  # there was no compiler
    from engine.backends.fallback import Facts, Verdict  # type: ignore[assignment]

Document = dict[str, Any]
# What stops a record: the places of gates, those in shadow among them; or the decision; or the one reason.
Said = tuple[int, ...] | Decision | str
# So many tests of what passes are kept with facts that stand.
MAX_LEEWAYS: Final = 4096


class Standing(Shared):
    """Facts that many decisions share; `Desk.standing` makes them."""

    __slots__ = ("actor", "document", "engine", "leeways", "ready", "subject")

    def __init__(self, engine: Engine, document: Document, snapshot: Snapshot, *, long: bool) -> None:
        super().__init__(snapshot.values, [*map(as_float, snapshot.values)])
        self.engine, self.document = engine, document
        # A record is made the short way on facts of the same engine, none of which is invalid.
        self.ready = None if snapshot.invalid else engine
        self.leeways = Leeways(snapshot.values) if long else None
        head, slots = engine.ruleset.head, engine.reader.slots
        self.subject = snapshot.values[slots[head.subject.key]] if head.subject else None
        self.actor = snapshot.values[slots[head.actor.key]] if head.actor else None


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


class Record(Facts):
    """The facts of one decision, checked; an intake makes it.

    `standing` are facts that it shares, `raws` its own, `floats` what programs take for these, `guarded` the programs
    for whom it is about; `passes` says whether own facts pass for certain, where something is known of that.
    """

    __slots__ = ()

    def weigh(self) -> Verdict:
        """What the gates say; by exact numbers where floats are not certain."""
        if self.passes is not None and self.passes(self.floats, self.raws):
            return Verdict(self, (), True)
        guarded = self.guarded
        try:
            places = guarded.run(self.standing, self.floats, self.raws)
            if not places and places is not None:
                return Verdict(self, places, True)
            if places and not guarded.waived:
                if places[0] < 0:
                    places = self._settled(places)
                return Verdict(self, places, not (guarded.reasons[places] if guarded.shadows else places))
        except (TypeError, ArithmeticError):  # what is missing raises, and is explained in one place
            pass
        return self._at_length()

    if not BUILT:  # else it is what C's own leaves to Python
        decide = weigh

    def _at_length(self) -> Verdict:
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
        engine: Engine = self.standing.engine
        return engine

    def snapshot(self) -> Snapshot:
        """All its facts, as a decision logs them."""
        own = nested(zip(self.guarded.own, self.raws, strict=True))
        return self.engine.reader.read(merged(self.standing.document, own))

    def stopping(self, said: Said) -> tuple[int, ...]:
        """The places in the rule set of the gates that stop it."""
        if isinstance(said, tuple):
            return tuple([self.guarded.gates[place].index for place in said])
        return tuple([judgement.gate.index for judgement in self.judgements(said)])

    def judgements(self, said: Said) -> tuple[Judgement, ...]:
        """The gates that stop it, with what each compared, exactly."""
        if not isinstance(said, tuple):
            judged, _ = self.engine.judgements(self.snapshot())
            return tuple([j for j in judged if j.stops])
        gates = self.engine.ruleset.gates
        with exact():
            vetoes = [self.veto(place) for place in said]
        return tuple([found(gates[index], numbers) for index, *numbers in vetoes])

    def decision(self, said: Said) -> Decision:
        """The whole decision."""
        return said if isinstance(said, Decision) else self.engine.decide_snapshot(self.snapshot())


class Unusual(Record):
    """A record in which something is missing or invalid, or that is about nobody: decided the long way."""

    _asked: Callable[[], Snapshot]
    # The reason why nothing is allowed of nobody, which needs no gate.
    unknown: str | None

    @classmethod
    def of(cls, standing: Standing, asked: Callable[[], Snapshot], unknown: str | None) -> "Unusual":
        """The record of facts that are read when they are asked for."""
        made = cls(standing, (), None, None, None)
        made._asked, made.unknown = asked, unknown
        return made

    def decide(self) -> Verdict:
        """What the gates say."""
        return self._at_length() if self.unknown is None else Verdict(self, self.unknown, False)

    def snapshot(self) -> Snapshot:
        """All its facts, as a decision logs them."""
        return self._asked()


__all__ = ["Record", "Standing", "Unusual", "Verdict"]

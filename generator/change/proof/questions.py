"""What rules as they stand can do and never do: what can stop an exit, what never passes, what never decides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.ruleset import Gate, Row
from generator.change.proof.asked import Asked, Example, dearest
from generator.change.proof.places import Here, Place
from generator.change.proof.solver import Stage
from generator.change.proof.terms import Term
from generator.change.proof.translate import translate


@dataclass(frozen=True, slots=True)
class Exit:
    """A gate that holds for exits too, and whether it can stop one: an order that it stops, how it is proved that
    there is none, or None for neither.
    """

    gate: Gate
    found: Example | Stage | None


@dataclass(frozen=True, slots=True)
class Denied:
    """A place where no order that adds ever passes, with the gates each of which stops all of them; none where it takes
    several together.
    """

    place: Place
    gates: tuple[str, ...]
    stage: Stage


@dataclass(frozen=True, slots=True)
class Mute:
    """A gate that is never the only one to stop an order that adds, wherever; `stops` says whether it stops any."""

    gate: Gate
    stops: bool
    stage: Stage


@dataclass(frozen=True, slots=True)
class DeadRow:
    """A row of a table that never applies, wherever."""

    table: str
    row: str
    source: str
    stage: Stage


class Questions:
    """Asks one rule set. What is not proved is not told, but for exits, of which it is said."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._terms = asked, asked.terms

    def exits(self) -> Iterator[Exit]:
        """Each gate that holds for exits: an order that reduces and that it stops."""
        if self._asked.ruleset.head.exempt is None:
            return
        for gate in self._asked.held(exempt=True):
            yield Exit(gate, self._exit(gate))

    def _exit(self, gate: Gate) -> Example | Stage | None:
        stages: list[Stage | None] = []
        for place in self._asked.places:
            stops, exempt = self._asked.side.stops(gate, place), self._asked.side.exempt(place)
            stage = self._asked.refuted([stops, exempt])
            if stage is None:
                found = self._asked.example(
                    place, [stops, exempt], lambda decision: any(gate.id in (v.gate, *v.gates) for v in decision.vetoes)
                )
                if isinstance(found, Example):
                    return found
                stage = found
            stages.append(stage)
        return None if None in stages else dearest(s for s in stages if s is not None)

    def denied(self) -> Iterator[Denied]:
        """Each place of a subject and an actor where no order that adds passes."""
        for place in self._asked.named:
            adds = self._asked.adds(place)
            stage = self._asked.refuted([adds, *self._asked.passing(place, exempt=False)])
            if stage is not None:
                yield Denied(place, tuple(self._alone(place, adds)), stage)

    def _alone(self, place: Place, adds: Term) -> Iterator[str]:
        """The gates each of which stops every order that adds."""
        for gate in self._asked.held(exempt=False):
            passes = self._terms.negate(self._asked.side.stops(gate, place))
            if self._asked.bench.solver.by_intervals([adds, passes]):
                yield gate.id

    def mute(self) -> Iterator[Mute]:
        """Each gate without which the same orders would pass."""
        for gate in self._asked.held(exempt=False):
            if gate.exits:
                continue
            stages = []
            for place in self._asked.named:
                stage = self._asked.refuted(self._decides(gate, place))
                if stage is None:
                    break
                stages.append(stage)
            else:
                yield Mute(gate, self._stops(gate), dearest(stages))

    def _decides(self, gate: Gate, place: Place) -> list[Term]:
        """That a gate alone stops an order that adds."""
        others = self._asked.passing(place, exempt=False, but=(gate.id,))
        return [self._asked.side.stops(gate, place), self._asked.adds(place), *others]

    def _stops(self, gate: Gate) -> bool:
        """Whether a gate may stop some order that adds, others or not."""
        side = self._asked.side
        return any(self._asked.refuted([side.stops(gate, p), self._asked.adds(p)]) is None for p in self._asked.named)

    def dead_rows(self) -> Iterator[DeadRow]:
        """Each row of a table that applies nowhere."""
        for table in self._asked.ruleset.tables.values():
            for index, row in enumerate(table.rows):
                stages = []
                for place in self._asked.named:
                    here = self._asked.side.here(place)
                    stage = self._asked.refuted(self._applies(table.rows[:index], row, here))
                    if stage is None:
                        break
                    stages.append(stage)
                else:
                    yield DeadRow(table.name, row.id, row.source, dearest(stages))

    def _applies(self, before: Iterable[Row], row: Row, here: Here) -> Iterator[Term]:
        """That a row is the first to apply."""
        terms = self._terms
        for earlier in before:
            if earlier.when is None:
                yield terms.false
                return
            meaning = translate(earlier.when, here)
            yield terms.both(terms.negate(meaning.unknown), terms.negate(meaning.term))
        if row.when is not None:
            meaning = translate(row.when, here)
            yield terms.both(terms.negate(meaning.unknown), meaning.term)

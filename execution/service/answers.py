"""Answers: facts from outside decided by the universe that decides now, and logged."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from engine import Engine
from engine.explain import Refusal
from engine.facts import FactsFault
from engine.numbers import exact
from engine.reason import Told
from execution.gate import RiskEngine
from execution.service.log import DecisionLog
from execution.service.requests import Batch, Refused
from execution.service.sharing import Layers, Repeated, own_groups
from universe import Universe
from universe.quiet import quiet_facts
from universe.trading import ZERO

# How many decisions of a batch are made before others get their turn: a millisecond's worth.
SLICE: Final = 32
# Of longer requests nothing is remembered: what is remembered of all takes some megabytes at most.
MAX_REMEMBERED: Final = 16_000
_QUIET_NAV: Final = ZERO + 10_000


class Answers:
    """Decides by one universe, until another takes its place; whatever is wrong with facts is a veto.

    Only one thread asks. Another may make an engine ready (`ready`), which `adopt` puts in place between two decisions.
    """

    def __init__(self, risk: RiskEngine, log: DecisionLog) -> None:
        self._log = log
        self.adopt(risk)

    @property
    def universe(self) -> Universe:
        """The universe that decides now."""
        return self._risk.universe

    def adopt(self, risk: RiskEngine) -> None:
        """Decide by another universe from the next decision on; a batch that is under way ends as it began."""
        self._risk = risk
        self._repeated = Repeated(risk.engine)

    def one(self, text: str, scope: str) -> Told:
        """The decision on the facts in a JSON text.

        Raises:
            Refused: the text is no JSON, or decisions can't be logged.
        """
        self._make_room()
        engine = self._risk.engine
        before = self._repeated.of(text) if len(text) <= MAX_REMEMBERED else None
        try:
            if before is not None:
                layer, own = before
                told = layer.decide(own, scope)
            else:
                told = engine.decide_snapshot(engine.reader.read_json(text), scope).told()
        except FactsFault as fault:
            told = _invalid(engine, fault)
        except ValueError as error:
            raise Refused(400, "input_invalid", f"the body is no JSON: {error}") from None
        self._write([told])
        return told

    def batch(self, batch: Batch) -> Iterator[list[Told]]:
        """The decision on each item, in order and so many at a time, all by the universe that decides when the first
        is asked for.

        Raises:
            Refused: decisions can't be logged.
        """
        layers, items = Layers(self._risk.engine, batch.shared, batch.subjects), batch.items
        start = 0
        while start < len(items):
            self._make_room()
            end = start + min(SLICE, self._log.room)
            with exact():
                answers = [_decided(layers, item, batch.scope) for item in items[start:end]]
            self._write(answers)
            yield answers
            start = end

    def _make_room(self) -> None:
        """Have room for a decision in the log: one that nobody can explain later is not made."""
        if not self._log.room:
            try:
                self._log.flush()
            except OSError as error:
                raise Refused(503, "log_unwritable", f"decisions can't be logged: {error.strerror}") from None

    def _write(self, answers: Sequence[Told]) -> None:
        with suppress(OSError):  # they wait in the log; the next one is not decided before they are written
            self._log.write(answers)


def _decided(layers: Layers, facts: Any, scope: str) -> Told:
    """The decision on an item of a batch."""
    try:
        layer, own = layers.of(facts)
        return layer.decide(own, scope)
    except FactsFault as fault:
        return _invalid(layers.engine, fault)


def _invalid(engine: Engine, fault: FactsFault) -> Told:
    return engine.refusal(Refusal.INPUT_INVALID, f"{fault}" + (f"; {fault.help}" if fault.help else "")).told()


def ready(universe: Universe) -> RiskEngine:
    """An engine for a universe that has decided on a quiet account, for every symbol and strategy, at length and in
    short: what is compiled on first use is compiled.
    """
    risk = RiskEngine.of(universe)
    own = own_groups(risk.engine)
    for symbol in universe.document["symbols"]:
        for strategy in universe.document["strategies"]:
            facts = quiet_facts(universe, symbol, _QUIET_NAV, strategy=strategy)
            risk.check_order(facts)
            order = {name: facts.pop(name) for name in own}
            layers = Layers(risk.engine, facts, {})
            for _ in range(3):  # what comes for the first time is read at length, then decided exactly
                _decided(layers, order, "order")
    risk.check_nav({})
    return risk

"""Answers: facts from outside decided by the universe that decides now, and logged."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from engine import Decision, Engine
from engine.explain import Refusal
from engine.facts import FactsFault
from execution.gate import RiskEngine
from execution.service.log import DecisionLog
from execution.service.requests import Batch, Refused
from execution.service.sharing import Layer, Read, Repeated
from universe import Universe
from universe.quiet import quiet_facts
from universe.trading import ZERO

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
        head = risk.engine.ruleset.head
        keys = [part.key for part in (head.subject, head.actor) if part is not None]
        self._repeated = Repeated(frozenset(key.split(".")[0] for key in keys))

    def one(self, text: str, scope: str) -> Decision:
        """The decision on the facts in a JSON text.

        Raises:
            Refused: the text is no JSON, or decisions can't be logged.
        """
        self._can_log()
        engine = self._risk.engine
        try:
            snapshot = engine.reader.read_json(text)
        except FactsFault as fault:
            return self._logged(_invalid(engine, fault), None)
        except ValueError as error:
            raise Refused(400, "input_invalid", f"the body is no JSON: {error}") from None
        return self._logged(engine.decide_snapshot(snapshot, scope), self._repeated.read(snapshot))

    def batch(self, batch: Batch) -> Iterator[Decision]:
        """The decision on each item, in order, all by the universe that decides when the first is asked for.

        Raises:
            Refused: decisions can't be logged.
        """
        engine = self._risk.engine
        layers = _Layers(engine, batch)
        for item in batch.items:
            self._can_log()
            try:
                read = layers.of(item).read(item)
            except FactsFault as fault:
                yield self._logged(_invalid(engine, fault), None)
                continue
            yield self._logged(engine.decide_snapshot(read.snapshot, batch.scope), read)

    def _can_log(self) -> None:
        """Whether there is room for a decision in the log: one that nobody can explain later is not made."""
        if self._log.waiting >= self._log.batch:
            try:
                self._log.flush()
            except OSError as error:
                raise Refused(503, "log_unwritable", f"decisions can't be logged: {error.strerror}") from None

    def _logged(self, decision: Decision, read: Read | None) -> Decision:
        with suppress(OSError):  # it waits in the log; the next one is not decided before it is written
            self._log.write(decision, *((read.layers, read.own) if read is not None else ((), "{}")))
        return decision


class _Layers:
    """What the items of a batch share, read when the first item needs it."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine, self._batch = engine, batch
        head = engine.ruleset.head.subject
        self._path = head.key.split(".") if head is not None else []
        self._shared: Layer | None = None
        self._subjects: dict[str, Layer] = {}

    def of(self, item: Any) -> Layer:
        """The layer below an item's own facts.

        Raises:
            FactsFault: it can't be decided on.
        """
        if self._shared is None:
            self._shared = Layer(self._engine.reader, self._batch.shared)
        name: Any = item
        for part in self._path:
            name = name.get(part) if isinstance(name, Mapping) else None
        if not isinstance(name, str) or name not in self._batch.subjects:
            return self._shared
        layer = self._subjects.get(name)
        if layer is None:
            facts = self._batch.subjects[name]
            if not isinstance(facts, Mapping):
                raise FactsFault("the facts that a subject's items share are an object of named values")
            layer = self._subjects[name] = Layer(self._engine.reader, facts, self._shared)
        return layer


def ready(universe: Universe) -> RiskEngine:
    """An engine for a universe that has decided on a quiet account, for every symbol and strategy: what is compiled on
    first use is compiled.
    """
    risk = RiskEngine.of(universe)
    for symbol in universe.document["symbols"]:
        for strategy in universe.document["strategies"]:
            risk.check_order(quiet_facts(universe, symbol, _QUIET_NAV, strategy=strategy))
    risk.check_nav({})
    return risk


def _invalid(engine: Engine, fault: FactsFault) -> Decision:
    return engine.refusal(Refusal.INPUT_INVALID, f"{fault}" + (f"; {fault.help}" if fault.help else ""))

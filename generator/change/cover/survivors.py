"""Which mutants the scenarios notice.

A mutant is noticed by the first scenario that does not get what it must get. Work is shared: each scenario is decided
once by the rules as they are; of a mutant only what its change can reach is judged again, and only where that differs
is the whole decided anew.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from engine import Engine
from engine.facts import Snapshot
from engine.interpret import Situation
from engine.judge import is_exempt, judge
from engine.read import examine
from engine.ruleset import Gate, RuleSet, breaker_nodes, gate_nodes, table_nodes
from engine.tree import CapRef, FactRef, MeasureRef, Node, OutputRef, walk
from generator.change.cover.lately import mutants_of_memory
from generator.change.cover.mutants import Mutant, mutants_of_rules
from generator.change.cover.steps import mutants_of_values, with_values
from generator.scenarios import with_gates
from generator.trials import Scenario, Trial, failures, tried
from universe.reader import Universe

BACKEND: Final = "interpreter"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A mutant, and the scenario that notices it; `refused` where it is no rule set, so that a compile would say so."""

    mutant: Mutant
    noticed_by: Scenario | None
    refused: bool = False

    @property
    def survives(self) -> bool:
        """Whether nothing notices the change."""
        return self.noticed_by is None and not self.refused


def mutants(universe: Universe) -> list[Mutant]:
    """Every mutant of a universe, each under a name of its own: rules, what they remember, then values."""
    found: dict[str, Mutant] = {}
    for mutant in (*mutants_of_rules(universe), *mutants_of_memory(universe), *mutants_of_values(universe)):
        name, again = mutant.name, 1
        while name in found:
            again += 1
            name = f"{mutant.name} ({again})"
        found[name] = replace(mutant, name=name)
    return list(found.values())


class Scenarios:
    """The scenarios of a universe, decided once by its rules as they are."""

    def __init__(self, universe: Universe, scenarios: Iterable[Scenario]) -> None:
        self._universe = universe
        self._uses = _Uses(universe.ruleset)
        self._remembered = self._uses.remembered()
        engines: dict[tuple[str, ...], Engine] = {}
        self._trials: list[Trial] = []
        for scenario in scenarios:
            if scenario.only not in engines:
                engines[scenario.only] = Engine(with_gates(universe.ruleset, scenario.only), BACKEND)
            self._trials.append(tried(scenario, engines[scenario.only]))
        # Those with a short past first: most of what is noticed, these notice.
        self._told = sorted((t.told for t in self._trials if t.told is not None), key=_length)
        failing = [t.scenario for t in self._trials if any(True for _ in failures(t))]
        if failing:
            raise ValueError(f"{len(failing)} scenarios fail without any change, first `{failing[0].name}`")

    def verdicts(self, chosen: Iterable[Mutant]) -> Iterator[Verdict]:
        """Whether each mutant is noticed, and by which scenario first."""
        for mutant in chosen:
            if mutant.touches.startswith(("cap:", "fact:")):
                ruleset = with_values(mutant, self._universe)
            else:
                ruleset, _ = examine(mutant.of(self._universe.document))
            if ruleset is None:
                yield Verdict(mutant, None, refused=True)
            else:
                yield Verdict(mutant, self._noticing(mutant, ruleset))

    def _noticing(self, mutant: Mutant, ruleset: RuleSet) -> Scenario | None:
        changed = _Changed(ruleset, self._uses.reached_by(mutant.touches))
        near = sorted((t for t in self._trials if changed.is_about(t)), key=lambda t: not t.scenario.only)
        later = []
        for trial in near:
            if not changed.differs(trial):
                later.append(trial)
            elif changed.fails(trial):
                return trial.scenario
        # What each gate says of an order is no different, and what it says of other sizes may be.
        found = next((t.scenario for t in later if changed.asks_more(t) and changed.fails(t)), None)
        if found is not None or mutant.touches not in self._remembered:
            return found
        found = next((told for told in self._told if changed.comes_to_another(told)), None)
        if found is not None or not any(path[0] == "gates" for path, _ in mutant.edits):
            return found
        # A breaker that is kept for others, or judged at another time, is other gates.
        return next((t.scenario for t in self._trials if t.told is None and changed.fails(t)), None)


def _length(told: Scenario) -> int:
    """How much happens in a scenario's past."""
    return sum(happening.times for happening in told.past.happenings) if told.past is not None else 0


@dataclass(frozen=True, slots=True)
class _Reached:
    """The gates and tables that a change can reach, and whether it reaches the exemption."""

    gates: frozenset[str]
    tables: frozenset[str]
    exempt: bool


class _Uses:
    """What each gate, each table and the exemption use: themselves, and whatever they name."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self._known: dict[str, frozenset[str]] = {}
        head = ruleset.head.exempt
        self._gates: Mapping[str, frozenset[str]] = {
            g.id: self._of(gate_nodes(g)) | {f"gate:{g.id}"} for g in ruleset.gates
        }
        self._tables = {n: self._of_table(n) for n in ruleset.tables}
        self._exempt = frozenset({"exempt"}) | (frozenset() if head is None else self._of_measure(head))

    def remembered(self) -> frozenset[str]:
        """Windows and breakers, and what they follow: a change of it makes another present of the same past."""
        ruleset = self._ruleset
        themselves = {f"window:{name}" for name in ruleset.windows} | {f"breaker:{b.id}" for b in ruleset.breakers}
        spans = {w.within for w in ruleset.windows.values()} | {b.hold for b in ruleset.breakers}
        followed = self._of(node for breaker in ruleset.breakers for node in breaker_nodes(breaker))
        return followed | themselves | {f"cap:{span}" for span in spans if isinstance(span, str)}

    def reached_by(self, touched: str) -> _Reached:
        """Whatever uses a thing."""
        gates = frozenset(g for g, uses in self._gates.items() if touched in uses)
        tables = frozenset(t for t, uses in self._tables.items() if touched in uses)
        return _Reached(gates, tables, touched in self._exempt)

    def _of(self, tops: Iterable[Node]) -> frozenset[str]:
        found: set[str] = set()
        for node in (n for top in tops for n in walk(top)):
            match node:
                case FactRef(name=name):
                    found.add(f"fact:{name}")
                case CapRef(name=name):
                    found.add(f"cap:{name}")
                case MeasureRef(name=name):
                    found |= self._of_measure(name)
                case OutputRef(table=table):
                    found |= self._of_table(table)
        return frozenset(found)

    def _of_measure(self, name: str) -> frozenset[str]:
        key = f"measure:{name}"
        if key not in self._known:
            self._known[key] = self._of((self._ruleset.measures[name].node,)) | {key}
        return self._known[key]

    def _of_table(self, name: str) -> frozenset[str]:
        key = f"table:{name}"
        if key not in self._known:
            self._known[key] = self._of(table_nodes(self._ruleset.tables[name])) | {key}
        return self._known[key]


class _Changed:
    """The rules after a change, as far as scenarios are tried by them."""

    def __init__(self, ruleset: RuleSet, reached: _Reached) -> None:
        self._ruleset, self._reached = ruleset, reached
        self._gates: Mapping[str, Gate] = {g.id: g for g in ruleset.gates}
        self._engines: dict[tuple[str, ...], Engine] = {}

    def _engine(self, only: tuple[str, ...]) -> Engine:
        if only not in self._engines:
            self._engines[only] = Engine(with_gates(self._ruleset, only), BACKEND)
        return self._engines[only]

    def is_about(self, trial: Trial) -> bool:
        """Whether a scenario asks anything that the change can reach."""
        only = trial.scenario.only
        if trial.snapshot is None:
            return False
        reached = self._reached
        return (
            reached.exempt or bool(reached.gates.intersection(only) if only else reached.gates) or self._tables(trial)
        )

    def _tables(self, trial: Trial) -> bool:
        expect = trial.scenario.expect
        return isinstance(expect, Mapping) and not self._reached.tables.isdisjoint(expect.get("tables", {}))

    def asks_more(self, trial: Trial) -> bool:
        """Whether a scenario asks for tables, or for the largest size."""
        expect = trial.scenario.expect
        return self._tables(trial) or (isinstance(expect, Mapping) and "max_quantity" in expect)

    def differs(self, trial: Trial) -> bool:
        """Whether some gate that the change can reach says otherwise than before."""
        snapshot = trial.snapshot
        assert snapshot is not None
        situation = self._situation(trial, snapshot)
        in_scope = trial.scenario.scope == "order"
        exempt = in_scope and is_exempt(situation)
        before = trial.situation is not None and in_scope and is_exempt(trial.situation)
        if exempt != before:
            return True
        for old in trial.judgements:
            if old.gate.id in self._reached.gates:
                gate = self._gates[old.gate.id]
                new = judge(gate, situation, exempt=exempt)
                if (new.stops, new.unknown, gate.enforced, gate.scope) != (
                    old.stops,
                    old.unknown,
                    old.gate.enforced,
                    old.gate.scope,
                ):
                    return True
        # A gate that was not asked on an account update may be now.
        return any(g.scope == "account" for i, g in self._gates.items() if i in self._reached.gates) and not in_scope

    def _situation(self, trial: Trial, snapshot: Snapshot) -> Situation:
        """The situation of a trial by the changed rules; facts have the same slots whatever rules say of them."""
        before, ruleset, slots = trial.situation, self._ruleset, trial.engine.reader.slots
        subject = before.subject.key if before is not None and before.subject is not None else ""
        actor = ""
        if before is not None and before.actor is not None and ruleset.head.actor is not None:
            actor = str(snapshot.values[slots[ruleset.head.actor.key]])
        return Situation(
            ruleset,
            slots,
            snapshot.values,
            snapshot.invalid,
            ruleset.subjects.get(subject),
            ruleset.actors.get(actor),
        )

    def fails(self, trial: Trial) -> bool:
        """Whether a scenario does not get what it must get any more."""
        scenario, engine = trial.scenario, self._engine(trial.scenario.only)
        decision = engine.decide(scenario.facts, scenario.scope)
        snapshot = engine.reader.read(scenario.facts) if self._tables(trial) else None
        return any(True for _ in failures(Trial(scenario, engine, decision, snapshot, (), None)))

    def comes_to_another(self, told: Scenario) -> bool:
        """Whether a scenario, from its past on, does not get what it must get any more."""
        return any(True for _ in failures(tried(told, self._engine(told.only))))

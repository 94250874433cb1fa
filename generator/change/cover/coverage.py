"""Coverage: which outcomes of each gate the scenarios show, and which rows of tables they choose.

At the bound means: it passes, and one fact one step of its grid further it would not. One step over means: it is
stopped, and one step back it would not be.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from engine.catalog import Fact
from engine.interpret import Situation, evaluate
from engine.judge import Judgement, Outcome, is_exempt, judge
from engine.numbers import canonical
from engine.reach import reach
from engine.ruleset import Gate, Multiple, Require, RuleSet, gate_nodes
from engine.values import check_range
from generator.change.cover.edges import facts_read
from generator.change.cover.grid import movable, step_of
from generator.compile.uncovered import OUTCOMES
from generator.scenarios import rows_chosen
from generator.trials import Trial

COLUMNS: Final = OUTCOMES
MEANING: Final = {
    "passed": "it let through",
    "alone": "it alone stopped, with every gate asked",
    "others": "it stopped, and others did too",
    "guard": "its guard said no",
    "missing": "a fact that it needs was missing or invalid",
    "at_bound": "it let through, one step before it would not",
    "over": "it stopped, one step after it would not",
    "exempt": "the order was exempt from it",
}
_OUTCOMES: Final = {
    Outcome.PASS: "passed",
    Outcome.NOT_MEANT: "guard",
    Outcome.UNKNOWN: "missing",
    Outcome.EXEMPT: "exempt",
}


@dataclass(slots=True)
class Coverage:
    """Counts of scenarios, by gate and column and by row; hand `watch` to a run of scenarios."""

    ruleset: RuleSet
    gates: dict[str, Counter[str]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    _moving: dict[str, list[str]] = field(default_factory=dict)

    def watch(self, trial: Trial) -> None:
        """Count one trial."""
        self.rows.update(rows_chosen(trial))
        stopping = sum(j.stops for j in trial.judgements)
        for judgement in trial.judgements:
            counts = self.gates.setdefault(judgement.gate.id, Counter())
            counts.update(self._seen(judgement, trial, stopping))

    def of(self, gate: Gate) -> dict[str, int | None]:
        """A gate's counts by column; None where a column can't apply to it."""
        counts = self.gates.get(gate.id, Counter())
        return {c: counts[c] if applies(c, gate, self.ruleset) else None for c in COLUMNS}

    def _seen(self, judgement: Judgement, trial: Trial, stopping: int) -> Iterator[str]:
        if judgement.outcome in _OUTCOMES:
            yield _OUTCOMES[judgement.outcome]
        # Judged by itself, a gate is alone by force.
        if judgement.outcome is Outcome.VETO and not trial.scenario.only:
            yield "alone" if stopping == 1 else "others"
        if judgement.observed is not None and self._turns(judgement, trial):
            yield "at_bound" if judgement.outcome is Outcome.PASS else "over"

    def _turns(self, judgement: Judgement, trial: Trial) -> bool:
        """Whether a gate would say the opposite with one of its facts one step of its grid away."""
        gate, snapshot, situation = judgement.gate, trial.snapshot, trial.situation
        if snapshot is None or situation is None:
            return False
        plain = replace(gate, when=None)
        opposite = Outcome.VETO if judgement.outcome is Outcome.PASS else Outcome.PASS
        for name in self._movers(gate):
            slot, fact = trial.engine.reader.slots[name], self.ruleset.catalog.facts[name]
            value, step = snapshot.values[slot], _step(gate, fact, situation)
            for near in (value + step, value - step) if isinstance(value, Decimal) and step is not None else ():
                if not _is_in_range(near, fact):
                    continue
                values = snapshot.values.copy()
                values[slot] = near
                there = trial.engine.situation(replace(snapshot, values=values))
                # Most are nowhere near, which the number alone shows.
                if judge(plain, there, exempt=False).outcome is opposite:
                    exempt = trial.scenario.scope == "order" and is_exempt(there)
                    if judge(gate, there, exempt=exempt).outcome is opposite:
                        return True
        return False

    def _movers(self, gate: Gate) -> list[str]:
        if gate.id not in self._moving:
            self._moving[gate.id] = [n for n in facts_read(gate, self.ruleset) if movable(self.ruleset, n)]
        return self._moving[gate.id]


def applies(column: str, gate: Gate, ruleset: RuleSet) -> bool:
    """Whether a gate can show an outcome at all."""
    match column:
        case "guard":
            return gate.when is not None
        case "exempt":
            return ruleset.head.exempt is not None and not gate.exits
        case "at_bound" | "over":
            return not isinstance(gate.test, Require)
        case "missing":
            # An order of nobody is refused before any gate.
            subject = ruleset.head.subject.key if ruleset.head.subject else ""
            names = reach(ruleset, *gate_nodes(gate)) - {subject}
            return any(n in ruleset.catalog.facts and ruleset.catalog.facts[n].attribute is None for n in names)
        case _:
            return True


def _step(gate: Gate, fact: Fact, situation: Situation) -> Decimal | None:
    """How far a fact is moved: one step of its grid, or half a step of what the gate asks multiples of."""
    if not isinstance(gate.test, Multiple):
        return step_of(fact.unit, situation.subject)
    whole = evaluate(gate.test.step, situation)
    return Decimal(whole.numerator) / Decimal(whole.denominator) / 2 if isinstance(whole, Fraction) else None


def _is_in_range(value: Decimal, fact: Fact) -> bool:
    try:
        check_range(canonical(value), value, fact)
    except ValueError:
        return False
    return True

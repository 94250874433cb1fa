"""A scenario tried: what the engine decided and why, and how that differs from what was expected, in numbers."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from engine import Engine
from engine.explain import WRITTEN_DIGITS, Refusal, display, limit_source, seen_in, written
from engine.facts import FactsFault, Snapshot
from engine.interpret import Answer, Situation, Unknown
from engine.judge import Judgement, Outcome
from engine.numbers import MAX_DIGITS, NumberFault, apart, canonical, parse_number, rounded
from engine.reason import Decision
from engine.ruleset import Bound, Gate, Multiple, Require
from engine.units import Unit, ValueFault, read_value
from generator.past import Past, recalled
from generator.scenario_texts import names_of

LACKING: Final = frozenset({str(Refusal.FACTS_MISSING), str(Refusal.FACT_INVALID)})
WORDS: Final[Mapping[str, str]] = {"at_most": "at most", "at_least": "at least", "below": "below", "above": "above"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One example: its facts, by which gates it is judged, what must come of it, and what happened before."""

    name: str
    source: str
    facts: Mapping[str, Any]
    expect: Any
    only: tuple[str, ...] = ()
    scope: str = "order"
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a gate said, with its numbers as canonical texts in the unit, and as a line for people."""

    gate: str
    outcome: str
    observed: str | None
    limit: str | None
    unit: str | None
    headroom: str | None
    source: str
    text: str

    def record(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """A scenario that did not get the decision that it must get, and what the gates in question said."""

    scenario: Scenario
    expected: str
    actual: str
    said: tuple[Said, ...] = ()
    about: str = ""

    @property
    def details(self) -> tuple[str, ...]:
        """What the gates said, a line each."""
        return (*((self.about,) if self.about else ()), *(s.text for s in self.said))


@dataclass(frozen=True, slots=True)
class Trial:
    """A scenario with the decision on it and what each gate said; no snapshot where its facts can't be read.

    Its facts hold what windows and breakers make of its past; `tripped` are the breakers that closed in that, `counted`
    the windows over events that happened, and `told` is the scenario with its past.
    """

    scenario: Scenario
    engine: Engine
    decision: Decision
    snapshot: Snapshot | None
    judgements: tuple[Judgement, ...]
    situation: Situation | None
    tripped: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    told: Scenario | None = None


def tried(scenario: Scenario, engine: Engine) -> Trial:
    """Decide a scenario."""
    made, told = recalled(scenario.facts, scenario.past, engine), scenario if scenario.past is not None else None
    scenario = replace(scenario, facts=made.facts, past=None) if told is not None else scenario
    decision = engine.decide(scenario.facts, scenario.scope)
    try:
        snapshot = engine.reader.read(scenario.facts)
    except FactsFault:
        return Trial(scenario, engine, decision, None, (), None)
    judgements, situation = engine.judgements(snapshot, scenario.scope)
    return Trial(scenario, engine, decision, snapshot, tuple(judgements), situation, made.tripped, made.counted, told)


def failures(trial: Trial) -> Iterator[Failure]:
    """Each way in which a decision is not what must come of its scenario."""
    scenario, decision = trial.scenario, trial.decision
    expected = _expected(scenario.expect)
    actual = "allow" if decision.allowed else ", ".join(decision.reasons)
    if expected is not None and expected != actual:
        yield Failure(scenario, expected, actual, tuple(_in_question(trial, expected)))
    if isinstance(scenario.expect, Mapping):
        yield from _quantity(trial)
        yield from _tables(trial)


def _expected(expect: Any) -> str | None:
    if expect == "allow" or expect.get("decision") == "allow":
        return "allow"
    return ", ".join(expect["veto"]) if "veto" in expect else None


def _in_question(trial: Trial, expected: str) -> Iterator[Said]:
    """What the gates said whose reason is given too often or too seldom; all that stopped it, where only the order is
    not the expected.
    """
    wanted: Counter[str] = Counter() if expected == "allow" else Counter(expected.split(", "))
    given = Counter(trial.decision.reasons)
    odd = (wanted - given) | (given - wanted) or given
    if trial.situation is None or not trial.judgements:
        yield from (Said("", "veto", None, None, None, None, v.source, v.text) for v in trial.decision.vetoes)
        return
    for judgement in trial.judgements:
        lacking = judgement.outcome is Outcome.UNKNOWN and not odd.keys().isdisjoint(LACKING)
        if judgement.gate.reason in odd or lacking:
            yield said(judgement, trial.situation)


def said(judgement: Judgement, situation: Situation) -> Said:
    """What a gate said."""
    gate, situation = judgement.gate, seen_in(judgement, situation)
    observed = limit = headroom = None
    if judgement.observed is not None and judgement.limit is not None:
        observed, limit = (canonical(n) for n in apart(judgement.observed, judgement.limit))
        headroom = None if judgement.headroom is None else rounded(judgement.headroom)
    unit = None if isinstance(gate.test, Require) else gate.test.unit.name
    source = limit_source(gate, situation)[0]
    text = f"{gate.id} {_why(judgement, situation)} ({source})"
    return Said(gate.id, judgement.outcome, observed, limit, unit, headroom, source, text)


def _why(judgement: Judgement, situation: Situation) -> str:
    gate = judgement.gate
    match judgement.outcome:
        case Outcome.EXEMPT:
            return f"is not asked: `{situation.ruleset.head.exempt}` holds"
        case Outcome.NOT_MEANT:
            return f"is not meant: `{gate.when_text}` does not hold"
        case Outcome.NO_BOUND:
            return "has no bound here"
        case Outcome.UNKNOWN:
            return f"can't be judged: {', '.join(judgement.unknown)} is not known"
        case Outcome.WAIVED:
            return f"is waived: {_compared(judgement, gate, situation)}"
        case _:
            return f"{'stops' if judgement.stops else 'passes'}: {_compared(judgement, gate, situation)}"


def _compared(judgement: Judgement, gate: Gate, situation: Situation) -> str:
    if isinstance(gate.test, Require):
        failed = judgement.outcome in (Outcome.VETO, Outcome.WAIVED)
        return f"`{gate.test.text}` {'does not hold' if failed else 'holds'}"
    if judgement.observed is None or judgement.limit is None:
        return "what is missing is let through"
    whole = isinstance(gate.test, Multiple)
    numbers = apart(judgement.observed, judgement.limit, MAX_DIGITS if whole else WRITTEN_DIGITS)
    observed, limit = (written(n, gate.test.unit, situation) for n in numbers)
    words = "a multiple of" if isinstance(gate.test, Multiple) else WORDS[gate.test.op]
    room = ""
    if isinstance(gate.test, Bound) and judgement.headroom is not None:
        room = f", headroom {display(judgement.headroom, gate.test.unit, situation)}"
    return f"{observed}, {words} {limit}{room}"


def _quantity(trial: Trial) -> Iterator[Failure]:
    scenario, ruleset = trial.scenario, trial.engine.ruleset
    solve = ruleset.head.solve
    if "max_quantity" not in scenario.expect or solve is None:
        return
    names = names_of(ruleset, trial.decision.subject)
    wanted = _plain(scenario.expect["max_quantity"], ruleset.catalog.facts[solve.fact].unit, names)
    actual = trial.decision.largest or "none"
    if wanted != actual:
        at = wanted if wanted != "none" else actual
        yield Failure(scenario, f"max_quantity {wanted}", f"max_quantity {actual}", *_at_size(trial, solve.fact, at))


def _at_size(trial: Trial, fact: str, size: str) -> tuple[tuple[Said, ...], str]:
    """What the gates that stop a size say of it."""
    facts: dict[str, Any] = {**trial.scenario.facts}
    group, _, name = fact.partition(".")
    facts[group] = {**facts[group], name: size}
    at = tried(Scenario(trial.scenario.name, trial.scenario.source, facts, "allow"), trial.engine)
    stopping = [j for j in at.judgements if j.stops and j.gate.enforced]
    if at.situation is None or not stopping:
        return (), f"of {size} every gate lets through"
    return tuple(said(j, at.situation) for j in stopping), f"of {size}:"


def _tables(trial: Trial) -> Iterator[Failure]:
    scenario, engine = trial.scenario, trial.engine
    if trial.snapshot is None:
        return
    situation = engine.situation(trial.snapshot)
    names = names_of(engine.ruleset, situation.subject.key if situation.subject else None)
    for table, wanted in scenario.expect.get("tables", {}).items():
        row = situation.row(table)
        for output, value in wanted.items():
            actual = text_of(row) if output == "row" else text_of(situation.output(table, output))
            unit = None if output == "row" else situation.ruleset.tables[table].outputs[output][1]
            if actual != _plain(value, unit, names):
                about = "" if output == "row" else f"row {text_of(row)} of {table} applies"
                yield Failure(scenario, f"{table}.{output} {value}", f"{table}.{output} {actual}", about=about)


def text_of(answer: Answer) -> str:
    """What a table answered, as a scenario would write it."""
    if isinstance(answer, Fraction):
        return rounded(answer)
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if isinstance(answer, Unknown):
        return f"nothing, since {', '.join(answer.names)} is missing"
    return answer if isinstance(answer, str) else str(answer)


def _plain(text: str, unit: Unit | None, names: Mapping[str, str]) -> str:
    """An expected number as the engine gives it: in the unit itself; anything else as it stands."""
    if unit is None or not unit.numeric:
        return text
    try:
        value = read_value(text, unit, names)
    except ValueFault:
        try:
            return canonical(parse_number(text))
        except NumberFault:
            return text
    return canonical(value) if isinstance(value, Decimal) else text

"""Lints over gates and tables: bounds that contradict or cover each other, exits held without a word, repeated rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import permutations, product
from typing import Final

from engine.curves import curved
from engine.faults import Path
from engine.reach import reach
from engine.ruleset import Bound, Gate, Layer, RuleSet, Subject, gate_nodes
from engine.tree import CapRef, Constant, FactRef, Node
from generator.compile.assemble import origin
from generator.compile.problems import Problem
from generator.compile.regimes import twins
from generator.compile.sources import Sources

FLOORS: Final = ("at_least", "above")
# A subject, and the caps of who asks.
Place = tuple[Subject | None, Layer | None]

CEILINGS: Final = ("at_most", "below")
STRICT: Final = ("above", "below")


@dataclass(frozen=True, slots=True)
class Holds:
    """A gate's bound, and its value for each subject and actor; None where there is no bound, or none that is known."""

    gate: Gate
    test: Bound
    values: tuple[Fraction | None, ...]


def lints_of_gates(ruleset: RuleSet, sources: Sources) -> Iterator[Problem]:
    """Every lint over gates and tables."""
    places = _places(ruleset)
    pairs = list(_pairs(ruleset, places))
    for low, high in pairs:
        if (
            low.test.op in FLOORS
            and high.test.op in CEILINGS
            and low.gate.when == high.gate.when
            and not _of_venue(low)
        ):
            yield from _contradiction(low, high, [s for s, _ in places], sources)
    shadowed: set[str] = set()
    # Of a regime that tightens nothing it is said that it does.
    of_regimes = len(ruleset.gates) - len(twins(sources))
    for one, other in pairs:
        if one.gate.index < of_regimes and _covers(other, one) and other.gate.id not in shadowed:
            shadowed.add(one.gate.id)
            yield _shadowed(one.gate, other.gate, sources)
    yield from _exits(ruleset, sources)
    yield from _curves(ruleset, sources)
    yield from _rows(ruleset, sources)


def _pairs(ruleset: RuleSet, places: list[Place]) -> Iterator[tuple[Holds, Holds]]:
    """Gates over the same measure, each with each other."""
    alike: dict[Node, list[Gate]] = {}
    for gate in ruleset.gates:
        if isinstance(gate.test, Bound) and gate.enforced:
            alike.setdefault(gate.test.measure, []).append(gate)
    for gates in (of for of in alike.values() if len(of) > 1):
        held = [
            Holds(g, g.test, tuple(_value(g.test, *place, ruleset) for place in places))
            for g in gates
            if isinstance(g.test, Bound)
        ]
        yield from permutations(held, 2)


def _places(ruleset: RuleSet) -> list[Place]:
    subjects: list[Subject | None] = [*ruleset.subjects.values()] or [None]
    actors: list[Layer | None] = [*ruleset.actors.values()] or [None]
    return [*product(subjects, actors)]


def _value(test: Bound, subject: Subject | None, actor: Layer | None, ruleset: RuleSet) -> Fraction | None:
    match test.limit:
        case CapRef(name=name):
            value = ruleset.cap(name, subject, actor)[0]
        case FactRef(name=name):
            value = subject.facts.get(name) if subject is not None else None
        case Constant(value=Fraction() as number):
            return number
        case _:
            return None
    return Fraction(value) if isinstance(value, Decimal) else None


def _contradiction(low: Holds, high: Holds, subjects: list[Subject | None], sources: Sources) -> Iterator[Problem]:
    """A floor over a ceiling: no value of the measure passes both."""
    strict = low.test.op in STRICT or high.test.op in STRICT
    names = [
        subject.key if subject else "anything"
        for subject, floor, ceiling in zip(subjects, low.values, high.values, strict=True)
        if floor is not None and ceiling is not None and (floor > ceiling or (strict and floor == ceiling))
    ]
    if not names:
        return
    whose = ", ".join(dict.fromkeys(names))
    message = f"no order of {whose} passes both `{low.gate.id}` and `{high.gate.id}`: the least is over the most"
    help_text = f"`{_limit(low)}` must be no more than `{_limit(high)}`"
    yield _of(sources, high.gate, high.test.op, "contradictory-caps", message, help_text)


def _of_venue(held: Holds) -> bool:
    """Whether a bound is the subject's own: caps are held against the venue's where both are in one unit."""
    return isinstance(held.test.limit, FactRef)


def _limit(held: Holds) -> str:
    limit = held.test.limit
    return f"caps.{limit.name}" if isinstance(limit, CapRef) else limit.name if isinstance(limit, FactRef) else "it"


def _covers(other: Holds, one: Holds) -> bool:
    """Whether whatever a gate stops is stopped by another, wherever both have a bound that is known."""
    if other.gate.index == one.gate.index or (one.gate.exits and not other.gate.exits):
        return False
    if other.gate.passes_missing or other.gate.scope != one.gate.scope or other.gate.when not in (None, one.gate.when):
        return False
    ways = FLOORS if one.test.op in FLOORS else CEILINGS
    if other.test.op not in ways or not any(v is not None for v in one.values):
        return False
    sign = -1 if ways is FLOORS else 1
    strict = other.test.op in STRICT or one.test.op not in STRICT
    for mine, theirs in zip(one.values, other.values, strict=True):
        if mine is None:
            if _is_unknown(one):
                return False
            continue
        if theirs is None or sign * theirs > sign * mine or (theirs == mine and not strict):
            return False
    return True


def _is_unknown(held: Holds) -> bool:
    """Whether a bound without a value may have one when an order is decided."""
    return not isinstance(held.test.limit, CapRef)


def _shadowed(gate: Gate, by: Gate, sources: Sources) -> Problem:
    message = f"`{gate.id}` stops nothing that `{by.id}` does not stop"
    help_text = f"remove it, or say why: `# hedgerow: ignore shadowed-gate …` where `{by.id}` may be loosened one day"
    return _of(sources, gate, "id", "shadowed-gate", message, help_text)


def _exits(ruleset: RuleSet, sources: Sources) -> Iterator[Problem]:
    """Gates that say `form` and read more than the venue looks at; and breakers that hold exits without a person."""
    head = ruleset.head
    if head.solve is None or head.subject is None or head.exempt is None:
        return
    own = (f"{head.subject.prefix}.", f"{head.subject.key.split('.')[0]}.")
    for gate in ruleset.gates:
        foreign = sorted(n for n in reach(ruleset, *gate_nodes(gate)) if not n.startswith(own))
        if gate.exits == "form" and foreign and gate.index < len(sources.documents["gates"].data["gates"]):
            message = f"`{gate.id}` holds exits, and reads `{foreign[0]}`, which is no part of an order's form"
            help_text = "an exit waits for it while it is missing; leave `exits` out, and exits pass"
            yield _of(sources, gate, "exits", "holds-exits", message, help_text)
    for breaker in ruleset.breakers:
        if breaker.gate.exits and breaker.hold != "manual":
            message = f"the breaker `{breaker.id}` holds exits, and no person opens it"
            help_text = "only a halt, `hold: manual`, holds exits"
            index = breaker.gate.index
            yield _problem(sources, ("breakers", index, "exits"), "holds-exits", message, help_text)


def _curves(ruleset: RuleSet, sources: Sources) -> Iterator[Problem]:
    """Gates whose veto names no largest size."""
    for gate in ruleset.gates:
        if gate.enforced and gate.index < len(sources.documents["gates"].data["gates"]) and curved(gate, ruleset):
            solve = ruleset.head.solve
            assert solve is not None
            message = f"`{gate.id}` is no line in `{solve.fact}`, so a veto by it names no `{solve.name}`"
            help_text = f"multiply or divide by what does not change with `{solve.fact}`, or say why not"
            yield _of(sources, gate, "id", "no-largest", message, help_text)


def _rows(ruleset: RuleSet, sources: Sources) -> Iterator[Problem]:
    for table in ruleset.tables.values():
        first: dict[object, str] = {}
        for i, row in enumerate(table.rows):
            if row.when in first:
                message = f"`{row.id}` is never chosen: `{first[row.when]}` has the same condition"
                path: Path = ("tables", table.name, "rows", i, "when")
                yield _problem(sources, path, "repeated-row", message, "remove it, or give it a condition of its own")
            else:
                first[row.when] = row.id


def _of(sources: Sources, gate: Gate, key: str, code: str, message: str, help_text: str) -> Problem:
    return _problem(sources, ("gates", gate.index, key), code, message, help_text)


def _problem(sources: Sources, path: Path, code: str, message: str, help_text: str) -> Problem:
    document, place = origin(sources, path)
    return document.problem(code, place, message, help_text)

"""A checked rule set: gates, measures, tables, and the values that hold for each subject and actor.

`read` is the only way to make one. It checks a compiled document again, whoever wrote it: names, types, units,
circles, closed key sets, so that an altered document is refused rather than decided by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.catalog import Cap, Catalog, Fact, Value
from engine.tree import Node, Type
from engine.units import Unit
from engine.windows import Window

BOUNDS = ("at_most", "at_least", "below", "above")


@dataclass(frozen=True, slots=True)
class SubjectHead:
    """Which fact names the subject, in which part of the universe it is found, and the reason when it isn't."""

    key: str
    part: str
    prefix: str
    unknown: str


@dataclass(frozen=True, slots=True)
class ActorHead:
    """Which fact names who asks, and in which part of the universe that actor's own caps are."""

    key: str
    part: str


@dataclass(frozen=True, slots=True)
class SolveHead:
    """The adjustable fact, the fact that gives its step, and the name under which the answer stands in a decision."""

    fact: str
    step: str
    name: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the engine can't know by itself; each part may be absent. `clock` is the fact that says what time it is."""

    subject: SubjectHead | None = None
    actor: ActorHead | None = None
    exempt: str | None = None
    solve: SolveHead | None = None
    clock: str | None = None

    @property
    def shared(self) -> str:
        """What stands before the names of the facts that intents share with events, as `order.`."""
        key = self.subject.key if self.subject else self.actor.key if self.actor else ""
        return key[: key.rfind(".") + 1]

    @property
    def fields(self) -> tuple[str | None, str | None]:
        """The fields of events that name a subject, and an actor: the last parts of the facts that do."""
        subject = self.subject.key.rpartition(".")[2] if self.subject else None
        return subject, self.actor.key.rpartition(".")[2] if self.actor else None


@dataclass(frozen=True, slots=True)
class Measure:
    """A named expression with its declared unit."""

    name: str
    unit: Unit
    node: Node
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Bound:
    """`measure` with one of at_most, at_least (inclusive), below, above (strict), and what it is held against."""

    op: str
    measure: Node
    limit: Node
    unit: Unit


@dataclass(frozen=True, slots=True)
class Multiple:
    """The measure is a whole multiple of a positive value; zero passes."""

    measure: Node
    step: Node
    unit: Unit


@dataclass(frozen=True, slots=True)
class Require:
    """A condition that must hold."""

    condition: Node
    text: str


Test = Bound | Multiple | Require


@dataclass(frozen=True, slots=True)
class Gate:
    """One check of a rule set."""

    index: int
    id: str
    why: str
    reason: str
    scope: str
    exits: str
    test: Test
    when: Node | None
    when_text: str
    measure_text: str
    enforced: bool
    until: str | None
    passes_missing: bool
    source: str


@dataclass(frozen=True, slots=True)
class Breaker:
    """A gate that stays shut once it has closed.

    Args:
        gate: what it is about; it is no gate of the rule set itself.
        by: the fields that tell one breaker from another; none: there is one.
        on: the kind of event on which it is judged; None: whenever the account or an order is looked at.
        hold: how long it stays shut: seconds, a period, `manual`, or the name of the cap that says so.
        reopen: in the place of its bound, what it is judged by while it is shut.
    """

    gate: Gate
    by: tuple[str, ...]
    on: str | None
    hold: int | str
    reopen: Node | None

    @property
    def id(self) -> str:
        """What people call it; its fact is `breakers.id`."""
        return self.gate.id


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: when it applies, and its outputs (those absent are missing)."""

    id: str
    when: Node | None
    outputs: Mapping[str, Node]
    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table: the first row that applies answers."""

    name: str
    outputs: Mapping[str, tuple[Type, Unit | None]]
    rows: tuple[Row, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Layer:
    """The caps of a subject, an actor or the account, and where each value comes from: (source, layer)."""

    caps: Mapping[str, Value | None]
    sources: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Waiver:
    """Leave for one gate to pass, until a time.

    Args:
        id: its name.
        gate: id of the gate.
        subject: about whom alone; None: anybody.
        actor: for whom alone; None: anybody.
        until: in the unit of the head's clock; from then on it is no leave.
        written: the same as a person reads it.
        by: the person who gives it.
        layer: the values that hold for everybody, of the caps that the gate reads.
    """

    id: str
    gate: str
    subject: str | None
    actor: str | None
    until: Decimal
    written: str
    by: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject's own facts and caps."""

    key: str
    facts: Mapping[str, Value]
    layer: Layer


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All that decides, checked."""

    environment: str
    ruleset_hash: str
    universe_hash: str
    catalog: Catalog
    head: Head
    measures: Mapping[str, Measure]
    gates: tuple[Gate, ...]
    tables: Mapping[str, Table]
    subjects: Mapping[str, Subject]
    actors: Mapping[str, Layer]
    account: Layer
    reaches: Mapping[str, frozenset[str]] = field(repr=False)
    actor_caps: frozenset[str] = frozenset()
    events: Mapping[str, Catalog] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    breakers: tuple[Breaker, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @property
    def supplied(self) -> tuple[Fact, ...]:
        """The facts that a caller gives, by name."""
        return tuple(f for _, f in sorted(self.catalog.facts.items()) if f.supplied)

    def cap(self, name: str, subject: Subject | None, actor: Layer | None) -> tuple[Value | None, tuple[str, str]]:
        """The effective value of a cap and where it comes from; where subject and actor both set one, the tighter
        counts.
        """
        declared: Cap = self.catalog.caps[name]
        layers = [
            layer for layer in (subject.layer if subject else None, actor) if layer is not None and name in layer.caps
        ]
        if not layers:
            layers = [self.account]
        best = layers[0]
        for other in layers[1:]:
            if declared.looser(best.caps[name], other.caps[name]):
                best = other
        return best.caps[name], best.sources.get(name, ("", ""))


def limit_of(gate: Gate) -> Node | None:
    """What a gate's measure is held against: its bound or its step; None for a condition."""
    match gate.test:
        case Bound(limit=limit):
            return limit
        case Multiple(step=step):
            return step
        case Require():
            return None


def gate_nodes(gate: Gate) -> tuple[Node, ...]:
    """The expressions of a gate: its guard, then what it tests."""
    guard = () if gate.when is None else (gate.when,)
    match gate.test:
        case Bound(measure=measure, limit=limit):
            return (*guard, measure, limit)
        case Multiple(measure=measure, step=step):
            return (*guard, measure, step)
        case Require(condition=condition):
            return (*guard, condition)


def breaker_nodes(breaker: Breaker) -> tuple[Node, ...]:
    """The expressions of a breaker: those of its gate, then what opens it again."""
    return (*gate_nodes(breaker.gate), *(() if breaker.reopen is None else (breaker.reopen,)))


def row_nodes(row: Row) -> tuple[Node, ...]:
    """The expressions of a row: its condition, then its outputs."""
    condition = () if row.when is None else (row.when,)
    return (*condition, *row.outputs.values())


def table_nodes(table: Table) -> tuple[Node, ...]:
    """The expressions of a table, row by row."""
    return tuple(node for row in table.rows for node in row_nodes(row))

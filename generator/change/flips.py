"""Flips: recorded intents that are answered otherwise, each with the reasons before and after.

A log is read line by line and never held; of the flips only the first few that differ are kept, all are counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine import Decision, Engine, Reason, RuleSet
from engine.facts import FactsFault, parse_json
from engine.judge import is_exempt
from engine.ruleset import Head
from universe.decision_log import LogFault

KEPT: Final = 5
NOBODY: Final = "nobody"
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Flip:
    """One intent whose answer changes.

    `vetoed` says that it was let through and is stopped now; `exit` that the order reduces; `facts` is what was known.
    """

    place: str
    subject: str
    actor: str
    vetoed: bool
    exit: bool
    before: tuple[Reason, ...]
    after: tuple[Reason, ...]
    facts: str

    @property
    def kind(self) -> tuple[object, ...]:
        """What tells it from others as an example: which way, by which gates, for which symbol."""
        return (self.vetoed, self.gates, self.subject)

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that stop it on the side on which it is stopped; the engine's own reasons by their names."""
        reasons = self.after if self.vetoed else self.before
        return tuple(dict.fromkeys(r.gate or str(r.reason) for r in reasons))


@dataclass(slots=True)
class Flips:
    """What came of deciding a log by both rule sets; `passed` is what was let through before."""

    source: str
    records: int = 0
    passed: int = 0
    vetoed: int = 0
    allowed: int = 0
    exits_held: int = 0
    by_gate: Counter[str] = field(default_factory=Counter)
    by_symbol: Counter[str] = field(default_factory=Counter)
    by_strategy: Counter[str] = field(default_factory=Counter)
    held: list[Flip] = field(default_factory=list)
    first: list[Flip] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many answers change."""
        return self.vetoed + self.allowed

    def add(self, flip: Flip) -> None:
        """Count a flip, and keep it if it is among the first of another kind; exits newly held are kept apart."""
        self.vetoed += flip.vetoed
        self.allowed += not flip.vetoed
        self.by_gate.update(f"{'-' if flip.vetoed else '+'}{gate}" for gate in flip.gates)
        self.by_symbol[f"{'-' if flip.vetoed else '+'}{flip.subject}"] += 1
        self.by_strategy[f"{'-' if flip.vetoed else '+'}{flip.actor}"] += 1
        if flip.exit and flip.vetoed:
            self.exits_held += 1
            self.held += [flip] if len(self.held) < KEPT else []
        elif self._is_another(flip):
            self.first.append(flip)

    def _is_another(self, flip: Flip) -> bool:
        kept = [f for f in self.first if f.vetoed is flip.vetoed]
        return len(kept) < KEPT and all(f.kind != flip.kind for f in kept)


def flips(
    old: RuleSet,
    new: RuleSet,
    lines: Iterable[tuple[str, str]],
    source: str,
    progress: Progress = lambda done: None,
) -> Flips:
    """What changes for the intents of a log, each decided by both rule sets.

    Args:
        old: the rules before.
        new: the rules after.
        lines: the log's lines with their places; see `universe.decision_log.lines_of`.
        source: what to call the log.
        progress: is told of each record's number.

    Raises:
        LogFault: a line is no decision.
    """
    before, after = Engine(old), Engine(new)
    asked = _asked(lines, new.head)
    return _counted(((a, before.decide(a.facts, a.scope)) for a in asked), (before, after), source, progress)


def replayed(
    ruleset: RuleSet,
    lines: Iterable[tuple[str, str]],
    source: str,
    progress: Progress = lambda done: None,
) -> Flips:
    """What would become of recorded decisions by other rules, each against what was answered then.

    Args:
        ruleset: the rules to decide by.
        lines: the log's lines with their places; see `universe.decision_log.lines_of`.
        source: what to call the log.
        progress: is told of each record's number.

    Raises:
        LogFault: a line is no decision.
    """
    asked = _asked(lines, ruleset.head)
    return _counted(((a, a.stored) for a in asked), (Engine(ruleset),), source, progress)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for in a recorded decision, and by whom."""

    place: str
    stored: Decision
    facts: dict[str, Any]
    subject: str | None
    actor: str | None
    scope: str


def _asked(lines: Iterable[tuple[str, str]], head: Head) -> Iterator[_Asked]:
    for place, line in lines:
        try:
            stored = Decision.from_json(line)
        except ValueError as error:
            raise LogFault(place, str(error)) from None
        facts = parse_json(stored.facts_json)
        subject, actor = (_at(facts, part.key) if part else None for part in (head.subject, head.actor))
        scope = "account" if head.subject is not None and subject is None else "order"
        yield _Asked(place, stored, facts, subject, actor, scope)


def _at(facts: Any, key: str) -> str | None:
    for part in key.split("."):
        facts = facts.get(part) if isinstance(facts, dict) else None
    return facts if isinstance(facts, str) else None


def _counted(
    answered: Iterable[tuple[_Asked, Decision]], engines: Sequence[Engine], source: str, progress: Progress
) -> Flips:
    """The flips from one answer to that of the last engine; an order is an exit if any of them says so."""
    found = Flips(source)
    for asked, before in answered:
        found.records += 1
        found.passed += before.allowed
        after = engines[-1].decide(asked.facts, asked.scope)
        if before.allowed is not after.allowed:
            exempt = asked.scope == "order" and any(_is_exit(engine, asked.facts) for engine in engines)
            found.add(_flip(asked, before, after, exempt=exempt))
        progress(found.records)
    return found


def _flip(asked: _Asked, before: Decision, after: Decision, *, exempt: bool) -> Flip:
    return Flip(
        place=asked.place,
        subject=asked.subject or NOBODY,
        actor=asked.actor or NOBODY,
        vetoed=before.allowed,
        exit=exempt,
        before=before.vetoes,
        after=after.vetoes,
        facts=asked.stored.facts_json,
    )


def _is_exit(engine: Engine, facts: dict[str, Any]) -> bool:
    try:
        return is_exempt(engine.situation(engine.reader.read(facts)))
    except FactsFault:
        return False

"""Flips: recorded intents that the two rule sets answer differently, each with the reasons before and after.

A log is read line by line and never held; of the flips only the first few that differ are kept, all are counted.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from engine import Decision, Engine, Reason, RuleSet
from engine.facts import FactsFault, parse_json
from engine.judge import is_exempt

KEPT: Final = 5
MAX_LINE: Final = 1_000_000
NOBODY: Final = "nobody"


class SupportsReadline(Protocol):
    """A file that gives its lines."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or as much of it as was asked for; nothing at the end."""


class LogFault(ValueError):
    """A line of a log that is no decision; `place` says which."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


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
    """What came of deciding a log by both rule sets."""

    source: str
    records: int = 0
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


def lines_of(path: Path, name: str = "") -> Iterator[tuple[str, str]]:
    """The lines of a log that hold something, with their places; a path that ends in .gz is compressed.

    Args:
        path: the file.
        name: what to call it in places; its path, if nothing.

    Raises:
        OSError: it can't be read.
        LogFault: a line is no text, or too long.
    """
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        number = 0
        while line := _line(file, f"{name or path}:{number + 1}"):
            number += 1
            place = f"{name or path}:{number}"
            if len(line) > MAX_LINE:
                raise LogFault(place, f"the line is longer than {MAX_LINE} bytes")
            try:
                text = line.decode().strip()
            except UnicodeDecodeError:
                raise LogFault(place, "the line is not UTF-8") from None
            if text:
                yield place, text


def _line(file: SupportsReadline, place: str) -> bytes:
    try:
        return file.readline(MAX_LINE + 1)
    except (EOFError, zlib.error):
        raise LogFault(place, "the compressed log ends too soon") from None


class Chooser:
    """Decides one intent by both rule sets."""

    def __init__(self, old: RuleSet, new: RuleSet) -> None:
        self._old, self._new = Engine(old), Engine(new)
        self._subject = new.head.subject.key.split(".") if new.head.subject else None
        self._actor = new.head.actor.key.split(".") if new.head.actor else None

    def flip(self, place: str, stored: Decision) -> Flip | None:
        """The flip of a recorded decision, or None where both sides answer alike."""
        facts = parse_json(stored.facts_json)
        subject, actor = _at(facts, self._subject), _at(facts, self._actor)
        scope = "account" if self._subject is not None and subject is None else "order"
        before, after = (engine.decide(facts, scope) for engine in (self._old, self._new))
        if before.allowed is after.allowed:
            return None
        return Flip(
            place=place,
            subject=subject or NOBODY,
            actor=actor or NOBODY,
            vetoed=before.allowed,
            exit=scope == "order" and (self._exempt(self._old, facts) or self._exempt(self._new, facts)),
            before=before.vetoes,
            after=after.vetoes,
            facts=stored.facts_json,
        )

    @staticmethod
    def _exempt(engine: Engine, facts: Any) -> bool:
        try:
            return is_exempt(engine.situation(engine.reader.read(facts)))
        except FactsFault:
            return False


def _at(facts: Any, path: list[str] | None) -> str | None:
    for part in path or ():
        facts = facts.get(part) if isinstance(facts, dict) else None
    return facts if path and isinstance(facts, str) else None


def flips(
    old: RuleSet,
    new: RuleSet,
    lines: Iterable[tuple[str, str]],
    source: str,
    progress: Callable[[int], None] = lambda done: None,
) -> Flips:
    """What changes for the intents of a log.

    Args:
        old: the rules before.
        new: the rules after.
        lines: the log's lines with their places; see `lines_of`.
        source: what to call the log.
        progress: is told of each record's number.

    Raises:
        LogFault: a line is no decision.
    """
    chooser = Chooser(old, new)
    found = Flips(source)
    for place, line in lines:
        try:
            stored = Decision.from_json(line)
        except ValueError as error:
            raise LogFault(place, str(error)) from None
        found.records += 1
        flip = chooser.flip(place, stored)
        if flip is not None:
            found.add(flip)
        progress(found.records)
    return found

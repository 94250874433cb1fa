"""A log decided again by other rules: which recorded answers would be others, by gate, symbol and strategy."""

from collections.abc import Callable, Iterable

from engine import Decision, Engine, RuleSet
from engine.facts import FactsFault, parse_json
from engine.judge import is_exempt
from generator.change.flips import NOBODY, Flip, Flips, LogFault


def replayed(
    ruleset: RuleSet,
    lines: Iterable[tuple[str, str]],
    source: str,
    progress: Callable[[int], None] = lambda done: None,
) -> Flips:
    """What would become of recorded decisions, each against what was answered then; the log is read once, and not held.

    Args:
        ruleset: the rules to decide by.
        lines: the log's lines with their places.
        source: what to call the log.
        progress: is told of each record's number.

    Raises:
        LogFault: a line is no decision.
    """
    engine, found = Engine(ruleset), Flips(source)
    for place, line in lines:
        try:
            stored = Decision.from_json(line)
        except ValueError as error:
            raise LogFault(place, str(error)) from None
        found.records += 1
        flip = _flip(engine, place, stored)
        if flip is not None:
            found.add(flip)
        progress(found.records)
    return found


def _flip(engine: Engine, place: str, stored: Decision) -> Flip | None:
    facts = parse_json(stored.facts_json)
    head = engine.ruleset.head
    subject, actor = (_at(facts, part.key) if part else None for part in (head.subject, head.actor))
    scope = "account" if head.subject is not None and subject is None else "order"
    after = engine.decide(facts, scope)
    if after.allowed is stored.allowed:
        return None
    return Flip(
        place=place,
        subject=subject or NOBODY,
        actor=actor or NOBODY,
        vetoed=stored.allowed,
        exit=scope == "order" and _is_exit(engine, facts),
        before=stored.vetoes,
        after=after.vetoes,
        facts=stored.facts_json,
    )


def _is_exit(engine: Engine, facts: dict[str, object]) -> bool:
    try:
        return is_exempt(engine.situation(engine.reader.read(facts)))
    except FactsFault:
        return False


def _at(facts: object, key: str) -> str | None:
    for part in key.split("."):
        facts = facts.get(part) if isinstance(facts, dict) else None
    return facts if isinstance(facts, str) else None

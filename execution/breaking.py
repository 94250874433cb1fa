"""Breakers at work: judged when the account or an order is looked at, or on their event."""

import json
from collections.abc import Mapping, Sequence
from itertools import product

from engine.breakers import end_of_hold, judge_breaker, shared_prefix
from engine.explain import veto_reason
from engine.judge import Outcome
from engine.reach import reach
from engine.ruleset import Breaker, RuleSet, breaker_nodes
from engine.windows import PREFIX as WINDOWS
from execution.books import key_of
from execution.desk import Desk
from execution.events import BreakerTripped, Event
from execution.facts import keys_of, of_keys
from execution.ticket import About


def judge_all(desk: Desk) -> None:
    """Judge every breaker that no event is awaited for, for everybody whom it is about."""
    ruleset = desk.gate.risk.universe.ruleset
    for keys, breakers in _by_keys(ruleset).items():
        _judge(desk, breakers, dict(keys))


def judge_for(desk: Desk, about: About) -> None:
    """Judge what may have changed since, for the one who asks for an order: what counts events, or is its own."""
    named = keys_of(about)
    ruleset = desk.gate.risk.universe.ruleset
    for breaker in ruleset.breakers:
        if breaker.on is None and (breaker.by or reads_windows(breaker, ruleset)):
            _judge(desk, [breaker], {field: named[field] for field in breaker.by})


def judge_on(desk: Desk, event: Event) -> None:
    """Judge the breakers that wait for an event of this kind, for whom it is about."""
    for breaker in desk.gate.risk.universe.ruleset.breakers:
        if breaker.on == event.kind:
            _judge(desk, [breaker], {field: str(getattr(event, field)) for field in breaker.by})


def reads_windows(breaker: Breaker, ruleset: RuleSet) -> bool:
    """Whether what it is about is counted over events."""
    return any(name.startswith(WINDOWS) for name in reach(ruleset, *breaker_nodes(breaker)))


def _by_keys(ruleset: RuleSet) -> dict[tuple[tuple[str, str], ...], list[Breaker]]:
    """Who there is to judge, and by which breakers; nobody in particular where a breaker is for all."""
    prefix = shared_prefix(ruleset.head)
    found: dict[tuple[tuple[str, str], ...], list[Breaker]] = {}
    for breaker in ruleset.breakers:
        if breaker.on is None:
            words = [sorted(ruleset.catalog.facts[f"{prefix}{field}"].type.values) for field in breaker.by]
            for combination in product(*words):
                found.setdefault(tuple(zip(breaker.by, combination, strict=True)), []).append(breaker)
    return found


def _judge(desk: Desk, breakers: Sequence[Breaker], keys: Mapping[str, str]) -> None:
    """Close those whose condition fails. What is missing closes nothing: the gate itself vetoes meanwhile.

    One that is shut is not judged, but on its event, which closes it for longer; once its time is over, it is judged
    as one that was shut.
    """
    shut = {b.id: desk.books.shut.get((b.id, key_of(keys))) for b in breakers}
    open_now = [b for b in breakers if b.on is not None or not (was := shut[b.id]) or not was.holds(desk.now)]
    if not open_now:
        return
    engine = desk.gate.risk.engine
    snapshot = engine.reader.read(of_keys(desk, keys))
    situation = engine.situation(snapshot)
    for breaker in open_now:
        found = judge_breaker(breaker, situation, shut=shut[breaker.id] is not None)
        if found.outcome is Outcome.VETO:
            reason = veto_reason(found, situation)
            until = end_of_hold(breaker, desk.now, lambda cap: situation.cap_value(cap)[1])
            facts = json.loads(snapshot.json)
            desk.record(
                BreakerTripped(breaker.id, dict(keys), until, reason.text, reason.observed, reason.limit, facts)
            )

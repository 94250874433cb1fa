"""Breakers at work: judged when the account or an order is looked at, or on their event."""

import json
from collections.abc import Iterable

from engine.keeper import Post
from execution.desk import Desk
from execution.event_texts import fields_of
from execution.events import BreakerTripped, Event
from execution.facts import keys_of, of_keys
from execution.ticket import About


def judge_all(desk: Desk) -> None:
    """Judge every breaker that no event is awaited for, for everybody whom it is about."""
    _judge(desk, desk.keeper.everybody)


def judge_for(desk: Desk, about: About) -> None:
    """Judge the same for the one who asks for an order: what happened since is counted by now."""
    _judge(desk, desk.keeper.of(keys_of(about)))


def judge_on(desk: Desk, event: Event) -> None:
    """Judge the breakers that wait for an event of this kind, for whom it is about."""
    if event.kind in desk.keeper.events:
        _judge(desk, desk.keeper.on(event.kind, fields_of(event)))


def _judge(desk: Desk, posts: Iterable[Post]) -> None:
    for post in posts:
        facts = of_keys(desk, post.keys)
        for trip in desk.keeper.judge(post, facts, desk.books.shut, desk.pulse.eased, desk.now):
            said, facts_read = trip.reason, json.loads(trip.facts)
            desk.record(
                BreakerTripped(
                    trip.breaker, dict(trip.keys), trip.until, said.text, said.observed, said.limit, facts_read
                )
            )

"""What is counted, in the format of Prometheus."""

from collections import Counter as Counts
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.reason import Told
from universe import Universe

MICROSECONDS: Final = (100, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000)


class Metrics:
    """The counters of one service.

    Args:
        age: seconds since the file of the universe that decides was written.
        waiting: how many decisions are not written to the log yet.
    """

    def __init__(self, age: Callable[[], float], waiting: Callable[[], float]) -> None:
        self._registry = made = CollectorRegistry()
        self._decisions = Counter("hedgerow_decisions", "Decisions given.", ["scope", "decision"], registry=made)
        self._vetoes = Counter("hedgerow_vetoes", "Reasons of vetoes.", ["reason"], registry=made)
        self._seconds = Histogram(
            "hedgerow_request_seconds",
            "Time to answer.",
            ["route", "status"],
            buckets=[bucket / 1_000_000 for bucket in MICROSECONDS],
            registry=made,
        )
        self._reloads = Counter("hedgerow_reloads", "Changes of the universe's file.", ["result"], registry=made)
        self._universe = Gauge(
            "hedgerow_universe", "1 for the universe that decides.", ["universe", "ruleset"], registry=made
        )
        Gauge("hedgerow_universe_age_seconds", "Age of the universe's file.", registry=made).set_function(age)
        Gauge("hedgerow_log_waiting", "Decisions not yet written to the log.", registry=made).set_function(waiting)

    def decided(self, scope: str, answers: Sequence[Told]) -> None:
        """Count decisions and the reasons of their vetoes."""
        vetoed = [answer for answer in answers if not answer.allowed]
        reasons = Counts(reason for answer in vetoed for reason in answer.reasons)
        for outcome, count in (("allow", len(answers) - len(vetoed)), ("veto", len(vetoed))):
            if count:
                self._decisions.labels(scope, outcome).inc(count)
        for reason, count in reasons.items():
            self._vetoes.labels(reason).inc(count)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._seconds.labels(route, str(status)).observe(seconds)

    def reloaded(self, result: str) -> None:
        """Count a change of the universe's file: `activated` or `refused`."""
        self._reloads.labels(result).inc()

    def decides(self, universe: Universe) -> None:
        """Say which universe decides from now on."""
        self._universe.clear()
        self._universe.labels(universe.ruleset.universe_hash, universe.ruleset.ruleset_hash).set(1)

    def page(self) -> bytes:
        """All of it, as text."""
        return generate_latest(self._registry)

"""What is counted, in the format of Prometheus."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.reason import Told
from universe import Universe

M = TypeVar("M", Counter, Histogram)
MICROSECONDS: Final = (100, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000)


class Metrics:
    """The counters of one service.

    Args:
        age: seconds since the file of the universe that decides was written.
        waiting: how many decisions are not written to the log yet.
    """

    def __init__(self, age: Callable[[], float], waiting: Callable[[], float]) -> None:
        self._registry = made = CollectorRegistry()
        self._parts: dict[tuple[Any, tuple[str, ...]], Any] = {}
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
        vetoed = [told for told in answers if not told.allowed]
        if len(vetoed) < len(answers):
            self._of(self._decisions, scope, "allow").inc(len(answers) - len(vetoed))
        if vetoed:
            self._of(self._decisions, scope, "veto").inc(len(vetoed))
        for told in vetoed:
            for reason in told.reasons:
                self._of(self._vetoes, reason).inc()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._of(self._seconds, route, str(status)).observe(seconds)

    def _of(self, metric: M, *labels: str) -> M:
        """The part of a metric that counts for these labels, which takes longer to find than to count."""
        found = self._parts.get((metric, labels))
        if found is None:
            found = self._parts[metric, labels] = metric.labels(*labels)
        part: M = found
        return part

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

"""A waiver in a run: it lets pass until it ends, by the run's own clock; what was decided is decided again the same."""

import json
from pathlib import Path
from typing import Any, Final

from engine import Engine
from execution.events import Decided
from tests.execution.arena import (
    HOUR,
    START,
    WARM,
    Arena,
    buy,
    calm,
    capped,
    feed_of,
    of,
    told,
    universe_of,
    universe_with,
)

NOW: Final = START + WARM * HOUR
BTC: Final = "BTCUSDT"


def waiving(document: dict[str, Any]) -> None:
    """No spread is narrow enough for anybody but BTC, until an hour from now."""
    capped(document, spread="0.00000001")
    layer = {"caps": {"spread": "0.0025"}, "provenance": {"spread": {"layer": "global", "source": "rules/risk.yaml:1"}}}
    named = {"why": "A thin hour.", "by": "ada", "gate": "spread", "subject": BTC, "source": "rules/waivers.yaml:3"}
    document["waivers"] = {"thin": {**named, "until": str(NOW + HOUR), "written": "then", **layer}}


def decided(folder: Path, universe: Path) -> list[dict[str, Any]]:
    """What a run decided on an order now and on one at the end of the waiver; each again gives the same bytes."""
    script = {NOW: [buy(BTC, "0.006")], NOW + HOUR: [buy(BTC, "0.004")]}
    arena = Arena(folder, feed_of(calm(BTC, WARM + 3, 50_000)), [told(script, (BTC,))], universe=universe)
    records = [event.record for event in of(arena.run(), Decided)]
    engine = Engine(universe_of(universe).ruleset, "interpreter")
    for record in records:
        assert engine.decide(record["facts"]).to_json() == json.dumps(record, separators=(",", ":"))
    return records


def test_when_a_waiver_ends_in_a_run_then_the_same_order_is_vetoed_from_that_second_on(tmp_path: Path) -> None:
    """Its clock is the run's own, not the machine's."""
    first, *later = decided(tmp_path / "run", universe_with(tmp_path, waiving))

    assert (first["decision"], [w["waiver"] for w in first["waived"]]) == ("allow", ["thin"])
    assert first["facts"]["clock"] == {"now": str(NOW)}
    assert later
    assert all("spread" in {v["gate"] for v in record["vetoes"]} and record["waived"] == [] for record in later)


def test_when_the_rules_have_no_waivers_then_no_decision_is_told_the_time(tmp_path: Path) -> None:
    """The same facts at two moments are one decision, as they were before there were waivers."""
    records = decided(tmp_path / "run", universe_with(tmp_path, lambda document: None))

    assert records
    assert all("clock" not in record["facts"] for record in records)

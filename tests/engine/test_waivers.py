"""Waivers: they let pass what holds for everybody and nothing else, while somebody says what time it is."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from engine import BACKENDS, Decision, Engine, read
from engine.faults import Refused
from engine.interpret import Situation
from engine.judge import Outcome
from engine.ruleset import RuleSet
from engine.waivers import may_be_waived
from generator.compile.finish import file_text
from generator.compile.stages import compile_universe
from research.intents import stream
from tests.conftest import TODAY
from tests.engine import cloud
from universe.quiet import quiet_facts
from universe.reader import Universe, parse

# 2026-12-01T00:00:00Z, when every waiver of these tests ends.
ENDS: Final = 1_796_083_200
FILE: Final = Path("rules/waivers.yaml")
# For a symbol, for a strategy, for both, and two of one gate.
LEAVE: Final = """\
format: 1
waivers:
  unwind: {why: The hedge is closed by hand., by: ada, gate: symbol_exposure, symbol: BTCUSDT, until: 2026-12-01T00:00Z}
  widen: {why: A thin week., by: ada, gate: spread, symbol: BTCUSDT, until: 2026-12-01T00:00Z}
  trend: {why: A thin week., by: bo, gate: spread, strategy: momentum, until: 2026-12-01T00:00Z}
  block: {why: A block., by: bo, gate: order_notional, strategy: momentum, symbol: ETHUSDT, until: 2026-12-01T00:00Z}
  basket: {why: With it., by: bo, gate: group_exposure, symbol: BTCUSDT, until: 2026-12-01T00:00Z}
  collar: {why: Quotes jump., by: bo, gate: price_collar, strategy: momentum, until: 2026-12-01T00:00Z}
  tiers: {why: A rotation., by: bo, gate: tier_exposure, strategy: momentum, until: 2026-12-01T00:00Z}
"""


@pytest.fixture(scope="module")
def waived(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Universe:
    """The shipped rules with waivers."""
    return with_waivers(LEAVE, tmp_path_factory.mktemp("rules"), root)


def with_waivers(text: str, folder: Path, root: Path) -> Universe:
    """The shipped rules with these waivers, compiled in a folder."""
    for pattern in ("rules/*.yaml", "schemas/*.yaml", "universe/venues/*.json"):
        for path in root.glob(pattern):
            copy = folder / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (folder / FILE).write_text(text, encoding="utf-8")
    made = compile_universe(folder, today=TODAY)
    assert made.warnings == ()
    return parse(file_text(made.document))


def order(universe: Universe, now: object = ENDS - 1, **groups: dict[str, Any]) -> dict[str, Any]:
    """A quiet account's order in BTCUSDT at a time, with what differs."""
    facts = quiet_facts(universe, "BTCUSDT", Decimal(250_000)) | {"clock": {"now": now}}
    return facts | {group: {**facts[group], **of} for group, of in groups.items()}


def both(universe: Universe, facts: Mapping[str, Any]) -> Decision:
    """The decision of both backends, which are the same to the byte and survive being stored."""
    fast, slow = (Engine(universe.ruleset, backend).decide(facts) for backend in BACKENDS)
    assert fast.to_json() == slow.to_json()
    assert Decision.from_json(fast.to_json()) == fast
    return fast


def at_share(universe: Universe, share: str, **order_of: Any) -> dict[str, Any]:
    """An order of 0.01 BTC that brings the symbol to a share of NAV."""
    held = Decimal(share) * 250_000 - Decimal("0.01") * 87_500
    own = {"notional": str(held), "quantity": str(held / 87_500)}
    return order(universe, position=own, order={"quantity": "0.01", **order_of})


def test_when_a_gate_is_waived_then_it_passes_to_globals_bound_and_no_farther(waived: Universe) -> None:
    """The tier has 30%, everybody 40%; the record says what was waived, by whom, and until when."""
    inside, at, over = (both(waived, at_share(waived, share)) for share in ("0.3", "0.4", "0.400001"))

    assert (inside.allowed, inside.waived) == (True, ())
    assert at.allowed
    reason, basket = at.waived
    assert (reason.gate, reason.observed, reason.limit) == ("symbol_exposure", "0.4", "0.3")
    assert (basket.gate, basket.limit, basket.by) == ("group_exposure", "0.35", "bo")
    assert (reason.waiver, reason.by, reason.until) == ("unwind", "ada", "2026-12-01T00:00:00Z")
    assert reason.text.endswith("waived by ada until 2026-12-01T00:00:00Z")
    (veto,) = over.vetoes
    assert (veto.gate, veto.limit, veto.waiver) == ("symbol_exposure", "0.4", None)
    assert [w.gate for w in over.waived] == ["group_exposure"]
    assert veto.source.startswith("rules/risk.yaml:")


def test_when_an_order_is_too_large_for_global_then_the_largest_that_passes_is_globals(waived: Universe) -> None:
    """The size that is offered is decided by the waiver too, and passes."""
    facts = at_share(waived, "0.39")
    facts["order"]["quantity"] = "0.16"
    decision = both(waived, facts)
    offered = both(waived, {**facts, "order": {**facts["order"], "quantity": decision.largest}})
    more = Decimal(str(decision.largest)) + Decimal("0.001")

    assert decision.reasons == ("symbol_cap",)
    assert offered.allowed
    assert [w.gate for w in offered.waived] == ["symbol_exposure", "group_exposure"]
    assert not both(waived, {**facts, "order": {**facts["order"], "quantity": str(more)}}).allowed


@pytest.mark.parametrize("now", [ENDS, ENDS + 1, None, "", "NaN", 0, -1, "soon", True, 1.5])
def test_when_it_has_ended_or_nobody_says_what_time_it_is_then_nothing_is_waived(waived: Universe, now: object) -> None:
    """The second before it ends it holds; an invalid time is no time."""
    facts = at_share(waived, "0.4")
    decision = both(waived, {**facts, "clock": {"now": now}})
    silent = both(waived, {name: group for name, group in facts.items() if name != "clock"})

    assert both(waived, facts).allowed
    assert (decision.reasons, decision.waived) == (("symbol_cap", "correlation_cap"), ())
    assert (silent.reasons, silent.waived) == (("symbol_cap", "correlation_cap"), ())


def test_when_somebody_else_asks_then_nothing_is_waived(waived: Universe) -> None:
    """A waiver is for one symbol or strategy; one that names both needs both."""
    wide = {"bid": "2958", "ask": "2962"}
    facts = quiet_facts(waived, "ETHUSDT", Decimal(2_000_000)) | {"clock": {"now": ENDS - 1}, "book": wide}

    def said(symbol: str, strategy: str) -> tuple[set[str], set[str]]:
        given = facts if symbol == "ETHUSDT" else order(waived) | {"book": {"bid": "87500", "ask": "87600"}}
        decision = both(waived, {**given, "order": {**given["order"], "strategy": strategy, "quantity": "20"}})
        return {str(r.waiver) for r in decision.waived}, set(decision.reasons) & {"spread", "order_notional"}

    assert said("ETHUSDT", "momentum") == ({"trend", "block"}, set())
    assert said("ETHUSDT", "vol_target") == (set(), {"spread", "order_notional"})
    assert said("BTCUSDT", "vol_target")[0] == {"widen"}


def test_when_a_fact_is_missing_or_invalid_then_it_is_never_waived(waived: Universe) -> None:
    """Leave to hold more is no leave to know less."""
    for given in (None, "NaN", "many"):
        facts = at_share(waived, "0.35")
        facts["position"] = {**facts["position"], "notional": given}
        decision = both(waived, facts)

        assert not decision.allowed
        assert "symbol_exposure" in {gate for reason in decision.vetoes for gate in reason.gates}
        assert decision.waived == ()


def test_when_random_intents_are_decided_then_waivers_take_away_exactly_what_global_allows(waived: Universe) -> None:
    """Gate by gate, against the gate alone with global's values; without a waiver nothing differs by a byte."""
    plain = replace(waived.ruleset, waivers=())
    engines = {backend: Engine(waived.ruleset, backend) for backend in BACKENDS}
    without, used, kept = Engine(plain), 0, 0
    for facts in stream(waived, 300, 7):
        widened(facts)
        for now in (ENDS - 1, ENDS):
            asked = {**facts, "clock": {"now": now}}
            fast, slow = (engine.decide(asked) for engine in engines.values())
            assert fast.to_json() == slow.to_json()
            before = without.decide(asked)
            if now == ENDS:
                assert fast.to_json() == before.to_json()
                continue
            passing = {r.gate for r in before.vetoes if r.gate and r.reason and everybody_may(waived, asked, r.gate)}
            left = [r.gate for r in before.vetoes if r.gate not in passing]
            assert [r.gate for r in fast.vetoes] == left
            assert [r.gate for r in fast.waived] == [r.gate for r in before.vetoes if r.gate in passing]
            assert fast.shadow == before.shadow
            used, kept = used + bool(passing), kept + bool(left)
            largest_passes(engines["python"], asked, fast, before)
    assert used > 20
    assert kept > 30


def widened(facts: dict[str, Any]) -> None:
    """Spreads and prices a little beyond what tiers allow, as a thin week has them."""
    if int(Decimal(facts["mark"]["price"] or 0)) % 3 == 0:
        facts["book"]["ask"] = str(Decimal(facts["book"]["bid"]) * Decimal("1.0021"))
        facts["tier"]["others"] = str(Decimal(facts["tier"]["others"]) + 150_000)


def everybody_may(universe: Universe, facts: Mapping[str, Any], gate: str) -> bool:
    """Whether a gate of which somebody has a waiver passes with global's values, worked out by a rule set in which
    nobody has values of their own.
    """
    who = (facts["order"]["symbol"], facts["order"]["strategy"])
    mine = [w for w in universe.ruleset.waivers if w.gate == gate and w.subject in (None, who[0])]
    mine = [w for w in mine if w.actor in (None, who[1])]
    if not mine:
        return False
    ruleset = universe.ruleset
    subjects = {
        name: replace(s, layer=replace(s.layer, caps={**s.layer.caps, **mine[0].layer.caps}))
        for name, s in ruleset.subjects.items()
    }
    actors = {
        name: replace(a, caps={k: v for k, v in a.caps.items() if k not in mine[0].layer.caps})
        for name, a in ruleset.actors.items()
    }
    engine = Engine(replace(ruleset, subjects=subjects, actors=actors, waivers=()), "interpreter")
    judged = {j.gate.id: j.outcome for j in engine.judgements(engine.reader.read(facts))[0]}
    return judged[gate] in (Outcome.PASS, Outcome.NO_BOUND, Outcome.NOT_MEANT)


def largest_passes(engine: Engine, facts: Mapping[str, Any], decision: Decision, before: Decision) -> None:
    """What is offered passes all that is not left out, and is no less than was offered without waivers."""
    offered, was = (Decimal(d.largest) if d.largest else Decimal(0) for d in (decision, before))
    assert offered >= was
    if decision.largest and not decision.allowed:
        again = engine.decide({**facts, "order": {**facts["order"], "quantity": decision.largest}})
        assert {r.gate for r in again.vetoes} <= set(decision.left_out)


def test_when_all_is_said_then_why_a_gate_passed_is_told_gate_by_gate(waived: Universe) -> None:
    """What `why` shows: the gate is waived, with its own numbers."""
    engine = Engine(waived.ruleset)
    judged, _ = engine.judgements(engine.reader.read(at_share(waived, "0.4")))
    (gate,) = [j for j in judged if j.gate.id == "symbol_exposure"]

    assert (gate.outcome, gate.stops, str(gate.limit)) == (Outcome.WAIVED, False, "3/10")
    assert gate.waiver is not None
    assert gate.waiver.id == "unwind"


ALTERED: Final[dict[str, dict[str, Any]]] = {
    "a gate that there is not": {"gate": "nothing"},
    "a gate of form": {"gate": "tick_size"},
    "a gate of the account": {"gate": "nav_fresh"},
    "a halt": {"gate": "halt_held"},
    "a symbol that there is not": {"subject": "PEPEUSDT"},
    "a strategy that there is not": {"actor": "nobody"},
    "an end that is no time": {"until": "tomorrow"},
    "no end": {"until": None},
    "a nobody who gives it": {"by": " "},
    "a cap that there is not": {"caps": {"nothing": "1"}},
    "a value that is none": {"caps": {"symbol_exposure": "much"}},
    "a key that there is not": {"gates": "all"},
}


@pytest.mark.parametrize("name", ALTERED)
def test_when_a_compiled_waiver_was_altered_then_the_rules_are_refused(waived: Universe, name: str) -> None:
    """The reader trusts nobody, also not whoever wrote the document."""
    document = {**waived.document, "waivers": {"unwind": {**waived.document["waivers"]["unwind"], **ALTERED[name]}}}

    with pytest.raises(Refused):
        read(document)


def test_when_a_waiver_is_for_everybody_or_the_head_has_no_clock_then_the_rules_are_refused(waived: Universe) -> None:
    """Everybody's leave is another cap; and what nothing ends is no waiver."""
    entry = {k: v for k, v in waived.document["waivers"]["unwind"].items() if k != "subject"}
    with pytest.raises(Refused, match="for a subject or an actor"):
        read({**waived.document, "waivers": {"unwind": entry}})
    head = {k: v for k, v in waived.document["head"].items() if k != "clock"}
    with pytest.raises(Refused, match="names no clock"):
        read({**waived.document, "head": head})
    with pytest.raises(Refused, match=r"clock\.then"):
        read({**waived.document, "head": {**head, "clock": "clock.then"}})
    with pytest.raises(Refused, match="is no time"):
        read({**waived.document, "head": {**head, "clock": "order.urgent"}})


def test_when_rules_have_no_waivers_then_no_gate_is_judged_twice(
    universe: Universe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waives nothing pays nothing."""
    made: list[object] = []
    monkeypatch.setattr(Situation, "under", lambda *args: made.append(args))
    Engine(universe.ruleset).decide(order(universe, order={"quantity": "100"}))

    assert made == []
    assert "waivers" not in universe.document


def test_which_gates_of_the_shipped_rules_may_be_waived(universe: Universe) -> None:
    """Neither what the venue refuses, nor a halt, nor the account's."""
    never = {gate.id for gate in universe.ruleset.gates if not may_be_waived(gate)}

    assert {"tick_size", "step_size", "min_quantity", "max_quantity", "nav_fresh", "halt"} <= never
    assert not {"symbol_exposure", "spread", "order_notional", "cooldown"} & never


def spending() -> RuleSet:
    """The cloud's rules with leave for one department to pay more, in hours since the year began."""
    document = cloud.document()
    hour = {"unit": "count", "from": "calendar", "meaning": "Hours since the year began."}
    fair = {"why": "A fair.", "by": "cfo", "gate": "hourly_price", "subject": "research", "until": "100"}
    layer = {"caps": {"hourly_price": "11"}, "provenance": {}}
    document["facts"] = {**document["facts"], "calendar.hour": hour}
    document["head"] = {**document["head"], "clock": "calendar.hour"}
    return read({**document, "waivers": {"fair": {**fair, "written": "hour 100", **layer}}})


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("changes", "hour", "reasons"),
    [
        ({"request__price": "11"}, "99", []),
        ({"request__price": "11.01"}, "99", ["price_over_cap"]),
        ({"request__price": "11"}, "100", ["price_over_cap"]),
        ({"request__price": "11"}, None, ["price_over_cap"]),
        ({"request__price": "11", "request__department": "platform"}, "99", ["price_over_cap"]),
        ({"request__price": "11", "request__region": "us-east"}, "99", ["region_not_allowed"]),
    ],
)
def test_when_rules_are_of_another_trade_then_waivers_hold_there_too(
    backend: str, changes: dict[str, Any], hour: str | None, reasons: list[str]
) -> None:
    """The engine knows subjects, actors and a clock, and no word of trading."""
    facts = cloud.request(**changes, calendar__hour=hour, approvals__given="2")

    assert list(Engine(spending(), backend).decide(facts).reasons) == reasons

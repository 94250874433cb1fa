"""Scenarios with a past: windows and breakers follow from events, by the code that a run counts and judges with."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from engine import BACKENDS, Engine
from engine.reach import reach
from engine.ruleset import gate_nodes
from generator import scenarios
from generator.compile.problems import Problem
from generator.compile.stages import Compiled
from generator.past import recalled
from generator.scenarios import Report, read_file, run
from generator.trials import Scenario
from tests.conftest import ROOT

FILE: Final = "rules/scenarios/lately.yaml"
TEXT: Final = (ROOT / FILE).read_text(encoding="utf-8")
# The shipped account, and one scenario of these lines behind it.
GIVEN: Final = TEXT.partition("scenarios:\n")[0]
LOSS: Final = "realised: -5 USDT, fees: 1 USDT, funding: 0 USDT"


def read(compiled: Compiled, text: str) -> tuple[list[Scenario], list[Problem]]:
    """The scenarios of a text, and what is wrong with it."""
    problems: list[Problem] = []
    found = read_file(FILE, text, compiled.ruleset, compiled.schemas["scenarios"], problems)
    return found, problems


def one(compiled: Compiled, *events: str, now: str = "2026-01-05T12:00:00Z", facts: str = "{}") -> Scenario:
    """One scenario with these events, that expects a pass."""
    lines = "".join(f"      - {event}\n" for event in events)
    body = f"  - name: one\n    now: {now}\n    facts: {facts}\n    events:{' []' if not events else ''}\n{lines}"
    (made,), problems = read(compiled, f"{GIVEN}scenarios:\n{body}    expect: allow\n")
    assert not problems
    return made


def facts_of(compiled: Compiled, scenario: Scenario) -> Mapping[str, Any]:
    """What a scenario's past comes to."""
    return recalled(scenario.facts, scenario.past, Engine(compiled.ruleset)).facts


MISTAKES: Final = {
    "an event that there is not": ("{at: -5m, ‸exits: {reason: stop_loss}}", "unknown-event"),
    "an event that windows don't read": ("{at: -5m, ‸funding: {}}", "unknown-event"),
    "two events at one place": ("{at: -5m, exit: {reason: stop_loss}, ‸order_sent: {cause: slice}}", "unknown-event"),
    "a field that there is not": ("{at: -5m, exit: {reason: stop_loss, ‸why: x}}", "unknown-field"),
    "a field that a window needs": ("{at: -5m, ‸exit: {}}", "missing-key"),
    "a strategy that there is not": ("{at: -5m, exit: {reason: stop_loss, strategy: ‸momentun}}", "unknown-value"),
    "a word of another list": ("{at: -5m, order_changed: {change: ‸refused}}", "unknown-value"),
    "money without a currency": ("{at: -5m, trade: {realised: ‸-5, fees: 0, funding: 0}}", "bad-value"),
    "a time to come": ("{at: ‸5m, order_sent: {cause: slice}}", "bad-value"),
    "a part of a second": ("{at: ‸-5ms, order_sent: {cause: slice}}", "bad-value"),
    "no time at all": ("‸{order_sent: {cause: slice}}", "missing-key"),
    "more often than one entry stands for": ("{at: -5m, times: ‸1001, order_sent: {cause: slice}}", "bad-value"),
    "no number of times": ("{at: -5m, times: ‸often, order_sent: {cause: slice}}", "bad-value"),
    "a breaker that there is not": ("{at: -5m, rearm: ‸drawdawn}", "unknown-breaker"),
    "a fact in another unit, then": ("{at: -5m, facts: {nav: {total: ‸5}}}", "bad-value"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_past_is_shown_at_its_place(compiled: Compiled, name: str) -> None:
    """One problem, with the line and column of what is wrong."""
    marked, code = MISTAKES[name]
    before = f"{GIVEN}scenarios:\n  - name: one\n    now: 2026-01-05T12:00:00Z\n    events:\n      - "
    _, problems = read(compiled, f"{before}{marked.replace('‸', '')}\n    expect: allow\n")
    column = len("      - ") + marked.index("‸") + 1
    assert [(p.code, p.line, p.column) for p in problems] == [(code, before.count("\n") + 1, column)]
    assert problems[0].message


HEADS: Final = {
    "no moment": ("now: ‸yesterday", "bad-value"),
    "a moment of another zone": ("now: ‸2026-01-05T12:00:00+01:00", "bad-value"),
    "no day of the calendar": ("now: ‸2026-02-30T12:00:00Z", "bad-value"),
    "a count that events tell": ("now: 2026-01-05T12:00:00Z\n    facts: {‸recent: {orders_1m: 3}}", "told-twice"),
    "a state that events tell": ("now: 2026-01-05T12:00:00Z\n    facts: {‸breakers: {halt: true}}", "told-twice"),
    "events without a now": ("only: [cooldown]", "missing-key"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_mistake_about_its_moment_is_shown_at_its_place(compiled: Compiled, name: str) -> None:
    """What time it is can be read, and nothing is said twice."""
    marked, code = HEADS[name]
    _, problems = read(
        compiled,
        f"{GIVEN}scenarios:\n  - name: one\n    {marked.replace('‸', '')}\n    events: []\n    expect: allow\n",
    )
    assert {p.code for p in problems} == {code}
    if "‸" in marked:
        before = f"{GIVEN}scenarios:\n  - name: one\n    {marked}".partition("‸")[0]
        place = before.count("\n") + 1, len(before) - before.rfind("\n")
        assert place in [(p.line, p.column) for p in problems]


def test_events_are_of_whom_the_order_is_about_unless_they_say_otherwise(compiled: Compiled) -> None:
    """Symbol, strategy and side are the order's where an event leaves them out."""
    mine = one(compiled, f"{{at: -1m, trade: {{{LOSS}}}}}", "{at: -1m, order_sent: {cause: slice, symbol: ETHUSDT}}")
    recent = facts_of(compiled, mine)["recent"]
    assert (recent["loss_streak"], recent["trades_today"], recent["since_exit"]) == (1, 1, 60)
    assert (recent["symbol_orders"], recent["orders_1m"]) == (0, 0), "a minute ago is out of a minute"
    theirs = one(compiled, f"{{at: -1m, trade: {{strategy: vol_target, side: SELL, {LOSS}}}}}")
    recent = facts_of(compiled, theirs)["recent"]
    assert (recent["loss_streak"], recent["trades_today"]) == (0, 0)
    assert recent["since_exit"] > 10**8


def test_events_happen_in_order_of_time_however_they_are_written(compiled: Compiled) -> None:
    """The latest ends a streak, wherever it stands."""
    profit = "{at: -1m, exit: {reason: take_profit}}"
    stops = [f"{{at: -{n}m, exit: {{reason: stop_loss}}}}" for n in (9, 5, 3)]
    for events in ([profit, *stops], [*stops, profit], [stops[1], profit, stops[2], stops[0]]):
        assert facts_of(compiled, one(compiled, *events))["recent"]["stop_streak"] == 0
    assert facts_of(compiled, one(compiled, *stops))["recent"]["stop_streak"] == 3


def test_what_an_event_changes_is_written_in_the_units_of_the_orders_symbol(compiled: Compiled) -> None:
    """Though the event itself doesn't say which symbol that is."""
    made = one(compiled, "{at: -5m, facts: {mark: {price: 49_000 USDT/BTC}}}", facts="{order: {symbol: BTCUSDT}}")
    assert made.past is not None
    assert made.past.happenings[0].facts == {"mark": {"price": "49000"}}


def test_what_given_says_of_windows_does_not_count_where_events_tell(compiled: Compiled) -> None:
    """An account that was written with counts is looked at anew."""
    more = GIVEN + "  recent: {orders_1m: 59, since_exit: 0}\n  breakers: {halt: true}\n"
    text = f"{more}scenarios:\n  - name: one\n    now: 2026-01-05T12:00:00Z\n    events: []\n    expect: allow\n"
    (made,), problems = read(compiled, text)
    facts = facts_of(compiled, made)
    assert not problems
    assert (facts["recent"]["orders_1m"], facts["breakers"]["halt"]) == (0, False)


def test_a_scenario_without_events_is_as_it_was(compiled: Compiled) -> None:
    """Its windows and breakers are what its facts say, and nothing else."""
    (made,), problems = read(compiled, f"{GIVEN}scenarios:\n  - name: one\n    expect: allow\n")
    assert not problems
    assert made.past is None
    assert recalled(made.facts, made.past, Engine(compiled.ruleset)).facts is made.facts


def test_facts_that_can_not_be_read_are_refused_whatever_happened(compiled: Compiled) -> None:
    """An order of nobody has no past of its own: the decision says what is missing."""
    nobody = one(
        compiled,
        "{at: -1m, order_sent: {cause: slice, symbol: ETHUSDT, strategy: momentum}}",
        facts="{order: {strategy: null}}",
    )
    (failure,) = run([nobody], compiled.ruleset).failures
    assert set(failure.actual.split(", ")) == {"facts_missing"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_shipped_breaker_and_window_is_shown(compiled: Compiled, backend: str) -> None:
    """Each breaker closes in some scenario, and each window counts something."""
    shipped = [s for s in scenarios.read_folder(ROOT, compiled.ruleset, compiled.schemas["scenarios"]) if s.past]
    report: Report = run(shipped, compiled.ruleset, backend)
    assert report.failures == []
    assert (report.never_tripped(compiled.ruleset), report.never_counted(compiled.ruleset)) == ([], [])
    lately = [g.id for g in compiled.ruleset.gates if any(r.startswith("recent.") for r in _reads(compiled, g.id))]
    assert [g for g in lately if not (report.fired[g] and report.passed[g])] == []


def _reads(compiled: Compiled, gate: str) -> frozenset[str]:
    return reach(compiled.ruleset, *(n for g in compiled.ruleset.gates if g.id == gate for n in gate_nodes(g)))


@pytest.mark.parametrize("number", range(3))
def test_what_no_scenario_shows_is_named(compiled: Compiled, number: int) -> None:
    """Without the events of a kind, its window and its breaker are gaps."""
    event, breaker, window = (
        ("exit", "stop_streak", "stop_streak"),
        ("trade", "loss_streak", "loss_streak"),
        ("order_changed", "reject_burst", "refusals_10m"),
    )[number]
    shown, _ = read(compiled, TEXT)
    without = [s for s in shown if s.past and all(h.event != event for h in s.past.happenings)]
    report = run(without, compiled.ruleset)
    assert breaker in report.never_tripped(compiled.ruleset)
    assert window in report.never_counted(compiled.ruleset)

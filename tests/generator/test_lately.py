"""Windows and breakers as people write them: what is wrong with one is said at its line, before anything is written."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from syrupy.assertion import SnapshotAssertion

from engine import Engine
from generator.compile.finish import file_text
from generator.compile.stages import Compiled, compile_universe
from tests.conftest import TODAY
from tests.generator.test_problems import COMPILED, Mistake, checked, places, run, shown
from universe.quiet import quiet_facts
from universe.reader import parse

WINDOWS: Final = "rules/windows.yaml"
BREAKERS: Final = "rules/breakers.yaml"
EVENTS: Final = "schemas/events.yaml"
SINCE: Final = "{since_last: trade, by: [symbol, side]"
ORDERS: Final = "{count: order_sent, within: 1m"
REFUSALS: Final = "{count: order_changed, where: order_changed.change == 'rejected', within: 10m}"
DAY_LOSS: Final = "    below: caps.daily_loss\n    hold: utc_day\n"
# A mistake is one line: what was, what is written instead, and where that is told.
# ruff: noqa: E501
MISTAKES: Final = (
    # windows
    Mistake("window of no kind", "no-kind", WINDOWS, "  orders_1m: {count: order_sent, ", "  ‸orders_1m: {"),
    Mistake("window of two kinds", "no-kind", WINDOWS, "  orders_1m: {", "  ‸orders_1m: {streak: exit, "),
    Mistake("misspelt key of a window", "unknown-key", WINDOWS, ORDERS, "{count: order_sent, ‸whithin: 1m"),
    Mistake("event that there is not", "unknown-event", WINDOWS, ORDERS, "{count: ‸orders_sent, within: 1m"),
    Mistake("event that windows don't read", "unknown-event", WINDOWS, ORDERS, "{count: ‸fill, within: 1m"),
    Mistake("count of no span", "no-span", WINDOWS, "  orders_1m: {count: order_sent, within: 1m", "  ‸orders_1m: {count: order_sent"),
    Mistake("two spans", "two-spans", WINDOWS, ORDERS, "{count: order_sent, within: 1m, since: ‸utc_day"),
    Mistake("since_last with a span", "bad-span", WINDOWS, SINCE, "{since_last: trade, by: [symbol, side], within: ‸1h"),
    Mistake("period that there is not", "unknown-event", WINDOWS, "by: [strategy], since: utc_day}", "by: [strategy], since: ‸utc_month}"),
    Mistake("span in no unit", "bad-value", WINDOWS, ORDERS, "{count: order_sent, within: ‸60"),
    Mistake("span of half a second", "bad-value", WINDOWS, ORDERS, "{count: order_sent, within: ‸500ms"),
    Mistake("span of a cap that is no time", "bad-value", WINDOWS, "within: caps.orders_span", "within: ‸caps.symbol_orders"),
    Mistake("field that the event lacks", "unknown-field", WINDOWS, SINCE, "{since_last: trade, by: [‸symbols, side]"),
    Mistake("field that orders lack", "unknown-field", WINDOWS, SINCE, "{since_last: trade, by: [symbol, ‸reason]"),
    Mistake("condition over another event", "unknown-fact", WINDOWS, REFUSALS, REFUSALS.replace("order_changed.change", "‸trade.side")),
    Mistake("word that the field never is", "unknown-value", WINDOWS, REFUSALS, REFUSALS.replace("'rejected'", "‸'refused'")),
    Mistake("sum without a unit", "unknown-unit", WINDOWS, "  orders_1m:", "  brought: ‸{sum: trade.realised, since: utc_day}\n  orders_1m:"),
    Mistake("sum over two events", "unknown-event", WINDOWS, "  orders_1m:", "  brought: {sum: ‸trade.quantity - order_sent.quantity, unit: base, since: utc_day}\n  orders_1m:"),
    Mistake("sum of quotients", "division-inside", WINDOWS, "  orders_1m:", "  brought: {sum: ‸trade.realised / 2, unit: USDT, since: utc_day}\n  orders_1m:"),
    Mistake("window that is read nowhere by its name", "unknown-fact", WINDOWS, "  stops_1h:", "  stops_2h:", ("rules/gates.yaml", "recent.stops_1h")),
    Mistake("span of a cap that nothing is kept by", "kept-by", WINDOWS, "{count: order_sent, by: [symbol], within: caps.orders_span}", "{count: order_sent, within: ‸caps.orders_span}"),
    # breakers
    Mistake("breaker without a hold", "missing-key", BREAKERS, "    hold: utc_day\n", "", (BREAKERS, "id: daily_loss")),
    Mistake("hold that is no time", "bad-value", BREAKERS, "hold: utc_day", "hold: ‸today"),
    Mistake("hold of a cap that is no time", "bad-value", BREAKERS, "hold: caps.refusal_pause", "hold: ‸caps.refusals"),
    Mistake("hold of a cap that nothing is kept by", "kept-by", BREAKERS, "hold: caps.refusal_pause", "hold: ‸caps.streak_pause"),
    Mistake("event that a breaker awaits in vain", "unknown-event", BREAKERS, "on: exit", "on: ‸exits"),
    Mistake("keys that the event lacks", "unknown-field", BREAKERS, "on: exit", "on: order_changed", (BREAKERS, "strategy]\n    on: order_changed")),
    Mistake("keys that no order has", "unknown-field", BREAKERS, "by: [strategy]\n    on: exit", "by: [‸strategies]\n    on: exit"),
    Mistake("keys that are numbers", "unknown-field", BREAKERS, DAY_LOSS, DAY_LOSS + "    by: [‸quantity]\n"),
    Mistake("window kept by more than its breaker", "kept-by", BREAKERS, "    measure: recent.refusals_10m", "    measure: recent.trades_today", (BREAKERS, "id: reject_burst")),
    Mistake("fact of one order", "breaker-scope", BREAKERS, "measure: day_loss", "measure: order.leverage", (BREAKERS, "id: daily_loss")),
    Mistake("breaker that reads another", "breaker-scope", BREAKERS, "require: not control.halt", "require: not control.halt and not breakers.drawdown", (BREAKERS, "id: halt")),
    Mistake("bound of another unit", "unit-mismatch", BREAKERS, "below: caps.daily_loss", "below: ‸caps.refusals"),
    Mistake("another bound of another unit", "unit-mismatch", BREAKERS, DAY_LOSS, DAY_LOSS + "    reopen: ‸caps.refusals\n"),
    Mistake("another bound of a condition", "bad-shape", BREAKERS, "    hold: manual\n    exits: halt", "    hold: manual\n    reopen: ‸caps.daily_loss\n    exits: halt"),
    Mistake("breaker that is called as a gate", "same-id", BREAKERS, "- id: daily_loss", "- id: ‸kill_switch"),
    Mistake("unset hold", "unset-cap", "rules/risk.yaml", "  refusal_pause: 10m\n", "", (BREAKERS, "caps.refusal_pause")),
)  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name.replace(" ", "_"))
def test_a_mistake_about_what_happened_lately_is_told_at_its_place(
    mistake: Mistake, project: Path, snapshot: SnapshotAssertion
) -> None:
    """Its code, line and column, and what to write instead; nothing is written."""
    place = mistake.made_in(project)
    code, found = checked(project)
    assert (code, [(p.code, p.warning) for p in found]) == (2, [(mistake.code, False)])
    assert places(found) == [place]
    assert shown(project, found[0]) == snapshot


def test_when_two_breakers_share_a_name_then_that_is_all_that_is_said(project: Path) -> None:
    """At the second one's name, for each of the gates that a breaker is."""
    place = Mistake("", "", BREAKERS, "- id: daily_loss", "- id: ‸drawdown").made_in(project)
    _, found = checked(project)
    assert {(p.code, p.file, p.line, p.column) for p in found} == {("same-id", *place)}


def test_when_many_are_wrong_then_all_are_told_at_once(project: Path) -> None:
    """Windows and breakers in one go, in file order."""
    edits = (
        (BREAKERS, "hold: utc_day", "hold: ‸today"),
        (BREAKERS, "on: exit", "on: ‸exits"),
        (WINDOWS, ORDERS, "{count: ‸orders_sent, within: 1m"),
        (WINDOWS, "within: caps.orders_span", "within: ‸caps.symbol_orders"),
    )
    expected = [Mistake("", "", *edit).made_in(project) for edit in edits]
    code, found = checked(project)
    assert (code, places(found)) == (2, sorted(expected))


def test_the_same_files_make_the_same_bytes(project: Path, compiled: Compiled) -> None:
    """Windows and breakers are in the universe as they are written, with the line of each; twice, and anywhere."""
    twice = [file_text(compile_universe(project, today=TODAY).document) for _ in range(2)]
    assert twice[0] == twice[1] == file_text(compiled.document)
    ruleset = parse(twice[0]).ruleset
    lines = (project / WINDOWS).read_text(encoding="utf-8").splitlines()
    for name, window in ruleset.windows.items():
        file, _, line = window.source.partition(":")
        assert file == WINDOWS
        assert lines[int(line) - 1].startswith(f"  {name}: {{{window.kind}: ")
    assert [b.id for b in ruleset.breakers] == [
        line.split()[-1] for line in (project / BREAKERS).read_text(encoding="utf-8").splitlines() if "- id: " in line
    ]


def test_what_is_written_otherwise_and_means_the_same_has_the_same_hash(project: Path, compiled: Compiled) -> None:
    """An hour is 60 minutes; a comment says nothing. A longer hold does."""
    path = project / BREAKERS
    text = path.read_text(encoding="utf-8")
    ruleset = compiled.document["ruleset"]
    path.write_text(text.replace("- id: halt", "# Ask Ada.\n  - id: halt"), encoding="utf-8")
    assert compile_universe(project, today=TODAY).document["ruleset"] == ruleset
    path.write_text(text.replace("hold: utc_day", "hold: utc_week"), encoding="utf-8")
    assert compile_universe(project, today=TODAY).document["ruleset"] != ruleset


def _without(project: Path) -> None:
    """A project that counts nothing over time and holds nothing shut; nor does it have the caps that only that reads."""
    for file in (WINDOWS, BREAKERS):
        (project / file).unlink()
    gates = project / "rules/gates.yaml"
    text = gates.read_text(encoding="utf-8")
    measures = re.findall(r"^  (\w+): \{.*recent\..*\n", text, re.MULTILINE)
    reading = re.compile(r"recent\.|" + "|".join(rf"\b{name}\b" for name in measures))
    head, *entries = re.sub(r"^  \w+: \{.*recent\..*\n", "", text, flags=re.MULTILINE).split("\n  - id: ")
    gates.write_text("\n  - id: ".join([head, *(e for e in entries if not reading.search(e))]), encoding="utf-8")
    for file, part in (
        ("rules/sizing.yaml", " or breakers.reject_burst"),
        ("rules/router.yaml", "      - {id: refused, when: breakers.reject_burst, then: {style: taker}}\n"),
    ):
        path = project / file
        path.write_text(path.read_text(encoding="utf-8").replace(part, ""), encoding="utf-8")
    risk, facts = project / "rules/risk.yaml", project / "schemas/facts.yaml"
    risk.write_text(risk.read_text("utf-8").replace("{drawdown: 95%, daily_loss: 50%}", "{leverage: 5x}"), "utf-8")
    _drop(facts, ("windows", "breakers"))
    found = json.loads("[" + ",".join(run(project, "check", "--json").stdout.splitlines()) + "]")
    idle = [problem["message"].split("`")[1] for problem in found if problem["code"] == "unread-cap"]
    for file in ("schemas/caps.yaml", "rules/risk.yaml"):
        _drop(project / file, idle)


def _drop(path: Path, names: Iterable[str]) -> None:
    """A file without the lines that begin with these names."""
    gone = tuple(f"  {name}:" for name in names)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(gone)), encoding="utf-8")


def test_a_project_without_the_two_files_compiles(project: Path) -> None:
    """It has no windows and no breakers, nor any fact of theirs; and it decides."""
    _without(project)
    assert "universe.json written" in run(project, "universe").stdout
    universe = parse((project / COMPILED).read_text(encoding="utf-8"))
    ruleset = universe.ruleset
    assert (ruleset.windows, ruleset.breakers) == ({}, ())
    assert not [name for name in ruleset.catalog.facts if name.startswith(("recent.", "breakers."))]
    facts = quiet_facts(universe, "BTCUSDT", Decimal(100_000))
    facts["order"]["quantity"] = "0.01"
    del facts["recent"], facts["breakers"]
    assert Engine(ruleset).decide(facts).allowed

"""Questions to rules as they stand, and invariants: the shipped rules hold theirs; an edit that breaks one is shown."""

import json
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from cli.main import main
from generator.change.proof.invariants import FILE, Invariants, read_invariants
from generator.change.proof.promises import Verdict
from generator.change.proof.quiet import quiet_orders
from generator.change.proof.standing import Standing, kept, standing
from generator.change.sides import Rules
from generator.compile.files import Texts
from generator.compile.problems import Refused
from tests.conftest import ROOT
from tests.generator.change.projects import EXITS, GATES, RISK, Edit, edited, rules_of
from tests.generator.proof.predecessor import universe

pytest.importorskip("z3", reason="the solver is the extra `proof`")

OWN: Final = (ROOT / FILE).read_bytes()
KILL: Final = (
    GATES,
    "    require: not control.kill_switch\n",
    "    when: order.urgent\n    require: not control.kill_switch\n",
)
GATE: Final = "\n  - {id: calm, why: Noise., require: not order.urgent, exits: halt, veto: calm}\n"
HALT: Final = (GATES, "    veto: free_margin\n", f"    veto: free_margin\n{GATE}")


def invariants(rules: Rules, text: bytes = OWN) -> Invariants:
    """Invariants as they are written, read for some rules."""
    return read_invariants(Texts({FILE: text}), rules.document, rules.ruleset)


def of(*edits: Edit, text: bytes = OWN) -> Standing:
    """What the shipped rules with some edits can do and never do."""
    rules = rules_of(edited(*edits))
    near = quiet_orders(universe(rules))
    return standing(rules.ruleset, invariants(rules, text), limit_seconds=2.0, near=near)


def test_the_shipped_rules_hold_their_invariants_and_never_stop_an_exit_of_good_form() -> None:
    """Every invariant is proved; gates of form and a person's halt alone can veto an order that reduces, each shown."""
    found = of()

    assert {p.verdict for p in found.promises} == {Verdict.HOLDS}
    assert len(found.promises) > 0
    assert [(e.gate.id, e.gate.exits) for e in found.exits] == [
        ("tick_size", "form"),
        ("step_size", "form"),
        ("min_quantity", "form"),
        ("max_quantity", "form"),
        ("halt", "halt"),
        ("halt_held", "halt"),
    ]
    assert {d.place.subject for d in found.denied} == {"ETCUSDT"}
    assert [m.gate.id for m in found.mute] == ["symbol_enabled", "restricted", "venue_min_notional"]
    assert found.dead_rows == ()


@pytest.mark.parametrize(
    ("edit", "broken"),
    [
        (KILL, {"add_while_killed"}),
        ((RISK, "  gross_exposure: 1.5x", "  gross_exposure: 2.5x"), {"runaway_gross"}),
        ((RISK, "  nav_max_age: 150s", "  nav_max_age: 1h"), {"blind"}),
        (HALT, {"exits_open"}),
        ((GATES, "order.symbol not in caps", "order.symbol in caps"), {"can_buy_btc", "can_trade"}),
    ],
    ids=["kill", "gross", "age", "exits", "restricted"],
)
def test_an_edit_that_breaks_an_invariant_is_named_with_an_order(edit: Edit, broken: set[str]) -> None:
    """What must never come about and does is shown by an order that the engine itself decides so."""
    rules = rules_of(edited(edit))
    found = kept(rules.ruleset, invariants(rules), limit_seconds=2.0, near=quiet_orders(universe(rules)))

    assert {p.invariant.id for p in found if p.verdict is Verdict.BROKEN} == broken
    for promise in found:
        if promise.verdict is Verdict.BROKEN and promise.invariant.kind != "possible":
            assert promise.example is not None
            assert promise.example.decision.allowed is (promise.invariant.kind == "never")


def test_a_gate_that_holds_exits_and_a_row_that_never_applies_are_told() -> None:
    """A halt can stop an order that reduces in good form; a row behind one that always applies is dead."""
    found = of(HALT, (EXITS, "own.held < caps.min_hold", "own.held < caps.min_hold or own.held >= 0"))

    assert "calm" in [e.gate.id for e in found.exits if e.gate.exits == "halt"]
    assert [(r.table, r.row) for r in found.dead_rows][:1] == [("exit", "take_profit")]


def test_without_time_an_invariant_is_not_proved_rather_than_kept() -> None:
    """What only the solver knows counts as broken where it has no time."""
    rules = rules_of(edited())
    text = b"""format: 1
never: [{id: odd, why: It is never so., when: not reduces and exposure_after < 0 - abs(position.notional)}]
"""
    odd = invariants(rules, text)
    verdicts = [kept(rules.ruleset, odd, limit_seconds=seconds)[0].verdict for seconds in (1e-9, 2.0)]

    assert verdicts == [Verdict.NOT_PROVED, Verdict.HOLDS]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("never: [{id: a, why: b, when: nav.totl > 0}]", "unknown-fact"),
        ("never: [{id: a, why: b, measure: notional, above: 5%}]", "bad-expression"),
        ("never: [{id: a, why: b, measure: notional}]", "missing-key"),
        ("always: [{id: a, why: b, when: reduces, assuming: [tick]}]", "unknown-gate"),
        ("possible: [{id: a, why: b, given: {nav.total: 5}}]", "bad-value"),
        ("possible: [{id: a, why: b}, {id: a, why: c}]", "set-twice"),
    ],
)
def test_a_mistake_in_the_invariants_is_a_problem_with_its_place(text: str, said: str) -> None:
    """They are read as strictly as every other rule file."""
    with pytest.raises(Refused) as refused:
        invariants(rules_of(edited()), f"format: 1\n{text}\n".encode())

    assert [p.code for p in refused.value.problems] == [said]
    assert refused.value.problems[0].line == 2


def test_the_command_proves_a_change_and_ends_with_no_where_it_loosens(tmp_path: Path) -> None:
    """Each gate that changed, with an order in words, and exit code 1; of no change the same in data, and 0."""
    old, new = (
        universe(rules_of(edited(*e))) for e in ([], [(RISK, "    symbol_exposure: 30%", "    symbol_exposure: 31%")])
    )
    names = []
    for name, made in (("old.json", old), ("new.json", new)):
        (tmp_path / name).write_text(json.dumps(made.document))
        names.append(str(tmp_path / name))
    prove = ["--root", str(ROOT), "prove"]
    run = CliRunner().invoke(main, [*prove, *names])
    data = CliRunner().invoke(main, [*prove, "--json", names[0], names[0]])

    assert (run.exit_code, data.exit_code) == (1, 0)
    assert "symbol_exposure      LOOSEN        BTCUSDT (replay)" in run.output
    assert "was vetoed by symbol_cap at 31% > 30% and would now pass" in run.output
    change = json.loads(data.output)["environments"]["prod"]["change"]
    assert (change["class"], change["exit_held"], change["gates"]) == ("EQUIVALENT", False, [])

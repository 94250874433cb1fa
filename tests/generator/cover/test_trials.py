"""A scenario that fails says what was compared: gate, observed, limit, headroom, source."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from engine import Engine
from generator.compile.stages import Compiled
from generator.scenarios import read_file
from generator.trials import Failure, Scenario, failures, tried
from tests.conftest import ROOT
from universe.reader import Universe

FILE: Final = "rules/scenarios/exposure.yaml"


@pytest.fixture(scope="module")
def quiet(compiled: Compiled) -> dict[str, Any]:
    """The facts of a small buy that passes."""
    text = (ROOT / FILE).read_text(encoding="utf-8")
    first = read_file(FILE, text, compiled.ruleset, compiled.schemas["scenarios"], [])[0]
    return {**first.facts, "position": {"quantity": "0", "notional": "0"}, "positions": {"open": "0"}}


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """By the shipped rules."""
    return Engine(universe.ruleset)


def failed(engine: Engine, facts: dict[str, Any], expect: Any, **groups: dict[str, Any]) -> list[Failure]:
    """The failures of a scenario with some facts changed."""
    changed = {group: {**facts[group], **of} for group, of in groups.items()}
    return list(failures(tried(Scenario("s", "f:1", {**facts, **changed}, expect), engine)))


CASES: Final[dict[str, tuple[Any, dict[str, dict[str, Any]]]]] = {
    "a veto that is not expected": ("allow", {"order": {"quantity": "0.121"}}),
    "two vetoes of which one is expected": (
        {"veto": ["max_trade_nav"]},
        {"order": {"quantity": "0.121", "leverage": "5"}},
    ),
    "a pass where a veto is expected": ({"veto": ["symbol_cap"]}, {"position": {"notional": "29000"}}),
    "the right vetoes in the wrong order": (
        {"veto": ["leverage_cap", "max_trade_nav"]},
        {"order": {"quantity": "0.121", "leverage": "5"}},
    ),
    "a condition": ("allow", {"control": {"kill_switch": True}}),
    "a condition that holds": ({"veto": ["kill_switch"]}, {}),
    "a fact that is missing": ("allow", {"nav": {"total": None}}),
    "a guard that says no": ({"veto": ["add_to_loser"]}, {}),
    "no bound": ({"veto": ["open_quantity"]}, {"order": {"symbol": "ETHUSDT", "price": "2500", "quantity": "0.2"}}),
    "an exempt order": (
        {"veto": ["kill_switch"]},
        {"order": {"side": "SELL"}, "own": {"quantity": "0.01"}, "control": {"kill_switch": True}},
    ),
    "a multiple": ("allow", {"order": {"price": "50000.05"}}),
    "a symbol that nobody listed": ("allow", {"order": {"symbol": "FOOUSDT"}}),
    "a fact that nobody declared": ("allow", {"order": {"colour": "red"}}),
    "a largest size that is too large": ({"max_quantity": "0.05"}, {"order": {"quantity": "0.2"}}),
    "a largest size that would be stopped": ({"max_quantity": "0.13"}, {"order": {"quantity": "0.2"}}),
    "no size that passes": ({"max_quantity": "none"}, {"order": {"quantity": "0.2"}}),
    "a row": ({"tables": {"vol_factor": {"row": "low", "factor": "1.15x"}}}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_failure_shows_the_numbers_that_were_compared(
    case: str, quiet: dict[str, Any], engine: Engine, snapshot: SnapshotAssertion
) -> None:
    """Expected, actual, and what the gates in question said; nothing of the others."""
    expect, groups = CASES[case]
    found = failed(engine, quiet, expect, **groups)

    assert found
    assert [(f.expected, f.actual, *f.details) for f in found] == snapshot


def test_a_scenario_that_holds_has_no_failure(quiet: dict[str, Any], engine: Engine) -> None:
    """An allowed order that is expected to be."""
    assert failed(engine, quiet, "allow") == []


def test_both_backends_find_the_same_failures(quiet: dict[str, Any], engine: Engine, universe: Universe) -> None:
    """To the word."""
    reference = Engine(universe.ruleset, "interpreter")
    for expect, groups in CASES.values():
        one, other = (failed(e, quiet, expect, **groups) for e in (engine, reference))
        assert [(f.expected, f.actual, f.details) for f in one] == [(f.expected, f.actual, f.details) for f in other]


def ran(project: Path, *arguments: str) -> Result:
    """`hedgerow test` in a project."""
    return CliRunner().invoke(main, ["--root", str(project), "test", *arguments])


def test_the_command_shows_a_failure_once_for_both_backends(project: Path, snapshot: SnapshotAssertion) -> None:
    """With the line of the scenario, and of the cap that it ran into."""
    risk = project / "rules/risk.yaml"
    risk.write_text(risk.read_text(encoding="utf-8").replace("  trade_nav: 6%", "  trade_nav: 5.9%"), encoding="utf-8")

    result = ran(project, "-k", "a buy of exactly 6% of NAV passes")

    assert result.exit_code == 1
    assert result.stdout == snapshot


def test_json_has_the_numbers(project: Path) -> None:
    """As canonical texts in the unit, for programs."""
    risk = project / "rules/risk.yaml"
    risk.write_text(risk.read_text(encoding="utf-8").replace("  trade_nav: 6%", "  trade_nav: 5.9%"), encoding="utf-8")

    result = ran(project, "-k", "a buy of exactly 6% of NAV passes", "--backend", "python", "--json")

    (failure,) = json.loads(result.stdout)["failures"]
    gate, in_crisis = failure["gates"]
    assert (in_crisis["gate"], in_crisis["outcome"]) == ("trade_nav_in_crisis", "not meant")
    assert (gate["gate"], gate["observed"], gate["limit"], gate["headroom"]) == ("trade_nav", "0.06", "0.059", "-0.001")
    assert gate["source"] == "rules/risk.yaml:52"

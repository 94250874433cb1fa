"""Coverage: what scenarios show of each gate, what is missing, and what to write."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from engine.ruleset import Require
from generator import scenarios
from generator.change.cover.accepted import FILE, NOTHING, Accepted, read_accepted
from generator.change.cover.coverage import COLUMNS, MEANING, Coverage, applies
from generator.change.cover.missing import ROW, gaps, stale, thresholds
from generator.compile.problems import Refused, report
from generator.compile.stages import Compiled
from generator.scenarios import read_folder
from generator.trials import Scenario
from tests.conftest import ROOT
from universe.quiet import quiet_facts
from universe.reader import Universe


def covered(universe: Universe, *chosen: Scenario) -> Coverage:
    """The coverage of some scenarios."""
    found = Coverage(universe.ruleset)
    scenarios.run(chosen, universe.ruleset, watch=found.watch)
    return found


def scenario(universe: Universe, only: tuple[str, ...] = (), scope: str = "order", **groups: Any) -> Scenario:
    """A buy of 0.1 BTC by a quiet account of a million, with what differs."""
    facts = quiet_facts(universe, "BTCUSDT", 1_000_000)  # type: ignore[arg-type]
    facts["order"]["quantity"] = "0.1"
    return Scenario("s", "f:1", {g: {**of, **groups.get(g, {})} for g, of in facts.items()}, "allow", only, scope)


def shown(found: Coverage, gate: str) -> dict[str, int]:
    """What is counted of a gate, without the zeros."""
    counts = found.of(next(g for g in found.ruleset.gates if g.id == gate))
    return {column: count for column, count in counts.items() if count}


@pytest.mark.parametrize(
    ("gate", "groups", "expected"),
    [
        ("trade_nav", {}, {"passed": 1}),
        ("trade_nav", {"order": {"quantity": "0.685"}}, {"passed": 1, "at_bound": 1}),
        ("trade_nav", {"order": {"quantity": "0.686"}}, {"alone": 1, "over": 1}),
        ("trade_nav", {"order": {"quantity": "0.7"}}, {"alone": 1}),
        ("trade_nav", {"order": {"quantity": "0.7", "leverage": "9"}}, {"others": 1}),
        ("trade_nav", {"nav": {"total": None}}, {"missing": 1}),
        ("trade_nav", {"nav": {"total": "-1"}}, {"missing": 1}),
        ("trade_nav", {"order": {"side": "SELL"}, "own": {"quantity": "1"}}, {"exempt": 1}),
        ("strategy_positions", {"own": {"buys": "1"}}, {"guard": 1}),
        ("nav_fresh", {"nav": {"age": "149.999"}}, {"passed": 1, "at_bound": 1}),
        ("nav_fresh", {"nav": {"age": "149.998"}}, {"passed": 1}),
        ("nav_fresh", {"nav": {"age": "150"}}, {"alone": 1, "over": 1}),
        ("nav_fresh", {"nav": {"age": "150.001"}}, {"alone": 1}),
        ("tick_size", {"order": {"price": "87500.1"}}, {"passed": 1, "at_bound": 1}),
        ("tick_size", {"order": {"price": "87500.05"}}, {"alone": 1, "over": 1}),
        ("open_positions", {"positions": {"open": "5"}}, {"passed": 1, "at_bound": 1}),
        ("kill_switch", {"control": {"kill_switch": True}}, {"alone": 1}),
    ],
)
def test_an_outcome_is_counted(gate: str, groups: Any, expected: dict[str, int], universe: Universe) -> None:
    """Each once, in its column."""
    assert shown(covered(universe, scenario(universe, **groups)), gate) == expected


def test_a_gate_asked_by_itself_is_not_alone(universe: Universe) -> None:
    """By force it is the only one that stops: that shows nothing of the others."""
    asked = scenario(universe, ("trade_nav",), order={"quantity": "0.686"})
    found = covered(universe, asked)
    assert shown(found, "trade_nav") == {"over": 1}
    assert shown(found, "leverage") == {}


def test_an_account_update_counts_for_its_gates(universe: Universe) -> None:
    """And for no other."""
    found = covered(universe, scenario(universe, scope="account", nav={"age": "150"}))
    assert shown(found, "nav_fresh") == {"alone": 1, "over": 1}
    assert shown(found, "kill_switch") == {}


def test_what_can_not_apply_is_not_asked_for(universe: Universe) -> None:
    """A guard without a guard, a bound of a condition, an exemption from a gate of form, a missing fact."""
    applying = {g.id: {c for c in COLUMNS if applies(c, g, universe.ruleset)} for g in universe.ruleset.gates}

    for gate in universe.ruleset.gates:
        assert ("guard" in applying[gate.id]) is (gate.when is not None)
        assert ("exempt" in applying[gate.id]) is (not gate.exits)
        assert ({"at_bound", "over"} <= applying[gate.id]) is (not isinstance(gate.test, Require))
        assert {"passed", "alone", "others"} <= applying[gate.id]
    assert {g for g, of in applying.items() if "missing" not in of} == {"symbol_enabled", "restricted"}
    assert MEANING.keys() == set(COLUMNS)


def test_a_gap_says_what_to_write(universe: Universe, snapshot: SnapshotAssertion) -> None:
    """For each outcome of a gate, and for a row."""
    found = gaps(covered(universe), dict.fromkeys((*COLUMNS, ROW), 1), NOTHING)
    lines = {
        f"{g.name} {g.column}: {g.write}"
        for g in found
        if g.name in ("drawdown", "add_to_loser", "kill_switch", "route.wide")
    }
    assert sorted(lines) == snapshot


def test_an_accepted_gap_is_none_and_a_needless_one_is_stale(universe: Universe) -> None:
    """As long as nothing shows it; what shows it once must show it as often as is asked."""
    accepted = Accepted({("trade_nav", "alone"): "f:1", ("trade_nav", "guard"): "f:2"}, {})
    empty, once = covered(universe), covered(universe, scenario(universe, order={"quantity": "0.7"}))

    assert list(gaps(empty, {"alone": 2}, accepted)) == [
        g for g in gaps(empty, {"alone": 2}, NOTHING) if g.name != "trade_nav"
    ]
    assert [g.name for g in gaps(once, {"alone": 2}, accepted) if g.name == "trade_nav"] == ["trade_nav"]
    assert [(s.gate, s.column) for s in stale(empty, accepted)] == [("trade_nav", "guard")]
    assert [s.source for s in stale(once, accepted)] == ["f:1", "f:2"]


def test_thresholds_are_read() -> None:
    """One for all, one for each, the later over the earlier."""
    assert thresholds(("alone=2",)) == {"alone": 2}
    assert thresholds(("1", "over=3"))["over"] == 3
    assert set(thresholds(("1",)).values()) == {1}
    for text in ("x", "alone", "alone=", "alone=-1", "1.5", "=1x", "never=1", "²"):
        with pytest.raises(ValueError, match=r"threshold|outcome"):
            thresholds((text,))


def test_the_shipped_scenarios_show_everything_but_what_is_accepted(compiled: Compiled, universe: Universe) -> None:
    """Every outcome of every gate once at least, every row; the list of exceptions has no needless entry."""
    found = Coverage(universe.ruleset)
    chosen = read_folder(ROOT, universe.ruleset, compiled.schemas["scenarios"])
    scenarios.run(chosen, universe.ruleset, "interpreter", found.watch)
    accepted = read_accepted(ROOT, universe.ruleset, compiled.schemas["uncovered"])

    assert list(gaps(found, thresholds(("1",)), accepted)) == []
    assert list(stale(found, accepted)) == []


# The file of exceptions

MISTAKES: Final = {
    "an unknown gate": "outcomes: [{gate: drawdwn, never: alone, why: x}]",
    "an unknown outcome": "outcomes: [{gate: drawdown, never: sometimes, why: x}]",
    "no reason": "mutants: [{mutant: x}]",
    "an empty reason": "mutants: [{mutant: x, why: ''}]",
    "an unknown key": "mutant: []",
    "a tab": "mutants:\t[]",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_exceptions_is_a_problem(
    mistake: str, tmp_path: Path, compiled: Compiled, snapshot: SnapshotAssertion
) -> None:
    """With its place and the remedy, as in any file of rules."""
    (tmp_path / "rules").mkdir()
    (tmp_path / FILE).write_text(f"format: 1\n{MISTAKES[mistake]}\n", encoding="utf-8")

    with pytest.raises(Refused) as refused:
        read_accepted(tmp_path, compiled.ruleset, compiled.schemas["uncovered"])
    assert report(refused.value.problems, refused.value.texts) == snapshot


def test_without_the_file_nothing_is_accepted(tmp_path: Path, compiled: Compiled) -> None:
    """It may be absent."""
    assert read_accepted(tmp_path, compiled.ruleset, compiled.schemas["uncovered"]) is NOTHING


# The command


def ran(project: Path, *arguments: str) -> Result:
    """`hedgerow test` in a project."""
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, ["--root", str(project), "test", *arguments])


def plain(text: str) -> str:
    """Without blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_the_table_of_a_few_scenarios(root: Path, snapshot: SnapshotAssertion) -> None:
    """Stable, with a dash where a column can't apply."""
    result = ran(root, "--coverage", "-k", "leverage cap of 3x")

    assert result.exit_code == 0
    assert plain(result.stdout) == snapshot


def test_a_threshold_that_is_not_met_fails_and_names_what_lacks(
    whole_project: Path, snapshot: SnapshotAssertion
) -> None:
    """Gate, outcome, how often of how often, line, and what to write; exit 1."""
    for path in (whole_project / "rules/scenarios").glob("*.yaml"):
        if path.name not in ("at_cap.yaml", "tables.yaml"):
            path.unlink()

    result = ran(whole_project, "--min", "alone=1", "--min", "at_bound=1", "--backend", "python")

    assert result.exit_code == 1
    assert result.stdout.count("alone 0 of 1") == result.stdout.count("  help: ") > 25
    assert plain(result.stdout).splitlines()[:5] == snapshot


def test_a_needless_exception_fails(project: Path) -> None:
    """What is listed as never shown, and is shown."""
    path = project / FILE
    entry = "outcomes:\n  - {gate: trade_nav, never: alone, why: so}\n"
    path.write_text(path.read_text(encoding="utf-8").replace("outcomes:\n", entry), encoding="utf-8")

    result = ran(project, "--min", "alone=1", "--backend", "python")

    assert result.exit_code == 1
    assert "trade_nav alone 0 of 0" in result.stdout
    assert "remove the entry" in result.stdout


@pytest.mark.parametrize("least", ["x", "never=1"])
def test_a_bad_threshold_is_refused(least: str, root: Path) -> None:
    """Exit 2, with what is wrong."""
    result = ran(root, "--min", least, "-k", "a buy of exactly 6%")

    assert result.exit_code == 2
    assert "error: --min:" in result.stderr


def test_coverage_as_json(root: Path) -> None:
    """Gates by column, null where one can't apply, rows, and what lacks."""
    import json

    result = ran(root, "--coverage", "--json", "-k", "leverage cap of 3x", "--min", "over=1")

    record = json.loads(result.stdout)
    assert result.exit_code == 1
    assert record["coverage"]["gates"]["leverage"]["passed"] == 1
    assert record["coverage"]["gates"]["leverage"]["guard"] is None
    assert {"name", "column", "count", "wanted", "source", "write"} == record["lacking"][0].keys()


def test_a_backend_does_not_change_what_is_covered(universe: Universe) -> None:
    """Gates are judged by the reference, whichever decides."""
    chosen = [scenario(universe, order={"quantity": "0.686"}), scenario(universe, nav={"age": "200"})]
    found = []
    for backend in ("python", "interpreter"):
        coverage = Coverage(universe.ruleset)
        scenarios.run(chosen, universe.ruleset, backend, coverage.watch)
        found.append(coverage.gates)
    assert found[0] == found[1]


def test_a_gate_that_is_not_enforced_is_covered_all_the_same(universe: Universe) -> None:
    """A shadow is judged and counted, so that it can be trusted before it is enforced."""
    gates = tuple(replace(g, enforced=False) if g.id == "trade_nav" else g for g in universe.ruleset.gates)
    ruleset = replace(universe.ruleset, gates=gates)
    coverage = Coverage(ruleset)
    scenarios.run([scenario(universe, order={"quantity": "0.686"})], ruleset, watch=coverage.watch)
    assert shown(coverage, "trade_nav") == {"alone": 1, "over": 1}

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main


def coverage(project: Path, *arguments: str, command: str = "coverage") -> Result:
    """Runs `hedgerow coverage` on a project."""
    return CliRunner().invoke(main, ["--root", str(project), command, *arguments], prog_name="hedgerow")


def replaced(project: Path, file: str, old: str, new: str) -> None:
    """Edits one file of a project in one place."""
    path = project / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_each_shipped_pack_is_answered(root: Path) -> None:
    """Without a name all packs are shown, and nothing is missing."""
    result = coverage(root)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("clauses answered") == len(list((root / "rules/packs").glob("*.yaml")))
    assert "✗" not in result.stdout


def test_one_pack_is_shown_with_what_answers_each_clause(root: Path) -> None:
    """The clause, what it asks for, the rules and commands; of one that nothing answers, why."""
    result = coverage(root, "rts6")

    assert result.stdout.count("clauses answered") == 1
    for part in ("art. 15(3)", "breakers repeated_orders", "commands breakers, rearm", "art. 9", "nothing"):
        assert part in result.stdout


def test_as_json_each_clause_is_a_line(root: Path) -> None:
    """With everything that the table shows, and what it lacks."""
    records = [json.loads(line) for line in coverage(root, "fia", "--json").stdout.splitlines()]
    (one,) = (r for r in records if r["clause"] == "self-match prevention")

    assert {r["pack"] for r in records} == {"fia"}
    assert (one["kind"], one["gates"], one["lacks"]) == ("pre-trade", ["self_match"], [])
    assert one["source"].startswith("rules/packs/fia.yaml:")


def test_when_a_gate_is_put_into_shadow_then_its_clauses_are_named_and_the_answer_is_no(project: Path) -> None:
    """Exit code 1, a line with the place of each clause, a mark in the table; the rules themselves are fine."""
    replaced(
        project, "rules/gates.yaml", "veto: self_match", "mode: shadow\n    until: 2099-01-01\n    veto: self_match"
    )
    scenarios = project / "rules/scenarios/controls.yaml"
    scenarios.write_text(scenarios.read_text(encoding="utf-8").replace("[self_match]", "[order_rate]"), "utf-8")
    result = coverage(project, "fia")

    assert result.exit_code == 1
    assert "fia self-match prevention: gate `self_match` is in shadow, and stops nothing" in result.stderr
    assert "fia self-match prevention: no scenario that it names is stopped" in result.stderr
    assert result.stdout.count("✗") == 1
    assert coverage(project, "fia", "--json").exit_code == 1


@pytest.mark.parametrize("command", ["coverage", "check"])
def test_a_pack_that_names_nothing_is_the_input_at_fault(command: str, project: Path) -> None:
    """Both commands show the line; exit code 2."""
    replaced(project, "rules/packs/fia.yaml", "gates: [self_match]", "gates: [self_mach]")
    result = coverage(project, command=command)

    assert result.exit_code == 2
    assert "unknown-gate `self_mach` is no gate" in result.stderr
    assert "help: did you mean `self_match`?" in result.stderr


def test_an_unknown_pack_is_refused_with_those_that_there_are(root: Path) -> None:
    """And with the nearest one, where one is near."""
    assert "did you mean `rts6`?" in coverage(root, "rts7").stderr
    far = coverage(root, "basel")
    assert (far.exit_code, "known are 15c3-5, fia, field, rts6" in far.stderr) == (2, True)


def test_without_packs_there_is_nothing_to_cover(project: Path) -> None:
    """A project without the folder compiles, and is asked for a pack in vain."""
    for path in (project / "rules/packs").iterdir():
        path.unlink()

    assert coverage(project, command="check").exit_code == 0
    assert "there is no pack in rules/packs" in coverage(project).stderr

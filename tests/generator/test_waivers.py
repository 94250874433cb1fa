"""Waivers as people write them: what is wrong with one is said at its line, and nothing of it reaches beyond global."""

from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from cli.main import main
from generator.compile.finish import file_text
from generator.compile.problems import Problem, Refused
from generator.compile.stages import Compiled, compile_universe
from tests.conftest import TODAY

FILE: Final = "rules/waivers.yaml"
GOOD: Final = {
    "why": "By hand.",
    "by": "ada",
    "gate": "symbol_exposure",
    "symbol": "BTCUSDT",
    "until": "2027-01-31T18:00Z",
}


def compiled(project: Path, environment: str = "prod", /, **changes: str | None) -> Compiled:
    """The rules with one waiver, changed; None leaves a key out."""
    entry = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    text = ", ".join(f'{key}: "{value}"' for key, value in entry.items())
    (project / FILE).write_text(f"format: 1\nwaivers:\n  unwind: {{{text}}}\n", encoding="utf-8")
    return compile_universe(project, environment, today=TODAY)


def said(project: Path, **changes: str | None) -> list[Problem]:
    """What is wrong or odd about one waiver."""
    try:
        return list(compiled(project, **changes).warnings)
    except Refused as refused:
        return sorted(refused.problems)


@pytest.mark.parametrize(
    ("changes", "code", "warning"),
    [
        ({}, None, False),
        ({"gate": "symbol_exposur"}, "unknown-gate", False),
        ({"symbol": "BTUSDT"}, "unknown-symbol", False),
        ({"strategy": "momentun"}, "unknown-strategy", False),
        ({"symbol": None}, "missing-key", False),
        ({"by": ""}, "bad-shape", False),
        ({"until": "tomorrow"}, "bad-value", False),
        ({"until": "2027-02-30T18:00Z"}, "bad-value", False),
        ({"until": "2027-01-31"}, "bad-value", False),
        ({"gate": "tick_size"}, "not-waivable", False),
        ({"gate": "nav_fresh"}, "not-waivable", False),
        ({"gate": "halt_held"}, "not-waivable", False),
        ({"gate": "stop_streak"}, "not-waivable", False),
        ({"until": "2026-11-20T23:59Z"}, "waiver-over", True),
        ({"until": "2026-11-21T00:00Z"}, "waiver-over", True),
        ({"until": "2026-11-21T00:01Z"}, None, False),
        ({"gate": "gross_exposure"}, "idle-waiver", True),
        ({"gate": "kill_switch"}, "idle-waiver", True),
        ({"gate": "trade_nav", "symbol": None, "strategy": "momentum"}, "idle-waiver", True),
    ],
)
def test_when_a_waiver_is_wrong_then_its_line_is_named(
    project: Path, changes: dict[str, str | None], code: str | None, warning: bool
) -> None:
    """What can't be a waiver is refused; what is over, or gives nobody more, is a warning."""
    problems = said(project, **changes)

    assert [p.code for p in problems] == ([code] if code else [])
    assert all((p.file, p.line, p.warning) == (FILE, 3, warning) for p in problems)
    assert all(p.help or p.code == "bad-shape" for p in problems)


def test_when_a_waiver_compiles_then_it_holds_what_global_gives_the_caps_that_its_gate_reads(project: Path) -> None:
    """And nothing else: the universe says by itself how far the leave goes, and where that was written."""
    waiver = compiled(project).document["waivers"]["unwind"]

    assert waiver["caps"] == {"symbol_exposure": "0.4"}
    assert waiver["provenance"]["symbol_exposure"]["layer"] == "global"
    assert (waiver["subject"], waiver["until"], waiver["written"]) == ("BTCUSDT", "1801418400", "2027-01-31T18:00:00Z")


def test_when_an_environment_has_another_global_then_the_waiver_goes_as_far_as_that(project: Path) -> None:
    """What holds for everybody is what holds there."""
    risk = project / "rules/risk.yaml"
    text = risk.read_text(encoding="utf-8").replace(
        "global: {drawdown: 95%", "global: {symbol_exposure: 90%, drawdown: 95%"
    )
    risk.write_text(text, encoding="utf-8")

    assert compiled(project, "testnet").document["waivers"]["unwind"]["caps"] == {"symbol_exposure": "0.9"}


def test_when_there_is_no_waiver_then_the_universe_is_what_it_was_without_the_file(project: Path) -> None:
    """But for the file's own line among the sources."""

    def without_sources(made: Compiled) -> dict[str, Any]:
        kept = {k: v for k, v in made.document.items() if k not in ("sources", "universe")}
        assert "waivers" not in kept
        return kept

    first = compile_universe(project, today=TODAY)
    (project / FILE).unlink()
    second = compile_universe(project, today=TODAY)

    assert without_sources(first) == without_sources(second)
    assert first.document["ruleset"] == second.document["ruleset"]
    assert file_text(second.document).count("waivers") == 0


def test_when_a_head_names_no_clock_then_a_waiver_is_refused(project: Path) -> None:
    """Nothing could end it."""
    gates = project / "rules/gates.yaml"
    gates.write_text(gates.read_text(encoding="utf-8").replace("clock: clock.now\n", ""), encoding="utf-8")

    assert [p.code for p in said(project)] == ["no-clock"]


def test_when_rules_are_checked_then_live_waivers_are_listed(project: Path) -> None:
    """Whoever checks sees by whose leave what passes, and until when; what has ended is no more than a warning."""
    compiled(project, until="2999-01-31T18:00Z")
    live = CliRunner().invoke(main, ["--root", str(project), "check"])
    compiled(project, until="2001-01-31T18:00Z")
    over = CliRunner().invoke(main, ["--root", str(project), "check"])
    line = "waived: symbol_exposure for BTCUSDT until 2999-01-31T18:00:00Z by ada (rules/waivers.yaml:3)"

    assert (live.exit_code, live.stdout.splitlines()[-1]) == (0, line)
    assert (over.exit_code, "waived:" in over.stdout, "waiver-over" in over.stderr) == (0, False, True)

"""Lints: each finds what it is about at its place and nothing in the shipped rules; levels and excuses are obeyed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from cli.main import main
from engine import Engine
from generator.change.inert import ENOUGH, inert_gates
from generator.compile.codes import CODES
from generator.compile.levels import LINTS, ignores
from generator.compile.problems import Problem, Refused
from generator.compile.stages import Compiled, compile_universe
from research.intents import stream
from tests.conftest import TODAY
from universe.reader import Universe

GATES: Final = "rules/gates.yaml"
RISK: Final = "rules/risk.yaml"
ROUTER: Final = "rules/router.yaml"
TIERS: Final = "rules/tiers.yaml"
BREAKERS: Final = "rules/breakers.yaml"
LEVELS: Final = "rules/lints.yaml"
PLACE: Final = "‸"


@dataclass(frozen=True)
class Found:
    """An edit, and the lint that it brings about where `‸` stands."""

    code: str
    file: str
    old: str
    new: str


MIN_QUANTITY: Final = (
    "    at_least: symbol.min_quantity\n    exits: ‸form\n    when: nav.total > 0\n    veto: min_quantity"
)
FOUND: Final = (
    Found("no-op-override", RISK, "    leverage: 3x\n", "    leverage: ‸4x\n"),
    Found(
        "shadowed-gate",
        GATES,
        "  - id: order_notional\n",
        "  - id: ‸own_order\n    why: Twice.\n    measure: notional\n    at_most: caps.order_notional\n"
        "    veto: own_order\n\n  - id: order_notional\n",
    ),
    Found("contradictory-caps", GATES, "    at_most: caps.order_notional\n", "    below: ‸caps.min_notional\n"),
    Found(
        "holds-exits",
        GATES,
        "    at_least: symbol.min_quantity\n    exits: form",
        MIN_QUANTITY.partition("\n    veto")[0],
    ),
    Found(
        "no-largest",
        GATES,
        "  - id: order_notional\n",
        "  - id: ‸impact\n    why: A cost that grows with its square.\n    measure: notional * notional / nav.total\n"
        "    at_most: caps.order_notional\n    veto: impact\n\n  - id: order_notional\n",
    ),
    Found("holds-exits", BREAKERS, "    veto: day_loss_limit", "    exits: ‸halt\n    veto: day_loss_limit"),
    Found("treacherous-word", GATES, "why: Smaller orders cost more than they bring.", "why: ‸no"),
    Found("treacherous-word", TIERS, "  ALT-EXT:\n    why: On probation.", "  ALT-EXT:\n    why: ‸1:30"),
    Found("passes-missing", GATES, "    veto: nav_stale", "    on_missing: ‸pass\n    veto: nav_stale"),
    Found(
        "bare-number",
        GATES,
        "own_positions_after: {unit: count, is: own.positions + 1}",
        "own_positions_after: {unit: count, is: own.positions + ‸3}",
    ),
)


def linted(project: Path) -> list[Problem]:
    """The problems of a project, warnings too."""
    try:
        return list(compile_universe(project, today=TODAY).warnings)
    except Refused as refused:
        return list(refused.problems)


def edit(project: Path, file: str, old: str, new: str) -> tuple[str, int, int]:
    """Makes an edit, and gives the place that it marks."""
    path = project / file
    text = path.read_text()
    assert old in text, f"{file} no longer holds {old!r}: write the edit anew"
    marked = text.replace(old, new, 1)
    path.write_text(marked.replace(PLACE, ""))
    before = marked.partition(PLACE)[0]
    return file, before.count("\n") + 1, len(before) - before.rfind("\n")


def places(problems: list[Problem]) -> list[tuple[str, str, int, int]]:
    """Code and place of each."""
    return [(p.code, p.file, p.line, p.column) for p in problems]


def test_the_shipped_rules_have_no_lint(compiled: Compiled) -> None:
    """What they excuse gives its reason; nothing else is left."""
    assert compiled.warnings == ()


def test_every_lint_is_a_problem_with_a_meaning_and_a_remedy() -> None:
    """The page of the reference has nothing to leave empty."""
    assert LINTS.keys() <= CODES.keys()
    assert all(lint.remedy.endswith(".") for lint in LINTS.values())


@pytest.mark.parametrize("lint", FOUND, ids=lambda lint: f"{lint.code} {lint.file}")
def test_a_lint_is_found_where_it_stands(lint: Found, project: Path) -> None:
    """With the level that it is shipped with, and a help."""
    place = edit(project, lint.file, lint.old, lint.new)

    found = [p for p in linted(project) if p.code in LINTS]

    assert (lint.code, *place) in places(found)
    [problem] = [p for p in found if (p.file, p.line, p.column) == place and p.code == lint.code]
    assert problem.warning is (LINTS[lint.code].level == "warning")
    assert problem.help


def test_a_repeated_row_is_never_chosen(project: Path) -> None:
    """The first of the two answers, whatever the second says."""
    text = (project / ROUTER).read_text()
    row = next(line for line in text.splitlines() if "when:" in line)
    again = row.replace("{id: ", "{id: again_", 1)
    (project / ROUTER).write_text(text.replace(row, f"{row}\n{again}", 1))

    found = linted(project)

    assert [p.code for p in found] == ["repeated-row"]
    assert "again_" in found[0].message


def test_a_looser_bound_with_another_guard_is_no_shadow(project: Path) -> None:
    """Where the tighter gate is not asked, the looser one may be all that stops an order."""
    edit(
        project, GATES, "    at_least: caps.min_notional\n", "    at_least: caps.min_notional\n    when: order.urgent\n"
    )

    assert [p.code for p in linted(project)] == ["unused-ignore"]


def test_a_gate_that_only_the_looser_one_of_stops_exits_is_no_shadow(project: Path) -> None:
    """An order that reduces passes the tighter gate; the looser one holds it."""
    edit(project, GATES, "    at_least: symbol.min_notional\n", "    at_least: symbol.min_notional\n    exits: form\n")

    assert [p.code for p in linted(project)] == ["unused-ignore"]


def level(project: Path, code: str, word: str) -> None:
    """Sets how loud a lint is."""
    text = f"format: 1\nlints:\n  {code}: {{level: {word}, why: As the test asks.}}\n"
    (project / LEVELS).write_text(text)


@pytest.mark.parametrize(("word", "expected"), [("error", [False]), ("warning", [True]), ("silent", [])])
def test_a_lint_is_as_loud_as_it_is_set(word: str, expected: list[bool], project: Path) -> None:
    """An error stops the compile, a warning is shown, a silent one is not."""
    edit(project, RISK, "    leverage: 3x\n", "    leverage: 4x\n")
    level(project, "no-op-override", word)

    assert [p.warning for p in linted(project)] == expected


@pytest.mark.parametrize("code", ["unknown-cap", "bad-expression", "unset-cap", "no-op-overide"])
def test_what_is_no_lint_has_no_level(code: str, project: Path) -> None:
    """What the engine could not decide by can't be silenced."""
    level(project, code, "silent")

    [problem] = linted(project)

    assert (problem.code, problem.file, problem.line) == ("unknown-key", LEVELS, 3)


def test_a_level_needs_a_reason(project: Path) -> None:
    """It is people's judgement, and says so."""
    (project / LEVELS).write_text("format: 1\nlints:\n  bare-number: {level: silent}\n")

    assert [p.code for p in linted(project)] == ["missing-key"]


def test_rules_without_levels_have_those_that_are_shipped(project: Path) -> None:
    """The file may be absent."""
    (project / LEVELS).unlink()
    edit(project, RISK, "    leverage: 3x\n", "    leverage: 4x\n")

    assert [(p.code, p.warning) for p in linted(project)] == [("no-op-override", True)]


@pytest.mark.parametrize(
    "new",
    [
        "    leverage: 4x   # hedgerow: ignore no-op-override it is reviewed each month\n",
        "    # hedgerow: ignore no-op-override it is reviewed each month\n    leverage: 4x\n",
        "    # hedgerow: ignore no-op-override it is reviewed\n\n    # each month\n    leverage: 4x\n",
    ],
)
def test_a_comment_with_a_reason_excuses_its_line(new: str, project: Path) -> None:
    """At the end of the line, or alone above it."""
    edit(project, RISK, "    leverage: 3x\n", new)

    assert linted(project) == []


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("ignore no-op-override", "bad-ignore"),
        ("ignore", "bad-ignore"),
        ("ignore no-op a reason", "bad-ignore"),
        ("ignore unknown-cap a reason", "bad-ignore"),
        ("ignore shadowed-gate a reason", "unused-ignore"),
    ],
)
def test_a_comment_that_excuses_nothing_says_so(comment: str, code: str, project: Path) -> None:
    """Without a reason, or for what is no lint, it is an error; where there is nothing to excuse, a warning."""
    place = edit(project, RISK, "    leverage: 3x\n", f"    leverage: 3x   ‸# hedgerow: {comment}\n")

    [problem] = linted(project)

    assert (problem.code, problem.file, problem.line, problem.column) == (code, *place)
    assert problem.warning is (code == "unused-ignore")


def test_an_excuse_is_for_its_own_line_and_lint() -> None:
    """Two on one file, each with its line."""
    text = "a: 1 # hedgerow: ignore x one\n# hedgerow: ignore y two words\n\nb: 2\n"

    found = [(i.line, i.covers, i.code, i.reason) for i in ignores({"f.yaml": text})]

    assert found == [(1, 1, "x", "one"), (2, 4, "y", "two words")]


def log_of(universe: Universe, count: int, **same: Any) -> list[tuple[str, str]]:
    """Decisions on a seeded stream, with some facts always the same."""
    engine = Engine(universe.ruleset)
    found = []
    for number, facts in enumerate(stream(universe, count, seed=3)):
        for group, names in same.items():
            facts[group] = {**facts.get(group, {}), **names}
        found.append((f"log:{number + 1}", engine.decide(facts).to_json()))
    return found


def test_a_gate_that_nothing_ever_moved_is_inert(compiled: Compiled, universe: Universe) -> None:
    """Because its facts were the same in each decision; others that moved once are not named."""
    found, count = inert_gates(compiled.ruleset, compiled.sources, log_of(universe, ENOUGH, mark={"age": "3"}))

    named = {p.message.partition("`")[2].partition("`")[0] for p in found}
    assert count == ENOUGH
    assert "mark_fresh" in named
    assert not named & {"tick_size", "trade_nav", "symbol_exposure", "restricted"}
    [problem] = [p for p in found if "mark_fresh" in p.message]
    assert "`mark.age` was always 3" in problem.message
    assert (problem.file, problem.warning) == (GATES, True)


def test_a_short_log_shows_nothing(compiled: Compiled, universe: Universe) -> None:
    """A quiet hour is no proof that a gate never moves."""
    assert inert_gates(compiled.ruleset, compiled.sources, log_of(universe, ENOUGH - 1)) == ([], ENOUGH - 1)


def test_check_reads_a_log_and_obeys_excuses(project: Path, universe: Universe) -> None:
    """`check --log` warns of inert gates, but for one whose line says what it waits for."""
    log = project / "log.jsonl"
    lines = log_of(universe, ENOUGH, control={"kill_switch": False}, mark={"age": "3"})
    log.write_text("".join(f"{line}\n" for _, line in lines))
    edit(
        project,
        GATES,
        "  - id: kill_switch\n",
        "  - id: kill_switch   # hedgerow: ignore inert-gate it waits for a person\n",
    )

    result = check(project, "--log", str(log), "--json")

    found = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    named = {p["message"].partition("`")[2].partition("`")[0] for p in found if p["code"] == "inert-gate"}
    assert result.exit_code == 0
    assert "mark_fresh" in named
    assert "kill_switch" not in named


@pytest.mark.parametrize("text", ["{}\n", "\x00\n", "[1]\n", "[" * 5000 + "\n"])
def test_a_log_that_is_none_is_refused_with_its_line(text: str, project: Path) -> None:
    """Exit code 2, and never a traceback."""
    log = project / "log.jsonl"
    log.write_text(text)

    result = check(project, "--log", str(log))

    assert result.exit_code == 2
    assert "log.jsonl:1:" in result.stderr
    assert isinstance(result.exception, SystemExit)


def check(project: Path, *arguments: str) -> Any:
    """Runs `hedgerow check` on a project."""
    return CliRunner().invoke(main, ["--root", str(project), "check", *arguments])

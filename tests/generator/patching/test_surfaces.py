"""Rules about changes: one file with a catalog of its own, compiled as strictly as trading's, decided by its engine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from engine import BACKENDS, Engine
from generator.change.patching.surfaces import FORM, Surfaces, fits, read_surfaces
from generator.compile.files import Folder, Texts
from generator.compile.problems import Refused, report
from tests.conftest import ROOT, TODAY

RULES: Final = FORM.rules
CATALOG: Final = FORM.catalog
QUIET: Final[Mapping[str, Any]] = {
    "edit": {
        "surface": "config-only",
        "author": "agent",
        "place": "caps",
        "action": "change",
        "plain": True,
        "legible": True,
    },
    "change": {
        "own_checker": True,
        "behind": "0",
        "commits": "1",
        "merges": "0",
        "runs": False,
        "edits": "1",
        "word": "TIGHTEN",
    },
    "found": dict.fromkeys(("problems", "stale", "breaches", "failing", "broken", "idle"), "0"),
    "flips": {"stopped": "0", "passed": "0", "held": "0"},
    "step": {"day": "0.1", "month": "0.2", "unmeasured": "0"},
}


@pytest.fixture(scope="module")
def surfaces() -> Surfaces:
    """The shipped rules about changes."""
    return read_surfaces(Folder(ROOT), today=TODAY)


def facts(**changes: Any) -> dict[str, dict[str, Any]]:
    """A change that passes, with differences (`step__day="0.3"`)."""
    made = {group: dict(values) for group, values in QUIET.items()}
    for name, value in changes.items():
        group, _, fact = name.partition("__")
        made[group][fact] = value
    return made


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ()),
        ({"step__day": "0.2", "step__month": "0.5"}, ()),
        ({"step__day": "0.200000000001"}, ("step_day",)),
        ({"step__month": "0.51"}, ("step_month",)),
        ({"change__word": "EQUIVALENT"}, ()),
        ({"change__word": "NOT-PROVED"}, ("class_not_allowed",)),
        ({"change__word": None}, ("facts_missing",)),
        ({"flips__stopped": "0.05"}, ()),
        ({"flips__stopped": "0.051"}, ("flip_budget",)),
        ({"flips__held": "1"}, ("exit_held",)),
        ({"edit__place": "scenarios", "edit__action": "add"}, ()),
        ({"edit__place": "scenarios", "edit__action": "remove"}, ("only_added_to",)),
        ({"edit__place": "invariants"}, ("place_not_allowed",)),
        ({"edit__author": "person", "edit__place": "invariants", "change__word": "LOOSEN"}, ()),
        ({"edit__author": "person", "found__failing": "1"}, ("scenario_failing",)),
        ({"edit__author": "person", "found__failing": "1", "change__runs": True}, ()),
        ({"edit__author": "person", "edit__place": "record"}, ("record_edited",)),
        ({"edit__surface": "nowhere"}, ("no_surface",)),
        ({"edit__author": "somebody", "edit__place": "rules"}, ("place_not_allowed",)),
        ({"edit__author": None, "edit__place": "rules"}, ("place_not_allowed",)),
    ],
)
def test_the_shipped_rules_decide_on_edits(
    surfaces: Surfaces, backend: str, changes: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    """At each bound and one step over, for agents and for people; what is missing vetoes."""
    assert Engine(surfaces.ruleset, backend).decide(facts(**changes)).reasons == reasons


def test_each_gate_can_be_the_only_one_that_stops(surfaces: Surfaces) -> None:
    """No gate is shadowed: for each some change is vetoed for its reason alone."""
    trials = {
        "foreign_checker": {"change__own_checker": False},
        "behind_base": {"change__behind": "1"},
        "illegible": {"edit__legible": False},
        "does_not_compile": {"found__problems": "1"},
        "generated_stale": {"found__stale": "1"},
        "invariant_broken": {"found__breaches": "1"},
        "scenario_failing": {"found__failing": "1"},
        "scenario_broken": {"found__broken": "1"},
        "nothing_trades": {"found__idle": "1"},
        "merge_commit": {"change__merges": "1"},
        "several_commits": {"change__commits": "2"},
        "not_a_plain_file": {"edit__plain": False},
        "too_many_edits": {"change__edits": "21"},
        "newly_passing": {"flips__passed": "1"},
        "step_unmeasured": {"step__unmeasured": "1"},
        "record_edited": {"edit__author": "person", "edit__place": "record"},
        "only_added_to": {"edit__place": "scenarios"},
        "place_not_allowed": {"edit__place": "rules"},
        "class_not_allowed": {"change__word": "LOOSEN"},
        "exit_held": {"flips__held": "1"},
        "flip_budget": {"flips__stopped": "0.5"},
        "step_day": {"step__day": "0.5"},
        "step_month": {"step__month": "0.6"},
    }
    assert trials.keys() == {gate.reason for gate in surfaces.ruleset.gates}
    for reason, changes in trials.items():
        assert surfaces.engine.decide(facts(**changes)).reasons == (reason,)


def test_what_holds_for_people_too_is_checked_on_every_surface(surfaces: Surfaces) -> None:
    """A page beside an edit of the rules makes the surface another, and takes no check away."""
    for name in surfaces.made.document["surfaces"]:
        assert {"compile", "generated", "invariants", "scenarios"} <= {*surfaces.entry(name)["checks"]}


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        ("rules/risk.yaml", ("symbols", "BTCUSDT", "leverage"), "caps"),
        ("rules/risk.yaml", ("environments", "testnet", "global", "drawdown"), "environments"),
        ("rules/risk.yaml", ("#",), "wording"),
        ("rules/risk.yaml", (), "rules"),
        ("rules/risk.yaml", ("symbols", "BTCUSDT"), "rules"),
        ("rules/strategies.yaml", ("strategies", "momentum", "caps", "trade_nav"), "strategy_caps"),
        ("rules/strategies.yaml", ("strategies", "momentum", "params", "fast"), "rules"),
        ("rules/scenarios/new.yaml", (), "scenarios"),
        ("rules/scenarios/orders.yaml", ("scenarios", "a name. with dots"), "scenarios"),
        ("rules/scenarios/orders.yaml", ("scenarios", "one", "expect"), "rules"),
        ("rules/scenarios/deep/new.yaml", (), "rules"),
        ("rules/risk.yaml", ("regimes", "crisis", "caps", "symbol_exposure"), "rules"),
        ("rules/scenarios/at_cap.yaml", (), "generated"),
        ("rules/gates.yaml", ("gates", "spread", "why"), "wording"),
        ("rules/surfaces.yaml", ("gates", "class", "why"), "surfaces"),
        ("rules/uncovered.yaml", ("mutants",), "rules"),
        ("tests/decisions/__snapshots__/a/b.json", (), "snapshots"),
        ("docs/agents.md", (), "generated"),
        ("docs/run.md", (), "pages"),
        (".github/workflows/ci.yml", (), "elsewhere"),
        ("universe/history.jsonl", (), "record"),
    ],
)
def test_an_edit_is_in_the_first_place_that_it_fits(
    surfaces: Surfaces, path: str, key: tuple[str, ...], place: str
) -> None:
    """By file and key; what fits nothing is elsewhere, which is nobody's but people's."""
    assert surfaces.place_of(path, key).name == place


def test_stars_stay_within_a_part_and_two_go_through_parts() -> None:
    """Nothing in a pattern but stars means anything but itself."""
    assert fits("a/*.md", ["a", "b.md"], "/")
    assert not fits("a/*.md", ["a", "b", "c.md"], "/")
    assert fits("a/**", ["a", "b", "c.md"], "/")
    assert fits("**/c.md", ["c.md"], "/")
    assert not fits("a.c", ["abc"], "/")
    assert not fits("[ab]", ["a"], "/")
    assert not fits("*", [], "/")
    assert fits("a*", ["a\nb"], "/")


MISTAKES: Final = {
    "an unknown place": (RULES, "added_to: [scenarios]", "added_to: [scenario]", "`scenario` is none of its words"),
    "an unknown cap": (RULES, "caps: {edits: 8}", "caps: {edit: 8}", "`edit` is no key here"),
    "a looser surface": (RULES, "caps: {edits: 8}", "caps: {edits: 80}", "looser than global"),
    "a bare number": (RULES, "  step_day: 20%", "  step_day: 20", "a bare `20` is no ratio"),
    "an unknown fact": (RULES, "measure: step.day", "measure: step.week", "unknown-fact"),
    "another unit": (RULES, "measure: step.day", "measure: change.edits", "unit-mismatch"),
    "an unknown word": (RULES, "edit.author == 'person'", "edit.author == 'people'", "unknown-value"),
    "an unknown key": (RULES, "  flips: 5%\n", "  flips: 5%\n  budget: 3\n", "`budget` is no key here"),
    "no why": (RULES, "    why: Tightens caps, and adds scenarios.\n", "", "`why` is missing"),
    "no money": (RULES, "nav: 4_400 USDT", "nav: 4_400", "a bare `4_400` is no USDT"),
    "a cap that nothing reads": (
        CATALOG,
        "  flips: {unit: ratio",
        "  idle: {unit: count, tighter: lower, per: surface, meaning: Idle.}\n  flips: {unit: ratio",
        "no rule reads `idle`: setting it changes nothing",
    ),
    "a producer that nobody declared": (CATALOG, "from: record, meaning", "from: memory, meaning", "no-producer"),
    "a tab": (RULES, "format: 1", "format:\t1", "a tab"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_a_problem_with_its_line(name: str) -> None:
    """All that is strict about trading's rules is strict here: shape, units, names, what nothing reads."""
    path, old, new, said = MISTAKES[name]
    texts = {p: (ROOT / p).read_bytes() for p in (RULES, CATALOG, "schemas/units.yaml")}
    assert old in texts[path].decode()
    texts[path] = texts[path].decode().replace(old, new, 1).encode()

    with pytest.raises(Refused) as refused:
        read_surfaces(Texts(texts), today=TODAY)
    assert said in report(refused.value.problems, refused.value.texts)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """Without rules about changes nobody may change anything."""
    with pytest.raises(Refused, match="3 problem"):
        read_surfaces(Folder(tmp_path), today=TODAY)

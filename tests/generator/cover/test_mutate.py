"""Mutants: every small change of the rules is noticed by a scenario, or is listed with the reason."""

import copy
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from engine.read import examine
from engine.syntax import parse, render
from generator import scenarios
from generator.change.cover.accepted import FILE, read_accepted
from generator.change.cover.expressions import negated, variants
from generator.change.cover.mutants import Mutant
from generator.change.cover.steps import with_values
from generator.change.cover.survivors import Scenarios, mutants
from generator.compile.stages import Compiled
from generator.scenarios import read_folder
from generator.trials import Scenario
from tests.conftest import ROOT
from universe.reader import Universe

SAMPLE: Final = 13


@pytest.fixture(scope="module")
def everything(universe: Universe) -> list[Mutant]:
    """All mutants of the shipped rules."""
    return mutants(universe)


@pytest.fixture(scope="module")
def shipped(universe: Universe, compiled: Compiled) -> list[Scenario]:
    """The shipped scenarios."""
    return read_folder(ROOT, universe.ruleset, compiled.schemas["scenarios"])


# Expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("a >= b", {"a > b", "a < b"}),
        ("a == 'x'", {"a != 'x'"}),
        ("a and b", {"a or b", "a", "b"}),
        ("a or not b", {"a and not b", "a", "not b", "a or b"}),
        ("a in b", {"a not in b"}),
        ("a + b * c", {"a - b * c", "a + b / c"}),
        ("(a - b) / c", {"(a + b) / c", "(a - b) * c"}),
        ("max(a, b, c)", {"min(a, b, c)"}),
        ("abs(a - b)", {"a - b", "abs(a + b)"}),
        ("min(a + b, c)", {"max(a + b, c)", "min(a - b, c)"}),
        ("known(a)", {"not known(a)"}),
        ("-a", {"a"}),
        ("2 * a", {"3 * a", "2 / a"}),
        ("a", set()),
    ],
)
def test_an_expression_is_changed_in_one_place(text: str, expected: set[str]) -> None:
    """Every operator, every operand of a condition, every number; nothing else."""
    assert {changed for _, changed in variants(text)} == expected


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_change_is_named_by_what_it_changes(data: st.DataObject, universe: Universe) -> None:
    """Each variant of a shipped measure parses, differs from the others, and holds the part that its name gives."""
    measure = data.draw(st.sampled_from(sorted(m["is"] for m in universe.document["measures"].values())))
    found = list(variants(measure))
    texts = [changed for _, changed in found]

    assert len(set(texts)) == len(texts)
    for what, changed in found:
        before, _, after = what.partition(" → ")
        assert render(parse(changed)) == changed
        assert render(parse(before)) in render(parse(measure))
        assert after in changed or f"({after})" in changed


def test_a_negated_condition_is_its_opposite() -> None:
    """Also where it is a negation, or binds loosely."""
    assert negated("a or b") == "not (a or b)"
    assert parse(negated("not a")) == parse("not not a")


# Mutants


def test_each_mutant_has_a_name_of_its_own_and_a_line(everything: list[Mutant]) -> None:
    """Which is what the list of the accepted names."""
    assert len({m.name for m in everything}) == len(everything) > 800
    assert all(m.source.rpartition(":")[2].isdigit() for m in everything)


def test_every_kind_of_change_is_there(everything: list[Mutant], universe: Universe) -> None:
    """Operators, guards, modes, exits, missing, scope of gates; measures; rows and outputs; caps and bounds."""
    names = [m.name for m in everything]
    gates = len(universe.ruleset.gates)

    def count(*parts: str) -> int:
        return sum(all(p in n for p in parts) for n in names)

    assert count("gate ", "mode → shadow") == count("gate ", "on_missing: pass added") == gates
    assert count("gate ", "exits: form added") + count("gate ", "exits: ", " dropped") == gates
    assert count("gate ", "when dropped") == sum(g.when is not None for g in universe.ruleset.gates)
    assert count("gate ", "require negated") == sum("require" in g for g in universe.document["gates"])
    bounds = sum(any(op in g for op in ("at_most", "at_least", "below", "above")) for g in universe.document["gates"])
    words = ("at_most", "at_least", "below")
    assert sum(n.startswith("gate ") and n.split(": ")[1].split(" → ")[0] in words for n in names) == 2 * bounds
    kinds = Counter(n.split()[0] for n in names)
    assert min(kinds[k] for k in ("gate", "measure", "table", "cap", "bound")) > 100
    for words in (("row ", "dropped"), ("rows ", "swapped"), ("when negated",), ("(looser)",), ("(tighter)",)):
        assert count(*words) > 5


def test_each_part_of_what_is_remembered_is_changed(everything: list[Mutant], universe: Universe) -> None:
    """Of each breaker its condition, its hold, its event and whose it is; of each window what, whose, how far back."""
    names = [m.name for m in everything]
    for breaker in universe.ruleset.breakers:
        about = [n.removeprefix(f"breaker {breaker.id}: ") for n in names if n.startswith(f"breaker {breaker.id}: ")]
        begins = {"hold →", "on →", "require" if breaker.id == "halt" else "below →"}
        begins |= {f"on: {breaker.on} dropped"} if breaker.on else set()
        begins |= {f"by: {field} dropped" for field in breaker.by}
        assert [b for b in begins if not any(n.startswith(b) for n in about)] == [], breaker.id
    for window in universe.ruleset.windows.values():
        about = [n.removeprefix(f"window {window.name}: ") for n in names if n.startswith(f"window {window.name}: ")]
        begins = {f"by: {field} dropped" for field in window.by} | {"by: "}
        begins |= {"where dropped", "where negated", "where: "} if window.where is not None else set()
        begins |= {"within "} if window.within is not None else {"since "} if window.since is not None else set()
        begins |= {f"{window.kind}: "} if window.value is not None else {f"{window.event} →"}
        assert [b for b in begins if not any(n.startswith(b) for n in about)] == [], window.name


def test_when_a_breaker_opens_again_at_another_bound_then_its_loss_is_a_change(universe: Universe) -> None:
    """A hysteresis that is dropped opens the breaker sooner; none is shipped, so one is put in."""
    document = copy.deepcopy(dict(universe.document))
    document["breakers"][0]["reopen"] = "caps.daily_loss"
    ruleset, _ = examine(document)
    assert ruleset is not None

    found = [m for m in mutants(replace(universe, document=document, ruleset=ruleset)) if "reopen" in m.name]

    assert [(m.name, m.touches) for m in found] == [("breaker drawdown: reopen dropped", "breaker:drawdown")]
    assert "reopen" not in found[0].of(document)["breakers"][0]


def test_when_a_breaker_is_kept_for_others_then_its_gates_follow(everything: list[Mutant], universe: Universe) -> None:
    """A mutant is what a compile of the edited file would be, not half of it."""
    (mutant,) = [m for m in everything if m.name == "breaker stop_streak: on: exit dropped"]
    made = mutant.of(universe.document)
    ids, before = ([g["id"] for g in document["gates"]] for document in (made, universe.document))
    at = before.index("stop_streak")

    assert ids == [*before[:at], "stop_streak", "stop_streak_held", *before[at + 1 :]]
    assert examine(made)[0] is not None


def test_each_cap_in_force_is_moved_both_ways(everything: list[Mutant], universe: Universe) -> None:
    """Every value that some symbol, strategy or the account has, and that is a number, from where it is written."""
    names = [m.name for m in everything]
    for cap, declared in universe.ruleset.catalog.caps.items():
        if declared.unit.numeric:
            for word in ("(looser)", "(tighter)"):
                assert any(n.startswith(f"cap {cap} of ") and n.endswith(word) for n in names), (cap, word)


def test_the_document_stays_as_it_is(everything: list[Mutant], universe: Universe) -> None:
    """A mutant shares what it does not change, and changes nothing that is shared."""
    before = copy.deepcopy(universe.document)
    for mutant in everything[::7]:
        made = mutant.of(universe.document)
        assert made != universe.document
        assert made["units"] is universe.document["units"]
    assert universe.document == before


def test_a_value_put_into_the_rule_set_is_the_value_read_from_the_document(
    everything: list[Mutant], universe: Universe
) -> None:
    """The short way and the long one give the same rule set, or refuse it both."""
    of_values = [m for m in everything if m.touches.startswith(("cap:", "fact:"))]
    for mutant in of_values[::5]:
        short, (long, _) = with_values(mutant, universe), examine(mutant.of(universe.document))
        assert (short is None) == (long is None), mutant.name
        if short is not None and long is not None:
            assert (short.subjects, short.actors, short.account) == (long.subjects, long.actors, long.account)


# Whether they are noticed


def test_a_sample_of_the_mutants_is_noticed(
    everything: list[Mutant], shipped: list[Scenario], universe: Universe, compiled: Compiled
) -> None:
    """Every thirteenth, and all that are listed, which survive; the whole is for `make soak`."""
    accepted = read_accepted(ROOT, universe.ruleset, compiled.schemas["uncovered"])
    chosen = [m for i, m in enumerate(everything) if i % SAMPLE == 0 or m.name in accepted.mutants]

    survivors = {v.mutant.name for v in Scenarios(universe, shipped).verdicts(chosen) if v.survives}

    assert survivors == accepted.mutants.keys()


def test_what_is_noticed_is_what_a_run_of_all_scenarios_finds(
    everything: list[Mutant], shipped: list[Scenario], universe: Universe
) -> None:
    """The shared work changes no verdict: against plain runs by the fast backend, of few scenarios, so that many pass
    unseen.
    """
    few = [s for i, s in enumerate(shipped) if i % 11 == 0]
    for verdict in Scenarios(universe, few).verdicts(everything[3::41]):
        ruleset, _ = examine(verdict.mutant.of(universe.document))
        assert verdict.refused == (ruleset is None)
        if ruleset is not None:
            failing = {f.scenario.source for f in scenarios.run(few, ruleset).failures}
            assert verdict.survives == (not failing), verdict.mutant.name
            assert verdict.noticed_by is None or verdict.noticed_by.source in failing


def test_scenarios_that_fail_anyway_notice_nothing(shipped: list[Scenario], universe: Universe) -> None:
    """Rules that are wrong already are mended first."""
    wrong = [Scenario(s.name, s.source, s.facts, {"veto": ["kill_switch"]}) for s in shipped[:1]]
    with pytest.raises(ValueError, match="1 scenarios fail without any change"):
        Scenarios(universe, wrong)


# The command


@pytest.fixture
def project(project: Path) -> Path:
    """The copy of the rules without the many pairs, which nothing here asks for."""
    return project


def ran(project: Path, *arguments: str) -> Result:
    """`hedgerow mutate` in a project."""
    return CliRunner().invoke(main, ["--root", str(project), "mutate", *arguments])


def remove(project: Path, file: str, name: str) -> None:
    """Takes a scenario out of a file."""
    path = project / file
    text = path.read_text(encoding="utf-8")
    start = text.index(f"  - name: {name}\n")
    end = text.find("  - name: ", start + 1)
    path.write_text(text[:start] + text[end:], encoding="utf-8")


def test_a_mutant_that_survives_is_named_with_its_line(project: Path, snapshot: SnapshotAssertion) -> None:
    """Without the one scenario that notices it, the command fails and names gate, change and line."""
    remove(project, "rules/scenarios/missing.yaml", "an unknown ask may be far from the bid")

    result = ran(project, "-k", "gate spread")

    assert result.exit_code == 1
    assert result.stdout == snapshot


def test_a_listed_survivor_is_let_be(project: Path) -> None:
    """With the reason; then the command is content."""
    remove(project, "rules/scenarios/missing.yaml", "an unknown ask may be far from the bid")
    with (project / FILE).open("a", encoding="utf-8") as file:
        file.write('  - {mutant: "gate spread: on_missing: pass added", why: nobody asks}\n')

    assert ran(project, "-k", "gate spread").exit_code == 0


@pytest.mark.parametrize(
    ("mutant", "says"),
    [("gate spread: mode → shadow", "is noticed now"), ("gate spred: gone", "is no change of these rules")],
)
def test_a_needless_entry_fails(mutant: str, says: str, project: Path) -> None:
    """One that is noticed, and one that names nothing; each with the line of the entry."""
    with (project / FILE).open("a", encoding="utf-8") as file:
        file.write(f'  - {{mutant: "{mutant}", why: so}}\n')

    result = ran(project, "-k", "gate spread")

    assert result.exit_code == 1
    assert f"`{mutant}` {says}" in result.stdout
    assert "rules/uncovered.yaml:" in result.stdout


def test_a_list_and_a_sample(root: Path) -> None:
    """What there is, without trying it; a pattern that nothing holds is an error."""
    listed = ran(root, "--list", "-k", "gate drawdown")
    assert listed.exit_code == 0
    assert "rules/breakers.yaml:6: gate drawdown: below → at_most" in listed.stdout.splitlines()
    assert len(ran(root, "--list", "-k", "gate drawdown", "--every", "2").stdout.splitlines()) * 2 in (
        len(listed.stdout.splitlines()),
        len(listed.stdout.splitlines()) + 1,
    )
    none = ran(root, "-k", "nonsense")
    assert (none.exit_code, none.stdout) == (1, "")
    assert "no mutant's name holds `nonsense`" in none.stderr


def test_json_names_the_scenario_that_notices(root: Path) -> None:
    """One object a line, with outcome, scenario and its line."""
    result = ran(root, "-k", "gate order_rate: below", "--json")

    records: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert [r["outcome"] for r in records] == ["noticed", "noticed"]
    assert records[0]["noticed_by"].startswith("order_rate BTCUSDT stops")
    assert records[0]["scenario"].startswith("rules/scenarios/at_cap.yaml:")


def test_scenarios_that_fail_are_said_first(project: Path) -> None:
    """The command asks for them to be mended."""
    risk = project / "rules/risk.yaml"
    risk.write_text(risk.read_text(encoding="utf-8").replace("  trade_nav: 6%", "  trade_nav: 5%"), encoding="utf-8")

    result = ran(project, "-k", "gate spread")

    assert result.exit_code == 1
    assert "fail without any change" in result.stderr

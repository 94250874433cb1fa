"""How a change came about: whose it is, when, upon what, in how many commits; nothing that it says of itself counts."""

from typing import Final

import pytest

from generator.change.git import GitFault, Repository
from generator.change.patching.authority import Authority
from generator.change.patching.identity import Actor, from_github, identity
from generator.change.patching.past import past
from generator.change.patching.steps import steps
from tests.generator.patching.changes import LOOSER, LTC, RISK, TIGHTER, by_hand, edits, writes
from tests.generator.patching.repositories import AGENT, DAY, NOW, PERSON, TODAY, Project, reasons

STILL_TIGHTER: Final = "LTCUSDT: {symbol_exposure: 6%}"


def measured(project: Project) -> tuple[str, str]:
    """How far the caps move that HEAD edits, against what held within a day and within a month."""
    proposal = project.proposal()
    base = proposal.base
    before = past(base.repository, base.tree, base.commit, now=NOW)
    found = steps(base.side.document, proposal.compiled().document, before)
    assert not found.unmeasured
    return found.day(), found.month()


def first_step(project: Project) -> None:
    """From 8% to 7%: the cap, and in the universe the value that the past is read from."""
    by_hand(RISK, LTC, TIGHTER)(project)
    by_hand("universe/universe.json", '"symbol_exposure": "0.08"', '"symbol_exposure": "0.07"')(project)


def merged(project: Project, *, time: int) -> None:
    """What has been edited is committed and merged at a time; another change goes on from there."""
    project.commit("a small step", time=time)
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--ff-only", "change")
    project.git("checkout", "--quiet", "change")


def test_two_small_steps_within_a_day_are_one_large_one(project: Project) -> None:
    """The first is merged an hour ago; what counts is the value that held yesterday."""
    first_step(project)
    merged(project, time=NOW - 3600)
    edits(RISK, TIGHTER, STILL_TIGHTER)(project)
    project.commit("another small step")
    verdict = project.checked(*AGENT)

    assert reasons(verdict) == {"step_day"}
    assert verdict.facts["step"]["day"] == "0.25"


def test_the_second_step_may_be_made_on_the_next_day(project: Project) -> None:
    """A day after the first, what held yesterday is its value; the month still counts both."""
    first_step(project)
    merged(project, time=NOW - DAY)
    by_hand(RISK, TIGHTER, STILL_TIGHTER)(project)
    project.commit("another small step")

    assert measured(project) == ("0.142857142858", "0.25")


def test_each_step_within_a_month_is_counted(project: Project) -> None:
    """Each day's is small; the furthest value that held within 30 days is what the last is held against."""
    for days, old, new in ((40, "0.08", "0.079"), (29, "0.079", "0.058"), (8, "0.058", "0.043")):
        by_hand("universe/universe.json", f'"symbol_exposure": "{old}"', f'"symbol_exposure": "{new}"')(project)
        project.commit(f"to {new}", time=NOW - days * DAY)
    by_hand(RISK, LTC, "LTCUSDT: {symbol_exposure: 4.3%}")(project)
    merged(project, time=NOW - 6 * DAY)
    by_hand(RISK, "LTCUSDT: {symbol_exposure: 4.3%}", "LTCUSDT: {symbol_exposure: 3.95%}")(project)
    project.commit("to 3.95%")

    assert measured(project) == ("0.0813953488373", "0.5")


def test_an_old_date_does_not_make_a_step_old(project: Project) -> None:
    """A commit on base is no older than the one before it, whatever its date says; head's dates are not looked at."""
    project.git("checkout", "--quiet", "main")
    project.write("docs/run.md", "# Runs, told anew\n")
    project.commit("something else", time=NOW - 7200)
    project.git("checkout", "--quiet", "-B", "change")
    first_step(project)
    merged(project, time=NOW - 40 * DAY)
    by_hand(RISK, TIGHTER, STILL_TIGHTER)(project)
    project.commit("dated back too", time=NOW - 39 * DAY)

    assert measured(project) == ("0.25", "0.25")


def test_a_date_to_come_does_not_make_a_step_old(project: Project) -> None:
    """What is dated after now holds now."""
    first_step(project)
    merged(project, time=NOW + 400 * DAY)
    by_hand(RISK, TIGHTER, STILL_TIGHTER)(project)
    project.commit("another small step")

    assert measured(project) == ("0.25", "0.25")


def test_a_forged_author_has_no_rights(project: Project) -> None:
    """The commit says that a person made it; the platform says who asks, and `--author` may only say less."""
    by_hand(RISK, LTC, LOOSER)(project)
    project.generate()
    project.commit("by ada", who="ada")

    assert reasons(project.checked(*AGENT)) == {"class_not_allowed"}
    surfaces = project.authority().surfaces
    for named, claimed, author in (
        (PERSON, None, "person"),
        (PERSON, "ada", "person"),
        (PERSON, "ADA", "person"),
        (PERSON, "patch-writer", "agent"),
        (AGENT, "ada", "agent"),
        ((), "ada", "agent"),
        ((), None, "agent"),
        ((*PERSON, *AGENT), None, "agent"),
        ((Actor("ada", is_user=False, role="the sender"),), None, "agent"),
        ((Actor("", is_user=False, role="the run"),), None, "agent"),
    ):
        assert identity(surfaces, named, claimed).author == author, (named, claimed)


def test_a_person_may_loosen(project: Project) -> None:
    """What is not form is theirs; the platform asks a second one."""
    by_hand(RISK, LTC, LOOSER)(project)
    project.generate()
    project.commit("looser")

    assert project.checked(*PERSON).allowed


RUN: Final = {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "ada", "GITHUB_TRIGGERING_ACTOR": "ada"}
USER: Final = {"login": "ada", "type": "User"}


@pytest.mark.parametrize(
    ("environment", "event"),
    [
        ({}, {}),
        (RUN | {"GITHUB_TRIGGERING_ACTOR": "eve"}, {"pull_request": {"user": USER}, "sender": USER}),
        (RUN | {"GITHUB_ACTOR": "dependabot[bot]"}, {"pull_request": {"user": USER}, "sender": USER}),
        (RUN, {"pull_request": {"user": {"login": "eve", "type": "User"}}, "sender": USER}),
        (RUN, {"pull_request": {"user": USER}, "sender": {"login": "ada", "type": "Bot"}}),
        (RUN, {"pull_request": {"user": {"login": "ada[bot]", "type": "User"}}, "sender": USER}),
        (RUN, {"pull_request": {"user": {"type": "User"}}, "sender": USER}),
        ({"GITHUB_ACTIONS": "true"}, {}),
    ],
)
def test_whoever_has_a_hand_in_a_run_may_lower_its_rights(
    project: Project, environment: dict[str, str], event: dict[str, object]
) -> None:
    """One of them who is no person of ours is enough; so is nobody at all."""
    surfaces = project.authority().surfaces

    assert identity(surfaces, from_github(environment, event), None).author == "agent"
    assert (
        identity(surfaces, from_github(RUN, {"pull_request": {"user": USER}, "sender": USER}), None).author == "person"
    )


@pytest.mark.parametrize(
    "ref", ["--help", "-h", "--upload-pack=touch x", "main..change", "main:rules", "", "a b", "@{-1}"]
)
def test_what_is_no_ref_never_reaches_git(first: Project, ref: str) -> None:
    """An option, a range, a path inside a commit, nothing at all."""
    with pytest.raises(GitFault, match="is no ref"):
        first.repository.commit_of(ref)


def test_a_commit_behind_base_is_not_what_would_be_merged(project: Project) -> None:
    """Base went on; what was checked must be what is merged, for people too, however far behind it is."""
    writes("docs/other.md", "# Other\n")(project)
    project.commit("other")
    project.git("checkout", "--quiet", "main")
    for number in range(3):
        project.commit(f"base goes on {number}")
    project.git("checkout", "--quiet", "change")
    verdict = project.checked(*PERSON)

    assert reasons(verdict) == {"behind_base"}
    assert verdict.facts["change"]["behind"] == "3"


def test_a_history_of_its_own_is_not_made_upon_base(project: Project) -> None:
    """A commit without parents holds the same files, and nothing says where they come from."""
    project.git("checkout", "--quiet", "--orphan", "alone")
    project.commit("alone")

    assert reasons(project.checked(*PERSON)) == {"behind_base"}


def test_a_merge_can_hold_what_neither_parent_shows(project: Project) -> None:
    """Two harmless branches, and a third thing in the merge."""
    project.git("checkout", "--quiet", "-b", "other", "main")
    writes("docs/other.md", "# Other\n")(project)
    project.commit("other")
    project.git("checkout", "--quiet", "change")
    writes("docs/more.md", "# More\n")(project)
    project.commit("more")
    project.git("merge", "--quiet", "--no-commit", "other", time=NOW)
    writes("docs/third.md", "# Third\n")(project)
    project.commit("merged")

    assert reasons(project.checked(*AGENT)) == {"merge_commit", "several_commits"}


def test_what_one_commit_does_and_the_next_takes_back_is_merged_too(project: Project) -> None:
    """Both would come to base, and whoever takes the first runs by its rules."""
    by_hand(RISK, LTC, LOOSER)(project)
    project.commit("looser for a moment")
    by_hand(RISK, LOOSER, LTC)(project)
    writes("docs/other.md", "# Other\n")(project)
    project.commit("a page")

    assert reasons(project.checked(*AGENT)) == {"several_commits"}


def test_commits_that_edit_nothing_in_the_end_are_a_change(project: Project) -> None:
    """Base has not seen them, and their history would be merged."""
    writes(".github/workflows/rules.yml", "on: never\n")(project)
    project.commit("for a moment")
    writes(".github/workflows/rules.yml", "on: pull_request_target\n")(project)
    project.commit("taken back")
    verdict = project.checked(*AGENT)

    assert not verdict.edits
    assert reasons(verdict) == {"several_commits"}


def test_an_object_put_over_another_is_not_believed(project: Project) -> None:
    """Neither `git replace` nor a graft makes head look like something else, or its history another."""
    writes("docs/other.md", "# Other\n")(project)
    first = project.commit("a page")
    writes(".github/workflows/rules.yml", "on: never\n")(project)
    head = project.commit("the workflow")
    project.git("replace", head, "main")
    project.write(".git/info/grafts", f"{head} {project.git('rev-parse', 'main')}\n")

    assert reasons(project.checked(*AGENT)) == {"place_not_allowed", "several_commits"}
    assert project.repository.has(first, head)


def test_a_history_that_is_cut_off_is_refused(project: Project) -> None:
    """Without it neither merges nor steps can be counted."""
    project.write(".git/shallow", f"{project.git('rev-parse', 'main')}\n")

    with pytest.raises(GitFault, match="cut off"):
        assert Authority(Repository(project.root), project.git("rev-parse", "main"), TODAY).tree

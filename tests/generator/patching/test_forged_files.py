"""Files that are not what they look like: made all at once, and each of them found out by itself."""

import json
import os
from typing import Final

import pytest

from generator.change.patching import report
from generator.change.patching.checker import Verdict
from generator.change.patching.names import is_plain, mistakable
from generator.change.patching.trees import MAX_FILE
from tests.generator.patching.changes import RISK, Change, by_hand, writes
from tests.generator.patching.repositories import AGENT, NOW, PERSON, Project, copied, edits_vetoed

NO_TEXT: Final = os.fsdecode(b"docs/\xff.md")
EMPTY: Final = "format: 1\nscenarios: []\n"


def links(path: str, to: str) -> Change:
    """A file becomes a link."""

    def change(project: Project) -> None:
        (project.root / path).unlink(missing_ok=True)
        (project.root / path).symlink_to(to)

    return change


def contains_another(project: Project) -> None:
    """A repository inside the repository."""
    commit = project.git("rev-parse", "HEAD")
    project.git("update-index", "--add", "--cacheinfo", f"160000,{commit},rules/more")


def mode(path: str, bits: int) -> Change:
    """A file of another mode."""
    return lambda project: os.chmod(project.root / path, bits)


def runs_at_once(project: Project) -> None:
    """A new file that can be run."""
    project.write("docs/new.md", "#!/bin/sh\n")
    os.chmod(project.root / "docs/new.md", 0o755)


# What is done, and to which file.
NOT_PLAIN: Final[dict[str, tuple[Change, str]]] = {
    "a link out of the project": (links("rules/exits.yaml", "/etc/passwd"), "rules/exits.yaml"),
    "a link to another file": (links("rules/router.yaml", "sizing.yaml"), "rules/router.yaml"),
    "a new link": (links("docs/link.md", "../rules/risk.yaml"), "docs/link.md"),
    "a submodule": (contains_another, "rules/more"),
    "another mode": (mode("rules/tiers.yaml", 0o755), "rules/tiers.yaml"),
    "a new file that can be run": (runs_at_once, "docs/new.md"),
    "a name that differs in case": (writes("rules/scenarios/Exposure.yaml", EMPTY), "rules/scenarios/Exposure.yaml"),
    "a page that differs in case": (writes("docs/RUN.md", "# Runs\n"), "docs/RUN.md"),
    "a name of other letters": (
        writes("rules/scenarios/exposur\u0435.yaml", EMPTY),
        "rules/scenarios/exposur\u0435.yaml",
    ),
    "a name with another separator": (writes("docs/..\\..\\run.md", "# Runs\n"), "docs/..\\..\\run.md"),
    "a name that ends in a dot": (writes("docs/run.md.", "# Runs\n"), "docs/run.md."),
    "a name on two lines": (writes("rules/scenarios/a\nb.yaml", EMPTY), "rules/scenarios/a\nb.yaml"),
    "a name that is no text": (writes(NO_TEXT, "# Runs\n"), NO_TEXT),
    "a file without end": (writes("docs/huge.md", "x" * (MAX_FILE + 1)), "docs/huge.md"),
}
ILLEGIBLE: Final[dict[str, tuple[Change, str]]] = {
    "a name that turns": (writes("docs/a\u202egnp.md", "x\n"), "docs/a\u202egnp.md"),
    "a name on two lines": (writes("rules/scenarios/c\nd.yaml", EMPTY), "rules/scenarios/c\nd.yaml"),
    "a name that is no text": (writes(NO_TEXT, "# Runs\n"), NO_TEXT),
    "a key behind a line separator": (
        by_hand(RISK, "  leverage: 4x\n", "  leverage: 4x  # probation\u2028  min_hold: 1s\n"),
        RISK,
    ),
    "a key behind a next-line character": (
        by_hand("rules/sizing.yaml", "format: 1\n", "format: 1  # \u0085x: 1\n"),
        "rules/sizing.yaml",
    ),
    "a mark of the byte order": (writes("rules/scenarios/bom.yaml", f"\ufeff{EMPTY}"), "rules/scenarios/bom.yaml"),
    "a bare return": (writes("rules/scenarios/cr.yaml", f"{EMPTY}# a\rx: 1\n"), "rules/scenarios/cr.yaml"),
    "a blank without width": (writes("docs/blank.md", "not\u200ballowed\n"), "docs/blank.md"),
    "text that turns": (writes("docs/turned.md", "\u202edewolla\n"), "docs/turned.md"),
    "tags that nobody sees": (writes("docs/tags.md", "read this\U000e0041\U000e0042\n"), "docs/tags.md"),
    "a colour": (writes("docs/colour.md", "\x1b[8mhidden\x1b[0m\n"), "docs/colour.md"),
}


@pytest.fixture(scope="module")
def verdict(first: Project, tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """What is said of all of them together, made by an agent."""
    project = copied(first, tmp_path_factory.mktemp("forged") / "project")
    project.branch("change")
    for change, _ in (*NOT_PLAIN.values(), *ILLEGIBLE.values()):
        change(project)
    project.git("add", "--all", "--", ":!rules/more")
    project.git("commit", "--quiet", "-m", "nothing to see", time=NOW)
    return project.checked(*AGENT)


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_what_is_no_plain_file_is_vetoed(verdict: Verdict, name: str) -> None:
    """Links, submodules, modes, sizes, and names that some disks take for another."""
    assert (NOT_PLAIN[name][1], "") in edits_vetoed(verdict, "not_a_plain_file")


@pytest.mark.parametrize("name", ILLEGIBLE)
def test_what_does_not_show_what_it_says_is_vetoed(verdict: Verdict, name: str) -> None:
    """Characters that turn, hide or break a line unseen, in texts and in names."""
    assert ILLEGIBLE[name][1] in {path for path, _ in edits_vetoed(verdict, "illegible")}


def test_the_report_of_forged_files_can_be_written_anywhere(verdict: Verdict) -> None:
    """What has no shape is spelled out in each format, also what is no text at all."""
    for text in (report.text(verdict), report.markdown(verdict), report.github(verdict)):
        assert text.encode()
        assert "\u202e" not in text
        assert "\x1b" not in text
    assert json.dumps(report.data(verdict)).isascii()


def test_what_people_may_not_do_either(project: Project) -> None:
    """A person may make a link; nobody may make what a reviewer can't see."""
    links("docs/link.md", "../rules/risk.yaml")(project)
    writes("docs/turned.md", "\u202edewolla\n")(project)
    project.commit("both")

    assert {o.reason for o in project.checked(*PERSON).objections} == {"illegible"}


def test_names_that_a_disk_takes_for_one_another() -> None:
    """Case, and letters that are composed otherwise."""
    assert mistakable(["a/b.md", "A/b.md", "c"]) == {"a/b.md", "A/b.md"}
    assert mistakable(["é.md", "e\u0301.md"]) == {"é.md", "e\u0301.md"}
    assert not mistakable(["a", "b"])


def test_a_plain_name_is_one_on_every_disk() -> None:
    """Letters, digits, `_`, `.` and `-`, and no dot at the end of a part."""
    assert all(map(is_plain, ["a.md", ".github/x-1.yml", "rules/scenarios/at_cap.yaml"]))
    assert not any(map(is_plain, ["a/../b", "a/b.", "a b", "a:b", "", "a//b", "a\n", "ä"]))

"""`hedgerow patch`: what it prints, what it leaves behind, and with which exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from generator.change.patching.disk import write_all
from tests.generator.patching.changes import LTC, RISK, TIGHTER, UNIVERSE, by_hand, edits, writes
from tests.generator.patching.repositories import LOGIN, Project, born, copied

WHY: Final = "The book of LTC has thinned to a third since June."
EVENT: Final = {"sender": {"login": LOGIN, "type": "User"}}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shipped rules in a repository; nobody changes it."""
    return born(tmp_path_factory.mktemp("plain") / "project", environments=False)


@pytest.fixture
def project(plain: Project, tmp_path: Path) -> Project:
    """A copy on a branch of its own."""
    made = copied(plain, tmp_path / "project")
    made.branch("change")
    return made


@pytest.fixture(autouse=True)
def _no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the tests run, no CI platform says who asks unless a test says so."""
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)


def run(project: Project, *arguments: str) -> Result:
    """A command in a project, in this process."""
    return CliRunner().invoke(main, ["--root", str(project.root), "patch", *arguments], prog_name="hedgerow")


def patch(project: Project, **parts: Any) -> str:
    """A patch file beside the project."""
    file = project.root.parent / "PATCH.yaml"
    file.write_text(json.dumps({"format": "1", "why": WHY, **parts}), encoding="utf-8")
    return str(file)


def held(project: Project) -> dict[str, bytes]:
    """Every file of the working tree."""
    files = (p for p in project.root.rglob("*") if p.is_file() and ".git" not in p.parts)
    return {str(p.relative_to(project.root)): p.read_bytes() for p in files}


def test_a_committed_edit_is_said_in_every_format_at_once(project: Project, tmp_path: Path) -> None:
    """Annotations for the run, and the comment beside them, with the class on top."""
    edits(RISK, LTC, TIGHTER)(project)
    head = project.commit("tighter")
    comment = tmp_path / "comment.md"
    done = run(project, "check", "--head", head, "--format", "github", "--comment", str(comment))

    assert done.exit_code == 0, done.output
    assert "::notice title=hedgerow TIGHTEN%3A an agent may make this change::" in done.stdout
    assert all(line.startswith("::") for line in done.stdout.splitlines())
    lines = comment.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["<!-- hedgerow patch -->", "### hedgerow: TIGHTEN: an agent may make this change"]
    assert "7%" in comment.read_text(encoding="utf-8")


def test_the_working_tree_is_checked_as_a_commit_of_it_would_be(project: Project) -> None:
    """What is not committed yet counts, and so does a file that nobody has added; nothing of git moves."""
    before = project.git("status", "--porcelain"), project.git("rev-parse", "HEAD")
    by_hand(RISK, LTC, TIGHTER)(project)
    writes("conftest.py", "raise SystemExit\n")(project)
    done = run(project, "check", "--json")
    verdict = json.loads(done.stdout)

    assert done.exit_code == 1
    assert {r["reason"] for r in verdict["reasons"]} == {"place_not_allowed"}
    assert {"conftest.py", RISK} <= {edit["file"] for edit in verdict["edits"]}
    assert all(r["help"] for r in verdict["reasons"])
    assert (project.git("diff", "--cached", "--name-only"), project.git("rev-parse", "HEAD")) == before


def test_the_platform_says_who_asks(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person of ours may loosen; what `--author` says may only take that away."""
    by_hand(RISK, LTC, "LTCUSDT: {symbol_exposure: 9%}")(project)
    project.generate()
    head = project.commit("looser")
    event = tmp_path / "event.json"
    sides = {"base": {"sha": project.git("rev-parse", "main")}, "head": {"sha": head}}
    event.write_text(json.dumps({**EVENT, "pull_request": {"user": EVENT["sender"], **sides}}))
    for name, value in {"ACTIONS": "true", "ACTOR": LOGIN, "EVENT_PATH": str(event)}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)

    assert run(project, "check").exit_code == 0
    assert run(project, "check", "--author", "patch-writer").exit_code == 1


def test_a_tag_that_is_called_as_base_is_not_base(project: Project) -> None:
    """git would take the tag; the authority is the branch."""
    writes(".github/workflows/rules.yml", "on: never\n")(project)
    project.commit("the workflow")
    project.git("tag", "main")
    project.git("tag", "origin/main")

    assert run(project, "check").exit_code == 1


def test_without_a_base_nothing_is_guessed(project: Project) -> None:
    """Held against itself, every change would be none."""
    project.git("branch", "--quiet", "-D", "main")
    done = run(project, "check")

    assert done.exit_code in (2, 3)
    assert "--base" in done.stderr


@pytest.mark.parametrize("ref", ["--upload-pack=touch x", "-x", "main..change", "nowhere"])
def test_a_ref_that_is_none_is_refused(project: Project, ref: str) -> None:
    """It never becomes an option of git."""
    done = run(project, "check", f"--base={ref}")

    assert done.exit_code in (2, 3)
    assert done.stderr.startswith("error: ")


def test_a_reader_that_stops_listening_makes_no_allow_of_a_veto(project: Project) -> None:
    """The exit code is the answer, whoever has read it."""
    writes("conftest.py", "\n")(project)
    project.commit("code")
    read, write = os.pipe()
    os.close(read)
    command = [str(Path(sys.executable).with_name("hedgerow")), "--root", str(project.root), "patch", "check"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(write)

    assert (done.returncode, done.stderr) == (1, b"")


def test_a_patch_is_applied_with_all_that_follows(project: Project) -> None:
    """One line of the YAML is another, its comments and order stay; what is generated is made, and is then fresh."""
    text = project.read(RISK)
    done = run(project, "apply", patch(project, set={"symbols.LTCUSDT.symbol_exposure": "7%"}))

    assert done.exit_code == 0, done.output
    assert "check ok → universe ok → test ok → diff TIGHTEN → prove" in done.stdout
    assert project.read(RISK) == text.replace(LTC, TIGHTER)
    assert '"symbol_exposure": "0.07"' in project.read(UNIVERSE)
    project.commit(WHY)
    assert run(project, "check").exit_code == 0


VETOED: Final[dict[str, Any]] = {
    "looser": {"set": {"symbols.LTCUSDT.symbol_exposure": "9%"}},
    "one of two too far": {"set": {"symbols.LTCUSDT.symbol_exposure": "7%", "symbols.SUIUSDT.symbol_exposure": "1%"}},
    "an example that fails": {
        "set": {"symbols.LTCUSDT.symbol_exposure": "7%"},
        "scenarios": {"rules/scenarios/more.yaml": [{"name": "two", "only": ["spread"], "expect": "allow"}]},
    },
}


@pytest.mark.parametrize(("name", "how"), [(name, ["--propose"] if i else []) for i, name in enumerate(VETOED)])
def test_a_vetoed_patch_leaves_nothing_at_all(project: Project, name: str, how: list[str]) -> None:
    """No file, no branch, no report: all or nothing."""
    before = held(project), project.git("for-each-ref")
    done = run(project, "apply", *how, patch(project, **VETOED[name]))

    assert done.exit_code == 1
    assert "nothing was written" in done.stdout
    assert (held(project), project.git("for-each-ref")) == before


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "edits nothing"),
        ({"set": {"symbols.LTCUSDT.nothing": "7%"}}, "nothing"),
        ({"set": {"symbols.LTCUSDT.symbol_exposure": "8%"}}, "8% already"),
        ({"set": {"symbols.LTCUSDT.symbol_exposure": "7"}}, "bare `7`"),
        ({"set": {"nowhere.spread.exits": "form"}}, "nowhere"),
        ({"scenarios": {"../elsewhere.yaml": [{"name": "x", "expect": "allow"}]}}, "elsewhere"),
        ({"why": "short", "set": {"symbols.LTCUSDT.symbol_exposure": "7%"}}, "short"),
        ({"author": LOGIN, "set": {"symbols.LTCUSDT.symbol_exposure": "7%"}}, "author"),
    ],
)
def test_a_patch_at_fault_is_told_where(project: Project, parts: dict[str, Any], said: str) -> None:
    """Exit code 2, in the words of the patch, and nothing is written."""
    before = held(project)
    done = run(project, "apply", patch(project, **parts))

    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert held(project) == before


def test_a_proposal_is_a_branch_and_a_report(project: Project) -> None:
    """The working tree, the index and HEAD stay; the same is proposed once; the branch passes the check."""
    before = held(project), project.git("rev-parse", "HEAD")
    file = patch(project, set={"symbols.LTCUSDT.symbol_exposure": "7%"})
    done = run(project, "apply", "--propose", file)

    assert done.exit_code == 0, done.output
    (branch,) = project.git("for-each-ref", "--format=%(refname:short)", "refs/heads/patch").splitlines()
    (report,) = (project.root / "logs/proposals").iterdir()
    assert report.read_text(encoding="utf-8").startswith("<!-- hedgerow patch -->\n### hedgerow: TIGHTEN")
    assert project.git("log", "-1", "--format=%s", branch) == WHY
    assert project.git("rev-parse", f"{branch}^") == before[1] == project.git("rev-parse", "HEAD")
    left = {path: text for path, text in held(project).items() if not path.startswith("logs/")}
    assert left == before[0]
    assert not project.git("diff", "--cached", "--name-only")
    report.unlink()
    assert run(project, "check", "--head", branch).exit_code == 0
    again = run(project, "apply", "--propose", file)
    assert again.exit_code == 2
    assert "already" in again.stderr


def test_a_dry_run_says_the_verdict_and_writes_nothing(project: Project) -> None:
    """As data, for an agent."""
    before = held(project)
    file = patch(project, set={"symbols.LTCUSDT.symbol_exposure": "7%"})
    done = run(project, "apply", "--dry-run", "--json", file)

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["verdict"] == "allow"
    assert held(project) == before


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    """Where the last one can't be moved into its place, the others are as they were, and nothing lies about."""
    (tmp_path / "a").write_text("old")
    (tmp_path / "taken").mkdir()
    before = sorted(p.name for p in tmp_path.iterdir())

    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        write_all(tmp_path, {"a": b"new", "b": b"new", "taken": b"new"})
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    write_all(tmp_path, {"a": b"new", "deep/b": b"new"})
    assert (tmp_path / "a").read_text() == (tmp_path / "deep/b").read_text() == "new"

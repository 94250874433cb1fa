"""The composite action and its workflow: their own scripts, run in bash against a real remote; only GitHub's client is
stood in for, since it needs GitHub.
"""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner

from cli.main import main
from tests.conftest import ROOT
from tests.generator.patching.changes import LOOSER, LTC, RISK, by_hand
from tests.generator.patching.repositories import LOGIN, Project, born

ACTION: Final = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS: Final = sorted((ROOT / ".github/workflows").glob("*.yml"))
NUMBER: Final = "7"
BOT: Final = "github-actions[bot]"
MARK: Final = "<!-- hedgerow patch -->"
# Keeps comments in a file as GitHub would, and answers the three requests that are made.
CLIENT: Final = """\
#!{python}
import json, os, sys
path = os.environ["COMMENTS"]
comments = json.load(open(path, encoding="utf-8"))
arguments = sys.argv[1:]
assert arguments[0] == "api"
url = next(a for a in arguments if a.startswith("repos/"))
fields = [a.partition("=@") for a in arguments if a.startswith("body=@")]
if fields:
    body = open(fields[0][2], encoding="utf-8").read()
    if "PATCH" in arguments:
        next(c for c in comments if str(c["id"]) == url.rpartition("/")[2])["body"] = body
    else:
        comments.append({{"id": len(comments) + 1, "user": {{"login": "{bot}"}}, "body": body}})
    json.dump(comments, open(path, "w", encoding="utf-8"))
else:
    assert "startswith(\\"{mark}\\")" in arguments[arguments.index("--jq") + 1]
    for c in comments:
        if c["user"]["login"] == os.environ["AUTHOR"] and c["body"].startswith("{mark}"):
            print(c["id"])
"""
# Each writes where it was run, if it ever is.
POISON: Final = "import os; open(os.environ['TRACE'], 'a').write(__file__)\n"
POISONED: Final = {
    "conftest.py": POISON,
    "sitecustomize.py": POISON,
    "usercustomize.py": POISON,
    "setup.py": POISON,
    "json.py": POISON,
    "cli/__init__.py": POISON,
    "generator/__init__.py": POISON,
    "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'conftest'\nbackend-path = ['.']\n",
    ".gitattributes": "* filter=poison diff=poison merge=poison\n",
    "action.yml": "runs: {using: composite, steps: [{run: 'echo x >> $TRACE', shell: bash}]}\n",
    ".pre-commit-config.yaml": "repos: [{repo: local, hooks: [{id: x, name: x, entry: sh -c 'echo x >> $TRACE'}]}]\n",
    "Makefile": "all:\n\techo x >> $(TRACE)\n",
}


@dataclass(frozen=True)
class Run:
    """A checkout of base, a pull request at its remote, and what the action left."""

    workspace: Path
    project: Project
    temp: Path

    def act(self, head: str) -> int:
        """Every script of the action, one after the other, and the exit code of the last."""
        outputs: dict[str, str] = {}
        code = 0
        for step in ACTION["runs"]["steps"]:
            if "run" in step and "pip install" not in step["run"]:
                code = self._step(step, head, outputs)
        return code

    def _step(self, step: dict[str, Any], head: str, outputs: dict[str, str]) -> int:
        values = {
            "inputs.token": "t0ken",
            "inputs.comment-author": BOT,
            "github.event.pull_request.number": NUMBER,
            "github.event.pull_request.head.sha": head,
            "steps.check.outputs.code": outputs.get("code", ""),
        }
        given = {k: re.sub(r"\$\{\{ (.*?) \}\}", lambda m: values[m[1]], v) for k, v in step["env"].items()}
        out = self.temp / "output"
        out.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env={**self._environment(head, out), **given},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        outputs |= dict(line.split("=", 1) for line in out.read_text().splitlines())
        assert "t0ken" not in done.stdout + done.stderr
        return done.returncode

    def _environment(self, head: str, out: Path) -> dict[str, str]:
        event = {
            "pull_request": {
                "user": {"login": LOGIN, "type": "User"},
                "head": {"sha": head},
                "base": {"sha": "0" * 40},
            },
            "sender": {"login": "patch-writer[bot]", "type": "Bot"},
        }
        (self.temp / "event.json").write_text(json.dumps(event))
        return {
            "PATH": f"{self.temp / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.temp),
            "TRACE": str(self.temp / "trace"),
            "COMMENTS": str(self.temp / "comments.json"),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": LOGIN,
            "GITHUB_TRIGGERING_ACTOR": LOGIN,
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": "fund/rules",
            "GITHUB_OUTPUT": str(out),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
        }

    def push(self, message: str) -> str:
        """Commit everything as the pull request's head."""
        commit = self.project.commit(message)
        self.project.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{NUMBER}/head")
        return commit

    def comments(self) -> list[dict[str, Any]]:
        """The comments on the pull request."""
        found: list[dict[str, Any]] = json.loads((self.temp / "comments.json").read_text())
        return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A pull request whose head is poisoned, acted on once."""
    folder = tmp_path_factory.mktemp("action")
    project = born(folder / "project", environments=False)
    project.git("init", "--quiet", "--bare", str(folder / "origin.git"))
    project.git("remote", "add", "origin", str(folder / "origin.git"))
    project.git("push", "--quiet", "origin", "main")
    project.git("clone", "--quiet", "--branch", "main", str(folder / "origin.git"), str(folder / "workspace"))
    temp = folder / "temp"
    (temp / "bin").mkdir(parents=True)
    client = temp / "bin/gh"
    client.write_text(CLIENT.format(python=sys.executable, bot=BOT, mark=MARK))
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    forged = {"id": 1, "user": {"login": "eve"}, "body": f"{MARK}\nall is well"}
    (temp / "comments.json").write_text(json.dumps([forged]))
    made = Run(folder / "workspace", project, temp)
    project.branch("change")
    for path, text in POISONED.items():
        project.write(path, text)
    by_hand("rules/surfaces.yaml", "classes: [TIGHTEN,", "classes: [LOOSEN, TIGHTEN,")(project)
    by_hand(RISK, LTC, LOOSER)(project)
    assert made.act(made.push("poisoned")) == 1
    return made


def test_nothing_of_head_is_run_or_checked_out(run: Run) -> None:
    """No file of it stands in the workspace, and none has left a trace."""
    assert not (run.temp / "trace").exists()
    assert not any((run.workspace / path).exists() for path in POISONED)
    status = subprocess.run(["git", "-C", str(run.workspace), "status", "--porcelain"], capture_output=True, check=True)
    assert status.stdout == b""


def test_the_poisoned_head_is_vetoed_by_base_s_rules(run: Run) -> None:
    """Who pushed is an agent by the platform's word, whoever opened the request; head's own rights don't count."""
    body = run.comments()[1]["body"]

    assert body.startswith(f"{MARK}\n### hedgerow: ")
    assert "an agent may not make this change" in body
    assert r"patch\-writer\[bot\], a bot" in body
    assert {"place_not_allowed", "class_not_allowed"} <= {*re.findall(r"^\| `(\w+)`", body, re.M)}
    assert (run.temp / "summary").read_text() == body


def test_there_is_one_comment_and_it_is_updated_in_place(run: Run) -> None:
    """Another's that begins alike is left alone, and a second run writes no second one."""
    run.project.git("reset", "--quiet", "--hard", "main")
    run.project.write("docs/run.md", "# Runs, told anew\n")
    assert run.act(run.push("a page")) == 0
    first, second = run.comments()

    assert first["body"] == f"{MARK}\nall is well"
    assert "an agent may make this change" in second["body"]


def scripts(text: str) -> Iterator[str]:
    """Every script of an action or a workflow."""
    document = yaml.safe_load(text)
    jobs = [document["runs"], *()] if "runs" in document else document["jobs"].values()
    for job in jobs:
        yield from (step["run"] for step in job["steps"] if "run" in step)


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda p: p.name)
def test_no_script_holds_an_expression(path: Path) -> None:
    """A title or a branch in a script would be run by whoever wrote it."""
    assert not any("${{" in script for script in scripts(path.read_text(encoding="utf-8")))


def test_the_workflow_of_base_never_names_head() -> None:
    """It may write one comment and read; it checks base out, and no token stays behind."""
    document = yaml.safe_load((ROOT / ".github/workflows/rules.yml").read_text(encoding="utf-8"))
    (job,) = document["jobs"].values()
    checkout, action = job["steps"]

    assert document[True] == {"pull_request_target": {"branches": ["main"], "types": ["opened", "synchronize"]}}
    assert (document["permissions"], job["permissions"]) == ({}, {"contents": "read", "pull-requests": "write"})
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert action == {"uses": "./"}


def test_each_hook_before_a_commit_is_a_command_that_writes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them pass on a project that is as it should be, and leave it so."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    monkeypatch.chdir(run.workspace)
    for hook in hooks:
        name, *arguments = hook["entry"].split()
        assert (name, hook["language"], hook["pass_filenames"]) == ("hedgerow", "system", False)
        done = CliRunner().invoke(main, arguments, prog_name=name)
        assert done.exit_code == 0, (hook["id"], done.output)
    status = subprocess.run(["git", "-C", str(run.workspace), "status", "--porcelain"], capture_output=True, check=True)
    assert status.stdout == b""

"""Real repositories: the shipped rules on a branch `main`, and changes of them on others."""

import gzip
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from generator import generated
from generator.change.git import Repository
from generator.change.patching.authority import Authority
from generator.change.patching.checker import Asked, Proposal, Verdict, check
from generator.change.patching.identity import Actor
from generator.change.patching.trees import of_commit
from generator.compile.finish import file_text
from generator.compile.stages import Compiled, compile_universe

ROOT: Final = Path(__file__).resolve().parents[3]
COPIED: Final = ("rules/*.yaml", "rules/scenarios/exposure.yaml", "schemas/*.yaml", "universe/venues/*.json")
SAMPLE: Final = "research/sample/decisions.jsonl.gz"
RECORDED: Final = 60
# Enough for each tier and group; the others of the shipped universe would only cost time.
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "LTCUSDT", "SUIUSDT", "ETCUSDT")
DAY: Final = 86_400
# The moment at which checks are made, in Unix seconds: 2026-11-21 12:00 UTC.
NOW: Final = 1_795_262_400
TODAY: Final = date(2026, 11, 21)
BORN: Final = NOW - 90 * DAY
LOGIN: Final = "ada"
PERSON: Final = (Actor(LOGIN, is_user=True, role="the author of the pull request"),)
AGENT: Final = (Actor("patch-writer[bot]", is_user=False, role="the author of the pull request"),)


@dataclass(frozen=True)
class Project:
    """A project in a repository of its own; `base` is its `main` as it was first, read once for all tests."""

    root: Path
    base: Authority | None = None

    def git(self, *arguments: str, time: int = BORN, who: str = "ada") -> str:
        """What git answers; whoever is named made it, at a time."""
        identity = {
            **{f"GIT_{role}_NAME": who for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": f"{who}@example.org" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_DATE": f"{time} +0000" for role in ("AUTHOR", "COMMITTER")},
        }
        plain = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.root)}
        environment = {"PATH": os.environ["PATH"], **plain, **identity}
        command = ["git", "-C", str(self.root), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """What a file holds."""
        return (self.root / path).read_text(encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands in a file, the first time."""
        text = self.read(path)
        assert old in text, old
        self.write(path, text.replace(old, new, 1))

    def generate(self) -> None:
        """Make everything that follows from the sources."""
        made = compile_universe(self.root, today=TODAY)
        for path, text in following(made).items():
            self.write(path, text)

    def commit(self, message: str, *, time: int = NOW, who: str = "ada") -> str:
        """Commit everything, and the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, time=time, who=who)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """Go on, on a branch of its own."""
        self.git("checkout", "--quiet", "-b", name)

    @property
    def repository(self) -> Repository:
        """As the checker reads it."""
        return Repository(self.root)

    def authority(self) -> Authority:
        """`main`."""
        main = self.repository.commit_of("main")
        known = self.base is not None and self.base.commit == main
        return self.base if self.base is not None and known else Authority(self.repository, main, TODAY)

    def proposal(self) -> Proposal:
        """HEAD, which is to be merged into `main`."""
        found = self.repository.commit_of("HEAD")
        return Proposal(self.authority(), of_commit(self.repository, found), found, found[:12])

    def checked(self, *named: Actor, claimed: str | None = None) -> Verdict:
        """The verdict on HEAD, for whoever is named; for an agent where nobody is."""
        return check(self.proposal(), Asked(named or AGENT, claimed, NOW, ROOT))


def following(made: Compiled) -> dict[str, str]:
    """Everything that follows from the sources, by path."""
    return {"universe/universe.json": file_text(made.document), **generated.files(made)}


def edits_vetoed(verdict: Verdict, reason: str) -> set[tuple[str, str]]:
    """The edits that a reason is about, as file and key; the key of a whole file is empty."""
    found = (edit for o in verdict.objections if o.reason == reason for edit in o.edits)
    return {(edit.path, ".".join(edit.key)) for edit in found}


def reasons(verdict: Verdict) -> set[str]:
    """The reasons of a verdict."""
    return {o.reason for o in verdict.objections if not o.unknown}


# What stands beside the rules, so that a change can edit it.
BESIDE: Final = {
    ".github/workflows/rules.yml": "on: pull_request_target\n",
    "strategies/momentum.py": "SPAN = 12\n",
    "tests/conftest.py": "import pytest\n",
    "tests/decisions/__snapshots__/decisions.json": '[{"decision": "veto"}]\n',
    "tests/cli/__snapshots__/texts.ambr": "# serializer version: 1\n",
    "research/sample/more.jsonl.gz": "",
    "rules/scenarios/more.yaml": (
        "format: 1\nscenarios:\n  - {name: one, only: [spread], expect: {veto: [facts_missing]}}\n"
    ),
    "docs/run.md": "# Runs\n",
}


def born(root: Path, *, environments: bool = True) -> Project:
    """The shipped rules as the first commit of a repository, with a person who may change them."""
    for pattern in COPIED:
        for path in ROOT.glob(pattern):
            copy = root / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    project = Project(root)
    _narrow(project)
    if not environments:
        risk = project.read("rules/risk.yaml")
        project.write("rules/risk.yaml", risk[: risk.index("environments:")])
    lines = gzip.decompress((ROOT / SAMPLE).read_bytes()).decode().splitlines(keepends=True)
    kept = [line for line in lines if any(f'"subject":"{symbol}"' in line for symbol in SYMBOLS)][:RECORDED]
    (root / SAMPLE).parent.mkdir(parents=True)
    (root / SAMPLE).write_bytes(gzip.compress("".join(kept).encode(), mtime=0))
    for path, text in BESIDE.items():
        project.write(path, text)
    project.replace("rules/surfaces.yaml", "logins: [hedgerow-operator]", f"logins: [{LOGIN}]")
    project.generate()
    project.git("init", "--quiet", "--initial-branch", "main")
    project.commit("The rules", time=BORN)
    return replace(project, base=project.authority())


def _narrow(project: Project) -> None:
    """Take the other symbols out of the rules: their own lines, and where lists name them."""
    for path in (project.root / "rules").glob("*.yaml"):
        text = re.sub(r"(?m)^  ([A-Z]+USDT): .*\n", lambda m: m[0] if m[1] in SYMBOLS else "", path.read_text())
        text = re.sub(r"\b[A-Z]+USDT, ", lambda m: m[0] if m[0][:-2] in SYMBOLS else "", text)
        text = re.sub(r", [A-Z]+USDT(?=\])", lambda m: m[0] if m[0][2:] in SYMBOLS else "", text)
        path.write_text(text)


def copied(project: Project, root: Path) -> Project:
    """The same repository in a folder of its own, to be changed."""
    shutil.copytree(project.root, root)
    return replace(project, root=root)

"""A real git repository around a copy of the shipped rules."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generator.change import git

WHO: Final = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Repository:
    """A repository, and the folder in it that holds the rules."""

    top: Path
    project: Path

    @property
    def objects(self) -> git.Repository:
        """The repository as a comparison reads it."""
        return git.Repository(self.project, shutil.which("git") or "git")

    def git(self, *arguments: str, day: str = "2026-11-01T12:00:00Z") -> str:
        """What git says to a command."""
        command = ["git", "-C", str(self.top), *WHO, *arguments]
        dates = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day, "PATH": os.environ["PATH"]}
        return subprocess.run(command, env=dates, capture_output=True, text=True, check=True).stdout.strip()

    def write(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands in a file of the project, the first time."""
        path = self.project / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}: write the edit anew"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def commit(self, message: str = "Rules", *, day: str = "2026-11-01T12:00:00Z") -> str:
        """Commit all that is in the working tree, and say under which name."""
        self.git("add", "--all", day=day)
        self.git("commit", "--quiet", "--message", message, day=day)
        return self.git("rev-parse", "HEAD")


def repository(top: Path, project: Path) -> Repository:
    """A new repository with the project committed on `main`."""
    made = Repository(top, project)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit()
    return made

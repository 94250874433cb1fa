"""Base, the authority: its files, what they compile to, its rules about changes; each of them read once."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from generator.change.git import GitFault, Repository
from generator.change.patching.compiled import CompiledSide
from generator.change.patching.surfaces import Surfaces, read_surfaces
from generator.change.patching.trees import Tree, of_commit


@dataclass(frozen=True)
class Authority:
    """A commit whose word counts.

    Args:
        repository: where it is.
        commit: its full name.
        today: the UTC day of whoever checks, which ends shadows.
    """

    repository: Repository
    commit: str
    today: date

    @cached_property
    def tree(self) -> Tree:
        """Its files.

        Raises:
            GitFault: the history is cut off: neither merges nor steps could be counted.
        """
        if not self.repository.is_whole():
            raise GitFault("the history is cut off", "fetch the whole of it: fetch-depth 0", environment=True)
        return of_commit(self.repository, self.commit)

    @cached_property
    def side(self) -> CompiledSide:
        """What its files compile to."""
        return CompiledSide(self.commit[:12], self.tree.sources(), self.today)

    @cached_property
    def surfaces(self) -> Surfaces:
        """Its rules about changes.

        Raises:
            Refused: they don't compile, or its other rules don't; nothing may be changed by anybody then.
        """
        found = read_surfaces(self.side.files, today=self.today)
        self.side.compiled()
        return found

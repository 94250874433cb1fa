"""One side of a change, compiled in every environment by base's compiler; what is wrong with it is a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

from engine import RuleSet
from generator import generated
from generator.change.places import InSources
from generator.change.sides import Rules
from generator.change.sources import PROD, Project
from generator.compile.files import Texts
from generator.compile.finish import file_text
from generator.compile.problems import Problem, Refused
from generator.compile.stages import Compiled, compile_universe
from universe.reader import FILE as UNIVERSE
from universe.reader import Universe, parse

RISK: Final = "rules/risk.yaml"


@dataclass(frozen=True)
class CompiledSide:
    """The rules of one side.

    Args:
        name: what to call it.
        files: its sources.
        today: the UTC day of whoever checks, which ends shadows; never one that the side claims.
    """

    name: str
    files: Texts
    today: date
    _made: dict[str, Compiled] = field(default_factory=dict)
    tried: dict[tuple[str, bytes], tuple[str, ...]] = field(default_factory=dict)
    """Scenarios that were run by these rules, a file each, with what failed."""

    def environments(self) -> tuple[str, ...]:
        """prod, and every environment that it names."""
        return self._project.environments()

    def texts(self) -> Mapping[str, bytes]:
        """The texts of rules and catalogs, by their paths."""
        return self._project.texts()

    @property
    def _project(self) -> Project:
        return Project(self.name, self.files, self.today)

    def compiled(self, environment: str = PROD) -> Compiled:
        """What it is compiled to.

        Raises:
            Refused: it doesn't compile.
        """
        if environment not in self._made:
            self._made[environment] = compile_universe(self.files, environment, today=self.today)
        return self._made[environment]

    @cached_property
    def refused(self) -> tuple[Problem, ...]:
        """Every problem with which it does not compile, in whichever environment."""
        return tuple(sorted(self._refusals))

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """The texts that problems are shown in."""
        try:
            return self.compiled().sources.texts
        except Refused as refused:
            return refused.texts

    @property
    def _refusals(self) -> set[Problem]:
        found: set[Problem] = set()
        for environment in self.environments():
            try:
                self.compiled(environment)
            except Refused as refused:
                found.update(p for p in refused.problems if not p.warning)
        return found

    def ruleset(self, environment: str = PROD) -> RuleSet:
        """The checked rules alone."""
        return self.compiled(environment).ruleset

    def rules(self, environment: str) -> Rules:
        """What it decides by, with where everything stands."""
        made = self.compiled(environment)
        return Rules(made.document, made.ruleset, InSources(made.document, made.sources))

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The universe of prod."""
        return self.compiled().document

    @cached_property
    def universe(self) -> Universe:
        """The universe of prod, read back from its text."""
        return self.universe_of(PROD)

    def universe_of(self, environment: str) -> Universe:
        """The universe of an environment, read back from its text."""
        return parse(file_text(self.compiled(environment).document), environment)

    @cached_property
    def following(self) -> Mapping[str, str]:
        """Every file that follows from the sources, by its path."""
        made = self.compiled()
        return {UNIVERSE: file_text(made.document), **generated.files(made)}

"""What may be compared: a commit, a project's folder, or a compiled universe; each read, checked and compiled."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol

from generator.change.git import GitFault, Repository, files_of
from generator.change.places import InSources
from generator.change.sides import Named, Rules
from generator.compile.files import Files, Folder, Texts
from generator.compile.problems import Refused
from generator.compile.stages import Edit, as_written, compile_universe
from generator.compile.text import read_text
from generator.packs import FOLDER as PACKS
from generator.scenarios import FOLDER as SCENARIOS
from universe.reader import parse

PARTS: Final = ("rules", "schemas", "universe/venues")
MARK: Final = "rules/risk.yaml"
PROD: Final = "prod"


class SourceFault(ValueError):
    """Something that is no rule set; `help` says what to name instead."""

    def __init__(self, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.help = help_text


class NotCompiled(Refused):
    """A side that can't be compiled; `side` is what it is called."""

    def __init__(self, side: str, refused: Refused) -> None:
        super().__init__(refused.problems, refused.texts)
        self.side = side


class Source(Protocol):
    """One side of a comparison, before it is compiled."""

    @property
    def name(self) -> str:
        """What to call it."""

    def environments(self) -> tuple[str, ...]:
        """The environments that it may be compiled for, prod first."""

    def rules(self, environment: str) -> Rules:
        """What it decides by in an environment.

        Raises:
            NotCompiled: the texts can't be compiled.
            UniverseFault: a compiled universe is not to be decided by.
        """

    def texts(self) -> Mapping[str, bytes]:
        """The texts of rules, catalogs and scenarios, by their paths; none of a compiled universe."""


@dataclass(frozen=True)
class Project:
    """The sources of a project, wherever they are.

    `today` ends shadows; `edit` changes what was read before it is compiled.
    """

    name: str
    files: Files
    today: date
    edit: Edit = as_written
    _made: dict[str, Rules] = field(default_factory=dict)

    def environments(self) -> tuple[str, ...]:
        """prod, and those that `rules/risk.yaml` names; the compiler says what is wrong with a text that has none."""
        try:
            text = self.files.read(MARK).decode()
        except (OSError, UnicodeDecodeError):
            return (PROD,)
        data = read_text(MARK, text)[0].data
        named = data.get("environments", {}) if isinstance(data, Mapping) else {}
        return (PROD, *named) if isinstance(named, Mapping) else (PROD,)

    def rules(self, environment: str) -> Rules:
        """The compiled rules, with where everything stands."""
        if environment not in self._made:
            try:
                made = compile_universe(self.files, environment, today=self.today, edit=self.edit)
            except Refused as refused:
                raise NotCompiled(self.name, refused) from None
            texts = InSources(made.document, made.sources)
            self._made[environment] = Rules(made.document, made.ruleset, texts)
        return self._made[environment]

    def texts(self) -> Mapping[str, bytes]:
        """Every YAML file of rules, catalogs, scenarios and packs."""
        return dict(self._read())

    def _read(self) -> Iterator[tuple[str, bytes]]:
        for folder in ("rules", "schemas", SCENARIOS, PACKS):
            for name in self.files.names(folder):
                if name.endswith((".yaml", ".yml")):
                    yield f"{folder}/{name}", self.files.read(f"{folder}/{name}")


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """A universe that was compiled before, for one environment."""

    name: str
    environment: str
    document: Mapping[str, Any]
    text: str

    def environments(self) -> tuple[str, ...]:
        """The one that it was compiled for."""
        return (self.environment,)

    def rules(self, environment: str) -> Rules:
        """What it holds, verified against its own hash and checked again."""
        universe = parse(self.text, environment)
        return Rules(universe.document, universe.ruleset, Named(universe.document))

    def texts(self) -> Mapping[str, bytes]:
        """A compiled universe has no texts."""
        return {}


def of_folder(root: Path, today: date, name: str = "", edit: Edit = as_written) -> Project:
    """The rules of a project's folder, as they stand now, or as an edit would have them.

    Raises:
        SourceFault: it holds no rules.
    """
    if not (root / MARK).is_file():
        raise SourceFault(f"{root} holds no {MARK}", "name the folder that holds rules/")
    return Project(name or str(root), Folder(root), today, edit)


def of_ref(repository: Repository, ref: str, today: date) -> Project:
    """The rules of a commit, read from the repository at a project's folder; shadows end by its own day.

    Raises:
        GitFault: there is no such commit, or it can't be read.
        SourceFault: the commit holds no rules.
    """
    name = repository.commit_of(ref)
    contents = files_of(repository, name, PARTS)
    if MARK not in contents:
        raise SourceFault(f"{ref} holds no {MARK}", "name a commit since the rules are there")
    return Project(ref, Texts(contents), min(today, repository.commits("--max-count=1", name)[0].day))


def of_file(path: Path) -> CompiledFile:
    """A compiled universe.

    Raises:
        SourceFault: it can't be read, or holds no universe.
    """
    try:
        text = path.read_bytes().decode()
        document = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise SourceFault(f"{path} can't be read as a universe: {error}", "name a universe.json") from None
    environment = document.get("environment") if isinstance(document, dict) else None
    if not isinstance(environment, str):
        raise SourceFault(f"{path} holds no universe", "name a universe.json")
    return CompiledFile(str(path), environment, document, text)


def source_of(given: str, repository: Repository, today: date) -> Source:
    """The side that a person names: a file that ends in .json, a folder, or else a git ref.

    A name that is a ref and a folder too is refused: `./name` is the folder.

    Raises:
        GitFault, SourceFault: there is none, or it can't be read.
    """
    path = Path(given) if "\0" not in given else Path()
    if given.endswith(".json"):
        return of_file(path)
    if given in (".", "..") or given.startswith(("./", "../", "/")):
        return of_folder(path, today, given)
    holds_rules = (path / MARK).is_file()
    try:
        found = of_ref(repository, given, today)
    except GitFault:
        if holds_rules:
            return of_folder(path, today, given)
        raise
    if holds_rules:
        raise SourceFault(f"`{given}` is a git ref and a folder too", f"write ./{given} for the folder")
    return found

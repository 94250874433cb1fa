"""All files of a project in their canonical writing, and the proof that no decision is another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from generator.change.cover import written
from generator.change.patching.surfaces import FORM, read_surfaces
from generator.compile import contracts
from generator.compile.files import Files, Instead
from generator.compile.problems import Problem, Refused
from generator.compile.schema_parts import Schema
from generator.compile.sources import FILES, schema_of
from generator.compile.stages import compile_universe, schemas_of
from generator.format.texts import FormatFault, formatted
from generator.packs import FOLDER as PACKS
from generator.scenarios import FOLDER, read_file
from generator.trials import Scenario

# No shadow ends before it: what is written otherwise is the same on every day.
NO_DAY: Final = date.min
_MORE: Final = {"uncovered": "rules/uncovered.yaml"}


@dataclass(frozen=True, slots=True)
class Formatted:
    """What formatting would do: how many files were looked at, the new texts by file, and whether they were compiled
    before and after.
    """

    count: int
    texts: Mapping[str, str]
    compiled: bool


def format_files(files: Files, wanted: Sequence[str] = ()) -> Formatted:
    """The canonical writing of a project's files, all of them where none is named.

    The rules before and after have the same hash in each environment, and the scenarios are the same.

    Args:
        files: the project's.
        wanted: paths from the project's root.

    Raises:
        Refused: a file is no strict YAML, or a name is none of a file that can be formatted.
        FormatFault: a text can't be formatted without changing what it says; nothing is to be written then.
    """
    schemas = dict(_known(files))
    if unknown := [Problem(n, 1, 1, "no-file", "no rule file is called so") for n in wanted if n not in schemas]:
        raise Refused(unknown, {})
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    shown: dict[str, str] = {}
    for name in wanted or schemas:
        try:
            text = files.read(name).decode()
            made = formatted(name, text, schemas[name])
        except UnicodeDecodeError:
            problems.append(Problem(name, 1, 1, "bad-text", "the file is not UTF-8"))
        except Refused as refused:
            problems += refused.problems
            shown |= refused.texts
        else:
            texts |= {name: made} if made != text else {}
    if problems:
        raise Refused(problems, shown)
    return Formatted(len(wanted or schemas), texts, not texts or _proved(files, Instead(files, texts)))


def _known(files: Files) -> Iterator[tuple[str, Schema]]:
    """Each file that is written by people, and its schema."""
    made = schemas_of(files)
    for name, file in {**FILES, **contracts.FILES, **_MORE}.items():
        if _is_there(files, file):
            yield file, made.get(schema_of(name), {})
    for file in _scenarios(files):
        if file != written.FILE:
            yield file, made["scenarios"]
    for name in files.names(PACKS):
        if name.endswith(".yaml"):
            yield f"{PACKS}/{name}", made["pack"]
    if _is_there(files, FORM.rules):
        about = _of_changes(files)
        yield FORM.rules, about.get(FORM.name, {})
        yield FORM.catalog, about.get(f"{FORM.name}_catalog", {})


def _scenarios(files: Files) -> list[str]:
    return [f"{FOLDER}/{name}" for name in files.names(FOLDER) if name.endswith(".yaml")]


def _is_there(files: Files, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return name in files.names(folder)


def _of_changes(files: Files) -> Mapping[str, Schema]:
    try:
        return read_surfaces(files, today=NO_DAY).made.schemas
    except Refused:
        return {}


def _proved(before: Files, after: Files) -> bool:
    """Whether the rules decide the same before and after; False where they did not compile before.

    Raises:
        FormatFault: they do not.
    """
    try:
        meant = _meaning(before)
    except Refused:
        return False
    try:
        means = _meaning(after)
    except Refused as refused:
        first = refused.problems[0]
        raise FormatFault(
            f"{first.file}:{first.line}: formatted, it would no longer compile: {first.message}"
        ) from None
    if meant != means:
        raise FormatFault("formatted, the rules would mean something else")
    return True


def _meaning(files: Files) -> tuple[Any, ...]:
    """What decides: the hashes of the rules by environment and of the rules about changes, and every scenario."""
    made = compile_universe(files, today=NO_DAY)
    environments = made.sources.documents["risk"].data.get("environments", {})
    hashes = [compile_universe(files, name, today=NO_DAY).ruleset.ruleset_hash for name in environments]
    about = read_surfaces(files, today=NO_DAY).ruleset.ruleset_hash if _is_there(files, FORM.rules) else ""
    problems: list[Problem] = []
    examples: list[Scenario] = []
    for name in _scenarios(files):
        text = files.read(name).decode()
        examples += read_file(name, text, made.ruleset, made.schemas["scenarios"], problems)
    if problems:
        raise Refused(problems, {})
    return made.ruleset.ruleset_hash, hashes, about, [replace(example, source="") for example in examples]

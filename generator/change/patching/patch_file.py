"""`PATCH.yaml`: what an agent writes. Values to set and to take away, by the same names as `hedgerow whatif --set`, and
examples to add; with the reason why.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.faults import Path
from generator.change.patching.surfaces import Key
from generator.change.patching.yaml_edit import NAMES, Append, Remove, Set, Step
from generator.change.whatif import SetFault, target
from generator.compile.contracts import DIALECT
from generator.compile.files import Files
from generator.compile.problems import Problem, Refused
from generator.compile.schema_parts import TEXT, Schema, file
from generator.compile.shape import check_shape
from generator.compile.sources import Sources, read_sources
from generator.compile.text import Document, read_text
from generator.scenarios import FOLDER

NAME: Final = r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+$"
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _./%-]*")
_VALUE: Final[Schema] = {
    "anyOf": [TEXT, {"type": "array", "items": TEXT}, {"type": "object", "additionalProperties": TEXT}]
}


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch, read: its reason, and the edits of each file in order."""

    why: str
    steps: Mapping[str, tuple[Step, ...]]


def schema() -> Schema:
    """The JSON Schema of `PATCH.yaml`."""
    keys = {"type": "object", "minProperties": 1, "propertyNames": {"pattern": NAME}}
    example = {"type": "object", "required": ["name", "expect"]}
    properties: Schema = {
        "why": {"type": "string", "minLength": 10, "description": "Why; it becomes the first line of the commit."},
        "set": {
            **keys,
            "additionalProperties": _VALUE,
            "description": "New values by name, as `symbols.LTCUSDT.symbol_exposure: 7%`.",
        },
        "remove": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": NAME},
            "description": "Names whose value goes, so that what stands above them holds.",
        },
        "scenarios": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": rf"^{FOLDER}/[a-z0-9_]+\.yaml$"},
            "additionalProperties": {"type": "array", "minItems": 1, "items": example},
            "description": "Examples to add, by the file that they are added to.",
        },
    }
    return {"$schema": DIALECT, "$id": "urn:hedgerow:patch:1", **file("A patch", properties, ("why",))}


def patch_text(data: Mapping[str, Any]) -> str:
    """A patch as YAML; `read_patch` reads it back."""
    lines = ["# yaml-language-server: $schema=schemas/patch.schema.json", f"format: {data['format']}"]
    lines.append(f"why: {json.dumps(data['why'], ensure_ascii=False)}")
    if data.get("set"):
        lines += ["set:", *(f"  {name}: {_flow(value)}" for name, value in data["set"].items())]
    if data.get("remove"):
        lines += ["remove:", *(f"  - {name}" for name in data["remove"])]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    """A value on one line: a plain text where YAML reads it as it stands, else in quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def read_patch(name: str, text: str, files: Files) -> Patch:
    """A patch of these files.

    Raises:
        Refused: with every problem of the patch.
    """
    document, problems = read_text(name, text)
    problems = problems or check_shape(document, schema())
    if problems:
        raise Refused(problems, {name: text})
    sources = read_sources(files, problems)
    if problems:
        raise Refused(problems, {name: text, **sources.texts})
    steps: dict[str, list[Step]] = {}
    for file_name, step in _steps(document, sources, problems):
        steps.setdefault(file_name, []).append(step)
    if not steps and not problems:
        problems.append(document.problem("missing-key", (), "the patch edits nothing", "write `set:`"))
    if problems:
        raise Refused(problems, {name: text})
    return Patch(" ".join(document.data["why"].split()), {n: tuple(found) for n, found in steps.items()})


def _steps(document: Document, sources: Sources, problems: list[Problem]) -> Iterator[tuple[str, Step]]:
    data = document.data
    for name, value in data.get("set", {}).items():
        found = _target(document, ("set", name), name, sources, problems)
        if found is not None:
            yield found[0], Set(found[1], value)
    for i, name in enumerate(data.get("remove", ())):
        found = _target(document, ("remove", i), name, sources, problems)
        if found is not None:
            yield found[0], Remove(found[1])
    for name, entries in data.get("scenarios", {}).items():
        yield from ((name, Append(("scenarios",), entry)) for entry in entries)


def _target(
    document: Document, place: Path, name: str, sources: Sources, problems: list[Problem]
) -> tuple[str, Key] | None:
    """The file and the key in it that a name means."""
    try:
        found, path = target(sources, tuple(name.split(".")))
    except SetFault as fault:
        problems.append(document.problem("unknown-name", place, str(fault), fault.help, at_key=True))
        return None
    return found.file, tuple(_named(found.data, path))


def _named(data: Any, path: Path) -> Iterator[str]:
    """A path in data with the entries of lists by their names."""
    for part in path:
        data = data[part] if isinstance(part, int) else data.get(part, {}) if isinstance(data, dict) else {}
        if isinstance(part, int):
            yield str(next(data[n] for n in NAMES if n in data))
        else:
            yield str(part)

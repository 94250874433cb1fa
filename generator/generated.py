"""Everything generated but the universe, as a table: file → text. `make check` fails when one of them is stale."""

import json
from datetime import date
from pathlib import Path
from typing import Final

from generator.change.cover import written
from generator.change.patching import guide, patch_file
from generator.change.patching.surfaces import FORM, read_surfaces
from generator.compile.files import Files
from generator.compile.finish import file_text
from generator.compile.stages import Compiled
from generator.reference import pages
from universe.reader import parse

REFERENCE: Final = "docs/reference"


def files(compiled: Compiled) -> dict[str, str]:
    """Each generated file and its text."""
    universe = parse(file_text(compiled.document))
    schemas = {f"schemas/{n}.schema.json": json.dumps(s, indent=1) + "\n" for n, s in compiled.schemas.items()}
    reference = {f"{REFERENCE}/{n}": t for n, t in pages(universe, compiled).items()}
    return {
        **schemas,
        **reference,
        written.FILE: written.scenarios_text(universe),
        **_of_changes(compiled.sources.files),
    }


def _of_changes(files: Files) -> dict[str, str]:
    """What follows from the rules about changes, where there are any: their schemas, and the page for agents."""
    if FORM.rules not in (f"rules/{name}" for name in files.names("rules")):
        return {}
    surfaces = read_surfaces(files, today=date.min)
    schemas = {**surfaces.made.schemas, "patch": patch_file.schema()}
    made = {f"schemas/{n}.schema.json": json.dumps(s, indent=1) + "\n" for n, s in schemas.items()}
    return {**made, guide.FILE: guide.guide(surfaces)}


def stale(root: Path, made: dict[str, str]) -> list[str]:
    """The files that are not what would be written, and generated ones that nothing makes any more."""
    old = [n for n, text in made.items() if not (root / n).is_file() or (root / n).read_bytes() != text.encode()]
    known = [*(root / "schemas").rglob("*.schema.json"), *(root / REFERENCE).glob("*.md")]
    left = [str(p.relative_to(root)) for p in known]
    return sorted({*old, *(n for n in left if n not in made)})

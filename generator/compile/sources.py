"""The sources: which files a compile reads, and where each name in them stands."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from generator.compile import contracts
from generator.compile.files import Files
from generator.compile.problems import Problem
from generator.compile.schemas import VENUE
from generator.compile.shape import check_shape
from generator.compile.text import MAX_BYTES, MAX_KEYS, Document, read_text, too_large

_WORDS: Final = {True: "true", False: "false"}
VENUES: Final = "universe/venues"
TABLE_FILES: Final = ("sizing", "router", "exits")
FILES: Final[dict[str, str]] = {
    "units": "schemas/units.yaml",
    "facts": "schemas/facts.yaml",
    "caps": "schemas/caps.yaml",
    "params": "schemas/strategies.yaml",
    "universe": "rules/universe.yaml",
    "tiers": "rules/tiers.yaml",
    "strategies": "rules/strategies.yaml",
    "risk": "rules/risk.yaml",
    "gates": "rules/gates.yaml",
    "windows": "rules/windows.yaml",
    "breakers": "rules/breakers.yaml",
    "waivers": "rules/waivers.yaml",
    "lints": "rules/lints.yaml",
    **{name: f"rules/{name}.yaml" for name in TABLE_FILES},
}
# A project that counts nothing over time, holds nothing shut, waives nothing, and takes lints as they are shipped, has
# no such files.
OPTIONAL: Final = ("windows", "breakers", "waivers", "lints")


def schema_of(name: str) -> str:
    """The name of the schema that a source file follows."""
    return "tables" if name in TABLE_FILES else name


@dataclass(slots=True)
class Sources:
    """The files of one compile, read strictly; `texts` holds each as it stands, for showing problems."""

    files: Files
    documents: dict[str, Document] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    venue: dict[str, Any] = field(default_factory=dict)
    venue_file: str = ""
    hashes: list[dict[str, str]] = field(default_factory=list)

    def source(self, name: str, *path: str | int) -> str:
        """Where something of a file under its own name is written."""
        return self.documents[name].source((name, *path))

    def entries(self, name: str) -> Any:
        """What a file that may be absent says under its own name; nothing where it is absent."""
        document = self.documents.get(name)
        data = document.data if document is not None and isinstance(document.data, dict) else {}
        return data.get(name, [] if name == "breakers" else {})

    def __iter__(self) -> Iterator[tuple[str, Document]]:
        return iter(self.documents.items())


def read_sources(files: Files, problems: list[Problem]) -> Sources:
    """Read every source; a file that is absent or unreadable is a problem."""
    sources = Sources(files)
    for name, file in FILES.items():
        if name in OPTIONAL and file.rpartition("/")[2] not in files.names("rules"):
            continue
        text = _read(file, sources, problems)
        if text is not None:
            document, found = read_text(file, text)
            problems += found
            if not found:
                sources.documents[name] = document
    return sources


def read_venue(sources: Sources, problems: list[Problem]) -> None:
    """Read what the venue of `rules/universe.yaml` imposes."""
    document = sources.documents["universe"]
    name = document.data["venue"]
    file = f"{VENUES}/{name}.json"
    stored = sources.files.names(VENUES)
    if f"{name}.json" not in stored:
        known = [n.removesuffix(".json") for n in stored if n.endswith(".json")]
        problems.append(
            document.problem("unknown-venue", ("venue",), f"there is no {file}", f"known are {', '.join(known)}")
        )
        return
    text = _read(file, sources, problems)
    if text is None:
        return
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        problems.append(Problem(file, error.lineno, error.colno, "bad-json", error.msg))
        return
    except (_Twice, RecursionError):
        data = None
    if data is None or len(text) > MAX_BYTES or check_shape(Document(file, text, data), VENUE):
        # JSON is YAML: the strict reader says where something is wrong, which takes longer.
        venue, found = read_text(file, text)
        problems += found or check_shape(venue, VENUE)
        return
    sources.venue, sources.venue_file = data, file


class _Twice(ValueError):
    """A key stands twice, or there are more keys than may be."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = {key: _WORDS.get(value, value) if isinstance(value, bool) else value for key, value in pairs}
    if len(made) != len(pairs) or len(pairs) > MAX_KEYS:
        raise _Twice
    return made


def read_contracts(sources: Sources, problems: list[Problem]) -> None:
    """Read the catalogs that a universe is not made of."""
    for name, file in contracts.FILES.items():
        text = _read(file, sources, problems, into_universe=name == "events")
        if text is not None:
            document, found = read_text(file, text)
            problems += found
            if not found:
                sources.documents[name] = document


def _read(file: str, sources: Sources, problems: list[Problem], *, into_universe: bool = True) -> str | None:
    try:
        raw = sources.files.read(file)
    except OSError as error:
        problems.append(Problem(file, 1, 1, "no-file", f"the file can't be read: {error.strerror}"))
        return None
    if len(raw) > MAX_BYTES:
        problems.append(too_large(file))
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problems.append(Problem(file, line, 1, "bad-text", "the file is not UTF-8"))
        return None
    sources.texts[file] = text
    if into_universe:
        sources.hashes.append({"path": file, "sha256": hashlib.sha256(raw).hexdigest()})
    return text

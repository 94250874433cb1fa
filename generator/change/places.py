"""Where each part of a compiled universe stands in the texts that it was compiled from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.breakers import HELD
from engine.faults import Path
from generator.change.changes import Place, place_of
from generator.compile.regimes import conditions
from generator.compile.sources import Sources
from generator.compile.text import Document, read_text

LAYERS: Final = {"tier": "tiers", "group": "groups", "symbol": "symbols", "strategy": "strategies"}
_SAME: Final = ("units", "facts", "caps", "strategies")
_OF_VENUE: Final = ("filters", "brackets", "base")


def named_by(document: Mapping[str, Any], path: tuple[str, ...]) -> Place | None:
    """Where a part stands as far as a compiled document tells by itself: gates, measures, rows and caps."""
    entry: Mapping[str, Any]
    match path:
        case ("gates", name, *_):
            entry = next((g for g in document["gates"] if g["id"] == name), {})
        case ("measures", name, *_):
            entry = document["measures"].get(name, {})
        case ("tables", name, row, *_):
            rows = document["tables"].get(name, {}).get("rows", ())
            entry = next((r for r in rows if r["id"] == row), {})
        case ("regimes", name, *_):
            entry = document.get("regimes", {}).get(name, {})
        case (*holder, "caps", cap):
            entry = _at(document, (*holder, "provenance", cap))
        case _:
            entry = {}
    return place_of(entry.get("source", ""))


def _at(document: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    found: Any = document
    for part in path:
        found = found.get(part, {})
    return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class InSources:
    """Finds the parts of a compiled document in the texts that it was compiled from."""

    document: Mapping[str, Any]
    sources: Sources
    _venue: list[Document] = field(default_factory=list)

    def place(self, path: tuple[str, ...]) -> Place | None:
        """Where a part stands."""
        found = self._find(path)
        if found is None:
            return named_by(self.document, path)
        read, place = found
        return Place(read.file, read.mark(place, at_key=True).line) if _stands(read, place) else None

    def written(self, path: tuple[str, ...]) -> str | None:
        """A value as it is written, in one line; None where none stands there."""
        found = self._find(path)
        if found is None:
            return None
        value = found[0].data
        for part in found[1]:
            known = isinstance(value, Mapping) and part in value
            value = value[part] if known or (isinstance(value, list) and isinstance(part, int)) else None
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return f"[{', '.join(value)}]"
        return value if isinstance(value, str) else None

    def _find(self, path: tuple[str, ...]) -> tuple[Document, Path] | None:
        if path[-2:-1] == ("caps",) and len(path) > 2 and path[0] != "regimes":
            return _of_cap(self.document, self.sources.documents, path)
        return _in(self.document, self.sources.documents, path, self._read_venue)

    def _read_venue(self) -> Document | None:
        text = self.sources.texts.get(self.sources.venue_file)
        if text is not None and not self._venue:
            self._venue.append(read_text(self.sources.venue_file, text)[0])
        return self._venue[0] if self._venue else None


def _of_cap(
    document: Mapping[str, Any], documents: Mapping[str, Document], path: tuple[str, ...]
) -> tuple[Document, Path] | None:
    """Where the layer stands that sets a cap."""
    *holder, _, cap = path
    origin = _at(document, (*holder, "provenance", cap))
    if not origin:
        return None
    inside = layer_path(str(origin["layer"]), cap)
    file = str(origin["source"]).rpartition(":")[0]
    if file == documents["risk"].file:
        return documents["risk"], inside
    return documents["strategies"], (*inside[:-1], "caps", cap)


def layer_path(layer: str, cap: str) -> tuple[str, ...]:
    """The path of a cap in a layer, by the layer's name in words: `tier CORE of testnet`."""
    layer, _, environment = layer.partition(" of ")
    kind, _, name = layer.partition(" ")
    if kind == "regime":
        return "regimes", name, "caps", cap
    path = (LAYERS[kind], name, cap) if kind in LAYERS else (kind, cap)
    return ("environments", environment, *path) if environment else path


def _stands(document: Document, path: Path) -> bool:
    """Whether the entry that a path leads into is in the text; a part of it may be left out there."""
    return path[:2] in document.keys or path[:2] in document.values


def _in(
    document: Mapping[str, Any],
    documents: Mapping[str, Document],
    path: tuple[str, ...],
    venue: Callable[[], Document | None],
) -> tuple[Document, Path] | None:
    """The text that a part stands in, and its path there; None where the compiled document knows better."""
    match path:
        case (part, *_) if part in _SAME and "caps" not in path[1:3]:
            return documents[part], path
        case ("params", *rest):
            return documents["params"], ("strategies", *rest[:1], *(("params", *rest[1:]) if rest[1:] else ()))
        case ("head", *rest):
            return documents["gates"], tuple(rest)
        case ("gates", name, *rest):
            return _by_id(documents, "gates", name, rest) or _by_id(
                documents, "breakers", name.removesuffix(HELD), rest
            )
        case ("breakers", name, *rest):
            return _by_id(documents, "breakers", name, rest)
        case ("measures", name, *_) if name in (made := conditions(documents["risk"].data.get("regimes", {}))):
            return documents["risk"], ("regimes", made[name], "when")
        case ("measures", *_):
            return documents["gates"], path
        case ("regimes", *_):
            return documents["risk"], path
        case ("waivers" | "windows" | "events", *_) if path[0] in documents:
            return documents[path[0]], path
        case ("tables", name, *rest):
            return _in_table(document, documents, name, tuple(rest))
        case ("tiers", *_):
            return documents["tiers"], path
        case ("groups", *_):
            return documents["universe"], path
        case ("symbols", symbol, *rest) if not rest or rest[0] not in ("caps", "provenance"):
            return _of_symbol(document, documents, symbol, tuple(rest), venue)
    return None


def _by_id(documents: Mapping[str, Document], part: str, name: str, rest: list[str]) -> tuple[Document, Path] | None:
    """An entry of a list whose entries have ids; where no key of it is asked for, its id."""
    document = documents.get(part)
    entries = document.data[part] if document is not None else []
    number = next((i for i, entry in enumerate(entries) if entry["id"] == name), None)
    return None if document is None or number is None else (document, (part, number, *(rest or ["id"])))


def _in_table(
    document: Mapping[str, Any], documents: Mapping[str, Document], name: str, rest: tuple[str, ...]
) -> tuple[Document, Path] | None:
    file = next((d for d in documents.values() if d.file.startswith("rules/") and name in _tables(d)), None)
    if file is None:
        return None
    path: Path = ("tables", name, *rest)
    if rest and rest[0] not in ("why", "outputs", "order"):
        rows = document["tables"].get(name, {}).get("rows", ())
        number = next((i for i, row in enumerate(rows) if row["id"] == rest[0]), None)
        if number is None:
            return None
        path = ("tables", name, "rows", number, *rest[1:])
    return file, path


def _tables(document: Document) -> Mapping[str, Any]:
    found = document.data.get("tables", {}) if isinstance(document.data, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _of_symbol(
    document: Mapping[str, Any],
    documents: Mapping[str, Document],
    symbol: str,
    rest: tuple[str, ...],
    venue: Callable[[], Document | None],
) -> tuple[Document, Path] | None:
    entry = document["symbols"].get(symbol)
    if entry is None:
        return None
    field = rest[0] if rest else ""
    if field in ("tier", "traits"):
        tier = str(entry.get("tier", ""))
        members = document["tiers"].get(tier, {}).get("members", [])
        at = ("members", members.index(symbol)) if field == "tier" and symbol in members else rest
        return documents["tiers"], ("tiers", tier, *at)
    if field in _OF_VENUE:
        read = venue()
        return (read, ("symbols", symbol, *(rest[1:] if field == "filters" else rest))) if read else None
    if field == "venue":
        return documents["universe"], ("venue",)
    return documents["universe"], ("symbols", symbol, *rest)

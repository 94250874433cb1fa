"""Edits of the rules in memory: `symbols.BTCUSDT.leverage=2x`, without a file being touched."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.catalog import did_you_mean
from engine.faults import Path
from generator.compile.problems import Problem
from generator.compile.sources import TABLE_FILES, Sources
from generator.compile.text import Document, read_text

HELP: Final = "write --set symbols.BTCUSDT.leverage=2x"
_Target = tuple[Document, Path]


class SetFault(ValueError):
    """A setting that can't be read; `help` says what to write."""

    def __init__(self, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Setting:
    """A value to put in a place: the path as a person writes it, and the value as YAML means it."""

    text: str
    path: tuple[str, ...]
    value: Any


def setting(text: str) -> Setting:
    """A setting as it is written: `path=value`.

    Raises:
        SetFault: it is no path and value.
    """
    path, equals, written = text.partition("=")
    parts = tuple(path.strip().split("."))
    if not equals or not all(parts) or len(parts) < 2:
        raise SetFault(f"`{text}` sets nothing", HELP)
    document, problems = read_text("--set", written.strip())
    if problems:
        raise SetFault(f"`{written.strip()}` is no value: {problems[0].message}", problems[0].help)
    return Setting(text, parts, document.data)


@dataclass(slots=True)
class Edits:
    """Settings as an edit of what a compile reads; `places` tells where each was put."""

    settings: tuple[Setting, ...]
    places: dict[tuple[str, int, int], Setting] = field(default_factory=dict)

    def __call__(self, sources: Sources) -> Iterator[Problem]:
        """Put each value in its place; what has no place is a problem."""
        for setting in self.settings:
            try:
                document, path = target(sources, setting.path)
            except SetFault as fault:
                yield Problem(f"--set {setting.text}", 1, 1, "unknown-name", str(fault), fault.help)
                continue
            _put(document, path, setting.value)
            for at_key in (True, False):
                mark = document.mark(path, at_key=at_key)
                self.places[document.file, mark.line, mark.column] = setting


def _put(document: Document, path: Path, value: Any) -> None:
    place = document.data
    for part in path[:-1]:
        if isinstance(place, dict):
            place = place.setdefault(str(part), {})
        elif isinstance(place, list) and isinstance(part, int):
            place = place[part]
    if isinstance(place, dict):
        place[str(path[-1])] = value


def target(sources: Sources, path: tuple[str, ...]) -> _Target:
    """The text and the place in it that a path of settings means.

    Raises:
        SetFault: there is no such place.
    """
    find = _TARGETS.get(path[0])
    if find is None:
        raise SetFault(f"nothing can be set under `{path[0]}`", did_you_mean(path[0], _TARGETS) or HELP)
    return find(sources, path)


def _caps(sources: Sources) -> Mapping[str, Any]:
    found = sources.documents["caps"].data.get("caps", {})
    return found if isinstance(found, Mapping) else {}


def _of_risk(sources: Sources, path: tuple[str, ...]) -> _Target:
    return sources.documents["risk"], path


def _layer(name: str) -> Callable[[Sources, tuple[str, ...]], _Target]:
    """Caps of a tier, group or symbol stand in the caps' file, everything else of it in its own."""

    def find(sources: Sources, path: tuple[str, ...]) -> _Target:
        _known(sources.documents[name], path[:2])
        of_caps = len(path) == 3 and (path[2] in _caps(sources) or path[0] == "groups")
        return sources.documents["risk" if of_caps else name], path

    return find


def _strategy(sources: Sources, path: tuple[str, ...]) -> _Target:
    risk, own = sources.documents["risk"], sources.documents["strategies"]
    _known(own, path[:2])
    if len(path) == 3 and path[2] in _caps(sources):
        if path[2] in _at(risk.data, path[:2]):
            return risk, path
        return own, (*path[:2], "caps", path[2])
    return own, path


def _gate(sources: Sources, path: tuple[str, ...]) -> _Target:
    gates = sources.documents["gates"]
    ids = [str(g.get("id")) for g in gates.data.get("gates", ()) if isinstance(g, Mapping)]
    if path[1] not in ids or len(path) != 3:
        raise SetFault(f"`{'.'.join(path)}` is no part of a gate", did_you_mean(path[1], ids) or "gates.ID.KEY")
    return gates, ("gates", ids.index(path[1]), path[2])


def _measure(sources: Sources, path: tuple[str, ...]) -> _Target:
    _known(sources.documents["gates"], path[:2])
    return sources.documents["gates"], path if len(path) > 2 else (*path, "is")


def _table(sources: Sources, path: tuple[str, ...]) -> _Target:
    for name in TABLE_FILES:
        document = sources.documents[name]
        rows = _at(document.data, ("tables", path[1])).get("rows", ())
        ids = [str(r.get("id")) for r in rows if isinstance(r, Mapping)]
        if len(path) > 3 and path[2] in ids:
            rest = path[3:] if path[3] in ("when", "then", "why") else ("then", *path[3:])
            return document, ("tables", path[1], "rows", ids.index(path[2]), *rest)
    raise SetFault(f"`{'.'.join(path)}` is no row of a table", "tables.TABLE.ROW.when, or tables.TABLE.ROW.OUTPUT")


def _catalog(sources: Sources, path: tuple[str, ...]) -> _Target:
    _known(sources.documents[path[0]], path[:2])
    return sources.documents[path[0]], path


def _known(document: Document, path: tuple[str, ...]) -> None:
    names = _at(document.data, path[:1])
    if path[1] not in names:
        raise SetFault(f"{document.file} has no `{'.'.join(path)}`", did_you_mean(path[1], names))


def _at(data: Any, path: tuple[str, ...]) -> Mapping[str, Any]:
    for part in path:
        data = data.get(part, {}) if isinstance(data, Mapping) else {}
    return data if isinstance(data, Mapping) else {}


_TARGETS: Final[Mapping[str, Callable[[Sources, tuple[str, ...]], _Target]]] = {
    "global": _of_risk,
    "environments": _of_risk,
    "regimes": _of_risk,
    "tiers": _layer("tiers"),
    "groups": _layer("universe"),
    "symbols": _layer("universe"),
    "strategies": _strategy,
    "gates": _gate,
    "measures": _measure,
    "tables": _table,
    "caps": _catalog,
    "units": _catalog,
}

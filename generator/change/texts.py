"""Changes of texts beside what they compile to: sources whose meaning stayed, contracts, and rules of another kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.faults import Path
from generator.change.changes import Change, Kind, Place
from generator.change.cover.written import FILE as AT_CAP
from generator.change.fields import ABSENT, Absent, Difference
from generator.change.sides import Sides, text_of
from generator.change.verdicts import Verdict
from generator.change.words import Class
from generator.compile import contracts
from generator.compile.sources import FILES, VENUES
from generator.compile.text import Document, read_text
from generator.scenarios import FOLDER as SCENARIOS

# What these texts decide is in the compiled universe, whole: the rest of them is for people.
TOLD: Final = frozenset(
    {
        *(f"schemas/{name}.yaml" for name in ("units", "facts", "caps", "strategies")),
        *(f"rules/{name}.yaml" for name in ("universe", "tiers", "strategies", "risk", "gates")),
        *(f"rules/{name}.yaml" for name in ("sizing", "router", "exits", "windows", "breakers", "waivers")),
    }
)
# Sources of which `beside` tells every entry.
ENTRY_BY_ENTRY: Final = frozenset({FILES["lints"], *contracts.FILES.values()})
UNDIRECTED: Final = Verdict(Class.LOOSEN, "no direction is declared for it")
_FOR_PEOPLE: Final = frozenset({"meaning", "why"})


def sources(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The sources of a universe whose texts differ; what they mean is told by the other changes."""
    before, after = ({s["path"]: s["sha256"] for s in _sources(side.document)} for side in (sides.old, sides.new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            verdict = Verdict(Class.COSMETIC, "nothing that is decided follows from what changed")
            if path not in TOLD | ENTRY_BY_ENTRY and not path.startswith(f"{VENUES}/"):
                verdict = UNDIRECTED
            yield _text(path, path in before, path in after, verdict)


def _sources(document: Mapping[str, Any]) -> list[dict[str, str]]:
    return list(document.get("sources", ()))


def _text(path: str, was: bool, now: bool, verdict: Verdict) -> Change:
    return Change(
        kind=Kind.TEXT,
        name=path,
        key=path,
        word=verdict.word,
        why=verdict.why,
        before="text" if was else None,
        after="text" if now else None,
        was=Place(path) if was else None,
        now=Place(path) if now else None,
    )


def beside(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[Change]:
    """The changes of rules and catalogs that no universe is made of, entry by entry: of contracts what is taken from
    whoever reads them, of all others anything loosens.
    """
    contract = set(contracts.FILES.values())
    for path in sorted((old.keys() | new.keys()) - TOLD):
        if old.get(path) == new.get(path) or path.startswith(f"{SCENARIOS}/"):
            continue
        if path in old and path in new:
            yield from _within(path, old[path], new[path], _of_contract if path in contract else _undirected)
        else:
            yield _text(path, path in old, path in new, UNDIRECTED)


def examples(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[str, ...]:
    """What a reader must know of scenarios that differ: they decide nothing, and show what must hold."""
    paths = sorted(p for p in old.keys() | new.keys() if p.startswith(f"{SCENARIOS}/") and p != AT_CAP)
    other = [p for p in paths if old.get(p) != new.get(p)]
    return (f"the examples differ too: {', '.join(other)}",) if other else ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry that is not the same on both sides: its name, and its path and value on each, ABSENT where it is not."""

    name: tuple[str, ...]
    was: Path
    now: Path
    old: Any
    new: Any


def _within(path: str, old: bytes, new: bytes, verdict: Callable[[_Entry], Verdict]) -> Iterator[Change]:
    before, after = (_document(path, text) for text in (old, new))
    if before is None or after is None:
        yield _text(path, True, True, Verdict(Class.LOOSEN, "it can't be read"))
        return
    found = list(_entries(_Entry((), (), (), before.data, after.data)))
    stem = path.rpartition("/")[2].removesuffix(".yaml")
    for entry in found:
        for_people = entry.name and entry.name[-1] in _FOR_PEOPLE
        word = Verdict(Class.COSMETIC, "only people read it") if for_people else verdict(entry)
        yield Change(
            kind=Kind.CONTRACT if verdict is _of_contract else Kind.OTHER,
            name=f"{stem}.yaml: {' '.join(entry.name)}",
            key=".".join((stem, *entry.name)),
            word=word.word,
            why=word.why,
            before=text_of(entry.old),
            after=text_of(entry.new),
            was=_mark(before, entry.was, entry.old),
            now=_mark(after, entry.now, entry.new),
        )
    if not found:
        yield _text(path, True, True, Verdict(Class.COSMETIC, "only its comments or its layout"))


def _document(path: str, text: bytes) -> Document | None:
    try:
        found, problems = read_text(path, text.decode())
    except UnicodeDecodeError:
        return None
    return None if problems else found


def _entries(at: _Entry) -> Iterator[_Entry]:
    """What differs below an entry; lists of entries that have ids are taken apart by them."""
    if at.old == at.new:
        return
    sides = [_parts(value) for value in (at.old, at.new)]
    if None in sides:
        yield at
        return
    before, after = (side or {} for side in sides)
    for name in dict.fromkeys([*before, *after]):
        (was, old), (now, new) = (side.get(name, (name, ABSENT)) for side in (before, after))
        yield from _entries(_Entry((*at.name, name), (*at.was, was), (*at.now, now), old, new))
    if list(before) != list(after) and isinstance(at.old, list) and not before.keys() ^ after.keys():
        yield _Entry((*at.name, "order"), at.was, at.now, list(before), list(after))


def _parts(value: Any) -> Mapping[str, tuple[str | int, Any]] | None:
    """What is in an entry by its name, with its part of the path; None for what is taken whole."""
    if isinstance(value, Mapping):
        return {str(name): (str(name), part) for name, part in value.items()}
    if isinstance(value, list) and value and all(isinstance(e, Mapping) and "id" in e for e in value):
        found = {str(entry["id"]): (number, entry) for number, entry in enumerate(value)}
        return found if len(found) == len(value) else None
    return None


def _undirected(entry: _Entry) -> Verdict:
    return UNDIRECTED


def _of_contract(entry: _Entry) -> Verdict:
    if isinstance(entry.old, Absent):
        return Verdict(Class.EQUIVALENT, "it is added, and takes nothing away")
    gone = isinstance(entry.new, Absent)
    return Verdict(Class.CONTRACT, f"whoever reads it finds {'it no more' if gone else 'another'}")


def _mark(document: Document, path: Path, value: Any) -> Place | None:
    return None if isinstance(value, Absent) else Place(document.file, document.mark(path, at_key=True).line)

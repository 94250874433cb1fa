"""Changes of texts beside what they compile to: sources whose meaning stayed, contracts, and rules of another kind."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from generator.change.changes import Change, Kind, Place
from generator.change.cover.written import FILE as AT_CAP
from generator.change.fields import ABSENT, Absent, Difference
from generator.change.sides import Sides, text_of
from generator.change.verdicts import Verdict
from generator.change.words import Class
from generator.compile import contracts
from generator.compile.sources import VENUES
from generator.compile.text import Document, read_text
from generator.scenarios import FOLDER as SCENARIOS

# What these texts decide is in the compiled universe, whole: the rest of them is for people.
TOLD: Final = frozenset(
    {
        *(f"schemas/{name}.yaml" for name in ("units", "facts", "caps", "strategies")),
        *(f"rules/{name}.yaml" for name in ("universe", "tiers", "strategies", "risk", "gates")),
        *(f"rules/{name}.yaml" for name in ("sizing", "router", "exits")),
    }
)
_FOR_PEOPLE: Final = frozenset({"meaning", "why"})


def sources(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The sources of a universe whose texts differ; what they mean is told by the other changes."""
    before, after = ({s["path"]: s["sha256"] for s in _sources(side.document)} for side in (sides.old, sides.new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            verdict = Verdict(Class.COSMETIC, "nothing that is decided follows from what changed")
            if path not in TOLD and not path.startswith(f"{VENUES}/"):
                verdict = Verdict(Class.LOOSEN, "no direction is declared for it")
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
    """The changes of rules and catalogs that no universe is made of: contracts entry by entry, others as a whole."""
    contract = set(contracts.FILES.values())
    for path in sorted((old.keys() | new.keys()) - TOLD):
        if old.get(path) == new.get(path) or path.startswith(f"{SCENARIOS}/"):
            continue
        if path in contract and path in old and path in new:
            yield from _contract(path, old[path], new[path])
        else:
            verdict = Verdict(Class.LOOSEN, "no direction is declared for it")
            yield _text(path, path in old, path in new, verdict)


def examples(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[str, ...]:
    """What a reader must know of scenarios that differ: they decide nothing, and show what must hold."""
    paths = sorted(p for p in old.keys() | new.keys() if p.startswith(f"{SCENARIOS}/") and p != AT_CAP)
    other = [p for p in paths if old.get(p) != new.get(p)]
    return (f"the examples differ too: {', '.join(other)}",) if other else ()


def _contract(path: str, old: bytes, new: bytes) -> Iterator[Change]:
    before, after = (read_text(path, text.decode(errors="replace"))[0] for text in (old, new))
    found = list(_entries((), before.data, after.data))
    for place, was, now in found:
        yield Change(
            kind=Kind.CONTRACT,
            name=f"{path.rpartition('/')[2]}: {' '.join(place)}",
            key=".".join((path.removesuffix(".yaml").rpartition("/")[2], *place)),
            word=_word(place, was),
            why=_why(place, was, now),
            before=text_of(was),
            after=text_of(now),
            was=_mark(before, place, was),
            now=_mark(after, place, now),
        )
    if not found:
        yield _text(path, True, True, Verdict(Class.COSMETIC, "only its comments or its layout"))


def _entries(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*old, *new]):
            yield from _entries((*path, name), old.get(name, ABSENT), new.get(name, ABSENT))
        return
    yield path, old, new


def _word(path: tuple[str, ...], old: Any) -> Class:
    if path and path[-1] in _FOR_PEOPLE:
        return Class.COSMETIC
    return Class.EQUIVALENT if isinstance(old, Absent) else Class.CONTRACT


def _why(path: tuple[str, ...], old: Any, new: Any) -> str:
    if path and path[-1] in _FOR_PEOPLE:
        return "only people read it"
    if isinstance(old, Absent):
        return "it is added, and takes nothing away"
    return "whoever reads it finds it no more" if isinstance(new, Absent) else "whoever reads it finds another"


def _mark(document: Document, path: tuple[str, ...], value: Any) -> Place | None:
    return None if isinstance(value, Absent) else Place(document.file, document.mark(path, at_key=True).line)

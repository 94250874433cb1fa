"""Edits that move no value today: a layer that others override, or a value that another layer now sets the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.change import verdicts
from generator.change.caps import Origin
from generator.change.changes import Change, Kind
from generator.change.effective import looser_data
from generator.change.fields import Difference
from generator.change.sides import Sides
from generator.change.words import Class
from generator.compile.regimes import PART as REGIMES
from generator.compile.regimes import made_caps

# A layer and a cap, and how the layer's value moved: (layer, source) before and after, and the two values.
_Masked = tuple[str, str, str, str, Any, Any]


def changes(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of provenance that say something which no change of a value says."""
    setters: dict[tuple[Origin, Origin, str], list[str]] = {}
    masked: dict[str, tuple[_Masked, list[str]]] = {}
    # What a regime makes of a cap has no layers of its own: what moves it is told of the cap.
    of_regimes = made_caps(sides.new.document.get(REGIMES, {})).keys()
    for difference in found:
        *_, holder, _ = difference.path
        if not isinstance(difference.old, Mapping) or not isinstance(difference.new, Mapping):
            continue  # the holder's values are listed, or the holder is
        for cap in (difference.old.keys() & difference.new.keys()) - of_regimes:
            old, new = difference.old[cap], difference.new[cap]
            if old == new:
                continue
            if old["layer"] != new["layer"] and _same(sides, difference.path, cap):
                key = (Origin(old["layer"], old["source"]), Origin(new["layer"], new["source"]), cap)
                setters.setdefault(key, []).append(holder)
            for link in _moved_links(cap, old, new):
                masked.setdefault(repr(link), (link, []))[1].append(holder)
    for (before, after, cap), holders in setters.items():
        yield _set_elsewhere(sides, before, after, cap, tuple(holders))
    for link, holders in masked.values():
        yield _masked(sides, link, tuple(holders))


def _same(sides: Sides, path: tuple[str, ...], cap: str) -> bool:
    old, new = sides.old.document, sides.new.document
    for part in path[:-1]:
        old, new = old[part], new[part]
    return bool(old["caps"].get(cap) == new["caps"].get(cap))


def _moved_links(cap: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Masked]:
    """The layers below the one that holds, whose own values moved."""
    before = {link["layer"]: link for link in old.get("overrode", ())}
    for link in new.get("overrode", ()):
        was = before.get(link["layer"])
        if was is not None and was.get("value") != link.get("value"):
            yield cap, link["layer"], was["source"], link["source"], was.get("value"), link.get("value")


def _set_elsewhere(sides: Sides, before: Origin, after: Origin, cap: str, holders: tuple[str, ...]) -> Change:
    edited = before if before.rank > after.rank else after
    return Change(
        kind=Kind.CAP,
        name=f"{edited.layer}: {cap}",
        key=edited.key(cap),
        word=Class.EQUIVALENT,
        why="the value that holds is the same",
        before=f"set by {before.layer}",
        after=f"set by {after.layer}",
        was=before.place,
        now=after.place,
        symbols=tuple(h for h in holders if h in sides.new.document["symbols"]),
    )


def _masked(sides: Sides, link: _Masked, holders: tuple[str, ...]) -> Change:
    cap, layer, was, now, old, new = link
    declared = sides.new.ruleset.catalog.caps[cap]
    before, after = Origin(layer, was), Origin(layer, now)
    word, why = Class.EQUIVALENT, "a layer below overrides it everywhere"
    if looser_data(declared, new, old):
        raised = layer.partition(" of ")[0] == "global"
        word = Class.LOOSEN if raised else Class.LATENT_LOOSEN
        why = f"{verdicts.ONE[declared.tighter, True]}; " + (
            "it is what nothing below may be looser than" if raised else "a layer below overrides it today"
        )
    return Change(
        kind=Kind.CAP,
        name=f"{layer}: {cap}",
        key=after.key(cap),
        word=word,
        why=why,
        before=sides.written(old, declared.unit.name),
        after=sides.written(new, declared.unit.name),
        was=before.place,
        now=after.place,
        old=old,
        new=new,
        masked=True,
        symbols=tuple(h for h in holders if h in sides.new.document["symbols"]),
    )

"""Changes of waivers: each lets something pass that the rules stop, so what is not surely less of it is loosening."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from engine.reach import caps_inside
from engine.ruleset import RuleSet, Waiver
from generator.change.changes import Change, Kind
from generator.change.fields import Absent, Difference
from generator.change.sides import Sides
from generator.change.verdicts import Verdict
from generator.change.words import Class

_OTHERWISE: Final = "a waiver lets it pass by other values than those that were compared"


def changes(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of waivers, by their names."""
    for difference in found:
        name = difference.path[1]
        verdict = _verdict(sides, name, difference)
        yield Change(
            kind=Kind.OTHER,
            name=f"waiver {name}",
            key=f"waivers.{name}",
            word=verdict.word,
            why=verdict.why,
            before=_told(difference.old),
            after=_told(difference.new),
            **sides.places("waivers", name),
        )


def _told(entry: Any) -> str | None:
    if isinstance(entry, Absent):
        return None
    who = ", ".join(entry[key] for key in ("subject", "actor") if key in entry)
    return f"{entry['gate']} for {who} until {entry['written']}, by {entry['by']}"


def _verdict(sides: Sides, name: str, difference: Difference) -> Verdict:
    old, new = (_named(side.ruleset, name) for side in (sides.old, sides.new))
    if new is None:
        return Verdict(Class.TIGHTEN, "what it let pass is vetoed again")
    if old is None:
        return Verdict(Class.LOOSEN, "a gate lets pass what it stops")
    if replace(old, written="", by="", layer=new.layer) != replace(new, written="", by="", until=old.until):
        return Verdict(Class.LOOSEN, "it is about something else")
    if new.until > old.until:
        return Verdict(Class.LOOSEN, "it lasts longer")
    if not _no_farther(sides, old, new):
        return Verdict(Class.LOOSEN, "it may go farther")
    if (old.until, old.layer.caps) == (new.until, new.layer.caps):
        return Verdict(Class.COSMETIC, "only people read it")
    return Verdict(Class.TIGHTEN, "it ends sooner, or goes less far")


def _named(ruleset: RuleSet, name: str) -> Waiver | None:
    return next((waiver for waiver in ruleset.waivers if waiver.id == name), None)


def _no_farther(sides: Sides, old: Waiver, new: Waiver) -> bool:
    """Whether every value of the new one is as tight as the old one's; inside an expression tighter says nothing."""
    before, after = old.layer.caps, new.layer.caps
    if before == after:
        return True
    gate = next(gate for gate in sides.new.ruleset.gates if gate.id == new.gate)
    inside = caps_inside(gate, sides.new.ruleset)
    declared = sides.new.ruleset.catalog.caps
    return before.keys() == after.keys() and all(
        value == before[cap] or (cap not in inside and not declared[cap].looser(value, before[cap]))
        for cap, value in after.items()
    )


def in_spite_of(sides: Sides, found: Iterable[Change]) -> Iterator[Change]:
    """Changes as they are where a gate of theirs is waived: what was compared is what holds without the waiver."""
    waived = {waiver.gate for side in (sides.old, sides.new) for waiver in side.ruleset.waivers}
    for change in found:
        better = change.word in (Class.TIGHTEN, Class.EQUIVALENT) or change.unproved
        if better and change.kind in (Kind.GATE, Kind.MEASURE) and not waived.isdisjoint(change.gates):
            yield replace(change, word=Class.LOOSEN, why=_OTHERWISE, unproved=False)
        else:
            yield change

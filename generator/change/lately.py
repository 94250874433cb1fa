"""Changes of windows and breakers, and of what they follow.

Called tighter is only what surely keeps shut whatever was kept shut. A longer hold alone need not: a condition that
goes on failing closes anew only when the hold is over, and a shorter hold may then end later.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.breakers import MANUAL
from engine.breakers import PREFIX as BREAKERS
from engine.reach import caps_read
from engine.ruleset import Bound, Breaker, RuleSet, breaker_nodes, gate_nodes
from engine.tree import CapRef
from engine.windows import PERIODS
from generator.change.changes import Change, Kind, place_of
from generator.change.effects import UPPER
from generator.change.fields import Absent, Difference
from generator.change.rules import reads_measure
from generator.change.sides import Sides, data_of, plain
from generator.change.verdicts import Verdict
from generator.change.words import Class

_NO_DIRECTION: Final = Verdict(Class.LOOSEN, "no direction is declared for it")
# Whatever was shut until the end of a day is shut until the end of its week, and until a person opens it.
_LONGER: Final = frozenset({("utc_day", "utc_week"), ("utc_day", MANUAL), ("utc_week", MANUAL)})


def windows(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of windows, by their names."""
    for difference in found:
        yield _change("window", sides, difference, _of_window(difference))


def breakers(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of breakers, by their names; what becomes of the gates that they are is told of those."""
    for difference in found:
        yield _change("breaker", sides, difference, _of_breaker(sides, difference))


def _change(kind: str, sides: Sides, difference: Difference, verdict: Verdict) -> Change:
    part, name = difference.path
    old, new = difference.old, difference.new
    before, after = _told(old, new), _told(new, old)
    was, now = (_source(side.document, part, name) for side in (sides.old, sides.new))
    return Change(
        kind=Kind.OTHER,
        name=f"{kind} {name}",
        key=f"{part}.{name}",
        word=verdict.word,
        why=verdict.why,
        before=before,
        after=after,
        old=data_of(old),
        new=data_of(new),
        was=place_of(was),
        now=place_of(now),
    )


def _source(document: Mapping[str, Any], part: str, name: str) -> str:
    entries = document.get(part, {})
    found = entries.get(name, {}) if isinstance(entries, Mapping) else _named(entries, name)
    return str(found.get("source", ""))


def _named(entries: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next((entry for entry in entries if entry["id"] == name), {})


def _told(entry: Any, other: Any) -> str | None:
    """What of an entry is another than in the other one; all of it where that is none."""
    if isinstance(entry, Absent):
        return None
    beside = {} if isinstance(other, Absent) else other
    return ", ".join(f"{key} {plain(value)}" for key, value in entry.items() if beside.get(key) != value) or "nothing"


def _edited(difference: Difference) -> set[str]:
    old, new = difference.old, difference.new
    return {key for key in {**old, **new} if old.get(key) != new.get(key)}


def _of_window(difference: Difference) -> Verdict:
    if isinstance(difference.old, Absent):
        return Verdict(Class.EQUIVALENT, "what reads it is listed by itself")
    if isinstance(difference.new, Absent):
        return Verdict(Class.LOOSEN, "nothing counts it any more")
    if _edited(difference) == {"why"}:
        return Verdict(Class.COSMETIC, "only people read it")
    return Verdict(Class.LOOSEN, "it counts otherwise, which has no direction")


def _of_breaker(sides: Sides, difference: Difference) -> Verdict:
    name = difference.path[1]
    if isinstance(difference.new, Absent):
        return Verdict(Class.LOOSEN, "what it kept shut may pass")
    made = _breaker(sides.new.ruleset, name)
    if isinstance(difference.old, Absent):
        return _spoilt(sides, made) or Verdict(Class.TIGHTEN, "it keeps shut what nothing kept shut before")
    edited = _edited(difference)
    if edited == {"why"}:
        return Verdict(Class.COSMETIC, "only people read it")
    if edited != {"hold"}:
        return _NO_DIRECTION
    was = _breaker(sides.old.ruleset, name)
    if not _holds_longer(was, made):
        return Verdict(Class.LOOSEN, "it may be open when it was shut before")
    return _spoilt(sides, made) or Verdict(Class.TIGHTEN, "whenever it was shut, it is")


def _breaker(ruleset: RuleSet, name: str) -> Breaker:
    return next(breaker for breaker in ruleset.breakers if breaker.id == name)


def _holds_longer(was: Breaker, now: Breaker) -> bool:
    old, new = was.hold, now.hold
    if isinstance(old, int) and isinstance(new, int):
        return now.on is not None and now.reopen is None and new >= old
    return new == MANUAL or (old, new) in _LONGER


def _is_plain(breaker: Breaker) -> bool:
    """Whether a condition that fails whenever it did keeps it shut whenever it was: until its hold after the last event
    at which it failed, or until the end of a period or a person. Another timed hold runs from where it closed.
    """
    return breaker.reopen is None and (breaker.on is not None or breaker.hold in (MANUAL, *PERIODS))


def _spoilt(sides: Sides, breaker: Breaker) -> Verdict | None:
    """Why it may do more than stop entries sooner: it holds exits, or something else follows whether it is shut."""
    if not breaker.gate.enforced:
        return Verdict(Class.LOOSEN, "it stops nothing yet, and whatever reads it has no direction")
    if breaker.gate.exits:
        return Verdict(Class.LOOSEN, "an exit may newly be held")
    reading = sides.readers.of(f"{BREAKERS}{breaker.id}")
    own = breaker.id if breaker.on is not None else f"{breaker.id}_held"
    others = [g.id for g in (*reading.gates, *reading.shadows) if g.id != own]
    others += [*reading.chosen, *reading.proposed]
    if others or reading.exempts:
        return Verdict(Class.NOT_PROVED, f"{', '.join(others) or 'what is exempt'} follows whether it is shut")
    return None


def of_cap(sides: Sides, name: str, found: Verdict) -> Verdict:
    """What a moved cap is called where windows and breakers follow it, given what gates and tables make of it."""
    ruleset = sides.new.ruleset
    spans = [w for side in (sides.old, sides.new) for w in side.ruleset.windows.values() if w.within == name]
    kept = [b for side in (sides.old, sides.new) for b in side.ruleset.breakers if _follows(b, name, side.ruleset)]
    if not (spans or kept) or found.word in (Class.EQUIVALENT, Class.LOOSEN, Class.MIXED):
        return found
    followers = ", ".join(dict.fromkeys([f"recent.{w.name}" for w in spans] + [f"{BREAKERS}{b.id}" for b in kept]))
    if found.word is Class.LATENT_LOOSEN:
        return Verdict(Class.LOOSEN, f"{found.why.partition(',')[0]}, and {followers} follows it", found.gates)
    if found.word is not Class.TIGHTEN:
        return found
    if spans:
        return Verdict(
            Class.NOT_PROVED, f"{followers} looks back as far as it says, which has no direction", found.gates
        )
    for breaker in kept:
        if spoilt := _spoilt(sides, breaker):
            return replace(spoilt, gates=found.gates)
        if not _closes_sooner(breaker, name, ruleset):
            return Verdict(Class.NOT_PROVED, f"its direction does not tell when {followers} is open", found.gates)
    return found


def _follows(breaker: Breaker, cap: str, ruleset: RuleSet) -> bool:
    return breaker.hold == cap or cap in caps_read(ruleset, *breaker_nodes(breaker))


def _closes_sooner(breaker: Breaker, cap: str, ruleset: RuleSet) -> bool:
    """Whether a tighter cap surely keeps it shut whenever it was: as its bound, or as the hold from each event."""
    tighter, test = ruleset.catalog.caps[cap].tighter, breaker.gate.test
    inside = [node for node in gate_nodes(breaker.gate) if not isinstance(node, CapRef)]
    if not _is_plain(breaker) or cap in caps_read(ruleset, *inside):
        return False
    as_hold = breaker.hold != cap or (tighter == "higher" and breaker.on is not None)
    limits = isinstance(test, Bound) and isinstance(test.limit, CapRef) and test.limit.name == cap
    as_bound = not limits or (isinstance(test, Bound) and tighter == ("lower" if test.op in UPPER else "higher"))
    return as_hold and as_bound


def in_spite_of(sides: Sides, found: Iterable[Change]) -> Iterator[Change]:
    """Changes of measures as they are, but where a breaker follows one, and more than entries follows the breaker."""
    ruleset = sides.new.ruleset
    for change in found:
        measure = change.key.removeprefix("measures.")
        if change.kind is Kind.MEASURE and (change.word is Class.TIGHTEN or change.unproved):
            kept = [b for b in ruleset.breakers if reads_measure(ruleset, measure, *breaker_nodes(b))]
            if any(_spoilt(sides, b) or not _is_plain(b) for b in kept):
                why = f"{', '.join(f'{BREAKERS}{b.id}' for b in kept)} follows it, which remembers"
                yield replace(change, word=Class.LOOSEN, why=why, unproved=False)
                continue
        yield change

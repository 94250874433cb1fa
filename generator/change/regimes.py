"""Changes of regimes: the caps that they come to set, or set no longer.

What is another where a regime stood before is told of what it is made of: the caps of those whom it moves, and the
measure that is its condition.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.ruleset import Gate, limit_of
from engine.tree import CapRef
from generator.change.changes import Change, Kind
from generator.change.effects import Effect, held
from generator.change.fields import Absent, Difference
from generator.change.sides import Rules, Sides
from generator.change.verdicts import Verdict, of_effect
from generator.change.words import Class, worst
from generator.compile.regimes import PART, in_regime, made_caps

_NOBODY: Final[Mapping[str, Any]] = {"caps": {}}


def told_of(sides: Sides) -> frozenset[str]:
    """The caps that a regime makes on one side alone: that is told of the regime."""
    old, new = (made_caps(side.document.get(PART, {})) for side in (sides.old, sides.new))
    return frozenset(old.keys() ^ new.keys())


def bound_of(gate: Gate) -> str:
    """The cap that is a gate's bound; nothing where none is."""
    limit = limit_of(gate)
    return limit.name if isinstance(limit, CapRef) else ""


def changes(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The caps that regimes come to set or no longer set, and why they are there."""
    for difference in found:
        name = difference.path[1]
        old, new = (_NOBODY if isinstance(v, Absent) else v for v in (difference.old, difference.new))
        for cap in dict.fromkeys([*old["caps"], *new["caps"]]):
            if cap not in old["caps"]:
                yield _change(sides, name, cap, _come(sides.new, in_regime(cap, name)), after=new["caps"][cap])
            elif cap not in new["caps"]:
                yield _change(sides, name, cap, _gone(sides.old, in_regime(cap, name)), before=old["caps"][cap])
        if "why" in old and "why" in new and old["why"] != new["why"]:
            yield Change(
                kind=Kind.CAP,
                name=f"regime {name}: why",
                key=f"{PART}.{name}.why",
                word=Class.COSMETIC,
                why="only people read it",
                before=old["why"],
                after=new["why"],
                **sides.places(PART, name, "why"),
            )


def _change(sides: Sides, name: str, cap: str, verdict: Verdict, **values: Any) -> Change:
    (side, value), *_ = values.items()
    rules = sides.new if side == "after" else sides.old
    place = rules.texts.place((PART, name, "caps", cap))
    told: Any = {side: sides.written(value, rules.ruleset.catalog.caps[cap].unit.name)}
    told |= {"now": place, "new": value} if side == "after" else {"was": place, "old": value}
    return Change(
        kind=Kind.CAP,
        name=f"regime {name}: {cap}",
        key=".".join((PART, name, "caps", cap)),
        word=verdict.word,
        why=verdict.why,
        gates=verdict.gates,
        gates_alone=True,
        **told,
    )


def _come(rules: Rules, cap: str) -> Verdict:
    why = "its gates stop what nothing stopped before"
    made = _enforced(rules, cap)
    found = [of_effect(held(gate, rules.ruleset, Effect.MORE), gate, why) for gate in made]
    if not found:
        return Verdict(Class.EQUIVALENT, "a shadow gate stops nothing")
    word = worst(v.word for v in found)
    return Verdict(word, next(v.why for v in found if v.word is word), tuple(gate.id for gate in made))


def _gone(rules: Rules, cap: str) -> Verdict:
    made = _enforced(rules, cap)
    if not made:
        return Verdict(Class.CONTRACT, "its gates are gone from the logs; they stopped nothing")
    return Verdict(Class.LOOSEN, "what its gates stopped may pass", tuple(gate.id for gate in made))


def _enforced(rules: Rules, cap: str) -> list[Gate]:
    return [gate for gate in rules.ruleset.gates if gate.enforced and bound_of(gate) == cap]

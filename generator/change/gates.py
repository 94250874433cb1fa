"""Changes of gates: which are new, gone or renamed, and what an edit of one does to whom it stops."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from engine.ruleset import Gate, RuleSet
from generator.change import bounds
from generator.change.changes import Change, Kind
from generator.change.effects import Effect, held
from generator.change.fields import Absent, Difference
from generator.change.guards import of_guards
from generator.change.regimes import bound_of, told_of
from generator.change.renames import body
from generator.change.sides import Sides
from generator.change.verdicts import Verdict, of_effect
from generator.change.words import Class
from generator.compile.regimes import PART as REGIMES
from generator.compile.regimes import made_caps

# What a proof over orders can't speak of: exits that are freed, account updates, names and texts.
_BESIDE: Final = frozenset({"exits", "scope", "id", "reason", "text", "why", "until"})
_ASLEEP: Final = Verdict(Class.EQUIVALENT, "a shadow gate stops nothing")


@dataclass(frozen=True, slots=True)
class Edited:
    """One gate on both sides."""

    sides: Sides
    old: Gate
    new: Gate

    @property
    def enforced(self) -> bool:
        """Whether it stops orders on both sides, so that its edits matter."""
        return self.old.enforced and self.new.enforced

    def change(self, part: str, key: str, before: str | None, after: str | None, verdict: Verdict) -> Change:
        """The change of one part of the gate."""
        return Change(
            kind=Kind.GATE,
            name=f"gate {self.new.id}: {part}",
            key=f"gates.{self.new.id}.{key}",
            word=verdict.word,
            why=verdict.why,
            before=before,
            after=after,
            old=before,
            new=after,
            gates=(self.new.id,),
            unproved=verdict.unproved,
            gates_alone=part not in _BESIDE,
            was=self.sides.old.texts.place(("gates", self.old.id, key)),
            now=self.sides.new.texts.place(("gates", self.new.id, key)),
        )


def changes(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of gates; one that has another id and is the same else is renamed."""
    renamed, of_regimes = sides.renames, told_of(sides)
    for old, new in renamed.items():
        yield from _renamed(_edited(sides, old, new))
    for difference in found:
        name = difference.path[1]
        if isinstance(difference.new, Absent):
            if name not in renamed and bound_of(gate_of(sides.old.ruleset, name)) not in of_regimes:
                yield _gone(sides, name)
        elif isinstance(difference.old, Absent):
            if name not in renamed.values() and bound_of(gate_of(sides.new.ruleset, name)) not in of_regimes:
                yield _come(sides, name)
        else:
            yield from _within(_edited(sides, name, name), difference)


def gate_of(ruleset: RuleSet, name: str) -> Gate:
    """The gate that has an id."""
    return next(g for g in ruleset.gates if g.id == name)


def _edited(sides: Sides, old: str, new: str) -> Edited:
    return Edited(sides, gate_of(sides.old.ruleset, old), gate_of(sides.new.ruleset, new))


def _come(sides: Sides, name: str) -> Change:
    gate = gate_of(sides.new.ruleset, name)
    verdict = _ASLEEP
    if gate.enforced:
        verdict = of_effect(held(gate, sides.new.ruleset, Effect.MORE), gate, "it stops what nothing stopped before")
    return _whole(sides, name, verdict, after=text_of(gate), now=sides.new.texts.place(("gates", name)))


def _gone(sides: Sides, name: str) -> Change:
    gate = gate_of(sides.old.ruleset, name)
    verdict = Verdict(Class.CONTRACT, "its id and its reason are gone from the logs; it stopped nothing")
    if gate.enforced:
        verdict = Verdict(Class.LOOSEN, "what it stopped may pass")
    return _whole(sides, name, verdict, before=text_of(gate), was=sides.old.texts.place(("gates", name)))


def _whole(sides: Sides, name: str, verdict: Verdict, **values: Any) -> Change:
    values |= {"old": values.get("before"), "new": values.get("after")}
    word, why = verdict.word, verdict.why
    return Change(Kind.GATE, f"gate {name}", f"gates.{name}", word, why, gates=(name,), gates_alone=True, **values)


def _renamed(gate: Edited) -> Iterator[Change]:
    verdict = Verdict(Class.CONTRACT, "logs, scenarios and people name it by its id")
    yield gate.change("id", "id", gate.old.id, gate.new.id, verdict)
    yield from _reason(gate)


def text_of(gate: Gate) -> str:
    """What a gate asks for, in one line."""
    guard = f", when {gate.when_text}" if gate.when_text else ""
    marks = [f"exits: {gate.exits}"] if gate.exits else []
    marks += [] if gate.enforced else ["shadow"]
    marks += ["on_missing: pass"] if gate.passes_missing else []
    return bounds.text_of(gate) + guard + (f" ({', '.join(marks)})" if marks else "")


def _within(gate: Edited, difference: Difference) -> Iterator[Change]:
    found = [change for part in _PARTS for change in part(gate)]
    if not found and body(difference.old) != body(difference.new):
        verdict = Verdict(Class.EQUIVALENT, "the same, written otherwise")
        found = [gate.change("text", "id", text_of(gate.old), text_of(gate.new), verdict)]
    yield from found
    # Why a regime's gate is there is told of the regime and of the gate that it is.
    if gate.old.why != gate.new.why and bound_of(gate.new) not in made_caps(gate.sides.new.document.get(REGIMES, {})):
        cosmetic = Verdict(Class.COSMETIC, "only people read it")
        yield gate.change("why", "why", gate.old.why, gate.new.why, cosmetic)


def _mode(gate: Edited) -> Iterator[Change]:
    old, new = gate.old, gate.new
    if old.enforced != new.enforced:
        verdict = Verdict(Class.LOOSEN, "a shadow gate stops nothing")
        if new.enforced:
            effect = held(new, gate.sides.new.ruleset, Effect.MORE)
            verdict = of_effect(effect, new, "it stops what it only noted before")
        yield gate.change("mode", "mode", _mode_of(old), _mode_of(new), verdict)
    elif old.until != new.until:
        later = (new.until or "") > (old.until or "")
        verdict = Verdict(Class.LOOSEN, "it stays a shadow for longer")
        if not later:
            verdict = Verdict(Class.TIGHTEN, "it stays a shadow for less long")
        yield gate.change("until", "until", old.until, new.until, verdict)


def _mode_of(gate: Gate) -> str:
    return "enforce" if gate.enforced else "shadow"


def _reason(gate: Edited) -> Iterator[Change]:
    if gate.old.reason != gate.new.reason:
        verdict = Verdict(Class.CONTRACT, "logs, scenarios and people know its vetoes by this reason")
        yield gate.change("reason", "veto", gate.old.reason, gate.new.reason, verdict)


def _exits(gate: Edited) -> Iterator[Change]:
    old, new = gate.old.exits, gate.new.exits
    if old == new:
        return
    verdict = Verdict(Class.EQUIVALENT, "nothing is exempt, or exits are held either way")
    if gate.sides.new.ruleset.head.exempt is not None and bool(old) != bool(new):
        why = "an exit may newly be held" if new else "an exit that it held may pass"
        verdict = Verdict(Class.LOOSEN, why)
    yield gate.change("exits", "exits", old or "pass", new or "pass", verdict if gate.enforced else _ASLEEP)


def _missing(gate: Edited) -> Iterator[Change]:
    old, new = gate.old.passes_missing, gate.new.passes_missing
    if old == new:
        return
    verdict = Verdict(Class.LOOSEN, "what can't be judged passes")
    if old:
        effect = held(gate.new, gate.sides.new.ruleset, Effect.MORE)
        verdict = of_effect(effect, gate.new, "what can't be judged is stopped")
    before, after = ("pass" if passes else "veto" for passes in (old, new))
    yield gate.change("on_missing", "on_missing", before, after, verdict if gate.enforced else _ASLEEP)


def _scope(gate: Edited) -> Iterator[Change]:
    old, new = gate.old.scope, gate.new.scope
    if old != new:
        verdict = Verdict(Class.TIGHTEN, "it is asked on each account update too")
        if new == "order":
            verdict = Verdict(Class.LOOSEN, "it is no longer asked on account updates")
        yield gate.change("scope", "scope", old, new, verdict if gate.enforced else _ASLEEP)


def _guard(gate: Edited) -> Iterator[Change]:
    if gate.old.when_text != gate.new.when_text:
        verdict = of_guards(gate.sides, gate.old, gate.new) if gate.enforced else _ASLEEP
        yield gate.change("guard", "when", gate.old.when_text or None, gate.new.when_text or None, verdict)


def _test(gate: Edited) -> Iterator[Change]:
    for part, key, before, after, verdict in bounds.changes(gate.sides, gate.old, gate.new):
        yield gate.change(part, key, before, after, verdict if gate.enforced else _ASLEEP)


_PARTS: Final[tuple[Callable[[Edited], Iterator[Change]], ...]] = (
    _mode,
    _reason,
    _scope,
    _test,
    _guard,
    _exits,
    _missing,
)

"""Changes of guards: where a gate applies."""

from engine.ruleset import Gate
from engine.tree import Logic, Node
from generator.change.effects import Effect, held
from generator.change.needs import may_lack, must_know
from generator.change.sides import Sides
from generator.change.verdicts import Verdict
from generator.change.words import Class


def of_guards(sides: Sides, old: Gate, new: Gate) -> Verdict:
    """What another guard is called: a wider one makes the gate ask more often."""
    before, after = sides.form(old.when, new.when)
    if before == after:
        return Verdict(Class.EQUIVALENT, "the same, written otherwise")
    return _apart(sides, new, *_inside(sides, old.when, new.when))


def _inside(sides: Sides, old: Node | None, new: Node | None) -> tuple[Node | None, Node | None]:
    """What differs behind a condition that both begin with, as those of a regime's gates do; None: always."""
    was, now = sides.writing(whole=True)
    while isinstance(old, Logic) and old.op == "and" and new is not None:
        if now.of(new) == was.of(old.left):
            return old.right, None
        if not (isinstance(new, Logic) and new.op == "and" and now.of(new.left) == was.of(old.left)):
            break
        old, new = old.right, new.right
    return old, new


def _apart(sides: Sides, gate: Gate, old: Node | None, new: Node | None) -> Verdict:
    if old is None:
        return Verdict(Class.LOOSEN, "it asked always, and asks only there now")
    if new is None:
        return _without(sides, gate, old)
    if _begins(new, "and", old, sides):
        return Verdict(Class.LOOSEN, "it asks in fewer cases")
    if _begins(new, "or", old, sides):
        return _asks_more(sides, gate, "it asks in more cases")
    return Verdict(Class.NOT_PROVED, "whether it asks in more cases or in fewer is not proved", unproved=True)


def _without(sides: Sides, gate: Gate, guard: Node) -> Verdict:
    """Asking always stops more, unless the guard stopped what it couldn't judge and the test can."""
    if may_lack(guard, sides.old.ruleset) <= must_know(gate, sides.new.ruleset):
        return _asks_more(sides, gate, "it asks always")
    why = "it asks always; what its guard could not judge for a missing fact it stopped, and may pass now"
    return Verdict(Class.NOT_PROVED, why, unproved=True)


def _asks_more(sides: Sides, gate: Gate, why: str) -> Verdict:
    if held(gate, sides.new.ruleset, Effect.MORE) & Effect.HELD:
        return Verdict(Class.LOOSEN, f"an exit may newly be held: it says `exits: {gate.exits}`")
    return Verdict(Class.TIGHTEN, why)


def _begins(node: Node, op: str, with_guard: Node, sides: Sides) -> bool:
    """Whether a guard is another one, then `and` or `or`, then more."""
    old, new = sides.writing(whole=True)
    while isinstance(node, Logic) and node.op == op:
        if new.of(node.left) == old.of(with_guard):
            return True
        node = node.left
    return False

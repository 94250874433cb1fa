"""The laws of the diff, tried on random edits of random rule sets: `python -m tests.generator.change.laws 3000`."""

import sys
from collections.abc import Callable
from typing import Any, Final

from hypothesis import given

from engine import SCOPES, Engine
from generator.change.differ import compare
from generator.change.words import LOOSENING, Class, worst
from tests.engine.random_rules import Shape, nested, thorough
from tests.generator.change.random_edits import EditCase, edits, rules_of

SAME: Final = frozenset({Class.EQUIVALENT, Class.COSMETIC})


def word_of(case: EditCase) -> Class:
    """The class of the whole, by directions alone."""
    return worst(change.word for change in compare(rules_of(case.old), rules_of(case.new)))


def answers(engine: Engine, facts: dict[str, Any], scope: str) -> bool:
    """Whether the reference lets these facts through."""
    return engine.decide(nested(facts), scope).allowed


def contradictions(case: EditCase, word: Class) -> list[str]:
    """The facts on which the two rule sets answer what the class says they can't."""
    old, new = (Engine(rules_of(document).ruleset, "interpreter") for document in (case.old, case.new))
    found = []
    for facts in case.requests:
        for scope in SCOPES:
            before, after = answers(old, facts, scope), answers(new, facts, scope)
            if after and not before:
                found.append(f"lets through as {scope}: {facts}")
            if before and not after and (word in SAME or (scope == "order" and _reduces(old, new, facts))):
                found.append(f"stops as {scope}: {facts}")
    return found


def _reduces(old: Engine, new: Engine, facts: dict[str, Any]) -> bool:
    """Whether an order is exempt by either rule set."""
    for engine in (old, new):
        name = engine.ruleset.head.exempt
        if name and engine.situation(engine.reader.read(nested(facts))).measure(name) is True:
            return True
    return False


def _holds(case: EditCase) -> None:
    word = word_of(case)
    if word not in LOOSENING:
        assert contradictions(case, word) == []


def no_lie(examples: int) -> None:
    """TIGHTEN never allows more nor holds an exit; EQUIVALENT and COSMETIC change no answer."""

    @thorough(examples)
    @given(edits())
    def law(case: EditCase) -> None:
        _holds(case)

    law()


def no_sum_of_lies(examples: int) -> None:
    """The worst of several edits is the class of the whole, whatever they do together."""

    @thorough(examples)
    @given(edits(Shape(missing_passes=False), most=4))
    def law(case: EditCase) -> None:
        _holds(case)

    law()


def total(examples: int) -> None:
    """No difference of documents is passed over, and none is made up."""

    @thorough(examples)
    @given(edits(most=1))
    def law(case: EditCase) -> None:
        changes = compare(rules_of(case.old), rules_of(case.new))
        assert bool(changes) == (case.old != case.new)
        assert compare(rules_of(case.new), rules_of(case.new)) == ()

    law()


LAWS: Final[tuple[Callable[[int], None], ...]] = (no_lie, no_sum_of_lies, total)


def main(examples: int) -> None:
    """Try each law so often."""
    for law in LAWS:
        law(examples)
        print(f"{law.__name__}: {examples} random edits, none against it")


if __name__ == "__main__":
    main(int(sys.argv[1]))

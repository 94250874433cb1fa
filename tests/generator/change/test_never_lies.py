from typing import Any

from hypothesis import given

from engine import SCOPES, Engine
from generator.change.differ import compare
from generator.change.words import LOOSENING, Class, worst
from tests.engine.random_rules import Shape, nested, thorough
from tests.generator.change.random_edits import EditCase, edits, rules_of

SAME = frozenset({Class.EQUIVALENT, Class.COSMETIC})


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


@thorough(3000)
@given(edits())
def test_what_is_not_called_a_loosening_lets_nothing_through_and_holds_no_exit(case: EditCase) -> None:
    """TIGHTEN never allows more nor holds an exit; EQUIVALENT and COSMETIC change no answer; with zero tolerance."""
    word = word_of(case)
    if word not in LOOSENING:
        assert contradictions(case, word) == []


@thorough(1000)
@given(edits(Shape(missing_passes=False), most=4))
def test_several_edits_at_once_never_add_up_to_more_than_their_class(case: EditCase) -> None:
    """The worst of the parts is the class of the whole, whatever the parts do together."""
    word = word_of(case)
    if word not in LOOSENING:
        assert contradictions(case, word) == []


@thorough(300)
@given(edits(most=1))
def test_what_is_the_same_has_no_change_and_what_differs_has_one(case: EditCase) -> None:
    """The diff is total: no difference of documents is passed over, and none is made up."""
    changes = compare(rules_of(case.old), rules_of(case.new))

    assert bool(changes) == (case.old != case.new)
    assert compare(rules_of(case.new), rules_of(case.new)) == ()

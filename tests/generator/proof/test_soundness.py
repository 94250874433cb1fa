"""Rule sets that an attacker of the proof would write: each once led, or could lead, to a proof of what is not so."""

from copy import deepcopy
from typing import Any

import pytest

from engine import RuleSet, read
from generator.change.proof import Proof, prove
from generator.change.words import LOOSENING, Class
from tests.engine.cloud import Document, document

pytest.importorskip("z3", reason="the solver is the extra `proof`")


def rules(made: Document, *gates: Document, **facts: Any) -> RuleSet:
    """The rules of cloud spending with these gates alone, and with other facts."""
    made = deepcopy(made)
    made["gates"] = [{"why": "Attack.", "veto": "attack", "source": "rules/spend.yaml:1", **g} for g in gates]
    made["head"].pop("exempt", None)
    for name, entry in facts.items():
        made["facts"][name.replace("__", ".")] |= entry
    return read(made)


def of(old: RuleSet, new: RuleSet) -> Proof:
    """The proof, within a second for each question."""
    return prove(old, new, limit_seconds=1.0)


def test_a_new_word_of_a_fact_that_others_follow_from_is_seen_by_the_gates_that_read_these() -> None:
    """`request.takes` is 0 for a direction that was invalid before, and passes: the gate reads no other fact."""
    gate = {"id": "taking", "measure": "request.takes", "at_most": "0"}
    old = rules(document(), gate)
    new = rules(document(), gate, request__direction={"values": ["take", "give_back", "swap"]})

    assert of(old, new).overall is Class.LOOSEN


def test_a_table_called_measure_is_no_measure() -> None:
    """What a table gives is never taken for a measure of its output's name."""
    made = document()
    made["tables"]["measure"] = {
        "why": "Attack.",
        "outputs": {"cost": "EUR"},
        "rows": [{"id": "all", "then": {"cost": "1 EUR"}}],
    }
    old = rules(made, {"id": "dear", "require": "cost <= tables.measure.cost"})
    new = rules(made, {"id": "dear", "require": "cost <= cost"})

    assert of(old, new).overall is Class.LOOSEN


def test_where_nobody_may_ask_what_nobody_asks_is_still_decided() -> None:
    """An enum without words is missing or invalid whenever it is asked for, which contradicts nothing."""
    made = document()
    made["roles"] = {}
    old = rules(made, {"id": "who", "require": "known(request.role)"})
    new = rules(made, {"id": "who", "require": "not known(request.role)"})

    assert of(old, new).overall in LOOSENING


def test_a_fact_that_can_have_no_value_proves_nothing_of_the_others() -> None:
    """A count between two whole numbers is never given; a gate that passes without it still changes."""
    gate = {"id": "approved", "measure": "approvals.given", "at_least": "1", "on_missing": "pass"}
    other = {"id": "other", "require": "control.freeze"}
    old = rules(document(), gate, other, approvals__given={"min": "0.2", "max": "0.8"})
    new = rules(document(), gate, approvals__given={"min": "0.2", "max": "0.8"})

    assert of(old, new).overall in LOOSENING


def test_an_order_that_nobody_asked_for_keeps_its_own_word_where_it_is_worse() -> None:
    """What holds for every role is not said of an order that names none."""
    old = rules(document(), {"id": "who", "require": "known(request.role)"}, {"id": "all", "require": "request.gpu"})
    new = rules(document(), {"id": "all", "require": "request.gpu and known(request.role)"})

    found = of(old, new)
    assert found.overall not in LOOSENING
    assert found.overall is not Class.COSMETIC

"""Random edits of random rule sets: what is proved of them holds for every order that is tried."""

import pytest

from generator.change.proof.solver import Stage
from generator.change.words import Class
from tests.generator.proof.laws import Proved

pytest.importorskip("z3", reason="the solver is the extra `proof`")

EDITS = 60
# Of these edits a third needs the solver, and none is refused by its time.
HURRIED = 25


def test_no_order_contradicts_what_is_proved_of_a_random_edit() -> None:
    """TIGHTEN never lets more through nor holds an exit, EQUIVALENT changes nothing, each LOOSEN has an order that
    replays on both backends; with zero tolerance. `make soak` tries 2,000.
    """
    found = [(seed, line) for seed in range(EDITS) for line in Proved(seed).contradictions()]

    assert found == []


def test_without_time_what_only_the_solver_knows_is_not_proved() -> None:
    """A question that is not answered in time is NOT-PROVED, and never a proof."""
    hurried = [Proved(seed, limit_seconds=1e-9) for seed in range(HURRIED)]

    words = [g.word for p in hurried for g in p.proof.gates]
    by_solver = [g for p in hurried for g in p.proof.gates if g.stage in (Stage.MEASURES, Stage.PRODUCTS)]
    assert Class.NOT_PROVED in words
    assert by_solver == []
    assert [line for p in hurried for line in p.contradictions()] == []

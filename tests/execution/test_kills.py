"""A sample of what `make soak` proves at length, over a run of the command itself."""

import random

import pytest

from tests.execution.kills import differences, kill_at, killed_run, left_by, whole, wrong_after_kill

DAYS = ["--days", "12"]


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory):
    """A run that nobody killed, and how long it took."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    took = whole(folder, DAYS)
    return left_by(folder), took


def test_two_runs_leave_the_same_bytes(unkilled, tmp_path):
    """Decisions, orders, ledger, state files and logs follow from the inputs alone."""
    expected, _ = unkilled
    whole(tmp_path / "run", DAYS)
    assert differences(expected, left_by(tmp_path / "run")) == []
    assert expected.events > 300


def test_a_run_that_is_killed_ten_times_ends_as_the_unkilled_one(unkilled, tmp_path):
    """Killed at random moments and started again: no order twice, no position without exits, the same journal."""
    expected, took = unkilled
    dice = random.Random(3)
    moments = iter(lambda: dice.uniform(0.2, took * 0.7), None)
    struck, wrong = 0, []
    for number in range(5):
        folder = tmp_path / f"run{number}"
        kills, found = killed_run(folder, DAYS, moments, 2)
        struck += kills
        wrong += found + differences(expected, left_by(folder))
    assert wrong == []
    assert struck >= 5, "too few kills struck to show anything"


def test_a_run_that_is_over_is_not_begun_again(unkilled, tmp_path):
    """The same command after the end is refused and changes nothing."""
    folder = tmp_path / "run"
    whole(folder, DAYS)
    before = left_by(folder)
    with pytest.raises(AssertionError):
        kill_at(folder, DAYS, 60)
    assert left_by(folder) == before
    assert wrong_after_kill(folder) == []

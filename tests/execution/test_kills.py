"""A sample of what `make soak` proves at length, over a run of the command itself."""

import random

import pytest

from tests.execution.kills import differences, killed_run, left_by, often, stopped, whole

DAYS = ["--days", "6"]


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
    assert expected.events > 150


def test_a_run_that_is_killed_eight_times_ends_as_the_unkilled_one(unkilled, tmp_path):
    """Killed at random moments and started again: no order twice, no position without exits, the same journal."""
    expected, took = unkilled
    dice = random.Random(3)
    moments = iter(lambda: dice.uniform(0.2, took * 0.7), None)
    struck, wrong = 0, []
    for number in range(6):
        if struck >= 8:
            break
        folder = tmp_path / f"run{number}"
        kills, found = killed_run(folder, DAYS, moments, 2)
        struck += kills
        wrong += found + differences(expected, left_by(folder))
    assert wrong == []
    assert struck >= 5, "too few kills struck to show anything"


def test_a_run_that_is_over_is_shown_again_and_not_changed(unkilled, tmp_path):
    """The same command after the end trades no more; what a kill after the last tick left unpublished is published."""
    expected, _ = unkilled
    folder = tmp_path / "run"
    whole(folder, DAYS)
    (folder / "state" / "nav.json").unlink()
    whole(folder, DAYS)
    assert differences(expected, left_by(folder)) == []


def test_a_run_whose_windows_and_breakers_stop_often_decides_the_same_however_often_it_is_killed(tmp_path):
    """A streak, a throttle and a shut breaker survive a kill: what is decided next is what it would have been."""
    arguments = ["--root", str(often(tmp_path / "project")), "--days", "12"]
    took = whole(tmp_path / "whole", arguments)
    tripped, windowed = stopped(tmp_path / "whole")
    assert tripped >= 5
    assert windowed >= 20
    dice = random.Random(5)
    moments = iter(lambda: dice.uniform(0.3, took * 0.6), None)
    struck, wrong = killed_run(tmp_path / "run", arguments, moments, 3)
    assert wrong + differences(left_by(tmp_path / "whole"), left_by(tmp_path / "run")) == []
    assert struck >= 2, "too few kills struck to show anything"

"""`halt`, `rearm` and `breakers`, as a person meets them: what they print, leave for the run, and refuse."""

import json
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from execution.events import BreakerTripped, Halted, RunEnded
from execution.journal import Journal
from execution.lock import Lock
from tests.execution.story import BEGIN, Story
from universe.reader import Universe

WHO: Final = ("--by", "Ada", "--why", "a look  at it")


@pytest.fixture
def folder(tmp_path: Path, universe: Universe) -> Path:
    """A run in which drawdown waits for a person, two strategies are stopped, and one was, and is no more."""
    story = Story.begin(tmp_path / "run", universe)
    fall = "fall from peak 30.5% is not below the cap of 30% (global)"
    stops = "recent stop streak 4 is not below the cap of 4 (global)"
    story.tell(BreakerTripped("drawdown", {}, None, fall, "0.305", "0.3", {"nav": {"total": "10425"}}))
    for strategy in ("momentum", "vol_target"):
        story.tell(BreakerTripped("stop_streak", {"strategy": strategy}, BEGIN + 14_400, stops, "4", "4", {}))
    story.tell(BreakerTripped("loss_streak", {"strategy": "momentum"}, BEGIN + 60, "over", "8", "8", {}))
    story.step()
    story.step()
    story.journal.close()
    return story.folder


def run(root: Path, folder: Path, *arguments: str) -> Result:
    """A command about that run."""
    runner = CliRunner(env={"COLUMNS": "80"})
    result = runner.invoke(main, ["--root", str(root), *arguments, "--run", str(folder)], prog_name="hedgerow")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def shown(result: Result, folder: Path) -> str:
    """Exit code, output and errors as one text."""
    text = f"exit {result.exit_code}\n{result.stdout}{result.stderr}".replace(str(folder), "RUN")
    return "\n".join(line.rstrip() for line in text.splitlines())


def asked(folder: Path) -> list[tuple[str, dict[str, object]]]:
    """What was left for the run."""
    with Journal.read(folder) as journal:
        return [(command.kind, command.body) for command in journal.commands()]


def test_breakers_shows_which_are_shut_for_whom_and_until_when(
    root: Path, folder: Path, snapshot: SnapshotAssertion
) -> None:
    """Those that are shut first, then the open ones with what they are for; one whose hold is over is open."""
    assert shown(run(root, folder, "breakers"), folder) == snapshot


def test_breakers_as_json_says_the_same(root: Path, folder: Path, universe: Universe) -> None:
    """Every breaker's name, the shut ones with their keys and times in Unix seconds."""
    said = json.loads(run(root, folder, "breakers", "--json").stdout)
    assert said["breakers"] == [b.id for b in universe.ruleset.breakers]
    assert [(s["breaker"], s["keys"], s["until"]) for s in said["shut"]] == [
        ("drawdown", {}, None),
        ("stop_streak", {"strategy": "momentum"}, BEGIN + 14_400),
        ("stop_streak", {"strategy": "vol_target"}, BEGIN + 14_400),
    ]
    assert said["waiting"] == []


def test_halt_and_rearm_are_left_for_the_run_with_who_and_why(
    root: Path, folder: Path, snapshot: SnapshotAssertion
) -> None:
    """Each is told as done, with who will see it; `breakers` says what waits to be heard."""
    results = [
        run(root, folder, "halt", *WHO),
        run(root, folder, "rearm", "drawdown", *WHO),
        run(root, folder, "rearm", "stop_streak", "--for", "momentum", *WHO),
        run(root, folder, "breakers"),
    ]
    who = {"by": "Ada", "why": "a look at it"}
    assert asked(folder) == [
        ("halted", who),
        ("breaker_rearmed", {"breaker": "drawdown", "keys": {}, **who}),
        ("breaker_rearmed", {"breaker": "stop_streak", "keys": {"strategy": "momentum"}, **who}),
    ]
    assert "\n".join(shown(result, folder) for result in results) == snapshot


def test_a_running_executor_is_said_to_see_it(root: Path, folder: Path) -> None:
    """At its next step; as JSON, with the command as it was left."""
    with Lock.take(folder, pid=4711, started=0):
        said = json.loads(run(root, folder, "halt", *WHO, "--json").stdout)
        told = run(root, folder, "rearm", "drawdown", *WHO).stdout
    assert said == {"running": True, "command": {"id": 1, "kind": "halted", "by": "Ada", "why": "a look at it"}}
    assert "the executor sees it at its next step" in told


REFUSED: Final = {
    "one that is open": ("rearm", "daily_loss", *WHO),
    "one whose hold is over": ("rearm", "loss_streak", *WHO),
    "one that there is not": ("rearm", "drawdawn", *WHO),
    "one of several, and not which": ("rearm", "stop_streak", *WHO),
    "one of somebody for whom it is open": ("rearm", "stop_streak", "--for", "btc_micro", *WHO),
    "one that is kept for nobody": ("rearm", "drawdown", "--for", "momentum", *WHO),
    "a rearm by nobody": ("rearm", "drawdown", "--by", " ", "--why", "x"),
    "a rearm without a reason": ("rearm", "drawdown", "--by", "Ada", "--why", ""),
    "a halt with a long reason": ("halt", "--by", "Ada", "--why", "x" * 501),
    "a halt without a name": ("halt", "--why", "x"),
    "a rearm of what is no breaker": ("rearm", "drawdwn", *WHO),
}


def test_what_can_not_be_asked_is_refused_and_says_what_can(
    root: Path, folder: Path, snapshot: SnapshotAssertion
) -> None:
    """Exit 2, on standard error, with what is shut; nothing is left for the run."""
    results = {name: run(root, folder, *given) for name, given in REFUSED.items()}
    assert {result.exit_code for result in results.values()} == {2}
    assert {result.stdout for result in results.values()} == {""}
    assert asked(folder) == []
    assert "\n".join(f"# {name}\n{shown(result, folder)}" for name, result in results.items()) == snapshot


def test_when_nothing_is_shut_then_a_rearm_says_so(root: Path, tmp_path: Path, universe: Universe) -> None:
    """And `breakers` shows each of them open."""
    story = Story.begin(tmp_path / "calm", universe)
    story.journal.close()
    result = run(root, story.folder, "rearm", "halt", *WHO)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "help: none is shut")
    assert "SHUT" not in run(root, story.folder, "breakers").stdout


def test_a_halt_that_was_heard_waits_no_more(root: Path, tmp_path: Path, universe: Universe) -> None:
    """What is shut then is the breaker, until a person opens it."""
    story = Story.begin(tmp_path / "run", universe)
    run(root, story.folder, "halt", *WHO)
    assert "waiting to be heard: halt, by Ada" in run(root, story.folder, "breakers").stdout
    held = BreakerTripped("halt", {}, None, "`not control.halt` does not hold", None, None, {})
    story.tell(Halted("Ada", "a look at it"), held)
    story.journal.commit(story.now, story.fresh, story.pulse.record(), command=1)
    story.journal.close()
    told = run(root, story.folder, "breakers").stdout
    assert "waiting" not in told
    assert "manual" in told


@pytest.mark.parametrize("line", ["halt", "rearm drawdown"])
def test_a_run_that_is_over_hears_nothing(root: Path, folder: Path, line: str) -> None:
    """It would look stopped, and the next run would not be."""
    with Journal.open(folder, now=1, pid=1) as journal:
        cursor = journal.cursor()
        assert cursor is not None
        journal.commit(cursor.time + 60, [RunEnded()], cursor.pulse)
    result = run(root, folder, *line.split(), *WHO)
    assert (result.exit_code, asked(folder)) == (2, [])
    assert "is over" in result.stderr


@pytest.mark.parametrize("line", ["halt", "rearm drawdown", "breakers"])
def test_where_there_is_no_run_the_input_is_at_fault(root: Path, tmp_path: Path, line: str) -> None:
    """Exit 2, and which folder has none."""
    result = run(root, tmp_path / "none", *line.split(), *(WHO if line != "breakers" else ()))
    assert result.exit_code == 2
    assert "holds no run" in result.stderr

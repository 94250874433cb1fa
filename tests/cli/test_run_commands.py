"""The commands that look at a run or act on it, as a person or a program meets them."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from execution.events import Decided, Dropped, ExitTriggered, IntentMade, OrderChanged, RunEnded
from execution.journal import Journal
from execution.journal_file import FILE
from execution.lock import Lock
from execution.state import rebuild
from tests.execution.story import Story, random_story
from universe.reader import Universe
from universe.trading import Side

BTC, ETH = "BTCUSDT", "ETHUSDT"
D = Decimal
VARIES: Final = {
    re.compile(r"[0-9a-f]{64}"): "…",
    re.compile(r"disk +[0-9.]+ GB free; the run holds [0-9.]+ MB"): "disk       N GB free; the run holds N MB",
}
FAULTY: Final = ("positions", "orders", "doctor", "why", "kill on --by Ann --why news", "replay")


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in this process."""
    made = CliRunner(env={"COLUMNS": "80"}).invoke(main, ["--root", str(root), *arguments], prog_name="hedgerow")
    if made.exception is not None and not isinstance(made.exception, SystemExit):
        raise made.exception
    return subprocess.CompletedProcess(arguments, made.exit_code, made.stdout, made.stderr)


def printed(result: subprocess.CompletedProcess[str], folder: Path) -> str:
    """Exit code, output and errors as one text, with what differs from machine to machine left out."""
    errors = f"--- stderr\n{result.stderr}" if result.stderr else ""
    text = f"exit {result.returncode}\n{result.stdout}{errors}".replace(str(folder), "RUN")
    for pattern, instead in VARIES.items():
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


@pytest.fixture
def story(tmp_path: Path, universe: Universe) -> Story:
    """Two strategies on either side of BTC, one of them being left, an order that works, one refused, one vetoed."""
    made = Story.begin(tmp_path / "run", universe)
    made.trade("momentum", BTC, Side.BUY, D("0.1"))
    made.trade("vol_target", BTC, Side.SELL, D("0.04"))
    made.step(prices={BTC: D(88000)})
    made.tell(ExitTriggered("momentum", BTC, "SELL", "take_profit", D(88000), False))
    refused = made.send(made.ask("momentum", ETH, Side.SELL, D(1))[0], "momentum", ETH, Side.SELL, D(1))
    made.step(OrderChanged(refused, "rejected", D(2960), "would cross"))
    working = made.send(made.ask("momentum", ETH, Side.BUY, D(2))[0], "momentum", ETH, Side.BUY, D(2))
    made.step()
    made.fill(working, D("0.5"))
    made.ask("momentum", BTC, Side.BUY, D("0.01"), nav={"age": "999"})
    made.step()
    made.journal.close()
    rebuild(made.folder)
    return made


@pytest.fixture
def folder(story: Story) -> Path:
    """The folder of that run."""
    return story.folder


# positions and orders


@pytest.mark.parametrize("line", ["positions", "orders", "orders --all", "orders --all --last 2", "doctor"])
def test_a_run_is_shown_as_was_reviewed(line: str, root: Path, folder: Path, snapshot: SnapshotAssertion) -> None:
    """As tables that stay where they are, whatever the terminal."""
    assert printed(run(root, *line.split(), "--run", str(folder)), folder) == snapshot


def test_positions_as_json_are_those_of_the_state_files(root: Path, folder: Path) -> None:
    """A program reads the same records either way."""
    found = json.loads(run(root, "positions", "--run", str(folder), "--json").stdout)
    ledger = json.loads((folder / "state/positions_ledger.json").read_text())
    net = json.loads((folder / "state/positions_state.json").read_text())

    assert found == {**ledger, "net": net["positions"]}


def test_orders_as_json_hold_their_fills(root: Path, folder: Path) -> None:
    """Each with price, quantity and fee, exact; only open ones unless all are asked for."""
    [working] = json.loads(run(root, "orders", "--run", str(folder), "--json").stdout)["orders"]
    everything = json.loads(run(root, "orders", "--run", str(folder), "--all", "--json").stdout)["orders"]

    assert (working["state"], working["filled"], working["quantity"]) == ("working", "0.5", "2")
    assert [(f["price"], f["quantity"], f["fee"], f["maker"]) for f in working["fills"]] == [
        ("2960", "0.5", "0.296", True)
    ]
    assert [order["state"] for order in everything] == ["filled", "filled", "rejected", "working"]
    assert everything[2]["reason"] == "would cross"


def test_a_run_that_holds_nothing_says_so(root: Path, tmp_path: Path, universe: Universe) -> None:
    """Rather than an empty table; also one that was opened and never began."""
    Story.begin(tmp_path / "begun", universe).journal.close()
    Journal.open(tmp_path / "opened", now=1, pid=1).close()

    assert run(root, "positions", "--run", str(tmp_path / "begun")).stdout.endswith("no open position\n")
    assert run(root, "orders", "--run", str(tmp_path / "begun")).stdout.endswith("no order was sent yet\n")
    assert "nothing has run yet" in run(root, "positions", "--run", str(tmp_path / "opened")).stdout


def test_the_default_is_the_projects_own_run(project: Path, folder: Path) -> None:
    """`logs` of the project, from any folder in it."""
    shutil.copytree(folder, project / "logs")

    named = run(project, "positions", "--run", str(project / "logs"))
    assert run(project, "positions").stdout == named.stdout
    assert run(project, "why").stdout.startswith(f"event 36 of {project / 'logs'}")


# Where there is no run


@pytest.mark.parametrize("line", FAULTY)
def test_where_there_is_no_run_the_input_is_at_fault(line: str, root: Path, tmp_path: Path) -> None:
    """Exit 2, what is missing and what to name; nothing is made."""
    where = [str(tmp_path)] if line == "replay" else ["--run", str(tmp_path)]
    result = run(root, *line.split(), *where)

    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"error: .* holds no .*\nhelp: .*\n", result.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", [line for line in FAULTY if line not in ("replay", "doctor")])
def test_a_damaged_journal_is_the_environments_fault(line: str, root: Path, folder: Path) -> None:
    """Exit 3, and no traceback."""
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:6000])
    result = run(root, *line.split(), "--run", str(folder))

    assert (result.returncode, result.stdout) == (3, "")
    assert re.fullmatch(r"error: .*damaged or cut short.*\nhelp: .*\n", result.stderr)


# kill


def test_the_kill_switch_is_given_once(root: Path, folder: Path, snapshot: SnapshotAssertion) -> None:
    """On, again, off, again: two commands, with who and why."""
    said = [("on", "Ann", "bad  news"), ("on", "Bob", "me too"), ("off", "Ann", "calm"), ("off", "Bob", "calm")]
    results = [run(root, "kill", s, "--by", by, "--why", why, "--run", str(folder)) for s, by, why in said]

    assert "\n".join(printed(result, folder) for result in results) == snapshot
    with Journal.read(folder) as journal:
        commands = journal.commands()
    assert [command.body for command in commands] == [
        {"on": True, "by": "Ann", "why": "bad news"},
        {"on": False, "by": "Ann", "why": "calm"},
    ]
    assert all(command.given > 1_700_000_000 for command in commands)


def test_a_switch_that_is_off_from_the_start_need_not_be_switched_off(root: Path, folder: Path) -> None:
    """No command is written."""
    result = run(root, "kill", "off", "--by", "Ann", "--why", "to be sure", "--run", str(folder), "--json")

    assert json.loads(result.stdout) == {"on": False, "changed": False, "running": False, "command": None}


def test_a_running_executor_is_said_to_see_it(root: Path, folder: Path) -> None:
    """At its next step."""
    with Lock.take(folder, pid=4711, started=0):
        result = run(root, "kill", "on", "--by", "Ann", "--why", "news", "--run", str(folder))

    assert "the executor sees it at its next step" in result.stdout


@pytest.mark.parametrize("given", [("--by", " ", "--why", "x"), ("--by", "Ann", "--why", "x" * 501), ("--by", "Ann")])
def test_a_switch_needs_a_name_and_a_reason(given: tuple[str, ...], root: Path, folder: Path) -> None:
    """Exit 2; nothing is written."""
    result = run(root, "kill", "on", *given, "--run", str(folder))

    assert result.returncode == 2
    with Journal.read(folder) as journal:
        assert journal.commands() == []


def test_a_run_that_is_over_can_not_be_switched(root: Path, story: Story) -> None:
    """It would look stopped, and the next run would not be."""
    with Journal.open(story.folder, now=1, pid=1) as journal:
        journal.commit(story.now, [RunEnded()], story.pulse.record())
    result = run(root, "kill", "on", "--by", "Ann", "--why", "news", "--run", str(story.folder))

    assert (result.returncode, result.stdout) == (2, "")
    assert "is over" in result.stderr


# doctor


def lines(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What doctor says of each thing: OK or WRONG."""
    found = re.findall(r"^(OK|WRONG) +(\w+)  ", result.stdout, re.MULTILINE)
    return {name: says for says, name in found}


def test_doctor_finds_what_is_wrong_and_puts_right_what_it_can(root: Path, folder: Path) -> None:
    """Exit 1 with a remedy on the next line; a rebuild makes views again, and exit 0."""
    (folder / "state/nav.json").write_text('{"format": 1}')
    (folder / "execution/decisions.jsonl").write_text("")
    sick = run(root, "doctor", "--run", str(folder))
    well = run(root, "doctor", "--run", str(folder), "--rebuild")

    assert sick.returncode == 1
    assert {name for name, says in lines(sick).items() if says == "WRONG"} == {"state", "logs", "schemas"}
    assert "help: run `hedgerow doctor --rebuild`" in sick.stdout
    assert (well.returncode, set(lines(well).values())) == (0, {"OK"})


def test_doctor_as_json_says_the_same(root: Path, folder: Path) -> None:
    """With a remedy only where something is wrong."""
    (folder / "state/nav.json").unlink()
    result = run(root, "doctor", "--run", str(folder), "--json")
    found = json.loads(result.stdout)

    assert (result.returncode, found["sound"]) == (1, False)
    assert {f["name"] for f in found["findings"] if not f["holds"]} == {"state", "schemas"}
    assert all((f["remedy"] is None) == f["holds"] for f in found["findings"])


def test_doctor_looks_at_a_running_run_without_asking_it_to_stand_still(root: Path, folder: Path) -> None:
    """Who runs since when; state that was not published for long is wrong; logs at least as long as marked."""
    with Lock.take(folder, pid=4711, started=0):
        fresh = run(root, "doctor", "--run", str(folder))
        for path in (folder / "state").iterdir():
            os.utime(path, (time.time() - 600, time.time() - 600))
        late = run(root, "doctor", "--run", str(folder))
        refused = run(root, "doctor", "--run", str(folder), "--rebuild")

    assert (fresh.returncode, set(lines(fresh).values())) == (0, {"OK"})
    assert "process 4711 runs since 1970-01-01T00:00:00Z" in fresh.stdout
    assert (late.returncode, lines(late)["fresh"]) == (1, "WRONG")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "process 4711 runs there" in refused.stderr


def test_doctor_on_a_damaged_journal_stops_at_it(root: Path, folder: Path) -> None:
    """Nothing else can be said; exit 1 and what to do."""
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:6000])
    result = run(root, "doctor", "--run", str(folder))

    assert (result.returncode, lines(result)) == (1, {"journal": "WRONG"})


def test_doctor_says_when_other_rules_wait_on_disk(project: Path, folder: Path) -> None:
    """For a running run that is wrong: it has refused them, or not seen them; a later start looks at them."""
    file = project / "universe/universe.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(document | {"universe": "sha256:" + "0" * 64}), encoding="utf-8")
    for path in Path(__file__).resolve().parents[2].glob("schemas/state/*.json"):
        (project / "schemas/state").mkdir(exist_ok=True)
        shutil.copy(path, project / "schemas/state")

    still = run(project, "doctor", "--run", str(folder))
    with Lock.take(folder, pid=1, started=0):
        running = run(project, "doctor", "--run", str(folder))
    assert (still.returncode, lines(still)["universe"]) == (0, "OK")
    assert (running.returncode, lines(running)["universe"]) == (1, "WRONG")


# why


def test_a_runs_decision_is_found_by_id_number_event_and_intent(root: Path, story: Story) -> None:
    """The same one each time; the default is the last veto."""
    [entry] = [e for e in story.told if isinstance(e.event, Decided) and not e.event.allowed]
    event: Any = entry.event
    shown = run(root, "why", "--run", str(story.folder))

    assert shown.returncode == 0
    number = sum(e.event.kind == "decision" and e.seq <= entry.seq for e in story.told)
    for name in (event.decision, event.decision[7:19], f"#{number}", str(entry.seq), event.intent):
        assert run(root, "why", name, "--run", str(story.folder)).stdout == shown.stdout
    assert shown.stdout.splitlines()[:2] == [
        f"event {entry.seq} of {story.folder}, 2025-06-15T00:04:00Z",
        f"intent {event.intent} of momentum (strategy), BUY BTCUSDT: told so",
    ]
    assert "nav_stale" in shown.stdout


def test_a_runs_allowed_decision_says_what_became_of_it(root: Path, story: Story) -> None:
    """The order that it became; as JSON, its event and intent beside the gates."""
    shown = run(root, "why", "#1", "--run", str(story.folder))
    found = json.loads(run(root, "why", "i000001", "--run", str(story.folder), "--json").stdout)

    assert "became order hr-i000001" in shown.stdout
    assert (found["seq"], found["intent"], found["attempt"]) == (5, "i000001", 1)
    assert found["decision"]["decision"] == "allow"
    assert len(found["gates"]) > 20


def test_a_run_answers_by_the_rules_of_that_day(project: Path, folder: Path) -> None:
    """After a change of rules the kept universe explains, to the same text; without it, the hash is named."""
    before = run(project, "why", "--run", str(folder))
    risk = project / "rules/risk.yaml"
    risk.write_text(risk.read_text(encoding="utf-8").replace("drawdown: 30%", "drawdown: 29%", 1), encoding="utf-8")
    assert run(project, "universe").returncode == 0

    assert run(project, "why", "--run", str(folder)).stdout == before.stdout
    shutil.rmtree(folder / "universes")
    lost = run(project, "why", "--run", str(folder))
    assert (lost.returncode, lost.stdout) == (2, "")
    assert re.search(r"the universe sha256:[0-9a-f]{64} that made this decision is not here", lost.stderr)


def test_an_intent_that_was_never_decided_on_is_told(root: Path, tmp_path: Path, universe: Universe) -> None:
    """By the reason that ended it; and a name that nothing has is at fault."""
    story = random_story(tmp_path / "run", universe, seed=2, steps=5)
    story.step(
        IntentMade("i000099", "momentum", BTC, "BUY", D(2), False, "strategy", "a trend", None, {}),
        Dropped("i000099", "no_size", "no volatility yet"),
    )
    story.journal.close()
    result = run(root, "why", "i000099", "--run", str(story.folder))

    assert result.returncode == 2
    assert "intent i000099 of momentum (strategy), BUY at most 2 BTCUSDT: a trend was never decided on" in result.stderr
    assert "no_size: no volatility yet" in result.stderr
    assert run(root, "why", "i000098", "--run", str(story.folder)).returncode == 2


def test_run_and_log_are_one_or_the_other(root: Path, folder: Path) -> None:
    """Exit 2."""
    result = run(root, "why", "--run", str(folder), "--log", "x")

    assert (result.returncode, result.stdout) == (2, "")


# replay


def test_every_record_of_a_run_comes_out_the_same(root: Path, folder: Path) -> None:
    """From its folder or its log, by either backend."""
    for given in (
        [str(folder)],
        [str(folder / "execution/decisions.jsonl")],
        [str(folder), "--backend", "interpreter"],
    ):
        result = run(root, "replay", *given)
        assert result.returncode == 0
        assert result.stdout == "5 of 5 records come out the same, to the byte, by 1 universe\n"


def test_a_record_that_differs_is_shown_and_makes_the_exit_code(
    root: Path, folder: Path, snapshot: SnapshotAssertion
) -> None:
    """Where, which, and how; the first few of them."""
    log = folder / "execution/decisions.jsonl"
    text = log.read_text(encoding="utf-8").splitlines()
    text[1] = text[1].replace('"decision":"allow"', '"decision":"veto"', 1)
    log.write_text("\n".join(text) + "\n", encoding="utf-8")
    result = run(root, "replay", str(folder))

    assert printed(result, folder) == snapshot
    found = json.loads(run(root, "replay", str(folder), "--json").stdout)
    assert (found["records"], found["same"], found["different"]) == (5, 4, 1)
    assert found["first"][0]["place"] == f"{log}:2"


def test_orders_accounts_and_unreadable_lines_of_decide_are_replayed(root: Path, folder: Path, tmp_path: Path) -> None:
    """As they were asked; what could not be read then holds nothing to decide on, and is counted."""
    facts = json.loads((folder / "execution/decisions.jsonl").read_text(encoding="utf-8").splitlines()[0])["facts"]
    (tmp_path / "in").write_text(json.dumps(facts) + "\noops\n", encoding="utf-8")
    (tmp_path / "nav").write_text(json.dumps({"nav": facts["nav"]}) + "\n", encoding="utf-8")
    log = (
        run(root, "decide", str(tmp_path / "in")).stdout
        + run(root, "decide", "--scope", "account", str(tmp_path / "nav")).stdout
    )
    (tmp_path / "log").write_text(log, encoding="utf-8")

    result = run(root, "replay", str(tmp_path / "log"))
    assert (result.returncode, result.stdout.splitlines()) == (
        0,
        [
            "2 of 3 records come out the same, to the byte, by 1 universe",
            "1 could not be read when they were asked, and hold no facts to decide on",
        ],
    )


@pytest.mark.parametrize("raw", [b"", b"oops\n", b"\xff\n", b"{}\n"])
def test_what_is_no_log_can_not_be_replayed(raw: bytes, root: Path, tmp_path: Path) -> None:
    """Exit 2, and no traceback."""
    (tmp_path / "log").write_bytes(raw)
    result = run(root, "replay", str(tmp_path / "log"))

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


def test_a_run_that_has_decided_nothing_yet_replays(root: Path, tmp_path: Path, universe: Universe) -> None:
    """Nothing differs, and that is said."""
    Story.begin(tmp_path, universe).journal.close()
    result = run(root, "replay", str(tmp_path))

    assert (result.returncode, result.stdout) == (0, f"{tmp_path} holds no decision yet\n")


# A real run


def test_a_real_run_is_sound_and_replays(root: Path, tmp_path: Path) -> None:
    """Six synthetic days: everything that doctor looks at holds, and the log gives the log."""
    command = [sys.executable, "-m", "cli.main", "run", "--days", "6", "--out", str(tmp_path / "run")]
    made = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    doctor = run(root, "doctor", "--run", str(tmp_path / "run"))
    replayed = run(root, "replay", str(tmp_path / "run"))

    assert (doctor.returncode, set(lines(doctor).values())) == (0, {"OK"}), doctor.stdout
    assert (replayed.returncode, "come out the same" in replayed.stdout) == (0, True)

"""The commands as a person, a pipe or a program meets them: what they print, where, and with which exit code."""

import json
import os
import re
import select
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from cli.main import COMMANDS, main
from engine import Decision, Engine
from research.intents import stream
from universe.quiet import quiet_facts
from universe.reader import Universe

HEDGEROW: Final = str(Path(sys.executable).with_name("hedgerow"))
HASH: Final = re.compile(r"[0-9a-f]{64}")
PATIENCE: Final = 60
# What a terminal would change, and a program must not see.
PLAIN: Final = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "NO_COLOR", "TERM")} | {"COLUMNS": "80"}


def run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Runs the console script in a folder, with something on its standard input."""
    made = subprocess.run(
        [HEDGEROW, *arguments], cwd=folder, env=PLAIN, input=given, capture_output=True, timeout=PATIENCE, check=False
    )
    return subprocess.CompletedProcess(made.args, made.returncode, made.stdout.decode(), made.stderr.decode())


def run_here(root: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Runs a command in this process: faster, for what neither pipes nor waits."""
    runner = CliRunner(env={"COLUMNS": "80"})
    made = runner.invoke(main, ["--root", str(root), *arguments], given, prog_name="hedgerow", terminal_width=78)
    return subprocess.CompletedProcess(arguments, made.exit_code, made.stdout, made.stderr)


def printed(result: subprocess.CompletedProcess[str]) -> str:
    """Exit code, output and errors as one text, every hash cut short, no blanks at the ends of lines."""
    errors = f"--- stderr\n{result.stderr}" if result.stderr else ""
    text = HASH.sub("…", f"exit {result.returncode}\n{result.stdout}{errors}")
    return "\n".join(line.rstrip() for line in text.splitlines())


def decisions(text: str) -> list[Decision]:
    """The decisions of an output, whose bytes are canonical."""
    found = [Decision.from_json(line) for line in text.splitlines()]
    assert "".join(f"{decision.to_json()}\n" for decision in found) == text
    return found


def intent(universe: Universe, symbol: str, **groups: dict[str, Any]) -> dict[str, Any]:
    """A quiet account's order, with what differs."""
    facts = quiet_facts(universe, symbol, Decimal(250_000))
    return facts | {group: {**facts[group], **of} for group, of in groups.items()}


@pytest.fixture(scope="module")
def good(universe: Universe) -> bytes:
    """A line with an order that passes."""
    return json.dumps(intent(universe, "BTCUSDT", order={"quantity": "0.1"})).encode() + b"\n"


@pytest.fixture(scope="module")
def bad(universe: Universe) -> bytes:
    """A line with an order that is far too large, on an old NAV."""
    return json.dumps(intent(universe, "ETHUSDT", order={"quantity": "100"}, nav={"age": "200"})).encode() + b"\n"


# What is printed


SHOWN: Final = (
    "explain BTCUSDT leverage",
    "explain BTCUSDT",
    "explain ETHUSDT symbol_exposure",
    "explain BTCUSDT trade_nav",
    "explain BNBUSDT group_exposure",
    "explain btc_micro",
    "explain btc_micro trade_nav",
    "explain symbol_cap",
    "explain leverage",
    "explain caps.order_notional",
    "explain exposure_after",
    "explain order.leverage",
    "explain route",
    "explain bluechips CORE",
    "explain drawdwn",
    "explain BTCUSDT leverag",
    "explain --env testnet BTCUSDT drawdown",
    "universe --check",
    "nonsense",
    "decid",
    "decide no-such-file",
    "why --log no-such-file",
)


@pytest.mark.parametrize("line", SHOWN, ids=[line.replace(" ", "_") for line in SHOWN])
def test_a_command_prints_what_was_reviewed(line: str, root: Path, snapshot: SnapshotAssertion) -> None:
    """Output, errors and exit code."""
    assert printed(run_here(root, *line.split())).replace(str(root), "PROJECT") == snapshot


def test_check_says_what_there_is(root: Path, universe: Universe) -> None:
    """A line of counts and the hash of the meaning, on standard output alone."""
    result = run(root, "check")

    first, second = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(r"ok: 13 symbols, \d+ gates, \d+ caps, \d+ tables, 3 strategies, \d+ scenarios \(prod\)", first)
    assert second == f"ruleset {universe.ruleset.ruleset_hash}"


def test_everything_generated_is_fresh(root: Path) -> None:
    """Schemas, reference and pairs are what the rules make now."""
    result = run_here(root, "docs", "--check")

    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(r"\d+ generated files are fresh\n", result.stdout)


def test_the_shipped_scenarios_hold(root: Path) -> None:
    """Every one, in both backends."""
    result = run_here(root, "test")

    last = re.fullmatch(r"(\d+) of (\d+) scenarios hold \(python, interpreter\)", result.stdout.splitlines()[-1])
    assert last is not None
    assert last[1] == last[2]
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_command_explains_itself(command: str, root: Path, snapshot: SnapshotAssertion) -> None:
    """`--help` says what it does, what it takes and, atop, what the exit codes mean."""
    result = run_here(root, *command.split(), "--help")

    assert result.returncode == 0
    assert printed(result) == snapshot


def test_the_version_is_the_packages(root: Path) -> None:
    """One version, in both places."""
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    version = run(root, "--version").stdout.split()[-1]

    assert f'\nversion = "{version}"\n' in project


@pytest.mark.parametrize("line", ["check", "universe", "decide", "explain BTCUSDT", "test", "why", "docs --check"])
def test_without_a_project_the_environment_is_at_fault(line: str, tmp_path: Path) -> None:
    """Exit 3, and what to do, from any command; also where --root names a folder without rules."""
    for arguments in (line.split(), ["--root", str(tmp_path), *line.split()]):
        result = run(tmp_path, *arguments)

        assert (result.returncode, result.stdout) == (3, "")
        assert re.fullmatch(r"error: .*rules/risk\.yaml.*\nhelp: .*--root.*\n", result.stderr)


def test_the_project_is_found_from_any_folder_in_it(root: Path) -> None:
    """As git finds its own."""
    assert run(root / "rules/scenarios", "universe", "--check").stdout == run(root, "universe", "--check").stdout != ""


# universe


def test_a_universe_is_written_once_and_then_left_alone(project: Path) -> None:
    """Stale: exit 1 from --check, which writes nothing. Written: said. Fresh: the file is not touched."""
    file = project / "universe/universe.json"
    file.write_text("{}", encoding="utf-8")

    stale = run_here(project, "universe", "--check")
    kept = file.read_text(encoding="utf-8")
    written = run_here(project, "universe")
    before = file.stat()
    again = run_here(project, "universe")

    assert (stale.returncode, stale.stdout, kept) == (1, "", "{}")
    assert stale.stderr == "universe/universe.json is stale\nhelp: run `hedgerow universe`\n"
    assert (written.returncode, again.returncode) == (0, 0)
    assert written.stdout.startswith("universe/universe.json written: 13 symbols, ")
    assert again.stdout.startswith("universe/universe.json unchanged: ")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert run_here(project, "universe", "--check").returncode == 0


def test_a_universe_that_cannot_be_written_is_the_environments_fault(project: Path) -> None:
    """Exit 3 and no traceback; nothing half written is left."""
    (project / "universe/universe.json").unlink()
    (project / "universe/universe.json").mkdir()

    result = run(project, "universe")

    assert result.returncode == 3
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert sorted(p.name for p in (project / "universe").iterdir()) == ["universe.json", "venues"]


def test_another_environment_has_a_file_of_its_own(project: Path, good: bytes) -> None:
    """It decides where that environment is named, and nowhere else."""
    before = (project / "universe/universe.json").read_bytes()

    made = run(project, "universe", "--env", "testnet")
    there = run(project, "decide", "--env", "testnet", given=good)
    here = run(project, "decide", "--universe", "universe/universe.testnet.json", given=good)

    assert made.stdout.startswith("universe/universe.testnet.json written")
    assert (project / "universe/universe.json").read_bytes() == before
    assert there.returncode == 0
    assert (here.returncode, here.stdout) == (2, "")
    assert "compiled for `testnet`, not for `prod`" in here.stderr


# test


SCENARIOS: Final = """\
format: 1
scenarios:
  - name: an old NAV
    only: [nav_fresh]
    facts: {nav: {age: 200s}, order: {symbol: BTCUSDT}}
    expect: {veto: [nav_stale]}
  - name: a fresh one
    only: [nav_fresh]
    facts: {nav: {age: 200s}, order: {symbol: BTCUSDT}}
    expect: allow
"""


def test_a_scenario_that_fails_is_named_with_what_it_got(project: Path, snapshot: SnapshotAssertion) -> None:
    """Exit 1; its line, what was expected, what came, in both backends; and which gates and rows nothing reaches."""
    for path in (project / "rules/scenarios").iterdir():
        path.unlink()
    (project / "rules/scenarios/mine.yaml").write_text(SCENARIOS, encoding="utf-8")

    result = run_here(project, "test", "-k", "NAV")
    failing = run_here(project, "test", "-k", "fresh")

    assert (result.returncode, failing.returncode) == (0, 1)
    assert printed(failing) == snapshot
    assert (
        json.loads(run_here(project, "test", "--json").stdout)["gaps"]["gates that no scenario passes"][0]
        == "kill_switch"
    )


def test_a_run_without_scenarios_fails(project: Path, root: Path) -> None:
    """What proves nothing is no success: none there, or none with such a name."""
    for path in (project / "rules/scenarios").iterdir():
        path.unlink()

    assert run_here(project, "test").returncode == 1
    assert run_here(root, "test", "-k", "no such name").returncode == 1


# decide


def test_one_order_gets_one_decision(root: Path, good: bytes, universe: Universe) -> None:
    """As the engine itself decides, on standard output; nothing on standard error."""
    result = run(root, "decide", given=good)

    [decision] = decisions(result.stdout)
    assert (result.returncode, result.stderr) == (0, "")
    assert decision == Engine(universe.ruleset).decide(json.loads(good))
    assert (decision.allowed, decision.largest) == (True, "0.1")


@pytest.mark.parametrize(
    "spread", ["object", "pretty", "array", "pretty_array", "lines", "crlf", "no_newline", "blank_lines"]
)
def test_orders_come_as_an_object_an_array_or_lines(spread: str, root: Path, good: bytes, bad: bytes) -> None:
    """However they are spread over lines, the answers are the same bytes, in the same order."""
    both = [json.loads(good), json.loads(bad)]
    given = {
        "object": bad,
        "pretty": json.dumps(both[1], indent=2).encode(),
        "array": json.dumps(both).encode(),
        "pretty_array": json.dumps(both, indent=4).encode() + b"\n",
        "lines": good + bad,
        "crlf": (good + bad).replace(b"\n", b"\r\n"),
        "no_newline": (good + bad).rstrip(b"\n"),
        "blank_lines": b"\n" + good + b"\n  \n" + bad + b"\n",
    }[spread]

    result = run_here(root, "decide", given=given)

    expected = run_here(root, "decide", given=bad if spread in ("object", "pretty") else good + bad)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == expected.stdout


def test_a_file_is_read_as_standard_input_is(root: Path, good: bytes, bad: bytes, tmp_path: Path) -> None:
    """The same bytes out."""
    (tmp_path / "intents.jsonl").write_bytes(good + bad)

    assert run(root, "decide", str(tmp_path / "intents.jsonl")).stdout == run(root, "decide", given=good + bad).stdout


UNREADABLE: Final = {
    "no JSON": b'{"order": oops}',
    "cut off": b'{"order": {"symbol": "BTCUSDT"',
    "no object": b"[1]",
    "a number": b"17",
    "a key twice": b'{"order": {"symbol": "BTCUSDT", "symbol": "ETHUSDT"}}',
    "an undeclared fact": b'{"order": {"symbl": "BTCUSDT"}}',
    "a fact of the universe": b'{"order": {"symbol": "BTCUSDT"}, "symbol": {"tick": "1"}}',
    "no UTF-8": b'{"order": {"symbol": "\xff"}}',
    "nested too deeply": b'{"a": ' * 5_000,
    "too long": b'{"order": {"symbol": "' + b"A" * 1_000_001 + b'"}}',
}


@pytest.mark.parametrize("line", UNREADABLE.values(), ids=[name.replace(" ", "_") for name in UNREADABLE])
def test_a_line_that_cannot_be_read_is_vetoed_and_named(
    line: bytes, root: Path, universe: Universe, good: bytes, bad: bytes
) -> None:
    """Exit 2 and its number on standard error; the lines around it are decided as ever."""
    result = run(root, "decide", given=good + line + b"\n" + bad)

    first, middle, last = decisions(result.stdout)
    engine = Engine(universe.ruleset)
    assert result.returncode == 2
    assert (middle.allowed, middle.reasons) == (False, ("input_invalid",))
    assert re.match(r"<stdin>:2:\d+: input-invalid \S", result.stderr)
    assert result.stderr.count("input-invalid") == 1
    assert [first, last] == [engine.decide(json.loads(good)), engine.decide(json.loads(bad))]


def test_each_unreadable_line_is_named_by_its_number(root: Path, good: bytes) -> None:
    """The first and the last too, empty lines counted."""
    result = run(root, "decide", given=b"oops\n" + good + b"\n\noops\n" + good + b"oops")

    assert [d.allowed for d in decisions(result.stdout)] == [False, True, False, True, False]
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == [f"<stdin>:{n}:1" for n in (1, 5, 7)]


def test_a_key_that_stands_twice_is_one_mistake_however_it_is_spread(root: Path) -> None:
    """In an object over many lines, too."""
    result = run(root, "decide", given=b'{\n "order": {},\n "order": {}\n}\n')

    [decision] = decisions(result.stdout)
    assert (result.returncode, decision.reasons) == (2, ("input_invalid",))
    assert result.stderr == "<stdin>:1:1: input-invalid the key `order` stands twice\n"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", '"NaN"', "1e400", '"1,5"', "true", "[]", '""'])
def test_a_fact_that_is_no_finite_number_is_a_veto(number: str, root: Path, good: bytes) -> None:
    """The line is read: its fact is what is wrong, and the decision says which."""
    line = good.replace(b'"total": "250000"', f'"total": {number}'.encode())
    assert line != good

    result = run_here(root, "decide", given=line)

    [decision] = decisions(result.stdout)
    assert (result.returncode, result.stderr) == (0, "")
    assert ("fact_invalid", "nav.total") in [(veto.reason, veto.fact) for veto in decision.vetoes]


@pytest.mark.parametrize("given", [b"", b"\n\n  \n"], ids=["nothing", "blank"])
def test_an_empty_input_is_at_fault(given: bytes, root: Path, snapshot: SnapshotAssertion) -> None:
    """Exit 2: who pipes nothing should hear of it."""
    assert printed(run(root, "decide", given=given)) == snapshot


def test_strict_makes_a_veto_an_exit_code(root: Path, good: bytes, bad: bytes) -> None:
    """1 where any order is vetoed, 0 where all pass; an unreadable line still is 2."""
    codes = [run(root, "decide", "--strict", given=g).returncode for g in (good, good + bad, good + b"oops\n" + bad)]

    assert codes == [0, 1, 2]


def test_the_account_alone_is_asked_about(root: Path, universe: Universe, good: bytes, bad: bytes) -> None:
    """`--scope account` needs no order, and judges only the account's gates."""
    account = {name: json.loads(bad)[name] for name in ("nav", "recent", "breakers", "control")}
    result = run_here(root, "decide", "--scope", "account", given=good + json.dumps(account).encode())

    first, second = decisions(result.stdout)
    assert (first.allowed, first.subject) == (True, None)
    assert (second.allowed, second.reasons) == (False, ("nav_stale",))
    assert second == Engine(universe.ruleset).decide(account, "account")


@pytest.fixture(scope="module")
def rehearsal(universe: Universe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six hundred intents in a file, one of them unreadable."""
    lines = [json.dumps(facts) for facts in stream(universe, 600, seed=11)]
    lines[300] = '{"order": oops'
    path = tmp_path_factory.mktemp("rehearsal") / "intents.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("options", ["--backend interpreter", "--jobs 2", "--jobs 3 --backend interpreter"])
def test_backends_and_processes_give_the_same_bytes(options: str, root: Path, rehearsal: Path) -> None:
    """In the same order, with the same complaints."""
    plain = run(root, "decide", str(rehearsal))
    other = run(root, "decide", *options.split(), str(rehearsal))

    assert plain.stdout.count("\n") == 600
    assert (other.returncode, other.stdout, other.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert plain.returncode == 2
    assert ":301:" in plain.stderr


def test_a_pipe_gets_each_answer_while_it_stays_open(root: Path, good: bytes, bad: bytes) -> None:
    """A program at the other end asks, is answered, and asks again."""
    with subprocess.Popen([HEDGEROW, "decide"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        answers = []
        for line in (good, bad, b"oops\n", good, good + bad):
            process.stdin.write(line)
            process.stdin.flush()
            for _ in range(line.count(b"\n")):
                assert select.select([process.stdout], [], [], PATIENCE)[0] or answers
                answers.append(Decision.from_json(process.stdout.readline().decode()).allowed)
        process.stdin.close()

        assert process.wait(PATIENCE) == 2
    assert answers == [True, False, False, True, True, False]


def test_a_reader_that_stops_listening_is_no_error(root: Path, good: bytes, tmp_path: Path) -> None:
    """`hedgerow decide … | head -1`: no traceback, and no error."""
    (tmp_path / "intents.jsonl").write_bytes(good * 4_000)
    with subprocess.Popen(
        [HEDGEROW, "decide", str(tmp_path / "intents.jsonl")],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


def test_an_altered_universe_decides_nothing(project: Path, good: bytes) -> None:
    """Nor does an absent one: exit 2, no decision, and what to run."""
    file = project / "universe/universe.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"leverage": "4"', '"leverage": "9"', 1), encoding="utf-8")
    altered = run_here(project, "decide", given=good)
    file.unlink()
    absent = run_here(project, "decide", given=good)

    assert (altered.returncode, altered.stdout, absent.returncode, absent.stdout) == (2, "", 2, "")
    assert "altered since it was compiled" in altered.stderr
    assert absent.stderr.endswith("help: run `hedgerow universe`\n")


# why


@pytest.fixture(scope="module")
def log(root: Path, good: bytes, bad: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of decisions: one allowed, one vetoed, one on a line that can't be read, one on an unknown symbol."""
    path = tmp_path_factory.mktemp("log") / "decisions.jsonl"
    unknown = good.replace(b'"BTCUSDT"', b'"PEPEUSDT"')
    path.write_text(run_here(root, "decide", given=good + bad + b"oops\n" + unknown).stdout, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "which", ["#1", "#2", "#3", "#4", ""], ids=["allowed", "vetoed", "unreadable", "unknown", "last"]
)
def test_a_stored_decision_is_explained(which: str, root: Path, log: Path, snapshot: SnapshotAssertion) -> None:
    """Gate by gate: observed, limit, headroom, line and layer; then the facts and caps that were read."""
    assert printed(run_here(root, "why", *which.split(), "--log", str(log))) == snapshot


def test_a_decision_is_found_by_its_id(root: Path, log: Path) -> None:
    """Whole, or by its beginning, with or without `sha256:`; also in what is piped in."""
    second = decisions(log.read_text(encoding="utf-8"))[1]
    shown = run_here(root, "why", "#2", "--log", str(log)).stdout

    for name in (second.id, second.id[:20], second.id.removeprefix("sha256:")[:8]):
        assert run_here(root, "why", name, "--log", str(log)).stdout == shown
    assert run_here(root, "why", second.id, "--log", "-", given=log.read_bytes()).stdout == shown


def test_an_account_decision_is_explained(root: Path, bad: bytes, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """By the account's gates alone."""
    (tmp_path / "log").write_text(run_here(root, "decide", "--scope", "account", given=bad).stdout, encoding="utf-8")

    assert printed(run_here(root, "why", "--log", str(tmp_path / "log"))) == snapshot


def test_why_as_json_holds_each_gates_numbers(root: Path, log: Path, universe: Universe) -> None:
    """Exact ones for a program, beside the texts for people; every gate in file order."""
    found = json.loads(run_here(root, "why", "#2", "--log", str(log), "--json").stdout)

    assert found["decision"]["subject"] == "ETHUSDT"
    assert [gate["gate"] for gate in found["gates"]] == [gate.id for gate in universe.ruleset.gates]
    [nav] = [gate for gate in found["gates"] if gate["gate"] == "nav_fresh"]
    assert (nav["outcome"], nav["observed"], nav["limit"], nav["headroom"]) == ("veto", "200", "150", "-50")
    assert nav["observed_text"] == "200s"


@pytest.mark.parametrize("which", ["sha256:0000", "#9", "#0", "#x"])
def test_a_decision_that_is_not_there_is_at_fault(which: str, root: Path, log: Path) -> None:
    """Exit 2, and what to give instead."""
    result = run_here(root, "why", which, "--log", str(log))

    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"error: .*\nhelp: .*\n", result.stderr)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}\n", b"oops\n", b"[1]\n", b'{"decision":"veto"}\n', b'\xff"decision":"veto"\n'],
    ids=["empty", "object", "no_json", "list", "no_record", "no_text"],
)
def test_what_is_no_log_is_at_fault(raw: bytes, root: Path, tmp_path: Path) -> None:
    """Exit 2 and no traceback."""
    (tmp_path / "log").write_bytes(raw)

    for which in ("#1", "sha256:ab", ""):
        result = run_here(root, "why", *which.split(), "--log", str(tmp_path / "log"))

        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("error: ")


def test_a_decision_is_explained_only_by_the_universe_that_made_it(project: Path, good: bytes, tmp_path: Path) -> None:
    """After a change of rules the old universe is asked for; given, or kept beside the log, it explains."""
    log = tmp_path / "decisions.jsonl"
    log.write_text(run_here(project, "decide", given=good).stdout, encoding="utf-8")
    old = (project / "universe/universe.json").read_bytes()
    shown = run_here(project, "why", "#1", "--log", str(log))
    risk = project / "rules/risk.yaml"
    risk.write_text(risk.read_text(encoding="utf-8").replace("leverage: 4x", "leverage: 3.5x", 1), encoding="utf-8")
    assert run_here(project, "universe").returncode == 0

    refused = run_here(project, "why", "#1", "--log", str(log))
    (tmp_path / "old.json").write_bytes(old)
    given = run_here(project, "why", "#1", "--log", str(log), "--universe", str(tmp_path / "old.json"))
    name = json.loads(old)["universe"].removeprefix("sha256:")
    (tmp_path / "universes").mkdir()
    (tmp_path / "universes" / f"{name}.json").write_bytes(old)
    kept = run_here(project, "why", "#1", "--log", str(log))

    assert (refused.returncode, refused.stdout) == (2, "")
    assert given.stdout == kept.stdout == shown.stdout != ""
    (tmp_path / "no-universe.json").write_text("[]", encoding="utf-8")
    no_universe = run_here(project, "why", "#1", "--log", str(log), "--universe", str(tmp_path / "no-universe.json"))
    assert (no_universe.returncode, no_universe.stderr.startswith("error: ")) == (2, True)


def test_a_record_that_was_altered_is_noticed(root: Path, log: Path, tmp_path: Path) -> None:
    """Deciding again must give the same bytes; where it doesn't, that is said."""
    text = log.read_text(encoding="utf-8").splitlines()[1]
    (tmp_path / "log").write_text(text.replace('"decision":"veto"', '"decision":"allow"', 1) + "\n", encoding="utf-8")

    result = run_here(root, "why", "#1", "--log", str(tmp_path / "log"))

    assert result.returncode == 0
    assert "another answer than the one that is stored" in result.stderr

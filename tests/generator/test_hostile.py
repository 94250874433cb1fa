"""Hostile input at every door: a clear answer in little memory, and never a traceback.

How soon is measured by `python -m tests.generator.hostile`.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from engine.syntax import MAX_LENGTH, SyntaxFault, parse
from generator.change.patching.patch_file import read_patch
from generator.compile.files import Texts
from generator.compile.problems import Problem, Refused, report
from generator.compile.stages import Compiled
from generator.scenarios import read_file
from tests.generator.hostile import JSON, YAML

MEGABYTES: Final = 300
RISK: Final = "rules/risk.yaml"
VENUE: Final = "universe/venues/binance_usdm.json"
UNIVERSE: Final = "universe/universe.json"


@contextmanager
def bounded() -> Iterator[None]:
    """No more than so much memory on top of what there was."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024


def run(project: Path, *arguments: str) -> Result:
    """Runs a command; whatever it says, it is no traceback."""
    with bounded():
        result = CliRunner().invoke(main, ["--root", str(project), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def decided(project: Path, raw: bytes) -> Result:
    """Asks for decisions on what a file holds."""
    file = project / "facts.json"
    file.write_bytes(raw)
    return run(project, "decide", str(file))


@pytest.fixture
def project(project: Path) -> Path:
    """The copy of the project without its examples, which are not what is asked about."""
    for path in (project / "rules/scenarios").glob("*.yaml"):
        path.unlink()
    return project


def said(problems: list[Problem], text: str = "") -> str:
    """Problems as they are shown; there is one at least, and not a page of them for each key."""
    assert problems
    shown = report(problems, {p.file: text for p in problems})
    assert len(shown) < 100_000
    return shown


@pytest.mark.parametrize("raw", YAML.values(), ids=YAML)
def test_a_rule_file_is_refused(raw: bytes, project: Path) -> None:
    """With file and line, on stderr."""
    (project / RISK).write_bytes(raw)

    result = run(project, "check")

    assert result.exit_code == 2
    assert result.stderr


@pytest.mark.parametrize("raw", YAML.values(), ids=YAML)
def test_a_rule_file_is_formatted_or_left_as_it_is(raw: bytes, project: Path) -> None:
    """What is no strict YAML is not touched."""
    (project / RISK).write_bytes(raw)

    result = run(project, "fmt", RISK)

    assert result.exit_code in (0, 2)
    if result.exit_code:
        assert (project / RISK).read_bytes() == raw


@pytest.mark.parametrize("raw", YAML.values(), ids=YAML)
def test_a_file_of_examples_is_refused(raw: bytes, compiled: Compiled) -> None:
    """By the same strict reader; what is too large or no text is not even handed to it."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    problems: list[Problem] = []
    with bounded():
        assert read_file("x.yaml", text, compiled.ruleset, compiled.schemas["scenarios"], problems) == []
        said(problems, text)


@pytest.mark.parametrize("raw", YAML.values(), ids=YAML)
def test_a_patch_is_refused(raw: bytes) -> None:
    """Before anything is read that it would change."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    with bounded(), pytest.raises(Refused) as refused:
        read_patch("PATCH.yaml", text, Texts({}))
    said(list(refused.value.problems), text)


@pytest.mark.parametrize("raw", JSON.values(), ids=JSON)
def test_a_venue_file_is_refused(raw: bytes, project: Path) -> None:
    """JSON is read by the strict reader too."""
    (project / VENUE).write_bytes(raw)

    result = run(project, "check")

    assert result.exit_code == 2
    assert VENUE in result.stderr


@pytest.mark.parametrize("raw", JSON.values(), ids=JSON)
def test_a_universe_is_refused(raw: bytes, project: Path) -> None:
    """Nothing is decided by what is no universe, or an altered one."""
    (project / UNIVERSE).write_bytes(raw)

    result = decided(project, b"{}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("name", [n for n in JSON if n != "many_entries"])
def test_facts_are_decided_on_or_refused(name: str, project: Path) -> None:
    """Each line gets its answer, which is a veto."""
    result = decided(project, JSON[name])

    assert result.exit_code in (0, 2)
    assert all(line.startswith('{"decision":"veto"') for line in result.stdout.splitlines())
    assert result.stdout or result.stderr


def test_a_list_of_facts_without_end_is_one_veto(project: Path) -> None:
    """One JSON text is bounded as a line is; whoever has more gives one object a line."""
    result = decided(project, JSON["many_entries"])
    spread = decided(project, JSON["many_entries"].replace(b",", b",\n"))

    for answer in (result, spread):
        assert answer.exit_code == 2
        assert answer.stdout.count("\n") == 1
        assert "longer than" in answer.stderr


@pytest.mark.parametrize("raw", JSON.values(), ids=JSON)
@pytest.mark.parametrize("command", [["why", "--log"], ["replay"], ["check", "--log"]], ids=lambda c: c[0])
def test_a_log_of_decisions_is_refused(command: list[str], raw: bytes, project: Path) -> None:
    """What holds no decision explains nothing, replays nothing and shows nothing."""
    log = project / "log.jsonl"
    log.write_bytes(raw)

    result = run(project, *command, str(log))

    assert result.exit_code == 2 or (raw == b"" and command[0] == "check")
    assert result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "1+" * 500_000 + "1",
        "(" * 10_000,
        "-" * 1900 + "1",
        "not " * 450 + "a",
        "a.b" * 900,
        "9" * 100_000,
        "\x00",
        "\u0430",
    ],
    ids=["long", "open", "minus", "not", "dots", "digits", "nul", "look_alike"],
)
def test_an_expression_is_refused(text: str) -> None:
    """By its length, its depth or the character that is none of its own."""
    with bounded(), pytest.raises(SyntaxFault):
        parse(text)


@pytest.mark.parametrize("text", ["9" * MAX_LENGTH, "1+" * 19 + "1", "x" * MAX_LENGTH])
def test_an_expression_at_its_bounds_is_read(text: str) -> None:
    """However odd, it is one."""
    with bounded():
        made: Any = parse(text)
    assert made

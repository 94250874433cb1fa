"""The commands about changes as a person, CI or an agent meets them: on a real repository, in this process."""

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from generator.compile.finish import file_text
from generator.compile.stages import compile_universe
from tests.conftest import ROOT, TODAY
from tests.execution.story import Story
from tests.generator.change.projects import GATES, RISK
from tests.generator.change.repository import Repository, repository
from universe.reader import Universe

SAMPLE: Final = "research/sample/decisions.jsonl.gz"
RECORDED: Final = 150
COMPILED: Final = "universe/universe.json"
VARIES: Final = {
    re.compile(r"[0-9a-f]{64}"): "…",
    re.compile(r"\b[0-9a-f]{12}\b"): "COMMIT",
    re.compile(r" +$", re.M): "",
}
QUICK: Final = ("--env", "prod", "--no-proof", "--no-flips")
HOSTILE: Final = (
    '"@octocat <img src=x onerror=alert(1)> [go](http://evil.example) `x` | \\e[31m \\u202e ::error:: **b**"'
)


def run(repo: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in this process."""
    made = CliRunner(env={"COLUMNS": "80"}).invoke(
        main, ["--root", str(repo.project), *arguments], prog_name="hedgerow"
    )
    if made.exception is not None and not isinstance(made.exception, SystemExit):
        raise made.exception
    return subprocess.CompletedProcess(arguments, made.exit_code, made.stdout, made.stderr)


def printed(result: subprocess.CompletedProcess[str], repo: Repository) -> str:
    """Exit code, output and errors as one text, with what differs from machine to machine left out."""
    errors = f"--- stderr\n{result.stderr}" if result.stderr else ""
    text = f"exit {result.returncode}\n{result.stdout}{errors}".replace(str(repo.project), "PROJECT")
    for pattern, instead in VARIES.items():
        text = pattern.sub(instead, text)
    return text


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The shipped rules, their universe and some recorded decisions in a repository, with a tightened cap upon them."""
    folder = tmp_path_factory.mktemp("born") / "project"
    for pattern in ("rules/**/*.yaml", "schemas/*.yaml", "universe/venues/*.json"):
        for path in ROOT.glob(pattern):
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    lines = gzip.decompress((ROOT / SAMPLE).read_bytes()).splitlines(keepends=True)[:RECORDED]
    (folder / SAMPLE).parent.mkdir(parents=True)
    (folder / SAMPLE).write_bytes(gzip.compress(b"".join(lines), mtime=0))
    compile_into(folder)
    made = repository(folder, folder)
    made.write(RISK, "symbol_exposure: 30%", "symbol_exposure: 25%")
    compile_into(folder)
    made.commit("Tighten the core", day="2026-11-02T12:00:00Z")
    return made


def compile_into(folder: Path) -> None:
    """Write the universe that the texts of a project make."""
    (folder / COMPILED).write_text(file_text(compile_universe(folder, today=TODAY).document), encoding="utf-8")


@pytest.fixture
def repo(born: Repository, tmp_path: Path) -> Repository:
    """A copy of that repository."""
    folder = tmp_path / "project"
    shutil.copytree(born.project, folder)
    return Repository(folder, folder)


# diff


def test_a_diff_of_the_last_commit_reads_like_a_plan(born: Repository, snapshot: SnapshotAssertion) -> None:
    """Both refs, the class and what it means, the change with its line, what flips."""
    assert printed(run(born, "diff", "HEAD~1", "HEAD"), born) == snapshot


def test_the_working_tree_is_the_head_where_none_is_named(repo: Repository) -> None:
    """What is not committed counts."""
    repo.write(RISK, "  trade_nav: 6%", "  trade_nav: 7%")
    result = run(repo, "diff", "main", "--no-flips")

    assert result.returncode == 0
    assert result.stdout.startswith("main → working tree\nLOOSEN: a person approves it\n")
    assert "~ global: trade_nav  6% → 7%  rules/risk.yaml:52" in result.stdout
    assert "and would now pass" in result.stdout


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ((RISK, "  trade_nav: 6%", "  trade_nav: 7%"), {"loosen": 1, "contract": 1, "any": 1}),
        ((RISK, "  trade_nav: 6%", "  trade_nav: 5%"), {"loosen": 0, "contract": 0, "any": 1}),
        ((GATES, "id: cooldown", "id: cool_down"), {"loosen": 0, "contract": 1, "any": 1}),
    ],
    ids=["loosen", "tighten", "contract"],
)
def test_the_exit_code_is_what_fail_on_asks(repo: Repository, edit: tuple[str, str, str], code: dict[str, int]) -> None:
    """CI needs no more than the code; without the option the answer is never no."""
    repo.write(*edit)
    got = {word: run(repo, "diff", "main", *QUICK, "--fail-on", word).returncode for word in code}

    assert got == code
    assert run(repo, "diff", "main", *QUICK).returncode == 0


def test_a_tightening_that_no_solver_looked_at_may_be_refused(repo: Repository) -> None:
    """Directions alone were asked, and whoever wants a proof is told that there is none."""
    repo.write(RISK, "  trade_nav: 6%", "  trade_nav: 5%")
    asked = ("diff", "main", "--env", "prod", "--no-flips", "--fail-on", "not-proved")

    assert run(repo, *asked, "--no-proof").returncode == 1
    assert run(repo, *asked).returncode == 0


def test_recorded_decisions_flip_with_their_reasons(repo: Repository) -> None:
    """By default those of the bundled sample; another log may be named."""
    repo.write("rules/strategies.yaml", "strategy_positions: 4", "strategy_positions: 2")
    bundled = run(repo, "diff", "main", "--no-proof")
    log = repo.project / "mine.jsonl"
    log.write_bytes(gzip.decompress((repo.project / SAMPLE).read_bytes()))
    named = run(repo, "diff", "main", "--no-proof", "--log", str(log))

    assert f"of {RECORDED} recorded intents" in bundled.stdout
    assert "is over the cap of 2 (strategy momentum)" in bundled.stdout
    assert named.stdout == bundled.stdout.replace(SAMPLE, str(log))


FORMATS: Final = ("text", "markdown", "json", "sarif", "github")


@pytest.mark.parametrize("shape", FORMATS)
def test_hostile_text_of_rules_does_nothing_in_any_format(repo: Repository, shape: str) -> None:
    """No control character reaches a terminal, no markup a comment, no command a workflow."""
    repo.write(GATES, "why: A wide spread is a cost and a warning.", f"why: {HOSTILE}")
    repo.write(RISK, "  trade_nav: 6%", "  trade_nav: 7%")
    out = run(repo, "diff", "main", *QUICK, "--format", shape).stdout

    assert not {"\x1b", "\u202e"} & set(out)
    assert all(c == "\n" or c.isprintable() for c in out)
    if shape in ("json", "sarif"):
        json.loads(out)
    if shape == "github":
        assert all(line.startswith(("::warning ", "::notice ")) for line in out.splitlines())
    if shape == "markdown":
        (row,) = [line for line in out.splitlines() if "octocat" in line]
        assert re.search(r"``.*@octocat.*``", row)


FAULTS: Final = {
    "no such ref": (("nowhere",), 2, "git knows no commit `nowhere`"),
    "an option": (("--", "--output=x"), 2, "`--output=x` is no ref"),
    "a range": (("main..HEAD",), 2, "`main..HEAD` is no ref"),
    "a folder without rules": (("./rules",), 2, "holds no rules/risk.yaml"),
    "no such universe": (("nowhere.json",), 2, "can't be read as a universe"),
    "no such log": (("main", "HEAD~1", "--log", "nowhere"), 2, "can't be read"),
    "no such environment": (("main", "--env", "moon"), 2, "have no such environment"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_the_input_is_said_in_two_lines(born: Repository, kind: str) -> None:
    """What is wrong, and what to write; nothing on standard output."""
    arguments, code, message = FAULTS[kind]
    result = run(born, "diff", *arguments)

    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) <= 2


def test_a_side_that_does_not_compile_is_named(repo: Repository) -> None:
    """With its problems, as `check` shows them."""
    repo.write(RISK, "  trade_nav: 6%", "  trade_nav: much")
    result = run(repo, "diff", "main")

    assert result.returncode == 2
    assert result.stderr.splitlines()[0].startswith("rules/risk.yaml:52:")
    assert result.stderr.splitlines()[-1] == "working tree: 1 problem; nothing was compared"


def test_outside_of_a_repository_the_environment_is_at_fault(project: Path) -> None:
    """Folders are compared there too."""
    outside = Repository(project, project)
    result = run(outside, "diff", "main")

    assert (result.returncode, result.stdout) == (3, "")
    assert "not a git repository" in result.stderr
    assert run(outside, "diff", str(project)).stdout.splitlines()[1] == "no change"


# whatif


def test_whatif_touches_no_file(repo: Repository, snapshot: SnapshotAssertion) -> None:
    """And says what the edit would mean, and whom it would stop."""
    before = repo.git("status", "--porcelain")
    result = run(
        repo, "whatif", "--set", "symbols.LTCUSDT.symbol_exposure=7%", "--set", "groups.alts.group_exposure=3%"
    )

    assert printed(result, repo) == snapshot
    assert repo.git("status", "--porcelain") == before


def test_whatif_shows_a_wrong_value_by_its_setting(born: Repository) -> None:
    """Not by the line that it would stand in."""
    result = run(born, "whatif", "--set", "symbols.LTCUSDT.symbol_exposure=much", "--set", "symbols.LTC.leverage=1x")

    assert (result.returncode, result.stdout) == (2, "")
    assert "symbols.LTC.leverage=1x: unknown-name" in result.stderr


# history, revert


def test_history_shows_every_value_and_why(born: Repository, snapshot: SnapshotAssertion) -> None:
    """The oldest first, with layer, line and commit."""
    assert printed(run(born, "history", "BTCUSDT", "symbol_exposure"), born) == snapshot
    values = json.loads(run(born, "history", "--json", "BTCUSDT", "symbol_exposure").stdout)
    assert [(v["value"], v["why"]) for v in values] == [("30%", "Rules"), ("25%", "Tighten the core")]


def test_history_of_what_never_was_is_refused(born: Repository) -> None:
    """With what was meant."""
    result = run(born, "history", "BTCUSDX")

    assert (result.returncode, result.stderr) == (
        2,
        "error: there never was `BTCUSDX`\nhelp: did you mean `BTCUSDT`?\n",
    )


def test_a_merge_is_recorded_once_and_altering_the_record_is_seen(repo: Repository) -> None:
    """Who, class and verdict in a chained line; a second call adds none; an edited line ends the command."""
    first = run(repo, "history", "--record")
    again = run(repo, "history", "--record")
    path = repo.project / "universe/history.jsonl"
    (line,) = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]

    assert (first.stdout, again.stdout) == (
        "universe/history.jsonl: 1 line written\n",
        "universe/history.jsonl says it already\n",
    )
    assert (line["event"], line["word"], line["commit"]) == ("merge", "TIGHTEN", repo.git("rev-parse", "HEAD"))
    assert line["changes"][0]["key"] == "tiers.CORE.symbol_exposure"
    assert "TIGHTEN, the surfaces say" in run(repo, "history").stdout

    path.write_text(path.read_text(encoding="utf-8").replace("TIGHTEN", "LOOSEN"), encoding="utf-8")
    result = run(repo, "history")
    assert (result.returncode, result.stdout) == (3, "")
    assert "it was altered" in result.stderr


def test_activations_of_a_run_are_recorded_with_their_commits(
    repo: Repository, universe: Universe, tmp_path: Path
) -> None:
    """What an executor decided by, since when by its own clock, and the commit that made it."""
    Story.begin(tmp_path / "run", universe).journal.close()
    result = run(repo, "history", "--ref", "HEAD~1", "--activations", str(tmp_path / "run"))
    (line,) = [json.loads(t) for t in (repo.project / "universe/history.jsonl").read_text().splitlines()]

    assert result.stdout == "universe/history.jsonl: 1 line written\n"
    assert (line["event"], line["who"]) == ("activation", "executor of run")
    assert line["commit"] == repo.git("rev-parse", "HEAD~1")


def test_revert_proposes_a_patch_that_restores_the_value(repo: Repository) -> None:
    """As text for `patch apply`, which decides on it; here and in a file."""
    shown = run(repo, "revert", "HEAD")
    run(repo, "revert", "HEAD", "--out", str(repo.project / "PATCH.yaml"))

    assert shown.returncode == 0
    assert "  tiers.CORE.symbol_exposure: 30%" in shown.stdout.splitlines()
    assert (repo.project / "PATCH.yaml").read_text(encoding="utf-8") == shown.stdout


def test_revert_names_what_it_leaves(repo: Repository) -> None:
    """A key that was edited since is no longer that commit's; where nothing is left, the answer is no."""
    repo.write(RISK, "symbol_exposure: 25%", "symbol_exposure: 24%")
    repo.commit("Once more")
    result = run(repo, "revert", "HEAD~1")

    assert (result.returncode, result.stdout) == (1, "")
    assert "left: rules/risk.yaml tiers.CORE.symbol_exposure: it has been edited since\n" in result.stderr
    assert run(repo, "revert", "HEAD~2").returncode == 2


# replay --rules


def test_replay_by_other_rules_says_what_they_would_have_answered(
    repo: Repository, snapshot: SnapshotAssertion
) -> None:
    """Of a ref, a folder or a universe; against what was answered then."""
    repo.write("rules/strategies.yaml", "strategy_positions: 4", "strategy_positions: 2")
    log = str(repo.project / SAMPLE)
    by_folder = run(repo, "replay", log, "--rules", str(repo.project))
    compile_into(repo.project)
    by_universe = json.loads(run(repo, "replay", log, "--rules", str(repo.project / COMPILED), "--json").stdout)

    assert printed(by_folder, repo) == snapshot
    assert by_universe["records"] == RECORDED
    assert f"{by_universe['newly_vetoed']} newly vetoed" in by_folder.stdout
    assert json.loads(run(repo, "replay", log, "--rules", "HEAD~1", "--json").stdout)["newly_vetoed"] == 0


REFUSED: Final = {
    ("--rules", "nowhere"): "git knows no commit `nowhere`",
    ("--rules", "HEAD", "--env", "moon"): "HEAD has no environment moon",
    ("--rules", "HEAD", "--universe", "x.json"): "--rules and --universe name two rule sets",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_replay_by_rules_that_are_not_there_is_refused(born: Repository, arguments: tuple[str, ...]) -> None:
    """Before a record is read."""
    result = run(born, "replay", str(born.project / SAMPLE), *arguments)

    assert (result.returncode, result.stdout) == (2, "")
    assert REFUSED[arguments] in result.stderr

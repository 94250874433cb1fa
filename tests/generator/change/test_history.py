import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from generator.change.git import GitFault
from generator.change.history.record import Record, RecordFault, appended, read_record, times_of
from generator.change.history.revert import Inverse, inverse
from generator.change.history.values import NoValues, universes, values_of
from generator.change.patching.patch_file import patch_text, read_patch
from generator.change.patching.trees import of_commit
from generator.change.patching.yaml_edit import edited
from generator.change.sources import of_ref
from generator.compile.finish import file_text
from generator.compile.stages import compile_universe
from tests.conftest import TODAY
from tests.generator.change.projects import GATES, RISK, STRATEGIES, TIERS, base, shipped
from tests.generator.change.repository import Repository, repository

UNIVERSE: Final = "universe/universe.json"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Four commits of universes: as shipped, a cap less, its layer overridden and a symbol gone."""
    folder = tmp_path_factory.mktemp("past")
    for path, text in shipped_files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
    made = repository(folder, folder)
    edits = {
        "Tighten the core": [(RISK, "symbol_exposure: 30%", "symbol_exposure: 25%")],
        "Bitcoin on its own": [(RISK, "BTCUSDT: {", "BTCUSDT: {symbol_exposure: 22%, ")],
        "Leave BCH": [
            ("rules/universe.yaml", "  BCHUSDT: {liquidity: C_LOW}\n", ""),
            (TIERS, "BCHUSDT, ", ""),
            (STRATEGIES, "BCHUSDT, ", ""),
        ],
    }
    for day, (why, texts) in enumerate(edits.items(), 2):
        for edit in texts:
            made.write(*edit)
        _compiled(made, why, f"2026-11-0{day}T12:00:00Z")
    return made


def shipped_files() -> dict[str, bytes]:
    """The shipped sources and what they compile to."""
    return {**shipped(), UNIVERSE: file_text(base().document).encode()}


def _compiled(repo: Repository, why: str, day: str) -> str:
    text = file_text(compile_universe(repo.project, today=TODAY).document)
    (repo.project / UNIVERSE).write_text(text, encoding="utf-8")
    return repo.commit(why, day=day)


def told(repo: Repository, name: str, cap: str | None = None) -> list[tuple[str | None, str, str]]:
    """Each value with its layer and the reason of its commit."""
    head = repo.objects.commit_of("HEAD")
    return [(v.setting.value, v.setting.layer, v.commit.subject) for v in values_of(repo.objects, head, name, cap)]


# Values


def test_every_value_of_a_cap_is_told_with_its_layer_and_why(past: Repository) -> None:
    """The oldest first; a commit that moved nothing of it is passed over."""
    assert told(past, "BTCUSDT", "symbol_exposure") == [
        ("30%", "tier CORE", "Rules"),
        ("25%", "tier CORE", "Tighten the core"),
        ("22%", "symbol BTCUSDT", "Bitcoin on its own"),
    ]


def test_a_value_stands_where_its_commit_had_it(past: Repository) -> None:
    """File and line of that commit, rather than of today."""
    head = past.objects.commit_of("HEAD")
    for value in values_of(past.objects, head, "BTCUSDT", "symbol_exposure"):
        file, _, line = value.setting.source.partition(":")
        text = past.git("show", f"{value.commit.oid}:{file}").splitlines()[int(line) - 1]
        assert f"symbol_exposure: {value.setting.value}" in text


def test_what_is_gone_is_said_to_be_gone(past: Repository) -> None:
    """A symbol that left has no value any more."""
    assert told(past, "BCHUSDT", "leverage")[-1] == (None, "", "Leave BCH")


def test_a_cap_is_told_for_everybody_that_it_holds_for(past: Repository) -> None:
    """By its name alone."""
    found = values_of(past.objects, past.objects.commit_of("HEAD"), "strategy_positions")

    assert {(v.holder, v.setting.value) for v in found} >= {("momentum", "4"), ("btc_micro", "2")}


@pytest.mark.parametrize(("name", "cap"), [("BTCUSDTX", None), ("BTCUSDT", "leverag")])
def test_what_never_was_is_refused_with_what_was_meant(past: Repository, name: str, cap: str | None) -> None:
    """A name that nobody ever had."""
    with pytest.raises(NoValues) as fault:
        told(past, name, cap)
    assert fault.value.help == f"did you mean `{'BTCUSDT' if cap is None else 'leverage'}`?"


def test_a_universe_is_found_by_its_hash(past: Repository) -> None:
    """The first commit that had it."""
    made = json.loads(past.git("show", f"HEAD~1:{UNIVERSE}"))["universe"]

    assert universes(past.objects, past.objects.commit_of("HEAD"))[made].oid == past.git("rev-parse", "HEAD~1")


# The record


def line(time: int, event: str = "merge", commit: str = "c") -> Record:
    """A line that is not chained yet."""
    return Record(time, event, commit * 40, "ada", ("bob",), "TIGHTEN", "allow", "Tighten", ("old", "new"), ({"a": 1},))


def chain(*records: Record) -> str:
    """A record of these lines."""
    text = ""
    for one in records:
        text = appended(text, one)
    return text


THREE: Final = chain(line(1), line(2, "activation", "d"), line(3, commit="e"))


def test_a_record_is_read_back_as_it_was_written() -> None:
    """Each line chained to the one before."""
    first, second, third = read_record(THREE)

    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert replace(first, previous=line(1).previous, hash="") == line(1)
    assert times_of([first, second, third]) == {"c" * 40: 1, "e" * 40: 3}


def _without(number: int) -> Callable[[list[str]], list[str]]:
    return lambda lines: lines[:number] + lines[number + 1 :]


def _edited(number: int) -> Callable[[list[str]], list[str]]:
    return lambda lines: [text.replace("allow", "veto") if n == number else text for n, text in enumerate(lines)]


ALTERED: Final[dict[str, Callable[[list[str]], list[str]]]] = {
    "the first line gone": _without(0),
    "a line in the middle gone": _without(1),
    "the first line edited": _edited(0),
    "the last line edited": _edited(2),
    "two lines swapped": lambda lines: [lines[1], lines[0], lines[2]],
    "a line twice": lambda lines: [*lines, lines[-1]],
    "cut off": lambda lines: [*lines[:-1], lines[-1].rstrip("\n")],
    "another record's line": lambda lines: [*lines[:-1], chain(line(3))],
    "no JSON": lambda lines: [*lines, "{\n"],
    "an empty line": lambda lines: [*lines, "\n"],
    "of another shape": lambda lines: [*lines, '{"time": 1}\n'],
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_record_that_was_altered_is_refused(how: str) -> None:
    """Whoever altered it, and wherever; nothing is appended to it either."""
    text = "".join(ALTERED[how](THREE.splitlines(keepends=True)))
    for read in (read_record, lambda altered: appended(altered, line(9))):
        with pytest.raises(RecordFault, match=r"^universe/history.jsonl:\d+: "):
            read(text)


def test_a_merge_is_never_older_than_the_one_before() -> None:
    """Else an old date would win somebody a step; an activation has its executor's clock."""
    with pytest.raises(RecordFault, match="older than the merge before"):
        chain(line(5), line(4))
    assert len(read_record(chain(line(5), line(4, "activation"), line(5)))) == 3


# Taking back


def take_back(repo: Repository, commit: str) -> Inverse:
    """The inverse of a commit for the rules of HEAD."""
    return inverse(
        repo.objects, repo.objects.commit_of(commit), of_commit(repo.objects, repo.objects.commit_of("HEAD"))
    )


@pytest.fixture
def repo(project: Path) -> Repository:
    """A repository whose top is the project."""
    return repository(project, project)


BACK: Final[dict[str, list[tuple[str, str, str]]]] = {
    "a cap edited": [(RISK, "symbol_exposure: 30%", "symbol_exposure: 25%")],
    "an override added": [(RISK, "LINKUSDT: {symbol_exposure: 15%}", "LINKUSDT: {symbol_exposure: 15%, leverage: 2x}")],
    "an override removed": [
        (RISK, "{symbol_exposure: 20%, order_notional: 50_000 USDT", "{order_notional: 50_000 USDT")
    ],
    "a list edited": [(RISK, "restricted: [ETCUSDT]", "restricted: [ETCUSDT, WIFUSDT]")],
    "a gate's guard and a strategy's cap": [
        (GATES, "when: opens_symbol", "when: opens_symbol or opens_own"),
        (STRATEGIES, "strategy_exposure: 60%", "strategy_exposure: 50%"),
    ],
    "a gate made a shadow": [
        (GATES, "    veto: cooldown", "    mode: shadow\n    until: 2027-01-31\n    veto: cooldown")
    ],
    "an environment": [(RISK, "{drawdown: 95%", "{drawdown: 90%")],
}


@pytest.mark.parametrize("kind", BACK)
def test_a_patch_that_takes_a_commit_back_gives_the_rules_before(repo: Repository, kind: str) -> None:
    """To the last value, in the file and in what it means; the text of the patch is what is applied."""
    for edit in BACK[kind]:
        repo.write(*edit)
    repo.commit(kind)
    found = take_back(repo, "HEAD")
    tree = of_commit(repo.objects, repo.objects.commit_of("HEAD"))
    patch = read_patch("PATCH.yaml", patch_text(found.data()), tree.sources())
    for file, steps in patch.steps.items():
        path = repo.project / file
        path.write_text(edited(file, path.read_text(encoding="utf-8"), steps), encoding="utf-8")
    assert found.left == ()
    assert found.why.endswith(kind)
    repo.commit("back")
    before, after = (of_ref(repo.objects, ref, TODAY) for ref in ("HEAD~2", "HEAD"))
    for environment in before.environments():
        assert before.rules(environment).document["ruleset"] == after.rules(environment).document["ruleset"]


def test_what_was_edited_since_is_left(repo: Repository) -> None:
    """A later edit is nobody's mistake; the other keys of the commit are taken back."""
    repo.write(RISK, "symbol_exposure: 30%", "symbol_exposure: 25%")
    repo.write(RISK, "    spread: 5bps", "    spread: 4bps")
    commit = repo.commit("Two caps")
    repo.write(RISK, "symbol_exposure: 25%", "symbol_exposure: 27%")
    repo.commit("One of them again")
    found = take_back(repo, commit)

    assert found.values == {"tiers.CORE.spread": "5bps"}
    assert found.left == ("rules/risk.yaml tiers.CORE.symbol_exposure: it has been edited since",)


def test_what_no_patch_can_name_is_left_and_said(repo: Repository) -> None:
    """A comment, and a file as a whole."""
    repo.write(RISK, "# the account", "# the whole account")
    (repo.project / "rules/other.yaml").write_text("format: 1\n", encoding="utf-8")
    repo.commit("Comments")

    assert take_back(repo, "HEAD").data() == {"format": "1", "why": take_back(repo, "HEAD").why}
    assert [text.partition(" ")[0] for text in take_back(repo, "HEAD").left] == ["rules/other.yaml", "rules/risk.yaml"]


def test_what_edited_no_rules_has_no_inverse(repo: Repository) -> None:
    """Nor has the first commit."""
    with pytest.raises(GitFault, match="is the first commit"):
        take_back(repo, "HEAD")
    (repo.project / "note.txt").write_text("a note")
    repo.commit("A note")
    with pytest.raises(GitFault, match="edited no rules"):
        take_back(repo, "HEAD")

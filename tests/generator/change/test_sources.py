import json
import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest

from generator.change import git
from generator.change.differ import diff
from generator.change.git import GitFault, files_of
from generator.change.sources import PARTS, NotCompiled, SourceFault, of_file, of_folder, of_ref, source_of
from generator.change.words import Class
from generator.compile.finish import file_text
from generator.compile.problems import Refused
from generator.compile.stages import compile_universe
from tests.conftest import PAIRS, ROOT, TODAY
from tests.generator.change.projects import EVENTS, FACTS, GATES, RISK, told
from tests.generator.change.repository import Repository, repository
from universe.reader import UniverseFault

SURFACES: Final = "rules/surfaces.yaml"
SPREAD: Final = "veto: spread"
SHADOW: Final = "mode: shadow\n    until: 2026-11-10\n    veto: spread"


@pytest.fixture
def repo(project: Path) -> Repository:
    """A repository whose top is the project."""
    return repository(project, project)


def test_a_ref_is_read_as_it_was_committed_and_nothing_is_checked_out(repo: Repository) -> None:
    """What lies in the working tree is another matter, and stays as it is."""
    repo.write(RISK, "symbol_exposure: 30%", "symbol_exposure: 25%")
    before = repo.git("status", "--porcelain")
    found = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))

    assert told(found.changes) == ["~ TIGHTEN tier CORE: symbol_exposure: 30% → 25%"]
    assert (found.base, found.word) == ("main", Class.TIGHTEN)
    assert repo.git("status", "--porcelain") == before == "M rules/risk.yaml"


def test_two_refs_are_compared_in_every_environment(repo: Repository) -> None:
    """A change that holds in one environment alone says so."""
    repo.write(RISK, "{drawdown: 95%, daily_loss: 50%}", "{drawdown: 90%, daily_loss: 50%}")
    repo.commit()
    repo.git("tag", "v1.2")
    found = diff(of_ref(repo.objects, "HEAD~1", TODAY), of_ref(repo.objects, "v1.2", TODAY))

    (change,) = found.changes
    assert told(found.changes) == ["~ TIGHTEN global of testnet: drawdown: 95% → 90%"]
    assert change.environments == ("testnet",)
    assert change.key == "environments.testnet.global.drawdown"
    assert found.environments == ("prod", "testnet")


def test_a_project_may_be_a_folder_of_its_repository(tmp_path: Path, project: Path) -> None:
    """Its files are found by their paths from the project, wherever that is."""
    repo = repository(tmp_path, project)
    repo.write(RISK, "symbol_exposure: 30%", "symbol_exposure: 35%")

    found = diff(of_ref(repo.objects, "main", TODAY), of_folder(project, TODAY))
    assert found.word is Class.LOOSEN
    assert str(found.changes[0].now) == "rules/risk.yaml:84"


HOSTILE: Final = [
    "-main",
    "--upload-pack=touch pwned",
    "--output=pwned",
    "",
    " main",
    "main ",
    "main\n",
    "main\0",
    "main:rules/risk.yaml",
    ":/Rules",
    "main..HEAD",
    "$(touch pwned)",
    "main;touch pwned",
    "`touch pwned`",
    "*",
    "x" * 300,
    "refs/heads/../../x",
    "‮main",
]


@pytest.mark.parametrize("ref", HOSTILE)
def test_a_hostile_ref_is_refused_and_runs_nothing(ref: str, repo: Repository) -> None:
    """It is the input's fault, in one line, and nothing is written."""
    with pytest.raises(GitFault) as fault:
        of_ref(repo.objects, ref, TODAY)

    assert not fault.value.environment
    assert "\n" not in str(fault.value).replace(ref, "")
    assert not list(repo.top.rglob("pwned"))


@pytest.mark.parametrize("ref", ["nowhere", "deadbeef", "HEAD~99", "v9"])
def test_a_ref_that_git_does_not_know_is_refused_by_name(ref: str, repo: Repository) -> None:
    """With what to write instead."""
    with pytest.raises(GitFault, match=f"git knows no commit `{ref}`") as fault:
        of_ref(repo.objects, ref, TODAY)
    assert not fault.value.environment


def test_without_a_repository_the_environment_is_at_fault(project: Path) -> None:
    """And git's own words are shown."""
    with pytest.raises(GitFault, match="not a git repository") as fault:
        git.Repository(project).commit_of("main")
    assert fault.value.environment


def test_a_branch_whose_name_begins_like_an_option_is_no_option(repo: Repository) -> None:
    """Git itself lets plumbing make such a ref; here it has no way in."""
    repo.git("update-ref", "refs/heads/--help", "HEAD")
    with pytest.raises(GitFault, match="is no ref"):
        of_ref(repo.objects, "--help", TODAY)

    assert repo.objects.commit_of("refs/heads/--help") == repo.git("rev-parse", "HEAD")


def _link(repo: Repository) -> None:
    (repo.project / RISK).unlink()
    os.symlink("/etc/passwd", repo.project / RISK)


def _folder_link(repo: Repository) -> None:
    (repo.project / "schemas").rename(repo.project / "elsewhere")
    os.symlink("elsewhere", repo.project / "schemas")


def _submodule(repo: Repository) -> None:
    name = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{name},rules/more")


@pytest.mark.parametrize(("made", "what"), [(_link, "link"), (_folder_link, "link"), (_submodule, "submodule")])
def test_links_and_submodules_among_the_rules_are_not_followed(
    made: "type[object]", what: str, repo: Repository
) -> None:
    """What a commit decides by is in the commit, as plain files."""
    made(repo)
    if what == "link":
        repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "sly")

    with pytest.raises(GitFault, match=f"a .*{what} in .* and is not followed"):
        of_ref(repo.objects, "main", TODAY)


def test_neither_attributes_nor_replacements_change_what_a_commit_says(repo: Repository) -> None:
    """A smudge filter, and an object that stands in for another, are for checkouts; here they have no say."""
    honest = repo.git("rev-parse", "HEAD")
    (repo.project / ".gitattributes").write_text("*.yaml filter=loosen export-subst ident text eol=crlf\n")
    repo.git("config", "filter.loosen.smudge", "sed s/30%/90%/")
    repo.write(RISK, "symbol_exposure: 30%", "symbol_exposure: 90%")
    loose = repo.commit("sly")
    repo.git("replace", honest, loose)

    contents = files_of(repo.objects, honest, PARTS)
    assert b"symbol_exposure: 30%" in contents[RISK]
    assert b"\r" not in contents[RISK]
    with pytest.raises(GitFault):
        of_ref(repo.objects, f"{honest}:rules", TODAY)


def test_what_is_larger_than_rules_are_is_not_read(repo: Repository) -> None:
    """A commit can't fill the memory of whoever looks at it."""
    (repo.project / "rules/huge.yaml").write_text("x" * 9_000_000)
    repo.commit()
    with pytest.raises(GitFault, match="more than"):
        of_ref(repo.objects, "main", TODAY)


def test_a_commit_without_rules_says_so(repo: Repository) -> None:
    """As one from before the rules were there."""
    repo.git("rm", "--quiet", "-r", "rules")
    repo.commit("nothing left", day="2026-11-02T12:00:00Z")
    with pytest.raises(SourceFault, match=r"HEAD holds no rules/risk.yaml"):
        of_ref(repo.objects, "HEAD", TODAY)


def test_a_base_whose_shadow_has_ended_since_can_still_be_compared(repo: Repository) -> None:
    """It is compiled as of the day of its commit; the new side as of today."""
    repo.write(GATES, SPREAD, SHADOW)
    repo.commit(day="2026-11-05T12:00:00Z")
    repo.write(GATES, SHADOW, SPREAD)
    later = date(2026, 11, 21)

    found = diff(of_ref(repo.objects, "main", later), of_folder(repo.project, later))
    assert told(found.changes) == ["~ TIGHTEN gate spread: mode: shadow → enforce"]
    repo.git("checkout", "--quiet", "--", ".")
    with pytest.raises(Refused):
        diff(of_ref(repo.objects, "main~1", later), of_folder(repo.project, later))
    forged = of_ref(repo.objects, "main", date(2026, 11, 5) - timedelta(days=1))
    assert forged.today == date(2026, 11, 4)


def test_a_folder_and_a_ref_of_one_name_are_told_apart(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one name is refused; `./name` is the folder; a folder that is no ref needs no dot."""
    copy = repo.top / "work"
    for part in ("rules", "schemas", "universe"):
        (copy / part).parent.mkdir(exist_ok=True)
        os.symlink(repo.project / part, copy / part)
    monkeypatch.chdir(repo.top)
    assert source_of("work", repo.objects, TODAY).name == "work"
    repo.git("branch", "work")

    with pytest.raises(SourceFault, match="a git ref and a folder too"):
        source_of("work", repo.objects, TODAY)
    assert source_of("./work", repo.objects, TODAY).name == "./work"
    assert source_of("main", repo.objects, TODAY).name == "main"


def test_a_compiled_universe_is_compared_for_its_own_environment(project: Path, tmp_path: Path) -> None:
    """Verified, with the places that it names itself; it has no texts."""
    file = tmp_path / "old.json"
    file.write_text(file_text(compile_universe(project, today=TODAY).document), encoding="utf-8")
    path = project / RISK
    path.write_text(path.read_text(encoding="utf-8").replace("spread: 5bps", "spread: 6bps"), encoding="utf-8")
    found = diff(of_file(file), of_folder(project, TODAY))

    assert told(found.changes) == ["~ LOOSEN tier CORE: spread: 0.05% → 0.06%"]
    assert str(found.changes[0].was) == str(found.changes[0].now) == "rules/risk.yaml:85"
    assert found.environments == ("prod",)


def test_an_altered_universe_is_no_side_of_a_comparison(project: Path, tmp_path: Path) -> None:
    """Its hash tells; and what is no universe at all is said to be none."""
    file = tmp_path / "old.json"
    document = compile_universe(project, today=TODAY).document
    file.write_text(json.dumps({**document, "account": {**document["account"], "why": "sly"}}), encoding="utf-8")
    with pytest.raises(UniverseFault, match="altered"):
        diff(of_file(file), of_folder(project, TODAY))
    for text in ("{", "[1]", '{"a": 1}', "\xff"):
        file.write_text(text, encoding="latin-1")
        with pytest.raises(SourceFault):
            of_file(file)
    with pytest.raises(SourceFault):
        of_file(tmp_path / "nowhere.json")


def test_an_environment_that_comes_or_goes_is_a_change(repo: Repository) -> None:
    """One that comes may be looser than prod; one that goes can be compiled for no more."""
    repo.write(RISK, "  testnet:\n", "  stage:\n    global: {drawdown: 40%}\n  testnet:\n")
    repo.commit()

    come = diff(of_ref(repo.objects, "HEAD~1", TODAY), of_ref(repo.objects, "HEAD", TODAY))
    gone = diff(of_ref(repo.objects, "HEAD", TODAY), of_ref(repo.objects, "HEAD~1", TODAY))
    assert told(come.changes) == ["+ LOOSEN environment stage: stage"]
    assert told(gone.changes) == ["- CONTRACT environment stage: stage"]


def test_contracts_are_compared_entry_by_entry(repo: Repository) -> None:
    """What is taken from whoever reads it is a contract's change; what is added is none; what people read decides
    nothing.
    """
    repo.write(EVENTS, "The run's id", "The id of the run")
    text = (repo.project / EVENTS).read_text(encoding="utf-8")
    name = re.findall(r"^  (\w+):$", text, re.MULTILINE)[-1]
    repo.write(EVENTS, f"\n  {name}:\n", f"\n  {name}_renamed:\n")
    found = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))

    assert {c.word for c in found.changes} == {Class.CONTRACT, Class.EQUIVALENT, Class.COSMETIC}
    assert [c.name for c in found.of(Class.CONTRACT)] == [f"events.yaml: events {name}"]


def test_a_rule_file_that_nobody_knows_loosens(repo: Repository) -> None:
    """Come, changed and gone, until someone gives it a direction."""
    other = repo.project / "rules/other.yaml"
    other.write_text("format: 1\n", encoding="utf-8")
    come = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))
    repo.commit()
    other.unlink()
    gone = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))

    assert told(come.changes) == ["+ LOOSEN rules/other.yaml: "]
    assert told(gone.changes) == ["- LOOSEN rules/other.yaml: "]


def test_a_change_of_a_catalog_is_seen_between_refs(repo: Repository) -> None:
    """Schemas and catalogs of each side are its own."""
    repo.write(FACTS, "nav.age: {unit: duration, sign: nonnegative,", "nav.age: {unit: duration,")
    found = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))

    assert told(found.changes) == ["- LOOSEN declared fact nav.age: sign: nonnegative"]


def test_rules_that_no_universe_is_made_of_are_told_entry_by_entry(repo: Repository) -> None:
    """Anything of them loosens but what people alone read; gates by their ids, and each with its line."""
    repo.write(SURFACES, "step_day: 20%", "step_day: 25%")
    repo.write(SURFACES, "measure: change.merges", "measure: change.behind")
    repo.write(SURFACES, "why: A person must be able", "why: Somebody must be able")
    found = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))

    assert [c.name for c in found.of(Class.LOOSEN)] == [
        "surfaces.yaml: global step_day",
        "surfaces.yaml: gates straight measure",
    ]
    assert [c.name for c in found.of(Class.COSMETIC)] == ["surfaces.yaml: gates small why"]
    lines = (repo.project / SURFACES).read_text(encoding="utf-8").splitlines()
    assert all(c.now and str(c.after) in lines[c.now.line - 1] for c in found.changes)


def test_what_cant_be_read_loosens_even_beside_what_could_not_be_read_before(repo: Repository) -> None:
    """Two texts that nobody can read are not the same for that."""
    path = repo.project / SURFACES
    path.write_text("a: 1\na: 2\n", encoding="utf-8")
    repo.commit()
    path.write_text("a: 1\na: 3\n", encoding="utf-8")
    found = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))

    assert told(found.changes) == ["~ LOOSEN rules/surfaces.yaml: "]


def test_examples_that_differ_are_a_note_and_no_change(repo: Repository) -> None:
    """They decide nothing; those that are generated are passed over."""
    repo.write("rules/scenarios/orders.yaml", "format: 1", "format: 1  # one")
    (repo.project / PAIRS).write_bytes((ROOT / PAIRS).read_bytes())
    found = diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY))

    assert (found.changes, found.notes) == ((), ("the examples differ too: rules/scenarios/orders.yaml",))


def test_a_side_that_does_not_compile_is_named(repo: Repository) -> None:
    """A person must know which of the two is at fault."""
    repo.write(RISK, "symbol_exposure: 30%", "symbol_exposure: much")
    with pytest.raises(NotCompiled) as refused:
        diff(of_ref(repo.objects, "main", TODAY), of_folder(repo.project, TODAY, "working tree"))
    assert refused.value.side == "working tree"


def test_a_commit_of_a_day_that_is_none_is_read_as_of_today(repo: Repository) -> None:
    """A forged date neither ends the comparison nor wakes a shadow that has ended."""
    honest = repo.git("cat-file", "commit", "HEAD")
    forged = re.sub(r"> \d+ \+0000", "> 99999999999999 +0000", honest) + "\n"
    (repo.top / "forged").write_text(forged, encoding="utf-8")
    name = repo.git("hash-object", "-t", "commit", "-w", "--literally", "forged")

    assert of_ref(repo.objects, name, TODAY).today == TODAY
    assert diff(of_ref(repo.objects, name, TODAY), of_folder(repo.project, TODAY)).changes == ()

import json
from pathlib import Path

import pytest

from execution.universes import keep, load_kept, path_of
from universe.reader import Universe, UniverseFault


def test_a_kept_universe_is_the_same_one(tmp_path: Path, universe: Universe) -> None:
    """Verified against its hash, and under it."""
    name = universe.ruleset.universe_hash
    path = keep(tmp_path, universe)

    assert path == path_of(tmp_path, name) == tmp_path / f"universes/{name.removeprefix('sha256:')}.json"
    assert load_kept(tmp_path, name).document == universe.document


def test_keeping_it_again_leaves_the_file_alone(tmp_path: Path, universe: Universe) -> None:
    """It never changes; nobody may write it by mistake."""
    before = keep(tmp_path, universe).stat()
    after = keep(tmp_path, universe).stat()

    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert oct(after.st_mode)[-3:] == "444"


def test_what_a_killed_start_left_is_written_over(tmp_path: Path, universe: Universe) -> None:
    """Half a file under the name, and a draft beside it that may not be written."""
    path = path_of(tmp_path, universe.ruleset.universe_hash)
    path.parent.mkdir()
    path.write_text('{"format"')
    draft = path.with_name(f".{path.name}.new")
    draft.write_text("{")
    draft.chmod(0o444)

    assert load_kept(tmp_path, keep(tmp_path, universe) and universe.ruleset.universe_hash)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_an_altered_universe_is_refused(tmp_path: Path, universe: Universe) -> None:
    """One byte is enough."""
    path = keep(tmp_path, universe)
    text = path.read_text(encoding="utf-8")
    path.chmod(0o644)
    path.write_text(text.replace('"drawdown":"0.3"', '"drawdown":"0.4"'), encoding="utf-8")

    with pytest.raises(UniverseFault, match="altered"):
        load_kept(tmp_path, universe.ruleset.universe_hash)


def test_another_universe_under_the_name_is_refused(tmp_path: Path, universe: Universe) -> None:
    """Also one that is whole."""
    other = "sha256:" + "0" * 64
    keep(tmp_path, universe).rename(path_of(tmp_path, other))

    with pytest.raises(UniverseFault, match="another universe than its name says"):
        load_kept(tmp_path, other)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"format": 1}', "\udcff"])
def test_a_file_that_is_no_universe_is_refused(text: str, tmp_path: Path) -> None:
    """With what to do."""
    path = path_of(tmp_path, "sha256:" + "a" * 64)
    path.parent.mkdir()
    path.write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(UniverseFault) as fault:
        load_kept(tmp_path, "sha256:" + "a" * 64)
    assert fault.value.help


@pytest.mark.parametrize("name", ["", "sha256:", "sha256:../../etc", "sha256:" + "A" * 64, "a" * 64])
def test_what_is_no_hash_names_no_file(name: str, tmp_path: Path) -> None:
    """A hash out of a log can't lead out of the folder."""
    with pytest.raises(UniverseFault, match="names no universe"):
        load_kept(tmp_path, name)


def test_a_universe_that_was_never_kept_is_missing(tmp_path: Path) -> None:
    """And it is said where it would be."""
    with pytest.raises(UniverseFault, match="is not kept in"):
        load_kept(tmp_path, "sha256:" + "a" * 64)


def test_the_kept_text_is_the_documents(tmp_path: Path, universe: Universe) -> None:
    """In the order of the compiled file, whatever its layout was."""
    text = keep(tmp_path, universe).read_text(encoding="utf-8")

    assert list(json.loads(text)) == list(universe.document)

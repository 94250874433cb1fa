from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.journal import Mark
from execution.state.files import Files
from execution.state.log import Log, existing, file_of, segment_of


def written(folder: Path) -> list[str]:
    """The files of the log `x`, in order."""
    return [path.read_text(encoding="utf-8") for path in existing(folder, "x")]


@given(st.lists(st.text("aé", min_size=1, max_size=12)), st.lists(st.integers(0, 5)), st.integers(3, 30))
def test_where_a_file_ends_follows_from_the_lines_alone(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], parts: list[int], bound: int
) -> None:
    """However many are added at a time: the same files, none longer than the bound unless one line alone is."""
    lines = [text + "\n" for text in texts]
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    Log(folders[0], "x", Files(), bound).append(lines)
    log, rest = Log(folders[1], "x", Files(), bound), list(lines)
    for size in parts:
        log.append(rest[:size])
        rest = rest[size:]
    log.append(rest)

    files = written(folders[0])
    assert files == written(folders[1])
    assert "".join(files) == "".join(lines)
    assert all(len(f.encode()) <= bound or f.count("\n") == 1 for f in files)
    assert [mark.bytes for mark in log.marks(9)] == [len(f.encode()) for f in files]


def test_a_finished_file_never_changes(tmp_path: Path) -> None:
    """Whoever follows it may close it."""
    log = Log(tmp_path, "x", Files(), 10)
    log.append(["12345678\n", "abc\n"])
    before = (tmp_path / "x.jsonl").stat()
    log.append(["12345678\n", "abc\n"])

    assert written(tmp_path) == ["12345678\n", "abc\n", "12345678\n", "abc\n"]
    assert (tmp_path / "x.jsonl").stat() == before


def test_a_log_without_lines_has_no_file(tmp_path: Path) -> None:
    """Nothing happened; nothing is marked."""
    log = Log(tmp_path, "x", Files(), 10)
    log.append([])

    assert (list(tmp_path.iterdir()), log.marks(3)) == ([], [])


def test_what_is_behind_the_marks_is_cut(tmp_path: Path) -> None:
    """A torn line, and whole files that nobody knows of."""
    log = Log(tmp_path, "x", Files(), 10)
    log.append(["12345678\n", "abc\n", "12345678\n"])

    assert Log(tmp_path, "x", Files(), 10).restore([Mark("x", 0, 9, 4), Mark("x", 1, 2, 4)])
    assert written(tmp_path) == ["12345678\n", "ab"]
    assert Log(tmp_path, "x", Files(), 10).restore([])
    assert written(tmp_path) == []


@pytest.mark.parametrize("marks", [[Mark("x", 0, 10, 4)], [Mark("x", 0, 9, 4), Mark("x", 1, 1, 4)]])
def test_a_log_that_is_shorter_than_its_marks_is_not_whole(marks: list[Mark], tmp_path: Path) -> None:
    """By a byte, or by a file."""
    Log(tmp_path, "x", Files(), 10).append(["12345678\n"])

    assert not Log(tmp_path, "x", Files(), 10).restore(marks)


def test_files_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """The tenth comes after the ninth, also by name."""
    for segment in (10, 2, 0, 9):
        (tmp_path / file_of("x", segment)).touch()

    assert [segment_of(path) for path in existing(tmp_path, "x")] == [0, 2, 9, 10]
    assert existing(tmp_path, "y") == []

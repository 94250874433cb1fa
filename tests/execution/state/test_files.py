import threading
from pathlib import Path

import pytest

from execution.state.files import Files


def test_a_reader_never_sees_half_of_a_replaced_file(tmp_path: Path) -> None:
    """Either the one or the other, at whatever moment it looks."""
    path, whole = tmp_path / "nav.json", (b"a" * 400_000, b"b" * 300_000)
    Files().replace(path, whole[0])
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(200):
            Files().replace(path, whole[number % 2])
    finally:
        stop.set()
        reader.join()
    assert seen <= set(whole)
    assert len(seen) > 0


def test_a_file_that_can_not_be_replaced_stays(tmp_path: Path) -> None:
    """What is in its place is no file; the error is the disk's own."""
    (tmp_path / "nav.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        Files().replace(tmp_path / "nav.json", b"x")


def test_appending_makes_the_file_and_cutting_shortens_it(tmp_path: Path) -> None:
    """Removing what is not there is fine."""
    files, path = Files(), tmp_path / "x.jsonl"
    files.append(path, b"one\n")
    files.append(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    files.cut(path, 4)
    assert path.read_bytes() == b"one\n"
    files.remove(path)
    files.remove(path)
    assert not path.exists()

"""Writing several files, all or nothing."""

import os
from collections.abc import Mapping
from pathlib import Path


def write_all(root: Path, texts: Mapping[str, bytes]) -> None:
    """Put every text in its place below a folder.

    All are written beside their places first, and then moved there. Where one can't be moved, those that were are put
    back: either every file is new, or none is.

    Raises:
        OSError: nothing has changed.
    """
    beside: dict[Path, Path] = {}
    before: dict[Path, bytes | None] = {}
    try:
        for name, text in texts.items():
            place = root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            beside[place] = place.with_name(f".{place.name}.new")
            _write(beside[place], text)
        for place, new in beside.items():
            kept = place.read_bytes() if place.is_file() else None
            os.replace(new, place)
            before[place] = kept
    except OSError:
        for place, old in before.items():
            _put_back(place, old)
        raise
    finally:
        for new in beside.values():
            new.unlink(missing_ok=True)


def _write(path: Path, text: bytes) -> None:
    with path.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _put_back(place: Path, old: bytes | None) -> None:
    if old is None:
        place.unlink(missing_ok=True)
    else:
        _write(place, old)

"""Every universe that decided in a run, kept by its hash: `why` and `replay` ask it months later."""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from universe.reader import Universe, UniverseFault, parse

FOLDER: Final = "universes"
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")


def path_of(folder: Path, universe: str) -> Path:
    """Where a run's folder keeps a universe, by its hash.

    Raises:
        UniverseFault: that is no hash of a universe.
    """
    found = _HASH.fullmatch(universe)
    if found is None:
        raise UniverseFault(f"`{universe}` names no universe", "give its whole hash, beginning with `sha256:`")
    return folder / FOLDER / f"{found[1]}.json"


def keep(folder: Path, universe: Universe) -> Path:
    """Keep a universe that is about to decide. One that is kept already stays as it is; a damaged copy is replaced.

    The file is whole and on the disk before this returns, and read-only.

    Raises:
        OSError: it can't be written.
    """
    path = path_of(folder, universe.ruleset.universe_hash)
    text = json.dumps(universe.document, ensure_ascii=False, separators=(",", ":")) + "\n"
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    # One executor per folder: no other writes this name.
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)  # of a start that was killed here: read-only already
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o444)
    draft.replace(path)
    return path


def load_kept(folder: Path, universe: str) -> Universe:
    """A universe of a run, by its hash, verified against it.

    Raises:
        UniverseFault: the run keeps none of this hash, or the file was altered.
    """
    path = path_of(folder, universe)
    try:
        text = path.read_bytes().decode()
        document: Any = json.loads(text)
    except OSError:
        raise UniverseFault(
            f"the universe {universe} is not kept in {path.parent}", "restore the file from where the run was made"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UniverseFault(f"{path} can't be read: {error}", "restore the file from where the run was made") from None
    found = parse(text, document.get("environment", "") if isinstance(document, dict) else "")
    if found.ruleset.universe_hash != universe:
        raise UniverseFault(
            f"{path} holds another universe than its name says", "restore the file from where the run was made"
        )
    return found

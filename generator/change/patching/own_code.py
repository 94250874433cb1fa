"""Whether the code that checks is base's: a checker that the change could have edited proves nothing."""

from pathlib import Path
from typing import Final

from generator.change.git import blob_name
from generator.change.patching.trees import Tree

# Where the code is that checks; templates are part of it.
ROOMS: Final = ("cli/", "engine/", "generator/", "universe/")
KINDS: Final = (".py", ".md", ".jinja")
MARK: Final = "generator/change/patching/own_code.py"


def foreign(base: Tree, code: Path) -> tuple[str, ...]:
    """The files of the code in a folder that are not as base holds them; none, where the checker is base's.

    Where base holds no checker there is none that a change could have edited: it was installed from elsewhere.
    """
    if MARK not in base.entries:
        return ()
    kept = {p: e for p, e in base.entries.items() if p.startswith(ROOMS) and p.endswith(KINDS)}
    here = {p.relative_to(code).as_posix() for room in ROOMS for kind in KINDS for p in (code / room).rglob(f"*{kind}")}
    other = {p for p in here & kept.keys() if blob_name((code / p).read_bytes(), kept[p].oid) != kept[p].oid}
    return tuple(sorted(other | (here ^ kept.keys())))

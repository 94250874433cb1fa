"""A patch applied in memory: its edits, and everything that follows from them. Nothing is written here."""

from datetime import date

from generator.change.patching.compiled import CompiledSide
from generator.change.patching.patch_file import Patch
from generator.change.patching.trees import Tree
from generator.change.patching.yaml_edit import EditFault, edited


def applied(name: str, patch: Patch, tree: Tree, *, today: date) -> tuple[dict[str, bytes], CompiledSide]:
    """Every file that is another after a patch, by path: what it edits, and what is generated from that; and what all
    of it compiles to.

    Args:
        name: what to call it.
        patch: what to edit.
        tree: the files before.
        today: the UTC day, which ends shadows.

    Raises:
        EditFault: an edit can't be made.
        Refused: what comes out does not compile.
    """
    before = tree.read(*patch.steps)
    texts: dict[str, bytes] = {}
    for file, steps in patch.steps.items():
        if file not in before:
            raise EditFault(f"there is no {file}", "name a file that is there")
        texts[file] = edited(file, before[file].decode(), steps).encode()
    changed = tree.edited(texts)
    side = CompiledSide(name, changed.sources(), today)
    follows = {path: text.encode() for path, text in side.following.items() if not changed.holds(path, text)}
    return {**texts, **follows}, side

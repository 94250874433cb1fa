"""The inverse of a commit, as a patch: each key of the rules that it edited gets the value that it had before.

The patch is for the rules as they are now. A key that has been edited since is not taken back over that edit.
"""

from dataclasses import dataclass
from typing import Any

from generator.change.git import GitFault, Repository
from generator.change.patching.edits import COMMENTS, Action, Edit, edits_of
from generator.change.patching.surfaces import Key
from generator.change.patching.trees import Tree, of_commit
from generator.compile.text import read_text


@dataclass(frozen=True, slots=True)
class Inverse:
    """What takes a commit back.

    Args:
        why: the reason, for the patch.
        values: new values by name, as a patch sets them.
        gone: names whose value goes.
        left: what a patch can't take back, and why.
    """

    why: str
    values: dict[str, Any]
    gone: tuple[str, ...]
    left: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """As a patch holds it."""
        made: dict[str, Any] = {"format": "1", "why": self.why}
        made |= {"set": self.values} if self.values else {}
        return made | ({"remove": list(self.gone)} if self.gone else {})


def inverse(repository: Repository, commit: str, now: Tree) -> Inverse:
    """The inverse of a commit against its first parent, for the files as they are now.

    Raises:
        GitFault: it has no parent, or edited no rules.
    """
    made = repository.commits("--max-count=1", commit)[0]
    if not made.parents:
        raise GitFault(f"{commit[:12]} is the first commit", "there is nothing before it to go back to")
    before, after = of_commit(repository, made.parents[0]), of_commit(repository, commit)
    values: dict[str, Any] = {}
    gone: list[str] = []
    left: list[str] = []
    for edit in edits_of(before, after, lambda path: not _is_rules(path)):
        if not _is_rules(edit.path):
            continue
        name = _name(edit)
        why = _hopeless(edit, after, now)
        if name is None or why:
            left.append(f"{edit.path} {edit.name}: {why or 'a patch names no such key'}")
        elif edit.action is Action.ADD:
            gone.append(name)
        else:
            values[name] = _at(before, edit)
    if not values and not gone and not left:
        raise GitFault(f"{commit[:12]} edited no rules", "name a commit that did: `hedgerow history NAME` lists them")
    return Inverse(f"Take back {commit[:12]}: {made.subject}", values, tuple(gone), tuple(left))


def _is_rules(path: str) -> bool:
    return path.startswith("rules/") and path.count("/") == 1 and path.endswith(".yaml")


def _name(edit: Edit) -> str | None:
    """What a patch calls the key; None where it names none."""
    match edit.path, edit.key:
        case "rules/risk.yaml", ("global" | "tiers" | "groups" | "symbols" | "strategies" | "environments", *_):
            return ".".join(edit.key)
        case "rules/strategies.yaml", ("strategies", name, "caps", cap):
            return f"strategies.{name}.{cap}"
        case (("rules/strategies.yaml" | "rules/universe.yaml" | "rules/tiers.yaml"), (_, _, _, *_)):
            return ".".join(edit.key)
        case "rules/gates.yaml", ("gates", _, _):
            return ".".join(edit.key)
        case "rules/gates.yaml", ("measures", name, "is"):
            return f"measures.{name}"
    return None


def _hopeless(edit: Edit, after: Tree, now: Tree) -> str:
    """Why an edit can't be taken back; nothing where it can."""
    if edit.key in ((), COMMENTS):
        return "a patch edits keys, no whole files and no comments"
    if _at(after, edit) != _at(now, edit):
        return "it has been edited since"
    return ""


def _at(tree: Tree, edit: Edit) -> Any:
    """What a tree says at the key of an edit; None where it says nothing."""
    text = tree.read(edit.path).get(edit.path, b"").decode(errors="replace")
    place: Any = read_text(edit.path, text)[0].data if text else None
    return _inside(place, edit.key)


def _inside(place: Any, key: Key) -> Any:
    for part in key:
        if isinstance(place, list):
            place = next((e for e in place if isinstance(e, dict) and part in (e.get("id"), e.get("name"))), None)
        else:
            place = place.get(part) if isinstance(place, dict) else None
    return place

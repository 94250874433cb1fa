"""What a change edits: keys of YAML files, whole files, comments; each once, whatever the text looks like.

YAML is compared as the strict reader reads it, so that quoting, order of keys and layout hide nothing. A list whose
entries have names is compared entry by entry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import yaml

from engine.faults import Path
from generator.change.git import Entry
from generator.change.patching.layout import newly_unseen, unseen_in_name
from generator.change.patching.names import is_plain, mistakable
from generator.change.patching.relaid import is_relaid
from generator.change.patching.surfaces import Key
from generator.change.patching.trees import Tree, readable, touched
from generator.compile.text import Document, read_text

NAMES: Final = ("id", "name")
COMMENTS: Final[Key] = ("#",)
WHOLE: Final[Key] = ()
_YAML: Final = (".yaml", ".yml")
_ABSENT: Final = object()


class Action(StrEnum):
    """What becomes of a key or a file."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: of a key of a file, or of a whole file, which is the key without parts.

    Args:
        path: the file.
        key: the key in it, part by part; entries of a list by their names.
        action: what becomes of it.
        before, after: what it said, where that is a single value.
        line: where it stands in head, in base where it is gone; 0 for a whole file.
        plain: the file is an ordinary one or absent on both sides, of a size that is read, and its mode is the same;
            a new one has a plain name that no other is mistaken for.
        unseen: characters that became part of the file and don't show, as `U+202E`.
    """

    path: str
    key: Key
    action: Action
    before: str | None = None
    after: str | None = None
    line: int = 0
    plain: bool = True
    unseen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The key in one word; the file's own path for a whole file."""
        return ".".join(self.key) if self.key else self.path


NOTHING: Final = Edit("", WHOLE, Action.ADD)
"""The edit of what edits nothing."""


def edits_of(base: Tree, head: Tree, as_whole: Callable[[str], bool] = lambda path: False) -> tuple[Edit, ...]:
    """Every edit between two trees, file by file; `as_whole` says of which files no keys are told apart."""
    paths = touched(base, head)
    texts = [path for path, sides in paths.items() if all(e is None or readable(e) for e in sides)]
    before, after = base.read(*texts), head.read(*texts)
    mistaken = mistakable(head.entries)
    return tuple(
        edit
        for path, sides in paths.items()
        for edit in _of_file(
            _whole(path, sides, (before.get(path), after.get(path)), mistaken),
            None if as_whole(path) else before.get(path),
            None if as_whole(path) else after.get(path),
        )
    )


def _whole(
    path: str,
    sides: tuple[Entry | None, Entry | None],
    texts: tuple[bytes | None, bytes | None],
    mistaken: frozenset[str],
) -> Edit:
    """The edit of a file as a whole."""
    old, new = sides
    before, after = texts
    action = Action.ADD if old is None else Action.REMOVE if new is None else Action.CHANGE
    modes = {entry.mode for entry in sides if entry is not None}
    plain = all(e is None or readable(e) for e in sides) and len(modes) == 1
    hidden = newly_unseen(before or b"", after or b"")
    if action is Action.ADD:
        plain = plain and modes == {"100644"} and is_plain(path) and path not in mistaken
        hidden += unseen_in_name(path)
    return Edit(path, WHOLE, action, plain=plain, unseen=tuple(f"U+{ord(c):04X}" for c in hidden))


def _of_file(whole: Edit, before: bytes | None, after: bytes | None) -> Iterator[Edit]:
    """The edits of a file key by key, where both sides are YAML that can be read; else of it as a whole."""
    read = [_read(whole.path, text) for text in (before, after) if text is not None and whole.path.endswith(_YAML)]
    first, second = read if len(read) == 2 and whole.plain else (None, None)
    if first is None or second is None:
        yield whole
        return
    found = [*_differences(WHOLE, first.data, second.data)]
    taken: tuple[list[Path], list[Path]] = ([], [])
    for key, what, one, other in found:
        side, paths = (first, taken[0]) if what is Action.REMOVE else (second, taken[1])
        paths.append(_marked(key, side))
        taken[0].extend([_marked(key, first)] if what is Action.CHANGE else [])
        line = side.mark(paths[-1], at_key=True).line
        yield replace(whole, key=key, action=what, before=_shown(one), after=_shown(other), line=line)
    if not found or is_relaid(first, second, taken):
        yield replace(whole, key=COMMENTS, action=Action.CHANGE)


def _read(path: str, text: bytes) -> Document | None:
    """The document that the strict reader makes of a text; None where it refuses it."""
    try:
        document, problems = read_text(path, text.decode())
        return None if problems or not isinstance(document.data, dict) else document
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return None


def _differences(key: Key, old: Any, new: Any) -> Iterator[tuple[Key, Action, Any, Any]]:
    if old is _ABSENT or new is _ABSENT:
        yield key, Action.ADD if old is _ABSENT else Action.REMOVE, old, new
        return
    if old == new:
        return
    before, after = _entries(old), _entries(new)
    if before is None or after is None:
        yield key, Action.CHANGE, old, new
        return
    for name in dict.fromkeys([*before, *after]):
        yield from _differences((*key, name), before.get(name, _ABSENT), after.get(name, _ABSENT))
    if isinstance(old, list) and [n for n in before if n in after] != [n for n in after if n in before]:
        yield key, Action.CHANGE, old, new  # their order decides


def _entries(value: Any) -> Mapping[str, Any] | None:
    """The parts of a mapping, or of a list by the names of its entries; None for what is one value."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        return None
    for name in NAMES:
        named = {entry[name]: entry for entry in value if isinstance(entry.get(name), str)}
        if len(named) == len(value):
            return named
    return None


def _marked(key: Key, document: Document) -> Path:
    """A key as the reader marks it: entries of a list by their numbers."""
    place: Any = document.data
    found: list[str | int] = []
    for part in key:
        if isinstance(place, list):
            number = next(i for i, e in enumerate(place) if part in [e.get(n) for n in NAMES])
            found.append(number)
            place = place[number]
        else:
            found.append(part)
            place = place[part]
    return tuple(found)


def _shown(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    return value if isinstance(value, str) else f"[{', '.join(value)}]" if _is_words(value) else None


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)

"""Edits of YAML texts that keep comments, order and layout (ruamel.yaml), and change nothing but what they say.

Every scalar stays the text that it is. What comes out is read again by the strict reader: where anything but the
edited keys has changed, or a comment of another line is gone, there is no edit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

from generator.change.patching.layout import comments
from generator.change.patching.surfaces import Key
from generator.compile.text import Document, read_text

if TYPE_CHECKING:
    from ruamel.yaml import YAML

NAMES: Final = ("id", "name")
_WIDE: Final = 1 << 20
_TOKEN: Final = 2


class EditFault(ValueError):
    """An edit that can't be made; `help` says what to do."""

    def __init__(self, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.help = help_text


class NotEditable(ValueError):
    """A text that the strict reader takes and the editor does not."""


@dataclass(frozen=True, slots=True)
class Set:
    """A key gets a value: a text, a list of texts, or a mapping; mappings above it that are not there are made."""

    key: Key
    to: Any


@dataclass(frozen=True, slots=True)
class Remove:
    """A key goes."""

    key: Key


@dataclass(frozen=True, slots=True)
class Append:
    """An entry is put at the end of a list."""

    key: Key
    entry: Any


Step = Set | Remove | Append


def edited(file: str, text: str, steps: Sequence[Step]) -> str:
    """The text with these edits, made one after the other.

    Raises:
        EditFault: a key that is not there, a value that says what is said already, or a text that can't be edited
            without changing more.
    """
    before = _strict(file, text)
    try:
        only_more = all(isinstance(s, Append) for s in steps)
        made = _appended(text, steps) if only_more else _edited(text, before.data, steps)
    except NotEditable as error:
        raise EditFault(f"{file} can't be edited: {error}") from None
    expected = before.data
    for step in steps:
        _make(expected, step)
    gone = {line for step in steps if isinstance(step, Remove) for line in _lines(before, step.key)}
    after, problems = read_text(file, made)
    if problems or after.data != expected or not _lost(text, made) <= _comments_in(text, gone):
        raise EditFault(f"{file} can't be edited without changing more than that", "edit it by hand")
    return made


def _edited(text: str, said: Any, steps: Sequence[Step]) -> str:
    data = opened(text, said)
    for step in steps:
        _make(data, step)
    return closed(data)


def opened(text: str, said: Any) -> Any:
    """The data of a text that the strict reader takes, with its comments and layout.

    Args:
        text: strict YAML.
        said: what it says to the strict reader.

    Raises:
        NotEditable: the editor fails at it, or takes it for something else.
    """
    try:
        data = round_trip().load(text)
    except Exception as error:  # a comment in an odd place, a rare end of a line: it fails in ways of many kinds
        raise NotEditable(str(error)) from None
    if data != said:
        raise NotEditable("the editor of YAML reads it otherwise")
    return data


def closed(data: Any) -> str:
    """The text of data that were opened.

    Raises:
        NotEditable: the editor can't write it.
    """
    out = StringIO()
    try:
        round_trip().dump(data, out)
    except Exception as error:  # as above; blank lines before an empty list are one
        raise NotEditable(f"the editor of YAML can't write it: {error}") from None
    return out.getvalue()


def _appended(text: str, steps: Sequence[Step]) -> str:
    """The text with entries below its last line; that they end up in the right list is checked with everything else."""
    from ruamel.yaml.comments import CommentedMap

    entries = ""
    for step in steps:
        assert isinstance(step, Append)
        entries += closed([CommentedMap((k, _styled(v)) for k, v in step.entry.items())])
    return f"{text.rstrip()}\n{entries}"


def _strict(file: str, text: str) -> Document:
    document, problems = read_text(file, text)
    if problems:
        raise EditFault(f"{file}:{problems[0].line}: {problems[0].message}", problems[0].help)
    return document


def round_trip() -> "YAML":
    """A reader and writer that keeps comments, order and quotes, and takes every scalar for the text that it is."""
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver

    class Texts(VersionedResolver):
        """Every scalar is a text: what it means, its schema says."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            return self.DEFAULT_SCALAR_TAG if kind is ScalarNode else super().resolve(kind, value, implicit)

    yaml = YAML()
    yaml.Resolver = Texts
    yaml.width = _WIDE
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _make(data: Any, step: Step) -> None:
    """Make an edit, in round-trip data as in plain data."""
    match step:
        case Set(key=key, to=value):
            _set(data, key, value)
        case Remove(key=key):
            _remove(_at(data, key[:-1]), key)
        case Append(key=key, entry=entry):
            _at(data, key).append(_styled(entry))


def _set(data: Any, key: Key, value: Any) -> None:
    place = data
    for i, part in enumerate(key[:-1]):
        found = _part(place, part)
        if found is None:
            if not isinstance(place, dict):
                raise EditFault(f"there is no `{'.'.join(key[: i + 1])}`")
            found = _put(place, part, {})
        place = found
    last = key[-1]
    if not isinstance(place, dict):
        raise EditFault(f"`{'.'.join(key[:-1])}` holds no keys", "name an entry of the list, then its key")
    if last in place and place[last] == value:
        raise EditFault(f"`{'.'.join(key)}` is {value} already", "leave it out of the patch")
    if last in place:
        place[last] = _styled(value)
    else:
        _put(place, last, value)


def _at(data: Any, key: Key) -> Any:
    place = data
    for i, part in enumerate(key):
        place = _part(place, part)
        if place is None:
            raise EditFault(f"there is no `{'.'.join(key[: i + 1])}`")
    return place


def _part(place: Any, part: str) -> Any:
    """A part of a mapping, or the entry of a list that has this name; None where there is none."""
    if isinstance(place, dict):
        return place.get(part)
    if isinstance(place, list):
        return next((e for e in place if isinstance(e, dict) and part in [e.get(n) for n in NAMES]), None)
    return None


def _put(place: Any, key: str, value: Any) -> Any:
    """Put a new key at the end of a mapping; what stands between the mapping and what follows it stays there."""
    tail = take_tail(place) if is_block(place) and place else ""
    place[key] = _styled(value)
    if tail:
        give_tail(place, tail)
    return place[key]


def _remove(place: Any, key: Key) -> None:
    last = key[-1]
    if not isinstance(place, dict) or last not in place:
        raise EditFault(f"there is no `{'.'.join(key)}`", "it is gone already, or written otherwise")
    if not is_block(place):
        del place[last]
        return
    names = list(place)
    tail = take_tail(place, last)
    del place[last]
    if tail and not place:
        raise EditFault(f"`{'.'.join(key)}` is the only key above a comment", "edit it by hand")
    if tail:
        give_tail(place, tail, names[max(0, names.index(last) - 1)])


def is_block(place: Any) -> bool:
    """Whether entries stand on lines of their own."""
    return hasattr(place, "ca") and not place.fa.flow_style()


def _deepest(place: Any, key: Any) -> tuple[Any, Any]:
    """Where a comment after an entry is kept: at the last key of the last mapping inside it."""
    while is_block(place[key]) and place[key]:
        place = place[key]
        key = list(place)[-1] if isinstance(place, dict) else len(place) - 1
    return place, key


def take_tail(place: Any, key: str | None = None) -> str:
    """Take what stands below an entry, blank lines and comments, away from it: the last entry, where none is named."""
    holder, last = _deepest(place, key if key is not None else list(place)[-1])
    tokens = holder.ca.items.get(last)
    token = tokens[_TOKEN] if tokens and len(tokens) > _TOKEN else None
    if token is None:
        return ""
    own, _, tail = token.value.partition("\n")
    token.value = f"{own}\n"
    return str(tail)


def has_tail(place: Any, key: str) -> bool:
    """Whether anything but the end of its line stands with a key: blank lines and comments below it or above."""
    if not is_block(place):
        return False
    holder, last = _deepest(place, key)
    own = [*(holder.ca.items.get(last) or ()), *((place.ca.items.get(key) or ()) if holder is not place else ())]
    tokens = [t for part in own if part is not None for t in (part if isinstance(part, list) else [part])]
    return any("\n" in token.value.strip(" ").removesuffix("\n") or token.value == "\n" for token in tokens)


def give_tail(place: Any, tail: str, key: str | None = None) -> None:
    """Put what stood below an entry below another, the last where none is named."""
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    holder, last = _deepest(place, key if key is not None else list(place)[-1])
    tokens = holder.ca.items.setdefault(last, [None, None, None, None])
    if tokens[_TOKEN] is None:
        tokens[_TOKEN] = CommentToken(f"\n{tail}", CommentMark(0), None)
    else:
        tokens[_TOKEN].value += tail


def _styled(value: Any) -> Any:
    """A value as it is written: lists and mappings on one line."""
    if not isinstance(value, (dict, list)):
        return value
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    made: Any = CommentedSeq() if isinstance(value, list) else CommentedMap()
    made.fa.set_flow_style()
    if isinstance(value, list):
        made.extend(map(_styled, value))
    else:
        made.update({k: _styled(v) for k, v in value.items()})
    return made


def _lines(document: Document, key: Key) -> Iterator[int]:
    """The lines that a key takes: its own, and those of all that is in it."""
    yield from (mark.line for path, mark in document.keys.items() if path[: len(key)] == key)


def _lost(text: str, made: str) -> Counter[str]:
    """The comments that an edit takes away; all of them where it changes their order or adds one."""
    before, after = comments(text), comments(made)
    left = iter(before)
    return Counter(before) - Counter(after) if all(c in left for c in after) else Counter(before)


def _comments_in(text: str, lines: set[int]) -> Counter[str]:
    """The comments that stand on lines of their own keys."""
    rows = text.splitlines()
    return Counter(c for number in lines for c in comments(rows[number - 1].strip()) if c.startswith("#"))

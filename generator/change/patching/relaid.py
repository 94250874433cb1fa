"""Whether an edit of YAML touches more of its text than the keys that it edits: comments, order, layout."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from engine.faults import Path
from generator.change.patching.layout import comments
from generator.compile.text import Document

_FIRST: Final = 0


def is_relaid(first: Document, second: Document, edited: tuple[Sequence[Path], Sequence[Path]]) -> bool:
    """Whether texts differ in comments, or in a row that no edited key stands in; blank rows hide nothing.

    Args:
        first: the text before.
        second: the text after.
        edited: the keys that are edited, as the reader marks them: those that stand in the one, and in the other.
    """
    if comments(first.text) != comments(second.text):
        return True
    rows = partial(_rows, taken=edited)
    return rows(first, edited[0]) != rows(second, edited[1])


def _rows(document: Document, own: Iterable[Path], taken: tuple[Sequence[Path], Sequence[Path]]) -> list[str]:
    """The rows of a text that no edit is about."""
    text = document.text.splitlines(keepends=True)
    spans = _Spans(document, text)
    foreign = {path for paths in taken for path in paths} - {*own}
    gone = {row for path in own for row in spans.of(path)} | {row for path in foreign for row in spans.around(path)}
    return [row for number, row in enumerate(text, 1) if row.strip() and number not in gone]


class _Spans:
    """The rows that keys take in a text."""

    def __init__(self, document: Document, text: Sequence[str]) -> None:
        marks = [*document.keys.items(), *document.values.items()]
        self._text = text
        self._marks = sorted((mark.line, mark.column, len(path), path) for path, mark in marks)
        self._at: dict[Path, int] = {}
        for number, (*_, path) in enumerate(self._marks):
            self._at.setdefault(path, number)

    def of(self, path: Path) -> Iterator[int]:
        """From a key to the end of what it holds, without the comments below."""
        number = self._at[path]
        start = self._marks[number][_FIRST]
        while number < len(self._marks) and self._marks[number][-1][: len(path)] == path:
            number += 1
        end = self._marks[number][_FIRST] - 1 if number < len(self._marks) else len(self._text)
        while end > start and self._text[end - 1].strip()[:1] in ("", "#"):
            end -= 1
        yield from range(start, max(start, end) + 1)

    def around(self, path: Path) -> Iterator[int]:
        """The row of what a key stands in elsewhere, where that is all on one row; a block has a row for each key."""
        path = path[:-1]
        while path and path not in self._at:
            path = path[:-1]
        rows = [*self.of(path)] if path else []
        yield from rows if len(rows) == 1 else ()

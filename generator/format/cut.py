"""Texts that a comma inside { } has cut in two: `{is: max(a, b)}` is `is: max(a` and a key `b)` without a value."""

from collections.abc import Iterator
from typing import Final

import yaml

from generator.compile.text import read_text

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def joined(file: str, text: str) -> str:
    """The text with what a comma has cut in quotes; as it is, where that is not all that is wrong with it."""
    lines = text.split("\n")
    for line, start, end in sorted(_cuts(yaml.compose(text, Loader=_Loader)), reverse=True):
        whole = lines[line][start:end].rstrip()
        if '"' not in whole and "\\" not in whole:
            lines[line] = f'{lines[line][:start]}"{whole}"{lines[line][start + len(whole) :]}'
    made = "\n".join(lines)
    return text if read_text(file, made)[1] else made


def _cuts(node: yaml.Node | None) -> Iterator[tuple[int, int, int]]:
    """Line, beginning and end of each cut text that stands on one line, from 0."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _cuts(item)
    elif isinstance(node, yaml.MappingNode):
        whole: tuple[int, int, int] | None = None
        for key, value in node.value:
            is_rest = node.flow_style and isinstance(value, yaml.ScalarNode) and not value.value and not value.style
            mark = key.end_mark
            if is_rest and whole is not None and mark.line == whole[0]:
                whole = (whole[0], whole[1], mark.column)
                continue
            if whole is not None and whole[2]:
                yield whole
            start = value.start_mark
            plain = isinstance(value, yaml.ScalarNode) and not value.style and value.value
            whole = (start.line, start.column, 0) if plain else None
            yield from _cuts(value)
        if whole is not None and whole[2]:
            yield whole

"""One text as it is written canonically: keys in order, no needless quotes, digits in threes, one blank line at most.

Comments, the order of entries and what stands on one line are their author's.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import yaml

from generator.change.patching.layout import comments
from generator.change.patching.yaml_edit import (
    NotEditable,
    closed,
    give_tail,
    has_tail,
    is_block,
    opened,
    take_tail,
)
from generator.compile.hazards import is_treacherous
from generator.compile.problems import Refused
from generator.compile.schema_parts import Schema
from generator.compile.text import read_text
from generator.format.cut import joined
from generator.format.order import inside, is_value, keys

GROUPED_FROM: Final = 5
_NUMBER: Final = re.compile(r"(-?)([1-9][0-9_]*)((?:\.[0-9]+)?(?: ?[A-Za-z%][A-Za-z0-9/%]*)?)")
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FormatFault(ValueError):
    """A text that can't be put in order without changing what it says."""


def formatted(file: str, text: str, schema: Schema) -> str:
    """A text in its canonical writing; formatted again it stays the same.

    Raises:
        Refused: it is no strict YAML.
        FormatFault: it can't be written otherwise without changing more than its writing, or would not stay so.
    """
    made = _once(file, text, schema)
    if made != text and _once(file, made, schema) != made:
        raise FormatFault(f"{file} can't be formatted: its new writing would be written otherwise again")
    return made


def _once(file: str, text: str, schema: Schema) -> str:
    written = re.sub("\r\n?", "\n", text.removeprefix("\ufeff"))
    before, problems = read_text(file, written)
    if problems and all(p.code == "comma" for p in problems):
        written = joined(file, written)
        before, problems = read_text(file, written)
    if problems:
        raise Refused(problems, {file: text})
    if not isinstance(before.data, dict | list):
        raise FormatFault(f"{file} is a single text: there is nothing in it to put in order")
    try:
        data = opened(written, before.data)
        _put_in_order(data, schema)
        made = _spaced(closed(data))
    except NotEditable as error:
        raise FormatFault(f"{file} can't be formatted: {error}") from None
    after, found = read_text(file, made)
    if found or not same(before.data, after.data) or Counter(comments(written)) != Counter(comments(made)):
        raise FormatFault(f"{file} can't be formatted without changing what it says")
    return made


def same(one: Any, other: Any) -> bool:
    """Whether two documents say the same: the order of keys and the grouping of digits aside."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (isinstance(one, str) and isinstance(other, str) and grouped(one) == grouped(other))


def grouped(text: str) -> str:
    """A number with its digits in threes where there are five or more; any other text as it is."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    sign, digits, rest = match.groups()
    bare = digits.replace("_", "")
    return f"{sign}{f'{int(bare):_}' if GROUPED_FROM <= len(bare) <= _LONGEST else bare}{rest}"


_LONGEST: Final = 60


def _put_in_order(data: Any, schema: Schema) -> None:
    parts = list(data) if isinstance(data, dict) else range(len(data))
    for key in parts:
        value, about = data[key], inside(schema, key, data[key])
        if isinstance(value, dict | list):
            _put_in_order(value, about)
        elif isinstance(value, str):
            data[key] = _written(value, about)
    if isinstance(data, dict):
        _reorder(data, [k for k in keys(schema) if k in data])


def _reorder(data: Any, first: list[str]) -> None:
    """The keys that have an order in it, then the others; what is in sections of its author's stays."""
    wanted = [*first, *(k for k in data if k not in first)] if first else list(data)
    names = list(data)
    if wanted == names or any(has_tail(data, k) for k in names[:-1]):
        return
    tail = take_tail(data) if is_block(data) else ""
    for key in wanted:
        data.move_to_end(key)
    if tail:
        give_tail(data, tail)


def _written(value: str, schema: Schema) -> str:
    """A scalar in its canonical writing: plain where it reads the same to everybody, else in double quotes."""
    from ruamel.yaml.scalarstring import (
        DoubleQuotedScalarString,
        FoldedScalarString,
        LiteralScalarString,
        PlainScalarString,
        SingleQuotedScalarString,
    )

    if isinstance(value, LiteralScalarString | FoldedScalarString):
        return value
    is_quoted = isinstance(value, DoubleQuotedScalarString | SingleQuotedScalarString)
    text = grouped(str(value)) if is_value(schema) else str(value)
    if not is_quoted and (text == "" or not _needs_quotes(text)):
        return text
    made: str = value
    if is_quoted and _reads_plain(text):
        made = PlainScalarString(text)
    elif '"' not in text and "\\" not in text and text.isprintable():
        made = DoubleQuotedScalarString(text)
    elif not is_quoted:
        made = SingleQuotedScalarString(text)
    return made


def _needs_quotes(text: str) -> bool:
    """Whether it is something else without quotes: to some reader, or to all of them where a line begins with it."""
    return is_treacherous(text) or text.startswith(("---", "..."))


def _reads_plain(text: str) -> bool:
    """Whether every reader takes the text for itself without quotes, wherever it is moved to."""
    if _needs_quotes(text) or not text or "\n" in text:
        return False
    try:
        node = yaml.compose(f"[{text}]", Loader=_Loader)
    except yaml.YAMLError:
        return False
    parts = node.value if isinstance(node, yaml.SequenceNode) else []
    return [(p.tag, p.value) for p in parts] == [("tag:yaml.org,2002:str", text)]


def _spaced(text: str) -> str:
    """No space at the end of lines, no two blank lines in a row, and one end of line at the end."""
    if re.search(r"[:-] [|>][-+0-9]*\s*(#.*)?$", text, re.MULTILINE):
        return text  # what stands in a block is a text, its blank lines too
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"

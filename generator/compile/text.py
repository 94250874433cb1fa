"""Reading YAML strictly: every scalar as text, with the line and column of each key and value.

Words such as `no`, `010` or `1:30` never turn into something else, since nothing is typed here; its schema
types it later. Duplicate keys, tags, anchors, merge keys and tabs are problems. Files are bounded in size and
depth.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from engine.faults import Path
from generator.compile.characters import unseen
from generator.compile.files import MOST, Files
from generator.compile.hazards import OWN_WORDS, is_treacherous
from generator.compile.problems import Problem

MAX_BYTES: Final = MOST
_SECOND: Final = "a second document in one file"
MAX_DEPTH: Final = 16
MAX_TEXT: Final = 20_000
MAX_TOKENS: Final = 700_000
# In one mapping: as many symbols, and no more names than people could read.
MAX_KEYS: Final = 20_000
_TOO_DEEP: Final = f"nested more than {MAX_DEPTH} deep"
_TOO_LONG: Final = f"a text of more than {MAX_TEXT} characters"
# Nothing is typed here, so the reader that types nothing will do.
_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_OPENING: Final = frozenset(
    {
        yaml.BlockMappingStartToken,
        yaml.BlockSequenceStartToken,
        yaml.FlowMappingStartToken,
        yaml.FlowSequenceStartToken,
    }
)
_CLOSING: Final = frozenset({yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken})
# What YAML offers and rules must not use.
_REFUSED: Final = {
    yaml.TagToken: ("tag", "a tag would let YAML choose the type", "remove it; the schema types each value"),
    yaml.AnchorToken: ("anchor", "an anchor makes one line mean two things", "write the value out"),
    yaml.AliasToken: ("anchor", "an alias makes one line mean two things", "write the value out"),
    yaml.DirectiveToken: ("directive", "a directive has no meaning here", "remove it"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, from 1; `inline` where an offset in the value's text is an offset in the line."""

    line: int
    column: int
    inline: bool = True


@dataclass(slots=True)
class Document:
    """One read file: nested plain data of texts, and where each part of it stands; and the plain words that other
    readers of YAML would take for something else.
    """

    file: str
    text: str
    data: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    treacherous: list[tuple[Mark, str]] = field(default_factory=list)

    def problem(
        self,
        code: str,
        path: Path,
        message: str,
        help_text: str | None = None,
        *,
        at_key: bool = False,
        offset: int | None = None,
        warning: bool = False,
    ) -> Problem:
        """A problem at a path of this document: its key or its value, or the nearest part above that exists."""
        mark = self.mark(path, at_key=at_key)
        column = mark.column + offset if offset and mark.inline and not at_key else mark.column
        return Problem(self.file, mark.line, column, code, message, help_text, warning)

    def mark(self, path: Path, *, at_key: bool = False) -> Mark:
        """Where a path stands."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        while path and path not in first and path not in second:
            path = path[:-1]
        return first.get(path) or second.get(path) or Mark(1, 1)

    def source(self, path: Path) -> str:
        """`file:line` of a path's key."""
        return f"{self.file}:{self.mark(path, at_key=True).line}"


def read_text(file: str, text: str) -> tuple[Document, list[Problem]]:
    """The document of a YAML text, and the problems that its text has; with problems, `data` may be None."""
    document = Document(file, text)
    problems = list(_unwanted(file, text))
    if problems:
        return document, problems
    try:
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeEncodeError:
        return document, [Problem(file, 1, 1, "bad-text", "the text is not Unicode")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = " ".join(filter(None, [error.context, error.problem]))
        help_text = "quote any text that holds `: `, ` #`, or a comma inside { } or [ ]"
        if isinstance(error, yaml.composer.ComposerError):
            message, help_text = _SECOND, "one document per file: remove the `---`"
        return document, [Problem(file, line, column, "bad-yaml", message, help_text)]
    except yaml.reader.ReaderError as error:
        before = (text[: text.index(chr(error.character))] + "^").splitlines()
        message = f"the character U+{error.character:04X} can't stand in YAML"
        return document, [Problem(file, len(before), len(before[-1]), "bad-yaml", message, "remove it")]
    if node is None:
        return document, [Problem(file, 1, 1, "bad-yaml", "the file is empty", "begin it with `format: 1`")]
    document.data = _Walk(document, problems).value(node, ())
    return document, problems


def texts_in(files: Files, folder: str, problems: list[Problem]) -> dict[str, str]:
    """The YAML files that stand in a folder, by their paths; one that can't be read is a problem."""
    texts: dict[str, str] = {}
    for file in (f"{folder}/{name}" for name in files.names(folder) if name.endswith(".yaml")):
        try:
            raw = files.read(file)
            if len(raw) > MAX_BYTES:
                problems.append(too_large(file))
                continue
            texts[file] = raw.decode()
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            problems.append(Problem(file, line, 1, "bad-text", "the file is not UTF-8"))
    return texts


def too_large(file: str) -> Problem:
    """That a file is larger than any file of rules."""
    return Problem(file, 1, 1, "too-large", f"the file is larger than {MAX_BYTES} bytes")


def _unwanted(file: str, text: str) -> Iterator[Problem]:
    """Size, depth, tabs, and what YAML offers but rules must not use: tags, anchors, aliases, several documents."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        yield too_large(file)
        return
    yield from unseen(file, text)
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line:
            yield Problem(
                file,
                number,
                line.index("\t") + 1,
                "tab",
                "a tab: how far it indents depends on who looks",
                "use spaces",
            )
    starts, keys = 0, [0]
    try:
        for number, token in enumerate(yaml.scan(text, Loader=_Loader)):
            kind = type(token)
            fault: tuple[str, str, str | None] | None = None
            if number > MAX_TOKENS:
                fault = ("too-large", f"the file holds more than {MAX_TOKENS} parts", None)
            elif isinstance(token, yaml.ScalarToken):
                fault = ("too-large", _TOO_LONG, None) if len(token.value) > MAX_TEXT else None
            elif kind is yaml.KeyToken:
                keys[-1] += 1
                fault = ("too-large", f"more than {MAX_KEYS} keys in one place", None) if keys[-1] > MAX_KEYS else None
            elif kind in _OPENING:
                keys.append(0)  # composing recurses: a deeper text could exhaust the stack
                fault = ("too-deep", _TOO_DEEP, None) if len(keys) > MAX_DEPTH + 2 else None
            elif kind in _CLOSING and len(keys) > 1:
                keys.pop()
            elif kind is yaml.DocumentStartToken:
                starts += 1
                fault = ("bad-yaml", _SECOND, "one document per file: remove the `---`") if starts > 1 else None
            elif kind in _REFUSED:
                yield _at(file, token, *_REFUSED[kind])
            if fault:
                yield _at(file, token, *fault)
                return
    except (yaml.YAMLError, UnicodeEncodeError):
        return  # compose reports it, with a better message


def _at(file: str, token: yaml.Token, code: str, message: str, help_text: str | None) -> Problem:
    return Problem(file, token.start_mark.line + 1, token.start_mark.column + 1, code, message, help_text)


class _Walk:
    """Turns nodes into data, noting places and problems."""

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self._document = document
        self._problems = problems
        self._lines = document.text.splitlines()

    def value(self, node: yaml.Node, path: Path) -> Any:
        mark = node.start_mark
        quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
        self._document.values[path] = Mark(mark.line + 1, mark.column + 1 + quoted, self._inline(node, quoted))
        if len(path) > MAX_DEPTH:
            self._problem(node, "too-deep", _TOO_DEEP)
            return None
        if isinstance(node, yaml.ScalarNode):
            self._look_at(node)
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node, path)

    def _look_at(self, node: yaml.ScalarNode) -> None:
        """Note a plain word that another reader would take for something else."""
        if not node.style and is_treacherous(node.value):
            mark = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
            self._document.treacherous.append((mark, node.value))

    def _inline(self, node: yaml.Node, quoted: bool) -> bool:
        """Whether the text stands in its line as it is, without a break, a fold or an escape."""
        mark = node.start_mark
        return (
            isinstance(node, yaml.ScalarNode)
            and node.style not in ("|", ">")
            and mark.line < len(self._lines)  # what is empty at the end has no line of its own
            and self._lines[mark.line].startswith(node.value, mark.column + quoted)
        )

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._problem(key, "bad-key", "a key is a plain word", "quote a text that begins with { or [")
                continue
            name = key.value
            if name not in OWN_WORDS:
                self._look_at(key)
            if name == "<<":
                self._problem(key, "anchor", "a merge key hides where a value comes from", "write the values out")
            elif name in found:
                first = self._document.keys[(*path, name)]
                self._problem(
                    key, "duplicate-key", f"`{name}` stands here a second time", f"it is set first in line {first.line}"
                )
            else:
                self._document.keys[(*path, name)] = Mark(key.start_mark.line + 1, key.start_mark.column + 1)
                if node.flow_style and isinstance(value, yaml.ScalarNode) and value.value == "" and not value.style:
                    self._problem(
                        key,
                        "comma",
                        f"`{name}` has no value",
                        "quote a text that holds a comma inside { }: YAML cuts it in two",
                    )
                found[name] = self.value(value, (*path, name))
        return found

    def _problem(self, node: yaml.Node, code: str, message: str, help_text: str | None = None) -> None:
        mark = node.start_mark
        self._problems.append(Problem(self._document.file, mark.line + 1, mark.column + 1, code, message, help_text))

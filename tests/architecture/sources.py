"""The house's own sources, as the architecture tests read them."""

import ast
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PYPROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS: Final = tuple(PYPROJECT["tool"]["importlinter"]["root_packages"])
BELOW_CLI: Final = tuple(room for room in ROOMS if room != "cli")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*rooms: str) -> list[str]:
    """Every Python file of these rooms, as a path from the root, in one order everywhere."""
    return sorted(path.relative_to(ROOT).as_posix() for room in rooms for path in (ROOT / room).rglob("*.py"))


def each_room(*rooms: str) -> pytest.MarkDecorator:
    """Runs a test once for every room, given to it as `room`; a test for every file would mostly be overhead."""
    return pytest.mark.parametrize("room", rooms)


def found_in(room: str, check: Callable[[str], list[str]]) -> list[str]:
    """What a check of one file, by its path from the root, finds in the files of a room."""
    files = python_files(room)
    assert files, f"there is no Python file in {room}"
    return [f"{path}: {what}" for path in files for what in check(path)]


def text_of(path: str) -> str:
    """The text of a file, by its path from the root."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree_of(path: str) -> ast.Module:
    """The syntax tree of a file, by its path from the root."""
    return ast.parse(text_of(path), path)


@cache
def nodes_of(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node of a tree, itself included; a file's are asked for by many checks."""
    return tuple(ast.walk(tree))


def planted(text: str) -> ast.Module:
    """The tree of a snippet, indented as it stands in a test, in which a check must find something."""
    return ast.parse(dedent(text).lstrip("\n"))


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method in the tree, nested ones too."""
    return (node for node in nodes_of(tree) if isinstance(node, Function))


class Names:
    """Spells names out through a file's imports: after `from time import time as now`, `now` is `time.time`.

    A function or class of the file's own is spelled `.name`, so that it is not mistaken for a built-in.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._meaning = {node.name: f".{node.name}" for node in tree.body if isinstance(node, Function | ast.ClassDef)}
        for node in nodes_of(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    self._meaning[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._meaning[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"

    def of(self, node: ast.AST) -> str:
        """The dotted name of the node; what is reached through a call or an index begins with a dot."""
        if isinstance(node, ast.Name):
            return self._meaning.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self.of(node.value)}.{node.attr}"
        return ""


@cache
def names_in(tree: ast.Module) -> Names:
    """How names are spelled in a file."""
    return Names(tree)


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that is imported, wherever the import stands."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module or ''}.{alias.name}") for alias in node.names)


def mentions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that is imported or named."""
    names = names_in(tree)
    yield from imports(tree)
    for node in nodes_of(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            yield node.lineno, names.of(node)


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the dotted name of what it calls."""
    names = names_in(tree)
    return ((node, names.of(node.func)) for node in nodes_of(tree) if isinstance(node, ast.Call))

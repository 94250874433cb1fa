"""A file is one idea, and a function does one thing."""

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.architecture.sources import ROOMS, each_room, found_in, functions, text_of

FILE_LINES: Final = 400
FUNCTION_LINES: Final = 60
# A path, or path::function, with the reason why it is better long. Look for the second idea first.
EXCEPTIONS: Final[Mapping[str, str]] = MappingProxyType({})


def oversized(path: str, text: str) -> list[str]:
    """The file, if it is too long, and the functions in it that are, decorators not counted."""
    found = [(path, text.count("\n"))] if text.count("\n") > FILE_LINES else []
    for function in functions(ast.parse(text)):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            found.append((f"{path}::{function.name}", length))
    return [f"{name}: {length} lines" for name, length in found if name not in EXCEPTIONS]


@each_room(*ROOMS)
def test_files_and_functions_stay_short(room: str) -> None:
    """At most 400 lines a file and 60 a function; most are far below."""
    assert found_in(room, lambda path: oversized(path, text_of(path))) == []


def test_a_long_file_and_a_long_function_are_found_one_line_over() -> None:
    """At the limit both pass."""
    short, long = "def f():\n" + "    x\n" * 59, "def g():\n" + "    x\n" * 60

    assert oversized("a.py", short + "\n" * 340) == []
    assert oversized("a.py", short + "\n" * 341) == ["a.py: 401 lines"]
    assert oversized("a.py", long) == ["a.py::g: 61 lines"]

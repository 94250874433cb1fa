from collections.abc import Callable, Mapping
from typing import Any, Final

BANKS: Final[Mapping[str, int]]
OPERATIONS: Final[Mapping[str, int]]
COMPARISONS: Final[Mapping[str, int]]

def packed(values: tuple[Any, ...]) -> bytes: ...

class Code:
    def __init__(
        self,
        steps: list[tuple[int, ...]],
        own: int,
        wanted: tuple[int, ...],
        facts: tuple[int, ...],
        words: tuple[tuple[int, str], ...],
        constants: tuple[tuple[int, int], ...],
        fixed: tuple[tuple[int, float], ...],
        registers: int,
        notes: int,
    ) -> None: ...
    def row(self, standing: bytes, own: tuple[Any, ...]) -> bytes | tuple[Any, ...]: ...

class Machine:
    otherwise: Callable[..., Any]
    def __init__(self, code: Code, bound: tuple[Any, ...], otherwise: Callable[..., Any]) -> None: ...
    def run(self, standing: Any, row: bytes | tuple[Any, ...], raws: tuple[Any, ...]) -> tuple[int, ...] | None: ...
    def passes(self, row: bytes | tuple[Any, ...], raws: tuple[Any, ...]) -> bool: ...

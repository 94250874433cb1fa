from collections.abc import Mapping
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
        facts: tuple[int, ...],
        words: tuple[tuple[int, str], ...],
        constants: tuple[tuple[int, int], ...],
        fixed: tuple[tuple[int, float], ...],
        registers: int,
        notes: int,
    ) -> None: ...
    def row(self, standing: bytes, own: tuple[Any, ...]) -> bytes: ...

class Machine:
    def __init__(self, code: Code, bound: tuple[Any, ...]) -> None: ...
    def run(self, standing: Any, row: bytes, raws: tuple[Any, ...]) -> tuple[int, ...] | None: ...
    def __call__(self, row: object, raws: tuple[Any, ...]) -> bool: ...

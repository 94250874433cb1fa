from collections.abc import Mapping
from typing import Any, Final

WORD: Final[int]
KINDS: Final[Mapping[str, int]]

class Taking:
    def __init__(
        self, groups: tuple[tuple[str, tuple[str, ...]], ...], values: tuple[tuple[int, int], ...]
    ) -> None: ...
    def take(self, own: Any) -> tuple[tuple[str, ...], tuple[Any, ...]] | None: ...

class Filling:
    def __init__(self, pieces: tuple[str, ...]) -> None: ...
    def fill(self, texts: tuple[str, ...]) -> str: ...

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.backends.bounds import Passes
from engine.backends.guarded import Guarded
from engine.judge import Judgement
from engine.reason import Decision
from engine.records import Record, Said, Standing

KINDS: Final[Mapping[str, int]]

class Facts:
    standing: Final[Standing]
    raws: Final[tuple[Any, ...]]
    floats: Final[Any]
    guarded: Final[Guarded]
    passes: Final[Passes | None]
    def __init__(
        self, standing: Standing, raws: tuple[Any, ...], floats: Any, guarded: Guarded | None, passes: Passes | None
    ) -> None: ...
    def decide(self) -> Verdict: ...

class Verdict:
    record: Final[Record]
    said: Final[Said]
    allowed: Final[bool]
    def __init__(self, record: Facts, said: Said, allowed: bool) -> None: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def stopping(self) -> tuple[int, ...]: ...
    @property
    def judgements(self) -> tuple[Judgement, ...]: ...
    @property
    def decision(self) -> Decision: ...

class Intake:
    def __init__(
        self, kinds: list[tuple[int, bool, bool, bool, Any]], subject: int, actor: int, bound: Mapping[str, Any]
    ) -> None: ...
    @property
    def take(self) -> Callable[..., Record]: ...

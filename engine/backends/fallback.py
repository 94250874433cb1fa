"""Records and verdicts where `native` was not built: the same parts, and the same answers from them."""

from collections.abc import Callable
from typing import Any

from engine.judge import Judgement
from engine.reason import Decision


class Facts:
    """The facts of one decision; see `engine.records`."""

    __slots__ = ("floats", "guarded", "passes", "raws", "standing")

    def __init__(
        self,
        standing: Any,
        raws: tuple[Any, ...],
        floats: Any,
        guarded: Any,
        passes: Callable[[Any, Any], bool] | None,
    ) -> None:
        self.standing, self.raws, self.floats, self.guarded, self.passes = standing, raws, floats, guarded, passes


class Verdict:
    """What the gates say of a record; see `engine.records`."""

    __slots__ = ("allowed", "record", "said")

    def __init__(self, record: Any, said: tuple[int, ...] | Decision | str, allowed: bool) -> None:
        self.record, self.said, self.allowed = record, said, allowed

    @property
    def reasons(self) -> tuple[str, ...]:
        """The veto reasons, in file order."""
        said = self.said
        if isinstance(said, tuple):
            reasons: tuple[str, ...] = self.record.guarded.reasons[said]
            return reasons
        return (said,) if isinstance(said, str) else said.reasons

    @property
    def stopping(self) -> tuple[int, ...]:
        """The places of the gates that stop it, those in shadow among them."""
        places: tuple[int, ...] = self.record.stopping(self.said)
        return places

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """The gates that stop it, those in shadow among them, with what each compared, exactly."""
        judged: tuple[Judgement, ...] = self.record.judgements(self.said)
        return judged

    @property
    def decision(self) -> Decision:
        """The whole decision, with every reason in words, its id, and the largest size that would pass."""
        decided: Decision = self.record.decision(self.said)
        return decided

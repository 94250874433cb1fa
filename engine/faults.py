"""Mistakes in a text are values: collected, sorted by place, all reported at once."""

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: where it is, what is wrong, and what to do about it.

    `path` leads to the value inside the document; `offset` is the place inside its text, None for the value as
    a whole; `at_key` means the key rather than the value. A `warning` doesn't stop the compile.
    """

    code: str
    path: Path
    message: str
    help: str | None = None
    offset: int | None = None
    at_key: bool = False
    warning: bool = False


def failures(faults: Sequence[Fault]) -> int:
    """How many of them stop a compile."""
    return sum(not fault.warning for fault in faults)


class Refused(Exception):
    """A document that can't be used; carries every fault found."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, f.path))}: {f.code} {f.message}" for f in faults[:5]))
        self.faults = faults

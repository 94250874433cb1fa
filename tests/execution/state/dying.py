"""Files whose process dies: at the n-th change, before it, in the middle of it, or after it."""

from pathlib import Path
from typing import Final

from execution.state.files import Files

MOMENTS: Final = ("before", "during", "after")


class Killed(BaseException):
    """The process is gone; nothing that it would have done after this is done."""


class Dying(Files):
    """Changes files until its time has come."""

    def __init__(self, at: int, moment: str) -> None:
        self.left = at
        self.moment = moment

    def replace(self, path: Path, data: bytes) -> None:
        """Half a draft is left in the middle of it."""
        if self._dies():
            if self.moment == "during":
                path.with_name(f".{path.name}.new").write_bytes(data[: len(data) // 2])
            elif self.moment == "after":
                super().replace(path, data)
            raise Killed
        super().replace(path, data)

    def append(self, path: Path, data: bytes) -> None:
        """Half of what was to be added is left in the middle of it."""
        if self._dies():
            if self.moment != "before":
                super().append(path, data[: len(data) // 2] if self.moment == "during" else data)
            raise Killed
        super().append(path, data)

    def cut(self, path: Path, length: int) -> None:
        """A cut is one step for the disk."""
        if self._dies():
            if self.moment == "after":
                super().cut(path, length)
            raise Killed
        super().cut(path, length)

    def remove(self, path: Path) -> None:
        """A removal is one step for the disk."""
        if self._dies():
            if self.moment == "after":
                super().remove(path)
            raise Killed
        super().remove(path)

    def _dies(self) -> bool:
        self.left -= 1
        return self.left == 0

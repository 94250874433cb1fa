"""Writing files so that a process that dies at any moment leaves each of them whole."""

from pathlib import Path


class Files:
    """The four ways in which a run's folder changes."""

    def replace(self, path: Path, data: bytes) -> None:
        """Put a whole file in the place of another, in one step for whoever reads.

        It is not flushed to the disk: a state file that a power loss took is made again from the journal at the
        next start, and a flush for each would cost more than all the rest of publishing.
        """
        draft = path.with_name(f".{path.name}.new")
        draft.write_bytes(data)
        draft.replace(path)

    def append(self, path: Path, data: bytes) -> None:
        """Add to the end of a file, which is made where it is not there."""
        with path.open("ab") as file:
            file.write(data)

    def cut(self, path: Path, length: int) -> None:
        """Take off what a file holds behind a length in bytes."""
        with path.open("r+b") as file:
            file.truncate(length)

    def remove(self, path: Path) -> None:
        """Take a file away, where it is there."""
        path.unlink(missing_ok=True)

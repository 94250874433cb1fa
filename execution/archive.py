"""A log of decisions as one Parquet file: a column for each fact, compressed, and still every record to the byte.

Numbers stay the exact decimals that they are, as text: whoever computes with them chooses the type. `keys` holds which
keys a record has, in order; `odd` the facts of another kind than their column, which were refused when they came.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.nesting import flat, nested
from universe.decision_log import canonical

if TYPE_CHECKING:
    import pyarrow

ROWS: Final = 20_000  # of a row group: what is in memory at once
LEVEL: Final = 9
FACTS: Final = "facts"
_KINDS: Final = {str: "string", bool: "bool", list: "list"}
# Keys of a record that hold no text: they stand in their column as JSON.
_AS_JSON: Final = frozenset({"vetoes", "shadow", "waived"})
Record = Mapping[str, Any]


class ArchiveFault(ValueError):
    """Records that can't be archived, or an archive that can't be read."""


@dataclass(slots=True)
class Columns:
    """The columns that records need: their keys, and the facts of each kind."""

    keys: dict[str, None] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Make room for a record; a fact's column is of the first kind that it comes in."""
        self.keys |= dict.fromkeys(key for key in record if key != FACTS)
        for name, value in flat(record[FACTS]):
            self.facts.setdefault(name, _KINDS[type(value)])

    def schema(self) -> "pyarrow.Schema":
        """The Parquet schema."""
        import pyarrow

        types = {"string": pyarrow.string(), "bool": pyarrow.bool_(), "list": pyarrow.list_(pyarrow.string())}
        own = [("keys", types["string"]), *((key, types["string"]) for key in self.keys), ("odd", types["string"])]
        return pyarrow.schema([*own, *((f"{FACTS}.{n}", types[kind]) for n, kind in sorted(self.facts.items()))])

    def row(self, record: Record) -> dict[str, Any]:
        """A record's values by column."""
        row: dict[str, Any] = {"keys": ",".join(record)}
        odd: dict[str, Any] = {}
        for key, value in record.items():
            if key != FACTS:
                row[key] = _dump(value) if key in _AS_JSON or isinstance(value, list) else value
        for name, value in flat(record[FACTS]):
            if _KINDS[type(value)] == self.facts[name]:
                row[f"{FACTS}.{name}"] = value
            else:
                odd[name] = value
        return {**row, "odd": _dump(odd) if odd else None}


def write(records: Callable[[], Iterable[str]], path: Path) -> int:
    """Write records to a Parquet file, which takes its place only once it was read back and holds them to the byte.

    Args:
        records: gives the lines of the records from the first on; it is asked twice.
        path: the file.

    Returns:
        How many records it holds.

    Raises:
        ArchiveFault: a line is no record.
        OSError: the file can't be written.
    """
    from pyarrow import RecordBatch, parquet

    columns, count, digest = Columns(), 0, hashlib.sha256()
    for line in records():
        columns.add(_record(line))
        digest.update(line.encode())
        count += 1
    draft, schema = path.with_name(f".{path.name}.new"), columns.schema()
    rows = map(columns.row, map(_record, records()))
    try:
        with parquet.ParquetWriter(draft, schema, compression="zstd", compression_level=LEVEL) as file:
            while group := list(islice(rows, ROWS)):
                file.write_batch(RecordBatch.from_pylist(group, schema))
        again = hashlib.sha256()
        for line in read(draft):
            again.update(line.encode())
        if again.digest() != digest.digest():
            raise ArchiveFault("what was written is not what was read; the log changed, or holds no canonical records")
        _onto_disk(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def read(path: Path) -> Iterator[str]:
    """The records of an archive, in order.

    Raises:
        ArchiveFault: it is none.
        OSError: it can't be read.
    """
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS):
                yield from lines_of(batch)
    except (ArrowException, KeyError, AttributeError, TypeError, json.JSONDecodeError) as error:
        raise ArchiveFault(f"{path} is no archive of decisions: {type(error).__name__} {error}") from None


def lines_of(table: "pyarrow.RecordBatch") -> Iterator[str]:
    """The records of some rows of an archive."""
    return map(_line, table.to_pylist())


def _line(row: Mapping[str, Any]) -> str:
    """A record's line, from its values by column."""
    parts = []
    for key in row["keys"].split(","):
        value = row.get(key)
        if key == FACTS:
            value = _facts(row)
        elif key not in _AS_JSON and not (value or "").startswith("["):
            value = _dump(value)
        parts.append(f"{_dump(key)}:{value}")
    return "{" + ",".join(parts) + "}"


def _facts(row: Mapping[str, Any]) -> str:
    facts = {n.removeprefix(f"{FACTS}."): v for n, v in row.items() if v is not None and n.startswith(f"{FACTS}.")}
    return canonical(nested((facts | json.loads(row["odd"] or "{}")).items()))


def _record(line: str) -> Record:
    try:
        record = json.loads(line)
        for _, value in flat(record[FACTS]):
            _KINDS[type(value)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ArchiveFault(f"a line is no record: {type(error).__name__} {error}") from None
    found: Record = record
    return found


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _onto_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

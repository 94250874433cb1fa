"""Recorded decisions as columns: groups of an archive's records, as the engine judges many at once.

Whatever is not plain in a record, a fact of another kind than its column or one that the rules do not declare, makes it
odd: the engine then reads all that it holds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from engine.backends.entries import MISSING
from engine.columns import Batch, Column, Columns
from engine.facts import FactsFault, parse_json
from engine.units import Kind
from execution import archive

Array = Any
ROWS: Final = 1 << 15  # of a group: what is in memory at once
# What every archive has a column of.
_OWN: Final = ("id", "decision", "subject")
_PLAIN: Final = r"^-?[0-9]{1,20}(\.[0-9]{1,20})?$"
# What stands around the digits that count; so many of them come back from a float as they were.
_NO_DIGITS: Final = r"^-?0*\.?0*|\."
_SHORT: Final = 15
# One in so many may be longer.
_FEW: Final = 100


@dataclass(frozen=True, slots=True)
class Group:
    """Some records in a row.

    Args:
        table: their columns, as in an archive.
        place: of the first, and what to call their file.
    """

    table: Any
    file: str
    first: int

    def facts(self, row: int) -> Any:
        """The facts of a record, nested as they stand in it."""
        ((_, line),) = self.lines([row])
        return parse_json(line)[archive.FACTS]

    def lines(self, rows: Sequence[int]) -> Iterator[tuple[str, str]]:
        """The whole records of some rows, each with its place."""
        if rows:
            for row, line in zip(rows, archive.lines_of(self.table.take(list(rows))), strict=True):
                yield f"{self.file}:{self.first + row}", line


def count(files: Iterable[Path]) -> int:
    """How many records archives hold.

    Raises:
        ArchiveFault: one is none.
    """
    from pyarrow import ArrowException, parquet

    total = 0
    for path in files:
        try:
            found = parquet.read_metadata(path)
            columns = found.schema.to_arrow_schema().names
        except ArrowException as error:
            raise archive.ArchiveFault(f"{path} is no archive of decisions: {type(error).__name__} {error}") from None
        missing = [name for name in _OWN if name not in columns]
        if missing:
            raise archive.ArchiveFault(f"{path} is no archive of decisions: it has no column `{missing[0]}`")
        total += found.num_rows
    return total


def groups(path: Path, rows: int = ROWS) -> Iterator[Group]:
    """The records of an archive, so many at a time.

    Raises:
        ArchiveFault: it is none.
        OSError: it can't be read.
    """
    from pyarrow import ArrowException, parquet, types

    try:
        with parquet.ParquetFile(path) as file:
            texts = [field.name for field in file.schema_arrow if types.is_string(field.type)]
        with parquet.ParquetFile(path, read_dictionary=texts) as file:
            first = 1
            for table in file.iter_batches(rows):
                yield Group(table, str(path), first)
                first += table.num_rows
    except ArrowException as error:
        raise archive.ArchiveFault(f"{path} is no archive of decisions: {type(error).__name__} {error}") from None


class Recorded:
    """A group of records as a batch.

    Args:
        group: the records.
        columns: whose facts they are to be.
    """

    def __init__(self, group: Group, columns: Columns) -> None:
        import pyarrow.compute as pc

        self.group, self._columns = group, columns
        self._odd: set[int] = set()
        self._long: set[int] = set()
        table = group.table
        if "odd" in table.schema.names:
            self._not_plain(pc.is_valid(table.column("odd")))
        made = {}
        for name in table.schema.names:
            if name.startswith(f"{archive.FACTS}."):
                fact = name.removeprefix(f"{archive.FACTS}.")
                column = self._column(fact, table.column(name))
                if column is not None:
                    made[fact] = column
        self.batch = Batch(table.num_rows, made, sorted(self._odd), group.facts, sorted(self._long))

    @cached_property
    def allowed(self) -> Array:
        """Which records let their intent through."""
        import pyarrow.compute as pc

        return pc.equal(self.group.table.column("decision").cast("string"), "allow").to_numpy(zero_copy_only=False)

    def codes(self, fact: str | None) -> Array:
        """The words of a fact by their codes; none of a fact that is not there."""
        import numpy

        column = self.batch.columns.get(fact) if fact is not None else None
        return column.values if column is not None else numpy.full(self.batch.size, MISSING, numpy.int32)

    def _not_plain(self, where: Any) -> None:
        import numpy

        self._odd.update(numpy.flatnonzero(where.to_numpy(zero_copy_only=False)).tolist())

    def _column(self, fact: str, array: Any) -> Column | None:
        """A fact's column; None of one that is not declared, whose records are odd."""
        import pyarrow.compute as pc
        from pyarrow import types

        try:
            declared = self._columns.engine.reader.place(fact).fact
        except FactsFault:
            self._not_plain(pc.is_valid(array))
            return None
        is_text = types.is_dictionary(array.type) or types.is_string(array.type)
        if is_text and declared.unit.numeric:
            return self._numbers(array)
        if is_text and declared.unit.kind is Kind.ENUM:
            return self._words(fact, array)
        if types.is_boolean(array.type) and declared.unit.kind is Kind.BOOL:
            truths = pc.fill_null(pc.cast(array, "int8"), MISSING)
            return self._columns.truths(truths.to_numpy(zero_copy_only=False))
        if not (is_text and declared.unit.kind is Kind.TEXT) and not types.is_list(array.type):
            self._not_plain(pc.is_valid(array))
        return Column(None, lambda row: array[row].as_py())

    def _numbers(self, array: Any) -> Column:
        import numpy
        import pyarrow.compute as pc

        texts, places = _encoded(array)
        plain = pc.match_substring_regex(texts, _PLAIN)
        if not pc.all(plain).as_py():
            odd = numpy.append(~plain.to_numpy(zero_copy_only=False), False)
            self._odd.update(numpy.flatnonzero(odd[places]).tolist())
            floats = pc.cast(pc.if_else(plain, texts, None), "float64").to_numpy(zero_copy_only=False)
        else:
            floats = pc.cast(texts, "float64").to_numpy(zero_copy_only=False)
        short = self._short(texts, places)
        values = numpy.append(floats, numpy.nan)[places]
        return Column(values, lambda row: texts[int(places[row])].as_py() if places[row] >= 0 else None, short)

    def _short(self, texts: Any, places: Array) -> bool:
        """Whether numbers are short, but for a few, whose rows are noted."""
        import numpy
        import pyarrow.compute as pc

        if (pc.max(pc.utf8_length(texts)).as_py() or 0) <= _SHORT:
            return True
        digits = pc.utf8_length(pc.replace_substring_regex(texts, _NO_DIGITS, ""))
        long = numpy.append(digits.to_numpy(zero_copy_only=False) > _SHORT, False)[places]
        if few := numpy.count_nonzero(long) * _FEW <= len(places):
            self._long.update(numpy.flatnonzero(long).tolist())
        return bool(few)

    def _words(self, fact: str, array: Any) -> Column:
        texts, places = _encoded(array)
        return self._columns.words(fact, places, texts.to_pylist())


def _encoded(array: Any) -> tuple[Any, Array]:
    """The different texts of a column, and of each row which it is; -1 where there is none."""
    import pyarrow.compute as pc
    from pyarrow import types

    encoded = array if types.is_dictionary(array.type) else array.dictionary_encode()
    return encoded.dictionary, pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)

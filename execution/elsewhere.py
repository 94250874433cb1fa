"""Recorded decisions judged where they are: by DuckDB in this process, or by Spark on a cluster.

Both are asked for what floats make certain, and count it. Rows in doubt come back for the engine to judge, and those
that are certain and answered otherwise as lines, as any flip.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from engine.backends.screen import Screen
from engine.backends.sql import PAIRS, SOURCE, WORDS, Sql
from execution.archive import FACTS

LENGTH: Final = 1 << 14  # rows that come back at once
_PREFIX: Final = f"{FACTS}."


class Place(Protocol):
    """Where archives are judged."""

    dialect: str

    def open(
        self, files: Sequence[Path], words: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, bool]:
        """Make the archives and both relations known; gives the columns, and whether each is text."""

    def rows(self, query: str) -> Iterator[Any]:
        """Record batches of an answer."""

    def close(self) -> None:
        """Let go of what it holds."""


class DuckDb:
    """DuckDB, in this process.

    Args:
        memory: how much it may use, as it writes that.
    """

    dialect = "duckdb"

    def __init__(self, memory: str = "600MB") -> None:
        import duckdb

        self._connection = duckdb.connect(config={"memory_limit": memory, "preserve_insertion_order": False})

    def open(
        self, files: Sequence[Path], words: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, bool]:
        """As of a place."""
        import pyarrow

        for name, rows in ((WORDS, words), (PAIRS, pairs)):
            self._connection.register(name, pyarrow.Table.from_pylist(list(rows)))
        names = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        self._connection.execute(f"CREATE VIEW {SOURCE} AS SELECT * FROM read_parquet([{names}], union_by_name = true)")
        found = self._connection.execute(f"DESCRIBE {SOURCE}").fetchall()
        return {row[0]: row[1] == "VARCHAR" for row in found}

    def rows(self, query: str) -> Iterator[Any]:
        """As of a place."""
        found: Any = self._connection.sql(query)
        yield from found.to_arrow_reader(LENGTH)

    def close(self) -> None:
        """As of a place."""
        self._connection.close()


class Spark:
    """Spark, in this process or on a cluster.

    Args:
        master: `local[*]`, or where the cluster is: `spark://…`.
    """

    dialect = "spark"

    def __init__(self, master: str = "local[*]") -> None:
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master(master).appName("hedgerow replay")
        # Many gates are more than Spark compiles as one method; it then evaluates them, and says so at length.
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.ansi.enabled": "false",
            "spark.sql.shuffle.partitions": "8",
            "spark.sql.codegen.wholeStage": "false",
            "spark.log.level": "OFF",
        }
        for name, value in settings.items():
            builder = builder.config(name, value)
        self._session = builder.getOrCreate()
        self._session.sparkContext.setLogLevel("OFF")

    def open(
        self, files: Sequence[Path], words: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, bool]:
        """As of a place."""
        import pyarrow

        for name, rows in ((WORDS, words), (PAIRS, pairs)):
            self._session.createDataFrame(pyarrow.Table.from_pylist(list(rows))).createOrReplaceTempView(name)
        reader = self._session.read.option("mergeSchema", "true")
        source = reader.parquet(*[str(path) for path in files])
        source.createOrReplaceTempView(SOURCE)
        return {field.name: field.dataType.typeName() == "string" for field in source.schema}

    def rows(self, query: str) -> Iterator[Any]:
        """As of a place."""
        table: Any = self._session.sql(query).toArrow()
        yield from table.to_batches(LENGTH)

    def close(self) -> None:
        """End the session."""
        self._session.stop()


@dataclass(frozen=True, slots=True)
class Count:
    """So many rows of which the same is certain: what stops them, whom they are about, and what was answered before."""

    said: int
    allowed: bool
    subject: str | None
    actor: str | None
    day: int | None
    rows: int


def place_of(name: str) -> Place:
    """The place of a name: `duckdb`, `spark` in this process, or the address of a cluster, `spark://…`.

    Raises:
        ValueError: there is none of this name.
        ImportError: what it needs is not installed.
    """
    if name == "duckdb":
        return DuckDb()
    if name == "spark" or name.startswith("spark://"):
        return Spark("local[*]" if name == "spark" else name)
    raise ValueError(f"`{name}` is no place to decide; there are columns, duckdb, spark and spark://HOST:PORT")


class Elsewhere:
    """Archives at a place, and what a screen says of them.

    Args:
        place: where.
        screen: of the rules.
        files: the archives.
    """

    def __init__(self, place: Place, screen: Screen, files: Sequence[Path]) -> None:
        self._place, self._screen = place, screen
        made = Sql(screen, _PREFIX)
        self._columns = place.open(files, made.words(), made.pairs())
        self._query, self._said = made.query(place.dialect, self._columns), made.said

    def counts(self) -> Iterator[Count]:
        """The rows that are certain, counted."""
        names = [self._named(fact) for fact in (self._screen.subject, self._screen.actor)]
        clock = self._named(self._screen.ruleset.head.clock)
        day = "NULL" if clock == "NULL" else f"CAST(FLOOR(CAST({clock} AS DOUBLE) / 86400) AS BIGINT)"
        kinds = ", ".join(str(place) for place in range(1, len(self._said) + 5))
        query = (
            f"SELECT {', '.join(self._said)}, decision = 'allow' AS allowed, {names[0]} AS subject, "
            f"{names[1]} AS actor, {day} AS day, COUNT(*) AS rows "
            f"FROM ({self._query}) AS judged WHERE NOT unsure GROUP BY {kinds}"
        )
        for batch in self._place.rows(query):
            for row in batch.to_pylist():
                said = self._screen.masks.whole([row.pop(name) for name in self._said])
                yield Count(said, **row)

    def doubtful(self) -> Iterator[Any]:
        """The rows that are not certain, as archives hold them."""
        return self._place.rows(f"SELECT {self._own} FROM ({self._query}) AS judged WHERE unsure")

    def different(self, enforced: int) -> Iterator[Any]:
        """The rows that are certain and answered otherwise; `enforced` are the bits of what stops a row."""
        query = f"SELECT {self._own} FROM ({self._query}) AS judged WHERE NOT unsure AND "
        parts = zip(self._said, self._screen.masks.parts(enforced), strict=True)
        allowed = " AND ".join(f"(({name} & {part}) = 0)" for name, part in parts)
        return self._place.rows(f"{query} ({allowed}) <> (decision = 'allow')")

    def _named(self, fact: str | None) -> str:
        column = f"{_PREFIX}{fact}"
        return self._quoted(column) if column in self._columns else "NULL"

    @property
    def _own(self) -> str:
        return ", ".join(map(self._quoted, self._columns))

    def _quoted(self, name: str) -> str:
        from sqlglot import exp

        text: str = exp.column(name, quoted=True).sql(dialect=self._place.dialect)
        return text

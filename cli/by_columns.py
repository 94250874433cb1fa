"""`hedgerow replay --rules` over archives: many records at once, and line by line only what is answered otherwise.

Records that come out as they were answered are counted. Every other one is given on as a line, to be decided by the
engine and compared as those of a log are.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.project import BAD_ENVIRONMENT, fail

if TYPE_CHECKING:
    from engine import RuleSet
    from engine.columns import Columns
    from execution.elsewhere import Place
    from execution.recorded import Group, Recorded
    from execution.tallies import Tallies

# Below so many records, making machine code takes longer than it saves.
FEW: Final = 50_000
# What --on says of deciding in this process.
HERE: Final = "columns"
NEEDED: Final = ("numba", "numpy", "pyarrow")


@dataclass(slots=True)
class Agreeing:
    """How many records come out as they were answered, and how many of them let their intent through."""

    records: int = 0
    passed: int = 0


@dataclass(slots=True)
class Sweep:
    """A pass over archives by other rules.

    Args:
        columns: decides.
        tallies: takes what is decided.
        out: takes every answer, if somebody wants them.
        progress: is told how many records are decided.
    """

    columns: "Columns"
    tallies: "Tallies"
    out: "Answers | None"
    progress: Callable[[int], None]
    agreeing: Agreeing = field(default_factory=Agreeing)

    def lines(self, files: Sequence[Path]) -> Iterator[tuple[str, str]]:
        """The records that are to be looked at one by one, with their places; all others are counted."""
        from execution.archive import ArchiveFault
        from execution.recorded import Recorded, groups

        done = 0
        try:
            for path in files:
                for group in groups(path):
                    yield from self._of(group, Recorded(group, self.columns))
                    done += group.table.num_rows
                    self.progress(done)
        except ArchiveFault as fault:
            fail(str(fault), "name a file that `hedgerow archive` wrote")

    def lines_elsewhere(self, files: Sequence[Path], place: "Place") -> Iterator[tuple[str, str]]:
        """The same where somebody else judges all rows of which floats are certain."""
        from execution.elsewhere import Elsewhere
        from execution.recorded import Group, Recorded

        archives = Elsewhere(place, self.columns.screen, files)
        denied = self.columns.enforced | self.columns.stopped
        for count in self.tallies.add_counted(self.columns, archives.counts()):
            if count.allowed is not bool(count.said & denied):
                self.agreeing.records += count.rows
                self.agreeing.passed += count.rows * count.allowed
        done = self.agreeing.records
        for batches, judged in ((archives.doubtful(), False), (archives.different(denied), True)):
            for table in batches:
                group = Group(table, f"{place.dialect}", done + 1)
                rows = range(table.num_rows)
                yield from group.lines(rows) if judged else self._of(group, Recorded(group, self.columns))
                done += table.num_rows
                self.progress(done)

    def _of(self, group: "Group", recorded: "Recorded") -> Iterator[tuple[str, str]]:
        import numpy

        columns = self.columns
        said = columns.judge(recorded.batch)
        allowed, before = columns.allowed(said), recorded.allowed
        # Whoever asks about nobody asks about the account.
        orders = (
            recorded.codes(columns.screen.subject) != -1 if columns.screen.subject else numpy.full(len(allowed), True)
        )
        agreeing = orders & (allowed == before)
        self.agreeing.records += int(numpy.count_nonzero(agreeing))
        self.agreeing.passed += int(numpy.count_nonzero(agreeing & before))
        self.tallies.add(columns, recorded, said, orders)
        if self.out is not None:
            self.out.write(columns, recorded, said, orders)
        yield from group.lines(numpy.flatnonzero(~agreeing).tolist())


class Answers:
    """A Parquet file of answers: of each order its id, the answers before and after, and the gates that stop it.

    Args:
        path: the file, which takes its place when all of it is written.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow
        from pyarrow import parquet

        texts = {name: pyarrow.string() for name in ("id", "subject", "before", "after", "gates")}
        self._path, self._draft = path, path.with_name(f".{path.name}.new")
        self._schema = pyarrow.schema(texts)
        self._file = parquet.ParquetWriter(self._draft, self._schema, compression="zstd")

    def write(self, columns: "Columns", recorded: "Recorded", said: Any, orders: Any) -> None:
        """Answers of a group's orders."""
        import pyarrow

        table = recorded.group.table.filter(pyarrow.array(orders))
        found, places = columns.masks.kinds(said[:, orders])
        names = [",".join(self._gates(columns, bits)) for bits in found]
        answers = ["veto" if bits & (columns.enforced | columns.stopped) else "allow" for bits in found]
        gates, after = (pyarrow.array(of, "string").take(pyarrow.array(places)) for of in (names, answers))
        own = [table.column(name).cast("string") for name in ("id", "subject", "decision")]
        self._file.write_batch(pyarrow.RecordBatch.from_arrays([*own, after, gates], schema=self._schema))

    @staticmethod
    def _gates(columns: "Columns", bits: int) -> Iterator[str]:
        yield from (gate.id for gate in columns.engine.ruleset.gates if bits & (1 << gate.index))
        if bits & columns.stopped:
            yield str(columns.engine.ruleset.head.subject.unknown if columns.engine.ruleset.head.subject else "")

    def close(self, *, whole: bool) -> None:
        """Put the file in its place, or take it away."""
        self._file.close()
        if whole:
            self._draft.replace(self._path)
        else:
            self._draft.unlink()


@contextmanager
def answers_in(path: Path | None) -> "Iterator[Answers | None]":
    """Where answers are written; nothing is left of a file that could not be finished."""
    if path is None:
        yield None
        return
    try:
        answers = Answers(path)
    except OSError as error:
        fail(f"{path} can't be written: {error.strerror or error}", None, BAD_ENVIRONMENT)
    whole = False
    try:
        yield answers
        whole = True
    finally:
        answers.close(whole=whole)


def place_for(name: str) -> "Place | None":
    """Where archives are judged; None: here, in columns. One that is not there ends the command."""
    if name == HERE:
        return None
    from execution.elsewhere import place_of

    try:
        return place_of(name)
    except ValueError as fault:
        fail(str(fault), "leave --on out to decide in this process")
    except ImportError as error:
        extra = "columns" if name == "duckdb" else "scale"
        fail(f"{name} needs `{error.name}`, which is not installed", f"pip install -e '.[{extra}]'", BAD_ENVIRONMENT)
    except Exception as error:
        needs = None if name == "duckdb" else "Spark needs Java 17 or newer; see docs/scale.md"
        fail(f"{name} does not start: {error}", needs, BAD_ENVIRONMENT)


def columns_for(ruleset: "RuleSet", files: Sequence[Path], *, few: bool) -> "Columns":
    """What decides archives in columns.

    Args:
        ruleset: the rules.
        files: the archives.
        few: only few of their records are to be decided here.
    """
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        fail(f"columns need `{'`, `'.join(missing)}`, not installed", "pip install -e '.[columns]'", BAD_ENVIRONMENT)
    from engine import Engine
    from engine.columns import Columns, as_it_is, machine_code
    from execution.archive import ArchiveFault
    from execution.recorded import count

    try:
        records = count(files)
    except ArchiveFault as fault:
        fail(str(fault), "name a file that `hedgerow archive` wrote")
    return Columns(Engine(ruleset), as_it_is if few or records <= FEW else machine_code)


def shown(tallies: "Tallies") -> Iterator[str]:
    """What was decided, counted, for people."""
    yield f"by these rules {tallies.stopped:,} of {tallies.intents:,} orders are stopped"
    if tallies.gates:
        yield "  by gate"
        yield from (f"    {gate:<28} {count:>12,}" for gate, count in tallies.gates.most_common())
    for title, counts in (("symbol", tallies.symbols), ("strategy", tallies.strategies), ("day", tallies.days)):
        if counts:
            yield f"  by {title}"
            yield from (f"    {name:<28} {held:>12,} of {all_:,}" for name, (all_, held) in sorted(counts.items()))

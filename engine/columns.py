"""Deciding on many rows at once: columns of facts in, a bit for each gate that stops a row out.

What floats can't be certain of, what is missing where a gate asks for it, and what nobody declared, is decided row by
row by the engine, so that each row is judged as if it had been asked about alone. Numbers given as floats mean the
shortest decimals that read as them, which is what was written as long as that had at most 15 digits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.backends.entries import INVALID, MISSING
from engine.backends.fused import Compiler, Fused
from engine.backends.screen import Screen
from engine.desk import Desk, Record, Verdict
from engine.engine import Engine
from engine.facts import FactsFault

Array = Any


def machine_code(loop: Callable[..., Any], arguments: Sequence[str]) -> Callable[..., Any]:
    """A loop compiled by numba, which then runs without Python's lock.

    Args:
        loop: the function.
        arguments: of each what it is: `float64[]` for a column of such numbers, with another `[]` for a
            table of them; `out ` before one that is written to.
    """
    from numba import njit, types
    from numba.core.compiler import Compiler as Pipeline

    class Unaliased(Pipeline):  # type: ignore[misc, unused-ignore]
        """No column shares memory with what is written; not knowing that, a compiler takes one row after another."""

        def define_pipelines(self) -> Any:
            self.state.flags.noalias = True
            return super().define_pipelines()  # type: ignore[no-untyped-call, unused-ignore]

    def typed(name: str) -> Any:
        kind, *dimensions = name.split("[]")
        writable = kind.startswith("out ")
        of = getattr(types, kind.removeprefix("out "))
        return types.Array(of, len(dimensions), "C", readonly=not writable) if dimensions else of

    compiled: Callable[..., Any] = njit(tuple(map(typed, arguments)), nogil=True, pipeline_class=Unaliased)(loop)
    return compiled


def as_it_is(loop: Callable[..., Any], arguments: Sequence[str]) -> Callable[..., Any]:
    """The loop as Python runs it: for rows so few that making machine code would take longer than they do."""

    def run(*given: Any) -> Any:
        import numpy

        with numpy.errstate(all="ignore"):
            return loop(*given)

    return run


@dataclass(frozen=True, slots=True)
class Column:
    """A fact in many rows.

    Args:
        values: floats for numbers, NaN where missing; codes for words and truth values.
        given: what a row was given, None where it is missing.
        short: no number has more digits than floats tell apart.
    """

    values: Array
    given: Callable[[int], Any]
    short: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """Facts in columns by their names, all of one length.

    Args:
        size: how many rows.
        columns: what is not here is missing in every row.
        odd: rows that floats may not judge, for something in them is of another kind than its fact, or undeclared.
        document: all that such a row was given, nested; None: what its columns hold.
        long: rows that floats may not judge, for a number in them has too many digits; their columns hold all of them.
    """

    size: int
    columns: Mapping[str, Column]
    odd: Sequence[int] = ()
    document: Callable[[int], Mapping[str, Any]] | None = None
    long: Sequence[int] = ()


class Columns:
    """Decides on batches by the rules of an engine.

    `masks` know the bits that say what stops a row; `stopped` is that of a row that no gate stops and that is not
    allowed all the same, as one of nobody.

    Args:
        engine: whose decisions they are.
        compiler: makes a fast function of the loop and the types that it takes; by default with numba, which must be
            installed.
    """

    def __init__(self, engine: Engine, compiler: Compiler = machine_code) -> None:
        self.engine, self.desk = engine, Desk(engine)
        self.screen = Screen(engine.ruleset, engine.reader.slots)
        self.fused = Fused(self.screen, compiler)
        self.masks = self.screen.masks
        self.stopped = self.masks.nobody
        self.nothing = self.desk.standing({})
        self._intakes: dict[tuple[str, ...], Callable[..., Record]] = {}
        self.enforced = sum(1 << gate.index for gate in engine.ruleset.gates if gate.enforced)

    def numbers(self, floats: Array) -> Column:
        """A column of floats, NaN where missing."""

        def given(row: int) -> Decimal | None:
            value = floats[row].item()
            return Decimal(repr(value)) if value == value else None

        return Column(floats, given)

    def words(self, fact: str, codes: Array, words: Sequence[str]) -> Column:
        """A column of words by their places in a list of them, -1 where missing."""
        import numpy

        own = self.screen.own_words(fact)
        told = [self.screen.known.codes[word] if word in own else INVALID for word in words]
        table = numpy.array([*told, MISSING], numpy.int32)
        return Column(table[codes], lambda row: words[codes[row]] if codes[row] >= 0 else None)

    def truths(self, values: Array) -> Column:
        """A column of truth values: of truths, or of 1, 0, and -1 where missing."""
        import numpy

        return Column(values.view(numpy.int8), lambda row: bool(values[row]) if values[row] >= 0 else None)

    def intake(self, *names: str) -> Callable[..., Record]:
        """What takes a row's facts in, one by one."""
        if names not in self._intakes:
            self._intakes[names] = self.desk.intake(*names)
        return self._intakes[names]

    def allowed(self, said: Array) -> Array:
        """Which rows are let through, by what is said of them."""
        return ~self.masks.having(said, self.enforced | self.stopped)

    def judge(self, batch: Batch) -> Array:
        """What stops each row, as bits by the places of gates, those in shadow among them; see `masks`, `stopped`."""
        judging = Judging(self, batch)
        judging.run(0, batch.size)
        return judging.said


class Judging:
    """A batch as it is judged, slice by slice, by several threads if they like.

    `said` is what is known of each row whose slice has been run, as arrays of `masks`; `exactly` counts those that
    floats could not judge.
    """

    def __init__(self, columns: Columns, batch: Batch) -> None:
        import numpy

        self._columns, self._batch = columns, batch
        self.said = numpy.empty((columns.masks.numbers, batch.size), columns.masks.dtype)
        self.exactly = 0
        screen = columns.screen
        self._arrays = {name: self._array(name) for name in columns.fused.facts}
        self._shorts = {n: n not in batch.columns or batch.columns[n].short for n in screen.shorts}
        self._odd = frozenset(batch.odd)
        self._apart = numpy.array(sorted({*batch.odd, *batch.long}), numpy.int64)
        self._take = columns.intake(*batch.columns)

    def _array(self, fact: str) -> Array:
        import numpy

        column = self._batch.columns.get(fact)
        if column is not None:
            return column.values
        if fact in self._columns.screen.numbers:
            return numpy.full(self._batch.size, numpy.nan)
        return numpy.full(self._batch.size, MISSING, numpy.int8 if fact in self._columns.screen.truths else numpy.int32)

    def run(self, start: int, stop: int) -> None:
        """Judge the rows from start to stop."""
        import numpy

        unsure = self._columns.fused.run(self._arrays, self._shorts, start, stop, self.said)
        if len(self._apart):
            apart = self._apart[(self._apart >= start) & (self._apart < stop)]
            unsure = numpy.union1d(unsure, apart)
        for row in unsure.tolist():
            self.said[:, row] = self._columns.masks.parts(self.bits(row))
        self.exactly += len(unsure)

    def bits(self, row: int) -> int:
        """What stops a row, by exact numbers."""
        verdict = self.verdict(row)
        if verdict is None:
            return self._columns.stopped
        bits = sum(1 << place for place in verdict.stopping)
        return bits if bits or verdict.allowed else self._columns.stopped

    def verdict(self, row: int) -> Verdict | None:
        """What the engine says of a row, with every observed number and bound exactly; None of facts that nobody
        declared, which it refuses to read.
        """
        document = self._batch.document
        if document is not None and row in self._odd:
            try:
                return self._columns.intake()(self._columns.desk.standing(document(row))).decide()
            except FactsFault:
                return None
        given = [column.given(row) for column in self._batch.columns.values()]
        return self._take(self._columns.nothing, *given).decide()


__all__ = ["Batch", "Column", "Columns", "Judging", "as_it_is", "machine_code"]

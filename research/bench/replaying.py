"""Replaying years of decisions: archives synthesised in chunks, and what a pass over them takes in time and memory."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy

from engine import Engine
from execution.archive import write
from research.bench.commands import ROOT
from research.bench.page import Row
from research.intents import stream
from universe.reader import load

UNIVERSE: Final = ROOT / "universe/universe.json"
BASE: Final = 10_000  # different decisions, drawn from again and again
CHUNK: Final = 100_000
ROWS: Final = 500_000
GOAL: Final = 50_000_000_000  # bytes of log that are to be replayed
SPARK_ROWS: Final = 50_000
# A process begins with the memory of the one that begets it, as far as the system counts: a small one does.
_MEASURED: Final = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_maxrss // 1024)
"""


def measured(rows: int = ROWS, spark_rows: int = SPARK_ROWS) -> Iterator[Row]:
    """Passes over so many records and twice as many; what 50 GB would take, by what each record more costs."""
    with tempfile.TemporaryDirectory() as folder:
        size = _base(Path(folder))
        once, twice, small = (_archive(Path(folder), n) for n in (rows, 2 * rows, spark_rows))
        first, second = _pass(once), _pass(twice)
        each = (second[0] - first[0]) / rows
        for count, (seconds, memory) in ((rows, first), (2 * rows, second)):
            what = f"`replay`, columns, {count:,} records ({count * size / 1e9:.1f} GB of log), {memory} MB"
            yield Row(what, f"{count / seconds:,.0f} /s", seconds / first[0], "1,000 MB; 2.00" if count > rows else "")
        whole = first[0] + each * (GOAL / size - rows)
        yield Row(f"50 GB of log, {GOAL / size:,.0f} records, extrapolated", f"{whole:,.0f} s", whole / first[0])
        for place, of in (("duckdb", once), ("spark", small)):
            seconds, memory = _pass(of, "--on", place)
            count = rows if of is once else spark_rows
            what = f"`replay --on {place}`, {count:,} records, two cores, {memory} MB in Python"
            yield Row(what, f"{count / seconds:,.0f} /s", seconds / count / (first[0] / rows))


def _base(folder: Path) -> int:
    """Write the decisions that archives are drawn from; the bytes that a line of log takes."""
    universe = load(UNIVERSE)
    engine = Engine(universe.ruleset)
    lines = [engine.decide(facts).to_json() for facts in stream(universe, BASE, 7)]
    write(lambda: iter(lines), folder / "base.parquet")
    return sum(len(line) + 1 for line in lines) // len(lines)


def _archive(folder: Path, rows: int) -> Path:
    from pyarrow import parquet

    base, path, dice = (
        parquet.read_table(folder / "base.parquet"),
        folder / f"{rows}.parquet",
        numpy.random.default_rng(1),
    )
    with parquet.ParquetWriter(path, base.schema, compression="zstd") as file:
        for start in range(0, rows, CHUNK):
            drawn = dice.integers(0, base.num_rows, min(CHUNK, rows - start))
            file.write_table(base.take(drawn), row_group_size=CHUNK)
    return path


def _pass(archive: Path, *arguments: str) -> tuple[float, int]:
    """Seconds and megabytes of a replay by the shipped rules."""
    command: list[Any] = [sys.executable, "-m", "cli.main", "replay", archive, "--rules", UNIVERSE, *arguments]
    start = perf_counter()
    told = subprocess.run(
        [sys.executable, "-c", _MEASURED, *map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    seconds, (code, memory) = perf_counter() - start, map(int, told.stdout.split())
    if code:
        raise RuntimeError(f"replay of {archive.name} {' '.join(arguments)} ended with {code}")
    return seconds, memory

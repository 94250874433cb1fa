"""How long whole commands take, and decisions by the shipped rules; each against a base of the same run.

Whole commands are timed from outside, the median of several runs; the ratio is to a bare `python -c pass`.
Rates of `decide` are over a file of intents that are all different; the ratio is to reading and writing the
same lines as JSON and nothing else.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeVar

from engine import Engine
from research.bench.page import Row
from research.intents import stream
from universe.reader import load

T = TypeVar("T")

ROOT: Final = Path(__file__).parents[2]
COMMAND: Final = [str(Path(sys.executable).parent / "hedgerow"), "--root", str(ROOT)]
INTENTS: Final = 20_000
RUNS: Final = 7

LARGEST: Final = "a vetoed intent, with reasons and `max_quantity`"
TARGETS: Final = {LARGEST: "5.00"}


def wall(command: list[str], stdin: Path | None = None, runs: int = RUNS) -> float:
    """Median wall seconds of a command."""
    times = []
    for _ in range(runs):
        with (stdin or Path("/dev/null")).open("rb") as given:
            start = perf_counter()
            subprocess.run(command, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            times.append(perf_counter() - start)
    return statistics.median(times)


def _each(things: Sequence[T], action: Callable[[T], object]) -> float:
    """Least seconds that an action takes for one of these things, of five runs over all of them."""
    return min(_spent(things, action) for _ in range(5)) / len(things)


def _spent(things: Sequence[T], action: Callable[[T], object]) -> float:
    start = perf_counter()
    for thing in things:
        action(thing)
    return perf_counter() - start


def measured() -> tuple[list[Row], list[Row], list[Row]]:
    """Starts, rates of `decide`, and single decisions by the shipped rules."""
    universe = load(ROOT / "universe/universe.json")
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder) / "many.jsonl", Path(folder) / "one.json"
        lines = [json.dumps(facts) for facts in stream(universe, INTENTS, 7)]
        many.write_text("\n".join(lines) + "\n")
        one.write_text(lines[0])
        return _starts(one), _rates(many, lines), _in_process(lines)


def _starts(one: Path) -> list[Row]:
    bare = wall([sys.executable, "-c", "pass"])
    asked = (
        ("`hedgerow --help`", [*COMMAND, "--help"], "100 ms"),
        ("`hedgerow decide`, one intent, cold", [*COMMAND, "decide", str(one)], "400 ms"),
        ("`hedgerow check`, all gates and all scenarios", [*COMMAND, "check"], ""),
        ("`hedgerow universe --check`, the compile", [*COMMAND, "universe", "--check"], "1 s"),
    )
    rows = [Row("a bare Python", f"{bare * 1000:.0f} ms", 1)]
    for what, command, target in asked:
        seconds = wall(command)
        rows.append(Row(what, f"{seconds * 1000:.0f} ms", seconds / bare, target))
    return rows


def _rates(many: Path, lines: list[str]) -> list[Row]:
    start = perf_counter()
    for line in lines:
        json.dumps(json.loads(line))
    plain = perf_counter() - start
    rows = [Row(f"JSON in and out, {INTENTS} intents", f"{INTENTS / plain:,.0f} /s", 1)]
    for jobs, target in ((1, ""), (2, "20,000 /s")):
        seconds = wall([*COMMAND, "decide", "--jobs", str(jobs), str(many)], runs=3)
        what = f"`hedgerow decide`, {INTENTS} intents, {jobs} process{'es' if jobs > 1 else ''}"
        rows.append(Row(what, f"{INTENTS / seconds:,.0f} /s", seconds / plain, target))
    return rows


def _in_process(lines: list[str]) -> list[Row]:
    ruleset = load(ROOT / "universe/universe.json").ruleset
    fast, slow = Engine(ruleset), Engine(ruleset, "interpreter")
    snapshots = [fast.reader.read_json(line) for line in lines[:2000]]
    allowed = [s for s in snapshots if fast.decide_snapshot(s).allowed]
    vetoed = [s for s in snapshots if not fast.decide_snapshot(s).allowed]
    given = [_from_code(json.loads(line)) for line in lines[:500]]
    base = _each(allowed, fast.decide_snapshot)
    found = [
        ("an allowed intent, facts read", base),
        (LARGEST, _each(vetoed, fast.decide_snapshot)),
        ("an allowed intent, interpreter", _each(allowed[:200], slow.decide_snapshot)),
        ("facts read from a line", _each(lines[:2000], fast.reader.read_json)),
        ("facts read from code, numbers as `Decimal`", _each(given, fast.reader.read)),
    ]
    for table in ruleset.tables:
        known = [s for s in snapshots if fast.answer(table, s).row is not None]
        if known:
            found.append((f"an answer of the table `{table}`", _each(known, partial(fast.answer, table))))
    return [Row(what, f"{seconds * 1e6:.1f} µs", seconds / base, TARGETS.get(what, "")) for what, seconds in found]


def _from_code(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Facts as code gathers them: numbers are no texts."""
    return {g: {n: Decimal(v) if _is_number(v) else v for n, v in of.items()} for g, of in facts.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit()

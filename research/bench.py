"""`make bench`: how long decisions, compiles and starts take, as one table with ratios from a single run.

Whole commands are timed from outside, the median of several runs; the ratio is to a bare `python -c pass`.
Rates of `decide` are over a file of intents that are all different; the ratio is to reading and writing the
same lines as JSON and nothing else.
"""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from engine import Engine
from research.intents import stream
from universe.reader import load

ROOT: Final = Path(__file__).parents[1]
COMMAND: Final = [str(Path(sys.executable).parent / "hedgerow"), "--root", str(ROOT)]
INTENTS: Final = 20_000
RUNS: Final = 7
PAGE: Final = ROOT / "docs/benchmarks.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what, how much, and how many times the row's base."""

    what: str
    figure: str
    ratio: str
    target: str = ""


def wall(command: list[str], stdin: Path | None = None, runs: int = RUNS) -> float:
    """Median wall seconds of a command."""
    times = []
    for _ in range(runs):
        with (stdin or Path("/dev/null")).open("rb") as given:
            start = perf_counter()
            subprocess.run(command, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            times.append(perf_counter() - start)
    return statistics.median(times)


def each(count: int, action: Callable[[], object]) -> float:
    """Least seconds for one of `count` things that an action does, of five runs."""
    best = min(_spent(action) for _ in range(5))
    return best / count


def _spent(action: Callable[[], object]) -> float:
    start = perf_counter()
    action()
    return perf_counter() - start


def measure() -> list[Row]:
    """Every figure, in one run."""
    universe = load(ROOT / "universe/universe.json")
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder) / "many.jsonl", Path(folder) / "one.json"
        lines = [json.dumps(facts) for facts in stream(universe, INTENTS, 7)]
        many.write_text("\n".join(lines) + "\n")
        one.write_text(lines[0])
        return [*_starts(one), *_rates(many, lines), *_in_process(lines)]


def _starts(one: Path) -> list[Row]:
    bare = wall([sys.executable, "-c", "pass"])
    asked = (
        ("`hedgerow --help`", [*COMMAND, "--help"], "100 ms"),
        ("`hedgerow decide`, one intent, cold", [*COMMAND, "decide", str(one)], "400 ms"),
        ("`hedgerow check`, 13 symbols, 35 gates, all scenarios", [*COMMAND, "check"], ""),
        ("`hedgerow universe --check`, the compile", [*COMMAND, "universe", "--check"], "1 s"),
    )
    rows = [Row("a bare Python", f"{bare * 1000:.0f} ms", "1")]
    for what, command, target in asked:
        seconds = wall(command)
        rows.append(Row(what, f"{seconds * 1000:.0f} ms", f"{seconds / bare:.1f}", target))
    return rows


def _rates(many: Path, lines: list[str]) -> list[Row]:
    start = perf_counter()
    for line in lines:
        json.dumps(json.loads(line))
    plain = perf_counter() - start
    rows = [Row(f"JSON in and out, {INTENTS} intents", f"{INTENTS / plain:,.0f} /s", "1")]
    for jobs, target in ((1, ""), (2, "20,000 /s")):
        seconds = wall([*COMMAND, "decide", "--jobs", str(jobs), str(many)], runs=3)
        what = f"`hedgerow decide`, {INTENTS} intents, {jobs} process{'es' if jobs > 1 else ''}"
        rows.append(Row(what, f"{INTENTS / seconds:,.0f} /s", f"{seconds / plain:.1f}", target))
    return rows


def _in_process(lines: list[str]) -> list[Row]:
    ruleset = load(ROOT / "universe/universe.json").ruleset
    fast, slow = Engine(ruleset), Engine(ruleset, "interpreter")
    snapshots = [fast.reader.read(json.loads(line)) for line in lines[:2000]]
    allowed = [s for s in snapshots if fast.decide_snapshot(s).allowed]
    vetoed = [s for s in snapshots if not fast.decide_snapshot(s).allowed]
    base = each(len(allowed), lambda: [fast.decide_snapshot(s) for s in allowed])
    found = (
        ("an allowed intent, facts read", base),
        (
            "a vetoed intent, with reasons and `max_quantity`",
            each(len(vetoed), lambda: [fast.decide_snapshot(s) for s in vetoed]),
        ),
        ("an allowed intent, interpreter", each(200, lambda: [slow.decide_snapshot(s) for s in allowed[:200]])),
    )
    return [Row(what, f"{seconds * 1e6:.1f} µs", f"{seconds / base:.1f}") for what, seconds in found]


def page(rows: list[Row]) -> str:
    """The figures as a Markdown page."""
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    table = "\n".join(f"| {r.what} | {r.figure} | {r.ratio} | {r.target} |" for r in rows)
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return (
        "# Benchmarks\n\n"
        "Written by `make bench WRITE=1`; figures of one run on one machine, to be compared with each other rather\n"
        f"than with yours. {machine}. The largest process took {memory:.0f} MB.\n\n"
        "| what | figure | × | target |\n|---|---|---|---|\n"
        f"{table}\n\n"
        "Starts are medians of whole commands, × a bare Python. Rates are over intents that are all different, a\n"
        "quarter of them vetoed; × reading and writing the same lines as JSON. The last three are the least time in\n"
        "one process, × an allowed intent.\n"
    )


def main() -> None:
    """Measure, print, and with --write keep the page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    text = page(measure())
    print(text)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

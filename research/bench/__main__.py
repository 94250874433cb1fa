"""`python -m research.bench`: measure, print, and keep page and figures if asked to."""

import argparse
from collections.abc import Iterator

from research.bench import columns, commands, compiling, deciding, lately, loaded, replaying, serving, unbuilt
from research.bench.deciding import TARGETS, UNCHANGED
from research.bench.page import Row, Section, page, write
from research.bench.timing import Timed


def sections() -> Iterator[Section]:
    """Every figure, in one run."""
    gate = deciding.Gate()
    yield Section(
        "One decision, fifteen rules",
        "The gate of `research/bench/gate.yaml` on 2,000 orders of which a third is vetoed. All take turns in short\n"
        "slices; × is to the same rules by hand (`research/bench/chain.py`), the median of rounds.",
        [
            *[_timed(what, t, TARGETS[what]) for what, t in gate.timed().items()],
            _timed("records made before, where no C was built", unbuilt.timed(), "0.80"),
        ],
    )
    yield Section(
        "Orders that pass, while the account stays as it is",
        "One account, whose facts and those of each symbol stand for long; × is to the same orders by hand.",
        [_timed(what, t, UNCHANGED[what]) for what, t in gate.timed_unchanged().items()],
    )
    yield Section(
        "Engines of others",
        "Those that are installed (`pip install -e '.[peers]'`), on facts that were laid out for each beforehand.\n"
        "They say which rules are violated, and nothing of numbers; wrong is otherwise than by fractions. A fifth of\n"
        "what the fastest of them takes is asked of ours.",
        [
            _timed(what, t, "") if isinstance(t, Timed) else Row(f"{what}: {t}", "–", 0)
            for what, t in gate.timed_peers().items()
        ],
    )
    yield Section(
        "Decided otherwise than by fractions",
        "× is to the floats by hand; the rest is no matter of speed.",
        [
            Row(f"{w.what}, {w.cases}: {who}", f"{wrong} wrong", wrong / max(w.by_hand, 1), target)
            for w in deciding.all_wrong(gate)
            for who, wrong, target in (("floats by hand", w.by_hand, ""), ("a desk", w.by_desk, "0 wrong"))
        ],
    )
    yield Section(
        "Windows and breakers",
        f"{lately.SYMBOLS} symbols × {lately.STRATEGIES} strategies × {len(lately.KINDS)} kinds, all with events.\n"
        "× is to a count by hand; of memory, KB a window; of breakers, the share of a tick.",
        lately.measured(),
    )
    yield Section(
        "Compiling",
        "The shipped rules with more symbols; × is to the first, of memory to its target.",
        compiling.measured(),
    )
    yield Section(
        "Many symbols, a reload, threads",
        "Memory: × its target. Waits: × the longest, or the median, of one thread with nothing else going on.",
        loaded.measured(),
    )
    yield Section(
        "The log and the service",
        "One core each, on loopback, all of one account; single ones by an open-loop client; × one line of the log.",
        serving.measured(),
    )
    yield from _commands()
    yield from _many_at_once()


def _commands() -> Iterator[Section]:
    """What is decided by commands, a process for each."""
    starts, rates, single = commands.measured()
    yield Section("Commands", "Medians of whole commands; × a bare Python.", starts)
    yield Section(
        "`hedgerow decide` over a file",
        "Intents that are all different, a quarter of them vetoed; × reading and writing the same lines as JSON.",
        rates,
    )
    yield Section(
        "The shipped rules, one process", "The least time of five runs; × an allowed intent, facts read.", single
    )


def _many_at_once() -> Iterator[Section]:
    """What is decided in columns."""
    yield Section(
        "Many decisions at once, fifteen rules",
        "Facts in columns, one core; × is to the same loop by hand, in floats alone. 0.55 of its rate is × 1.82, and\n"
        "0.42 is × 2.38. What lies on a bound is decided by exact numbers; by hand and elsewhere it is not.",
        columns.measured(),
    )
    yield Section(
        "Replaying archives by other rules",
        "The shipped rules on archives of shipped decisions, whole commands; × is to the time of the first, for Spark\n"
        "and DuckDB of as many records. What 50 GB take is the first, and for each record more what the second took.",
        [*replaying.measured()],
    )


def _timed(what: str, timed: Timed, target: str) -> Row:
    return Row(what, f"{timed.seconds * 1e6:.2f} µs", timed.ratio, target, f"{timed.least:.2f}–{timed.most:.2f}")


def main() -> None:
    """Measure, print, and with --write keep the page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.json")
    arguments = parser.parse_args()
    found = list(sections())
    print(page(found))
    if arguments.write:
        write(found)


if __name__ == "__main__":
    main()

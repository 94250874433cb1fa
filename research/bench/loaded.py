"""What grows with the universe, and what decisions of several threads at once take.

Universes of any size are the gate of `gate.yaml` with as many symbols as are asked for, which have the caps of those
that it lists.
"""

import json
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any, Final

from engine import Engine, read
from engine.desk import Desk, Record
from execution.gate import RiskEngine
from execution.service.answers import Answers, ready
from execution.service.log import DecisionLog
from execution.service.reloading import giving_way
from generator.compile.files import Folder
from generator.compile.one_file import compile_one
from research.bench.deciding import whole
from research.bench.page import Row
from research.bench.timing import in_turns, undisturbed
from research.bench.workload import FORM, UNLISTED, cases
from universe.integrity import strict
from universe.reader import FILE, parse

ROOT: Final = Path(__file__).parents[2]
MANY: Final = 10_000
RELOADED: Final = 500
THREADS: Final = (1, 2, 4)
DECISIONS: Final = 100_000
FEW: Final = "a decision, 19 symbols loaded"
LOADED: Final = "the same, 10,000 symbols loaded"


def document(count: int) -> dict[str, Any]:
    """The compiled gate with so many symbols."""
    made = compile_one(Folder(ROOT), FORM, today=date(2026, 1, 1)).document
    listed = made["symbols"]
    more = islice(cycle(listed.values()), max(count - len(listed), 0))
    return {**made, "symbols": {**listed, **{f"N{number}USDT": entry for number, entry in enumerate(more)}}}


def measured() -> list[Row]:
    """Decision times and memory by the size of the universe, the pause of a reload, waits by threads."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        rows = alone.submit(_many).result()
    return [*rows, *_reload(), *_threads()]


def _many() -> list[Row]:
    """In a process of its own, since memory is of the process."""
    found = [case for case in cases() if case.order["symbol"] != UNLISTED]
    few, loaded = (whole(Desk(Engine(read(document(count)))), found) for count in (19, MANY))
    timed = in_turns(FEW, {FEW: (_decided, few), LOADED: (_decided, loaded)})
    rows = [
        Row(what, f"{t.seconds * 1e6:.2f} µs", t.ratio, target, f"{t.least:.2f}–{t.most:.2f}")
        for (what, t), target in zip(timed.items(), ("", "0.90–1.10"), strict=True)
    ]
    memory = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return [*rows, Row("memory of the process that holds both", f"{memory:.0f} MB", memory / 500, "500 MB")]


def _decided(record: Record) -> object:
    return record.decide().allowed


def _reload() -> list[Row]:
    """How long decisions wait while another thread reads a universe and makes it ready, and while it takes over."""
    found = whole(Desk(Engine(read(document(19)))), cases(200))
    text, shipped = json.dumps(document(RELOADED)), (ROOT / FILE).read_text(encoding="utf-8")
    made: list[RiskEngine] = []
    with undisturbed() as alone:
        before = _waits(found, None)
        with giving_way():
            during = _waits(found, lambda: Desk(Engine(read(strict(text)))))
            at_length = _waits(found, lambda: made.append(ready(parse(shipped))))
        swap = _adopting(made[0])
    said = "" if alone else " (other processes had the processor as well)"
    usual, most = before[-1], during[int(len(during) * 0.999)]
    rows = [
        (f"the longest wait for a decision, nothing else going on{said}", usual, ""),
        (f"the same, while {RELOADED} symbols of 15 rules are read in a thread", during[-1], "1 ms"),
        ("99.9 % of decisions meanwhile wait no longer than", most, ""),
        ("the longest, while the shipped rules are read, compiled and made ready in a thread", at_length[-1], ""),
        ("putting another universe in the place of the one that decides", swap, ""),
    ]
    return [Row(what, _millis(seconds), seconds / usual, target) for what, seconds, target in rows]


def _adopting(risk: RiskEngine) -> float:
    """Seconds that it takes an engine to take over: the longest of some."""
    with tempfile.TemporaryDirectory() as folder:
        answers, spent = Answers(risk, DecisionLog(Path(folder))), []
        for _ in range(100):
            start = perf_counter()
            answers.adopt(risk)
            spent.append(perf_counter() - start)
    return max(spent)


def _waits(found: Sequence[Record], meanwhile: Callable[[], object] | None) -> list[float]:
    """Seconds of each decision, in order of length, for as long as something else goes on (or for so many)."""
    other = threading.Thread(target=meanwhile) if meanwhile is not None else None
    waits: list[float] = []
    if other is not None:
        other.start()
    for record in cycle(found):
        start = perf_counter()
        record.decide()
        waits.append(perf_counter() - start)
        if (other is None and len(waits) >= DECISIONS) or (other is not None and not other.is_alive()):
            break
    return sorted(waits)


def _threads() -> list[Row]:
    found = whole(Desk(Engine(read(document(19)))), cases(500))
    rows: list[Row] = []
    base = 0.0
    for count in THREADS:
        waits: list[float] = []
        at_once = [threading.Thread(target=partial(_timed, found, DECISIONS // count, waits)) for _ in range(count)]
        for thread in at_once:
            thread.start()
        for thread in at_once:
            thread.join()
        waits.sort()
        at = [waits[int(len(waits) * share)] for share in (0.5, 0.99, 0.999)]
        base = base or at[0]
        figure = " / ".join(f"{wait * 1e6:.1f}" for wait in at)
        rows.append(Row(f"p50 / p99 / p99.9 of a decision, {count} threads", f"{figure} µs", at[0] / base))
    return rows


def _timed(found: Sequence[Record], count: int, waits: list[float]) -> None:
    own = []
    for record in islice(cycle(found), count):
        start = perf_counter()
        record.decide()
        own.append(perf_counter() - start)
    waits += own


def _millis(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"

"""Deciding on streams: intents in as JSON or JSONL, decisions out in the same order.

Lines are decided as they arrive, so that a program at the other end of a pipe gets its answer at once; a long
file is cut into batches for several processes.
"""

import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Final

from engine import Engine
from engine.explain import Refusal
from engine.facts import FactsFault, parse_json
from universe.reader import Universe

BATCH: Final = 500
CHUNK: Final = 1 << 16
LONG_FILE: Final = 4_000_000
MAX_LINE: Final = 1_000_000
Lines = list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """By which universe, by which backend, and about what."""

    universe: Universe
    backend: str
    scope: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The decisions of some lines as text, how they fell, and what was wrong with lines that could not be read."""

    text: str
    allowed: int
    denied: int
    complaints: tuple[str, ...] = ()


def answers(asked: Asked, file: IO[bytes], jobs: int | None) -> Iterator[Answer]:
    """The answers to all lines of a file, in order, as soon as each part of them is there."""
    if jobs is None:
        status = os.fstat(file.fileno()) if hasattr(file, "fileno") else None
        long = status is not None and stat.S_ISREG(status.st_mode) and status.st_size >= LONG_FILE
        jobs = len(os.sched_getaffinity(0)) if long else 1
    lines = _lines(file, as_they_come=jobs == 1)
    if jobs == 1:
        engine = Engine(asked.universe.ruleset, asked.backend)
        return (decide_lines(engine, asked.scope, batch) for batch in lines)
    return _in_processes(asked, _batches(chain.from_iterable(lines)), jobs)


def decide_lines(engine: Engine, scope: str, lines: Lines) -> Answer:
    """The answers to some numbered lines."""
    texts: list[str] = []
    complaints: list[str] = []
    allowed = 0
    for number, line in lines:
        try:
            if len(line) > MAX_LINE:
                raise ValueError(f"the line is longer than {MAX_LINE} bytes")
            snapshot = engine.reader.read(parse_json(line.decode()))
        except (ValueError, FactsFault) as fault:
            decision = engine.refusal(Refusal.INPUT_INVALID, str(fault))
            complaints.append(_complaint(number, fault))
        else:
            decision = engine.decide_snapshot(snapshot, scope)
            allowed += decision.allowed
        texts.append(decision.to_json())
    texts.append("")
    return Answer("\n".join(texts), allowed, len(lines) - allowed, tuple(complaints))


def _complaint(number: int, fault: Exception) -> str:
    column = fault.colno if isinstance(fault, json.JSONDecodeError) else 1
    help_text = getattr(fault, "help", None)
    return f"{number}:{column}: input-invalid {fault}" + (f"\nhelp: {help_text}" if help_text else "")


def _lines(file: IO[bytes], *, as_they_come: bool) -> Iterator[Lines]:
    """Numbered lines that aren't empty, in batches of what is there; one JSON document spread over lines becomes
    one.
    """
    first = file.readline()
    if first.lstrip()[:1] in (b"[", b"{") and not _complete(first):
        rest = file.read()
        whole = _documents(first + rest)
        yield whole if whole is not None else _numbered((first + rest).splitlines(), 1)
        return
    yield _numbered([first], 1)
    number, left = 2, b""
    read = getattr(file, "read1", file.read) if as_they_come else file.read
    while block := read(CHUNK):
        *done, left = (left + block).split(b"\n")
        if done:
            yield _numbered(done, number)
            number += len(done)
    yield _numbered([left], number)


def _numbered(lines: Iterable[bytes], start: int) -> Lines:
    return [(n, line) for n, line in enumerate(lines, start) if line.strip()]


def _complete(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _documents(text: bytes) -> Lines | None:
    """The intents of one JSON text, an object or an array of them; None where it is neither."""
    try:
        document = parse_json(text.decode())
    except ValueError:
        return None
    items = document if isinstance(document, list) else [document]
    return [(n, json.dumps(item).encode()) for n, item in enumerate(items, 1)]


def _batches(lines: Iterable[tuple[int, bytes]]) -> Iterator[Lines]:
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        yield batch


class _Worker:
    """What a process holds: its engine, made once."""

    engine: Engine
    scope: str


def _start(asked: Asked) -> None:
    _Worker.engine, _Worker.scope = Engine(asked.universe.ruleset, asked.backend), asked.scope


def _decide_batch(batch: Lines) -> Answer:
    return decide_lines(_Worker.engine, _Worker.scope, batch)


def _in_processes(asked: Asked, batches: Iterator[Lines], jobs: int) -> Iterator[Answer]:
    """Batches decided by several processes; never more under way than a few for each."""
    from collections import deque
    from concurrent.futures import Future, ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(asked,)) as pool:
        waiting: deque[Future[Answer]] = deque()
        for batch in batches:
            waiting.append(pool.submit(_decide_batch, batch))
            if len(waiting) >= 4 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

"""Deciding on streams: intents in as JSON or JSONL, decisions out in the same order.

Lines are decided as they arrive, so that a program at the other end of a pipe gets its answer at once; a long file is
cut into blocks of whole lines for several processes.
"""

import json
import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from engine import Engine
from engine.explain import Refusal
from engine.facts import FactsFault, parse_json
from universe.reader import Universe

CHUNK: Final = 1 << 16
LONG_CHUNK: Final = 1 << 19
LONG_FILE: Final = 4_000_000
MAX_LINE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """By which universe, by which backend, and about what."""

    universe: Universe
    backend: str
    scope: str


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of an input, and the number of the first."""

    first: int
    lines: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The decisions of a block as text, how they fell, and what was wrong with lines that could not be read."""

    text: bytes
    allowed: int
    denied: int
    complaints: tuple[str, ...] = ()


def answers(asked: Asked, file: IO[bytes], jobs: int | None) -> Iterator[Answer]:
    """The answers to all lines of a file, in order, as soon as each part of them is there."""
    jobs = jobs if jobs is not None else _jobs_for(file)
    if jobs > 1:
        return _in_processes(asked, _blocks(file, LONG_CHUNK), jobs)
    engine = Engine(asked.universe.ruleset, asked.backend)
    return (decide_block(engine, asked.scope, block) for block in _blocks(file, CHUNK))


def _jobs_for(file: IO[bytes]) -> int:
    """All cores for a long file; one process for anything that comes through a pipe."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return 1
    long = stat.S_ISREG(status.st_mode) and status.st_size >= LONG_FILE
    return len(os.sched_getaffinity(0)) if long and hasattr(os, "sched_getaffinity") else 1


def decide_block(engine: Engine, scope: str, block: Block) -> Answer:
    """The answers to a block of lines; empty lines have none."""
    texts: list[str] = []
    complaints: list[str] = []
    allowed = 0
    for number, line in enumerate(block.lines.split(b"\n"), block.first):
        if not line or line.isspace():
            continue
        try:
            if len(line) > MAX_LINE:
                raise ValueError(f"the line is longer than {MAX_LINE} bytes")
            snapshot = engine.reader.read_json(line.decode())
        except (ValueError, FactsFault) as fault:
            decision = engine.refusal(Refusal.INPUT_INVALID, str(fault))
            complaints.append(_complaint(number, fault))
        else:
            decision = engine.decide_snapshot(snapshot, scope)
            allowed += decision.allowed
        texts.append(decision.to_json())
    denied = len(texts) - allowed
    texts.append("")
    return Answer("\n".join(texts).encode(), allowed, denied, tuple(complaints))


def _complaint(number: int, fault: Exception) -> str:
    column = fault.colno if isinstance(fault, json.JSONDecodeError) else 1
    help_text = getattr(fault, "help", None)
    return f"{number}:{column}: input-invalid {_printable(fault)}" + (f"\nhelp: {help_text}" if help_text else "")


def _printable(fault: Exception) -> str:
    """A message on one line, whatever the names in the input are made of: none can move the cursor or forge a line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(fault))


def _blocks(file: IO[bytes], size: int) -> Iterator[Block]:
    """Blocks of whole lines, each of what is there; a JSON text over many lines becomes a line for each intent,
    unless it is longer than a line may be.
    """
    first = file.readline()
    if len(first) <= MAX_LINE and first.lstrip()[:1] in (b"[", b"{") and not _complete(first):
        text = first + file.read(MAX_LINE + 1 - len(first))
        whole = text.replace(b"\n", b" ") if len(text) > MAX_LINE else _intents(text)
        yield Block(1, whole or text)
        return
    yield Block(1, first)
    number, left = 2, b""
    read = getattr(file, "read1", file.read)
    while chunk := read(size):
        end = chunk.rfind(b"\n") + 1
        if end:
            block = left + chunk[:end]
            yield Block(number, block)
            number += block.count(b"\n")
            left = b""
        left += chunk[end:]
    if left:
        yield Block(number, left)


def _complete(line: bytes) -> bool:
    """Whether a line is an intent of its own, rather than the beginning of one."""
    return line.lstrip()[:1] == b"{" and _is_json(line)


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _intents(text: bytes) -> bytes | None:
    """A line for each intent of one JSON text, an object or an array of them; None where it is neither.

    A text that is JSON and yet can't be read, for a key that stands twice, stays one line: it has one answer.
    """
    try:
        document = parse_json(text.decode())
    except ValueError:
        return text.replace(b"\n", b" ") if _is_json(text) else None
    intents = document if isinstance(document, list) else [document]
    return b"\n".join(json.dumps(intent).encode() for intent in intents)


class _Worker:
    """What a process holds: its engine, made once."""

    engine: Engine
    scope: str


def _start(asked: Asked) -> None:
    _Worker.engine, _Worker.scope = Engine(asked.universe.ruleset, asked.backend), asked.scope


def _decide(block: Block) -> Answer:
    return decide_block(_Worker.engine, _Worker.scope, block)


def _in_processes(asked: Asked, blocks: Iterator[Block], jobs: int) -> Iterator[Answer]:
    """Blocks decided by several processes; never more under way than a few for each."""
    from concurrent.futures import Future, ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(asked,)) as pool:
        waiting: deque[Future[Answer]] = deque()
        for block in blocks:
            waiting.append(pool.submit(_decide, block))
            if len(waiting) >= 4 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

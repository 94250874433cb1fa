"""The service as executors meet it: `hedgerow serve` in a process of its own, asked over loopback, its log on.

Single decisions are asked for by an open-loop client: each request is due at its time, whether or not those before it
were answered, and how long it took is counted from then. So a service that falls behind can't hide it.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

from engine import Engine
from execution.service.answers import Answers, ready
from execution.service.log import DecisionLog
from execution.service.requests import batch_of
from execution.service.sharing import Layer
from research.bench.page import Row
from research.intents import stream
from universe import Universe
from universe.quiet import quiet_facts
from universe.reader import load

ROOT: Final = Path(__file__).parents[2]
RATE: Final = 2_000  # requests a second
SECONDS: Final = 4
CONNECTIONS: Final = 16
ITEMS: Final = 1_000
BATCHES: Final = 10
NAV: Final = Decimal(250_000)
# The groups of facts that an order brings itself; those about its symbol; all others are the account's.
OF_ORDER: Final = frozenset({"order", "own", "recent", "risk"})
OF_SYMBOL: Final = frozenset({"mark", "book", "bracket", "market", "position", "working"})
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT")


def measured() -> list[Row]:
    """What the service answers, and what its log takes."""
    universe = load(ROOT / "universe/universe.json")
    batch = _batch(universe)
    with tempfile.TemporaryDirectory() as folder:
        logged, decided = _log(universe, Path(folder)), _decided(universe, batch, Path(folder))
        with _served(Path(folder)) as port:
            over_http = asyncio.run(_batches(port, batch.encode()))
            bodies = [json.dumps(facts).encode() for facts in stream(universe, 500, 7)]
            waits = sorted(asyncio.run(_open_loop(port, bodies)))
    base = 1 / logged
    found = [
        ("lines written to the log, facts in two versions and the order's own", logged, ""),
        ("decided and logged, in batches of 1,000 orders that bring their own facts", decided, "150,000 /s"),
        ("the same over HTTP", over_http, "60,000 /s"),
    ]
    rows = [Row(what, f"{rate:,.0f} /s", 1 / rate / base, target) for what, rate, target in found]
    for share, target in ((0.5, ""), (0.99, "3 ms"), (0.999, "")):
        wait = waits[min(int(len(waits) * share), len(waits) - 1)]
        what = f"single decisions over HTTP, {RATE:,} a second: p{share * 100:g}"
        rows.append(Row(what, f"{wait * 1000:.2f} ms", wait / base, target))
    return rows


def _split(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The facts of the account, of the symbol, and of the order."""
    own = {name: of for name, of in facts.items() if name in OF_ORDER}
    symbol = {name: of for name, of in facts.items() if name in OF_SYMBOL}
    return {name: of for name, of in facts.items() if name not in OF_ORDER | OF_SYMBOL}, symbol, own


def _order(universe: Universe, number: int) -> dict[str, Any]:
    """A small buy on a quiet account."""
    symbol = SYMBOLS[number % 2]
    facts = quiet_facts(universe, symbol, NAV)
    smallest = Decimal("0.02") if symbol == "BTCUSDT" else Decimal("0.5")
    facts["order"]["quantity"] = str(smallest + Decimal(number % 20) / 1000)
    return facts


def _batch(universe: Universe) -> str:
    subjects, items, shared = {}, [], dict[str, Any]()
    for number in range(ITEMS):
        shared, symbol, own = _split(_order(universe, number))
        subjects[own["order"]["symbol"]] = symbol
        items.append(own)
    return json.dumps({"shared": shared, "subjects": subjects, "items": items})


def _log(universe: Universe, folder: Path) -> float:
    """Lines a second of one processor."""
    engine, log = Engine(universe.ruleset), DecisionLog(folder / "lines")
    account, symbol, own = _split(_order(universe, 0))
    read = Layer(engine, symbol, Layer(engine, account)).read(own)
    logged = engine.decide_snapshot(read.snapshot).told(read.layers, read.own)
    before = process_time()
    for _ in range(50_000):
        log.write([logged])
    log.close()
    return 50_000 / (process_time() - before)


def _decided(universe: Universe, batch: str, folder: Path) -> float:
    """Decisions a second of one processor, the least of several batches."""
    answers, spent = Answers(ready(universe), DecisionLog(folder / "decided")), []
    for _ in range(BATCHES):
        before = process_time()
        allowed = [answer.allowed for part in answers.batch(batch_of(batch)) for answer in part]
        spent.append(process_time() - before)
        assert all(allowed)
    return ITEMS / min(spent)


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    """The port of a running service."""
    command = [sys.executable, "-m", "cli.main", "--root", str(ROOT), "serve", "--port", "0", "--log", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().strip().rpartition(":")[2])
        finally:
            process.terminate()


class _Connection:
    """A connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, path: str, body: bytes) -> bytes:
        """The body of the answer."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(answer.decode())
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return await self._reader.readexactly(int(length.partition(b":")[2]))


async def _connected(port: int) -> _Connection:
    return _Connection(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 24))


async def _batches(port: int, body: bytes) -> float:
    """Decisions a second, one batch after another."""
    connection, spent = await _connected(port), []
    for _ in range(BATCHES):
        before = perf_counter()
        answer = await connection.ask("/v1/decide/batch", body)
        spent.append(perf_counter() - before)
        assert answer.count(b'"decision":"allow"') == ITEMS
    return ITEMS / min(spent)


async def _open_loop(port: int, bodies: Sequence[bytes]) -> list[float]:
    """Seconds from when each request was due to its answer, without the first second, in which all is warmed up."""
    waits: list[float] = []
    due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

    async def worker() -> None:
        connection = await _connected(port)
        while (asked := await due.get()) is not None:
            await connection.ask("/v1/decide", asked[1])
            waits.append(perf_counter() - asked[0])

    workers = [asyncio.create_task(worker()) for _ in range(CONNECTIONS)]
    began = perf_counter()
    for number in range(RATE * SECONDS):
        at = began + number / RATE
        if (ahead := at - perf_counter()) > 0:
            await asyncio.sleep(ahead)
        due.put_nowait((at, bodies[number % len(bodies)]))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    return waits[RATE:]

"""A running `hedgerow serve`, and a client that asks it over loopback.

Single decisions are asked for by an open-loop client: each request is due at its time, whether or not those before it
were answered, and how long it took is counted from then. So a service that falls behind can't hide it.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

ROOT: Final = Path(__file__).parents[2]
RATE: Final = 2_000  # requests a second
SECONDS: Final = 4
CONNECTIONS: Final = 16


@contextmanager
def served(universe: Path, folder: Path) -> Iterator[int]:
    """The port of a running service by the universe in a file, with its log in a folder."""
    command = [sys.executable, "-m", "cli.main", "--root", str(ROOT), "serve", "--port", "0", "--log", str(folder)]
    command += ["--universe", str(universe)]
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


async def batches(port: int, body: bytes, times: int) -> list[float]:
    """Seconds of each of so many batches, one after another."""
    connection, spent = await _connected(port), []
    for _ in range(times):
        before = perf_counter()
        await connection.ask("/v1/decide/batch", body)
        spent.append(perf_counter() - before)
    return spent


async def open_loop(port: int, bodies: Sequence[bytes]) -> list[float]:
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

"""A service from its first request to its last: listening, reloading, and a stop that leaves nothing unanswered."""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from execution.service.app import Service, State
from execution.service.log import DecisionLog
from execution.service.reloading import Reloading

GRACE: Final = 5  # seconds in which requests that are under way end
FLUSHES: Final = 5  # a second


@dataclass(frozen=True, slots=True)
class Place:
    """Where it listens: at an address of this machine, or at a Unix socket that its owner alone can open."""

    host: str = ""
    port: int = 0
    socket: Path | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service consists of."""

    service: Service
    state: State
    log: DecisionLog
    reloading: Reloading


async def serve(
    parts: Parts, place: Place, every: float, stopped: Callable[[], Awaitable[object]], listening: Callable[[str], None]
) -> None:
    """Answer until `stopped` comes; then end what is under way, and have the log on the disk.

    Args:
        parts: what it consists of.
        place: where it listens.
        every: seconds between two looks at the universe's file.
        stopped: waits until it is asked to stop.
        listening: told the address, once it can be asked.

    Raises:
        OSError: it can't listen there, or the last decisions can't be logged.
    """
    runner = web.AppRunner(parts.service.application(), access_log=None, shutdown_timeout=GRACE)
    await runner.setup()
    tasks: list[asyncio.Task[None]] = []
    try:
        listening(await _listen(runner, place))
        tasks = [asyncio.create_task(parts.reloading.watch(every)), asyncio.create_task(_flushing(parts))]
        await stopped()
    finally:
        parts.state.stopping = True
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await runner.cleanup()
        if place.socket is not None:
            place.socket.unlink(missing_ok=True)
        parts.log.close()


async def _listen(runner: web.AppRunner, place: Place) -> str:
    if place.socket is None:
        site = web.TCPSite(runner, place.host, place.port)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if place.socket.exists() and stat.S_ISSOCK(place.socket.stat().st_mode) and not await _answers(place.socket):
        place.socket.unlink()  # of a service that was killed
    before = os.umask(0o177)
    try:
        await web.UnixSite(runner, str(place.socket)).start()
    finally:
        os.umask(before)
    return f"unix:{place.socket}"


async def _answers(socket: Path) -> bool:
    """Whether somebody listens at a socket."""
    try:
        _, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    writer.close()
    return True


async def _flushing(parts: Parts) -> None:
    """Write what waits, also when no request comes; where it can't be written, the service is not ready."""
    while True:
        await asyncio.sleep(1 / FLUSHES)
        try:
            parts.log.flush()
            parts.state.trouble = None
        except OSError as error:
            parts.state.trouble = f"decisions can't be logged: {error.strerror}"

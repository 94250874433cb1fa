"""`hedgerow serve`."""

import asyncio
import gc
import json
import os
import signal
import time
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.commands.universe import file_of
from cli.project import BAD_ENVIRONMENT, fail, near, pinned, root

if TYPE_CHECKING:
    from execution.service.serving import Parts, Place
    from execution.watching import UniverseFile
    from universe.reader import Universe

TOKEN: Final = "HEDGEROW_TOKEN"
SHORTEST: Final = 24
LOG: Final = Path("logs/service")
PORT: Final = 8787
EVERY: Final = 1.0  # seconds between two looks at the universe's file


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond this machine only with a token.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: any that is free.")
@click.option("--socket", type=click.Path(path_type=Path), help="A Unix socket instead, for its owner alone.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help=f"Whoever asks must bear the token in it; default: that in {TOKEN}, if set.",
)
@click.option("--log", type=click.Path(file_okay=False, path_type=Path), help=f"Where decisions go; default: {LOG}.")
@click.option(
    "--log-batch",
    type=click.IntRange(1, 100_000),
    default=256,
    show_default=True,
    help="Decisions written at once: as many are lost at most if the process is killed.",
)
@click.option("--env", "environment", default="prod", show_default=True, help="The environment whose universe decides.")
@click.option("--universe", "universe_file", type=click.Path(path_type=Path), help="Another file than the project's.")
@click.option("--openapi", is_flag=True, help="Print the OpenAPI document, and end.")
@click.pass_obj
def command(
    given_root: Path | None,
    host: str,
    port: int,
    socket: Path | None,
    token_file: Path | None,
    log: Path | None,
    log_batch: int,
    environment: str,
    universe_file: Path | None,
    openapi: bool,
) -> None:
    """Decide over HTTP, for executors in other languages: one order or a batch, every decision logged.

    The universe is taken over anew when its file changes, between two decisions. Whatever fails is a veto or an error
    with a reason, never leave to trade. Ends on SIGTERM or SIGINT, once all that was asked is answered.
    """
    from execution.watching import UniverseFile
    from universe.reader import UniverseFault
    from universe.trust import beside

    folder = root(given_root)
    path = universe_file if universe_file is not None else folder / file_of(environment)
    try:
        # Another file than the project's is held to the project's keys all the same.
        file = UniverseFile(path, environment, (*pinned(), *beside(folder / file_of(environment))))
        universe = file.first()
    except UniverseFault as fault:
        fail(f"{path}: {fault}", fault.help)
    if openapi:
        from execution.service.openapi import document

        click.echo(json.dumps(document(universe.ruleset), ensure_ascii=False, indent=1))
        return
    token = _token(token_file)
    if socket is None and token is None and not _is_own_machine(host):
        fail(f"{host} is not this machine alone, and no token is set", f"give --token-file, or set {TOKEN}")
    _serve(universe, file, log if log is not None else folder / LOG, log_batch, token, _place(host, port, socket))


def _is_own_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        fail(f"`{host}` is no address", "write an IP address of this machine, or localhost")


def _token(file: Path | None) -> str | None:
    """The token that whoever asks must bear; None where none is set."""
    if file is None:
        token, place = os.environ.get(TOKEN), TOKEN
    else:
        place = str(file)
        try:
            if file.stat().st_mode & 0o077:
                fail(f"{file} can be read by others", f"chmod 600 {file}", BAD_ENVIRONMENT)
            token = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file} can't be read: {error}", None, BAD_ENVIRONMENT)
    if token is not None and (len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token):
        fail(f"the token in {place} is no token", f"at least {SHORTEST} characters, such as `openssl rand -hex 32`")
    return token


def _place(host: str, port: int, socket: Path | None) -> "Place":
    try:
        from execution.service.serving import Place
    except ImportError as error:
        fail(f"a service needs `{error.name}`, which is not installed", "pip install -e '.[serve]'", BAD_ENVIRONMENT)
    return Place(host, port, socket)


def _serve(
    universe: "Universe", file: "UniverseFile", log: Path, batch: int, token: str | None, place: "Place"
) -> None:
    from execution.service.serving import serve

    def listening(address: str) -> None:
        click.echo(f"deciding at {address}")
        click.echo(f"log {near(log)}: at most {batch} decisions wait to be written")
        if not file.trust:
            click.echo("no key is trusted here: the universe is held to its own hash alone", err=True)

    async def run() -> None:
        parts, stop = _parts(universe, file, log, batch, token), asyncio.Event()
        gc.freeze()  # what is there now stays: looking for garbage in it would only hold decisions up
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, _ask, stop)
        await serve(parts, place, EVERY, stop.wait, listening)

    try:
        asyncio.run(run())
    except OSError as error:
        fail(f"{error.filename or log}: {error.strerror or error}", None, BAD_ENVIRONMENT)
    click.echo("stopped; every decision is logged")


def _ask(stop: asyncio.Event) -> None:
    """A first signal asks to stop; a second one ends the process at once."""
    stop.set()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)


def _parts(universe: "Universe", file: "UniverseFile", folder: Path, batch: int, token: str | None) -> "Parts":
    from execution.service.answers import Answers, ready
    from execution.service.app import Service, State
    from execution.service.log import DecisionLog
    from execution.service.metrics import Metrics
    from execution.service.reloading import Reloading
    from execution.service.serving import Parts
    from execution.state import EXECUTION

    log, state = DecisionLog(folder / EXECUTION, batch), State()
    file.keep(folder, universe)
    answers = Answers(ready(universe), log)
    metrics = Metrics(lambda: time.time() - file.newest / 1e9, lambda: log.waiting)
    metrics.decides(universe)

    def told(result: str, text: str) -> None:
        metrics.reloaded(result)
        click.echo(f"universe {result}: {text}", err=True)
        if result == "activated":
            metrics.decides(answers.universe)

    service = Service(answers, metrics, state, token, time.monotonic)
    return Parts(service, state, log, Reloading(file, folder, answers, told))

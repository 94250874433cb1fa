"""What every command needs: where the project is, its compiled rules, and how a refusal is shown."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from generator.compile.stages import Compiled
    from universe.reader import Universe
    from universe.trust import Trust

NO: Final = 1
BAD_INPUT: Final = 2
BAD_ENVIRONMENT: Final = 3
WIDE: Final = 160
MARK: Final = Path("rules/risk.yaml")
PUBLIC_KEY: Final = "HEDGEROW_PUBLIC_KEY"
P = ParamSpec("P")
R = TypeVar("R")


def root(given: Path | None) -> Path:
    """The project's folder: as given, else the nearest parent that holds rules/risk.yaml."""
    if given is not None:
        if not (given / MARK).is_file():
            fail(f"{given} holds no {MARK}", "give --root the folder that holds rules/", BAD_ENVIRONMENT)
        return given
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / MARK).is_file():
            return folder
    fail(f"no {MARK} here or in any parent folder", "run this in the project, or give --root", BAD_ENVIRONMENT)


def today() -> date:
    """The UTC day; the one place where a command asks for it."""
    return datetime.now(UTC).date()


def fail(message: str, help_text: str | None = None, code: int = BAD_INPUT) -> NoReturn:
    """Say what is wrong on stderr, and end."""
    click.echo(f"error: {message}", err=True)
    if help_text:
        click.echo(f"help: {help_text}", err=True)
    sys.exit(code)


def compiled(folder: Path, environment: str) -> "Compiled":
    """The compiled rules; where they can't be compiled every problem is shown and the command ends."""
    from generator.compile.problems import Refused, report
    from generator.compile.stages import compile_universe

    try:
        return compile_universe(folder, environment, today=today())
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        count = sum(not p.warning for p in refused.problems)
        click.echo(f"{count} problem{'s' if count != 1 else ''}; nothing was written", err=True)
        sys.exit(BAD_INPUT)


def pinned() -> "Trust":
    """The keys that the environment names, in `HEDGEROW_PUBLIC_KEY`: universes must be signed by one of them, whatever
    else is asked of them. Keys that can't be read end the command.
    """
    from universe.trust import read_keys

    given = os.environ.get(PUBLIC_KEY)
    if given is None:
        return ()
    try:
        return (read_keys(PUBLIC_KEY, given),)
    except ValueError as fault:
        fail(str(fault), getattr(fault, "help", None), BAD_ENVIRONMENT)


def verified(path: Path, environment: str) -> "Universe":
    """The universe in a file, verified; a refused one ends the command."""
    from universe.reader import UniverseFault, load

    try:
        return load(path, environment, pinned())
    except UniverseFault as fault:
        fail(f"{path}: {fault}", fault.help)


def near(path: Path) -> str:
    """A path as a person here would type it."""
    here, whole = Path.cwd(), path.resolve()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)


def bar(share: float, cells: int) -> str:
    """A bar of at most so many cells, in eighths of one."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    return "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")


def quiet_pipe(function: Callable[P, R]) -> Callable[P, R]:
    """A reader that stops listening (`… | head`) is no error."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)

    return run


def wide_console() -> "Console":
    """A console for tables: the terminal's width, and wide enough for every column where the output goes to a file."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDE)


def write(path: Path, text: str) -> bool:
    """Replace a file's text atomically; False where it was the same already. A file that can't be written ends the
    command.
    """
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return False
        _replace(path, text)
    except OSError as error:
        fail(f"{path} can't be written: {error.strerror}", None, BAD_ENVIRONMENT)
    return True


def _replace(path: Path, text: str) -> None:
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError:
        os.unlink(file.name)
        raise

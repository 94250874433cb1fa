"""`hedgerow doctor`."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.project import NO, quiet_pipe, root
from cli.runs import at, explained, folder_of, json_option, run_option

if TYPE_CHECKING:
    from execution.lock import Holder
    from execution.state.audit import Audit, Finding

ROOM: Final = 200_000_000
LATE: Final = 30  # times the frequency of a state file
UNIVERSE: Final = "universe/universe.json"


@click.command(name="doctor")
@run_option
@click.option("--rebuild", is_flag=True, help="First make state files and logs again, from the journal alone.")
@json_option
@click.pass_obj
@quiet_pipe
@explained
def command(given_root: Path | None, run: Path | None, rebuild: bool, as_json: bool) -> None:
    """Look a run over: journal, lock, money counted anew, exits, rules, state files, logs, disk.

    Each line says OK or WRONG, and what to do. Exit code 1 where anything is wrong. While the run is on, its logs
    may be behind its journal, and are not compared line by line.
    """
    from execution.lock import holder

    project, folder = root(given_root), folder_of(given_root, run)
    if rebuild:
        _rebuild(folder)
    found = _findings(project, folder, holder(folder))
    wrong = [finding for finding in found if not finding.holds]
    if as_json:
        entries = [
            {"name": f.name, "holds": f.holds, "text": f.text, "remedy": None if f.holds else f.remedy} for f in found
        ]
        click.echo(json.dumps({"sound": not wrong, "findings": entries}))
    else:
        for finding in found:
            click.echo(f"{'OK   ' if finding.holds else 'WRONG'}  {finding.name:<10}  {finding.text}")
            if not finding.holds:
                click.echo(f"       help: {finding.remedy}")
    if wrong:
        raise SystemExit(NO)


def _rebuild(folder: Path) -> None:
    from execution.journal import Journal
    from execution.lock import Lock
    from execution.state import rebuild as make_again

    Journal.read(folder).close()  # no run there: nothing is made
    with Lock.take(folder, pid=os.getpid(), started=time.time()):
        make_again(folder)


def _findings(project: Path, folder: Path, who: "Holder | None") -> "list[Finding]":
    from execution.journal_file import JournalFault, NoJournal
    from execution.state.audit import Finding, audit

    try:
        journal = _journal(folder)
        seen = audit(folder)
    except NoJournal:
        raise
    except JournalFault as fault:
        return [Finding("journal", False, str(fault), fault.help)]
    published = [_schemas(project, folder)]
    if who is not None:
        published += [_fresh(folder), _behind(folder)]
    rules = _rules(project, seen, running=who is not None)
    return [journal, _lock(who, seen.starts), *seen.findings(running=who is not None), rules, *published, _disk(folder)]


def _journal(folder: Path) -> "Finding":
    from execution.journal import Journal
    from execution.state.audit import Finding

    with Journal.read(folder) as journal:
        found, cursor = journal.problems(), journal.cursor()
    text = "nothing has run yet" if cursor is None else f"{cursor.seq} events to {at(cursor.time)}, sound"
    remedy = "restore journal.db from a backup; what it holds is the run"
    return Finding("journal", not found, "; ".join(found[:3]) or text, remedy)


def _lock(who: "Holder | None", starts: int) -> "Finding":
    from execution.state.audit import Finding

    times = f"started {starts} time{'s' if starts != 1 else ''}"
    if who is None:
        return Finding("lock", True, f"no executor runs; {times}")
    since = "" if who.started is None else f" since {at(who.started)}"
    return Finding("lock", True, f"process {who.pid or 'unknown'} runs{since}; {times}")


def _rules(project: Path, seen: "Audit", *, running: bool) -> "Finding":
    """Whether what decides in the run is what the project has compiled."""
    from execution.state.audit import Finding

    active = seen.views.books.universe
    try:
        document: Any = json.loads((project / UNIVERSE).read_bytes())
        compiled = document.get("universe")
    except (OSError, ValueError, AttributeError):
        compiled = None
    if active is None or compiled == active:
        return Finding("universe", True, f"{UNIVERSE} is what decides" if active else "no universe has decided yet")
    if not running:
        return Finding("universe", True, f"{UNIVERSE} is another than the run's last one; the next start looks at it")
    text = f"{UNIVERSE} is not what decides; the run has refused it, or not seen it yet"
    return Finding("universe", False, text, "look at `last_refused` in state/universe.json")


def _schemas(project: Path, folder: Path) -> "Finding":
    """Whether each state file is one, by its schema."""
    from jsonschema import Draft202012Validator

    from execution.state import STATE
    from execution.state.audit import REBUILD, Finding
    from execution.state.views import FILES

    wrong = []
    for view in FILES:
        path = folder / STATE / f"{view.name}.json"
        try:
            schema = json.loads((project / f"schemas/state/{view.name}.schema.json").read_bytes())
            error = next(Draft202012Validator(schema).iter_errors(json.loads(path.read_bytes())), None)
        except OSError as missing:
            wrong.append(f"{path.name}: {missing.strerror}")
            continue
        except ValueError:
            wrong.append(f"{path.name}: no JSON")
            continue
        if error is not None:
            wrong.append(f"{path.name}: {error.json_path} {error.message[:80]}")
    return Finding("schemas", not wrong, "; ".join(wrong[:3]) or f"{len(FILES)} state files hold to theirs", REBUILD)


def _fresh(folder: Path) -> "Finding":
    """Whether a running executor goes on publishing."""
    from execution.state import STATE
    from execution.state.audit import Finding

    times = [path.stat().st_mtime for path in (folder / STATE).glob("*.json")]
    age = int(time.time() - min(times)) if times else None
    holds = age is not None and age <= LATE
    text = "nothing is published yet" if age is None else f"state was published {max(age, 0)} s ago"
    return Finding("fresh", holds, text, "see whether the process hangs; the journal is what counts")


def _behind(folder: Path) -> "Finding":
    """Whether the logs hold at least what the journal says is published of them."""
    from execution.journal import Journal
    from execution.state import EXECUTION
    from execution.state.audit import Finding
    from execution.state.log import file_of

    with Journal.read(folder) as journal:
        marks = journal.published()
    short = []
    for mark in marks:
        path = folder / EXECUTION / file_of(mark.log, mark.segment)
        if not path.is_file() or path.stat().st_size < mark.bytes:
            short.append(path.name)
    text = f"shorter than published: {', '.join(short)}" if short else "hold all that is published"
    return Finding("logs", not short, text, "stop the run and start it again: it makes them anew")


def _disk(folder: Path) -> "Finding":
    from execution.state.audit import Finding

    used = sum(_size(path) for path in folder.rglob("*"))
    free = shutil.disk_usage(folder).free
    needed = max(ROOM, used)
    text = f"{free / 1e9:.1f} GB free; the run holds {used / 1e6:.1f} MB"
    return Finding("disk", free >= needed, text, f"make room: at least {needed / 1e9:.1f} GB")


def _size(path: Path) -> int:
    """Bytes of a file; 0 of one that a running executor has just replaced."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0

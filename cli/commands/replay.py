"""`hedgerow replay`."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.decided import candidates, universe_of
from cli.logs import HELP, files_named, records
from cli.project import NO, fail, quiet_pipe, root
from cli.runs import explained, json_option

if TYPE_CHECKING:
    from engine import Decision, Engine

FILE: Final = "universe/universe.json"
SHOWN: Final = 5


@dataclass(slots=True)
class Tally:
    """What came of deciding again: how many came out the same, which could not be decided then, and which differ."""

    same: int = 0
    unread: int = 0
    different: list[dict[str, Any]] = field(default_factory=list)


@click.command(name="replay")
@click.argument("log", metavar="FILE|DIR|GLOB")
@click.option("--universe", "universe_file", type=click.Path(path_type=Path), help="The universe that decided.")
@click.option("--backend", type=click.Choice(["python", "interpreter"]), default="python", show_default=True)
@click.option("--rules", metavar="DIR|REF", help="Decide by the rules of a folder, a ref or a universe.json instead.")
@click.option("--env", "environment", default="prod", show_default=True, help="Whose values of those rules hold.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write every answer as Parquet.")
@click.option(
    "--on", default="columns", show_default=True, metavar="PLACE", help="Decide archives on duckdb, spark or spark://…"
)
@json_option
@click.pass_obj
@quiet_pipe
@explained
def command(
    given_root: Path | None,
    log: str,
    universe_file: Path | None,
    backend: str,
    rules: str | None,
    environment: str,
    out: Path | None,
    on: str,
    as_json: bool,
) -> None:
    """Decide again on the facts of each record of a decisions log, by the universe of its day, and compare the bytes.

    FILE is a log as `decide`, `rehearse`, a run or a service writes it, also as .gz, or an archive of one; DIR the
    folder of a run or a service; GLOB, in quotes, files of one kind in order. Exit code 1 where anything differs.

    With --rules it says what other rules would have answered: what is newly vetoed and newly allowed, by gate, symbol
    and strategy. The log is read once and not held, whatever its size. Archives are decided in columns, many records
    at once, and also say what is stopped by gate, symbol, strategy and day.
    """
    folder = root(given_root)
    files = files_named(log)
    if out is not None and rules is None:
        fail("--out is for the answers of other rules", "give --rules too")
    if rules is not None:
        if universe_file is not None:
            fail("--rules and --universe name two rule sets", "leave one of them out")
        from cli.otherwise import by_other_rules

        by_other_rules(folder, files, rules, environment, as_json, out, on)
        return
    engines: dict[str, Engine] = {}
    tally = Tally()
    for place, line in records(files):
        stored = _read(place, line)
        if stored.universe not in engines:
            kept = candidates(stored.universe, files[0].parent, files[0].parent.parent)
            found = universe_of(stored.universe, [universe_file] if universe_file else [*kept, folder / FILE])
            engines[stored.universe] = _engine(found, backend)
        _compare(engines[stored.universe], stored, line, place, tally)
    if not files:
        click.echo(json.dumps({"records": 0}) if as_json else f"{log} holds no decision yet")
        return
    _show(tally, len(engines), as_json)
    if tally.different:
        raise SystemExit(NO)


def _read(place: str, line: str) -> "Decision":
    from engine import Decision

    try:
        return Decision.from_json(line)
    except ValueError as error:
        fail(f"{place}: {error}", HELP)


def _engine(universe: Any, backend: str) -> "Engine":
    from engine import Engine

    engine: Engine = Engine(universe.ruleset, backend)
    return engine


def _compare(engine: "Engine", stored: "Decision", line: str, place: str, tally: Tally) -> None:
    """Decide again as it was asked, about an order or else about the account."""
    from engine.engine import SCOPES
    from engine.explain import Refusal
    from engine.facts import parse_json

    facts = parse_json(stored.facts_json)
    again = ""
    for scope in SCOPES:
        made = engine.decide(facts, scope).to_json()
        if made == line:
            tally.same += 1
            return
        again = again or made
    if stored.reasons == (Refusal.INPUT_INVALID,):
        tally.unread += 1  # what was asked could not be read, so the record holds no facts
        return
    tally.different.append({"place": place, "id": stored.id, "stored": line, "again": again})


def _show(tally: Tally, universes: int, as_json: bool) -> None:
    count = tally.same + tally.unread + len(tally.different)
    if as_json:
        counts = {"records": count, "same": tally.same, "unread": tally.unread, "different": len(tally.different)}
        click.echo(json.dumps({**counts, "universes": universes, "first": tally.different[:SHOWN]}))
        return
    if not count:
        fail("the log holds no decision", "name a log of `hedgerow decide`, or the folder of a run")
    by = f"{universes} universe{'s' if universes != 1 else ''}"
    click.echo(f"{tally.same} of {count} records come out the same, to the byte, by {by}")
    if tally.unread:
        click.echo(f"{tally.unread} could not be read when they were asked, and hold no facts to decide on")
    for found in tally.different[:SHOWN]:
        stored, again = found["stored"], found["again"]
        start = max(0, next((i for i, (a, b) in enumerate(zip(stored, again, strict=False)) if a != b), 0) - 40)
        click.echo(f"\n{found['place']}: {found['id']}\n  stored …{stored[start : start + 120]}")
        click.echo(f"  again  …{again[start : start + 120]}")
    if len(tally.different) > SHOWN:
        click.echo(f"\nand {len(tally.different) - SHOWN} more differ")

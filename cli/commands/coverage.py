"""`hedgerow coverage`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.project import BAD_INPUT, NO, compiled, fail, root, wide_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.packs import Clause, Held, Lack, Pack


@click.command(name="coverage")
@click.argument("name", metavar="[PACK]", required=False)
@click.option("--json", "as_json", is_flag=True, help="The clauses as JSON, one object a line.")
@click.pass_obj
def command(given_root: Path | None, name: str | None, as_json: bool) -> None:
    """Show which gates, breakers, windows and commands answer each clause of a pack, and what is missing.

    PACK is a file of rules/packs, without its ending; default: all of them. A pre-trade clause must be answered by an
    enforced gate or breaker that a scenario shows stopping an order; only a procedural one may stand unanswered, and
    says why. Exit code 1 where that is not so.
    """
    from engine.catalog import did_you_mean
    from generator.packs import FOLDER, lacks

    packs, held = _read(root(given_root))
    chosen = [pack for pack in packs if name in (None, pack.id)]
    if not chosen:
        known = [pack.id for pack in packs]
        what = f"`{name}` is no pack" if packs else f"there is no pack in {FOLDER}"
        fail(what, did_you_mean(name or "", known) or (f"known are {', '.join(known)}" if known else None))
    missing = [lack for pack in chosen for lack in lacks(pack, held)]
    for pack in chosen:
        _show(pack, missing, as_json)
    for lack in missing if not as_json else ():
        click.echo(f"{lack.source}: {lack.pack} {lack.clause}: {lack.text}", err=True)
    if missing:
        raise SystemExit(NO)


def _read(folder: Path) -> "tuple[list[Pack], Held]":
    """Every pack, and what they are held to; where something can't be read every problem is shown."""
    from cli.main import COMMANDS
    from generator.compile.files import Folder
    from generator.compile.problems import Refused, report
    from generator.packs import Held, read_packs
    from generator.scenarios import read_folder

    made = compiled(folder, "prod")
    try:
        held = Held(made.ruleset, read_folder(folder, made.ruleset, made.schemas["scenarios"]), COMMANDS)
        return read_packs(Folder(folder), made.schemas["pack"], held), held
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        raise SystemExit(BAD_INPUT) from None


def _show(pack: "Pack", missing: "Sequence[Lack]", as_json: bool) -> None:
    lacking: dict[str, list[str]] = {}
    for lack in missing:
        if lack.pack == pack.id:
            lacking.setdefault(lack.clause, []).append(lack.text)
    if as_json:
        for clause in pack.clauses:
            record = {
                "pack": pack.id,
                "clause": clause.id,
                "kind": clause.kind,
                "meaning": clause.meaning,
                **clause.answers,
                "why": clause.why,
                "source": clause.source,
                "lacks": lacking.get(clause.id, []),
            }
            click.echo(json.dumps(record, ensure_ascii=False))
        return
    _table(pack, lacking)


def _table(pack: "Pack", lacking: "dict[str, list[str]]") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("", "clause", "kind", "asks for", "answered by", "shown by"):
        table.add_column(column, overflow="fold")
    for clause in pack.clauses:
        shown = len(clause.answers["scenarios"])
        mark = "✗" if clause.id in lacking else "✓" if clause.answered else "–"
        examples = f"{shown} scenario{'s' if shown > 1 else ''}" if shown else ""
        table.add_row(mark, clause.id, clause.kind, clause.meaning, _answer(clause), examples)
    answered = sum(clause.answered for clause in pack.clauses)
    click.echo(f"{pack.name} ({pack.source}): {answered} of {len(pack.clauses)} clauses answered")
    wide_console().print(table)


def _answer(clause: "Clause") -> str:
    """What answers a clause, by its parts, and what else there is to say."""
    parts = [f"{part} {', '.join(names)}" for part, names in clause.answers.items() if names and part != "scenarios"]
    return "\n".join([*(parts or ["nothing"]), *([clause.why] if clause.why else [])])

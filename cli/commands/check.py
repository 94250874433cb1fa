"""`hedgerow check`."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.project import BAD_INPUT, fail, root, today, wide_console

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from generator.change.cover.closed import Worded
    from generator.change.cover.feasible import Sizes
    from generator.compile.problems import Problem
    from generator.compile.stages import Compiled
    from universe.reader import Universe

EXCEPT: Final = "statistics see no risk, nothing works, no exit is recent, prices are examples unless given"


@click.command(name="check")
@click.option("--env", "environment", default="prod", show_default=True, help="The environment to check for.")
@click.option("--nav", help="Also: which order sizes pass at this NAV, and which gates close the rest.")
@click.option("--price", "prices", multiple=True, metavar="SYMBOL=PRICE", help="With --nav: a symbol's price in USDT.")
@click.option("--log", type=click.Path(path_type=Path), help="Also: gates that no decision of this log ever moved.")
@click.option("--json", "as_json", is_flag=True, help="Problems and sizes as JSON, one object a line.")
@click.pass_obj
def command(
    given_root: Path | None,
    environment: str,
    nav: str | None,
    prices: tuple[str, ...],
    log: Path | None,
    as_json: bool,
) -> None:
    """Check the rules: every problem of every file, at once.

    Each problem is `file:line:column: CODE message`, the line itself, and `help:`. Warnings don't fail the check.

    How loud each lint is stands in rules/lints.yaml; `# hedgerow: ignore CODE reason` excuses a line.

    With --nav "4400 USDT" it is also a problem where no order of an enabled symbol passes for a strategy that runs.
    """
    from cli.main import COMMANDS
    from generator.change.proof.invariants import read_invariants
    from generator.compile.files import Folder
    from generator.compile.levels import heard
    from generator.compile.problems import Refused
    from generator.compile.stages import compile_universe
    from generator.packs import Held, read_packs
    from generator.scenarios import read_folder

    folder = root(given_root)
    try:
        made = compile_universe(folder, environment, today=today())
        scenarios = read_folder(folder, made.ruleset, made.schemas["scenarios"])
        read_invariants(Folder(folder), made.document, made.ruleset)
        read_packs(Folder(folder), made.schemas["pack"], Held(made.ruleset, scenarios, COMMANDS))
    except Refused as refused:
        _show(refused.problems, refused.texts, as_json)
        raise SystemExit(BAD_INPUT) from None
    _show(made.warnings, made.sources.texts, as_json)
    found = list(_impossible(made, environment, nav, prices, as_json)) if nav is not None else []
    found = heard([*found, *(_inert(made, log) if log is not None else ())], made.sources)
    _show(found, made.sources.texts, as_json)
    if any(not p.warning for p in found):
        raise SystemExit(BAD_INPUT)
    if not as_json:
        rules = made.ruleset
        click.echo(
            f"ok: {len(rules.subjects)} symbols, {len(rules.gates)} gates, {len(rules.catalog.caps)} caps, "
            f"{len(rules.tables)} tables, {len(rules.actors)} strategies, {len(scenarios)} scenarios ({environment})"
        )
        click.echo(f"ruleset {rules.ruleset_hash}")
        for line in _waivers(made):
            click.echo(line)


def _waivers(made: "Compiled") -> "Iterator[str]":
    """A line for each waiver that has not ended when this day began."""
    begun = int((today() - date(1970, 1, 1)).total_seconds())
    for waiver in made.ruleset.waivers:
        if waiver.until > begun:
            who = ", ".join(filter(None, (waiver.subject, waiver.actor)))
            source = made.document["waivers"][waiver.id]["source"]
            yield f"waived: {waiver.gate} for {who} until {waiver.written} by {waiver.by} ({source})"


def _inert(made: "Compiled", log: Path) -> "list[Problem]":
    """The gates that a log never moved."""
    from cli.changes import explained
    from cli.logs import records
    from generator.change.inert import ENOUGH, inert_gates

    with explained():
        found, count = inert_gates(made.ruleset, made.sources, records([log]))
    if count < ENOUGH:
        click.echo(
            f"{log} holds {count} decisions: fewer than {ENOUGH} show nothing of gates that never move", err=True
        )
    return found


def _impossible(
    made: "Compiled", environment: str, nav: str, prices: tuple[str, ...], as_json: bool
) -> "Iterator[Problem]":
    """Shows the sizes that pass at a NAV, and gives the problems where none does."""
    from generator.change.cover.closed import problems
    from generator.change.cover.feasible import sizes
    from generator.compile.finish import file_text
    from universe.reader import parse

    universe = parse(file_text(made.document), environment)
    money = _money(nav, made, "--nav")
    given = dict(_priced(price, made) for price in prices)
    found = list(sizes(universe, money, given))
    _show_sizes(found, universe, money, as_json)
    yield from problems(found, money, universe, made.sources.texts)


def _priced(text: str, made: "Compiled") -> "tuple[str, Decimal]":
    from engine.catalog import did_you_mean

    symbol, _, price = text.partition("=")
    if symbol not in made.ruleset.subjects:
        fail(f"--price: `{symbol}` is no symbol", did_you_mean(symbol, made.ruleset.subjects))
    return symbol, _money(price, made, "--price")


def _money(text: str, made: "Compiled", option: str) -> "Decimal":
    """A positive amount of the account's currency, which a bare number is too."""
    from decimal import Decimal

    from engine.units import ValueFault, read_value

    unit = made.ruleset.catalog.facts["nav.total"].unit
    try:
        value = read_value(text if text.endswith(unit.name) else f"{text} {unit.name}", unit, {})
    except ValueFault as fault:
        fail(f"{option}: {fault}", fault.help)
    if not isinstance(value, Decimal) or value <= 0:
        fail(f"{option}: `{text}` is not positive", None)
    return value


def _show_sizes(found: "Sequence[Sizes]", universe: "Universe", nav: "Decimal", as_json: bool) -> None:
    from generator.change.cover.closed import Worded

    words = Worded(universe)
    if as_json:
        for sizes in found:
            click.echo(json.dumps(words.record(sizes), ensure_ascii=False))
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    for name in ("symbol", "strategy", "side", "from", "to", "closed below by", "closed above by", "sizing asks for"):
        table.add_column(name, overflow="fold")
    for row, sides in _rows(found, words).items():
        table.add_row(*row[:2], " ".join(sides), *row[2:])
    click.echo(f"order sizes that pass at a NAV of {nav:f} USDT, on an account that holds nothing\n({EXCEPT})")
    wide_console().print(table)


def _rows(found: "Iterable[Sizes]", words: "Worded") -> "dict[tuple[str, ...], list[str]]":
    """The rows of the table, with the sides that share each."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for sizes in found:
        below, above = (
            ", ".join(f"{g.gate.id} {words.bound(sizes, g)}" for g in gates) for gates in (sizes.below, sizes.above)
        )
        ranges: list[tuple[int, int]] = sizes.ranges
        first, last = (ranges[0][0], ranges[-1][1]) if ranges else (0, 0)
        if not ranges:
            below = ", ".join(f"{g.gate.id} {words.bound(sizes, g)}" for g in (*sizes.floors, *sizes.blocked))
            above = ", ".join(f"{g.gate.id} {words.bound(sizes, g)}" for g in sizes.ceilings)
        both = [f"{words.quantity(sizes, k)} {words.money(sizes, k)}".strip() if k else "none" for k in (first, last)]
        if len(ranges) > 1:
            both[1] += f", less {len(ranges) - 1} gap{'s' if len(ranges) > 2 else ''} (see --json)"
        asked = "" if sizes.proposed is None else words.quantity(sizes, sizes.proposed)
        rows.setdefault((sizes.symbol, sizes.strategy, *both, below, above, asked), []).append(sizes.side)
    return rows


def _show(problems: "Iterable[Problem]", texts: "Mapping[str, str]", as_json: bool) -> None:
    from dataclasses import asdict

    from generator.compile.problems import report

    found = sorted(problems)
    if as_json:
        for problem in found:
            click.echo(json.dumps(asdict(problem), ensure_ascii=False))
        return
    if found:
        click.echo(report(found, texts), err=True)
        errors = sum(not p.warning for p in found)
        warnings = len(found) - errors
        click.echo(", ".join(filter(None, [_count(errors, "problem"), _count(warnings, "warning")])), err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}" if number else ""

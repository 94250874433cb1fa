"""`hedgerow boundary`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.project import NO, compiled, fail, quiet_pipe, root, wide_console, write

if TYPE_CHECKING:
    from generator.change.cover.pairs import NoPair, Pair
    from universe.reader import Universe


@click.command(name="boundary")
@click.argument("names", nargs=-1, metavar="[GATE|SYMBOL]…")
@click.option("--write", "write_it", is_flag=True, help="Write every pair into rules/scenarios/at_cap.yaml.")
@click.option("--check", "check_only", is_flag=True, help="Write nothing; exit 1 if the file is stale.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one pair a line.")
@click.pass_obj
@quiet_pipe
def command(given_root: Path | None, names: tuple[str, ...], write_it: bool, check_only: bool, as_json: bool) -> None:
    """Show, for each numeric gate and symbol, the last case that passes and its neighbour that is stopped.

    The neighbour is one step away on the grid of the fact that moves: a quantity's step, a price's tick, a cent, a
    millisecond, a basis point. Each is found exactly, and judged again. Name gates or symbols to see only theirs.
    """
    from generator.change.cover.pairs import Pair, pairs
    from generator.change.cover.written import FILE, scenarios_text, without_pair
    from generator.compile.finish import file_text
    from universe.reader import parse

    folder = root(given_root)
    universe = parse(file_text(compiled(folder, "prod").document))
    if write_it or check_only:
        text = scenarios_text(universe)
        fresh = (folder / FILE).is_file() and (folder / FILE).read_bytes() == text.encode()
        if write_it:
            write(folder / FILE, text)
        click.echo(
            f"{FILE} {'is fresh' if fresh else 'is written' if write_it else 'is stale'}", err=check_only and not fresh
        )
        if check_only and not fresh:
            click.echo("help: run `hedgerow boundary --write`", err=True)
            raise SystemExit(NO)
        return
    found = _named(list(pairs(universe)), names, universe)
    if as_json:
        for entry in found:
            click.echo(json.dumps(_record(entry, universe), ensure_ascii=False))
        return
    _show([p for p in found if isinstance(p, Pair)], universe, each=bool(names))
    for line in without_pair(found):
        click.echo(f"no pair: {line}")


def _named(found: "list[Pair | NoPair]", names: tuple[str, ...], universe: "Universe") -> "list[Pair | NoPair]":
    """The pairs of the gates and symbols that are named; all where none is."""
    from engine.catalog import did_you_mean

    gates, symbols = [g.id for g in universe.ruleset.gates], list(universe.ruleset.subjects)
    for name in names:
        if name not in gates and name not in symbols:
            fail(f"`{name}` is no gate and no symbol", did_you_mean(name, [*gates, *symbols]))
    wanted_gates = set(names) & set(gates) or set(gates)
    wanted_symbols = set(names) & set(symbols) or set(symbols)
    return [p for p in found if p.gate.id in wanted_gates and p.symbol in wanted_symbols]


def _show(found: "list[Pair]", universe: "Universe", *, each: bool) -> None:
    """The pairs as a table: of each symbol, or else of the first, with the number of all."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from generator.change.cover.written import amount

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("gate", "symbol", "strategy", "what moves", "passes", "stops", "" if each else "of symbols"):
        table.add_column(name, overflow="fold")
    for pair in found if each else _firsts(found):
        alike = {p.symbol for p in found if _key(p) == _key(pair)}
        edge = pair.edge
        table.add_row(
            pair.gate.id,
            pair.symbol,
            pair.strategy,
            edge.fact,
            amount(pair, edge.passes, universe),
            amount(pair, edge.stops, universe),
            "" if each else str(len(alike)),
        )
    wide_console().print(table)
    gates = {p.gate.id for p in found}
    click.echo(f"{len(found)} pairs of {len(gates)} gate{'s' if len(gates) != 1 else ''}")


def _key(pair: "Pair") -> tuple[str, str, str]:
    return pair.gate.id, pair.strategy, pair.edge.fact


def _firsts(found: "Iterable[Pair]") -> "list[Pair]":
    firsts: dict[tuple[str, str, str], Pair] = {}
    for pair in found:
        firsts.setdefault(_key(pair), pair)
    return list(firsts.values())


def _record(entry: "Pair | NoPair", universe: "Universe") -> dict[str, object]:
    from engine.numbers import canonical
    from generator.change.cover.pairs import NoPair

    if isinstance(entry, NoPair):
        return {"gate": entry.gate.id, "symbol": entry.symbol, "why": entry.why}
    edge = entry.edge
    return {
        "gate": entry.gate.id,
        "reason": entry.gate.reason,
        "symbol": entry.symbol,
        "strategy": entry.strategy,
        "fact": edge.fact,
        "unit": universe.ruleset.catalog.facts[edge.fact].unit.name,
        "passes": canonical(edge.passes),
        "stops": canonical(edge.stops),
        "on_bound": edge.on_bound,
        "facts": entry.at(edge.passes),
    }

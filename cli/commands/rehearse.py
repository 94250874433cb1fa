"""`hedgerow rehearse`."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands.universe import file_of
from cli.project import bar, near, root, verified, wide_console, write

if TYPE_CHECKING:
    from rich.console import Console

    from engine import Decision, Engine
    from engine.judge import Judgement
    from universe.reader import Universe

DECISIONS = "decisions.jsonl"
INTENTS = "intents.jsonl"
BAR = 20


@dataclass(slots=True)
class Tally:
    """What a rehearsal found."""

    decided: int = 0
    allowed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    exempt: int = 0
    headrooms: dict[str, list[float]] = field(default_factory=dict)
    example: dict[str, str] = field(default_factory=dict)

    def add(self, decision: "Decision", judgements: "list[Judgement]") -> None:
        """Count one decision, and how much of each bound was used."""
        self.decided += 1
        self.allowed += decision.allowed
        for veto in decision.vetoes:
            self.reasons[str(veto.reason)] += 1
            self.example.setdefault(str(veto.reason), veto.text)
        for judgement in judgements:
            room = left(judgement)
            if room is not None:
                self.headrooms.setdefault(judgement.gate.id, []).append(room)


def left(judgement: "Judgement") -> float | None:
    """The part of a bound that is left, 1 for untouched and 0 at the bound; None where there is no such part."""
    limit, headroom = judgement.limit, judgement.headroom
    if headroom is None or not limit:
        return None
    return float(max(Fraction(-1), min(Fraction(1), headroom / abs(limit))))


@click.command(name="rehearse")
@click.option(
    "--intents", "count", type=click.IntRange(1, 1_000_000), default=2000, show_default=True, help="How many."
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same intents.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where the logs go; default logs/rehearsal."
)
@click.option("--env", "environment", default="prod", show_default=True, help="The environment whose universe decides.")
@click.pass_obj
def command(given_root: Path | None, count: int, seed: int, out: Path | None, environment: str) -> None:
    """Decide a seeded stream of intents, write the decisions log, and show what stops them and what room is left.

    The stream is made, not recorded: `research/intents.py` says how. `hedgerow why` explains any decision of it.
    """
    from engine import Engine
    from research.intents import stream

    folder = root(given_root)
    universe = verified(folder / file_of(environment), environment)
    target = out if out is not None else folder / "logs/rehearsal"
    target.mkdir(parents=True, exist_ok=True)
    name = universe.ruleset.universe_hash.removeprefix("sha256:")
    write(target / "universes" / f"{name}.json", (folder / file_of(environment)).read_text(encoding="utf-8"))
    console = wide_console()
    tally = _run(Engine(universe.ruleset), _shown(stream(universe, count, seed), count), target)
    _show(tally, universe, console)
    click.echo(f"\ndecisions  {near(target / DECISIONS)}\nintents    {near(target / INTENTS)}")
    click.echo(
        "next       hedgerow why          explains the last veto, gate by gate; hedgerow why '#12' the twelfth decision"
    )


def _shown(intents: Iterator[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """The intents, with progress on a terminal."""
    if not sys.stderr.isatty():
        yield from intents
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("deciding"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.speed:.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("deciding", total=count)
        for number, intent in enumerate(intents):
            yield intent
            if number % 50 == 0:
                progress.update(task, completed=number)


def _run(engine: "Engine", intents: Iterator[dict[str, Any]], target: Path) -> Tally:
    """Decide everything; both logs are replaced at the end, whole."""
    tally = Tally()
    decided: list[str] = []
    asked: list[str] = []
    for facts in intents:
        snapshot = engine.reader.read(facts)
        decision = engine.decide_snapshot(snapshot)
        decided.append(decision.to_json())
        asked.append(json.dumps(facts, separators=(",", ":")))
        known = decision.subject in engine.ruleset.subjects
        tally.add(decision, engine.judgements(snapshot)[0] if known else [])
    write(target / DECISIONS, "\n".join(decided) + "\n")
    write(target / INTENTS, "\n".join(asked) + "\n")
    return tally


def _show(tally: Tally, universe: "Universe", console: "Console") -> None:
    from rich.table import Table
    from rich.text import Text

    share = tally.allowed / tally.decided
    console.print(
        f"{tally.decided} intents (synthetic): {tally.allowed} allowed ({share:.0%}), "
        f"{tally.decided - tally.allowed} vetoed\n"
    )
    most = max(tally.reasons.values(), default=1)
    vetoes = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title="vetoes by reason",
        title_justify="left",
        title_style="bold",
    )
    for column, justify in (("reason", "left"), ("count", "right"), ("", "left"), ("for example", "left")):
        vetoes.add_column(column, justify="right" if justify == "right" else "left", no_wrap=column != "for example")
    for reason, count in tally.reasons.most_common():
        vetoes.add_row(reason, str(count), Text(bar(count / most, BAR), style="red"), tally.example[reason])
    console.print(vetoes)
    rooms = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title="\nheadroom left by gate",
        title_justify="left",
        title_style="bold",
    )
    for column in ("gate", "typical", "", "least tenth", "at or over"):
        rooms.add_column(
            column, justify="right" if column in ("typical", "least tenth", "at or over") else "left", no_wrap=True
        )
    for gate in universe.ruleset.gates:
        values = sorted(tally.headrooms.get(gate.id, []))
        if values:
            middle, low = values[len(values) // 2], values[len(values) // 10]
            over = sum(v <= 0 for v in values)
            rooms.add_row(
                gate.id, f"{middle:.0%}", Text(bar(middle, BAR), style="green"), f"{low:.0%}", str(over) if over else ""
            )
    console.print(rooms)
    console.print(
        "\nheadroom: the part of the bound that is left, in the median intent and in the tightest tenth of them"
    )

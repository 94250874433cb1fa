"""`hedgerow why`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.project import fail, quiet_pipe, root, wide_console

if TYPE_CHECKING:
    from engine import Decision
    from engine.interpret import Situation
    from engine.judge import Judgement
    from universe.reader import Universe

LOG = Path("logs/rehearsal/decisions.jsonl")


@click.command(name="why")
@click.argument("decision", required=False)
@click.option("--log", type=click.Path(path_type=Path), help=f"The decisions log; default {LOG}. `-` reads stdin.")
@click.option("--universe", "universe_file", type=click.Path(path_type=Path), help="The universe that decided.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
@quiet_pipe
def command(
    given_root: Path | None, decision: str | None, log: Path | None, universe_file: Path | None, as_json: bool
) -> None:
    """Explain a stored decision, gate by gate: observed, limit, headroom, source line, and the facts used.

    DECISION is an id or the beginning of one, or #N for the N-th line of the log; default: the last veto.
    The decision is made again by the universe of its day, and must come out the same.
    """
    from engine import Decision, Engine
    from engine.engine import SCOPES
    from engine.explain import Refusal
    from engine.facts import parse_json

    folder = root(given_root)
    path = log if log is not None else folder / LOG
    record, number = _find(path, decision)
    try:
        stored = Decision.from_json(record)
    except ValueError as error:
        fail(f"{path}:{number}: {error}", "the log holds decisions as `hedgerow decide` writes them")
    universe = _universe(stored, folder, path, universe_file)
    engine = Engine(universe.ruleset, "interpreter")
    facts = parse_json(stored.facts_json)
    scope = next((s for s in SCOPES if engine.decide(facts, s).to_json() == stored.to_json()), None)
    if scope is None and stored.reasons != (Refusal.INPUT_INVALID,):
        click.echo("warning: deciding again gives another answer than the one that is stored", err=True)
    judged = stored.subject in universe.ruleset.subjects or (scope == "account" and stored.subject is None)
    judgements, situation = engine.judgements(engine.reader.read(facts), scope or "order") if judged else ([], None)
    if as_json:
        click.echo(
            json.dumps(
                {"decision": json.loads(record), "gates": [_entry(j, situation) for j in judgements]},
                ensure_ascii=False,
                indent=1,
            )
        )
        return
    _show(stored, scope, judgements, situation)


def _find(path: Path, wanted: str | None) -> tuple[str, int]:
    """The wanted line of a decisions log, and its number."""
    import sys

    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        lines = [line.decode() for line in raw.splitlines()]
    except UnicodeDecodeError:
        fail(f"{path} is not UTF-8", "the log holds decisions as `hedgerow decide` writes them")
    except OSError as error:
        fail(
            f"{path} can't be read: {error.strerror}",
            "run `hedgerow rehearse`, or give --log the log of `hedgerow decide`",
        )
    if wanted is not None and wanted.startswith("#"):
        number = int(wanted[1:]) if wanted[1:].isdigit() else 0
        if not 0 < number <= len(lines):
            fail(f"{path} has no line {wanted}", f"it has {len(lines)}")
        return lines[number - 1], number
    prefix = "" if wanted is None else wanted if wanted.startswith("sha256:") else f"sha256:{wanted}"
    mark = f'"id":"{prefix}'
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        if wanted is None and line.startswith('{"decision":"veto"'):
            return line, number
        if wanted is not None and mark in line[:120]:
            return line, number
    fail(f"{path} holds no decision {wanted}" if wanted else f"{path} holds no veto", "give an id, or #N for a line")


def _universe(stored: "Decision", folder: Path, log: Path, given: Path | None) -> "Universe":
    """The universe that decided: as given, kept beside the log, or the project's own."""
    from universe.reader import UniverseFault, parse

    kept = log.parent / "universes" / f"{stored.universe.removeprefix('sha256:')}.json"
    for path in (given,) if given is not None else (kept, folder / "universe/universe.json"):
        if path is None or not path.is_file():
            continue
        try:
            text = path.read_bytes().decode()
            document = json.loads(text)
            found = parse(text, document.get("environment", "prod") if isinstance(document, dict) else "prod")
        except (UniverseFault, ValueError, RecursionError) as fault:
            fail(f"{path}: {fault}", getattr(fault, "help", None))
        if found.ruleset.universe_hash == stored.universe:
            return found
    fail(
        f"the universe {stored.universe} that made this decision is not here",
        "give --universe the file of that day; a run keeps it in universes/ beside its log",
    )


def _show(stored: "Decision", scope: str | None, judgements: "list[Judgement]", situation: "Situation | None") -> None:
    from rich.table import Table
    from rich.text import Text

    console = wide_console()
    allowed = "allowed" if stored.allowed else "vetoed"
    who = stored.subject or ("the account" if scope == "account" else "nobody")
    click.echo(f"{who}: {allowed}   {stored.id}")
    if stored.largest_name is not None and scope != "account":
        without = f" (without {', '.join(stored.left_out)})" if stored.left_out else ""
        click.echo(f"{stored.largest_name}: {stored.largest or 'none'}{without}")
    for reason in stored.vetoes:
        click.echo(f"  {reason.reason}: {reason.text}   {reason.source}".rstrip())
    if situation is None:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (
        ("gate", "left"),
        ("says", "left"),
        ("observed", "right"),
        ("limit", "right"),
        ("headroom", "right"),
        ("from", "left"),
    ):
        table.add_column(name, justify="right" if justify == "right" else "left", no_wrap=name != "from")
    styles = {"pass": "green", "veto": "bold red", "facts missing": "bold red"}
    for judgement in judgements:
        entry = _entry(judgement, situation)
        says = Text(str(entry["outcome"]), style=styles.get(str(entry["outcome"]), "dim"))
        table.add_row(
            judgement.gate.id,
            says,
            *(str(entry[k] or "") for k in ("observed_text", "limit_text", "headroom_text", "source")),
        )
    click.echo()
    console.print(table)
    click.echo("\nfacts used")
    used: dict[str, object] = {}
    for judgement in judgements:
        used |= _facts(judgement, situation)
    for name, value in sorted(used.items()):
        click.echo(f"  {name} = {value}")


def _entry(judgement: "Judgement", situation: "Situation | None") -> dict[str, object]:
    """One gate's answer as data, with its numbers exact and as a person reads them."""
    from engine.explain import display, limit_source
    from engine.numbers import exact, rounded
    from engine.ruleset import Require

    assert situation is not None
    test = judgement.gate.test
    numbers = {"observed": judgement.observed, "limit": judgement.limit, "headroom": judgement.headroom}
    entry: dict[str, object] = {"gate": judgement.gate.id, "outcome": str(judgement.outcome)}
    with exact():
        for name, number in numbers.items():
            entry[name] = None if number is None else rounded(number)
            entry[f"{name}_text"] = (
                None if number is None or isinstance(test, Require) else display(number, test.unit, situation)
            )
        source, layer = limit_source(judgement.gate, situation)
    entry["source"] = f"{source} ({layer})" if layer else source
    if judgement.unknown:
        entry["missing"] = list(judgement.unknown)
    return entry


def _facts(judgement: "Judgement", situation: "Situation") -> dict[str, object]:
    """Every fact and cap that the gate read, through its measures."""
    from engine.explain import written
    from engine.judge import Outcome
    from engine.reach import reach
    from engine.ruleset import gate_nodes

    found: dict[str, object] = {}
    if judgement.outcome in (Outcome.EXEMPT, Outcome.NO_BOUND):
        return found
    rules, catalog = situation.ruleset, situation.ruleset.catalog
    gate = judgement.gate
    nodes = (gate.when,) if judgement.outcome is Outcome.NOT_MEANT and gate.when is not None else gate_nodes(gate)
    for name in reach(rules, *nodes):
        if name.startswith("caps."):
            cap = name.removeprefix("caps.")
            value, _ = rules.cap(cap, situation.subject, situation.actor)
            found[name] = "none" if value is None else written(value, catalog.caps[cap].unit, situation)
        else:
            fact = situation.facts.get(name, situation.subject.facts.get(name) if situation.subject else None)
            found[name] = "missing" if fact is None else written(fact, catalog.facts[name].unit, situation)
    return found

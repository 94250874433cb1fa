"""`hedgerow why`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.decided import Stored, candidates, from_log, from_run, universe_of
from cli.project import fail, quiet_pipe, root, wide_console
from cli.runs import FOLDER, explained, run_option

if TYPE_CHECKING:
    from engine import Decision
    from engine.interpret import Situation
    from engine.judge import Judgement

JOURNAL: Final = "journal.db"
FILE: Final = "universe/universe.json"
LOG: Final = Path("logs/rehearsal/decisions.jsonl")


@click.command(name="why")
@click.argument("decision", required=False)
@run_option
@click.option("--log", type=click.Path(path_type=Path), help="A log of decisions instead; `-` is stdin.")
@click.option("--universe", "universe_file", type=click.Path(path_type=Path), help="The universe that decided.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
@quiet_pipe
@explained
def command(
    given_root: Path | None,
    decision: str | None,
    run: Path | None,
    log: Path | None,
    universe_file: Path | None,
    as_json: bool,
) -> None:
    """Explain a stored decision, gate by gate: observed, limit, headroom, source line, and the facts used.

    DECISION is an id or the beginning of one, or #N for the N-th decision; of a run also the number of its event in
    the journal, or an intent; default: the last veto. Without --run and --log it is the project's own run, or where
    there is none the last rehearsal. The decision is made again by the universe of its day, and must come out the same.
    """
    from engine import Decision, Engine
    from engine.engine import SCOPES
    from engine.explain import Refusal
    from engine.facts import parse_json

    folder = root(given_root)
    stored, files = _stored(folder, decision, run, log)
    try:
        made = Decision.from_json(stored.line)
    except ValueError as error:
        fail(f"{stored.place}: {error}", "the log holds decisions as `hedgerow decide` writes them")
    kept = candidates(made.universe, *files)
    universe = universe_of(made.universe, [universe_file] if universe_file else [*kept, folder / FILE])
    engine = Engine(universe.ruleset, "interpreter")
    facts = parse_json(made.facts_json)
    scope = next((s for s in SCOPES if engine.decide(facts, s).to_json() == made.to_json()), None)
    if scope is None and made.reasons != (Refusal.INPUT_INVALID,):
        click.echo("warning: deciding again gives another answer than the one that is stored", err=True)
    judged = made.subject in universe.ruleset.subjects or (scope == "account" and made.subject is None)
    judgements, situation = engine.judgements(engine.reader.read(facts), scope or "order") if judged else ([], None)
    if as_json:
        entries = [_entry(j, situation) for j in judgements]
        found = {**stored.intent, "decision": json.loads(stored.line), "gates": entries}
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for told in stored.told:
        click.echo(told)
    _show(made, scope, judgements, situation)


def _stored(folder: Path, decision: str | None, run: Path | None, log: Path | None) -> tuple[Stored, tuple[Path, ...]]:
    """The decision that is meant, and the folders that may keep its universe."""
    if run is not None and log is not None:
        fail("--run and --log name two places", "give one of them")
    own = folder / FOLDER
    if run is None and log is None and (own / JOURNAL).is_file():
        run = own
    if run is not None:
        return from_run(run, decision), (run,)
    path = log if log is not None else folder / LOG
    return from_log(path, decision), (path, path.parent, path.parent.parent)


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
    for reason in (*stored.vetoes, *stored.waived):
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
    styles = {"pass": "green", "veto": "bold red", "facts missing": "bold red", "waived": "yellow"}
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
    from engine.explain import display, limit_source, seen_in
    from engine.numbers import exact, rounded
    from engine.ruleset import Require

    assert situation is not None
    test, situation = judgement.gate.test, seen_in(judgement, situation)
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
    if judgement.waiver is not None:
        entry["waiver"] = judgement.waiver.id
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
            value, _ = situation.cap_found(cap)
            found[name] = "none" if value is None else written(value, catalog.caps[cap].unit, situation)
        else:
            fact = situation.facts.get(name, situation.subject.facts.get(name) if situation.subject else None)
            found[name] = "missing" if fact is None else written(fact, catalog.facts[name].unit, situation)
    return found

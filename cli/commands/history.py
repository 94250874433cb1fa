"""`hedgerow history`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.project import fail, quiet_pipe, root, wide_console, write
from cli.proposals import asked, explained, platform, proposal_of, repository_at, scratch
from cli.runs import at, json_option

if TYPE_CHECKING:
    from generator.change.changes import Diff
    from generator.change.git import Commit, Repository
    from generator.change.history.record import Record
    from generator.change.history.values import Value
    from generator.change.patching.checker import Verdict


@click.command(name="history")
@click.argument("name", required=False)
@click.argument("cap", required=False)
@click.option("--ref", default="HEAD", show_default=True, help="Whose first-parent history.")
@click.option("--record", is_flag=True, help="Write the merge that REF is into the record.")
@click.option(
    "--activations",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="RUN",
    help="Write into the record what a run has activated.",
)
@json_option
@click.pass_obj
@quiet_pipe
def command(
    given_root: Path | None,
    name: str | None,
    cap: str | None,
    ref: str,
    record: bool,
    activations: Path | None,
    as_json: bool,
) -> None:
    """Show every value that NAME had, of CAP or of all, and why; without NAME the record of merges and activations.

    NAME is a symbol, a strategy, `account`, or a cap. The record is universe/history.jsonl: who, when, class, verdict,
    approver; each line chained to the one before by its hash, which is checked whenever it is read.

    \b
    hedgerow history BTCUSDT leverage     every value, since when, from which layer and line, by which commit
    hedgerow history momentum             the same of all its caps
    hedgerow history                      the record, checked
    hedgerow history --record             what CI does after a merge
    """
    repository = repository_at(root(given_root))
    with explained():
        if record or activations is not None:
            _extend(repository, ref, activations)
        elif name is not None:
            _show_values(repository, repository.commit_of(ref), name, cap, as_json)
        else:
            _show_record(_recorded(repository.root), as_json)


def _recorded(folder: Path) -> str:
    from generator.change.history.record import FILE

    path = folder / FILE
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _show_values(repository: "Repository", commit: str, name: str, cap: str | None, as_json: bool) -> None:
    from generator.change.history.values import NoValues, values_of

    try:
        found = values_of(repository, commit, name, cap)
    except NoValues as fault:
        fail(str(fault), fault.help)
    if as_json:
        click.echo(json.dumps([_data(value) for value in found], ensure_ascii=False, indent=1))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("since", "of", "cap", "value", "layer", "source", "commit", "who", "class", "why"):
        table.add_column(column, no_wrap=column != "why")
    for value in found:
        table.add_row(*_row(value))
    wide_console().print(table)


def _row(value: "Value") -> tuple[str, ...]:
    from generator.change.show.clean import visible

    who, word = (value.record.who, value.record.word) if value.record else ("", "")
    setting = value.setting
    shown = setting.value if setting.value is not None else "gone"
    cells = (value.holder, value.cap, shown, setting.layer, setting.source, value.commit.oid[:12], who, word)
    return (at(value.commit.time), *map(visible, cells), visible(value.commit.subject))


def _data(value: "Value") -> dict[str, Any]:
    made: dict[str, Any] = {
        "since": value.commit.time,
        "commit": value.commit.oid,
        "why": value.commit.subject,
        "holder": value.holder,
        "cap": value.cap,
        **asdict(value.setting),
    }
    return made | ({"record": asdict(value.record)} if value.record else {})


def _show_record(text: str, as_json: bool) -> None:
    from generator.change.history.record import read_record
    from generator.change.show.clean import visible
    from generator.change.show.report import counted

    records = read_record(text)
    if as_json:
        click.echo(json.dumps([asdict(record) for record in records], ensure_ascii=False, indent=1))
        return
    for one in records:
        for line in _told(one):
            click.echo(visible(line) if line[0] != " " else f"  {visible(line)}")
    click.echo(f"{counted(len(records), 'line')}, each chained to the one before")


def _told(record: "Record") -> Iterator[str]:
    """A line of the record for people, what belongs to it indented."""
    parts = [f"{at(record.time)} {record.event} {record.commit[:12]}".rstrip()]
    parts += [f"{record.word}, the surfaces say {record.verdict}"] if record.verdict else []
    parts += [f"by {record.who}"] if record.who else []
    parts += [f"merged by {', '.join(record.approvers)}"] if record.approvers else []
    yield "; ".join(parts)
    yield f"  {record.why}"
    for change in record.changes:
        before, after = change.get("before"), change.get("after")
        moved = " → ".join(str(v) for v in (before, after) if v is not None)
        yield f"  {change.get('name')}: {moved}"


def _extend(repository: "Repository", ref: str, activations: Path | None) -> None:
    """Append to the record; what is there already is not written again."""
    from generator.change.history.record import FILE, appended, read_record
    from generator.change.show.report import counted

    text = _recorded(repository.root)
    known = {(one.event, one.commit, one.time) for one in read_record(text)}
    merged = {one.commit for one in read_record(text) if one.event == "merge"}
    made = _activated(repository, ref, activations) if activations else [_merged(repository, ref)]
    count = 0
    for one in made:
        if (one.event, one.commit, one.time) not in known and not (one.event == "merge" and one.commit in merged):
            text, count = appended(text, one), count + 1
    write(repository.root / FILE, text)
    click.echo(f"{FILE}: {counted(count, 'line')} written" if count else f"{FILE} says it already")


def _merged(repository: "Repository", ref: str) -> "Record":
    """The record of a commit of base: what base's checker of before says of it, and who asked and merged."""
    from generator.change.history.record import Record
    from generator.change.patching.checker import check

    commit = repository.commits("--max-count=1", repository.commit_of(ref))[0]
    if not commit.parents:
        fail(f"{commit.oid[:12]} is the first commit", "there is nothing that it changes")
    told = platform()
    asking = asked(told, None)
    with scratch() as folder:
        verdict = check(proposal_of(repository, commit.parents[0], _head(repository, commit), folder), asking)
    logins = [actor.login for actor in told.named]
    return Record(
        time=asking.now,
        event="merge",
        commit=commit.oid,
        who=logins[0] if logins else "",
        approvers=told.approvers,
        word=verdict.word,
        verdict="allow" if verdict.allowed else "veto",
        why=commit.subject,
        ruleset=_rulesets(verdict),
        changes=tuple(_changes(verdict.results.diff)),
    )


def _head(repository: "Repository", merge: "Commit") -> str:
    """What was merged: the merge's other parent where it holds the same files, else the commit itself."""
    *_, last = merge.parents
    same = repository.tree_of(merge.oid) == repository.tree_of(last)
    return last if len(merge.parents) > 1 and same else merge.oid


def _rulesets(verdict: "Verdict") -> tuple[str, str]:
    diff = verdict.results.diff
    return diff.rulesets.get("prod", ("", "")) if diff else ("", "")


def _changes(diff: "Diff | None") -> list[dict[str, Any]]:
    names = ("name", "key", "before", "after")
    return [{name: getattr(change, name) for name in names} for change in diff.changes] if diff else []


def _activated(repository: "Repository", ref: str, run: Path) -> "list[Record]":
    """What a run's journal says that it decided by, with the commit of the universe where base has one."""
    from execution.events import UniverseActivated
    from execution.journal import Journal
    from generator.change.history.record import Record
    from generator.change.history.values import universes

    commits = universes(repository, repository.commit_of(ref))
    found, last = [], ""
    with Journal.read(run) as journal:
        for entry in journal.entries(kinds=(UniverseActivated.kind,)):
            assert isinstance(entry.event, UniverseActivated)
            commit = commits.get(entry.event.universe)
            found.append(
                Record(
                    time=entry.time,
                    event="activation",
                    commit=commit.oid if commit else "",
                    who=f"executor of {run.name}",
                    approvers=(),
                    word="",
                    verdict="",
                    why=commit.subject if commit else f"a universe that base does not have: {entry.event.universe}",
                    ruleset=(last, entry.event.ruleset),
                    changes=(),
                )
            )
            last = entry.event.ruleset
    return found

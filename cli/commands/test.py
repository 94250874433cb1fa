"""`hedgerow test`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.project import BAD_INPUT, NO, compiled, fail, root, wide_console

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.change.cover.coverage import Coverage
    from generator.change.cover.missing import Gap
    from generator.compile.stages import Compiled
    from generator.scenarios import Report
    from generator.trials import Scenario


@click.command(name="test")
@click.option("--backend", type=click.Choice(["python", "interpreter", "both"]), default="both", show_default=True)
@click.option("-k", "pattern", default="", help="Only scenarios whose name holds this text.")
@click.option("--coverage", "covered", is_flag=True, help="Show which outcomes of each gate the scenarios show.")
@click.option(
    "--min", "least", multiple=True, metavar="N|OUTCOME=N", help="Exit 1 where an outcome is shown less often."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(
    given_root: Path | None, backend: str, pattern: str, covered: bool, least: tuple[str, ...], as_json: bool
) -> None:
    """Run the scenarios of rules/scenarios/ against the rules as they are written now.

    Says which gates, rows, breakers and windows no scenario has made fire. A run without scenarios fails.

    \b
    hedgerow test --coverage                 each gate: passed, stopped alone, at its bound, …
    hedgerow test --min 1                    each outcome at least once; what lacks is named, with what to write
    hedgerow test --min alone=1 --min over=2

    What can't be shown stands in rules/uncovered.yaml, with the reason.
    """
    from generator import scenarios

    folder = root(given_root)
    made = compiled(folder, "prod")
    chosen = _chosen(folder, made, pattern)
    backends = ("python", "interpreter") if backend == "both" else (backend,)
    coverage = _coverage(made, wanted=covered or bool(least))
    reports: dict[str, Report] = {}
    for name in backends:
        watch = coverage.watch if coverage is not None and name == backends[-1] else None
        reports[name] = scenarios.run(chosen, made.ruleset, name, watch)
    lacking = _lacking(coverage, least, folder, made)
    if as_json:
        click.echo(json.dumps(_record(reports, made, coverage, lacking), ensure_ascii=False, indent=1))
    else:
        _show(reports, made, chosen, quiet=bool(pattern or lacking))
        if coverage is not None and covered:
            _show_coverage(coverage, [*reports.values()][-1])
        for gap in lacking:
            click.echo(f"{gap.source}: {gap.name} {gap.column} {gap.count} of {gap.wanted}\n  help: {gap.write}")
    if lacking or any(r.failures for r in reports.values()):
        raise SystemExit(NO)


def _chosen(folder: Path, made: "Compiled", pattern: str) -> "list[Scenario]":
    from generator import scenarios
    from generator.compile.problems import Refused, report

    try:
        found = scenarios.read_folder(folder, made.ruleset, made.schemas["scenarios"])
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        raise SystemExit(BAD_INPUT) from None
    chosen = [s for s in found if pattern in s.name]
    if not chosen:
        what = f"no scenario's name holds `{pattern}`" if pattern else f"there is no scenario in {scenarios.FOLDER}"
        fail(what, None, NO)
    return chosen


def _coverage(made: "Compiled", *, wanted: bool) -> "Coverage | None":
    if not wanted:
        return None
    from generator.change.cover.coverage import Coverage

    return Coverage(made.ruleset)


def _lacking(coverage: "Coverage | None", least: tuple[str, ...], folder: Path, made: "Compiled") -> "list[Gap]":
    """What is shown less often than is asked, and what is accepted as never shown although it is."""
    if coverage is None or not least:
        return []
    from generator.change.cover.accepted import read_accepted
    from generator.change.cover.missing import Gap, gaps, stale, thresholds
    from generator.compile.problems import Refused, report

    try:
        accepted = read_accepted(folder, made.ruleset, made.schemas["uncovered"])
        found = list(gaps(coverage, thresholds(least), accepted))
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        raise SystemExit(BAD_INPUT) from None
    except ValueError as error:
        fail(f"--min: {error}")
    old = [
        Gap(s.gate, s.column, 0, 0, s.source, "it is shown, or can't apply: remove the entry")
        for s in stale(coverage, accepted)
    ]
    return [*found, *old]


def _gaps(made: "Compiled", last: "Report") -> "dict[str, list[str]]":
    return {
        "gates that no scenario stops anything with": last.never_fired(made.ruleset),
        "gates that no scenario passes": last.never_passed(made.ruleset),
        "rows that no scenario chooses": last.never_chosen(made.ruleset),
        "breakers that no scenario closes": last.never_tripped(made.ruleset),
        "windows that no scenario counts in": last.never_counted(made.ruleset),
    }


def _show(reports: "Mapping[str, Report]", made: "Compiled", chosen: "list[Scenario]", *, quiet: bool) -> None:
    failures: dict[tuple[str, ...], list[str]] = {}
    for backend, report in reports.items():
        for failure in report.failures:
            lines = (
                f"{failure.scenario.source}: {failure.scenario.name}",
                f"  expected {failure.expected}\n  got      {failure.actual}",
                *(f"    {detail}" for detail in failure.details),
            )
            failures.setdefault(lines, []).append(backend)
    for (first, *rest), backends in failures.items():
        click.echo("\n".join([f"{first} ({', '.join(backends)})", *rest]))
    if not quiet:
        for what, names in _gaps(made, [*reports.values()][-1]).items():
            if names:
                click.echo(f"{what}: {', '.join(names)}")
    failed = {f.scenario.source for r in reports.values() for f in r.failures}
    click.echo(f"{len(chosen) - len(failed)} of {len(chosen)} scenarios hold ({', '.join(reports)})")


def _show_coverage(coverage: "Coverage", last: "Report") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from generator.change.cover.coverage import COLUMNS, MEANING

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("gate")
    for column in COLUMNS:
        table.add_column(column.replace("_", " "), justify="right")
    for gate in coverage.ruleset.gates:
        table.add_row(gate.id, *("–" if n is None else str(n) for n in coverage.of(gate).values()))
    console = wide_console()
    console.print(table)
    for column in COLUMNS:
        click.echo(f"{column.replace('_', ' ')}: {MEANING[column]}")
    for what, done, counts in _counts(coverage, last):
        counted = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        counted.add_column(what)
        counted.add_column(done, justify="right")
        for name, count in counts.items():
            counted.add_row(name, str(count))
        console.print(counted)


def _counts(coverage: "Coverage", last: "Report") -> "list[tuple[str, str, dict[str, int]]]":
    """What has no outcomes but one: its kind, what it did in scenarios, and in how many."""
    ruleset = coverage.ruleset
    return [
        ("row", "chosen", {name: coverage.rows[name] for name in _rows(coverage)}),
        ("breaker", "closed", {b.id: last.tripped[b.id] for b in ruleset.breakers}),
        ("window", "counted", {name: last.counted[name] for name in ruleset.windows}),
    ]


def _rows(coverage: "Coverage") -> list[str]:
    return [f"{t.name}.{r.id}" for t in coverage.ruleset.tables.values() for r in t.rows]


def _record(
    reports: "Mapping[str, Report]", made: "Compiled", coverage: "Coverage | None", lacking: "list[Gap]"
) -> dict[str, Any]:
    from dataclasses import asdict

    failures = [
        {
            "backend": backend,
            "scenario": f.scenario.name,
            "source": f.scenario.source,
            "expected": f.expected,
            "actual": f.actual,
            "gates": [s.record() for s in f.said],
        }
        for backend, report in reports.items()
        for f in report.failures
    ]
    last = [*reports.values()][-1]
    record: dict[str, Any] = {"run": last.run, "failures": failures, "gaps": _gaps(made, last)}
    if coverage is not None:
        record["coverage"] = {
            "gates": {g.id: coverage.of(g) for g in coverage.ruleset.gates},
            **{f"{what}s": counts for what, _, counts in _counts(coverage, last)},
        }
        record["lacking"] = [asdict(gap) for gap in lacking]
    return record

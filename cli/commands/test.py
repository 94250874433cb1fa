"""`hedgerow test`."""

import json
from pathlib import Path

import click

from cli.project import BAD_INPUT, NO, compiled, fail, root


@click.command(name="test")
@click.option("--backend", type=click.Choice(["python", "interpreter", "both"]), default="both", show_default=True)
@click.option("-k", "pattern", default="", help="Only scenarios whose name holds this text.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(given_root: Path | None, backend: str, pattern: str, as_json: bool) -> None:
    """Run the scenarios of rules/scenarios/ against the rules as they are written now.

    Says which gates and rows no scenario has made fire. A run without scenarios fails.
    """
    from generator import scenarios
    from generator.compile.problems import Refused, report

    folder = root(given_root)
    made = compiled(folder, "prod")
    try:
        found = scenarios.read_folder(folder, made.ruleset, made.schemas["scenarios"])
    except Refused as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        raise SystemExit(BAD_INPUT) from None
    chosen = [s for s in found if pattern in s.name]
    if not chosen:
        fail(
            f"no scenario's name holds `{pattern}`" if pattern else f"there is no scenario in {scenarios.FOLDER}",
            None,
            NO,
        )
    backends = ("python", "interpreter") if backend == "both" else (backend,)
    reports = {b: scenarios.run(chosen, made.ruleset, b) for b in backends}
    last = reports[backends[-1]]
    gaps = {
        "gates that no scenario stops anything with": last.never_fired(made.ruleset),
        "gates that no scenario passes": last.never_passed(made.ruleset),
        "rows that no scenario chooses": last.never_chosen(made.ruleset),
    }
    failures = [(b, f) for b, r in reports.items() for f in r.failures]
    if as_json:
        entries = [
            {
                "backend": b,
                "scenario": f.scenario.name,
                "source": f.scenario.source,
                "expected": f.expected,
                "actual": f.actual,
            }
            for b, f in failures
        ]
        click.echo(json.dumps({"run": len(chosen), "failures": entries, "gaps": gaps}, ensure_ascii=False, indent=1))
    else:
        for name, failure in failures:
            click.echo(f"{failure.scenario.source}: {failure.scenario.name} ({name})")
            click.echo(f"  expected {failure.expected}\n  got      {failure.actual}")
            for detail in failure.details:
                click.echo(f"    {detail}")
        if not pattern:
            for what, names in gaps.items():
                if names:
                    click.echo(f"{what}: {', '.join(names)}")
        failed = {f.scenario.source for _, f in failures}
        click.echo(f"{len(chosen) - len(failed)} of {len(chosen)} scenarios hold ({', '.join(backends)})")
    if failures:
        raise SystemExit(NO)

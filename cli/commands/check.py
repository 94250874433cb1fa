"""`hedgerow check`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.project import BAD_INPUT, root, today

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.compile.problems import Problem


@click.command(name="check")
@click.option("--env", "environment", default="prod", show_default=True, help="The environment to check for.")
@click.option("--json", "as_json", is_flag=True, help="Problems as JSON, one object a line.")
@click.pass_obj
def command(given_root: Path | None, environment: str, as_json: bool) -> None:
    """Check the rules: every problem of every file, at once.

    Each problem is `file:line:column: CODE message`, the line itself, and `help:`. Warnings don't fail the check.
    """
    from generator.compile.problems import Refused
    from generator.compile.stages import compile_universe
    from generator.scenarios import read_folder

    folder = root(given_root)
    try:
        made = compile_universe(folder, environment, today=today())
        scenarios = read_folder(folder, made.ruleset, made.schemas["scenarios"])
    except Refused as refused:
        _show(refused.problems, refused.texts, as_json)
        raise SystemExit(BAD_INPUT) from None
    _show(made.warnings, made.sources.texts, as_json)
    if not as_json:
        rules = made.ruleset
        click.echo(
            f"ok: {len(rules.subjects)} symbols, {len(rules.gates)} gates, {len(rules.catalog.caps)} caps, "
            f"{len(rules.tables)} tables, {len(rules.actors)} strategies, {len(scenarios)} scenarios ({environment})"
        )
        click.echo(f"ruleset {rules.ruleset_hash}")


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

"""`hedgerow explain`."""

import json
from pathlib import Path

import click

from cli.project import compiled, fail, root


@click.command(name="explain")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option("--env", "environment", default="prod", show_default=True, help="The environment to compile for.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(given_root: Path | None, names: tuple[str, ...], environment: str, as_json: bool) -> None:
    """Explain a symbol, a symbol's or strategy's cap, or any name of the rules and of the reference.

    \b
    hedgerow explain BTCUSDT             all caps that hold for BTCUSDT
    hedgerow explain BTCUSDT leverage    where that value comes from, and what it overrode
    hedgerow explain symbol_cap          the gate that gives this reason
    hedgerow explain exposure_after      a measure; likewise a fact, cap, gate, table, strategy, regime, waiver
    hedgerow explain stop_streak         a breaker and the window that it looks at; likewise an event, as `exit`
    hedgerow explain route.style         an output of a table; likewise a parameter, as `momentum.fast`
    hedgerow explain shadowed-gate       a problem of `hedgerow check`; likewise a unit, a state file, a producer
    """
    from engine.catalog import did_you_mean
    from generator.explain.holders import chain, holders
    from generator.explain.names import explained
    from generator.explain.names import names as all_names

    made = compiled(root(given_root), environment)
    everyone = holders(made.document)
    names = tuple(name.removeprefix("caps.") for name in names)
    if len(names) == 2 and names[0] in everyone:
        holder, cap = names
        caps = everyone[holder]["caps"]
        if cap not in caps:
            fail(f"`{cap}` is no cap of {holder}", did_you_mean(cap, caps) or f"see `hedgerow explain {holder}`")
        found = [(f"{holder} {cap}", chain(made.document, holder, cap))]
    else:
        found = [(name, explained(made, name)) for name in names]
    for name, lines in found:
        if not lines:
            near = did_you_mean(name, all_names(made))
            fail(f"nothing is called `{name}`", near or "docs/reference/README.md lists what has a name")
    if as_json:
        click.echo(json.dumps(dict(found), ensure_ascii=False, indent=1))
        return
    for i, (name, lines) in enumerate(found):
        click.echo(("\n" if i else "") + f"{name}")
        for line in lines:
            click.echo(f"  {line}")

"""`hedgerow`: the command line."""

import importlib
from pathlib import Path
from typing import Final

import click

VERSION: Final = "0.1.0"
# What `--help` lists, so that listing imports nothing.
COMMANDS: Final = {
    "run": "Run the strategies on paper, over recorded or synthetic candles.",
    "check": "Check the rules: every problem of every file, at once.",
    "fmt": "Write rule files in one way: order of keys, quotes, digits in threes.",
    "universe": "Compile the rules into universe/universe.json.",
    "venue": "Take over what the exchange imposes, shown as a diff.",
    "keys": "Make a key that signs universes, or show its public half.",
    "explain": "Explain a symbol, a symbol's cap, or any name of the rules.",
    "decide": "Decide on facts in JSON or JSONL; one decision a line.",
    "serve": "Decide over HTTP, for executors in other languages.",
    "diff": "Say what changed between two rule sets, by meaning, and what it flips.",
    "prove": "Prove for every order what a change does, or the rules can.",
    "whatif": "Say what other values would mean; no file is touched.",
    "patch": "Check what a change may do, or make one that an agent may make.",
    "history": "Show every value that a cap had, and why; or the record of changes.",
    "revert": "Propose the inverse of a commit, as a patch.",
    "mcp": "Serve an agent's tools over stdio (MCP).",
    "why": "Explain a stored decision, gate by gate.",
    "replay": "Decide again on a log's facts, and compare the bytes.",
    "archive": "Write a log of decisions as Parquet, a column a fact.",
    "positions": "Show what a run holds, with its exits.",
    "orders": "Show a run's orders.",
    "report": "Write a run's page, which opens offline.",
    "kill": "Stop new positions, or let them through again.",
    "halt": "Stop everything, exits too, until a person opens it again.",
    "breakers": "Show which breakers of a run are shut, and by what.",
    "rearm": "Open a breaker that is shut.",
    "doctor": "Look a run over: each line OK or WRONG, and what to do.",
    "test": "Run the scenarios, and say which gates none of them reaches.",
    "coverage": "Show which rules answer each clause of a regulation, and what is missing.",
    "boundary": "Show the cases on either side of each bound, or write them as scenarios.",
    "mutate": "Change the rules in small ways, and name the changes that no scenario notices.",
    "rehearse": "Decide a seeded stream of intents and show what stops them.",
    "docs": "Write everything generated: schemas, reference, pairs at the cap.",
}


class _Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, with a suggestion for a name that there is not."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"No such command '{args[0]}'." + (f" Did you mean '{near[0]}'?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="hedgerow")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="The project; default: the nearest parent with rules.",
)
@click.pass_context
def main(ctx: click.Context, root: Path | None) -> None:
    """Rules that decide: caps in YAML, compiled, proved by examples, explained for each order.

    Exit codes: 0 fine; 1 the answer is no; 2 the input is at fault; 3 the environment is at fault.
    """
    ctx.obj = root


if __name__ == "__main__":
    main()

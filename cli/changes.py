"""What `diff` and `whatif` share: comparing, what flips, how it is shown, and when the answer is no."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.logs import expanded, records
from cli.main import VERSION
from cli.project import BAD_ENVIRONMENT, BAD_INPUT, NO, fail

if TYPE_CHECKING:
    from generator.change.changes import Diff
    from generator.change.flips import Flips
    from generator.change.show.report import Report
    from generator.change.sources import Source

SAMPLE: Final = Path("research/sample/decisions.jsonl.gz")
FORMATS: Final = ("text", "markdown", "json", "sarif", "github")
FAILS: Final = ("loosen", "not-proved", "contract", "any")
_EACH: Final = 500


format_option = click.option(
    "--format", "shape", type=click.Choice(FORMATS), default="text", show_default=True, help="How it is shown."
)
json_option = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
env_option = click.option("--env", "environment", help="One environment; default: every one.")
log_option = click.option(
    "--log",
    type=click.Path(path_type=Path),
    help="Decisions to look for flips in, .jsonl or .jsonl.gz; default: a bundled sample of the paper run.",
)
flips_option = click.option("--no-flips", is_flag=True, help="Don't decide recorded intents again.")
proof_option = click.option("--no-proof", is_flag=True, help="Don't ask the solver: directions alone.")


@contextmanager
def explained() -> Iterator[None]:
    """Says what is wrong with a source, a ref or a log, and ends with the exit code of who is at fault."""
    from generator.change.git import GitFault
    from generator.change.sources import NotCompiled, SourceFault
    from generator.change.whatif import SetFault
    from generator.compile.problems import report
    from universe.decision_log import LogFault
    from universe.reader import UniverseFault

    try:
        yield
    except GitFault as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT if fault.environment else BAD_INPUT)
    except (SourceFault, SetFault, UniverseFault) as fault:
        fail(str(fault), fault.help)
    except LogFault as fault:
        fail(f"{fault.place}: {fault}", "the log holds decisions as `hedgerow decide` writes them")
    except NotCompiled as refused:
        click.echo(report(refused.problems, refused.texts), err=True)
        count = sum(not p.warning for p in refused.problems)
        click.echo(f"{refused.side}: {count} problem{'s' if count != 1 else ''}; nothing was compared", err=True)
        sys.exit(BAD_INPUT)


def compared(base: "Source", head: "Source", environment: str | None, *, prove: bool) -> "Diff":
    """The diff of two sources, with what the solver adds where it is wanted."""
    if prove:
        from generator.change.proved import proved

        return proved(base, head, environment)
    from generator.change.differ import diff

    return diff(base, head, environment)


def flipped(base: "Source", head: "Source", diff: "Diff", root: Path, log: Path | None) -> "Flips | None":
    """What flips among the intents of a log, in the first environment; None where nothing that decides is another."""
    from generator.change.flips import flips
    from universe.decision_log import lines_of

    environment = diff.environments[0]
    path = log if log is not None else root / SAMPLE
    if log is None and not path.is_file():
        return None
    old, new = base.rules(environment).ruleset, head.rules(environment).ruleset
    name = str(log) if log is not None else str(SAMPLE)
    lines = records([log]) if log is not None else expanded(lines_of(path, name))
    try:
        return flips(old, new, lines, name, _progress())
    except OSError as error:
        fail(f"{path} can't be read: {error.strerror or error}", "name a log of `hedgerow decide` or of a run")


def _progress() -> Callable[[int], None]:
    """Counts on a terminal what was decided, and is silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda done: None

    def show(done: int) -> None:
        if done % _EACH == 0:
            click.echo(f"\r{done} intents", err=True, nl=False)

    return show


def show(report: "Report", shape: str) -> None:
    """Write a report in a format."""
    if shape == "text":
        from generator.change.show.text import text

        _show_text(text(report))
    elif shape == "markdown":
        from generator.change.show.markdown import markdown

        click.echo(markdown(report), nl=False)
    elif shape == "github":
        from generator.change.show.github import github

        click.echo(github(report), nl=False)
    elif shape == "sarif":
        from generator.change.show.sarif import sarif

        click.echo(json.dumps(sarif(report, VERSION), indent=1))
    else:
        from generator.change.show.data import data

        click.echo(json.dumps(data(report), indent=1))


def _show_text(text: str) -> None:
    """The plan, with its classes in colour where a person looks on."""
    from generator.change.words import LOOSENING, Class

    colours = {word.value: "red" if word in LOOSENING else "yellow" for word in Class}
    colours |= {Class.TIGHTEN.value: "green", Class.EQUIVALENT.value: "green", Class.COSMETIC.value: "white"}
    for line in text.splitlines():
        click.echo(click.style(line, fg=colours[line], bold=True) if line in colours else line)


def end(report: "Report", fail_on: str | None) -> None:
    """End with exit code 1 where the answer is no."""
    from generator.change.words import LOOSENING, Class

    diff = report.diff
    loosens = diff.word in LOOSENING
    unproved = any(c.gates for c in diff.changes) and set(diff.proved) != {
        e for e, (old, new) in diff.rulesets.items() if old != new
    }
    answers = {
        "loosen": loosens,
        "not-proved": loosens or unproved,
        "contract": loosens or any(c.word is Class.CONTRACT for c in diff.changes),
        "any": bool(diff.changes),
    }
    if fail_on is not None and answers[fail_on]:
        sys.exit(NO)

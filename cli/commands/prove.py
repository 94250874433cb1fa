"""`hedgerow prove`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.changes import explained
from cli.project import BAD_ENVIRONMENT, NO, fail, quiet_pipe, root, today
from cli.proposals import repository_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine import RuleSet
    from generator.change.proof import Proof
    from generator.change.proof.invariants import Invariants
    from generator.change.proof.standing import Standing
    from generator.change.sides import Rules
    from generator.change.sources import Source
    from universe.reader import Universe

SECONDS: Final = 2.0


@click.command(name="prove")
@click.argument("base", required=False)
@click.argument("head", required=False)
@click.option("--env", "environment", help="One environment; default: every one.")
@click.option(
    "--limit",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long the solver may take for one question; what it can't answer in it is not proved.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the facts of each order that is shown.")
@click.pass_obj
@quiet_pipe
def command(
    given_root: Path | None, base: str | None, head: str | None, environment: str | None, seconds: float, as_json: bool
) -> None:
    """Prove for every order what a change of the rules does, or what the rules as they stand can do.

    BASE and HEAD are git refs, folders or compiled universes, as for `hedgerow diff`; HEAD is the working tree by
    default. Each gate that changed gets its class, how it was proved, and an order that shows what got looser. Of HEAD,
    or without BASE of the working tree alone, it says whether rules/invariants.yaml holds (BASE's, where it has one),
    what can veto an exit, what never passes, and what never decides.

    Exit code 1 where HEAD is not proved to be as tight as BASE, or an invariant is not proved. Needs the extra `proof`.

    \b
    hedgerow prove                        the rules as they stand
    hedgerow prove main                   what this working tree changes
    hedgerow prove HEAD~1 HEAD --json     the last commit, for programs
    """
    from generator.change.sources import of_folder, source_of

    folder, day = root(given_root), today()
    repository = repository_at(folder)
    with explained():
        old = source_of(base, repository, day) if base is not None else None
        new = source_of(head, repository, day) if head is not None else of_folder(folder, day, "working tree")
        names = _environments(old, new, environment)
        found = {name: _proved(old, new, name, seconds) for name in names}
    if as_json:
        click.echo(json.dumps(_data(old, new, found), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(_lines(old, new, found)))
    if not all(fine for *_, fine in found.values()):
        sys.exit(NO)


_Found = tuple["Proof | None", "Standing", "RuleSet", bool]


def _environments(old: "Source | None", new: "Source", only: str | None) -> list[str]:
    known = [e for e in new.environments() if old is None or e in old.environments()]
    names = [e for e in known if only in (None, e)]
    if not names:
        fail(
            f"there is no environment {only}" if only else "they have no environment in common",
            f"known: {', '.join(known)}",
        )
    return names


def _proved(old: "Source | None", new: "Source", environment: str, seconds: float) -> _Found:
    """What is proved in one environment, of which rules, and whether that is fine."""
    from generator.change.proof import NoSolver, prove
    from generator.change.proof.quiet import quiet_orders
    from generator.change.proof.replay import Disagreement
    from generator.change.proof.standing import standing
    from generator.change.words import LOOSENING

    after = new.rules(environment)
    before = old.rules(environment) if old is not None else None
    near = quiet_orders(*(_universe(rules, environment) for rules in (before, after) if rules is not None))
    try:
        proof = None
        if before is not None:
            proof = prove(before.ruleset, after.ruleset, limit_seconds=seconds, near=near)
        invariants = _invariants(old, new, after)
        stands = standing(after.ruleset, invariants, limit_seconds=seconds, near=near)
    except NoSolver:
        fail("the solver is not installed", "pip install 'hedgerow[proof]'", BAD_ENVIRONMENT)
    except Disagreement as disagreement:
        fail(f"what decides and what proves differ: {disagreement}", "please report it with the rules")
    fine = stands.kept and (proof is None or proof.overall not in LOOSENING)
    return proof, stands, after.ruleset, fine


def _universe(rules: "Rules", environment: str) -> "Universe":
    from generator.compile.finish import file_text
    from universe.reader import parse

    return parse(file_text(dict(rules.document)), environment)


def _invariants(old: "Source | None", new: "Source", rules: "Rules") -> "Invariants":
    """BASE's invariants where it has some, else HEAD's own, read for HEAD's rules."""
    from generator.change.proof.invariants import FILE, Invariants, read_invariants
    from generator.change.sources import NotCompiled
    from generator.compile.files import Texts
    from generator.compile.problems import Refused

    for source in filter(None, (old, new)):
        texts = source.texts()
        if FILE in texts:
            try:
                return read_invariants(Texts(texts), rules.document, rules.ruleset)
            except Refused as refused:
                raise NotCompiled(source.name, refused) from None
    return Invariants()


def _data(old: "Source | None", new: "Source", found: dict[str, _Found]) -> dict[str, Any]:
    from generator.change.proof.telling import compared_data, standing_data

    return {
        "format": 1,
        "base": old.name if old is not None else None,
        "head": new.name,
        "environments": {
            name: {
                "fine": fine,
                **({} if proof is None else {"change": compared_data(proof)}),
                "rules": standing_data(stands),
            }
            for name, (proof, stands, _, fine) in found.items()
        },
    }


def _lines(old: "Source | None", new: "Source", found: dict[str, _Found]) -> list[str]:
    """What was found; once for environments of which the same is to be said."""
    from generator.change.show.clean import spelled

    told: dict[tuple[str, ...], list[str]] = {}
    for name, one in found.items():
        told.setdefault(tuple(_told(old, new, one)), []).append(name)
    lines = [line for said, names in told.items() for line in (f"{', '.join(names)}", *said, "")]
    return [spelled(line) for line in lines[:-1]]


def _told(old: "Source | None", new: "Source", found: _Found) -> "Iterator[str]":
    from generator.change.proof.telling import compared_lines, standing_lines

    proof, stands, rules, _ = found
    if old is not None and proof is not None:
        yield f"from {old.name} to {new.name}"
        yield from compared_lines(proof, rules)
        yield ""
    yield f"{new.name} as it stands"
    yield from standing_lines(stands, rules)

"""The diff of two sources with what the solver adds to it; directions alone say less without one, and nothing wrong."""

from dataclasses import replace
from typing import Final

from generator.change.changes import Diff
from generator.change.differ import diff
from generator.change.prover import refined
from generator.change.sides import Rules
from generator.change.sources import Source
from universe.reader import Universe

# How long the solver may take for one question; what it can't answer in time is not proved.
SECONDS: Final = 2
NO_SOLVER: Final = "no solver is installed (the extra `proof`): directions alone were asked"


def proved(base: Source, head: Source, only: str | None = None) -> Diff:
    """The diff in every environment that both have, or in one, proved wherever rules differ.

    Raises:
        NotCompiled: one of them can't be compiled.
        SourceFault: they have no environment in common.
        UniverseFault: a compiled universe is not to be decided by.
    """
    found = diff(base, head, only)
    changed = [e for e in found.environments if found.rulesets[e][0] != found.rulesets[e][1]]
    if not any(change.gates for change in found.changes):
        return found
    try:
        from generator.change.proof.prove import prove
        from generator.change.proof.quiet import quiet_orders
        from generator.change.proof.solver import NoSolver
    except ImportError:
        return replace(found, notes=(*found.notes, NO_SOLVER))
    proofs = {}
    try:
        for environment in changed:
            old, new = base.rules(environment), head.rules(environment)
            near = quiet_orders(_universe(old), _universe(new))
            proofs[environment] = prove(old.ruleset, new.ruleset, limit_seconds=SECONDS, near=near)
    except NoSolver:
        return replace(found, notes=(*found.notes, NO_SOLVER))
    return refined(found, proofs)


def _universe(rules: Rules) -> Universe:
    """Rules as a universe that nothing runs by."""
    return Universe(rules.ruleset, dict(rules.document), {})

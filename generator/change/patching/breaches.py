"""Base's invariants held against head's rules, in every environment in which these are others."""

from collections.abc import Iterator

from generator.change.patching.compiled import CompiledSide
from generator.change.patching.meaning import SECONDS
from generator.compile.problems import Refused


def breaches(base: CompiledSide, head: CompiledSide) -> Iterator[str]:
    """Each invariant that does not hold or is not proved, in words.

    Raises:
        NoSolver: intervals don't suffice, and the solver is not installed.
    """
    for environment in head.environments():
        known = environment in base.environments()
        if not known or base.ruleset(environment).ruleset_hash != head.ruleset(environment).ruleset_hash:
            yield from (f"{environment}: {line}" for line in _breaches(base, head, environment))


def _breaches(base: CompiledSide, head: CompiledSide, environment: str) -> Iterator[str]:
    from generator.change.proof.invariants import read_invariants
    from generator.change.proof.promises import Verdict
    from generator.change.proof.quiet import quiet_orders
    from generator.change.proof.standing import kept

    ruleset = head.ruleset(environment)
    try:
        invariants = read_invariants(base.files, head.compiled(environment).document, ruleset)
    except Refused as refused:
        yield from (f"{p.file}:{p.line}: {p.message}" for p in refused.problems)
        return
    near = quiet_orders(head.universe_of(environment))
    for promise in kept(ruleset, invariants, limit_seconds=SECONDS, near=near):
        if promise.verdict is not Verdict.HOLDS:
            shown = f": {promise.example.text}" if promise.example is not None else ""
            one = promise.invariant
            yield f"{one.kind} {one.id} is {promise.verdict}{shown} ({one.source}: {one.why})"

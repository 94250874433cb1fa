"""Base's invariants held against head's rules, in every environment in which these are others."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from generator.change.patching.compiled import CompiledSide
from generator.change.patching.idle import differs
from generator.change.proved import SECONDS
from generator.compile.problems import Refused

if TYPE_CHECKING:
    from generator.change.proof.invariants import Invariants
    from generator.change.proof.promises import Promise


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

    try:
        document = head.compiled(environment).document
        invariants = read_invariants(base.files, document, head.ruleset(environment))
    except Refused as refused:
        yield from (f"{p.file}:{p.line}: {p.message}" for p in refused.problems)
        return
    for promise in _kept(base, head, environment, invariants):
        if promise.verdict is not Verdict.HOLDS:
            shown = f": {promise.example.text}" if promise.example is not None else ""
            one = promise.invariant
            yield f"{one.kind} {one.id} is {promise.verdict}{shown} ({one.source}: {one.why})"


def _kept(base: CompiledSide, head: CompiledSide, environment: str, invariants: "Invariants") -> "Iterator[Promise]":
    """The invariants with their verdicts, asked of whomever something else holds for; where base has broken one for
    others, it is not this change that did.
    """
    from generator.change.proof.asked import Asked
    from generator.change.proof.promises import Promises, Verdict
    from generator.change.proof.quiet import quiet_orders

    old = base.compiled(environment).document if environment in base.environments() else {}
    new, near = head.compiled(environment).document, quiet_orders(head.universe_of(environment))
    asked = Asked(head.ruleset(environment), SECONDS, near)
    asked.places, asked.named = (
        [p for p in places if not old or differs(old, new, p.subject, p.actor)]
        for places in (asked.places, asked.named)
    )
    for promise in Promises(asked, invariants).kept():
        if promise.verdict is Verdict.HOLDS or promise.places:
            yield promise
        else:  # what must be possible for somebody may be so for those of whom nothing was asked
            alone = replace(invariants, every=(promise.invariant,))
            yield from Promises(Asked(head.ruleset(environment), SECONDS, near), alone).kept()

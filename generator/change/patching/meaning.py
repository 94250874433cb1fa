"""What a change is called, in every environment, with what is proved of it; and what it does to recorded orders."""

import gzip
import zlib
from collections.abc import Iterator
from typing import Final

from generator.change.changes import Diff
from generator.change.differ import diff
from generator.change.flips import Flips, LogFault, flips
from generator.change.patching.compiled import CompiledSide
from generator.change.patching.trees import Tree
from generator.change.prover import refined

# How long the solver may take for one question; what it can't answer in time is not proved.
SECONDS: Final = 2
SAMPLE: Final = "research/sample/decisions.jsonl.gz"


def meaning(base: CompiledSide, head: CompiledSide) -> Diff:
    """The diff, proved where there is something to prove and a solver is installed; directions alone say less without
    one, and nothing wrong.

    Raises:
        Refused: a side does not compile.
    """
    found = diff(base, head)
    changed = [e for e, (old, new) in found.rulesets.items() if old != new]
    if not any(change.gates for change in found.changes):
        return found
    from generator.change.proof.prove import prove
    from generator.change.proof.solver import NoSolver

    try:
        proofs = {e: prove(base.ruleset(e), head.ruleset(e), limit_seconds=SECONDS) for e in changed}
    except NoSolver:
        return found
    return refined(found, proofs)


def flipped(base: CompiledSide, head: CompiledSide, tree: Tree) -> Flips | None:
    """What flips of the orders that base has recorded; None where it has recorded none, which shows nothing.

    Args:
        base, head: both sides.
        tree: the files of base.

    Raises:
        LogFault: the recording can't be read.
    """
    recorded = tree.read(SAMPLE).get(SAMPLE)
    if recorded is None:
        return None
    if base.ruleset().ruleset_hash == head.ruleset().ruleset_hash:
        return Flips(SAMPLE)
    return flips(base.ruleset(), head.ruleset(), _lines(recorded), SAMPLE)


def _lines(recorded: bytes) -> Iterator[tuple[str, str]]:
    try:
        text = gzip.decompress(recorded).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise LogFault(SAMPLE, "it is no compressed log") from None
    return ((f"{SAMPLE}:{number}", line) for number, line in enumerate(text.splitlines(), 1) if line.strip())

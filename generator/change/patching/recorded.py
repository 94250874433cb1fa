"""What a change does to the orders that base has recorded."""

import gzip
import zlib
from collections.abc import Iterator
from typing import Final

from generator.change.flips import Flips, flips
from generator.change.patching.compiled import CompiledSide
from generator.change.patching.trees import Tree
from universe.decision_log import LogFault

SAMPLE: Final = "research/sample/decisions.jsonl.gz"


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

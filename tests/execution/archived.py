"""Archives of decisions by random rules, and what the reference says of each record."""

from pathlib import Path

from engine import Engine, read
from engine.facts import parse_json
from engine.nesting import flat
from execution.archive import write
from tests.engine.cloud import nested
from tests.engine.in_columns import bits, with_gates
from tests.engine.random_rules import Dice, RuleMaker, Shape, asked

RECORDS = 120


class Archived:
    """An archive of decisions by the rules of a seed; facts are complete, have holes, or troubles of every kind.

    Args:
        seed: of the rules and the facts.
        folder: where it is put.
        size: of the rules.
        gates: at least so many.
    """

    def __init__(self, seed: int, folder: Path, size: int = 5, gates: int = 1) -> None:
        dice = Dice(seed)
        document = with_gates(RuleMaker(dice, Shape(), size).document(), gates)
        self.engine, self.path = Engine(read(document)), folder / f"{seed}.parquet"
        slow = Engine(self.engine.ruleset, "interpreter")
        requests = [asked(dice, document) for _ in range(RECORDS)]
        decisions = [slow.decide(nested(request)) for request in requests]
        self.lines = [decision.to_json() for decision in decisions]
        self.ids = [decision.id for decision in decisions]
        self.allowed = [decision.allowed for decision in decisions]
        write(lambda: iter(self.lines), self.path)
        self._slow = slow

    def bits(self, stopped: int) -> list[int]:
        """What stops each record, by the interpreter."""
        return [bits(self._slow, dict(flat(parse_json(line)["facts"])), stopped) for line in self.lines]

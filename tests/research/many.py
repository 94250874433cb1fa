"""Columns against deciding one by one; `python -m tests.research.many N` compares N rows, none like another."""

import sys
from typing import Any, Final

import numpy

from engine import Engine
from engine.columns import Batch, Columns, Judging
from research.bench.columns import Workload
from research.bench.workload import ruleset

CHUNK: Final = 200_000
# So many rows of a million lie on a bound as they are drawn; what is drawn anew moves some off it.
NEAR: Final = 20_000


class Many:
    """The gate of fifteen rules, in machine code, and rows for it."""

    def __init__(self) -> None:
        self.columns = Columns(Engine(ruleset()))

    def wrong(self, rows: int, seed: int) -> int:
        """Of so many rows, how many are judged otherwise than one by one."""
        judging = Judging(self.columns, self._batch(rows, seed))
        judging.run(0, rows)
        return sum(said != judging.bits(row) for row, said in enumerate(self.columns.masks.of_rows(judging.said)))

    def _batch(self, rows: int, seed: int) -> Batch:
        """Random orders; of half of them quantity and NAV are drawn anew, and one in a thousand lacks a fact."""
        workload = Workload(rows, near=NEAR, seed=seed)
        dice = numpy.random.default_rng(seed)
        made: dict[str, Any] = dict(workload.batch(self.columns).columns)
        anew = dice.random(rows) < 0.5
        for name, places in (("order.quantity", 3), ("nav.total", 2)):
            values = made[name].values.copy()
            moved = numpy.round(values * dice.uniform(0.9, 1.1, rows), places)
            values[anew & (moved > 0)] = moved[anew & (moved > 0)]
            made[name] = self.columns.numbers(values)
        lacking = made["book.var"].values.copy()
        lacking[dice.random(rows) < 0.001] = numpy.nan
        made["book.var"] = self.columns.numbers(lacking)
        return Batch(rows, made)


def main() -> None:
    """Compare as many as are asked for, and say how many are wrong."""
    many, rows = Many(), int(sys.argv[1])
    sizes = [min(CHUNK, rows - start) for start in range(0, rows, CHUNK)]
    wrong = sum(many.wrong(size, seed) for seed, size in enumerate(sizes))
    print(f"{rows} rows in columns, {wrong} judged otherwise than one by one")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

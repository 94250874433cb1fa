"""Many decisions at once: the gate of fifteen rules over columns, beside the same by hand, and engines of columns."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy

from engine import Engine
from engine.columns import Batch, Columns
from engine.nesting import flat
from research.bench.by_columns import CAPS, FACTS, by_hand, in_sql
from research.bench.page import Row
from research.bench.timing import Timed, in_turns
from research.bench.workload import caps, cases, nested, on_bounds, ruleset

ROWS: Final = 1_000_000
ROUNDS: Final = 9
BASE: Final = "by hand: one loop in floats, compiled the same way"
NAMES: Final = (
    "symbol side quantity price leverage reduces total age drawdown loss gross positions var held grouped mark since"
).split()


class Workload:
    """Rows drawn from random orders, with so many of a million from those that lie on a bound."""

    def __init__(self, rows: int = ROWS, near: int = 0, seed: int = 1) -> None:
        dice = numpy.random.default_rng(seed)
        fine, bound = ([dict(flat(nested(case))) for case in made] for made in (cases(), on_bounds()))
        drawn = dice.integers(0, len(fine), rows)
        beside = numpy.flatnonzero(dice.random(rows) * 1_000_000 < near)
        drawn[beside] = len(fine) + dice.integers(0, len(bound), len(beside))
        self.facts, self.drawn = [*fine, *bound], drawn
        self.symbols = sorted({facts["order.symbol"] for facts in self.facts})
        self.sides = ["BUY", "SELL"]

    def arrays(self) -> dict[str, Any]:
        """The columns, words by their places in `symbols` and `sides`."""
        return {name: self._array(name) for name in [*FACTS, "market.step"]}

    def _array(self, name: str) -> Any:
        values = [facts[name] for facts in self.facts]
        if name == "order.reduces":
            return numpy.array(values, numpy.int8)[self.drawn]
        words = {"order.symbol": self.symbols, "order.side": self.sides}.get(name)
        if words is not None:
            return numpy.array([words.index(value) for value in values], numpy.int32)[self.drawn]
        return numpy.array([numpy.float64(value) for value in values])[self.drawn]

    def batch(self, columns: Columns) -> Batch:
        """The same as the engine takes them."""
        made = {}
        for name, array in self.arrays().items():
            if name == "order.reduces":
                made[name] = columns.truths(array)
            elif array.dtype == numpy.int32:
                made[name] = columns.words(name, array, self.symbols if name == "order.symbol" else self.sides)
            else:
                made[name] = columns.numbers(array)
        return Batch(len(self.drawn), made)


def measured(rows: int = ROWS, rounds: int = ROUNDS) -> list[Row]:
    """Rates of one core, with ratios to the loop by hand."""
    columns, quiet, near = Columns(Engine(ruleset())), Workload(rows), Workload(rows, near=100)
    loop, arrays, out = by_hand(quiet.symbols), quiet.arrays(), numpy.empty(rows, numpy.uint16)
    ways: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {
        BASE: (lambda given: loop(given, 0, rows, out), [arrays]),
        "columns, no row near a bound": (columns.judge, [quiet.batch(columns)]),
        "columns, 0.01 % of rows on a bound": (columns.judge, [near.batch(columns)]),
        **_others(quiet),
    }
    targets = {"columns, no row near a bound": "1.82", "columns, 0.01 % of rows on a bound": "2.38"}
    found: dict[str, Timed] = in_turns(BASE, ways, rounds)
    return [
        Row(what, f"{rows / t.seconds / 1e6:.1f} M/s", t.ratio, targets.get(what, ""), f"{t.least:.2f}–{t.most:.2f}")
        for what, t in found.items()
    ]


def _others(workload: Workload) -> dict[str, tuple[Callable[[Any], object], Sequence[Any]]]:
    """Engines of columns that are installed, each with the gate in its own language."""
    import duckdb
    import pyarrow

    named = dict(zip(NAMES, (workload.arrays()[name] for name in FACTS), strict=True))
    _, own = caps(float)
    by_symbol: dict[str, list[Any]] = {"symbol": list(range(len(workload.symbols)))}
    for cap in CAPS:
        by_symbol["max_leverage" if cap == "leverage" else cap] = [own.get(s, {}).get(cap, 0) for s in workload.symbols]
    by_symbol["listed"] = [int(s in own) for s in workload.symbols]
    connection = duckdb.connect()
    connection.register("own", pyarrow.table(by_symbol))
    connection.register("arrays", pyarrow.table(named))
    connection.execute("CREATE TABLE facts AS SELECT * FROM arrays")
    ways: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {
        "DuckDB's own evaluation, floats": (lambda query: connection.execute(query).fetchall(), [in_sql()])
    }
    try:
        import polars
    except ImportError:
        return ways
    query = in_sql().replace("::INT * ", "::BIGINT * ")
    context = polars.SQLContext(facts=polars.DataFrame(named), own=polars.DataFrame(by_symbol))
    ways["Polars' own evaluation, floats"] = (lambda text: context.execute(text, eager=True), [query])
    return ways

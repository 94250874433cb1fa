"""The gate of `gate.yaml` over columns as a person writes it by hand: one loop in floats, compiled by numba.

It is what every figure of columns is a ratio to; where a measure is near its bound it may be wrong.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy

from engine.columns import machine_code
from research.bench.workload import caps

Arrays = Mapping[str, Any]
# The columns, in the order in which the loop takes them.
FACTS: Final = (
    "order.symbol order.side order.quantity order.price order.leverage order.reduces nav.total nav.age nav.drawdown "
    "nav.daily_loss book.gross book.positions book.var position.notional position.group market.mark market.since_trade"
).split()
CAPS: Final = "min_notional order_notional leverage cooldown price_collar symbol_exposure".split()
ACCOUNT: Final = "nav_max_age drawdown daily_loss trade_nav gross_exposure open_positions group_exposure var".split()


def by_hand(symbols: list[str]) -> Callable[[Arrays, int, int, Any], None]:
    """The loop over rows from one to another, which leaves a bit for each rule that is broken.

    Args:
        symbols: in the order of their codes; those that are not listed break the last rule.
    """
    limits, own = caps(float)
    account = numpy.array([limits[name] for name in ACCOUNT])
    by_symbol = numpy.array([[own[s][name] if s in own else 0 for name in CAPS] for s in symbols])
    listed = numpy.array([s in own for s in symbols], numpy.int8)
    loop = _compiled()

    def run(columns: Arrays, start: int, stop: int, out: Any) -> None:
        loop(*(columns[name] for name in FACTS), account, by_symbol, listed, start, stop, out)

    return run


def _compiled() -> Callable[..., None]:
    """The loop, compiled as the engine compiles its own."""
    words = {"order.symbol": "int32[]", "order.side": "int32[]", "order.reduces": "int8[]"}
    columns = [words.get(name, "float64[]") for name in FACTS]
    return machine_code(_loop, [*columns, "float64[]", "float64[][]", "int8[]", "uint64", "uint64", "out uint16[]"])


def _loop(
    symbol: Any, side: Any, quantity: Any, price: Any, leverage: Any, reduces: Any, total: Any, age: Any,
    drawdown: Any, loss: Any, gross: Any, positions: Any, var: Any, held: Any, group: Any, mark: Any, since: Any,
    account: Any, own: Any, listed: Any, start: int, stop: int, out: Any,
) -> None:  # fmt: skip
    for i in range(start, stop):
        s, nav = symbol[i], total[i]
        notional = quantity[i] * price[i]
        after = abs(held[i] + notional if side[i] == 0 else held[i] - notional)
        broken = (age[i] > account[0]) * 1
        broken |= (drawdown[i] > account[1]) * 2
        broken |= (loss[i] > account[2]) * 4
        broken |= (notional < own[s, 0]) * 8
        broken |= (notional > own[s, 1]) * 16
        broken |= (leverage[i] > own[s, 2]) * 32
        broken |= (since[i] < own[s, 3]) * 64
        broken |= (abs(price[i] - mark[i]) > own[s, 4] * mark[i]) * 128
        adding = (notional > account[3] * nav) * 256
        adding |= (after > own[s, 5] * nav) * 512
        adding |= (gross[i] + notional > account[4] * nav) * 1024
        adding |= ((positions[i] + 1 > account[5]) & (held[i] == 0)) * 2048
        adding |= (group[i] + notional > account[6] * nav) * 4096
        adding |= (var[i] > account[7]) * 8192
        broken |= adding * (reduces[i] == 0)
        out[i] = broken * listed[s] | 16384 * (listed[s] == 0)


def in_sql() -> str:
    """The same as a query of DuckDB, over `facts` and the relation `own` of what holds for each symbol."""
    limits, _ = caps(float)
    a = {name: f"CAST({limits[name]!r} AS DOUBLE)" for name in ACCOUNT}
    rules = [
        f"age > {a['nav_max_age']}", f"drawdown > {a['drawdown']}", f"loss > {a['daily_loss']}",
        "notional < min_notional", "notional > order_notional", "leverage > max_leverage", "since < cooldown",
        "abs(price - mark) > price_collar * mark",
    ]  # fmt: skip
    adding = [
        f"notional > {a['trade_nav']} * total",
        "abs(CASE WHEN side = 0 THEN held + notional ELSE held - notional END) > symbol_exposure * total",
        f"gross + notional > {a['gross_exposure']} * total", f"held = 0 AND positions + 1 > {a['open_positions']}",
        f"grouped + notional > {a['group_exposure']} * total", f"var > {a['var']}",
    ]  # fmt: skip
    every = [f"({rule})" for rule in rules] + [f"({rule} AND reduces = 0)" for rule in adding]
    bits = " + ".join(f"{rule}::INT * {1 << n}" for n, rule in enumerate(every))
    return (
        f"SELECT sum(CASE WHEN listed = 1 THEN {bits} ELSE 16384 END) FROM "
        "(SELECT *, quantity * price AS notional FROM facts JOIN own USING (symbol))"
    )

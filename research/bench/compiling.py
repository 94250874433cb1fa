"""What a compile takes by the number of symbols: the shipped rules with more symbols, each with 20 caps of its own."""

import json
import re
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Final

from generator.compile.files import Folder, Instead
from generator.compile.sources import FILES
from generator.compile.stages import compile_universe
from research.bench.page import Row

ROOT: Final = Path(__file__).parents[2]
VENUE: Final = "universe/venues/binance_usdm.json"
TIER: Final = "SATELLITE"
FEW: Final = 500
MANY: Final = 5_000
# Tighter than those of their tier, so that none repeats it.
CAPS: Final = (
    "{symbol_exposure: 19%, order_notional: 20_000 USDT, leverage: 2x, spread: 11bps, price_collar: 1.5%,"
    " mark_max_age: 10s, min_notional: 30 USDT, trade_nav: 5%, add_to_loser: 1%, cooldown: 6m, position_cvar: 3%,"
    " size_low: 1x, size_normal: 0.9, size_high: 0.6, size_crisis: 0.3, target_nav: 2%, target_leverage: 1.5x,"
    " stop_loss: 2%, take_profit: 4%, trailing_stop: 1.5%}"
)


def files(symbols: int) -> Instead:
    """The shipped rules, with so many more symbols."""
    names = [f"N{number:05}USDT" for number in range(symbols)]
    shipped = Folder(ROOT)
    texts = {path: shipped.read(path).decode() for path in (VENUE, *(FILES[n] for n in ("universe", "tiers", "risk")))}
    venue = json.loads(texts[VENUE])
    like = venue["symbols"]["ETHUSDT"]
    venue["symbols"] |= {name: {**like, "base": name.removesuffix("USDT")} for name in names}
    caps = "".join(f"  {name}: {CAPS}\n" for name in names)
    members = rf"({TIER}:.*?members: \[)"
    return Instead(
        shipped,
        {
            VENUE: json.dumps(venue),
            FILES["universe"]: texts[FILES["universe"]] + "".join(f"  {n}: {{liquidity: B_MEDIUM}}\n" for n in names),
            FILES["tiers"]: re.sub(members, rf"\g<1>{', '.join(names)}, ", texts[FILES["tiers"]], count=1, flags=re.S),
            FILES["risk"]: re.sub("^symbols:\\n", f"symbols:\\n{caps}", texts[FILES["risk"]], flags=re.M),
        },
    )


def measured() -> list[Row]:
    """Seconds and memory of a compile with many symbols, and with ten times as many."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as alone:
        (few, held, gates), (many, most, _) = (alone.submit(_compiled, count).result() for count in (FEW, MANY))
    what = f"{gates} gates × 20 caps"
    return [
        Row(f"{FEW:,} symbols × {what}", f"{few:.2f} s", 1, "1.5 s"),
        Row("memory of its process", f"{held} MB", held / 300, "300 MB"),
        Row(f"{MANY:,} symbols × {what}", f"{many:.2f} s", many / few, f"{MANY // FEW} ×"),
        Row("memory of its process", f"{most} MB", most / 300),
    ]


def _compiled(symbols: int) -> tuple[float, int, int]:
    """The least time of three compiles, in seconds; the memory of the process in MB; how many gates there are."""
    project, times, gates = files(symbols), [], 0
    for _ in range(3 if symbols <= FEW else 1):
        start = perf_counter()
        gates = len(compile_universe(project, today=date(2026, 1, 1)).ruleset.gates)
        times.append(perf_counter() - start)
    return min(times), getrusage(RUSAGE_SELF).ru_maxrss // 1024, gates


__all__ = ["measured"]

"""Windows and breakers: what an event costs each window that it touches, what all of them hold, and what a tick pays.

Windows are symbols × strategies × kinds; each has counted before anything is timed. Touches are compared with the same
count by hand: one dictionary of deques and totals, and nothing that could be told of another kind of window.
"""

import gc
import tempfile
import tracemalloc
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, Final

from engine.read import read
from engine.recent import Recent
from engine.ruleset import RuleSet
from engine.windows import facts_of
from execution.feeds.synthetic import synthetic
from execution.journal import Journal
from execution.loop import STAGES, Loop
from execution.starting import Setup, start
from execution.venues.model import FILE as MODEL
from execution.venues.model import read_model
from execution.watching import UniverseFile
from research.bench.page import Row
from strategies.catalog import make
from universe.instruments import instruments
from universe.quiet import REFERENCE_PRICES
from universe.reader import Universe, load

ROOT: Final = Path(__file__).parents[2]
UNIVERSE: Final = ROOT / "universe/universe.json"
SYMBOLS: Final = 500
STRATEGIES: Final = 20
LOST: Final = "trade.realised - trade.fees - trade.funding < 0"
KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "trades_1h": {"count": "trade", "within": "1h"},
    "losses_1h": {"count": "trade", "where": LOST, "within": "1h"},
    "bought_1h": {"count": "trade", "where": "trade.side == 'BUY'", "within": "1h"},
    "trades_today": {"count": "trade", "since": "utc_day"},
    "streak": {"streak": "trade", "where": LOST, "since": "utc_day"},
    "since_trade": {"since_last": "trade"},
    "realised_1h": {"sum": "trade.realised", "unit": "USDT", "within": "1h"},
    "realised_today": {"sum": "trade.realised", "unit": "USDT", "since": "utc_day"},
    "worst_fee_1h": {"max": "trade.fees", "unit": "USDT", "within": "1h"},
    "last_fee": {"last": "trade.fees", "unit": "USDT"},
}
KEYS: Final = SYMBOLS * STRATEGIES
WINDOWS: Final = KEYS * len(KINDS)
HOUR: Final = 3600
BEGUN: Final = 1_750_000_000
ROUNDS: Final = 3
DAYS: Final = 12


def ruleset() -> RuleSet:
    """The shipped rules, with these windows more, each by symbol and strategy."""
    document = load(UNIVERSE).document
    more = {name: {**kind, "by": ["symbol", "strategy"]} for name, kind in KINDS.items()}
    windows = {**document["windows"], **more}
    return read({**document, "windows": windows, "facts": {**document["facts"], **facts_of(more)}})


def trades(number: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """So many trades of every symbol and strategy, in an order that nobody guesses, a few in each second."""
    dice = Random(7)
    keys = [(f"S{n % SYMBOLS}", f"T{n // SYMBOLS}") for n in range(KEYS)]
    for turn in range(number):
        dice.shuffle(keys)
        for place, (symbol, strategy) in enumerate(keys):
            brought = Decimal(dice.randrange(-5_000, 5_000)).scaleb(-2)
            side, fees = dice.choice(["BUY", "SELL"]), Decimal(dice.randrange(200)).scaleb(-2)
            fields = {"symbol": symbol, "strategy": strategy, "side": side, "realised": brought, "fees": fees}
            yield BEGUN + (turn * KEYS + place) // 8, {**fields, "funding": Decimal(0)}


def measured() -> list[Row]:
    """Figures of windows, then of a run's ticks."""
    rules, told = ruleset(), list(trades(ROUNDS + 1))
    tracemalloc.start()
    recent = _fed(rules, told[: ROUNDS * KEYS])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del recent
    recent, by_hand = _fed(rules, told[:KEYS]), ByHand()
    for time, fields in told[:KEYS]:
        by_hand.feed(fields, time)
    engine, hand = [], []
    gc.collect()
    gc.disable()
    for turn in range(1, ROUNDS + 1):
        part = told[turn * KEYS : (turn + 1) * KEYS]
        hand.append(_spent(by_hand.feed_all, part))
        engine.append(_spent(lambda chosen: _feed(recent, chosen), part))
    gc.enable()
    # The shipped windows over trades are touched as well.
    touched = sum(window.event == "trade" for window in rules.windows.values())
    by_one, by_engine = min(hand) / KEYS / len(KINDS), min(engine) / KEYS / touched
    now = told[-1][0]
    keys = [{"symbol": f["symbol"], "strategy": f["strategy"]} for _, f in told[:2000]]
    reading = _spent(lambda chosen: [recent.facts(one, now) for one in chosen], keys) / (len(keys) * len(KINDS))
    return [
        Row("a count by hand, for each", f"{by_one * 1e6:.2f} µs", 1),
        Row(f"a window that an event touches, of {WINDOWS:,}", f"{by_engine * 1e6:.2f} µs", by_engine / by_one, "2 µs"),
        Row("a window read as a fact", f"{reading * 1e6:.2f} µs", reading / by_one),
        Row(f"{WINDOWS:,} windows hold", f"{held / 1e6:.0f} MB", held / WINDOWS / 1000, "200 MB"),
        *_ticks(),
    ]


def _fed(rules: RuleSet, told: list[tuple[int, dict[str, Any]]]) -> Recent:
    recent = Recent(rules)
    _feed(recent, told)
    return recent


def _feed(recent: Recent, told: list[tuple[int, dict[str, Any]]]) -> None:
    for time, fields in told:
        recent.feed("trade", fields, time)


def _spent(action: Any, given: Any) -> float:
    began = process_time()
    action(given)
    return process_time() - began


class ByHand:
    """Trades of the last hour by symbol and strategy, as one would write that alone; once for each kind."""

    def __init__(self) -> None:
        self._times: list[defaultdict[tuple[str, str], deque[int]]] = [defaultdict(deque) for _ in KINDS]
        self._totals: list[defaultdict[tuple[str, str], int]] = [defaultdict(int) for _ in KINDS]

    def feed(self, fields: Mapping[str, Any], time: int) -> None:
        """Count one trade in each."""
        for times_of, totals in zip(self._times, self._totals, strict=True):
            key = (fields["symbol"], fields["strategy"])
            times = times_of[key]
            times.append(time)
            totals[key] += 1
            while times[0] <= time - HOUR:
                times.popleft()
                totals[key] -= 1

    def feed_all(self, told: list[tuple[int, dict[str, Any]]]) -> None:
        """Count all of these."""
        for time, fields in told:
            self.feed(fields, time)


def _ticks() -> list[Row]:
    """What a tick of the paper run takes, and how much of it the stage is that judges breakers."""
    universe = load(UNIVERSE)
    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder), now=0, pid=1) as journal:
        loop, ticks = start(_setup(universe), Path(folder), journal, lambda entries: None)
        spent, judging, number = 0.0, 0.0, 0
        for tick in ticks:
            loop.desk.now = tick.time
            for stage in STAGES:
                took = _spent(lambda one, stage=stage: stage.take(*one), (loop, tick))
                spent, judging = spent + took, judging + (took if stage.name == "judge" else 0)
            spent += _spent(Loop.commit, loop)
            number += 1
    return [
        Row(f"a tick of the paper run, {number:,} of them", f"{spent / number * 1e6:.0f} µs", 1),
        Row("breakers judged in it, for everybody", f"{judging / number * 1e6:.1f} µs", judging / spent, "10 %"),
    ]


def _setup(universe: Universe) -> Setup:
    known = instruments(universe)
    ticks = {symbol: known[symbol].tick for symbol in universe.document["symbols"]}
    feed = synthetic({s: REFERENCE_PRICES.get(s, t * 1000) for s, t in ticks.items()}, ticks, seed=7, days=DAYS)
    return Setup(feed, UniverseFile(UNIVERSE, "prod"), read_model(ROOT / MODEL), Decimal(15_000), make)

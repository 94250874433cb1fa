"""The log and the service: by fifteen rules, as the other engines are measured, and by the shipped ones.

Each is asked about orders that pass, as most do, and about a stream of which a part is vetoed, with every reason.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any, Final

from engine import Engine
from execution.gate import RiskEngine
from execution.service.answers import Answers, ready
from execution.service.log import DecisionLog
from execution.service.requests import Batch, batch_of
from execution.service.sharing import Layer
from research.bench.asked import RATE, SECONDS, batches, open_loop, served
from research.bench.loaded import document
from research.bench.page import Row
from research.bench.timing import undisturbed
from research.bench.workload import UNLISTED, cases, nested
from research.intents import stream
from universe import Universe
from universe.integrity import PARTS, fingerprint
from universe.quiet import quiet_facts
from universe.reader import FILE, parse

ROOT: Final = Path(__file__).parents[2]
ITEMS: Final = 1_000
LINES: Final = 50_000
BATCHES: Final = 15
NAV: Final = Decimal(250_000)
# The groups of the shipped facts that an order brings itself; those about its symbol; all others are the account's.
OF_ORDER: Final = frozenset({"order", "own", "recent", "risk"})
OF_SYMBOL: Final = frozenset({"mark", "book", "bracket", "market", "position", "working"})
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT")
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """Rules, as the text of a universe; batches of orders: that all pass, of which some are vetoed, and that pass and
    bring a position of their own each, where orders bring any; and bodies of single requests, all different.
    """

    name: str
    text: str
    passing: str
    mixed: str
    unlike: str
    single: Sequence[bytes]

    @property
    def universe(self) -> Universe:
        """The rules."""
        return parse(self.text)


def measured() -> list[Row]:
    """What the log takes, and what the service answers."""
    rates: list[tuple[str, float, str]] = [("lines written to the log, facts in two versions", _lines(), "")]
    waits: list[tuple[str, float, str]] = []
    for work, here in ((fifteen(), True), (shipped(), False)):
        with undisturbed():
            rates += _logged(work, "150,000 /s" if here else "")
        with tempfile.TemporaryDirectory() as folder, undisturbed() as alone:
            path = Path(folder) / "universe.json"
            path.write_text(work.text, encoding="utf-8")
            with served(path, Path(folder)) as port:
                over_http = ITEMS / min(asyncio.run(batches(port, work.passing.encode(), BATCHES)))
                found = sorted(asyncio.run(open_loop(port, work.single)))
        rates.append((f"{work.name}: a batch over HTTP", over_http, "60,000 /s" if here else ""))
        who = "" if alone else ", beside other processes"
        for share in (0.5, 0.99, 0.999):
            what = f"{work.name}: single decisions over HTTP, {RATE:,} a second{who}: p{share * 100:g}"
            wait = found[min(int(len(found) * share), len(found) - 1)]
            waits.append((what, wait, "3 ms" if here and share == 0.99 else ""))
    base = 1 / rates[0][1]
    return [
        *[Row(what, f"{rate:,.0f} /s", 1 / rate / base, target) for what, rate, target in rates],
        *[Row(what, f"{wait * 1000:.2f} ms", wait / base, target) for what, wait, target in waits],
    ]


@cache
def fifteen() -> Work:
    """The gate of `gate.yaml`, of which an order brings `order`; the mixed batch is a fifth vetoed."""
    compiled = {name: kind() for name, kind in PARTS.items()} | document(0)
    text = json.dumps(compiled | {"universe": fingerprint(compiled)})
    engine = Engine(parse(text).ruleset)
    facts = [nested(case) for case in cases(4 * ITEMS, contexts=1) if case.order["symbol"] != UNLISTED]
    passing = [of for of in facts if engine.decide(of).allowed]
    single = [json.dumps(nested(case)).encode() for case in cases(RATE * SECONDS, contexts=RATE * SECONDS)]
    allowed, mixed = (_batch(of[:ITEMS], _of_bench) for of in (passing, facts))
    return Work("15 rules", text, allowed, mixed, "", single)


@cache
def shipped() -> Work:
    """The shipped rules, of which an order brings four groups of facts; two fifths of the mixed batch are vetoed."""
    text = (ROOT / FILE).read_text(encoding="utf-8")
    universe = parse(text)
    single = [json.dumps(facts).encode() for facts in stream(universe, RATE * SECONDS, 7)]
    quiet = [_order(universe, number) for number in range(ITEMS)]
    wild = [{**of, "order": {**of["order"], "leverage": "30"}} if n % 5 < 2 else of for n, of in enumerate(quiet)]
    unlike = [{**of, "own": {**of["own"], "notional": str(number)}} for number, of in enumerate(quiet)]
    passing, mixed, apart = (_batch(orders, _of_shipped) for orders in (quiet, wild, unlike))
    return Work("shipped rules", text, passing, mixed, apart, single)


def _of_bench(facts: Facts) -> tuple[Facts, Facts, Facts]:
    own = {name: facts[name] for name in ("order",)}
    symbol = {name: facts[name] for name in ("market", "position")}
    return {name: facts[name] for name in ("nav", "book")}, symbol, own


def _of_shipped(facts: Facts) -> tuple[Facts, Facts, Facts]:
    own = {name: of for name, of in facts.items() if name in OF_ORDER}
    symbol = {name: of for name, of in facts.items() if name in OF_SYMBOL}
    return {name: of for name, of in facts.items() if name not in OF_ORDER | OF_SYMBOL}, symbol, own


def _order(universe: Universe, number: int) -> Facts:
    """A small buy on a quiet account."""
    symbol = SYMBOLS[number % 2]
    facts = quiet_facts(universe, symbol, NAV)
    smallest = Decimal("0.02") if symbol == "BTCUSDT" else Decimal("0.5")
    facts["order"]["quantity"] = str(smallest + Decimal(number % 20) / 1000)
    return facts


def _batch(orders: Sequence[Facts], split: Callable[[Facts], tuple[Facts, Facts, Facts]]) -> str:
    """Orders of one account as a batch: facts of the account once, those of each symbol once."""
    subjects, items, shared = dict[str, Facts](), list[Facts](), Facts()
    for facts in orders:
        shared, symbol, own = split(facts)
        subjects[own["order"]["symbol"]] = symbol
        items.append(own)
    return json.dumps({"shared": shared, "subjects": subjects, "items": items})


def _lines() -> float:
    """Lines a second of one processor."""
    universe = shipped().universe
    engine = Engine(universe.ruleset)
    account, symbol, own = _of_shipped(_order(universe, 0))
    read = Layer(engine, symbol, Layer(engine, account)).read(own)
    told = engine.decide_snapshot(read.snapshot).told(read.layers, read.own)
    with tempfile.TemporaryDirectory() as folder:
        log = DecisionLog(Path(folder))
        before = process_time()
        for _ in range(LINES):
            log.write([told])
        log.close()
        return LINES / (process_time() - before)


def _logged(work: Work, target: str) -> Iterator[tuple[str, float, str]]:
    """Decisions a second of one processor, logged: from facts as code has them, and from a text of JSON."""
    universe = work.universe
    risk = ready(universe) if universe.document["strategies"] else RiskEngine.of(universe)
    held = batch_of(work.passing)
    for what, make, aim in (
        ("decided and logged, facts in objects", lambda: replace(held), target),
        ("the same, of JSON", lambda: batch_of(work.passing), ""),
        ("the same, a part of them vetoed", lambda: batch_of(work.mixed), ""),
        ("of JSON, each order with another position", lambda: batch_of(work.unlike), ""),
    )[: 4 if work.unlike else 3]:
        yield f"{work.name}: {what}", ITEMS / _least(risk, make), aim


def _least(risk: RiskEngine, make: Callable[[], Batch]) -> float:
    """The least seconds of a processor that a batch took, of several."""
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        answers = Answers(risk, DecisionLog(Path(folder)))
        for _ in range(BATCHES):
            before = process_time()
            count = sum(len(part) for part in answers.batch(make()))
            spent.append(process_time() - before)
            assert count == ITEMS
    return min(spent)

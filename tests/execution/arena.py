"""A small market and a strategy that asks for what it is told to, run by the real loop into a real journal."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from execution.events import Event
from execution.feeds import Feed
from execution.journal import Journal
from execution.loop import Loop
from execution.starting import Setup, start
from execution.venues.model import FILE as MODEL_FILE
from execution.venues.model import read_model
from execution.watching import UniverseFile
from universe import Universe
from universe.protocol import Answer, Strategy, View
from universe.reader import fingerprint
from universe.trading import Bar, Funding, Intent, Mark, Side, Tick

ROOT: Final = Path(__file__).resolve().parents[2]
UNIVERSE: Final = ROOT / "universe/universe.json"
MODEL: Final = ROOT / MODEL_FILE
START: Final = 1_735_689_600  # 2025-01-01, midnight
MINUTE: Final = 60
HOUR: Final = 3600
# Enough hours for every statistic to be known.
WARM: Final = 30

Price = Decimal | int | str


def bar(symbol: str, opened: int, prices: Sequence[Price], volume: Price = 10_000, seconds: int = HOUR) -> Bar:
    """A bar of open, high, low, close."""
    o, h, low, c = (Decimal(p) for p in prices)
    return Bar(symbol, opened, opened + seconds, o, h, low, c, Decimal(volume))


def calm(symbol: str, hours: int, price: Price, start: int = START, wiggle: Price = "0.001") -> list[Bar]:
    """Hourly bars around a price, a little up and a little down, so that statistics are known and small."""
    made = []
    for i in range(hours):
        low, high = (Decimal(price) * (1 - Decimal(wiggle) * sign) for sign in (1, -1))
        ends = (low, high) if i % 2 else (high, low)
        low, high = (p.quantize(Decimal("0.1")) for p in (low, high))
        first, last = (p.quantize(Decimal("0.1")) for p in ends)
        made.append(bar(symbol, start + i * HOUR, (first, high, low, last)))
    return made


def feed_of(bars: Iterable[Bar], funding: Iterable[Funding] = (), marks: Iterable[Mark] = ()) -> Feed:
    """A feed of these bars."""
    by_time: dict[int, list[Bar]] = {}
    for one in bars:
        by_time.setdefault(one.closed, []).append(one)
    ticks, rates, seen = [], sorted(funding, key=lambda f: f.time), sorted(marks, key=lambda m: m.time)
    last = 0
    for time in sorted(by_time):
        ticks.append(
            Tick(
                time,
                tuple(sorted(by_time[time], key=lambda b: b.symbol)),
                tuple(f for f in rates if last < f.time <= time),
                tuple(m for m in seen if last < m.time <= time),
            )
        )
        last = time
    symbols = tuple(sorted({b.symbol for t in ticks for b in t.bars}))
    first = next(iter(ticks)).bars[0]
    return Feed(
        symbols,
        first.closed - first.opened,
        "test",
        True,
        "one name for every feed, so that runs over different futures can be compared",
        ticks[0].time,
        ticks[-1].time,
        len(ticks),
        (),
        lambda: iter(ticks),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A strategy that asks for what it is told to, at the time it is told."""

    name: str
    script: Mapping[int, Sequence[Intent]]
    symbols: tuple[str, ...]
    every: int = HOUR
    warm_up: int = 1
    views: list[View] = field(default_factory=list)

    def intents(self, view: View) -> Answer:
        """What stands in the script for this time."""
        self.views.append(view)
        return Answer(tuple(self.script.get(view.time, ())), {"asked": view.time})


def buy(symbol: str, quantity: Price | None = None, *, strategy: str = "momentum", urgent: bool = True) -> Intent:
    """An intent to buy."""
    return Intent(strategy, symbol, Side.BUY, None if quantity is None else Decimal(quantity), urgent, "told to")


def sell(symbol: str, quantity: Price | None = None, *, strategy: str = "momentum", urgent: bool = True) -> Intent:
    """An intent to sell."""
    return Intent(strategy, symbol, Side.SELL, None if quantity is None else Decimal(quantity), urgent, "told to")


@dataclass(slots=True)
class Arena:
    """A run over a feed, in a folder."""

    folder: Path
    feed: Feed
    strategies: Sequence[Told]
    cash: Decimal = Decimal(15_000)
    universe: Path = UNIVERSE
    loop: Loop = field(init=False)
    before: Callable[[Loop, Tick], None] = lambda loop, tick: None
    make: Callable[[Universe], Sequence[Strategy]] | None = None

    def run(self, *, until: int | None = None, ends: bool = False) -> list[Event]:
        """Begin, or go on, and work through the feed up to a time; every event so far, in order."""
        make = self.make or (lambda universe: self.strategies)
        setup = Setup(self.feed, UniverseFile(self.universe, "prod"), read_model(MODEL), self.cash, make)
        with Journal.open(self.folder, now=0, pid=1) as journal:
            self.loop, ticks = start(setup, self.folder, journal, lambda entries: None)
            for tick in ticks:
                if until is not None and tick.time > until:
                    break
                self.before(self.loop, tick)
                self.loop.step(tick)
            if ends:
                self.loop.end()
            return [entry.event for entry in journal.entries()]


def of(events: Iterable[Event], kind: type[Event]) -> list[Event]:
    """The events of a kind."""
    return [e for e in events if isinstance(e, kind)]


def told(script: Mapping[int, Sequence[Intent]], symbols: tuple[str, ...], name: str = "momentum") -> Told:
    """A strategy of a name in the universe."""
    return Told(name, script, symbols)


def universe_of(path: Path = UNIVERSE) -> Universe:
    """The universe in a file."""
    return UniverseFile(path, "prod").first()


def edited(path: Path, change: Callable[[dict[str, Any]], None], *, stamped: bool = True) -> str:
    """Change the universe in a file, newer by a second; `stamped` with a hash that fits. Its hash."""
    document = json.loads(path.read_text())
    change(document)
    if stamped:
        document["universe"] = fingerprint(document)
    stamp = path.stat().st_mtime_ns + 1_000_000_000
    path.write_text(json.dumps(document))
    os.utime(path, ns=(stamp, stamp))
    return str(document["universe"])


def capped(document: dict[str, Any], **caps: str) -> None:
    """Set caps wherever the universe has them: for the account, each symbol and each strategy."""
    for holder in (document["account"], *document["symbols"].values(), *document["strategies"].values()):
        held = holder.get("caps", {})
        held |= {name: value for name, value in caps.items() if name in held}


def at_once(document: dict[str, Any]) -> None:
    """Let strategies ask for opposite sides, and for the same again, at one moment: what some tests are about."""
    document["gates"] = [g for g in document["gates"] if g["id"] not in ("self_match", "duplicate_order")]


def universe_with(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The shipped universe, changed, in a file of its own."""
    path = folder / "universe.json"
    shutil.copy(UNIVERSE, path)
    edited(path, change)
    return path

"""What must hold of a run, looked at anew: money counted another way, exits, kept rules, and what is published."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from engine.numbers import exact
from execution.books import Books, Pulse
from execution.events import Filled, FundingPaid, PositionClosed
from execution.journal import Cursor, Entry, Journal
from execution.ledger import Account, Ledger
from execution.state.files import Files
from execution.state.lines import LOGS
from execution.state.log import SEGMENT_BYTES, Log, existing
from execution.state.publisher import EXECUTION, STATE
from execution.state.views import Views
from execution.universes import load_kept
from universe.reader import Universe, UniverseFault
from universe.trading import ZERO, Side

REBUILD: Final = "run `hedgerow doctor --rebuild`"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it holds, what was seen, and what to do where it does not."""

    name: str
    holds: bool
    text: str
    remedy: str = ""


@dataclass(slots=True)
class Recount:
    """Money and quantities from fills, funding and trades alone. The ledger is not asked.

    What was bought was paid for and what was sold was paid: realised = what came in − what went out + the signed cost
    of what is still open.
    """

    came_in: dict[str, Decimal] = field(default_factory=dict)
    fees: dict[str, Decimal] = field(default_factory=dict)
    funding: dict[str, Decimal] = field(default_factory=dict)
    held: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    closed: dict[str, Account] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Count an event."""
        match entry.event:
            case Filled() as fill:
                signed = Side(fill.side).sign * fill.quantity
                _add(self.came_in, fill.strategy, -signed * fill.price)
                _add(self.fees, fill.strategy, fill.fee)
                key = fill.strategy, fill.symbol
                self.held[key] = self.held.get(key, ZERO) + signed
            case FundingPaid() as paid:
                _add(self.funding, paid.strategy, paid.amount)
            case PositionClosed() as trade:
                sums = self.closed.setdefault(trade.strategy, Account())
                sums.realised += trade.realised
                sums.fees += trade.fees
                sums.funding += trade.funding

    def differences(self, ledger: Ledger) -> list[str]:
        """Where the ledger says something else; empty where it does not."""
        found = []
        for strategy in sorted({*ledger.accounts, *self.came_in, *self.funding}):
            own = [p for p in ledger.positions.values() if p.strategy == strategy]
            signed_cost = sum((p.sign * p.cost for p in own), ZERO)
            counted = Account(
                self.came_in.get(strategy, ZERO) + signed_cost,
                self.fees.get(strategy, ZERO),
                self.funding.get(strategy, ZERO),
            )
            found += _unlike(strategy, counted, ledger.accounts.get(strategy, Account()), "fills say")
            trades = self.closed.get(strategy, Account())
            summed = Account(
                trades.realised + sum((p.realised for p in own), ZERO),
                trades.fees + sum((p.fees for p in own), ZERO),
                trades.funding + sum((p.funding for p in own), ZERO),
            )
            found += _unlike(strategy, summed, ledger.accounts.get(strategy, Account()), "its trades say")
        for key in sorted(self.held.keys() | ledger.positions.keys()):
            position = ledger.positions.get(key)
            quantity, counted_quantity = position.quantity if position else ZERO, self.held.get(key, ZERO)
            if quantity != counted_quantity:
                found.append(f"{' '.join(key)} holds {quantity}, and fills say {counted_quantity}")
        return found


def _add(sums: dict[str, Decimal], key: str, amount: Decimal) -> None:
    sums[key] = sums.get(key, ZERO) + amount


def _unlike(strategy: str, counted: Account, booked: Account, who: str) -> list[str]:
    return [
        f"{name} of {strategy} is {getattr(booked, name)}, and {who} {getattr(counted, name)}"
        for name in ("realised", "fees", "funding")
        if getattr(booked, name) != getattr(counted, name)
    ]


class _Digests(Files):
    """Takes the place of a log's files: keeps what each would be, as length and hash."""

    def __init__(self) -> None:
        self.lengths: dict[str, int] = {}
        self.hashes: dict[str, hashlib._Hash] = {}

    def append(self, path: Path, data: bytes) -> None:
        """Take what would be added."""
        self.lengths[path.name] = self.lengths.get(path.name, 0) + len(data)
        self.hashes.setdefault(path.name, hashlib.sha256()).update(data)


@dataclass(slots=True)
class Audit:
    """A whole journal, read once: its views, its money counted anew, and what its logs must be."""

    folder: Path
    views: Views
    recount: Recount
    cursor: Cursor | None
    universe: Universe | None
    missing_universe: str | None
    digests: _Digests
    starts: int

    def findings(self, *, running: bool) -> list[Finding]:
        """Everything that was looked at, in order. While an executor runs, what is published may be behind."""
        found = [self._ledger(), self._sums(), self._exits(), self._kept()]
        return [*found, *([] if running else [self._state(), self._logs()])]

    def _ledger(self) -> Finding:
        ledger = self.views.books.ledger
        with exact():
            found = self.recount.differences(ledger)
            text = f"cash {ledger.cash} USDT = start + flows + realised − fees − funding, counted anew from fills"
        return Finding("ledger", not found, "; ".join(found[:3]) or text, "keep the folder, and report it: a defect")

    def _sums(self) -> Finding:
        ledger, prices = self.views.books.ledger, self._pulse.prices
        if any(symbol not in prices for symbol in ledger.symbols()):
            return Finding("strategies", True, "a price is unknown, so results can't be summed yet")
        with exact():
            whole = ledger.nav(prices) - ledger.start - ledger.flows
            parts = sum((ledger.result(name, prices) for name in ledger.accounts), ZERO)
        text = f"their results sum to the wallet's {whole} USDT"
        wrong = f"strategies brought {parts} in all, and the wallet {whole}"
        return Finding("strategies", whole == parts, text if whole == parts else wrong, "report it: a defect")

    def _exits(self) -> Finding:
        positions = self.views.books.ledger.positions
        bare = [" ".join(key) for key, p in sorted(positions.items()) if p.exits is None]
        text = f"{len(positions)} open positions, each with its exits" if positions else "no open position"
        remedy = "start the run: it arms them first; else close them at the venue"
        return Finding("exits", not bare, f"without exits: {', '.join(bare)}" if bare else text, remedy)

    def _kept(self) -> Finding:
        name = self.views.books.universe
        if name is None:
            return Finding("rules", True, "no universe has decided yet")
        remedy = "restore universes/ from where the run was made"
        return Finding(
            "rules", self.universe is not None, self.missing_universe or f"{name} is kept, unaltered", remedy
        )

    @property
    def _pulse(self) -> Pulse:
        return Pulse.from_record(self.cursor.pulse) if self.cursor else Pulse()

    def _state(self) -> Finding:
        if self.universe is None and self.views.books.universe is not None:
            return Finding("state", False, "can't be compared without the rules that decide", "restore universes/")
        stale = []
        for name, text in self.views.render(self._pulse, self.universe).items():
            path = self.folder / STATE / f"{name}.json"
            if not path.is_file() or path.read_bytes() != text.encode():
                stale.append(path.name)
        text = f"not what the journal says: {', '.join(stale)}" if stale else "every file is what the journal says"
        return Finding("state", not stale, text, f"{REBUILD}, or go on with the run")

    def _logs(self) -> Finding:
        wrong = []
        for log in LOGS:
            paths = existing(self.folder / EXECUTION, log)
            names = {path.name for path in paths} | {n for n in self.digests.lengths if n.split(".")[0] == log}
            wrong += [name for name in sorted(names) if not self._same(self.folder / EXECUTION / name)]
        text = f"not what the journal says: {', '.join(wrong)}" if wrong else "every line is what the journal says"
        return Finding("logs", not wrong, text, f"{REBUILD}, or go on with the run")

    def _same(self, path: Path) -> bool:
        expected = self.digests.hashes.get(path.name)
        if expected is None or not path.is_file() or path.stat().st_size != self.digests.lengths[path.name]:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == expected.digest()


def audit(folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> Audit:
    """Read a run's whole journal, and take from it what `findings` compares.

    Raises:
        JournalFault: there is no journal, or it can't be read.
    """
    digests, recount, views = _Digests(), Recount(), Views(Books())
    logs = {name: Log(folder / EXECUTION, name, digests, segment_bytes) for name in LOGS}
    with Journal.read(folder) as journal:
        for entry in journal.entries():
            views.books.apply(entry.event, entry.time)
            views.apply(entry)
            with exact():
                recount.apply(entry)
            for name, lines in views.lines.waiting().items():
                logs[name].append(lines)
            views.lines.written()
        cursor, starts = journal.cursor(), len(journal.starts())
    universe, missing = None, None
    if views.books.universe is not None:
        try:
            universe = load_kept(folder, views.books.universe)
        except UniverseFault as fault:
            missing = str(fault)
    return Audit(folder, views, recount, cursor, universe, missing, digests, starts)

"""Decides what the predecessor really did, and writes where we differ: `python -m tests.real.compare`.

It refused 8 intents and allowed the entries of 814 trades. A difference is sure when one of our vetoes stays whatever
the assumed facts were; the others are counted apart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final

import jinja2

from engine.catalog import Fact, Value
from engine.engine import Engine
from engine.judge import is_exempt, judge, may_be_exempt
from engine.nesting import nested
from engine.reach import reach
from engine.reason import Decision, Reason
from engine.ruleset import Gate, RuleSet, gate_nodes
from engine.tree import Sign
from engine.units import Kind, Unit, write_value
from generator.compile.stages import compile_universe
from tests.real.records import Refusal, Trade, read_refusals, read_trades
from tests.real.transcribe import NAV_BEFORE, Symbols, Transcript, crowded, nav_at, of_refusal, of_trade

ROOT: Final = Path(__file__).resolve().parents[2]
DATA: Final = ROOT.parent / "shared" / "data" / "original"
TEMPLATE: Final = Path(__file__).with_name("predecessor.md.jinja")
PAGE: Final = ROOT / "docs" / "predecessor.md"
TODAY: Final = date(2026, 11, 21)

HUGE: Final = "1000000000000"
TINY: Final = "0.000000000001"

# The limits that a refusal names, the caps of ours that stand for them, and what to call them.
THRESHOLDS: Final = {
    "max_nav_drawdown_pct": ("drawdown", "drawdown, overridden for the test network"),
    "nav_freshness_seconds": ("nav_max_age", "age of NAV"),
    "max_concurrent_positions": ("open_positions", "open positions"),
    "trade_equity_nav_pct": ("trade_nav", "one order, as a share of NAV"),
    "max_trade_nav_pct": ("trade_nav", "the same, in another key that was never the tighter"),
}


@dataclass(frozen=True)
class Entry:
    """A recorded trade's entry, decided. `stays` names the gates whose veto no other value of an assumed fact lifts."""

    trade: Trade
    transcript: Transcript
    decision: Decision
    stays: frozenset[str]

    @property
    def refused_for_sure(self) -> bool:
        """Whether we refuse it, whatever the assumed facts were."""
        return bool(self.stays)

    @property
    def refused_as_assumed(self) -> bool:
        """Whether we refuse it, and perhaps would not if we knew more."""
        return not self.decision.allowed and not self.stays

    def stays_for(self, reason: str) -> bool:
        """Whether a veto for this reason stays."""
        return any(v.gate in self.stays for v in self.decision.vetoes if v.reason == reason)


@dataclass(frozen=True)
class Refused:
    """A recorded refusal, decided; once more with all else that was open in its own tier, group and strategy."""

    refusal: Refusal
    transcript: Transcript
    decision: Decision
    in_a_crowd: Decision


@dataclass(frozen=True)
class Comparison:
    """All recorded intents, decided."""

    ruleset: RuleSet
    entries: tuple[Entry, ...]
    refused: tuple[Refused, ...]
    allowed_on_testnet: int
    obeyed: tuple[Trade, ...]

    @cached_property
    def reasons(self) -> Counter[str]:
        """How many entries get each reason."""
        return Counter(r for e in self.entries for r in dict.fromkeys(e.decision.reasons))

    @property
    def decided(self) -> Iterator[tuple[Transcript, Decision]]:
        """Every recorded intent, with its decision."""
        yield from ((e.transcript, e.decision) for e in self.entries)
        yield from ((r.transcript, r.decision) for r in self.refused)


def compare(root: Path = ROOT, data: Path = DATA) -> Comparison:
    """Decide every recorded intent by the rules below a root."""
    engine = Engine(compile_universe(root, today=TODAY).ruleset)
    testnet = Engine(compile_universe(root, "testnet", today=TODAY).ruleset)
    symbols = Symbols.of(engine.ruleset)
    trades = read_trades((data / "futures_episode_sample.csv").read_text(encoding="utf-8"))
    refusals = read_refusals((data / "real_vetoes_2025-12.jsonl").read_text(encoding="utf-8"))
    entries = tuple(_entry(engine, t, of_trade(t, trades, symbols)) for t in trades)
    return Comparison(
        engine.ruleset,
        entries,
        tuple(_refused(engine, r, of_refusal(r, refusals, trades, symbols)) for r in refusals),
        sum(testnet.decide(e.transcript.facts).allowed for e in entries),
        obeyed(engine, trades, symbols),
    )


def obeyed(engine: Engine, trades: Iterable[Trade], symbols: Symbols) -> tuple[Trade, ...]:
    """The trades that we allow if those that we refuse never happened."""
    made: list[Trade] = []
    for trade in trades:
        if engine.decide(of_trade(trade, made, symbols).facts).allowed:
            made.append(trade)
    return tuple(made)


def _entry(engine: Engine, trade: Trade, transcript: Transcript) -> Entry:
    decision = engine.decide(transcript.facts)
    vetoing = {v.gate for v in decision.vetoes}
    gates = [g for g in engine.ruleset.gates if g.id in vetoing]
    return Entry(trade, transcript, decision, frozenset(g.id for g in gates if not lifts(engine, transcript, g)))


def _refused(engine: Engine, refusal: Refusal, transcript: Transcript) -> Refused:
    return Refused(refusal, transcript, engine.decide(transcript.facts), engine.decide(crowded(transcript).facts))


def needs(ruleset: RuleSet, gate: Gate) -> frozenset[str]:
    """The facts on which a gate's answer may rest: those that it and the exemption read, and who asks, where that
    decides on a cap.
    """
    exempt = ruleset.head.exempt
    spared = (ruleset.measures[exempt].node,) if exempt and may_be_exempt(gate) else ()
    names = reach(ruleset, *gate_nodes(gate), *spared)
    own = {f"caps.{cap}" for layer in ruleset.actors.values() for cap in layer.caps}
    asks = {ruleset.head.actor.key} if ruleset.head.actor and names & own else set()
    return frozenset(n for n in names | asks if not n.startswith("caps."))


def lifts(engine: Engine, transcript: Transcript, gate: Gate) -> bool:
    """Whether a veto of this gate might not stand if the assumed facts were otherwise.

    They are moved to the ends of their ranges, all together: measures rise or fall with each of them, so a veto that
    stands at all the ends stands in between. (Not so the price collar; but a mark at the order's own price keeps it.)
    """
    facts = engine.ruleset.catalog.facts
    moved = sorted(needs(engine.ruleset, gate) & transcript.assumed)
    for values in product(*(_ends(facts[name]) for name in moved)):
        document = {group: dict(entries) for group, entries in transcript.facts.items()}
        for group, entries in nested(zip(moved, values, strict=True)).items():
            document[group] |= entries
        situation = engine.situation(engine.reader.read(document))
        if not judge(gate, situation, exempt=is_exempt(situation)).stops:
            return True
    return False


def _ends(fact: Fact) -> tuple[str | bool, ...]:
    """The ends of a fact's range, and zero where it may be either side of it."""
    if fact.unit.kind is Kind.BOOL:
        return (True, False)
    if fact.unit.kind is Kind.ENUM:
        return tuple(sorted(fact.type.values or ()))
    least = {Sign.POSITIVE: (TINY,), Sign.NONNEGATIVE: ("0",)}.get(fact.sign, ("0", f"-{HUGE}"))
    low = (str(fact.low),) if fact.low is not None else least
    return (*low, str(fact.high) if fact.high is not None else HUGE)


# The page


def page(comparison: Comparison) -> str:
    """The page, as Markdown; a reason that the template has no words for is an error."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"money": _money, "table": _table}
    entries, allowed = comparison.entries, sum(e.decision.allowed for e in comparison.entries)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        total=len(entries),
        eight=len(comparison.refused),
        nav_before=f"{NAV_BEFORE:,}",
        totals=_totals(comparison),
        months=_months(comparison),
        net_allowed=_net(e.trade for e in entries if e.decision.allowed),
        net_refused=_net(e.trade for e in entries if not e.decision.allowed),
        net_obeyed=_net(comparison.obeyed),
        allowed=allowed,
        nav_told=_percents(_nav_told(comparison)),
        held_told=_percents(_held_told(comparison)),
        differences=[_difference(comparison, reason) for reason in _by_count(comparison.reasons)],
        refusals=[_answers(case) for case in comparison.refused],
        agreed=sum(bool(set(r.refusal.reasons) & set(r.decision.reasons)) for r in comparison.refused),
        let=sum(r.decision.allowed for r in comparison.refused),
        let_in_a_crowd=sum(r.in_a_crowd.allowed for r in comparison.refused),
        thresholds=_thresholds(comparison),
        **_assumptions(comparison),
    )


def _totals(comparison: Comparison) -> list[tuple[object, ...]]:
    total, entries, testnet = len(comparison.entries), comparison.entries, comparison.allowed_on_testnet
    allowed, guessed = sum(e.decision.allowed for e in entries), sum(e.refused_as_assumed for e in entries)
    return [
        ("each by itself", allowed, total - allowed, total - allowed - guessed, guessed),
        ("each by itself, with our caps for the test network", testnet, total - testnet, "", ""),
        ("had our answers been obeyed", len(comparison.obeyed), total - len(comparison.obeyed), "", ""),
    ]


def _months(comparison: Comparison) -> list[tuple[object, ...]]:
    months: dict[str, list[Entry]] = {}
    for entry in comparison.entries:
        months.setdefault(f"{entry.trade.entered:%Y-%m}", []).append(entry)
    made = Counter(f"{t.entered:%Y-%m}" for t in comparison.obeyed)
    return [
        (
            month,
            len(entries),
            sum(e.decision.allowed for e in entries),
            sum(e.refused_for_sure for e in entries),
            sum(e.refused_as_assumed for e in entries),
            made[month],
        )
        for month, entries in months.items()
    ]


def _assumptions(comparison: Comparison) -> dict[str, list[str]]:
    """The facts that gates read and that were assumed, in every entry or in some."""
    counts = Counter(n for e in comparison.entries for n in e.transcript.assumed)
    read = frozenset[str]().union(*(needs(comparison.ruleset, g) for g in comparison.ruleset.gates))
    total = len(comparison.entries)
    return {
        "always": [f"`{n}`" for n in sorted(read) if counts[n] == total],
        "sometimes": [f"`{n}` ({counts[n]})" for n in sorted(read) if 0 < counts[n] < total],
    }


def _nav_told(comparison: Comparison) -> list[Decimal]:
    """NAV by the trades file, as a share of the NAV that the refusals recorded."""
    trades = [e.trade for e in comparison.entries]
    return [nav_at(trades, r.refusal.at)["nav.total"] / r.refusal.nav for r in comparison.refused]


def _held_told(comparison: Comparison) -> list[Decimal]:
    """What the trades file has open in a symbol, as a share of what its refusal recorded."""
    trades = [e.trade for e in comparison.entries]
    shares = []
    for refusal in (r.refusal for r in comparison.refused if r.refusal.held):
        here = [t for t in trades if t.symbol == refusal.symbol and t.entered <= refusal.at < t.left]
        shares.append(sum((t.quantity for t in here), Decimal(0)) / refusal.held)
    return shares


def _percents(shares: list[Decimal]) -> str:
    return f"{min(shares) * 100:.0f}% to {max(shares) * 100:.0f}%"


def _by_count(reasons: Counter[str]) -> list[str]:
    return sorted(reasons, key=lambda r: (-reasons[r], r))


def _difference(comparison: Comparison, reason: str) -> dict[str, Any]:
    """What is to be said of a reason; the example is the surest and plainest entry that has it."""
    having = [e for e in comparison.entries if reason in e.decision.reasons]
    example = min(having, key=lambda e: (not e.stays_for(reason), len(e.decision.reasons), e.trade.entered))
    vetoes = [v for e in having for v in e.decision.vetoes if v.reason == reason]
    return {
        "reason": reason,
        "count": len(having),
        "alone": sum(set(e.decision.reasons) == {reason} for e in having),
        "sure": sum(e.stays_for(reason) for e in having),
        "net": _net(e.trade for e in having),
        "trade": example.trade,
        "text": next(v.text for v in example.decision.vetoes if v.reason == reason),
        "below": lambda bound: sum(Decimal(v.observed or 0) < bound for v in vetoes),
    }


def _answers(case: Refused) -> tuple[str, ...]:
    """Both answers to an intent that the predecessor refused."""
    more = [r for r in case.in_a_crowd.reasons if r not in case.decision.reasons]
    return (
        f"{case.refusal.at:%Y-%m-%d}",
        case.refusal.symbol,
        _codes(case.refusal.reasons),
        _codes(case.decision.reasons) or "allowed",
        "<br>".join(map(_weighed, case.decision.vetoes)),
        _codes(more),
    )


def _weighed(veto: Reason) -> str:
    return f"{veto.observed} against {veto.limit}: {veto.text}"


def _thresholds(comparison: Comparison) -> list[tuple[str, str, str]]:
    """The limits that the refusals name, beside ours."""
    rows: dict[str, dict[str, str]] = {}
    for case in comparison.refused:
        symbol, seen = case.refusal.symbol, case.refusal.thresholds
        assert seen["testnet_overrides_active"] is True
        named = [(cap, words, seen[key]) for key, (cap, words) in THRESHOLDS.items() if key in seen]
        if "symbol_notional_cap" in seen:
            share = (seen["symbol_notional_cap"] / case.refusal.nav).quantize(Decimal("0.001"))
            named.append(("symbol_exposure", f"{symbol}, as a share of NAV", share))
        for cap, words, then in named:
            ours, _ = comparison.ruleset.cap(cap, comparison.ruleset.subjects[symbol], comparison.ruleset.account)
            unit = comparison.ruleset.catalog.caps[cap].unit
            rows.setdefault(words, {})[_written(then, unit)] = _written(ours, unit)
    return [(words, then, ours) for words, values in rows.items() for then, ours in values.items()]


def _written(value: Value | None, unit: Unit) -> str:
    return write_value(value, unit, {}) if isinstance(value, Decimal) else "none"


def _table(rows: Iterable[Iterable[object]], *head: str) -> str:
    lines = [head, ("---",) * len(head), *(tuple(map(str, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _codes(reasons: Iterable[str]) -> str:
    return ", ".join(f"`{r}`" for r in reasons)


def _net(trades: Iterable[Trade]) -> Decimal:
    return sum((t.net for t in trades), Decimal(0))


def _money(value: Decimal) -> str:
    return f"{value:,.2f} USDT".replace("-", "−")


if __name__ == "__main__":
    PAGE.write_text(page(compare()), encoding="utf-8")

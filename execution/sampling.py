"""Samples: once an hour, the account as people want to see it over time."""

from decimal import Decimal
from typing import Any, Final

from engine.judge import Outcome, judge
from engine.numbers import canonical, rounded
from execution.desk import Desk
from execution.events import Sampled
from execution.facts import gather
from execution.facts.exposures import exposures
from execution.ticket import About
from universe.trading import ZERO, Side


def sample(desk: Desk) -> Sampled:
    """NAV, each strategy's result, each symbol's signed notional, and how far each gate's bound is used.

    Headroom is asked of the reference interpreter, for an order of nothing in each position: what is observed then
    is what is there now.
    """
    prices = desk.pulse.prices
    strategies = {
        name: canonical(desk.books.ledger.result(name, prices)) for name in sorted(desk.books.ledger.accounts)
    }
    held = {e.symbol: canonical(e.notional) for e in (exposures(desk) or {}).values() if e.notional}
    used: dict[str, Any] = {}
    for strategy, symbol in desk.books.ledger.positions or _any(desk):
        for gate, entry in _used(desk, strategy, symbol).items():
            before = used.get(gate)
            if before is None or Decimal(entry["room"]) < Decimal(before["room"]):
                used[gate] = entry
    return Sampled(desk.pulse.nav or ZERO, strategies, held, used)


def _used(desk: Desk, strategy: str, symbol: str) -> dict[str, Any]:
    """What each bound gate observes of a position, its limit, and the room that is left as a share of the limit."""
    engine = desk.gate.risk.engine
    price = desk.price(symbol)
    about = About(strategy, symbol, Side.BUY, urgent=False, quantity=ZERO, price=price, leverage=Decimal(1))
    situation = engine.situation(engine.reader.read(gather(desk, about)))
    found: dict[str, Any] = {}
    for gate in engine.ruleset.gates:
        if gate.id not in SHOWN:
            continue
        judgement = judge(gate, situation, exempt=False)
        if judgement.outcome not in (Outcome.PASS, Outcome.VETO):
            continue
        observed, limit, room = judgement.observed, judgement.limit, judgement.headroom
        if observed is not None and limit is not None and room is not None and limit:
            found[gate.id] = {
                "symbol": symbol,
                "observed": rounded(observed),
                "limit": rounded(limit),
                "room": rounded(room / abs(limit)),
            }
    return found


# Gates over what is held rather than over the order that is asked for.
SHOWN: Final = frozenset(
    "drawdown daily_loss symbol_exposure tier_exposure group_exposure strategy_exposure gross_exposure net_exposure "
    "effective_leverage portfolio_var position_cvar free_margin".split()
)


def _any(desk: Desk) -> list[tuple[str, str]]:
    """Some strategy and symbol, where nothing is held: the account's own bounds hold for any."""
    strategies = [s.name for s in desk.strategies] or list(desk.gate.risk.universe.ruleset.actors)
    return [(name, symbol) for name in strategies[:1] for symbol in desk.instruments if desk.price(symbol)][:1]

"""Samples: once an hour, the account as people want to see it over time."""

from decimal import Decimal
from typing import Any

from engine.judge import Outcome
from engine.numbers import canonical, rounded
from execution.desk import Desk
from execution.events import Sampled
from execution.facts import gather
from execution.facts.exposures import exposures
from execution.ticket import About
from universe.trading import ZERO, Side


def sample(desk: Desk) -> Sampled:
    """NAV, each strategy's result, each symbol's signed notional, and how far each gate's bound is used.

    Headroom is asked of the reference interpreter, for an order of nothing in each symbol held: what is observed
    then is what is there now.
    """
    prices = desk.pulse.prices
    strategies = {
        name: canonical(desk.books.ledger.result(name, prices)) for name in sorted(desk.books.ledger.accounts)
    }
    held = {e.symbol: canonical(e.notional) for e in (exposures(desk) or {}).values() if e.notional}
    used: dict[str, Any] = {}
    for symbol in held or _any_symbol(desk):
        for gate, entry in _used(desk, symbol).items():
            before = used.get(gate)
            if before is None or Decimal(entry["room"]) < Decimal(before["room"]):
                used[gate] = entry
    return Sampled(desk.pulse.nav or ZERO, strategies, held, used)


def _used(desk: Desk, symbol: str) -> dict[str, Any]:
    """What each bound gate observes in a symbol, its limit, and the room that is left as a share of the limit."""
    engine = desk.gate.risk.engine
    price = desk.price(symbol)
    strategy = next((p.strategy for p in desk.books.ledger.in_symbol(symbol)), _first_strategy(desk))
    about = About(strategy, symbol, Side.BUY, urgent=False, quantity=ZERO, price=price, leverage=Decimal(1))
    judged, _ = engine.judgements(engine.reader.read(gather(desk, about)))
    found: dict[str, Any] = {}
    for judgement in judged:
        if judgement.outcome not in (Outcome.PASS, Outcome.VETO) or judgement.gate.id not in SHOWN:
            continue
        observed, limit, room = judgement.observed, judgement.limit, judgement.headroom
        if observed is not None and limit is not None and room is not None and limit:
            found[judgement.gate.id] = {
                "symbol": symbol,
                "observed": rounded(observed),
                "limit": rounded(limit),
                "room": rounded(room / abs(limit)),
            }
    return found


# Gates over what is held rather than over the order that is asked for.
SHOWN = frozenset(
    "drawdown daily_loss symbol_exposure tier_exposure group_exposure strategy_exposure gross_exposure net_exposure "
    "effective_leverage portfolio_var position_cvar free_margin".split()
)


def _any_symbol(desk: Desk) -> list[str]:
    return [s for s in desk.instruments if desk.price(s) is not None][:1]


def _first_strategy(desk: Desk) -> str:
    return desk.strategies[0].name if desk.strategies else next(iter(desk.gate.risk.universe.ruleset.actors), "")

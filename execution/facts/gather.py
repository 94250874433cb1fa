"""One producer for each source that the catalog of facts names, and the snapshot of all of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from engine.breakers import PREFIX as BREAKERS
from engine.windows import PREFIX as WINDOWS
from execution.desk import Desk
from execution.facts.exposures import Exposure, exposures, total
from execution.ledger import Position
from execution.margin import available, maintenance
from execution.ticket import About
from universe.trading import ZERO, Side

Group = dict[str, dict[str, Any]]


def gather(desk: Desk, about: About) -> dict[str, Any]:
    """Every fact that is known about an order at this moment, nested by name."""
    facts: dict[str, Any] = {}
    for produce in PRODUCERS.values():
        for name, group in produce(desk, about).items():
            facts.setdefault(name, {}).update(group)
    return facts


def intent(desk: Desk, about: About) -> Group:
    """The order as it stands."""
    return {
        "order": {
            "symbol": about.symbol,
            "strategy": about.strategy,
            "side": about.side.value,
            "urgent": about.urgent,
            "quantity": about.quantity,
            "price": about.price,
            "leverage": about.leverage,
        }
    }


def wallet(desk: Desk, about: About) -> Group:
    """NAV: cash with every position at mark; as old as the oldest mark in it."""
    return _wallet(desk)


def _wallet(desk: Desk) -> Group:
    pulse = desk.pulse
    if pulse.nav is None:
        return {}
    return {
        "nav": {
            "total": pulse.nav,
            "day_start": desk.books.day_start,
            "peak": pulse.peak,
            "age": Decimal(desk.now - pulse.valued),
        }
    }


def market(desk: Desk, about: About) -> Group:
    """Mark price, the modelled quote around it, and volatility."""
    return _market(desk, about.symbol)


def _market(desk: Desk, symbol: str) -> Group:
    price, touch, last = desk.price(symbol), desk.touch(symbol), desk.market.last(symbol)
    if price is None or touch is None:
        return {}
    statistics = desk.statistics
    return {
        "mark": {"price": price, "age": None if last is None else Decimal(desk.now - last.time)},
        "book": {"bid": touch.bid, "ask": touch.ask},
        "market": {
            "vol_short": statistics.vol_short(symbol),
            "vol_long": statistics.vol_long(symbol),
        },
    }


def ledger(desk: Desk, about: About) -> Group:
    """Positions and working orders: the wallet's, the strategy's own, and those of the symbol's tier and group."""
    price = desk.price(about.symbol)
    everything = exposures(desk)
    if price is None or everything is None:
        return {"own": own_facts(desk, about)}
    instrument = desk.instruments[about.symbol]
    others = [e for s, e in everything.items() if s != about.symbol]
    net = desk.books.ledger.net(about.symbol)
    buy_quantity, buys = desk.waiting(about.symbol, Side.BUY)
    sell_quantity, sells = desk.waiting(about.symbol, Side.SELL)
    tier = (e for e in others if desk.instruments[e.symbol].tier == instrument.tier)
    group = (e for e in others if desk.instruments[e.symbol].group == instrument.group)
    return {
        "position": {"quantity": net, "notional": net * price},
        "working": {
            "buys": buys,
            "sells": sells,
            "buy_quantity": buy_quantity,
            "sell_quantity": sell_quantity,
            "lowest_sell": desk.meets(about.symbol, Side.SELL),
            "highest_buy": desk.meets(about.symbol, Side.BUY),
        },
        "own": own_facts(desk, about) | _own_elsewhere(desk, about),
        "tier": {"others": total(tier)},
        "group": {"others": total(group) if instrument.group else None},
        "gross": {"others": total(others)},
        "net": {
            "long_others": sum((e.notional + e.buys for e in others), ZERO),
            "short_others": sum((e.sells - e.notional for e in others), ZERO),
        },
        "positions": {"open": Decimal(sum(not e.is_flat for e in everything.values()))},
    }


def own_facts(desk: Desk, about: About) -> dict[str, Any]:
    """The strategy's own position in the symbol, with its exits: what the table of exits is asked about."""
    position = desk.books.ledger.position(about.strategy, about.symbol)
    price = desk.price(about.symbol)
    reducing, _ = desk.waiting(
        about.symbol, Side.SELL if position is None or position.sign > 0 else Side.BUY, about.strategy
    )
    if position is None or price is None:
        none = ZERO if position is None else None
        return {"quantity": ZERO if position is None else position.quantity, "reducing": ZERO} | dict.fromkeys(
            ("notional", "unrealised", "best", "held"), none
        )
    unrealised = position.unrealised(price)
    return {
        "quantity": position.quantity,
        "notional": position.quantity * price,
        "cost": position.cost,
        "unrealised": unrealised,
        "best": max(unrealised, desk.best(about.strategy, about.symbol)),
        "held": Decimal(desk.now - position.opened),
        "reducing": reducing,
    } | _exit_facts(position)


def _exit_facts(position: Position) -> dict[str, Any]:
    exits = position.exits
    if exits is None:
        return {}
    return {
        "stop_loss": exits.stop_loss,
        "take_profit": exits.take_profit,
        "trailing_stop": exits.trailing_stop,
        "time_stop": None if exits.time_stop is None else Decimal(exits.time_stop),
    }


def _own_elsewhere(desk: Desk, about: About) -> dict[str, Any]:
    mine = exposures(desk, about.strategy) or {}
    _, buys = desk.waiting(about.symbol, Side.BUY, about.strategy)
    _, sells = desk.waiting(about.symbol, Side.SELL, about.strategy)
    return {
        "buys": buys,
        "sells": sells,
        "others": total(e for s, e in mine.items() if s != about.symbol),
        "positions": Decimal(sum(not e.is_flat for e in mine.values())),
    }


def venue(desk: Desk, about: About) -> Group:
    """Margin, and the highest leverage of the bracket that the position would be in."""
    facts: Group = {"margin": _margin(desk)}
    price = desk.price(about.symbol)
    if price is not None and about.quantity is not None and about.price is not None:
        _, buys = desk.waiting(about.symbol, Side.BUY)
        _, sells = desk.waiting(about.symbol, Side.SELL)
        net = desk.books.ledger.net(about.symbol) * price
        order = about.quantity * about.price
        after = max(
            net + buys + (order if about.side is Side.BUY else 0),
            sells - net + (order if about.side is Side.SELL else 0),
        )
        bracket = desk.instruments[about.symbol].bracket(after)
        facts["bracket"] = {"leverage": None if bracket is None else bracket.leverage}
    return facts


def _margin(desk: Desk) -> dict[str, Any]:
    return {"balance": desk.pulse.nav, "available": available(desk), "maintenance": maintenance(desk)}


def statistics(desk: Desk, about: About) -> Group:
    """Portfolio VaR and the position's expected shortfall, with the order in it, and what works filled the worse way.

    Of what works in a symbol that is what takes it furthest from flat: an order that would reduce may not fill.
    """
    everything = exposures(desk)
    if about.quantity is None or about.price is None or everything is None:
        return {}
    here = everything.get(about.symbol, Exposure(about.symbol, ZERO, ZERO, ZERO))
    order = about.side.sign * about.quantity * about.price
    everything[about.symbol] = replace(here, notional=here.notional + order)
    notionals = {symbol: exposure.furthest for symbol, exposure in everything.items()}
    return {
        "risk": {
            "portfolio_var": desk.statistics.portfolio_var(notionals),
            "position_cvar": desk.statistics.position_cvar(about.symbol, notionals[about.symbol]),
        }
    }


def keys_of(about: About) -> dict[str, str]:
    """The fields by which an order shares counts and breakers with what happened."""
    return {"strategy": about.strategy, "symbol": about.symbol, "side": about.side.value}


def windows(desk: Desk, about: About) -> Group:
    """What happened lately, by the windows of the rules."""
    return _windows(desk, keys_of(about))


def _windows(desk: Desk, keys: Mapping[str, str]) -> Group:
    return {"recent": {name.removeprefix(WINDOWS): v for name, v in desk.recent.facts(keys, desk.now).items()}}


def breakers(desk: Desk, about: About) -> Group:
    """Which gates are held shut for whom the order is about."""
    states = desk.keeper.facts(keys_of(about), desk.books.shut, desk.now)
    return {"breakers": {name.removeprefix(BREAKERS): state for name, state in states.items()}}


def operator(desk: Desk, about: About) -> Group:
    """What a person switched, and whether one halts everything at this moment."""
    return _operator(desk)


def _operator(desk: Desk) -> Group:
    return {"control": {"kill_switch": desk.books.kill_switch, "halt": desk.books.halted == desk.now}}


def clock(desk: Desk, about: About) -> Group:
    """What time it is, where a waiver ends by it: elsewhere two moments with the same facts are one decision."""
    return {"clock": {"now": Decimal(desk.now)}} if desk.gate.risk.universe.ruleset.waivers else {}


def of_keys(desk: Desk, keys: Mapping[str, str]) -> dict[str, Any]:
    """What is known where there is no order: of the account, of what happened to the keys, of their symbol's market."""
    facts: dict[str, Any] = {"order": dict(keys)} if keys else {}
    facts |= _wallet(desk) | _operator(desk) | _windows(desk, keys)
    if "symbol" in keys:
        facts |= _market(desk, keys["symbol"])
    return facts


Producer = Callable[[Desk, About], Group]
PRODUCERS: Final[Mapping[str, Producer]] = {
    "intent": intent,
    "wallet": wallet,
    "market": market,
    "ledger": ledger,
    "venue": venue,
    "statistics": statistics,
    "windows": windows,
    "breakers": breakers,
    "operator": operator,
    "clock": clock,
}

"""The pairs at each bound: the last case that passes and its neighbour, held against fractions by hand.

`INSIDE` says once more what each gate means, from its `why` rather than its expression, with nothing of the engine:
facts, caps and filters go in as they are written, and a truth comes out.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.ruleset import Require
from generator import scenarios
from generator.change.cover.grid import step_of
from generator.change.cover.pairs import NAV, NoPair, Pair, pairs
from generator.change.cover.written import FILE, flat, scenarios_text, without_pair
from generator.compile.stages import Compiled
from tests.conftest import ROOT
from universe.quiet import quiet_facts
from universe.reader import Universe

BACKENDS: Final = ("python", "interpreter")
Numbers = Mapping[str, Fraction]


def notional(n: Numbers) -> Fraction:
    """What the order is worth."""
    return n["order.quantity"] * n["order.price"]


def exposure(n: Numbers, held: str, buys: str, sells: str, size: Fraction) -> Fraction:
    """What is at risk once everything that works is filled, the worse way round: all buys and no sell, or all sells."""
    bought = size if n["buying"] else Fraction(0)
    return max(n[held] + n[buys] + bought, n[sells] + (size - bought) - n[held])


def wallets(n: Numbers) -> Fraction:
    """The wallet's exposure in the symbol after the order."""
    return exposure(n, "position.notional", "working.buys", "working.sells", notional(n))


def own(n: Numbers) -> Fraction:
    """The strategy's exposure in the symbol after the order."""
    return exposure(n, "own.notional", "own.buys", "own.sells", notional(n))


def net(n: Numbers) -> Fraction:
    """Longs less shorts with every buy filled, or shorts less longs with every sell, whichever is more."""
    bought = notional(n) if n["buying"] else Fraction(0)
    longs = n["net.long_others"] + n["position.notional"] + n["working.buys"] + bought
    return max(longs, n["net.short_others"] + n["working.sells"] + notional(n) - bought - n["position.notional"])


def quantity_after(n: Numbers) -> Fraction:
    """Coins at risk once everything that works is filled."""
    return exposure(n, "position.quantity", "working.buy_quantity", "working.sell_quantity", n["order.quantity"])


Inside = Callable[[Numbers, Numbers], bool]


def in_crisis(name: str, plain: Inside) -> Inside:
    """A bound in a crisis: as it is without, with the tighter cap; outside of a crisis everything is inside."""

    def inside(n: Numbers, caps: Numbers) -> bool:
        calm = n["market.vol_short"] < caps["vol_crisis"] * n["market.vol_long"]
        return calm or plain(n, {**caps, name: caps[f"{name}_in_crisis"]})

    return inside


# Where the quantity decides.
_SIZED: Final[Mapping[str, Inside]] = {
    "max_quantity": lambda n, caps: n["order.quantity"] <= caps["venue_max_quantity"],
    "venue_min_notional": lambda n, caps: notional(n) >= caps["venue_min_notional"],
    "min_notional": lambda n, caps: notional(n) >= caps["min_notional"],
    "min_trade_nav": lambda n, caps: notional(n) >= caps["min_trade_nav"] * n["nav.total"],
    "order_notional": lambda n, caps: notional(n) <= caps["order_notional"],
    "trade_nav": lambda n, caps: notional(n) <= caps["trade_nav"] * n["nav.total"],
    "symbol_exposure": lambda n, caps: wallets(n) <= caps["symbol_exposure"] * n["nav.total"],
    "open_quantity": lambda n, caps: quantity_after(n) <= caps["open_quantity"],
    "tier_exposure": lambda n, caps: n["tier.others"] + wallets(n) <= caps["tier_exposure"] * n["nav.total"],
    "group_exposure": lambda n, caps: n["group.others"] + wallets(n) <= caps["group_exposure"] * n["nav.total"],
    "strategy_exposure": lambda n, caps: n["own.others"] + own(n) <= caps["strategy_exposure"] * n["nav.total"],
    "gross_exposure": lambda n, caps: n["gross.others"] + wallets(n) <= caps["gross_exposure"] * n["nav.total"],
    "net_exposure": lambda n, caps: net(n) <= caps["net_exposure"] * n["nav.total"],
    "effective_leverage": lambda n, caps: (
        n["gross.others"] + wallets(n) <= caps["effective_leverage"] * n["margin.balance"]
    ),
    "free_margin": lambda n, caps: (
        n["margin.available"] - notional(n) / n["order.leverage"] >= caps["free_margin"] * n["nav.total"]
    ),
}
_OF_CRISIS: Final = ("trade_nav", "symbol_exposure", "group_exposure", "gross_exposure", "net_exposure")
SIZED: Final = {**_SIZED, **{f"{name}_in_crisis": in_crisis(name, _SIZED[name]) for name in _OF_CRISIS}}
INSIDE: Final[Mapping[str, Inside]] = {
    **SIZED,
    "nav_fresh": lambda n, caps: n["nav.age"] < caps["nav_max_age"],
    "mark_fresh": lambda n, caps: n["mark.age"] < caps["mark_max_age"],
    "drawdown": lambda n, caps: n["nav.peak"] - n["nav.total"] < caps["drawdown"] * n["nav.peak"],
    "daily_loss": lambda n, caps: n["nav.day_start"] - n["nav.total"] < caps["daily_loss"] * n["nav.day_start"],
    "tick_size": lambda n, caps: (n["order.price"] / caps["venue_tick"]).denominator == 1,
    "step_size": lambda n, caps: (n["order.quantity"] / caps["venue_step"]).denominator == 1,
    "min_quantity": lambda n, caps: n["order.quantity"] >= caps["venue_min_quantity"],
    "strategy_positions": lambda n, caps: n["own.positions"] < caps["strategy_positions"],
    "leverage": lambda n, caps: n["order.leverage"] <= caps["leverage"],
    "bracket_leverage": lambda n, caps: n["order.leverage"] <= n["bracket.leverage"],
    "open_positions": lambda n, caps: n["positions.open"] < caps["open_positions"],
    "open_positions_in_crisis": in_crisis(
        "open_positions", lambda n, caps: n["positions.open"] < caps["open_positions"]
    ),
    "add_to_loser": lambda n, caps: -n["own.unrealised"] <= caps["add_to_loser"] * n["own.cost"],
    "cooldown": lambda n, caps: n["recent.since_exit"] >= caps["cooldown"],
    "symbol_orders": lambda n, caps: n["recent.symbol_orders"] < caps["symbol_orders"],
    "order_rate": lambda n, caps: n["recent.orders_1m"] < caps["order_rate"],
    "trades_today": lambda n, caps: n["recent.trades_today"] < caps["trades_today"],
    "reject_burst": lambda n, caps: n["recent.refusals_10m"] < caps["refusals"],
    "spread": lambda n, caps: (
        abs(n["book.ask"] - n["book.bid"]) <= caps["spread"] * (n["book.ask"] + n["book.bid"]) / 2
    ),
    "price_collar": lambda n, caps: abs(n["order.price"] - n["mark.price"]) <= caps["price_collar"] * n["mark.price"],
    "portfolio_var": lambda n, caps: n["risk.portfolio_var"] <= caps["portfolio_var"] * n["nav.total"],
    "position_cvar": lambda n, caps: n["risk.position_cvar"] <= caps["position_cvar"] * n["nav.total"],
    "margin_used": lambda n, caps: n["margin.maintenance"] <= caps["margin_used"] * n["margin.balance"],
    "duplicate_order": lambda n, caps: n["recent.since_order"] >= caps["duplicate_gap"],
    "symbol_stops": lambda n, caps: n["recent.symbol_stops"] < caps["symbol_stops"],
    "stops": lambda n, caps: n["recent.stops_1h"] < caps["stops"],
    "symbol_loss": lambda n, caps: -n["recent.symbol_result"] < caps["symbol_loss"] * n["nav.total"],
    "message_rate": lambda n, caps: n["recent.orders_1m"] + n["recent.amendments_1m"] < caps["message_rate"],
    "orders_today": lambda n, caps: n["recent.orders_today"] < caps["orders_today"],
    "weekly_loss": lambda n, caps: -n["recent.week_result"] < caps["weekly_loss"] * n["nav.total"],
    "daily_gain": lambda n, caps: n["nav.total"] - n["nav.day_start"] < caps["daily_gain"] * n["nav.day_start"],
}


def numbers(facts: Mapping[str, Any], quantity: Fraction | None = None) -> dict[str, Fraction]:
    """The facts that are numbers, by name, with another quantity if one is given."""
    found = {n: Fraction(v) for n, v in flat(facts) if isinstance(v, str) and v[-1].isdigit()}
    found["buying"] = Fraction(facts["order"]["side"] == "BUY")
    return found if quantity is None else {**found, "order.quantity": quantity}


def bounds(universe: Universe, symbol: str, strategy: str) -> dict[str, Fraction]:
    """The caps of a symbol, tightened by those of the strategy, and what the venue says; none is left out."""
    entry = universe.symbol(symbol)
    lower = universe.document["caps"]
    found = {n: Fraction(v) for n, v in entry["caps"].items() if isinstance(v, str)}
    for name, value in universe.document["strategies"][strategy]["caps"].items():
        tightest = min if lower[name]["tighter"] == "lower" else max
        found[name] = tightest(found.get(name, Fraction(value)), Fraction(value))
    return {**found, **{f"venue_{n}": Fraction(v) for n, v in entry["filters"].items()}}


@pytest.fixture(scope="module")
def found(universe: Universe) -> list[Pair | NoPair]:
    """All pairs, and why there is none."""
    return list(pairs(universe))


def test_each_numeric_gate_and_symbol_has_a_pair_or_no_bound(found: list[Pair | NoPair], universe: Universe) -> None:
    """Nothing is left out without a word: a condition has no number, a cap that is none no bound; all else a pair."""
    rules = universe.ruleset

    assert {(f.gate.id, f.symbol) for f in found} == {(g.id, s) for g in rules.gates for s in rules.subjects}
    conditions = {g.id for g in rules.gates if isinstance(g.test, Require)}
    without = [f for f in found if isinstance(f, NoPair)]
    assert {f.gate.id for f in without if "condition" in f.why} == conditions
    others = [f for f in without if f.gate.id not in conditions]
    assert all(f.why == f"`caps.{f.gate.id}` is none here: no bound" for f in others)
    assert all(f.gate.id not in bounds(universe, f.symbol, "momentum") for f in others)


def test_each_pair_is_on_either_side_of_its_bound(found: list[Pair | NoPair], universe: Universe) -> None:
    """Against fractions by hand: the first is inside, its neighbour on the grid is not."""
    checked = set()
    for pair in (p for p in found if isinstance(p, Pair)):
        checked.add(pair.gate.id)
        caps = bounds(universe, pair.symbol, pair.strategy)
        inside = INSIDE[pair.gate.id]

        assert inside(numbers(pair.at(pair.edge.passes)), caps), pair
        assert not inside(numbers(pair.at(pair.edge.stops)), caps), pair
    assert checked == INSIDE.keys()


def test_the_neighbours_are_one_step_of_the_grid_apart(found: list[Pair | NoPair], universe: Universe) -> None:
    """A step, a tick, a cent, a millisecond, a basis point, one; half a step where multiples are asked for."""
    for pair in (p for p in found if isinstance(p, Pair)):
        fact = universe.ruleset.catalog.facts[pair.edge.fact]
        step = step_of(fact.unit, universe.ruleset.subjects[pair.symbol])
        assert step is not None
        expected = step / 2 if pair.gate.id in ("tick_size", "step_size") else step
        assert abs(pair.edge.passes - pair.edge.stops) == expected


def test_what_a_size_decides_is_found_on_the_step_and_on_the_tick(found: list[Pair | NoPair]) -> None:
    """Each gate over notional has a pair by quantity and one by price; one over coins alone by quantity."""
    facts: dict[str, set[str]] = {}
    for pair in (p for p in found if isinstance(p, Pair)):
        facts.setdefault(pair.gate.id, set()).add(pair.edge.fact)

    for gate in SIZED:
        coins = {"order.quantity"} if gate in ("max_quantity", "open_quantity") else {"order.quantity", "order.price"}
        assert facts[gate] == coins


def test_each_gate_meets_its_bound_exactly_somewhere(found: list[Pair | NoPair]) -> None:
    """One that is only ever missed by a little says nothing of `at_most` against `below`. No tick meets a spread's."""
    met = {p.gate.id for p in found if isinstance(p, Pair) and p.edge.on_bound}
    assert INSIDE.keys() - met == {"tick_size", "spread"}


def test_a_strategys_own_bounds_have_pairs(found: list[Pair | NoPair], universe: Universe) -> None:
    """Each cap that a strategy has for itself, and that bounds a gate, is met by an order of that strategy."""
    numeric = {g.id for g in universe.ruleset.gates if not isinstance(g.test, Require)}
    by_strategy = {(p.gate.id, p.strategy) for p in found if isinstance(p, Pair)}
    for strategy, entry in universe.document["strategies"].items():
        assert {(cap, strategy) for cap in entry["caps"] if cap in numeric} <= by_strategy


def test_what_has_no_pair_is_listed_with_its_reason(found: list[Pair | NoPair]) -> None:
    """In the file itself."""
    listed = [line.removeprefix("# - ") for line in (ROOT / FILE).read_text().splitlines() if line.startswith("# - ")]

    assert listed == without_pair(found)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_committed_pairs_hold(backend: str, universe: Universe, compiled: Compiled) -> None:
    """Every pair as a scenario, by each backend: one allowed, one vetoed for its gate's reason, two each."""
    read = scenarios.read_folder(ROOT, universe.ruleset, compiled.schemas["scenarios"])
    mine = [s for s in read if s.source.startswith(FILE)]

    report = scenarios.run(mine, universe.ruleset, backend)

    assert report.failures == []
    assert report.run == len(mine) == 2 * sum(isinstance(p, Pair) for p in pairs(universe))
    assert {g for g, n in report.fired.items() if n} == {g for g, n in report.passed.items() if n} == INSIDE.keys()


def test_the_committed_pairs_are_fresh(universe: Universe) -> None:
    """The file is what would be written now."""
    assert (ROOT / FILE).read_text(encoding="utf-8") == scenarios_text(universe)


def test_no_two_scenarios_share_a_name(universe: Universe) -> None:
    """Each is named by gate, symbol, strategy, fact and value."""
    names = [line for line in scenarios_text(universe).splitlines() if line.startswith("  - name:")]

    assert len(set(names)) == len(names)


# A busy account: positions, working orders and others' exposures, at and around the bound

CENTS: Final = st.integers(0, 30_000_000).map(lambda n: f"{n // 100}.{n % 100:02}".rstrip("0").rstrip("."))
SIGNED: Final = st.tuples(st.sampled_from(["", "-"]), CENTS).map(lambda t: t[0] + t[1] if t[1] != "0" else "0")
BUSY: Final = st.fixed_dictionaries(
    {
        "order": st.fixed_dictionaries(
            {"side": st.sampled_from(["BUY", "SELL"]), "leverage": st.sampled_from(["1", "1.5", "3", "7"])}
        ),
        "nav": st.fixed_dictionaries({"total": st.sampled_from(["250000", "1000000", "999999.99", "333333.33"])}),
        "position": st.fixed_dictionaries({"notional": SIGNED, "quantity": st.sampled_from(["0", "0.125", "-1", "7"])}),
        "working": st.fixed_dictionaries(
            {"buys": CENTS, "sells": CENTS, "buy_quantity": st.just("0.5"), "sell_quantity": st.just("0.25")}
        ),
        "own": st.fixed_dictionaries({"notional": SIGNED, "buys": CENTS, "sells": CENTS, "others": CENTS}),
        "tier": st.fixed_dictionaries({"others": CENTS}),
        "group": st.fixed_dictionaries({"others": CENTS}),
        "gross": st.fixed_dictionaries({"others": CENTS}),
        "net": st.fixed_dictionaries({"long_others": SIGNED, "short_others": SIGNED}),
        "margin": st.fixed_dictionaries({"balance": st.sampled_from(["200000", "777777.77"]), "available": SIGNED}),
    }
)
MOST: Final = 10**12


@pytest.fixture(scope="module")
def engines(universe: Universe) -> dict[tuple[str, str], Engine]:
    """An engine for each gate alone and backend."""
    alone = {gate: scenarios.with_gates(universe.ruleset, (gate,)) for gate in SIZED}
    return {(gate, backend): Engine(alone[gate], backend) for gate in SIZED for backend in BACKENDS}


def last(inside: Callable[[int], bool]) -> int | None:
    """The last of 0…MOST that is on the same side as 0; None where all are."""
    first, low, high = inside(0), 0, MOST
    if inside(high) == first:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if inside(middle) == first else (low, middle)
    return low


@given(
    busy=BUSY,
    symbol=st.sampled_from(["BTCUSDT", "ETHUSDT", "DOGEUSDT", "WIFUSDT", "ETCUSDT"]),
    strategy=st.sampled_from(["momentum", "vol_target", "btc_micro"]),
    price=st.integers(1, 999_999),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_busy_account_is_bounded_to_the_step(
    busy: dict[str, dict[str, str]],
    symbol: str,
    strategy: str,
    price: int,
    universe: Universe,
    engines: dict[tuple[str, str], Engine],
) -> None:
    """For each gate the two quantities on either side of its bound, found by hand, are told apart by both."""
    caps = bounds(universe, symbol, strategy)
    facts = quiet_facts(universe, symbol, NAV, strategy=strategy)
    facts = {group: {**of, **busy.get(group, {})} for group, of in facts.items()}
    tick, step = (Decimal(universe.symbol(symbol)["filters"][name]) for name in ("tick", "step"))
    facts["order"]["price"] = str(price * tick)
    for gate, meaning in SIZED.items():
        if gate in ("open_quantity", "group_exposure") and gate not in caps:
            continue

        def inside(steps: int, meaning: Any = meaning) -> bool:
            return bool(meaning(numbers(facts, steps * caps["venue_step"]), caps))

        edge = last(inside)
        for steps in (1, 2) if edge is None else (max(edge, 1), edge + 1):
            quantity = str(steps * step)
            asked = {**facts, "order": {**facts["order"], "quantity": quantity}}
            answers = [engines[gate, backend].decide(asked).allowed for backend in BACKENDS]
            assert answers == [inside(steps)] * 2, (gate, asked)

"""The generated pairs at the cap: the last quantity that passes and the next, held against fractions by hand.

`INSIDE` says once more what each measure means, from its `why` rather than its expression, with nothing of the engine:
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
from generator.compile.stages import Compiled
from generator.pairs import FILE, NAV, NoPair, Pair, pairs, scenarios_text, without_pair
from tests.conftest import ROOT
from universe.quiet import quiet_facts
from universe.reader import Universe

BACKENDS: Final = ("python", "interpreter")
Numbers = Mapping[str, Fraction]


def notional(n: Numbers) -> Fraction:
    """What the order is worth."""
    return n["quantity"] * n["price"]


def exposure(n: Numbers, held: str, buys: str, sells: str, size: Fraction) -> Fraction:
    """What is at risk once everything that works is filled, the worse way round: all buys and no sell, or all sells."""
    bought = size if n["buying"] else Fraction(0)
    return max(n[held] + n[buys] + bought, n[sells] + (size - bought) - n[held])


def wallets(n: Numbers) -> Fraction:
    """The wallet's exposure in the symbol after the order."""
    return exposure(n, "held", "buys", "sells", notional(n))


def net(n: Numbers) -> Fraction:
    """Longs less shorts with every buy filled, or shorts less longs with every sell, whichever is more."""
    bought = notional(n) if n["buying"] else Fraction(0)
    longs = n["long_others"] + n["held"] + n["buys"] + bought
    return max(longs, n["short_others"] + n["sells"] + notional(n) - bought - n["held"])


INSIDE: Final[Mapping[str, Callable[[Numbers, Numbers], bool]]] = {
    "max_quantity": lambda n, caps: n["quantity"] <= caps["venue_max_quantity"],
    "venue_min_notional": lambda n, caps: notional(n) >= caps["venue_min_notional"],
    "min_notional": lambda n, caps: notional(n) >= caps["min_notional"],
    "order_notional": lambda n, caps: notional(n) <= caps["order_notional"],
    "trade_nav": lambda n, caps: notional(n) <= caps["trade_nav"] * n["nav"],
    "symbol_exposure": lambda n, caps: wallets(n) <= caps["symbol_exposure"] * n["nav"],
    "open_quantity": lambda n, caps: (
        exposure(n, "held_quantity", "buy_quantity", "sell_quantity", n["quantity"]) <= caps["open_quantity"]
    ),
    "tier_exposure": lambda n, caps: n["tier_others"] + wallets(n) <= caps["tier_exposure"] * n["nav"],
    "group_exposure": lambda n, caps: n["group_others"] + wallets(n) <= caps["group_exposure"] * n["nav"],
    "strategy_exposure": lambda n, caps: (
        n["own_others"] + exposure(n, "own_held", "own_buys", "own_sells", notional(n))
        <= caps["strategy_exposure"] * n["nav"]
    ),
    "gross_exposure": lambda n, caps: n["gross_others"] + wallets(n) <= caps["gross_exposure"] * n["nav"],
    "net_exposure": lambda n, caps: net(n) <= caps["net_exposure"] * n["nav"],
    "effective_leverage": lambda n, caps: n["gross_others"] + wallets(n) <= caps["effective_leverage"] * n["balance"],
    "free_margin": lambda n, caps: n["available"] - notional(n) / n["leverage"] >= caps["free_margin"] * n["nav"],
}


def numbers(facts: Mapping[str, Any], quantity: Fraction) -> dict[str, Fraction]:
    """Facts by the names that `INSIDE` uses."""
    names = {
        "price": "order.price",
        "leverage": "order.leverage",
        "nav": "nav.total",
        "held": "position.notional",
        "held_quantity": "position.quantity",
        "buys": "working.buys",
        "sells": "working.sells",
        "buy_quantity": "working.buy_quantity",
        "sell_quantity": "working.sell_quantity",
        "own_held": "own.notional",
        "own_buys": "own.buys",
        "own_sells": "own.sells",
        "own_others": "own.others",
        "tier_others": "tier.others",
        "group_others": "group.others",
        "gross_others": "gross.others",
        "long_others": "net.long_others",
        "short_others": "net.short_others",
        "balance": "margin.balance",
        "available": "margin.available",
    }
    found = {ours: Fraction(facts[n.partition(".")[0]][n.partition(".")[2]]) for ours, n in names.items()}
    return {**found, "quantity": quantity, "buying": Fraction(facts["order"]["side"] == "BUY")}


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


def test_each_gate_and_symbol_has_a_pair_or_a_reason(found: list[Pair | NoPair], universe: Universe) -> None:
    """Nothing is left out without a word, and conditions are the only gates without a number."""
    rules = universe.ruleset

    assert [(f.gate.id, f.symbol) for f in found] == [(g.id, s) for g in rules.gates for s in rules.subjects]
    conditions = {g.id for g in rules.gates if isinstance(g.test, Require)}
    reasons = {f.gate.id: f.why for f in found if isinstance(f, NoPair)}
    assert {gate for gate, why in reasons.items() if "condition" in why} == conditions


def test_what_has_no_pair_is_listed_with_its_reason(found: list[Pair | NoPair]) -> None:
    """In the file itself: a numeric gate is open, is blind to the quantity, or its fact is supplied anew."""
    listed = [line.removeprefix("# - ") for line in (ROOT / FILE).read_text().splitlines() if line.startswith("# - ")]

    assert listed == without_pair(found)
    known = ("condition", "does not depend", "supplied anew", "is none here", "every quantity on the step passes")
    assert [line for line in listed if not any(words in line for words in known)] == []


def test_only_open_or_blind_gates_have_no_pair(found: list[Pair | NoPair], universe: Universe) -> None:
    """Each gate that `INSIDE` knows has a pair for each symbol, unless its cap is none or one step is enough."""
    for entry in found:
        if isinstance(entry, NoPair) and entry.gate.id in INSIDE:
            caps = bounds(universe, entry.symbol, "momentum")
            step = numbers(quiet_facts(universe, entry.symbol, NAV), caps["venue_step"])
            none = entry.gate.id in ("open_quantity", "group_exposure") and entry.gate.id not in caps
            assert none or (entry.gate.id == "venue_min_notional" and INSIDE[entry.gate.id](step, caps))


def test_each_pair_is_on_either_side_of_its_bound(found: list[Pair | NoPair], universe: Universe) -> None:
    """Against fractions by hand: the first is inside, its neighbour on the step is not."""
    checked = set()
    for pair in found:
        if not isinstance(pair, Pair):
            continue
        checked.add(pair.gate.id)
        facts, caps = quiet_facts(universe, pair.symbol, NAV), bounds(universe, pair.symbol, "momentum")
        inside = INSIDE[pair.gate.id]
        steps = [Fraction(q) / caps["venue_step"] for q in (pair.passes, pair.stops)]

        assert [s.denominator for s in steps] == [1, 1]
        assert abs(steps[0] - steps[1]) == 1
        assert inside(numbers(facts, Fraction(pair.passes)), caps), pair
        assert not inside(numbers(facts, Fraction(pair.stops)), caps), pair
    assert checked == INSIDE.keys()


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
    alone = {gate: scenarios.with_gates(universe.ruleset, (gate,)) for gate in INSIDE}
    return {(gate, backend): Engine(alone[gate], backend) for gate in INSIDE for backend in BACKENDS}


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
    for gate, meaning in INSIDE.items():
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

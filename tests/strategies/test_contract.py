"""What every strategy holds to; each that the shipped rules let run goes through all of it."""

import json
import random
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.compile.finish import file_text
from generator.compile.stages import compile_universe
from strategies.catalog import STRATEGIES, make
from strategies.protocol import Strategy, View
from tests.conftest import ROOT, TODAY
from tests.strategies.series import MIDNIGHT, bars
from universe.reader import Universe, parse
from universe.trading import Bar

UNIVERSE: Final = parse(file_text(compile_universe(ROOT, today=TODAY).document))
RUNNING: Final = make(UNIVERSE)
each_strategy: Final = pytest.mark.parametrize("strategy", RUNNING, ids=lambda s: s.name)
QUANTITIES: Final = st.sampled_from([Decimal(0), Decimal("0.4"), Decimal("-0.4"), Decimal(3)])


def walk(strategy: Strategy, symbol: str, seed: int, count: int) -> list[Bar]:
    """Prices that wander, drift and jump, the last bar closing at midnight."""
    dice = random.Random(f"{symbol}{seed}")
    price, drift, prices = 100.0, dice.uniform(-0.004, 0.004), []
    for _ in range(count):
        price *= 1 + drift + dice.gauss(0, 0.01)
        prices.append(round(price, 2))
    return bars(symbol, prices, strategy.every)


@st.composite
def views(draw: st.DrawFn, strategy: Strategy) -> View:
    """Markets, positions and orders of all sorts, seen for the first time."""
    seed, lacking = draw(st.integers(0, 10_000)), draw(st.sampled_from([0, 0, 1, 1000]))
    count = max(0, strategy.warm_up - lacking)
    chosen: dict[str, Mapping[str, Decimal]] = {
        part: {s: draw(QUANTITIES) for s in strategy.symbols if draw(st.booleans())} for part in ("held", "working")
    }
    nav = draw(st.sampled_from([None, Decimal(1000), Decimal(250_000)]))
    shown = {s: walk(strategy, s, seed, count) for s in strategy.symbols}
    return View(MIDNIGHT, shown, chosen["held"], chosen["working"], nav, {})


def later(strategy: Strategy, seen: View, memory: Mapping[str, Any]) -> View:
    """The same account one bar later, nothing held and nothing working."""
    shown = {s: [*b, *walk(strategy, s, 7, 1)] for s, b in seen.bars.items()}
    moved = {s: [*b[1:-1], _moved(b[-1], strategy.every)] for s, b in shown.items() if len(b) > 1}
    return View(seen.time + strategy.every, moved, {}, {}, seen.nav, memory)


def _moved(bar: Bar, seconds: int) -> Bar:
    return Bar(bar.symbol, bar.closed, bar.closed + seconds, bar.open, bar.high, bar.low, bar.close, bar.volume)


@each_strategy
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_same_view_gives_the_same_answer_and_stays_as_it_was(strategy: Strategy, data: st.DataObject) -> None:
    """Asking changes nothing: neither the view nor the strategy."""
    seen = data.draw(views(strategy))
    before = repr(seen)

    assert strategy.intents(seen) == strategy.intents(seen)
    assert repr(seen) == before


@each_strategy
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_memory_that_went_through_a_journal_is_the_same_memory(strategy: Strategy, data: st.DataObject) -> None:
    """It is JSON without floats: what a restart reads leads to the same answer."""
    seen = data.draw(views(strategy))
    memory = strategy.intents(seen).memory
    read = json.loads(json.dumps(memory), parse_float=_no_float)

    assert read == memory
    assert strategy.intents(later(strategy, seen, read)) == strategy.intents(later(strategy, seen, memory))


def _no_float(text: str) -> None:
    pytest.fail(f"{text} in a memory is a float")


@each_strategy
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_an_intent_is_in_its_own_name_and_symbols_and_never_turns_a_position(
    strategy: Strategy, data: st.DataObject
) -> None:
    """At most one a symbol; a quantity is positive; what closes is no larger than what is held."""
    seen = data.draw(views(strategy))

    intents = strategy.intents(seen).intents

    assert len({i.symbol for i in intents}) == len(intents)
    for intent in intents:
        assert (intent.strategy, intent.symbol in strategy.symbols) == (strategy.name, True)
        assert intent.quantity is None or intent.quantity > 0
        assert intent.why
        held = seen.position(intent.symbol)
        if held * intent.side.sign < 0:
            assert intent.quantity is not None
            assert intent.quantity <= abs(held)


@each_strategy
def test_nothing_is_wanted_before_the_warm_up_is_over(strategy: Strategy) -> None:
    """One bar too few is too few, whatever is in them; with all of them something is wanted of some market."""
    wanted = {0: 0, 1: 0}
    for seed in range(30):
        for lacking in wanted:
            shown = {s: walk(strategy, s, seed, strategy.warm_up - lacking) for s in strategy.symbols}
            wanted[lacking] += len(strategy.intents(View(MIDNIGHT, shown, {}, {}, Decimal(10_000), {})).intents)

    assert wanted[1] == 0
    assert wanted[0] > 0


@each_strategy
def test_nothing_is_wanted_of_a_market_that_is_not_seen(strategy: Strategy) -> None:
    """Neither without bars nor from bars of long ago; a view without anything is no error."""
    shown = {s: walk(strategy, s, 3, strategy.warm_up) for s in strategy.symbols}

    assert strategy.intents(View(MIDNIGHT, {}, {}, {}, None, {})).intents == ()
    assert strategy.intents(View(MIDNIGHT + strategy.every, shown, {}, {}, Decimal(10_000), {})).intents == ()


@each_strategy
@given(data=st.data(), more=st.integers(1, 50))
@settings(max_examples=40, deadline=None)
def test_more_history_than_the_warm_up_changes_nothing(strategy: Strategy, data: st.DataObject, more: int) -> None:
    """What is older than the warm-up is not looked at, so that a restart need not have it."""
    seen = data.draw(views(strategy))
    older = {s: [*walk(strategy, s, 11, more), *b] if b else [] for s, b in seen.bars.items()}
    full = View(seen.time, older, seen.positions, seen.working, seen.nav, seen.memory)

    enough = all(len(b) >= strategy.warm_up for b in seen.bars.values())

    assert not enough or strategy.intents(full) == strategy.intents(seen)


@each_strategy
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_strategy_keeps_nothing_of_its_own(strategy: Strategy, data: st.DataObject) -> None:
    """One that was asked a hundred times answers as one that was made just now."""
    seen = data.draw(views(strategy))

    assert strategy.intents(seen) == type(strategy)(**_parts(strategy)).intents(seen)


def _parts(strategy: Strategy) -> dict[str, Any]:
    return {f.name: getattr(strategy, f.name) for f in fields(strategy)}  # type: ignore[arg-type]  # each is a dataclass


@each_strategy
def test_a_strategy_cannot_be_changed(strategy: Strategy) -> None:
    """What it goes by is what the universe says, for as long as it runs."""
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        strategy.every = 60  # type: ignore[misc]  # that it can't be set is what is tested


def test_each_strategy_takes_the_parameters_that_it_declares_and_no_other(universe: Universe) -> None:
    """Declared once, in the catalog; code and rules both follow it."""
    declared = universe.document["params"]

    assert STRATEGIES.keys() == declared.keys()
    for name, made in STRATEGIES.items():
        own = {f.name: f.type for f in fields(made)} if isinstance(made, type) else {}
        kinds = {"count": int, "bool": bool, "enum": str}
        expected = {n: kinds.get(p["unit"], Decimal) for n, p in declared[name].items()}
        assert {n: t for n, t in own.items() if n not in ("name", "every", "symbols")} == expected


def test_what_the_universe_lets_run_is_made_as_it_says(universe: Universe) -> None:
    """In its order, with its parameters; what only has caps is not made."""
    made = make(universe)

    assert [s.name for s in made] == ["momentum", "vol_target"]
    for strategy in made:
        rules = universe.running[strategy.name]
        assert (strategy.every, strategy.symbols) == (rules.every, rules.symbols)
        assert {n: getattr(strategy, n) for n in rules.params} == rules.params

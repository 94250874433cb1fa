import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.execution.service.orders import order
from tests.execution.service.served import Served
from universe.reader import Universe

pytest.importorskip("aiohttp", reason="the service is of the extra `serve`")
pytest.importorskip("prometheus_client", reason="the service is of the extra `serve`")


@pytest.fixture(scope="module")
def examples(root: Path) -> Iterator[SimpleNamespace]:
    """The example files, imported as somebody who copied them would."""
    import importlib

    names = ("hedgerow_client", "freqtrade_gate", "nautilus_gate")
    sys.path.insert(0, str(root / "docs/examples"))
    try:
        made: dict[str, ModuleType] = {name: importlib.import_module(name) for name in names}
        yield SimpleNamespace(**made)
    finally:
        sys.path.remove(str(root / "docs/examples"))
        for name in names:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def served(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service on loopback, by the shipped rules."""
    made = Served(root, "--log", str(tmp_path_factory.mktemp("service")))
    yield made
    made.stop()


def strategy_of(mixin: type, gate: Any, facts: Mapping[str, Any], base: type = object) -> Any:
    """A strategy with the mixin, whose facts are these but for the order."""
    own = {"hedgerow": gate, "hedgerow_strategy": "momentum", "hedgerow_leverage": "2"}
    own["hedgerow_facts"] = lambda self, symbol: {k: v for k, v in facts.items() if k != "order"}
    return type("Mine", (mixin, base), own)


def entry(strategy: Any, amount: float, side: str = "long", order_type: str = "limit") -> bool:
    """What freqtrade would be told of an entry in bitcoin."""
    found: bool = strategy.confirm_trade_entry(
        "BTC/USDT:USDT", order_type, amount, 87500.0, "GTC", None, None, side, anything_new=1
    )
    return found


def test_when_the_client_asks_then_it_says_what_the_service_says(
    examples: SimpleNamespace, served: Served, universe: Universe
) -> None:
    """Allowed, or the reasons and the largest quantity that would pass."""
    gate = examples.hedgerow_client.Gate(served.address, timeout=20)
    small, large = gate.ask(order(universe)), gate.ask(order(universe, quantity="3"))

    assert (small.allowed, small.reasons) == (True, ())
    assert (large.allowed, "trade_cap" in large.text or len(large.reasons) > 0) == (False, True)
    assert large.max_quantity is not None
    assert 0 < large.max_quantity < 3


def test_when_the_service_cannot_be_asked_then_the_client_says_no(examples: SimpleNamespace, served: Served) -> None:
    """Nobody there, no such place, facts that are no JSON: never leave to trade."""
    client = examples.hedgerow_client
    for gate in (client.Gate("http://127.0.0.1:9", timeout=1), client.Gate("unix:/nowhere"), client.Gate("nonsense")):
        assert (gate.ask({}).allowed, gate.ask({}).reasons) == (False, ("asking_failed",))
    unwritable = client.Gate(served.address, timeout=20).ask({("a",): 1})
    assert (unwritable.allowed, unwritable.reasons) == (False, ("asking_failed",))


def test_when_freqtrade_confirms_an_entry_then_the_gate_has_answered(
    examples: SimpleNamespace, served: Served, universe: Universe
) -> None:
    """Long and short; whatever can't be said of an order, or fails, holds it."""
    gate = examples.hedgerow_client.Gate(served.address, timeout=20)
    strategy = strategy_of(examples.freqtrade_gate.HedgerowGate, gate, order(universe))()
    silent = type("Bare", (examples.freqtrade_gate.HedgerowGate,), {"hedgerow": gate})()
    nowhere = strategy_of(
        examples.freqtrade_gate.HedgerowGate, examples.hedgerow_client.Gate("http://127.0.0.1:9"), order(universe)
    )()

    assert [entry(strategy, 0.1), entry(strategy, 0.1, "short"), entry(strategy, 3.0)] == [True, True, False]
    assert [entry(strategy, 0.1, order_type="market"), entry(strategy, 0.1, "up")] == [False, False]
    assert [entry(silent, 0.1), entry(nowhere, 0.1)] == [False, False]


def test_when_freqtrade_is_installed_then_a_strategy_takes_the_gates_answer(
    examples: SimpleNamespace, served: Served, universe: Universe
) -> None:
    """The mixin's method is the one that freqtrade calls, with freqtrade's own signature."""
    import inspect

    interface = pytest.importorskip("freqtrade.strategy.interface", reason="freqtrade is not installed")
    mixin = examples.freqtrade_gate.HedgerowGate
    gate = examples.hedgerow_client.Gate(served.address, timeout=20)
    strategy = strategy_of(mixin, gate, order(universe), interface.IStrategy)
    theirs = inspect.signature(interface.IStrategy.confirm_trade_entry).parameters

    assert strategy.confirm_trade_entry is mixin.confirm_trade_entry
    assert list(inspect.signature(mixin.confirm_trade_entry).parameters) == list(theirs)


def test_when_nautilus_trader_is_installed_then_its_own_orders_are_asked_about(
    examples: SimpleNamespace, served: Served, universe: Universe
) -> None:
    """A limit order of its factory becomes the facts that it is; one without a price is not sent."""
    objects = pytest.importorskip("nautilus_trader.model.objects", reason="nautilus_trader is not installed")
    from nautilus_trader.common.component import TestClock
    from nautilus_trader.common.factories import OrderFactory
    from nautilus_trader.model.enums import OrderSide
    from nautilus_trader.model.identifiers import InstrumentId, StrategyId, TraderId

    factory = OrderFactory(TraderId("T-1"), StrategyId("S-1"), TestClock())
    name, sent, said = InstrumentId.from_str("BTCUSDT-PERP.BINANCE"), list[Any](), list[str]()

    class Base:
        log = SimpleNamespace(warning=said.append)

        def submit_order(self, order: Any) -> None:
            sent.append(order)

    gate = examples.hedgerow_client.Gate(served.address, timeout=20)
    strategy = strategy_of(examples.nautilus_gate.HedgerowGate, gate, order(universe), Base)()
    price = objects.Price.from_str("87500.0")
    small, large = (factory.limit(name, OrderSide.BUY, objects.Quantity.from_str(q), price) for q in ("0.100", "3.000"))
    answers = [strategy.submit_if_allowed(o) for o in (small, large)]
    bare = strategy.submit_if_allowed(factory.market(name, OrderSide.SELL, objects.Quantity.from_str("0.100")))

    assert [answer.allowed for answer in (*answers, bare)] == [True, False, False]
    assert (sent, len(said), bare.reasons) == ([small], 2, ("asking_failed",))

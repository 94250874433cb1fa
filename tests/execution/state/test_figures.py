"""What the figures of the state files mean, on runs that are small enough to count by hand."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.books import Books, Pulse
from execution.events import KillSwitched, OrderChanged, UniverseActivated, UniverseRefused
from execution.ledger import Exits, Position
from execution.state import Views
from execution.state.positions import PositionsLedger
from execution.state.text import average, page, ratio
from execution.state.view import Moment
from tests.execution.story import CASH, Story
from universe.reader import Universe
from universe.trading import Side

BTC, ETH = "BTCUSDT", "ETHUSDT"
D = Decimal


@pytest.fixture
def story(tmp_path: Path, universe: Universe) -> Iterator[Story]:
    """A run that has just begun; BTC at 87500, ETH at 2960."""
    made = Story.begin(tmp_path, universe)
    yield made
    made.journal.close()


def state(story: Story) -> dict[str, dict[str, Any]]:
    """Every state file, as it is read back."""
    return {name: json.loads(text) for name, text in views_of(story).render(story.pulse, story.universe).items()}


def views_of(story: Story) -> Views:
    """The views of a story."""
    views = Views(story.books)
    for entry in story.told:
        views.apply(entry)
    return views


def log(story: Story, name: str) -> list[dict[str, Any]]:
    """The lines of a log."""
    return [json.loads(line) for line in views_of(story).lines.waiting()[name]]


# Money


def test_nav_is_cash_with_every_position_at_mark(story: Story) -> None:
    """A maker's buy of 0.1 BTC at 87500 costs 1.75 in fees; it falls by 500, which is 50 of unrealised loss."""
    story.trade("momentum", BTC, Side.BUY, D("0.1"))
    story.step()
    story.step(prices={BTC: D(87000)})
    nav = state(story)["nav"]

    assert (nav["cash"], nav["unrealised"], nav["nav"]) == ("14998.25", "-50", "14948.25")
    assert (nav["start"], nav["fees"], nav["realised"]) == ("15000", "1.75", "0")
    assert (nav["peak"], nav["drawdown"]) == ("15000", "0.00345")
    assert (nav["day_start"], nav["day_loss"]) == ("15000", "0.00345")


def test_kpis_are_those_of_closed_trades(story: Story) -> None:
    """One that brings 46.4 after fees of 3.6, one that loses 12.95; held for two minutes each."""
    story.trade("momentum", BTC, Side.BUY, D("0.1"))
    story.step(prices={BTC: D(88000)})
    story.step()
    story.trade("momentum", BTC, Side.SELL, D("0.1"))
    story.step()
    story.trade("vol_target", ETH, Side.SELL, D(1), maker=False)
    story.step(prices={ETH: D(2970)})
    story.step()
    story.trade("vol_target", ETH, Side.BUY, D(1), maker=False)
    story.step()
    kpis = state(story)["kpis"]

    own, other, account = kpis["strategies"]["momentum"], kpis["strategies"]["vol_target"], kpis["account"]
    assert (own["pnl"], own["realised"], own["fees"]) == ("46.49", "50", "3.51")
    assert (other["pnl"], other["realised"], other["fees"]) == ("-12.965", "-10", "2.965")
    assert (account["pnl"], account["trades"], account["wins"], account["win_rate"]) == ("33.525", 2, 1, "0.5")
    assert account["profit_factor"] == ratio(D("46.49"), D("12.965"))
    assert (account["best_trade"], account["worst_trade"], account["average_hold"]) == ("46.49", "-12.965", 120)
    assert (own["profit_factor"], other["profit_factor"], other["win_rate"]) == (None, "0", "0")
    assert account["closed_by"] == {"strategy": 2}


def test_drawdown_is_the_largest_fall_from_the_highest_sample(story: Story) -> None:
    """Up 100, down 300, up 50, down 100: 350 from the top, of a NAV of 15100 then."""
    story.trade("momentum", BTC, Side.BUY, D(1))
    story.step()
    for price in (87600, 87300, 87350, 87250):
        story.step(prices={BTC: D(price)})
        story.sample()
    story.step()
    kpis = state(story)["kpis"]

    assert (kpis["account"]["max_drawdown"], kpis["account"]["max_drawdown_share"]) == (
        "350",
        ratio(D(350), D("15082.5")),
    )
    assert kpis["strategies"]["momentum"]["max_drawdown"] == "350"


# Positions


def test_the_wallet_holds_the_net_of_its_strategies(story: Story) -> None:
    """Long 0.1 and short 0.04 are 0.06, with what works for them beside it."""
    story.trade("momentum", BTC, Side.BUY, D("0.1"))
    story.trade("vol_target", BTC, Side.SELL, D("0.04"))
    story.send(story.ask("momentum", ETH, Side.BUY, D(2))[0], "momentum", ETH, Side.BUY, D(2))
    story.step(prices={BTC: D(88000)})
    found = state(story)["positions_state"]["positions"]

    assert found[BTC] == {
        "quantity": "0.06",
        "mark": "88000",
        "notional": "5280",
        "unrealised": "30",
        "working_buys": "0",
        "working_sells": "0",
        "strategies": ["momentum", "vol_target"],
    }
    assert (found[ETH]["quantity"], found[ETH]["working_buys"], found[ETH]["strategies"]) == ("0", "2", [])


def test_exits_are_prices_and_time_left(story: Story) -> None:
    """A short at 87500: stop 3 % above, profit 5 % below, trailing 2 % of cost back from the best of 1000."""
    story.trade("momentum", BTC, Side.SELL, D(1))
    story.step(prices={BTC: D(86500)})
    story.step(prices={BTC: D(86800)})
    [position] = state(story)["positions_ledger"]["positions"]

    assert (position["quantity"], position["entry_price"], position["unrealised"]) == ("-1", "87500", "700")
    assert position["best"] == "1000"
    assert position["exits"] == {
        "stop_loss": "0.03",
        "stop_loss_price": "90125",
        "take_profit": "0.05",
        "take_profit_price": "83125",
        "trailing_stop": "0.02",
        "trailing_stop_price": "88250",
        "time_stop": 86400,
        "time_left": 86400 - 60,
    }


PRICES = st.decimals(1, 100_000, places=2)
SHARES = st.decimals("0.001", "0.5", places=3)


@settings(deadline=None)
@given(PRICES, st.decimals("-50", "50", places=3).filter(bool), SHARES, SHARES, SHARES, PRICES)
def test_at_the_price_of_an_exit_it_holds_and_just_before_it_does_not(
    entry: Decimal, quantity: Decimal, stop: Decimal, profit: Decimal, trailing: Decimal, best: Decimal
) -> None:
    """The prices mean what the table of exits asks: loss, profit and what was given back, as shares of the cost."""
    position = Position("momentum", BTC, quantity, abs(quantity) * entry, exits=Exits(stop, profit, trailing, None))
    books, pulse = Books(), Pulse(prices={BTC: entry}, best={("momentum", BTC): best})
    books.ledger.positions["momentum", BTC] = position
    [found] = PositionsLedger().record(Moment(books, pulse, 0, None))["positions"]
    exits = found["exits"]

    def share(name: str) -> Decimal:
        return position.unrealised(D(exits[name])) / position.cost

    assert share("stop_loss_price") == pytest.approx(-stop, rel=D("1e-6"))
    assert share("take_profit_price") == pytest.approx(profit, rel=D("1e-6"))
    given_back = best / position.cost - share("trailing_stop_price")
    assert given_back == pytest.approx(trailing, rel=D("1e-6"), abs=best / position.cost * D("1e-6"))


def test_an_exit_that_is_not_armed_has_no_price(story: Story) -> None:
    """Nor has a trailing stop before the first profit."""
    story.trade("momentum", BTC, Side.BUY, D(1))
    story.step(prices={BTC: D(87000)})
    [before] = state(story)["positions_ledger"]["positions"]
    story.books.ledger.positions["momentum", BTC].exits = None
    [bare] = state(story)["positions_ledger"]["positions"]

    assert (before["exits"]["trailing_stop"], before["exits"]["trailing_stop_price"]) == ("0.02", None)
    assert bare["exits"] is None


# Risk


def test_exposure_counts_working_orders_the_worse_way(story: Story) -> None:
    """Long 0.1 BTC with a buy of 0.05 and a sell of 0.3 working: short 0.2 is worse than long 0.15."""
    story.trade("momentum", BTC, Side.BUY, D("0.1"))
    for side, quantity in ((Side.BUY, D("0.05")), (Side.SELL, D("0.3"))):
        story.send(story.ask("momentum", BTC, side, quantity)[0], "momentum", BTC, side, quantity)
    story.step()
    risk = state(story)["risk_snapshot"]

    assert risk["symbols"][BTC]["exposure"] == "17500"
    assert risk["symbols"][BTC] == risk["gross"] | {"limit": "0.3", "headroom": risk["symbols"][BTC]["headroom"]}
    assert D(risk["symbols"][BTC]["headroom"]) == D("0.3") - D(risk["symbols"][BTC]["share"])
    assert (risk["tiers"]["CORE"]["exposure"], risk["groups"]["bluechips"]["exposure"]) == ("17500", "17500")
    assert (risk["strategies"]["momentum"]["exposure"], risk["open_positions"]) == ("17500", 1)
    assert (risk["net"]["exposure"], risk["leverage"]["limit"]) == ("17500", "2")


def test_strategies_on_opposite_sides_net_in_the_wallet_and_not_by_themselves(story: Story) -> None:
    """Each has its own exposure; the symbol has the difference."""
    story.trade("momentum", BTC, Side.BUY, D("0.1"))
    story.trade("vol_target", BTC, Side.SELL, D("0.1"))
    story.step()
    risk = state(story)["risk_snapshot"]

    assert risk["symbols"][BTC]["exposure"] == risk["gross"]["exposure"] == "0"
    assert {n: e["exposure"] for n, e in risk["strategies"].items()} == {"momentum": "8750", "vol_target": "8750"}


def test_vetoes_and_the_kill_switch_are_told(story: Story) -> None:
    """By reason, each reason of a veto; by whom, why and since when."""
    story.ask("momentum", BTC, Side.BUY, D(100), nav={"age": "999"})
    story.ask("momentum", BTC, Side.BUY, D("0.01"), nav={"age": None})
    story.tell(KillSwitched(True, "Ann", "news"))
    story.step()
    found = state(story)
    risk, since = found["risk_snapshot"], story.now - 60

    assert risk["kill_switch"] == {"on": True, "by": "Ann", "why": "news", "since": since}
    assert (risk["vetoes"]["nav_stale"], risk["vetoes"]["facts_missing"]) == (1, 1)
    assert found["diagnostics"]["unknown_facts"] == {"nav.age": 1}
    assert [line["reasons"][0] for line in log(story, "risk_vetoes")] == ["nav_stale", "facts_missing"]


# Orders


def test_the_router_counts_what_became_of_orders(story: Story) -> None:
    """Two filled, one re-quoted on the way and one as a taker that slipped by 0.1 %; one cancelled, one open."""
    intent, _ = story.ask("momentum", BTC, Side.BUY, D("0.1"))
    maker = story.send(intent, "momentum", BTC, Side.BUY, D("0.1"))
    story.step(OrderChanged(maker, "requoted", D(87400), ""), prices={BTC: D(87400)})
    story.fill(maker, D("0.04"))
    story.step()
    story.fill(maker)
    intent, _ = story.ask("vol_target", ETH, Side.SELL, D(1))
    taker = story.send(intent, "vol_target", ETH, Side.SELL, D(1), maker=False)
    story.fill(taker, price=D("2957.04"))
    gone = story.send("i9", "momentum", ETH, Side.BUY, D(1))
    story.tell(OrderChanged(gone, "cancelled", D(2960), "asked for"))
    story.send("i10", "momentum", ETH, Side.BUY, D(1))
    story.step()
    router = state(story)["router_health"]

    orders = router["orders"]
    assert {k: orders[k] for k in ("sent", "open", "filled", "cancelled", "rejected", "requotes", "fills")} == {
        "sent": 4,
        "open": 1,
        "filled": 2,
        "cancelled": 1,
        "rejected": 0,
        "requotes": 1,
        "fills": 3,
    }
    assert orders["maker_share"] == ratio(D(8740), D("11697.04"))
    assert (router["routes"]["urgent"]["slippage"], router["routes"]["otherwise"]["slippage"]) == ("0.001", "0")
    assert router["routes"]["otherwise"]["time_to_fill"] == 120
    assert [order["order"] for order in router["open_orders"]] == ["hr-i10"]


def test_an_ended_order_leaves_its_metrics(story: Story) -> None:
    """Slippage is against the mark when it was sent: 87500, filled at 87400 on average."""
    intent, _ = story.ask("momentum", BTC, Side.BUY, D("0.1"))
    order = story.send(intent, "momentum", BTC, Side.BUY, D("0.1"))
    story.step(OrderChanged(order, "requoted", D(87400), ""), prices={BTC: D(87400)})
    story.fill(order, D("0.04"))
    story.step()
    story.fill(order)
    story.step()
    [line] = log(story, "order_metrics")

    assert (line["mark"], line["average_price"], line["slippage"]) == ("87500", "87400", ratio(D(-100), D(87500)))
    assert (line["end"], line["quotes"], line["first_fill"], line["lasted"]) == ("filled", 2, 60, 120)
    assert (line["fees"], line["maker_share"], line["filled"]) == ("1.748", "1", "0.1")
    assert [fill["filled"] for fill in log(story, "orders_executed")] == ["0.04", "0.1"]


# Rules and the rest


def test_universes_are_told_in_order_and_refusals_counted(story: Story) -> None:
    """The last twenty refusals are kept, all are counted."""
    for number in range(25):
        story.tell(UniverseRefused(None, f"no JSON {number}"))
    story.tell(UniverseActivated("sha256:b", "sha256:rb"))
    story.step()
    found = state(story)["universe"]

    assert (found["universe"], found["ruleset"], found["since"]) == ("sha256:b", "sha256:rb", story.now - 60)
    assert [entry["since_seq"] for entry in found["activated"]] == [2, 29]
    assert (found["refusals"], len(found["last_refused"])) == (25, 20)
    assert found["last_refused"][-1]["text"] == "no JSON 24"


def test_every_file_says_which_run_it_is_and_as_of_when(story: Story) -> None:
    """And that its market is made up."""
    story.step()
    for name, record in state(story).items():
        head = {k: record[k] for k in ("format", "run", "mode", "synthetic", "time", "seq")}
        assert head == {
            "format": 1,
            "run": "r1",
            "mode": "paper",
            "synthetic": True,
            "time": story.now - 60,
            "seq": 3,
        }, name


# Texts


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (D(1), D(3), "0.333333333333"),
        (D(2), D(3), "0.666666666667"),
        (D(0), D(3), "0"),
        (D("-0.5"), D(1), "-0.5"),
        (D(1), D(0), None),
        (None, D(1), None),
        (D(1), None, None),
    ],
)
def test_a_quotient_is_rounded_once(part: Decimal | None, whole: Decimal | None, text: str | None) -> None:
    """To twelve significant digits; what nothing divides is unknown."""
    assert ratio(part, whole) == text


def test_a_mean_is_of_something() -> None:
    """Whole seconds, half to even."""
    assert (average(0, 0), average(5, 2), average(7, 2), average(9, 4)) == (None, 2, 4, 2)


JSON_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.text(max_size=5), JSON_DATA))
def test_a_page_is_json_of_its_record(record: dict[str, Any]) -> None:
    """However it is laid out, and it ends with a line."""
    text = page(record)

    assert json.loads(text) == record
    assert text.endswith("}\n")


def test_what_is_no_data_has_no_place_in_a_page() -> None:
    """A float would be a number that nobody chose."""
    with pytest.raises(TypeError):
        page({"x": object()})


def test_cash_of_the_story_is_what_it_began_with() -> None:
    """The figures above are counted from it."""
    assert D(15_000) == CASH

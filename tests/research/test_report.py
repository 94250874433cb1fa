"""What the report says, against the same reckoned anew from the journal's own rows."""

import json
import sqlite3
from collections import Counter
from decimal import Decimal
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest

from execution.events import ExitTriggered, KillSwitched, Sampled, UniverseActivated
from execution.journal import Journal
from execution.universes import keep
from research.report.attention import concerns
from research.report.exposure import GROSS, NET, Place
from research.report.flow import Fate
from research.report.headroom import least
from research.report.reading import NothingToReport, Reading, read
from tests.execution.story import BEGIN, CASH, Story
from tests.research.pages import folder_page, rows_of
from tests.research.told import BTC, DAY, ETH, HOUR, ROOM, SOL, by_chance, ended, hour, small
from universe.reader import Universe, fingerprint, parse
from universe.trading import Side

D = Decimal
Row = tuple[int, str, dict[str, Any]]
SEEDS = [(seed, hours) for seed, hours in enumerate((0, 1, 2, 5, 24, 49, 100))]
every_chance = pytest.mark.parametrize(("seed", "hours"), SEEDS)


def reading_of(story: Story, universe: Universe) -> Reading:
    """A told run, read."""
    with Journal.read(story.folder) as journal:
        return read(story.folder, journal, universe)


@pytest.fixture
def chance(tmp_path: Path, universe: Universe, seed: int, hours: int) -> Story:
    """A run by chance."""
    return by_chance(tmp_path / "run", universe, seed=seed, hours=hours)


def raw(story: Story, *kinds: str) -> list[Row]:
    """The journal's rows: time, kind, fields as JSON, read without the house's code."""
    with sqlite3.connect(story.folder / "journal.db") as database:
        rows = database.execute("SELECT time, kind, body FROM events ORDER BY seq").fetchall()
    return [(time, kind, json.loads(body)) for time, kind, body in rows if kind in kinds]


def brought(story: Story) -> dict[str, Decimal]:
    """What each strategy brought: what it sold for less what it bought for, fees and funding, and what it holds."""
    results: dict[str, Decimal] = {}
    for _, kind, of in raw(story, "fill", "funding"):
        if kind == "fill":
            sign = 1 if of["side"] == "BUY" else -1
            cost = sign * D(of["quantity"]) * (D(of["price"]) - story.pulse.prices[of["symbol"]]) + D(of["fee"])
        else:
            cost = D(of["amount"])
        results[of["strategy"]] = results.get(of["strategy"], D(0)) - cost
    return results


def money_table(html: str) -> dict[str, list[Decimal]]:
    """The table of strategies: realised, unrealised, fees, funding, result by the name of the row."""
    rows = rows_of(html)
    start = rows.index(["", "realised", "unrealised", "fees", "funding", "result"]) + 1
    end = next(i for i in range(start, len(rows)) if rows[i][0] == "account") + 1
    plain = [[cell.replace(",", "").replace("−", "-") for cell in row] for row in rows[start:end] if len(row) == 6]
    return {name: [D(cell) for cell in cells] for name, *cells in plain}


# Money


@every_chance
def test_the_money_on_the_page_is_what_the_journal_adds_up_to(chance: Story, universe: Universe) -> None:
    """Each strategy's row, their sum and the account's row, all to the last digit; NAV is cash and all of it."""
    expected = brought(chance)

    table = money_table(folder_page(chance.folder, universe))
    account = table.pop("account")

    assert {name: row[-1] for name, row in table.items()} == expected
    assert account == [sum((row[i] for row in table.values()), D(0)) for i in range(5)]
    assert account[-1] == account[0] + account[1] - account[2] - account[3]
    assert reading_of(chance, universe).moment.nav == CASH + account[-1]


@every_chance
def test_days_and_the_curve_lead_from_cash_to_nav(chance: Story, universe: Universe) -> None:
    """What the days brought adds up to what NAV has changed by; the curve begins with the cash and ends with NAV."""
    reading = reading_of(chance, universe)
    curve, nav = reading.parts.curve, reading.moment.nav

    assert nav is not None
    assert sum((day.result for day in curve.days()), D(0)) == nav - CASH
    assert (curve.values[0].nav, curve.values[-1].nav) == (CASH, nav)
    assert all(value.nav - CASH == sum(value.results.values(), D(0)) for value in curve.values)


def test_a_day_that_only_begins_is_no_day(tmp_path: Path, universe: Universe) -> None:
    """A run that ends at midnight has the whole of its last day, and what happens at midnight is of that day."""
    story = Story.begin(tmp_path / "run", universe)
    story.trade("momentum", BTC, Side.BUY, D("0.02"))
    story.step(prices={BTC: D(88000)})
    for _ in range(23):
        hour(story)
    story.now = BEGIN + DAY
    story.trade("momentum", BTC, Side.SELL, D("0.02"))
    hour(story)

    reading = reading_of(story, universe)
    (day,) = reading.parts.curve.days()

    assert reading.last == BEGIN + DAY
    assert (day.first, day.trades) == (BEGIN, 1)
    assert day.result == reading.moment.nav - CASH if reading.moment.nav else None


@every_chance
def test_a_drawdown_is_the_largest_fall_between_any_two_values(chance: Story, universe: Universe) -> None:
    """Of the account, and of what each strategy brought."""
    curve = reading_of(chance, universe).parts.curve
    lines = {None: [v.nav for v in curve.values]}
    lines |= {name: [v.results.get(name, D(0)) for v in curve.values] for name in curve.strategies}

    for name, values in lines.items():
        fall = curve.drawdown(name)
        assert fall.largest == max(a - b for a, b in combinations_with_replacement(values, 2))
        assert fall.since <= fall.until
        if name is None:
            assert max(share for _, share in curve.falls()) == pytest.approx(fall.share)


@every_chance
def test_a_trade_has_the_prices_that_make_its_result(chance: Story, universe: Universe) -> None:
    """Average exit less average entry, times what was traded, is what was realised."""
    fills: dict[tuple[str, str], Decimal] = {}
    closed = iter(reading_of(chance, universe).parts.trades.closed)
    count = 0
    for _, kind, of in raw(chance, "fill", "trade"):
        key = of["strategy"], of["symbol"]
        if kind == "fill":
            fills[key] = fills.get(key, D(0)) + D(of["quantity"])
            continue
        count += 1
        trade = next(closed)
        assert trade.entry is not None
        assert trade.exit is not None
        per_coin = trade.side.sign * (trade.exit - trade.entry)
        assert (trade.realised > 0) == (per_coin > 0) or not trade.realised
        assert abs(trade.realised) <= abs(per_coin) * fills[key] + D("1e-7")
        assert trade.result == D(of["realised"]) - D(of["fees"]) - D(of["funding"])
    assert next(closed, None) is None
    assert count == len(raw(chance, "trade"))


def test_a_position_filled_in_parts_has_average_prices(tmp_path: Path, universe: Universe) -> None:
    """Buys at 100 and 200 and sales at 300 and 400 are one trade from 150 to 350; turned over, another begins."""
    story = Story.begin(tmp_path / "run", universe)
    for side, quantity, price in ((Side.BUY, 1, 100), (Side.BUY, 1, 200), (Side.SELL, 1, 300), (Side.SELL, 3, 400)):
        story.step(prices={SOL: D(price)})
        story.trade("momentum", SOL, side, D(quantity))
    story.step(prices={SOL: D(390)})
    story.trade("momentum", SOL, Side.BUY, D(2))
    story.step()

    first, second = reading_of(story, universe).parts.trades.closed

    assert (first.side, first.entry, first.exit, first.realised) == (Side.BUY, 150, 350, 400)
    assert (second.side, second.entry, second.exit, second.realised) == (Side.SELL, 400, 390, 20)


# What the gate stopped


@every_chance
def test_vetoes_are_those_of_the_journal_by_reason_and_hour(chance: Story, universe: Universe) -> None:
    """Counted by hand from the decisions' records; the example is the last one, with the words that were recorded."""
    expected: dict[str, Counter[int]] = {}
    last: dict[str, tuple[str, str]] = {}
    for time, _, of in raw(chance, "decision"):
        for veto in of["record"]["vetoes"]:
            expected.setdefault(veto["reason"], Counter())[time // HOUR] += 1
            last[veto["reason"]] = of["decision"], veto["text"]

    reasons = reading_of(chance, universe).parts.flow.by_count

    assert {name: reason.hours for name, reason in reasons} == expected
    assert {name: (r.last.decision, r.last.text) for name, r in reasons if r.last} == last
    assert [r.count for _, r in reasons] == sorted((r.count for _, r in reasons), reverse=True)


@every_chance
def test_every_intent_has_one_fate(chance: Story, universe: Universe) -> None:
    """What became of intents adds up to how many there were, for each strategy."""
    made = Counter(of["strategy"] for _, _, of in raw(chance, "intent"))

    fates = reading_of(chance, universe).parts.flow.fates()

    assert {strategy: of.total() for (_, strategy), of in fates.items()} == made


def test_a_shrunk_intent_is_no_vetoed_one(tmp_path: Path, universe: Universe) -> None:
    """Vetoed as it was and passed at the second attempt: it went on. One that ends without an order was dropped."""
    story = small(tmp_path / "run", universe)
    name, allowed = story.ask("momentum", BTC, Side.BUY, D(40))
    assert not allowed
    again = story.fresh[-1]
    story.tell(type(again)(name, 2, True, again.decision, again.record | {"vetoes": []}))  # type: ignore[attr-defined, call-arg]
    story.step()

    fates = reading_of(story, universe).parts.flow.fates()

    assert fates["strategy", "momentum"][Fate.SHRUNK] == 1
    assert fates["strategy", "vol_target"][Fate.DROPPED] == 1


# Exposure and headroom


@every_chance
def test_exposures_are_the_samples_over_nav(chance: Story, universe: Universe) -> None:
    """Gross is all of it, net its sum, a tier and a group what their symbols hold, each hour."""
    entries = universe.document["symbols"]
    held = reading_of(chance, universe).parts.exposures.held()

    for number, (_, _, of) in enumerate(raw(chance, "sample")):
        nav, notional = D(of["nav"]), {s: D(v) for s, v in of["exposures"].items()}
        assert held[GROSS].shares[number][1] == sum(map(abs, notional.values()), D(0)) / nav
        assert held[NET].shares[number][1] == sum(notional.values(), D(0)) / nav
        for place, values in held.items():
            if place.part in ("tier", "group"):
                own = [abs(v) for s, v in notional.items() if entries[s].get(place.part) == place.name]
                assert values.shares[number][1] == sum(own, D(0)) / nav


def with_cap(universe: Universe, gross: str) -> Universe:
    """The universe with another cap on gross exposure."""
    document = json.loads(json.dumps(universe.document))
    document["account"]["caps"]["gross_exposure"] = gross
    document["universe"] = fingerprint(document)
    return parse(json.dumps(document))


def test_a_cap_is_that_of_its_time(tmp_path: Path, universe: Universe) -> None:
    """A universe that took over midway changes the cap from then on, not before."""
    story, tighter = small(tmp_path / "run", universe), with_cap(universe, "0.2")
    keep(story.folder, tighter)
    time = story.now
    story.step(UniverseActivated(tighter.ruleset.universe_hash, tighter.ruleset.ruleset_hash))

    caps = reading_of(story, tighter).parts.exposures.held()[GROSS].caps

    assert [cap for _, cap in caps] == [D(universe.document["account"]["caps"]["gross_exposure"]), D("0.2")]
    assert caps[1][0] == time


def test_rules_that_the_run_does_not_keep_are_named(tmp_path: Path, universe: Universe) -> None:
    """The caps of their time are not known then, and the page says so."""
    story, tighter = small(tmp_path / "run", universe), with_cap(universe, "0.2")
    story.step(UniverseActivated(tighter.ruleset.universe_hash, tighter.ruleset.ruleset_hash))

    found = [c.text for c in concerns(reading_of(story, universe))]

    assert any("is not kept with the run" in text for text in found)


@every_chance
def test_headroom_is_the_least_of_the_samples(chance: Story, universe: Universe) -> None:
    """For each gate, and of all gates at each hour."""
    samples = raw(chance, "sample")
    headroom = reading_of(chance, universe).parts.headroom

    assert [room.left for room in headroom.tightest()] == [
        min(D(entry["room"]) for entry in of["headroom"].values()) for _, _, of in samples
    ]
    for gate, rooms in headroom.gates.items():
        assert least(rooms).left == min(D(of["headroom"][gate]["room"]) for _, _, of in samples)


def test_a_gate_is_said_to_bound_what_its_cap_belongs_to(tmp_path: Path, universe: Universe) -> None:
    """Gross exposure is the account's, group exposure the group's, symbol exposure the symbol's."""
    story = Story.begin(tmp_path / "run", universe)
    hour(story, dict.fromkeys(("gross_exposure", "group_exposure", "tier_exposure", "symbol_exposure"), ROOM))

    gates = reading_of(story, universe).parts.headroom.gates

    assert {gate: rooms[0].where for gate, rooms in gates.items()} == {
        "gross_exposure": "account",
        "group_exposure": universe.symbol(BTC)["group"],
        "tier_exposure": universe.symbol(BTC)["tier"],
        "symbol_exposure": BTC,
    }


# What a person must look at


def test_a_quiet_run_needs_no_look(tmp_path: Path, universe: Universe) -> None:
    """Nothing is made up to be worried about."""
    story = Story.begin(tmp_path / "run", universe)
    story.trade("momentum", BTC, Side.BUY, D("0.01"))
    hour(story)

    assert concerns(reading_of(story, universe)) == []


def test_what_is_wrong_is_said_first(tmp_path: Path, universe: Universe) -> None:
    """A kill switch that is on, an exit that finds no fill, a limit that is reached, an old price, a gap."""
    story = small(tmp_path / "run", universe)
    story.tell(ExitTriggered("momentum", ETH, "SELL", "stop_loss", D(2970), True))
    story.step(KillSwitched(True, "Bob", "again"))
    hour(story)
    hour(story, {"group_exposure": ROOM | {"room": "0"}, "daily_loss": ROOM | {"room": "0.05"}})
    story.pulse.valued = story.now - 600
    story.journal.commit(story.now, [], story.pulse.record() | {"valued": story.now - 7200, "time": story.now})

    found = concerns(reading_of(story, universe))

    assert [c.text.partition(" since")[0] for c in found if c.urgent] == [
        "The kill switch is on",
        "momentum ETHUSDT is being left",
        "Gate group exposure (bluechips) is at its limit.",
    ]
    assert [c.text for c in found if not c.urgent] == [
        "The oldest price in NAV is 2h 00m old; entries stop at 2m 30s.",
        "Gate daily loss (account) has 5.0% of its limit left.",
        "Since 2025-06-15 02:02 the rules on disk are refused.",
        "The feed has 1 hole (ETHUSDT).",
    ]


def test_a_nav_that_does_not_add_up_is_urgent(tmp_path: Path, universe: Universe) -> None:
    """The run's own NAV and the fold of its journal must be one figure."""
    story = small(tmp_path / "run", universe)
    story.journal.commit(story.now, [], story.pulse.record() | {"nav": "15000"})

    first, *_ = concerns(reading_of(story, universe))

    assert first.urgent
    assert "does not add up" in first.text


def test_a_strategy_that_never_passes_is_urgent(tmp_path: Path, universe: Universe) -> None:
    """Caps so tight that no order can pass are seen on the first morning."""
    story = Story.begin(tmp_path / "run", universe)
    for _ in range(10):
        story.ask("momentum", BTC, Side.BUY, D(1000))
    story.step()

    assert "None of momentum's 10 intents passed." in [
        c.text for c in concerns(reading_of(story, universe)) if c.urgent
    ]


# What is not there


def test_a_journal_without_a_step_is_nothing_to_report(tmp_path: Path, universe: Universe) -> None:
    """A process that was killed before its first commit leaves an empty journal."""
    Journal.open(tmp_path, now=0, pid=1).close()

    with Journal.read(tmp_path) as journal, pytest.raises(NothingToReport, match="first bar"):
        read(tmp_path, journal, universe)


def test_a_run_that_ended_says_so(tmp_path: Path, universe: Universe) -> None:
    """The end of the feed is an event, and the page is no longer of a run under way."""
    assert not reading_of(small(tmp_path / "a", universe), universe).parts.diary.ended
    assert reading_of(ended(small(tmp_path / "b", universe)), universe).parts.diary.ended


def test_a_sample_of_a_symbol_that_the_universe_does_not_know_is_counted(tmp_path: Path, universe: Universe) -> None:
    """A symbol that later rules dropped has no tier and no cap any more, and stays in gross."""
    story = Story.begin(tmp_path / "run", universe)
    story.step(Sampled(CASH, {}, {"GONEUSDT": "1500"}, {}))

    held = reading_of(story, universe).parts.exposures.held()

    assert held[GROSS].shares[0][1] == D("0.1")
    assert held[Place("symbol", "GONEUSDT")].cap is None

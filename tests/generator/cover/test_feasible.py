"""The order sizes that pass at a NAV, against the engine itself; and rules that leave none, as they were."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from engine import Engine
from generator.change.cover.closed import problems
from generator.change.cover.edges import moved
from generator.change.cover.feasible import SIDES, Sizes, sizes, sizes_of
from generator.change.cover.grid import MOST_STEPS
from universe.reader import Universe

RISK: Final = "rules/risk.yaml"
GATES: Final = "rules/gates.yaml"
CAPS: Final = "schemas/caps.yaml"
STRATEGIES: Final = "rules/strategies.yaml"
SIZING: Final = "rules/sizing.yaml"


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """The fast backend, which knows nothing of lattices."""
    return Engine(universe.ruleset)


def passes(found: Sizes, steps: int, universe: Universe, engine: Engine) -> bool:
    """What a decision says of so many steps, the venue's bracket being what it would be."""
    quantity = found.step * steps
    leverage = universe.bracket_leverage(found.symbol, quantity * found.price)
    facts = moved(found.facts, "order.quantity", quantity)
    facts["bracket"] = {"leverage": None if leverage is None else str(leverage)}
    return engine.decide(facts).allowed


def around(found: Sizes) -> Iterator[int]:
    """Steps on both sides of each end, one, and far beyond."""
    yield from (1, 10**9)
    for lo, hi in found.ranges:
        yield from (k for k in (lo - 1, lo, (lo + hi) // 2, hi, hi + 1) if 1 <= k <= MOST_STEPS)


@given(
    nav=st.one_of(st.integers(50, 20_000), st.integers(20_000, 10**9)).map(Decimal),
    ticks=st.integers(1, 10**7),
    symbol=st.sampled_from(["BTCUSDT", "ETHUSDT", "DOGEUSDT", "LINKUSDT", "WIFUSDT"]),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_size_passes_exactly_where_it_is_said_to(
    nav: Decimal, ticks: int, symbol: str, universe: Universe, engine: Engine
) -> None:
    """At each end and beyond it the decision agrees, at any NAV and price."""
    price = Decimal(universe.symbol(symbol)["filters"]["tick"]) * ticks
    for side in SIDES:
        found = sizes_of(universe, engine, nav, (symbol, "momentum", side), price)
        for steps in around(found):
            assert passes(found, steps, universe, engine) is any(lo <= steps <= hi for lo, hi in found.ranges)


def test_every_size_is_told_right_where_few_pass(universe: Universe, engine: Engine) -> None:
    """Each of the first two hundred steps, of every symbol, strategy and side, at a NAV of 3 000."""
    for found in sizes(universe, Decimal(3_000)):
        told = [any(lo <= k <= hi for lo, hi in found.ranges) for k in range(1, 201)]
        assert told == [passes(found, k, universe, engine) for k in range(1, 201)], found


def test_the_gates_that_close_are_those_that_stop_the_next_size(universe: Universe, engine: Engine) -> None:
    """Just below the smallest and just over the largest, the decision gives the reasons of exactly these gates."""
    for found in sizes(universe, Decimal(1_000_000)):
        if not found.ranges:
            continue
        (smallest, _), (_, largest) = found.ranges[0], found.ranges[-1]
        for steps, gates in ((smallest - 1, found.below), (largest + 1, found.above)):
            if 1 <= steps <= MOST_STEPS:
                facts = moved(found.facts, "order.quantity", found.step * steps)
                vetoes = [v.gate for v in engine.decide(facts).vetoes]
                assert vetoes == [g.gate.id for g in gates]


def test_a_larger_order_comes_into_a_tighter_bracket(project: Path) -> None:
    """With no other bound an order at a leverage of 4 ends where the venue's bracket allows but 3."""
    edit(project, RISK, "  order_notional: 80_000 USDT", "  order_notional: 900_000_000_000 USDT")
    edit(project, RISK, "  min_trade_nav: 0.001%", "  min_trade_nav: 0")
    edit(project, RISK, "  target_leverage: 2x", "  target_leverage: 4x")
    edit(project, RISK, "min_notional: 100 USDT, open_quantity: 2 BTC", "min_notional: 100 USDT")

    for price, gate, largest in (("87500", "max_quantity", "1000"), ("800_000", "bracket_leverage", "750")):
        result = check(project, "--nav", "100_000_000_000", "--price", f"BTCUSDT={price}", "--json")
        row = next(r for r in rows(result) if r["symbol"] == "BTCUSDT")
        above = row["above"]
        assert isinstance(above, list)
        assert ([g["gate"] for g in above], row["sizes"]) == (
            [gate],
            [["0.002" if gate[0] == "m" else "0.001", largest]],
        )


def test_a_blocked_side_is_no_fault_where_the_other_passes(universe: Universe) -> None:
    """LINK may be bought."""
    found = [s for s in sizes(universe, Decimal(100_000)) if s.symbol == "LINKUSDT"]
    assert [bool(s.ranges) for s in found] == [True, False]
    assert [g.gate.id for g in found[1].blocked] == ["side_blocked"]
    assert problems(found, Decimal(100_000), universe, {}) == []


def test_only_strategies_that_run_and_symbols_that_are_enabled_are_asked_for(universe: Universe) -> None:
    """`btc_micro` has caps only, and ETC is on probation."""
    found = list(sizes(universe, Decimal(100_000)))
    assert {s.strategy for s in found} == universe.running.keys()
    assert "ETCUSDT" not in {s.symbol for s in found}


# The command


@pytest.fixture
def project(project: Path) -> Path:
    """The copy of the rules without the many pairs, which nothing here asks for."""
    return project


def check(project: Path, *arguments: str) -> Result:
    """`hedgerow check` in a project."""
    return CliRunner(env={"COLUMNS": "160"}).invoke(main, ["--root", str(project), "check", *arguments])


def edit(project: Path, file: str, old: str, new: str) -> None:
    """Replaces a text that must be there, once."""
    path = project / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def rows(result: Result) -> list[dict[str, object]]:
    """The sizes of a `--json` answer."""
    return [row for line in result.stdout.splitlines() if "sizes" in (row := json.loads(line))]


def faults(result: Result) -> list[dict[str, object]]:
    """The problems of a `--json` answer."""
    return [row for line in result.stdout.splitlines() if "code" in (row := json.loads(line))]


def test_check_shows_the_sizes_that_pass(root: Path, snapshot: SnapshotAssertion) -> None:
    """A row for each symbol and strategy, both sides as one where they are alike."""
    result = check(root, "--nav", "100_000 USDT")

    assert result.exit_code == 0
    assert "\n".join(line.rstrip() for line in result.stdout.splitlines()[:-2]) == snapshot


def test_check_at_4400_finds_what_sizing_can_not_reach(root: Path) -> None:
    """3% of 4 400 is one step of BTC, and the venue takes two: a warning, since the gates leave two and three."""
    result = check(root, "--nav", "4400", "--json")

    assert result.exit_code == 0
    (fault,) = faults(result)
    assert (fault["code"], fault["warning"]) == ("size-too-small", True)
    assert next(r for r in rows(result) if r["symbol"] == "BTCUSDT")["sizes"] == [["0.002", "0.003"]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--nav", "0"], "`0` is not positive"),
        (["--nav", "-5 USDT"], "`-5 USDT` is not positive"),
        (["--nav", "4400 ZAR"], "is no USDT"),
        (["--nav", "much"], "is no USDT"),
        (["--nav", "4400", "--price", "FOO=1"], "`FOO` is no symbol"),
        (["--nav", "4400", "--price", "BTCUSDT"], "is no USDT"),
    ],
)
def test_a_nav_or_price_that_is_none_is_refused(root: Path, arguments: list[str], says: str) -> None:
    """Exit 2, with what is wrong."""
    result = check(root, *arguments)

    assert result.exit_code == 2
    assert says in result.stderr


def test_a_price_moves_the_sizes(root: Path) -> None:
    """At half the price twice as many coins pass."""
    found = rows(check(root, "--nav", "100000", "--json", "--price", "BTCUSDT=43750"))

    assert next(r for r in found if r["symbol"] == "BTCUSDT")["sizes"] == [["0.003", "0.137"]]


# What the predecessor had, as rules


@dataclass(frozen=True)
class Edit:
    """A replacement in a file of the shipped rules."""

    file: str
    old: str
    new: str


# Version 69938334 of its risk file, 2025-08-28: 50 USDT for an order of BTC, of which the venue takes 100 at least.
ORDER_CAP_50: Final = (
    Edit(RISK, "  trade_nav: 6%", "  trade_nav: 10%"),
    Edit(RISK, "  daily_loss: 1%", "  daily_loss: 3%"),
    Edit(RISK, "  gross_exposure: 1.5x", "  gross_exposure: 25%"),
    Edit(
        RISK,
        "  BTCUSDT: {min_notional: 100 USDT, open_quantity: 2 BTC}",
        "  BTCUSDT: {order_notional: 50 USDT, open_quantity: 0.002 BTC}",
    ),
)
# Failure 1. The record of it gives the NAV of 4 400 and the clamp of 10%, which sat in code; the caps are those of the
# risk file of those days (2bff7bf2, 2025-11-17): 20% of NAV for a trade, whose margin is 15% of NAV at a leverage of 4.
CLAMPED: Final = (
    Edit(RISK, "  trade_nav: 6%", "  trade_nav: 20%\n  trade_margin: 15%\n  trade_clamp: 10%"),
    Edit(RISK, "  target_leverage: 2x", "  target_leverage: 4x"),
    Edit(
        CAPS,
        "  trade_nav:",
        "  trade_margin: {unit: ratio, sign: nonnegative, tighter: higher, per: order, "
        "meaning: Margin that each trade takes.}\n"
        "  trade_clamp: {unit: ratio, sign: nonnegative, tighter: lower, per: order, meaning: What code let pass.}\n"
        "  trade_nav:",
    ),
    Edit(
        GATES,
        "gates:\n",
        "gates:\n"
        "  - id: trade_margin\n"
        "    why: Each trade is sized by its margin.\n"
        "    measure: notional / order.leverage / nav.total\n"
        "    at_least: caps.trade_margin\n"
        "    veto: trade_margin\n\n"
        "  - id: trade_clamp\n"
        "    why: No order was larger than this, whatever the caps said.\n"
        "    measure: trade_share\n"
        "    at_most: caps.trade_clamp\n"
        "    veto: trade_gt_10pct_equity\n\n",
    ),
)


def made(project: Path, edits: tuple[Edit, ...]) -> Path:
    """The shipped rules with these edits."""
    for change in edits:
        edit(project, change.file, change.old, change.new)
    heard = "venue-minimum-over-cap: {level: warning, why: Sizes are to be looked at.}"
    edit(project, "rules/lints.yaml", "lints: {}", f"lints:\n  {heard}")
    return project


def named(result: Result, symbol: str) -> list[object]:
    """The gates that leave nothing of a symbol, in file order."""
    row = next(r for r in rows(result) if r["symbol"] == symbol)
    found = row["nothing_passes"]
    assert isinstance(found, list)
    return [gate["gate"] for gate in found]


def test_an_order_cap_under_the_venues_minimum_leaves_nothing(project: Path, snapshot: SnapshotAssertion) -> None:
    """Both gates are named, the cap's line is shown, and what it would have to be."""
    result = check(made(project, ORDER_CAP_50), "--nav", "4400 USDT")

    assert result.exit_code == 2
    assert "`order_notional` (at most 50 USDT)" in result.stderr
    assert "`venue_min_notional` (at least 100 USDT)" in result.stderr
    assert result.stderr == snapshot


def test_an_order_cap_of_two_steps_would_have_done(project: Path) -> None:
    """The remedy that is named is the least that helps: with it the problem is gone, a dollar less and it is not."""
    made(project, ORDER_CAP_50)
    edit(project, RISK, "order_notional: 50 USDT", "order_notional: 174 USDT")
    assert named(check(project, "--nav", "4400", "--json"), "BTCUSDT") == ["order_notional", "venue_min_notional"]

    edit(project, RISK, "order_notional: 174 USDT", "order_notional: 175 USDT")
    result = check(project, "--nav", "4400", "--json")
    assert (result.exit_code, named(result, "BTCUSDT")) == (0, [])


def test_leverage_trade_cap_and_clamp_leave_nothing_at_4400(project: Path, snapshot: SnapshotAssertion) -> None:
    """Each symbol is a problem, which names the margin, the trade cap and the clamp."""
    result = check(made(project, CLAMPED), "--nav", "4400", "--json")

    assert result.exit_code == 2
    assert {f["code"] for f in faults(result)} == {"nothing-passes"}
    enabled = {str(r["symbol"]) for r in rows(result)}
    for symbol in enabled:
        assert {"trade_margin", "trade_clamp", "trade_nav"} <= {*named(result, symbol)}
    assert check(project, "--nav", "4400").stderr.partition("\n\n")[0].splitlines()[:4] == snapshot


def test_raising_the_caps_changes_nothing_while_the_clamp_stands(project: Path) -> None:
    """Which was the failure: the clamp sat in code. As a gate it is named alone, and lifting it opens the way."""
    made(project, CLAMPED)
    for old, new in (
        ("  trade_nav: 20%", "  trade_nav: 100%"),
        ("  symbol_exposure: 40%", "  symbol_exposure: 80%"),
        ("  group_exposure: 60%", "  group_exposure: 80%"),
        ("    symbol_exposure: 30%", "    symbol_exposure: 70%"),
        ("    tier_exposure: 60%", "    tier_exposure: 70%"),
        ("bluechips: {group_exposure: 35%}", "bluechips: {group_exposure: 70%}"),
    ):
        edit(project, RISK, old, new)
    edit(project, STRATEGIES, "strategy_exposure: 60%", "strategy_exposure: 70%")
    assert named(check(project, "--nav", "4400", "--json"), "BTCUSDT") == ["trade_clamp", "trade_margin"]

    edit(project, RISK, "  trade_clamp: 10%", "  trade_clamp: 100%")
    assert named(check(project, "--nav", "4400", "--json"), "BTCUSDT") == []


def test_a_kill_by_leverage_is_named_whatever_the_size(project: Path) -> None:
    """Where the sizing table asks for more than the leverage cap, no size helps, and the gate is named alone."""
    edit(project, SIZING, '"min(caps.target_leverage, caps.leverage)"', "caps.target_leverage")
    edit(project, RISK, "  target_leverage: 2x", "  target_leverage: 5x")

    result = check(project, "--nav", "100000", "--json")

    assert result.exit_code == 2
    assert named(result, "BTCUSDT") == ["leverage"]
    assert "whatever its size" in str(faults(result)[0]["message"])

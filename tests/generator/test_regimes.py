"""Regimes: what a condition tightens, it tightens as the tighter caps would, and nothing of it can loosen."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import main
from engine import Decision, Engine
from engine.read import read
from generator.change.cover.pairs import Pair, pairs
from generator.compile.files import Texts
from generator.compile.finish import file_text
from generator.compile.problems import Problem, Refused
from generator.compile.stages import Compiled, compile_universe
from generator.scenarios import with_gates
from research.intents import stream
from tests.conftest import ROOT, TODAY
from tests.generator.change.projects import GATES, RISK, Edit, edited, without_regimes
from universe.reader import Universe, parse

BACKENDS: Final = ("python", "interpreter")
CAPS: Final = {
    "symbol_exposure": "10%",
    "group_exposure": "12%",
    "trade_nav": "1%",
    "open_positions": "3",
    "strategy_positions": "2",
    "min_notional": "150 USDT",
    "spread": "6bps",
}
WHEN: Final = "vol_ratio >= caps.vol_crisis"


def written(when: str = WHEN, caps: Mapping[str, str] = CAPS, name: str = "crisis") -> str:
    """One regime as `rules/risk.yaml` has it."""
    values = ", ".join(f"{cap}: {value}" for cap, value in caps.items())
    return f"\nregimes:\n  {name}:\n    why: Every estimate is late.\n    when: {when}\n    caps: {{{values}}}\n"


def compiled(text: str, *edits: Edit, environment: str = "prod") -> Compiled:
    """The shipped rules with this regime alone, and with other edits."""
    texts = edited(without_regimes(), *edits)
    texts[RISK] += text.encode()
    return compile_universe(Texts(texts), environment, today=TODAY)


def problems(text: str, *edits: Edit) -> tuple[Problem, ...]:
    """What is wrong with a regime."""
    with pytest.raises(Refused) as refused:
        compiled(text, *edits)
    return refused.value.problems


@cache
def crisis() -> Compiled:
    """The shipped rules with one regime that sets caps of every kind of holder."""
    return compiled(written())


@cache
def universe() -> Universe:
    """The same, read back from its text."""
    return parse(file_text(crisis().document))


def as_if_always(document: Mapping[str, Any]) -> dict[str, Any]:
    """The rules without the regime, with what holds in it in the place of what holds without it."""
    made = deepcopy(dict(document))
    for holder in (*made["symbols"].values(), *made["strategies"].values(), made["account"]):
        for cap in CAPS:
            tighter = holder["caps"].pop(f"{cap}_in_crisis", None)
            if cap in holder["caps"]:
                holder["caps"][cap] = tighter
    made["caps"] = {name: cap for name, cap in made["caps"].items() if not name.endswith("_in_crisis")}
    made["gates"] = [gate for gate in made["gates"] if not gate["id"].endswith("_in_crisis")]
    return made


@cache
def engines(backend: str) -> tuple[Engine, Engine, Engine]:
    """With the regime; as if there were none; as if it always held."""
    plain = compiled("").document
    documents = (crisis().document, plain, as_if_always(crisis().document))
    with_regime, without, always = (Engine(read(document), backend) for document in documents)
    return with_regime, without, always


@cache
def intents() -> tuple[dict[str, Any], ...]:
    """Intents of every symbol and strategy, with troubles mixed in."""
    return tuple(stream(universe(), 400, seed=5))


def outcome(decision: Decision) -> tuple[bool, frozenset[str], str | None]:
    """Whether it passes, for which reasons it does not, and the largest quantity that would."""
    return decision.allowed, frozenset(decision.reasons), decision.largest


# What is compiled


@pytest.mark.parametrize(
    ("holder", "cap", "value", "layer"),
    [
        (("symbols", "BTCUSDT"), "symbol_exposure", "0.1", "regime crisis"),
        (("symbols", "LTCUSDT"), "symbol_exposure", "0.08", "symbol LTCUSDT"),
        (("symbols", "ADAUSDT"), "symbol_exposure", "0.1", "tier TACTICAL"),
        (("symbols", "BTCUSDT"), "min_notional", "150", "regime crisis"),
        (("symbols", "BTCUSDT"), "open_positions", "3", "regime crisis"),
        (("symbols", "BTCUSDT"), "spread", "0.0005", "tier CORE"),
        (("strategies", "momentum"), "strategy_positions", "2", "regime crisis"),
        (("account",), "open_positions", "3", "regime crisis"),
    ],
)
def test_when_a_regime_sets_a_cap_then_what_holds_in_it_is_one_lookup(
    holder: tuple[str, ...], cap: str, value: str, layer: str
) -> None:
    """The tighter of its value and the one that holds without it, and where that is written."""
    entry: Any = crisis().document
    for part in holder:
        entry = entry[part]
    origin = entry["provenance"][f"{cap}_in_crisis"]

    assert entry["caps"][f"{cap}_in_crisis"] == value
    assert origin["layer"] == layer
    assert layer != "regime crisis" or origin["source"].startswith(f"{RISK}:")


def test_when_a_symbol_is_in_no_group_then_no_regime_gives_it_a_groups_cap() -> None:
    """There is nothing that such a cap would bound."""
    alone = [e for e in crisis().document["symbols"].values() if "group" not in e]

    assert alone
    assert all(entry["caps"]["group_exposure_in_crisis"] is None for entry in alone)


def test_when_a_regime_tightens_a_bound_then_each_gate_over_it_stands_once_more() -> None:
    """Behind all others, the same but for its id, its guard, its bound and its place."""
    gates = {gate["id"]: gate for gate in crisis().document["gates"]}
    made = [gate for gate in gates if gate.endswith("_in_crisis")]
    same = ("measure", "veto")

    assert made == [*gates][-len(CAPS) :]
    assert sorted(made) == sorted(f"{cap}_in_crisis" for cap in CAPS)
    assert all(gates[name][key] == gates[name.removesuffix("_in_crisis")][key] for name in made for key in same)
    assert gates["trade_nav_in_crisis"]["when"] == "in_crisis"
    assert gates["open_positions_in_crisis"]["when"] == "in_crisis and opens_symbol"
    assert gates["open_positions_in_crisis"]["at_most"] == "caps.open_positions_in_crisis"


def test_when_no_regime_is_written_then_the_universe_has_no_word_of_them() -> None:
    """Rules that need none are what they were."""
    assert "regimes" not in compiled("").document


def test_when_a_gate_lets_pass_what_is_missing_then_in_a_regime_it_does_not() -> None:
    """A regime fails closed."""
    edit = (GATES, "    at_most: caps.trade_nav\n", "    at_most: caps.trade_nav\n    on_missing: pass\n")
    gates = {gate.id: gate for gate in compiled(written(), edit).ruleset.gates}

    assert gates["trade_nav"].passes_missing
    assert not gates["trade_nav_in_crisis"].passes_missing


def test_when_an_environment_replaces_layers_then_its_regimes_are_held_against_them() -> None:
    """The regime's value is the tighter one outside prod, too."""
    looser = (RISK, "global: {drawdown: 95%,", "global: {open_positions: 12, drawdown: 95%,")
    made = compiled(written(), looser, environment="testnet").document["account"]["caps"]

    assert (made["open_positions"], made["open_positions_in_crisis"]) == ("12", "3")


# What is decided


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_when_the_regime_holds_then_it_decides_as_the_tighter_caps_do(backend: str, data: st.DataObject) -> None:
    """And when it does not, as the plain ones: the same answer, the same reasons, the same largest quantity."""
    facts = deepcopy(data.draw(st.sampled_from(intents())))
    facts["market"] = {"vol_short": data.draw(st.sampled_from(("0.017999", "0.018", "0.018001"))), "vol_long": "0.01"}
    if data.draw(st.booleans()):
        facts["positions"]["open"] = data.draw(st.integers(1, 4))
    with_regime, without, always = engines(backend)
    expected = (without if facts["market"]["vol_short"] == "0.017999" else always).decide(facts)

    assert outcome(with_regime.decide(facts)) == outcome(expected)


def test_when_both_sides_are_tried_then_the_regime_matters() -> None:
    """The comparison above is not one of equals: some orders pass without the regime alone."""
    with_regime, without, _ = engines("python")
    facts = [{**f, "market": {"vol_short": "0.02", "vol_long": "0.01"}} for f in intents()]
    passed = [(with_regime.decide(f).allowed, without.decide(f).allowed) for f in facts]

    assert (False, True) in passed
    assert (True, True) in passed
    assert (True, False) not in passed


@pytest.mark.parametrize("backend", BACKENDS)
def test_when_nobody_knows_whether_it_holds_then_entries_stop_and_exits_pass(backend: str) -> None:
    """A missing fact of the condition vetoes what is new, and holds nobody in."""
    with_regime, without, _ = engines(backend)
    unknown = [{**f, "market": {"vol_short": None, "vol_long": "0.01"}} for f in intents()]
    exits = [f for f in unknown if without.measure("reduces", without.reader.read(f)) is True]
    entries = [f for f in unknown if f not in exits]

    assert exits
    assert all(outcome(with_regime.decide(f)) == outcome(without.decide(f)) for f in exits)
    assert all("facts_missing" in outcome(with_regime.decide(f))[1] for f in entries if without.decide(f).allowed)


def test_when_a_bound_of_a_regime_is_tried_then_both_sides_of_it_are_cases_in_the_regime() -> None:
    """The last quantity that passes in a crisis and the first that does not, by a step; the plain gate is far off."""
    one = replace(universe(), ruleset=with_gates(universe().ruleset, ("symbol_exposure_in_crisis",)))
    found = [p for p in pairs(one) if isinstance(p, Pair) and p.symbol == "BTCUSDT"]
    engine = Engine(universe().ruleset)
    in_crisis = [engine.measure("in_crisis", engine.reader.read(p.at(p.edge.passes))) for p in found]

    assert [p.edge.fact for p in found] == ["order.quantity", "order.price"]
    assert found[0].edge.stops - found[0].edge.passes == Decimal("0.001")
    assert in_crisis == [True, True]


# What is refused


@pytest.mark.parametrize(
    ("caps", "code", "says"),
    [
        ({"order_notional": "5_000 USDT"}, "not-in-regime", "the table `size` reads it"),
        ({"daily_loss": "0.5%"}, "not-in-regime", "the breaker `daily_loss` reads it"),
        ({"streak_pause": "5h"}, "not-in-regime", "reads it"),
        ({"orders_span": "2h"}, "not-in-regime", "the window `symbol_orders` looks back as far as it says"),
        ({"restricted": "[BTCUSDT, ETCUSDT]"}, "not-in-regime", "no number"),
        ({"symbol_exposure": "10"}, "bad-value", "10"),
        ({"open_quantity": "1 BTC"}, "bad-value", "BTC"),
        ({"symbol_exposur": "10%"}, "unknown-key", "symbol_exposur"),
    ],
)
def test_when_a_regime_can_not_move_a_cap_then_its_place_is_named(caps: dict[str, str], code: str, says: str) -> None:
    """What else follows the cap would not change with the regime."""
    (problem,) = problems(written(caps=caps))
    lines = (edited(without_regimes())[RISK].decode() + written(caps=caps)).splitlines()

    assert (problem.file, problem.line, problem.code) == (RISK, len(lines), code)
    assert lines[-1][problem.column - 1 :].startswith((*caps, *caps.values()))
    assert says in problem.message
    assert problem.help or code in ("unknown-key", "bad-value")


@pytest.mark.parametrize("caps", [{"symbol_exposure": "30%"}, {"symbol_exposure": "none"}, {"free_margin": "5%"}])
def test_when_a_value_of_a_regime_tightens_nobody_then_it_warns(caps: dict[str, str]) -> None:
    """Said at its place; no error, or nobody could lower a cap below it who may not edit the regime."""
    text = written(caps=caps)
    (warning,) = compiled(text).warnings

    assert (warning.file, warning.code, warning.warning) == (RISK, "idle-regime", True)
    assert warning.line == len((edited(without_regimes())[RISK].decode() + text).splitlines())
    assert "for nobody" in warning.message


def test_when_a_guard_reads_a_cap_then_no_regime_moves_it() -> None:
    """In the guard a tighter value might let more through."""
    guard = (GATES, "when: opens_symbol", "when: opens_symbol and symbol_share <= caps.symbol_exposure")

    assert [p.code for p in problems(written(), guard)] == ["not-in-regime"]


def test_when_a_gate_takes_a_ceiling_as_its_floor_then_no_regime_moves_it() -> None:
    """A lower least value would be a looser gate."""
    floor = (GATES, "    at_most: caps.spread\n", "    at_least: caps.spread\n")
    (problem,) = problems(written(), floor)

    assert (problem.code, problem.message) == (
        "not-in-regime",
        "`spread` can't change with `crisis`: for the gate `spread` a tighter value of it is no tighter bound",
    )


@pytest.mark.parametrize(
    ("when", "code", "column"),
    [
        ("", "bad-expression", 10),
        ("vol_ratio >= caps.vol_crises", "unknown-cap", 24),
        ("vol_ratio > market.vol", "unknown-fact", 23),
        ("vol_ratio", "unit-mismatch", 11),
    ],
)
def test_when_the_condition_is_wrong_then_it_is_said_once_and_where(when: str, code: str, column: int) -> None:
    """However many gates apply by it."""
    line = len(edited(without_regimes())[RISK].decode().splitlines()) + 5

    assert [(p.file, p.line, p.column, p.code) for p in problems(written(when))] == [(RISK, line, column, code)]


def test_when_the_condition_reads_a_cap_that_the_regime_sets_then_it_is_refused() -> None:
    """What says whether the regime holds can't change with it."""
    (problem,) = problems(written("vol_ratio >= caps.spread"))

    assert problem.message == "`spread` can't change with `crisis`: the measure `in_crisis` reads it"


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        (GATES, "  vol_ratio: {", "  in_crisis: {unit: bool, is: control.halt}\n  vol_ratio: {", "measure `in_crisis`"),
        (GATES, "  - id: spread\n", "  - id: spread_in_crisis\n", None),
        (GATES, "  - id: leverage\n", "  - id: spread_in_crisis\n", "gate `spread_in_crisis`"),
    ],
)
def test_when_a_name_is_taken_then_the_regime_is_refused(file: str, old: str, new: str, what: str | None) -> None:
    """Nothing is replaced in silence; a gate of another name makes another one."""
    text = written(caps={"spread": "6bps"})
    if what is None:
        assert "spread_in_crisis_in_crisis" in {g.id for g in compiled(text, (file, old, new)).ruleset.gates}
        return
    (problem,) = problems(text, (file, old, new))

    assert (problem.file, problem.code) == (RISK, "bad-name")
    assert what in problem.message


def test_when_two_regimes_are_written_then_both_hold_beside_each_other() -> None:
    """Each has gates of its own, so that the tighter of the two counts while both hold."""
    calm = "  calm: {why: Too calm., when: vol_ratio <= caps.vol_low, caps: {symbol_exposure: 20%}}\n"
    made = compiled(written() + calm).document

    assert made["symbols"]["BTCUSDT"]["caps"]["symbol_exposure_in_calm"] == "0.2"
    assert [g["id"] for g in made["gates"]][-1] == "symbol_exposure_in_calm"


# What people see


def test_when_a_cap_is_explained_then_each_regime_that_sets_it_is_told(project: Path) -> None:
    """The value, its layer and its line; and of a symbol whose own is tighter, its own."""
    (project / RISK).write_bytes(edited(without_regimes())[RISK] + written().encode())
    line = len((project / RISK).read_text(encoding="utf-8").splitlines())

    def explained(*names: str) -> str:
        result = CliRunner().invoke(main, ["--root", str(project), "explain", *names])
        assert result.exit_code == 0, result.output
        return result.output

    told = f"in crisis, when {WHEN}"
    assert f"{told}: 10%, set by regime crisis in {RISK}:{line}\n" in explained("BTCUSDT", "symbol_exposure")
    assert f"{told}: 8%, set by symbol LTCUSDT in {RISK}:" in explained("LTCUSDT", "symbol_exposure")
    assert told not in explained("BTCUSDT", "leverage")
    assert "read by symbol_exposure\n" in explained("BTCUSDT", "symbol_exposure")
    assert f"regime crisis  {RISK}:{line}" in explained("BTCUSDT")
    assert "symbol_exposure     at most 10%\n" in explained("crisis")
    assert "min_notional        at least 150 USDT\n" in explained("crisis")


def test_when_the_committed_schema_is_asked_then_it_takes_a_universe_with_regimes() -> None:
    """What is compiled has the shape that is published."""
    schema = json.loads((ROOT / "schemas/compiled.schema.json").read_text(encoding="utf-8"))

    assert list(jsonschema.Draft202012Validator(schema).iter_errors(crisis().document)) == []


def test_when_regimes_are_read_back_then_the_ruleset_is_the_compiled_one() -> None:
    """The text of a universe holds all of them, without a warning; another condition is another meaning."""
    other = compiled(written(WHEN.replace(">=", ">")))

    assert universe().ruleset.ruleset_hash == crisis().ruleset.ruleset_hash
    assert other.ruleset.ruleset_hash != crisis().ruleset.ruleset_hash
    assert not crisis().warnings

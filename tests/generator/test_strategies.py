"""What the rules say of strategies, as the universe holds it and as code reads it."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft202012Validator

from generator.compile.finish import file_text
from generator.compile.stages import Compiled, compile_universe
from tests.conftest import ROOT, TODAY
from tests.generator.test_universe_file import CoreLoader
from universe.reader import Universe, UniverseFault, fingerprint, parse

RULES: Final = Path("rules/strategies.yaml")
CATALOG: Final = Path("schemas/strategies.yaml")
Document = dict[str, Any]

EVERY_KIND: Final = """
  idle:
    meaning: Has a parameter of every kind.
    params:
      share: {unit: ratio, meaning: A share.}
      money: {unit: USDT, sign: positive, meaning: An amount.}
      length: {unit: duration, meaning: A time.}
      times: {unit: count, meaning: A number.}
      loud: {unit: bool, meaning: Whether it is heard.}
      mood: {unit: enum, values: [calm, wild], meaning: One of two words.}
"""
SET: Final = """
  idle:
    why: Does nothing.
    every: 1d
    symbols: [WIFUSDT]
    params: {share: -5%, money: 1_000 USDT, length: 1h30m, times: 7, loud: true, mood: wild}
"""


def test_a_running_strategy_is_read_with_typed_values(universe: Universe) -> None:
    """Seconds for a bar, ints for counts, exact decimals for the rest."""
    momentum = universe.strategy("momentum")

    assert momentum is not None
    assert momentum.every == 3600
    assert momentum.symbols[:2] == ("BTCUSDT", "ETHUSDT")
    assert momentum.params == {
        "fast": 12,
        "slow": 48,
        "patience": Decimal(10800),
        "enter": Decimal("0.01"),
        "leave": Decimal("0.003"),
    }
    assert isinstance(momentum.params["fast"], int)
    assert isinstance(momentum.params["enter"], Decimal)


def test_a_strategy_with_caps_alone_does_not_run(universe: Universe) -> None:
    """Its caps are there; nothing is asked in its name."""
    assert universe.strategy("btc_micro") is None
    assert "strategy_exposure" in universe.document["strategies"]["btc_micro"]["caps"]
    assert set(universe.running) == {"momentum", "vol_target"}


def test_a_strategy_that_nobody_declared_is_an_error(universe: Universe) -> None:
    """Not a strategy that doesn't run."""
    with pytest.raises(KeyError):
        universe.strategy("momentun")


def test_two_strategies_share_a_symbol(universe: Universe) -> None:
    """So that one wallet holds what two of them want."""
    assert {"BTCUSDT", "ETHUSDT"} <= set.intersection(*(set(s.symbols) for s in universe.running.values()))


def test_a_parameter_of_every_kind_arrives_as_it_is_meant(project: Path) -> None:
    """Each kind of unit that a parameter may have, in its canonical spelling and as a value."""
    for file, more in ((CATALOG, EVERY_KIND), (RULES, SET)):
        text = (project / file).read_text(encoding="utf-8")
        (project / file).write_text(text.rstrip("\n") + more, encoding="utf-8")

    document = compile_universe(project, today=TODAY).document
    idle = parse(file_text(document)).strategy("idle")

    assert document["strategies"]["idle"]["every"] == "86400"
    assert document["strategies"]["idle"]["params"] == {
        "share": "-0.05",
        "money": "1000",
        "length": "5400",
        "times": "7",
        "loud": True,
        "mood": "wild",
    }
    assert idle is not None
    assert idle.params == {
        "share": Decimal("-0.05"),
        "money": Decimal(1000),
        "length": Decimal(5400),
        "times": 7,
        "loud": True,
        "mood": "wild",
    }


def test_a_declared_strategy_may_be_left_out_of_the_rules(project: Path) -> None:
    """Code that nobody lets run is no mistake."""
    text = (project / CATALOG).read_text(encoding="utf-8")
    (project / CATALOG).write_text(text.rstrip("\n") + EVERY_KIND, encoding="utf-8")

    assert "idle" not in compile_universe(project, today=TODAY).document["strategies"]


def _params(document: Document) -> Document:
    entry: Document = document["strategies"]["momentum"]
    return entry


ALTERED: Final[dict[str, Callable[[Document], object]]] = {
    "out of range": lambda d: _params(d)["params"].update(fast="1"),
    "no whole count": lambda d: _params(d)["params"].update(fast="12.5"),
    "no number": lambda d: _params(d)["params"].update(enter="much"),
    "a float": lambda d: _params(d)["params"].update(enter=0.01),
    "not below": lambda d: _params(d)["params"].update(fast="48"),
    "missing": lambda d: _params(d)["params"].pop("slow"),
    "unknown": lambda d: _params(d)["params"].update(pace="3"),
    "no part of a day": lambda d: _params(d).update(every="25200"),
    "endless bars": lambda d: _params(d).update(every="0"),
    "unknown symbol": lambda d: _params(d).update(symbols=["FOOUSDT"]),
    "symbol twice": lambda d: _params(d).update(symbols=["BTCUSDT", "BTCUSDT"]),
    "no symbols": lambda d: _params(d).update(symbols=[]),
    "without symbols": lambda d: _params(d).pop("symbols"),
    "not declared": lambda d: d["params"].pop("momentum"),
    "no catalog": lambda d: d.update(params={}),
    "unknown unit": lambda d: d["params"]["momentum"]["fast"].update(unit="cuont"),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=[name.replace(" ", "_") for name in ALTERED])
def test_a_universe_whose_strategies_cannot_run_is_refused(
    alter: Callable[[Document], object], compiled: Compiled
) -> None:
    """Also one that is signed: the reader checks what the compiler checked."""
    document = json.loads(file_text(compiled.document))
    alter(document)
    document["universe"] = fingerprint(document)

    with pytest.raises(UniverseFault, match="no strategies that could run"):
        parse(json.dumps(document))


UNDERLINED: Final = {
    "misspelt parameter": ("{fast: 12", "{fsat: 12"),
    "parameter left out": ("{fast: 12, ", "{"),
    "bare number": ("enter: 1%", "enter: 5"),
    "another unit": ("patience: 3h", "patience: 3%"),
    "count with a unit": ("slow: 48", "slow: 48h"),
    "no symbols": ("[BTCUSDT, ETHUSDT]", "[]"),
    "bars without a unit": ("every: 4h", "every: 14400"),
    "without symbols": ("    symbols: [BTCUSDT, ETHUSDT]\n", ""),
    "symbols without bars": ("    every: 4h\n", ""),
}


@pytest.mark.parametrize(("old", "new"), UNDERLINED.values(), ids=[name.replace(" ", "_") for name in UNDERLINED])
def test_an_editor_underlines_a_mistake_in_a_strategy(old: str, new: str, compiled: Compiled) -> None:
    """By the generated schema alone, before anything is compiled."""
    text = (ROOT / RULES).read_text(encoding="utf-8")
    schema = Draft202012Validator(compiled.schemas["strategies"])
    assert old in text

    assert schema.is_valid(yaml.load(text, Loader=CoreLoader))
    assert not schema.is_valid(yaml.load(text.replace(old, new, 1), Loader=CoreLoader))


def test_an_editor_is_told_what_each_parameter_means(compiled: Compiled) -> None:
    """Meaning, unit, range: from the catalog, at the place where it is typed."""
    momentum = compiled.schemas["strategies"]["properties"]["strategies"]["properties"]["momentum"]
    params = momentum["properties"]["params"]["properties"]

    assert params["fast"]["description"] == "Bars that the fast average spans. count, 2…500, below slow."
    assert momentum["description"].startswith("Follows a trend")

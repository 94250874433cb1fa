"""What a change of a regime is called: looser where what it stopped may pass, in the words of who wrote it."""

from dataclasses import replace
from functools import cache
from typing import Final

import pytest

from generator.change.changes import Change
from generator.change.differ import compare, merged
from generator.change.prover import refined
from generator.change.sides import Named, Rules
from generator.change.words import Class
from tests.generator.change.projects import GATES, RISK, Edit, edited, rules_of, told, without_regimes

CRISIS: Final = (
    "\nregimes:\n  crisis:\n    why: Every estimate is late.\n    when: vol_ratio >= caps.vol_crisis\n"
    "    caps: {symbol_exposure: 10%, trade_nav: 3%}\n"
)
SECONDS: Final = 2.0


@cache
def with_regime(text: str = CRISIS, *edits: Edit) -> Rules:
    """The shipped rules with these regimes alone, and with other edits."""
    texts = edited(without_regimes(), *edits)
    texts[RISK] += text.encode()
    return rules_of(texts)


def changes(text: str, *edits: Edit) -> tuple[Change, ...]:
    """What becomes of the regime."""
    return compare(with_regime(), with_regime(text, *edits))


def test_when_a_regime_comes_then_it_tightens_and_names_its_gates() -> None:
    """Its gates only stop more; the line is the one that sets the cap."""
    found = compare(with_regime(""), with_regime())
    exposure = next(c for c in found if c.key == "regimes.crisis.caps.symbol_exposure")

    assert told(found) == [
        "+ TIGHTEN regime crisis: symbol_exposure: 10%",
        "+ TIGHTEN regime crisis: trade_nav: 3%",
        "+ EQUIVALENT measure in_crisis: vol_ratio >= caps.vol_crisis",
    ]
    assert exposure.gates == ("symbol_exposure_in_crisis",)
    assert exposure.now is not None
    assert exposure.now.file == RISK


def test_when_a_regime_goes_then_it_loosens() -> None:
    """What its gates stopped may pass."""
    assert told(compare(with_regime(), with_regime(""))) == [
        "- LOOSEN regime crisis: symbol_exposure: 10%",
        "- LOOSEN regime crisis: trade_nav: 3%",
        "- CONTRACT measure in_crisis: vol_ratio >= caps.vol_crisis",
    ]


def test_when_a_regimes_cap_is_raised_then_it_loosens_for_whom_it_holds() -> None:
    """Told with the value that holds for each: WIFUSDT's own is 12%, LTCUSDT's is tighter all along."""
    found = changes(CRISIS.replace("10%", "14%"))
    moved = {symbol for change in found for symbol in change.symbols}

    assert "~ LOOSEN regime crisis: symbol_exposure: 10% → 14%" in told(found)
    assert "~ LOOSEN regime crisis: symbol_exposure: 10% → 12%" in told(found)
    assert {change.word for change in found} == {Class.LOOSEN}
    assert "WIFUSDT" in moved
    assert "LTCUSDT" not in moved


def test_when_a_regimes_cap_is_lowered_then_it_tightens() -> None:
    """Also for those whose own value it passes on its way."""
    found = changes(CRISIS.replace("10%", "9%"))

    assert set(told(found)) == {"~ TIGHTEN regime crisis: symbol_exposure: 10% → 9%"}
    assert {"BTCUSDT", "ADAUSDT", "DOGEUSDT"} <= {symbol for change in found for symbol in change.symbols}


@pytest.mark.parametrize(
    ("text", "edit", "said"),
    [
        (CRISIS.replace(", trade_nav: 3%", ""), None, ["- LOOSEN regime crisis: trade_nav: 3%"]),
        (CRISIS.replace("3%}", "3%, open_positions: 4}"), None, ["+ TIGHTEN regime crisis: open_positions: 4"]),
        (
            CRISIS.replace(">=", ">"),
            None,
            ["~ LOOSEN measure in_crisis: vol_ratio >= caps.vol_crisis → vol_ratio > caps.vol_crisis"],
        ),
        (
            CRISIS.replace("late", "old"),
            None,
            ["~ COSMETIC regime crisis: why: Every estimate is late. → Every estimate is old."],
        ),
        (CRISIS.replace("10%", "0.1"), None, ["~ COSMETIC rules/risk.yaml: "]),
        (
            CRISIS,
            (RISK, "LTCUSDT: {symbol_exposure: 8%}", "LTCUSDT: {symbol_exposure: 9%}"),
            [
                "~ LOOSEN symbol LTCUSDT: symbol_exposure: 8% → 9%",
                "~ LOOSEN symbol LTCUSDT: symbol_exposure in crisis: 8% → 9%",
            ],
        ),
        (
            CRISIS,
            (RISK, "symbol_exposure: 30%", "symbol_exposure: 25%"),
            ["~ TIGHTEN tier CORE: symbol_exposure: 30% → 25%"],
        ),
        (
            CRISIS,
            (GATES, "at_most: caps.trade_nav", "below: caps.trade_nav"),
            [
                "~ TIGHTEN gate trade_nav: bound: at most caps.trade_nav → below caps.trade_nav",
                "~ TIGHTEN gate trade_nav_in_crisis: bound: at most caps.trade_nav_in_crisis"
                " → below caps.trade_nav_in_crisis",
            ],
        ),
    ],
)
def test_when_something_of_a_regime_is_edited_then_it_is_told_as_it_was_written(
    text: str, edit: Edit | None, said: list[str]
) -> None:
    """By the layer, cap and gate; what moves in the regime too is told of the regime too."""
    assert told(changes(text, *([edit] if edit else []))) == said


def test_when_two_compiled_files_are_compared_then_the_regime_is_told_as_well() -> None:
    """Without the texts that they came from, by the places that they name themselves."""
    sides = (with_regime(), with_regime(CRISIS.replace("10%", "14%")))
    found = compare(*(replace(side, texts=Named(side.document)) for side in sides))

    assert all(change.was and change.now for change in found)
    assert {change.key for change in found} >= {"regimes.crisis.caps.symbol_exposure"}


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [(">= caps.vol_crisis", ">= caps.vol_high", Class.TIGHTEN), (">=", ">", Class.LOOSEN)],
)
def test_when_the_condition_is_another_then_the_solver_tells_which_way_it_moved(
    old: str, new: str, word: Class
) -> None:
    """A regime that begins sooner is tighter, for every order that there is; one that begins later is shown by one."""
    prove = pytest.importorskip("generator.change.proof.prove", reason="the extra `proof` is not installed").prove
    sides = (with_regime(), with_regime(CRISIS.replace(old, new)))
    proofs = {"prod": prove(sides[0].ruleset, sides[1].ruleset, limit_seconds=SECONDS)}
    (change,) = refined(merged("base", "head", {"prod": sides}), proofs).changes

    assert (change.name, change.word) == ("measure in_crisis", word)
    assert (change.witness is not None) == (word is Class.LOOSEN)

from typing import Final

import pytest

from generator.change.differ import compare
from generator.change.places import InSources
from generator.change.sides import Rules
from generator.change.whatif import Edits, SetFault, setting
from generator.compile.files import Texts
from generator.compile.problems import Refused
from generator.compile.stages import compile_universe
from tests.conftest import TODAY
from tests.generator.change.projects import (
    GATES,
    RISK,
    ROUTER,
    STRATEGIES,
    UNIVERSE,
    Edit,
    base,
    changes,
    edited,
    rules_of,
    shipped,
    told,
)

# What is set, and the edit of the texts that means the same.
SAME: Final[dict[str, Edit]] = {
    "symbols.LTCUSDT.symbol_exposure=7%": (RISK, "LTCUSDT: {symbol_exposure: 8%}", "LTCUSDT: {symbol_exposure: 7%}"),
    "symbols.SOLUSDT.leverage=2x": (RISK, "symbols:", "symbols:\n  SOLUSDT: {leverage: 2x}"),
    "tiers.CORE.symbol_exposure=25%": (RISK, "symbol_exposure: 30%", "symbol_exposure: 25%"),
    "groups.alts.group_exposure=20%": (RISK, "alts: {group_exposure: 25%}", "alts: {group_exposure: 20%}"),
    "global.restricted=[ETCUSDT, WIFUSDT]": (RISK, "restricted: [ETCUSDT]", "restricted: [ETCUSDT, WIFUSDT]"),
    "symbols.BTCUSDT.open_quantity=none": (RISK, "open_quantity: 2 BTC", "open_quantity: none"),
    "symbols.SOLUSDT.enabled=false": (UNIVERSE, "SOLUSDT: {group", "SOLUSDT: {enabled: false, group"),
    "strategies.momentum.strategy_positions=3": (STRATEGIES, "strategy_positions: 4", "strategy_positions: 3"),
    "strategies.momentum.params.fast=10": (STRATEGIES, "fast: 12", "fast: 10"),
    "gates.open_positions.when=opens_own": (GATES, "when: opens_symbol", "when: opens_own"),
    "measures.notional=order.price * order.quantity": (
        GATES,
        "order.quantity * order.price",
        "order.price * order.quantity",
    ),
    "tables.route.large.slices=5": (ROUTER, "slices: 4", "slices: 5"),
}


def tried(*texts: str, environment: str = "prod") -> Rules:
    """The shipped rules with some values set in memory."""
    made = compile_universe(Texts(shipped()), environment, today=TODAY, edit=Edits(tuple(map(setting, texts))))
    return Rules(made.document, made.ruleset, InSources(made.document, made.sources))


@pytest.mark.parametrize("text", SAME)
def test_a_value_that_is_set_means_what_the_edited_text_means(text: str) -> None:
    """Wherever it stands: the same rules, and the same change."""
    by_text, by_setting = rules_of(edited(SAME[text])), tried(text)

    assert by_setting.document["ruleset"] == by_text.document["ruleset"] != base().document["ruleset"]
    assert told(compare(base(), by_setting)) == told(compare(base(), by_text))


def test_several_values_are_set_at_once() -> None:
    """Each in its place."""
    found = compare(base(), tried("tiers.CORE.spread=4bps", "symbols.LTCUSDT.symbol_exposure=7%"))

    assert told(found) == [
        "~ TIGHTEN tier CORE: spread: 5bps → 4bps",
        "~ TIGHTEN symbol LTCUSDT: symbol_exposure: 8% → 7%",
        "~ TIGHTEN symbol LTCUSDT: symbol_exposure in crisis: 8% → 7%",
    ]


def test_a_key_of_a_change_is_what_sets_it() -> None:
    """What a diff calls the place of a cap is what `--set` takes to put the old value back."""
    change, in_crisis = changes((RISK, "LTCUSDT: {symbol_exposure: 8%}", "LTCUSDT: {symbol_exposure: 7%}"))

    assert change.key == in_crisis.key
    assert tried(f"{change.key}={change.before}").document["ruleset"] == base().document["ruleset"]


@pytest.mark.parametrize("text", ["", "foo", "foo=1", "=1", "a..b=1", "a.b", ".a.b=1"])
def test_what_is_no_setting_is_refused_with_an_example(text: str) -> None:
    """A path of names, an equals sign, a value."""
    with pytest.raises(SetFault, match="sets nothing") as fault:
        setting(text)
    assert fault.value.help == "write --set symbols.BTCUSDT.leverage=2x"


@pytest.mark.parametrize("text", ["a.b=&x [*x]", "a.b=!!python/object:os.system x", "a.b={a: 1, a: 2}"])
def test_a_value_is_read_as_strictly_as_the_rules_are(text: str) -> None:
    """No tags, no anchors, no keys twice."""
    with pytest.raises(SetFault, match="is no value"):
        setting(text)


UNKNOWN: Final = {
    "symbols.LTCUSDX.leverage=1x": "rules/universe.yaml has no `symbols.LTCUSDX`",
    "tiers.CORP.leverage=1x": "rules/tiers.yaml has no `tiers.CORP`",
    "strategies.momentun.leverage=1x": "rules/strategies.yaml has no `strategies.momentun`",
    "gates.sprea.mode=shadow": "`gates.sprea.mode` is no part of a gate",
    "tables.route.larg.slices=2": "`tables.route.larg.slices` is no row of a table",
    "measures.notion=order.price": "rules/gates.yaml has no `measures.notion`",
    "symbol.LTCUSDT.leverage=1x": "nothing can be set under `symbol`",
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_has_no_place_is_refused_by_name(text: str) -> None:
    """It is a problem like those of the texts, and its place is the setting."""
    with pytest.raises(Refused) as refused:
        tried(text)
    assert [(p.file, p.message) for p in refused.value.problems] == [(f"--set {text}", UNKNOWN[text])]


def test_a_wrong_value_is_found_by_its_setting() -> None:
    """The compiler says where it would stand, and the edits know who put it there."""
    edits = Edits((setting("symbols.LTCUSDT.symbol_exposure=much"),))
    with pytest.raises(Refused) as refused:
        compile_universe(Texts(shipped()), "prod", today=TODAY, edit=edits)
    (problem,) = refused.value.problems

    assert edits.places[problem.file, problem.line, problem.column].text == "symbols.LTCUSDT.symbol_exposure=much"
